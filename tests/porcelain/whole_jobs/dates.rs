//! What goes is shown by its dates, its days, its size and its share.

use super::tables;
use crate::support::world::World;

/// Six rows that are due on three days, one of them past its whole retention,
/// two that are hot, and one without a time.
fn nine(index: &str) -> World {
    World::builtin(&format!(
        "CREATE TABLE tool_uses (id INTEGER PRIMARY KEY, start_time TEXT);
        INSERT INTO tool_uses(start_time) VALUES ('2024-01-01T01:00:00Z'),
            ('2026-01-02T08:00:00Z'), ('2026-01-02T09:00:00Z'),
            ('2026-01-07 23:30:00+00:00'), ('2026-01-02T10:00:00.5Z'),
            ('2026-01-07T23:00:00Z'), ('2026-01-14'), ('2026-01-14'),
            ('soon'); {index}"
    ))
}

#[test]
fn dry_run_and_run_show_the_dates_of_what_goes() {
    for index in ["", "CREATE INDEX i ON tool_uses(start_time)"] {
        let world = nine(index);
        let mut size = 0;
        for args in [&["-n"][..], &[]] {
            let out = world.cmd("rt-daily").args(args).run();
            out.status(0);
            let result = &tables(&out)["tool_uses"];
            assert_eq!(result["records"], 6, "{index} {args:?}");
            assert_eq!(result["oldest"], "2024-01-01T01:00:00Z");
            assert_eq!(result["newest"], "2026-01-07T23:30:00Z");
            assert_eq!(result["days"], 3);
            assert_eq!(result["table_rows"], 9);
            assert_eq!(result["past_retention"], 1);
            let want = "1 row is undated, like 'soon' (text 'aaaa'); \
                        past the whole retention already: 1";
            assert_eq!(result["message"], want);
            size = result["text_size_bytes"].as_u64().unwrap();
        }
        let export = ["--timestamp-column=start_time", "tool_uses"];
        let stays = world.cmd("rt-export").args(export).run().stdout;
        let all = nine(index).cmd("rt-export").args(export).run().stdout;
        assert_eq!(size, (all.len() - stays.len()) as u64, "{index}");
    }
}

#[test]
fn table_for_people_has_days_and_no_fraction_of_a_second() {
    let world = nine("");
    let now = "2026-01-15T00:00:00.123456Z";
    let args = ["-n", "--now", now, "tool_uses"];
    let out = world.cmd("rt-archive").args(args).run();
    out.status(0);
    let table = out.stdout.split("\n\n").next().unwrap();
    insta::assert_snapshot!(table, @r"
    Archive Results
    DRY RUN
    TABLE      STATUS   RECORDS  SHARE  DAYS   SIZE  STAYED  UNDATED  OLDEST      NEWEST      CUTOFF                MESSAGE
    tool_uses  dry_run        6    66%     3  277 B       0        1  2024-01-01  2026-01-07  2026-01-08T00:00:00Z  1 row is undated, like 'soon' (text 'aaaa'); past the whole retention already: 1
    Total                     6               277 B       0        1
    ");
}

#[test]
fn share_is_not_said_where_the_table_was_not_read_to_its_end() {
    let world = nine("");
    let out = world.cmd("rt-export").args(["-n", "--limit=2", "tool_uses"]);
    let record = crate::support::world::record(&out.run());
    assert_eq!(record["table_rows"], serde_json::Value::Null);
    assert_eq!(record["days"], 2);
}
