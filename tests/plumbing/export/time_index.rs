//! A time index makes a run cheaper, and changes nothing else.

use super::{export, open, with_result};
use crate::support::rows::{Cell, Random};
use crate::support::{Dir, bins, system};

/// A time as text, in one of many shapes.
fn text(state: &mut Random) -> String {
    let two = |n: u64| format!("{n:02}");
    let mut out = format!("{:04}", 1996 + state.below(34));
    for part in [1 + state.below(12), 1 + state.below(28)] {
        out.push('-');
        out.push_str(&two(part));
    }
    if state.below(6) == 0 {
        return out;
    }
    out.push(['T', ' ', 't'][state.below(3) as usize]);
    out.push_str(&two(state.below(24)));
    out.push(':');
    out.push_str(&two(state.below(60)));
    if state.below(4) > 0 {
        out.push(':');
        out.push_str(&two(state.below(60)));
        if state.below(3) == 0 {
            out.push_str(&format!(".{}", state.below(1_000_000)));
        }
    }
    let ends = [
        "",
        "Z",
        "z",
        "+14:00",
        "-12",
        " +0530",
        "-23:59",
        "+00:00",
        " UTC",
        " -0700 -0700",
        "+01:00[Europe/Berlin]",
        " +0100 CET m=+0.5",
    ];
    out.push_str(ends[state.below(12) as usize]);
    out
}

/// A time as in mail, whose text is in no order.
fn mail(state: &mut Random) -> String {
    let months = ["Jan", "Feb", "Mar", "Jul", "Oct", "Dec"];
    format!(
        "{} {} {} {:02}:20 {}",
        1 + state.below(28),
        months[state.below(6) as usize],
        1996 + state.below(34),
        state.below(24),
        ["GMT", "+0100", "-0800 (PST)", "EST"][state.below(4) as usize]
    )
}

/// One behind every readable date that has something unreadable behind it.
fn cutoff(state: &mut Random) -> String {
    let text = text(state);
    if text.starts_with("19") { text.replacen("19", "21", 1) } else { text }
}

/// A number that may be a time in some unit.
fn number(state: &mut Random) -> Cell {
    let seconds = state.below(1 << 31) as i64 - (1 << 28);
    let scale = [1, 1000, 1_000_000, 1_000_000_000][state.below(4) as usize];
    let fraction = state.below(1000) as f64 / 1000.0;
    match state.below(8) {
        0..3 => Cell::Integer(seconds * scale + state.below(999) as i64),
        3..5 => Cell::real((seconds as f64 + fraction) * scale as f64),
        5 => Cell::real(2_440_587.5 + seconds as f64 / 86_400.0),
        6 => Cell::Integer(state.next() as i64 >> state.below(64)),
        _ => {
            let any = f64::from_bits(state.next());
            if any.is_nan() { Cell::Null } else { Cell::real(any) }
        }
    }
}

/// What is no time, but for a text with a readable date later than all
/// cutoffs in front, which an index does not show.
fn nothing(state: &mut Random) -> Cell {
    match state.below(6) {
        0 => Cell::Null,
        1 => Cell::text(""),
        2 => Cell::Blob(state.bytes(12)),
        3 => Cell::text(format!("{}x", text(state).replacen("20", "19", 1))),
        4 => Cell::Text(state.bytes(6)),
        _ => Cell::text(
            ["n/a", "9", "2", "3000", ":", "2027-1"][state.below(6) as usize],
        ),
    }
}

fn any(state: &mut Random) -> Cell {
    match state.below(10) {
        0..4 => Cell::text(text(state)),
        4 => Cell::text(mail(state)),
        5..8 => number(state),
        _ => nothing(state),
    }
}

/// Tables `plain` and `indexed` of the same `count` rows.
fn twins(dir: &Dir, setup: &str, declared: &str, seed: u64, count: usize) {
    let order = ["at DESC", "at", "at, id"][(seed % 3) as usize];
    let db = open(dir);
    db.execute_batch(&format!(
        "{setup}; CREATE TABLE plain(id INTEGER PRIMARY KEY, at {declared});
         CREATE TABLE indexed(id INTEGER PRIMARY KEY, at {declared});
         CREATE INDEX by_time ON indexed({order}); BEGIN"
    ))
    .unwrap();
    let mut state = Random(seed);
    let mut insert = db.prepare("INSERT INTO plain(at) VALUES (?1)").unwrap();
    for _ in 0..count {
        insert.execute([any(&mut state)]).unwrap();
    }
    db.execute_batch("INSERT INTO indexed SELECT * FROM plain; COMMIT")
        .unwrap();
}

/// The same bytes and the same counts from both.
fn same(dir: &Dir, args: &[&str]) {
    let [plain, indexed] = ["plain", "indexed"].map(|table| {
        let (out, mut record) =
            with_result(dir, &[args, &["--", table]].concat());
        record["table"] = "".into();
        (out.status, out.stdout, record)
    });
    assert_eq!(plain, indexed, "{args:?}");
}

#[test]
fn with_and_without_an_index_the_same_rows_are_due() {
    let declared =
        ["", "TEXT", "INTEGER", "REAL", "NUMERIC", "DATETIME", "VARCHAR(30)"];
    for (i, declared) in declared.into_iter().enumerate() {
        let dir = Dir::new();
        twins(&dir, "", declared, 0x9E37_79B9 + i as u64, 600);
        let mut state = Random(99 + i as u64);
        for _ in 0..10 {
            let cutoff = cutoff(&mut state);
            let column = ["--timestamp-column", "at"];
            let before = ["--due", "--before", &cutoff];
            same(&dir, &[&column[..], &before].concat());
        }
    }
}

/// Texts around the cutoff, whose offsets put some before it that sort a day
/// behind it.
#[test]
fn with_and_without_an_index_texts_near_the_cutoff_mean_the_same() {
    let dir = Dir::new();
    let db = open(&dir);
    db.execute_batch(
        "CREATE TABLE plain(id INTEGER PRIMARY KEY, at TEXT);
        CREATE TABLE indexed(id INTEGER PRIMARY KEY, at TEXT);
        CREATE INDEX by_time ON indexed(at); BEGIN",
    )
    .unwrap();
    let mut state = Random(14);
    let ends =
        ["", "Z", "+14:00", " +2359", "-23:59", "+23:59", "-01", " UTC"];
    let mut insert = db.prepare("INSERT INTO plain(at) VALUES (?1)").unwrap();
    for _ in 0..6000 {
        let mut text = format!("2026-01-{:02}", 5 + state.below(7));
        text.push(['T', ' ', 't'][state.below(3) as usize]);
        let minutes = state.below(24 * 60);
        text += &format!("{:02}:{:02}", minutes / 60, minutes % 60);
        text.push_str(["", ":00", ":59.9"][state.below(3) as usize]);
        text.push_str(ends[state.below(8) as usize]);
        insert.execute([text]).unwrap();
    }
    db.execute_batch("INSERT INTO indexed SELECT * FROM plain; COMMIT")
        .unwrap();
    for cutoff in [
        "2026-01-08",
        "2026-01-08T14:24:00Z",
        "2026-01-07T23:59:30Z",
        "2026-01-08T00:00:00.001Z",
    ] {
        let column = ["--timestamp-column", "at", "--due"];
        same(&dir, &[&column[..], &["--before", cutoff]].concat());
    }
}

#[test]
fn with_and_without_an_index_units_mean_the_same() {
    let units = [
        "s",
        "ms",
        "us",
        "ns",
        "julian",
        "webkit_us",
        "filetime",
        "ticks",
        "mac_s",
        "mac_ns",
        "compact",
        "%Y-%m-%d",
    ];
    for (i, unit) in units.into_iter().enumerate() {
        let dir = Dir::new();
        twins(&dir, "", "", 5 + i as u64, 600);
        let mut state = Random(7 + i as u64);
        for _ in 0..6 {
            let cutoff = cutoff(&mut state);
            let column = ["--timestamp-column", "at", "--unit", unit];
            let before = ["--due", "--before", &cutoff];
            same(&dir, &[&column[..], &before].concat());
        }
    }
}

#[test]
fn with_and_without_an_index_utf16_means_the_same() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let dir = Dir::new();
        let setup = format!("PRAGMA encoding = '{encoding}'");
        twins(&dir, &setup, "TEXT", 31, 600);
        dir.sql(
            "x.db",
            "INSERT INTO plain(at) VALUES (CAST(x'fed8' AS TEXT)),
               (CAST(x'd8fe' AS TEXT)), (CAST(x'ffdf' AS TEXT));
             INSERT INTO indexed SELECT * FROM plain
               WHERE id NOT IN (SELECT id FROM indexed)",
        );
        for cutoff in ["2001-02-03", "2026-01-01", "2035-01-01"] {
            let column = ["--timestamp-column", "at", "--due"];
            same(&dir, &[&column[..], &["--before", cutoff]].concat());
        }
    }
}

#[test]
fn only_an_index_that_leads_with_the_bare_column_is_asked() {
    for index in [
        "CREATE INDEX i ON indexed(at) WHERE id < 100",
        "CREATE INDEX i ON indexed(substr(at, 1, 4))",
        "CREATE INDEX i ON indexed(at COLLATE NOCASE)",
        "CREATE INDEX i ON indexed(id, at)",
        "CREATE INDEX i ON indexed(at COLLATE BINARY, id)",
        "CREATE UNIQUE INDEX \"an \"\"index\" ON indexed(at DESC, id)",
    ] {
        let dir = Dir::new();
        twins(&dir, "", "TEXT COLLATE NOCASE", 3, 300);
        dir.sql("x.db", "DROP INDEX by_time");
        dir.sql("x.db", index);
        let column = ["--timestamp-column", "at", "--due"];
        same(&dir, &[&column[..], &["--before", "2020-01-01"]].concat());
    }
}

/// `N rows of 't', M looked at`: M.
fn looked_at(dir: &Dir, args: &[&str], rows: usize) -> u64 {
    let out = export(dir, &["-v"]).args(args).run();
    out.status(0).expect("so many rows", out.stdout.lines().count() == rows);
    let table = args.last().unwrap();
    let line = format!("rt-export: {rows} rows of '{table}', ");
    let rest = out.stderr.strip_prefix(&line);
    let count = rest.and_then(|r| r.strip_suffix(" looked at\n"));
    out.expect(&line, count.is_some());
    count.unwrap().parse().unwrap()
}

#[test]
fn an_index_makes_a_run_cost_what_moves_and_no_index_one_walk() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE plain(id INTEGER PRIMARY KEY, at TEXT);
         WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL
           SELECT i + 1 FROM n WHERE i < 30000)
         INSERT INTO plain(at) SELECT CASE
           WHEN i % 300 = 0 THEN '2025-06-01'
           WHEN i % 1000 = 7 THEN NULL
           ELSE datetime('2025-12-20', '+' || i || ' minutes') END FROM n;
         CREATE TABLE indexed AS SELECT * FROM plain;
         CREATE INDEX by_time ON indexed(at);
         CREATE TABLE child(p REFERENCES plain(id));
         CREATE TABLE numbers(id INTEGER PRIMARY KEY, at INTEGER);
         INSERT INTO numbers SELECT id, unixepoch(at) FROM plain;
         CREATE INDEX by_number ON numbers(at)",
    );
    let args = ["--timestamp-column", "at", "--before", "2025-12-01"];
    let plain = [&args[..], &["plain"]].concat();
    assert_eq!(looked_at(&dir, &plain, 100), 30_000);
    for table in ["indexed", "numbers"] {
        let count = looked_at(&dir, &[&args[..], &[table]].concat(), 100);
        assert!((100..500).contains(&count), "{count} of {table}");
    }
    // With references the candidates are gathered first, then read.
    let due = [&args[..], &["--due", "plain"]].concat();
    assert_eq!(looked_at(&dir, &due, 100), 30_100);
    let small = [&["--batch-size", "7"][..], &plain].concat();
    assert_eq!(looked_at(&dir, &small, 100), 30_000);
    assert_eq!(looked_at(&dir, &["plain"], 30_000), 30_000);
}

/// Rows of which `--where` says what the index says of its own are found by it,
/// and the others are not looked at; where it does not say so, all are.
#[test]
fn a_partial_index_is_asked_where_the_condition_implies_its_own() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE jobs(id INTEGER PRIMARY KEY, at TEXT, ended TEXT,
           state INTEGER);
         WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL
           SELECT i + 1 FROM n WHERE i < 30000)
         INSERT INTO jobs(at, ended, state) SELECT
           CASE WHEN i % 1000 = 7 THEN NULL WHEN i % 300 = 0 THEN '2025-06-01'
           ELSE datetime('2025-12-20', '+' || i || ' minutes') END,
           CASE WHEN i % 2 THEN '2025-07-01' END, i % 2 FROM n",
    );
    let args = ["--timestamp-column", "at", "--before", "2025-12-01"];
    let looked = |condition: &str, rows| {
        let which = ["--where", condition, "jobs"];
        looked_at(&dir, &[&args[..], &which].concat(), rows)
    };
    for (index, condition) in [
        ("state = 0", "state = 0"),
        ("state = 0", "id > 2 AND state = 0 -- nobody's\n AND id > 0"),
        ("ended IS NULL", "ended IS NULL"),
        ("id > 5 AND at IS NOT NULL", "at IS NOT NULL AND id > 5"),
    ] {
        assert_eq!(looked(condition, 100), 30_000);
        dir.sql("x.db", &format!("CREATE INDEX i ON jobs(at) WHERE {index}"));
        let count = looked(condition, 100);
        assert!((100..500).contains(&count), "{count} for {condition}");
        dir.sql("x.db", "DROP INDEX i");
    }
    for (index, condition) in [
        ("state = 0", "state < 1"),
        ("state = 0", "state = 0 OR id = 1"),
        // Rows without a time are counted, and this holds none of them.
        ("at IS NOT NULL", "state = 0"),
    ] {
        dir.sql("x.db", &format!("CREATE INDEX i ON jobs(at) WHERE {index}"));
        assert_eq!(looked(condition, 100), 30_000, "{condition}");
        dir.sql("x.db", "DROP INDEX i");
    }
}

/// A condition that takes a while makes a piece of an index end every 256
/// rows, amid rows of one time and amid NULLs.
#[test]
fn an_index_that_is_read_in_pieces_gives_each_row_once() {
    let dir = Dir::new();
    let slow = "(WITH RECURSIVE s(n) AS (SELECT id UNION ALL SELECT n + 1
        FROM s WHERE n < id + 700) SELECT max(n) FROM s) > 0";
    open(&dir)
        .execute_batch(
            "CREATE TABLE plain(id INTEGER PRIMARY KEY, at);
            CREATE TABLE indexed(id INTEGER PRIMARY KEY, at);
            CREATE INDEX by_time ON indexed(at);
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < 3000)
            INSERT INTO plain SELECT n, CASE n * 7919 % 6
                WHEN 0 THEN NULL WHEN 1 THEN '2026-01-02'
                WHEN 2 THEN 'n/a' WHEN 3 THEN 1767225600
                WHEN 4 THEN '2026-01-0' || (n % 9 + 1)
                ELSE '2026-01-14' END FROM s;
            INSERT INTO indexed SELECT * FROM plain",
        )
        .unwrap();
    let column = ["--timestamp-column", "at", "--due", "--where", slow];
    let before = ["--before", "2026-01-08"];
    same(&dir, &[&column[..], &before].concat());
}

/// Pages read, beside those of the rows that come out: a table of 100,000
/// rows with keys in no order, of which one in a hundred is due, on a page of
/// its own as good as always.
#[test]
fn an_index_makes_a_run_read_the_pages_of_what_moves() {
    let strace = system("strace").map(|mut s| s.arg("true").output());
    if !strace.is_some_and(|s| s.is_ok_and(|out| out.status.success())) {
        return;
    }
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "PRAGMA page_size = 4096; PRAGMA synchronous = OFF;
         CREATE TABLE t(id TEXT PRIMARY KEY, at TEXT, body);
         WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL
           SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO t SELECT printf('%016x', i * 2654435761),
           datetime('2025-11-01', '+' || (i * 7919 % 100000) || ' minutes'),
           zeroblob(300) FROM n;
         CREATE INDEX by_time ON t(at)",
    );
    let args = ["--timestamp-column", "at", "--before", "2025-11-01 16:40"];
    let program = bins().join("rt-export");
    dir.cmd("strace")
        .args(["-o", "trace", "-e", "trace=pread64"])
        .arg(program)
        .args(["--db", "x.db", "--due"])
        .args(args)
        .arg("t")
        .run()
        .status(0);
    let trace = dir.read("trace");
    let pages = trace.lines().filter(|l| l.contains("4096, ")).count();
    assert!((1000..1300).contains(&pages), "{pages} pages read");
}
