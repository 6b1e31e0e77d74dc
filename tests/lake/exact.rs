//! Every value comes back as it was.

use super::*;
use crate::support::world::World;

/// Values of every class, as SQL.
const VALUES: [&str; 36] = [
    "NULL",
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "9007199254740993",
    "0.0",
    "-0.0",
    "1.0",
    "1.5",
    "-1e-300",
    "1e300",
    "5e-324",
    "1.7976931348623157e308",
    "9e999",
    "-9e999",
    "0.1",
    "''",
    "'a'",
    "'1'",
    "'1.50'",
    "'null'",
    "'a\"b\\c/d'",
    "'line' || char(10) || 'end' || char(13, 9, 0, 127)",
    "'\u{e9}\u{4e16}\u{1f600}'",
    "CAST(x'ff41' AS TEXT)",
    "CAST(x'c3' AS TEXT)",
    "x''",
    "x'00'",
    "x'ff00ff'",
    "zeroblob(5000)",
    "'{\"$base64\":true,\"encoded\":\"/w==\"}'",
    "replace(hex(zeroblob(3000)), '0', 'x')",
    "'2026-01-02T03:04:05Z'",
    "char(0x2028)",
];

/// A column of each type: a value's class is the column's in some rows, and
/// another one in most.
fn mixed() -> World {
    let world = World::new(&[]);
    world.sql(
        "CREATE TABLE mixed (k INTEGER PRIMARY KEY, i INT, r REAL, t TEXT, \
         b BLOB, n, d DATETIME, host TEXT, _exact TEXT, at TEXT)",
    );
    for (i, value) in VALUES.iter().enumerate() {
        let day = 1 + i % 3;
        let columns = [*value; 8].join(", ");
        world.sql(&format!(
            "INSERT INTO mixed VALUES ({i}, {columns}, \
             '2026-01-0{day}T00:00:{i:02}.{i}Z')"
        ));
    }
    world.dir.write(
        "policy",
        "{\"table\":\"mixed\",\"group\":\"g\",\"timestamp\":\"at\",\
         \"hot\":\"7d\",\"warm\":\"30d\",\"cold\":\"365d\"}\n",
    );
    archive(&world, &["mixed"]);
    world
}

#[test]
fn each_value_of_each_class_comes_back_out_of_each_type() {
    let world = mixed();
    let done = summary(&publish(&world).run());
    assert_eq!(done["rows"], VALUES.len());
    same(&world, &["mixed"]);
    let text = lines(&world, "mixed");
    assert_eq!(text.stdout.lines().count(), VALUES.len());
}

#[test]
fn types_are_those_that_were_declared() {
    let world = mixed();
    summary(&publish(&world).run());
    let text = world.dir.read("lake/manifest.json");
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let columns = manifest["types"]["mixed"][0].as_array().unwrap();
    let shown = columns.iter().map(|column| {
        let text = |key: &str| column[key].as_str().unwrap();
        format!("{} {} {}", text("column"), text("name"), text("type"))
    });
    let shown: Vec<String> = shown.collect();
    let wanted = [
        "k k int64",
        "i i int64",
        "r r double",
        "t t string",
        "b b binary",
        "n n json",
        "d d json",
        "host host_ string",
        "_exact _exact_ string",
        "at at string",
    ];
    assert_eq!(shown, wanted);
}

#[test]
fn lines_that_others_wrote_come_back_as_they_stand() {
    let world = World::new(&["uuids"]);
    let text = "{ \"k\" : \"a\", \"at\":\"2026-01-02T00:00:00Z\"}\n\
                {\"at\":\"2026-01-02T00:00:00.10Z\",\"k\":\"\\u0061\\/\"}\n\
                {\"k\":1.50,\"n\":-0,\"at\":null,\"k\":2}\n\
                {\"k\":\"c\",\"n\":1e2,\"at\":1767312000,\"more\":\"x\"}\n\
                {}\n";
    world.dir.write("archives/warm/2026-01-02/uuids.jsonl", text);
    let taken_in = world.cmd("rt-verify").args(["--repair", "--yes"]);
    taken_in.run().status(0);
    summary(&publish(&world).run());
    let published = lines(&world, "uuids");
    published.stdout(text);
}

#[test]
fn rows_without_key_and_a_second_database_come_back() {
    let world = World::filled(&["logs", "pairs"], 40);
    archive(&world, &["logs", "pairs"]);
    summary(&publish(&world).run());
    same(&world, &["logs", "pairs"]);
    let none = publish(&world).args(["--table", "nosuch"]).run();
    assert_eq!(summary(&none)["removed"], 0);
}

#[test]
fn file_of_another_program_is_refused() {
    let world = World::new(&["uuids"]);
    world.dir.write("x.parquet", "PAR1 no PAR1");
    let cmd = world.cmd(lake().to_str().unwrap());
    let out = cmd.args(["--to-jsonl", "x.parquet"]).run();
    out.status(4).stdout("").stderr_has("cannot read 'x.parquet'");
    let cmd = world.cmd(lake().to_str().unwrap());
    let out = cmd.args(["--to-jsonl", "none.parquet"]).run();
    out.status(1).stdout("").stderr_has("no such file");
}
