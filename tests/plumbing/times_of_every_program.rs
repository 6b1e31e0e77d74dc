//! How programs write a time, fresh and old, a row each: nothing fresh by its
//! program's meaning is ever moved; what is not read is counted, and shown.

use serde_json::Value;

use crate::support::Dir;
use crate::support::rows::Cell;

/// 2026-01-14T18:30:45Z, hours before the clock of the tests.
const FRESH: i64 = 1_768_415_445;
/// 2025-06-10T16:05:09Z.
const OLD: i64 = 1_749_571_509;

/// What is to come of a way to write a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum As {
    /// It is read as what it means.
    Read,
    /// It is not read, and counted.
    Undated,
    /// It is read as a time far ahead, and counted.
    Future,
}
use As::{Future, Read, Undated};

struct Shape {
    program: &'static str,
    fresh: Cell,
    old: Cell,
    comes: As,
}

/// Texts: who writes them, fresh, old.
const TEXTS: [(&str, &str, &str, As); 76] = [
    (
        "SQLite CURRENT_TIMESTAMP",
        "2026-01-14 18:30:45",
        "2025-06-10 16:05:09",
        Read,
    ),
    (
        "SQLite strftime %f",
        "2026-01-14 18:30:45.000",
        "2025-06-10 16:05:09.123",
        Read,
    ),
    ("SQLite date()", "2026-01-14", "2025-06-10", Read),
    ("SQLite time()", "18:30:45", "16:05:09", Undated),
    ("SQLite unixepoch as text", "1768415445", "1749571509", Undated),
    (
        "SQLite julianday as text",
        "2461055.27135417",
        "2460837.17024306",
        Undated,
    ),
    (
        "Go RFC3339",
        "2026-01-14T19:30:45+01:00",
        "2025-06-10T18:05:09+02:00",
        Read,
    ),
    (
        "Go RFC3339Nano",
        "2026-01-14T18:30:45.123456789Z",
        "2025-06-10T16:05:09.1Z",
        Read,
    ),
    (
        "Go Time.String",
        "2026-01-14 19:30:45.5 +0100 CET",
        "2025-06-10 18:05:09.5 +0200 CEST",
        Read,
    ),
    (
        "Go Time.String, monotonic",
        "2026-01-14 18:30:45.1 +0000 UTC m=+0.5",
        "2025-06-10 16:05:09.1 +0000 UTC m=-12.25",
        Read,
    ),
    (
        "Go Time.String, no name",
        "2026-01-14 11:30:45 -0700 -0700",
        "2025-06-10 09:05:09 -0700 -0700",
        Read,
    ),
    (
        "Go mattn/go-sqlite3",
        "2026-01-14 19:30:45.491169542+01:00",
        "2025-06-10 18:05:09.491169542+02:00",
        Read,
    ),
    (
        "Go ANSIC, C asctime",
        "Wed Jan 14 18:30:45 2026",
        "Tue Jun 10 16:05:09 2025",
        Undated,
    ),
    (
        "Go UnixDate, date(1)",
        "Wed Jan 14 18:30:45 UTC 2026",
        "Tue Jun 10 16:05:09 UTC 2025",
        Undated,
    ),
    (
        "Go RFC850",
        "Wednesday, 14-Jan-26 18:30:45 GMT",
        "Tuesday, 10-Jun-25 16:05:09 GMT",
        Undated,
    ),
    (
        "Go RFC1123Z, mail",
        "Wed, 14 Jan 2026 18:30:45 +0000",
        "Tue, 10 Jun 2025 16:05:09 +0000",
        Read,
    ),
    ("Go Kitchen", "6:30PM", "4:05PM", Undated),
    ("Go Stamp, syslog", "Jan 14 18:30:45", "Jun 10 16:05:09", Undated),
    (
        "HTTP",
        "Wed, 14 Jan 2026 18:30:45 GMT",
        "Tue, 10 Jun 2025 16:05:09 GMT",
        Read,
    ),
    (
        "mail without weekday",
        "14 Jan 2026 19:30:45 +0100",
        "10 Jun 2025 18:05:09 +0200",
        Read,
    ),
    (
        "mail with a zone's name",
        "Wed, 14 Jan 2026 10:30:45 -0800 (PST)",
        "Tue, 10 Jun 2025 09:05:09 -0700 (PDT)",
        Read,
    ),
    (
        "mail, zones of old",
        "Wed, 14 Jan 2026 13:30:45 EST",
        "Tue, 10 Jun 2025 12:05:09 EDT",
        Read,
    ),
    (
        ".NET round trip, local",
        "2026-01-14T19:30:45.1234567+01:00",
        "2025-06-10T18:05:09.1234567+02:00",
        Read,
    ),
    (
        ".NET EF Core",
        "2026-01-14 18:30:45.1234567",
        "2025-06-10 16:05:09.1234567",
        Read,
    ),
    (
        ".NET DateTimeOffset, invariant",
        "01/14/2026 18:30:45 +00:00",
        "06/10/2025 16:05:09 +00:00",
        Undated,
    ),
    (
        ".NET JSON of old",
        "/Date(1768415445000)/",
        "/Date(1749571509000)/",
        Undated,
    ),
    (
        ".NET ticks as text",
        "639040122450000000",
        "638851683090000000",
        Undated,
    ),
    ("Java Instant", "2026-01-14T18:30:45.123Z", "2025-06-10T16:05:09Z", Read),
    (
        "Java ZonedDateTime",
        "2026-01-14T19:30:45+01:00[Europe/Berlin]",
        "2025-06-10T18:05:09+02:00[Europe/Berlin]",
        Read,
    ),
    (
        "Java ZonedDateTime, UTC",
        "2026-01-14T18:30:45Z[UTC]",
        "2025-06-10T16:05:09Z[UTC]",
        Read,
    ),
    (
        "Java LocalDateTime, whole minute",
        "2026-01-14T18:30",
        "2025-06-10T16:05",
        Read,
    ),
    ("Java Timestamp", "2026-01-14 18:30:45.0", "2025-06-10 16:05:09.0", Read),
    (
        "Java Date",
        "Wed Jan 14 19:30:45 CET 2026",
        "Tue Jun 10 18:05:09 CEST 2025",
        Undated,
    ),
    (
        "Python isoformat",
        "2026-01-14T18:30:45.000001",
        "2025-06-10T16:05:09.000001",
        Read,
    ),
    (
        "Python str, aware",
        "2026-01-14 18:30:45.000001+00:00",
        "2025-06-10 16:05:09+00:00",
        Read,
    ),
    (
        "Python logging",
        "2026-01-14 18:30:45,123",
        "2025-06-10 16:05:09,123",
        Read,
    ),
    (
        "Python time.time as text",
        "1768415445.123456",
        "1749571509.123456",
        Undated,
    ),
    (
        "Python repr",
        "datetime.datetime(2026, 1, 14, 18, 30, 45)",
        "datetime.datetime(2025, 6, 10, 16, 5, 9)",
        Undated,
    ),
    (
        "Python fold, odd offset",
        "2026-01-14 18:50:17+00:19:32",
        "2025-06-10 16:24:41+00:19:32",
        Undated,
    ),
    (
        "JavaScript toISOString",
        "2026-01-14T18:30:45.123Z",
        "2025-06-10T16:05:09.123Z",
        Read,
    ),
    (
        "JavaScript toString",
        "Wed Jan 14 2026 19:30:45 GMT+0100 (CET)",
        "Tue Jun 10 2025 18:05:09 GMT+0200 (CEST)",
        Undated,
    ),
    (
        "JavaScript toLocaleString",
        "1/14/2026, 6:30:45 PM",
        "6/10/2025, 4:05:09 PM",
        Undated,
    ),
    ("JavaScript Date.now as text", "1768415445123", "1749571509123", Undated),
    (
        "Sequelize",
        "2026-01-14 18:30:45.123 +00:00",
        "2025-06-10 16:05:09.123 +00:00",
        Read,
    ),
    (
        "Ruby Time",
        "2026-01-14 19:30:45 +0100",
        "2025-06-10 18:05:09 +0200",
        Read,
    ),
    (
        "Ruby Time, UTC",
        "2026-01-14 18:30:45 UTC",
        "2025-06-10 16:05:09 UTC",
        Read,
    ),
    (
        "Rails",
        "2026-01-14 18:30:45.123456",
        "2025-06-10 16:05:09.123456",
        Read,
    ),
    (
        "Perl localtime",
        "Wed Jan 14 18:30:45 2026",
        "Tue Jun 10 16:05:09 2025",
        Undated,
    ),
    (
        "PHP ATOM",
        "2026-01-14T18:30:45+00:00",
        "2025-06-10T16:05:09+00:00",
        Read,
    ),
    (
        "PHP COOKIE",
        "Wednesday, 14-Jan-2026 18:30:45 UTC",
        "Tuesday, 10-Jun-2025 16:05:09 UTC",
        Undated,
    ),
    (
        "PostgreSQL",
        "2026-01-14 18:30:45.123+00",
        "2025-06-10 16:05:09+00",
        Read,
    ),
    ("PostgreSQL infinity", "infinity", "-infinity", Undated),
    (
        "Rust chrono",
        "2026-01-14 18:30:45.123456789 UTC",
        "2025-06-10 16:05:09.123456789 UTC",
        Read,
    ),
    (
        "Rust SystemTime",
        "SystemTime { tv_sec: 1768415445, tv_nsec: 0 }",
        "SystemTime { tv_sec: 1749571509, tv_nsec: 0 }",
        Undated,
    ),
    (
        "jiff, Temporal",
        "2026-01-14T19:30:45+01:00[Europe/Berlin][u-ca=iso8601]",
        "2025-06-10T18:05:09+02:00[Europe/Berlin][u-ca=iso8601]",
        Read,
    ),
    (
        "a zone without offset",
        "2026-01-14 19:30:45 CET",
        "2025-06-10 18:05:09 CEST",
        Undated,
    ),
    (
        "systemd",
        "Wed 2026-01-14 18:30:45 UTC",
        "Tue 2025-06-10 16:05:09 UTC",
        Undated,
    ),
    (
        "git log, iso",
        "2026-01-14 18:30:45 +0000",
        "2025-06-10 16:05:09 +0000",
        Read,
    ),
    (
        "Apache log",
        "14/Jan/2026:18:30:45 +0000",
        "10/Jun/2025:16:05:09 +0000",
        Undated,
    ),
    ("MediaWiki", "20260114183045", "20250610160509", Undated),
    ("ISO 8601, basic", "20260114T183045Z", "20250610T160509Z", Undated),
    ("ISO 8601, week", "2026-W03-3", "2025-W24-2", Undated),
    ("ISO 8601, ordinal", "2026-014", "2025-161", Undated),
    ("ISO 8601, month", "2026-01", "2025-06", Undated),
    ("year", "2026", "2025", Undated),
    ("compact date", "20260114", "20250610", Undated),
    ("Japan, China", "2026/01/14 18:30:45", "2025/06/10 16:05:09", Undated),
    ("US", "01/14/2026 18:30", "06/10/2025 16:05", Undated),
    (
        "US, 12 hours",
        "01/14/2026 06:30:45 PM",
        "06/10/2025 04:05:09 PM",
        Undated,
    ),
    (
        "ISO date, 12 hours",
        "2026-01-14 06:30:45 PM",
        "2025-06-10 04:05:09 PM",
        Undated,
    ),
    ("Britain", "14/01/2026 18:30:45", "10/06/2025 16:05:09", Undated),
    ("Germany", "14.01.2026 18:30:45", "10.06.2025 16:05:09", Undated),
    ("hour without zero", "2026-01-14 6:30:45", "2025-06-10 4:05:09", Undated),
    (
        "ObjectId",
        "6967e0d5a1b2c3d4e5f60718",
        "684857b5a1b2c3d4e5f60718",
        Undated,
    ),
    (
        "ULID",
        "01KEYWCG08ABCDEFGHJKMNPQRS",
        "01JXD9D6R8ABCDEFGHJKMNPQRS",
        Undated,
    ),
    (
        "UUIDv7",
        "019bbdc6-4008-7abc-8def-0123456789ab",
        "01975a96-9b08-7abc-8def-0123456789ab",
        Undated,
    ),
];

/// What stands for "not set" or "never", whatever the row: fresh and old.
const SENTINELS: [&str; 12] = [
    "0001-01-01 00:00:00+00:00",
    "0001-01-01T00:00:00",
    "0001-01-01 03:00:00",
    "0000-00-00 00:00:00",
    "1601-01-01 00:00:00",
    "1753-01-01 00:00:00",
    "1754-08-30T22:43:41.128654848Z",
    "1899-12-30 00:00:00",
    "1904-01-01T00:00:00.000Z",
    "1970-01-01 00:00:00",
    "1970-01-01 01:00:00",
    "9999-12-31 23:59:59.9999999",
];

/// A number since an epoch in seconds before 1970, so many a second.
fn count(program: &'static str, epoch: i64, scale: i64, comes: As) -> Shape {
    let at = |second: i64| Cell::Integer((second + epoch) * scale);
    Shape { program, fresh: at(FRESH), old: at(OLD), comes }
}

fn real(program: &'static str, [fresh, old]: [f64; 2], comes: As) -> Shape {
    Shape { program, fresh: Cell::real(fresh), old: Cell::real(old), comes }
}

fn whole(program: &'static str, [fresh, old]: [i64; 2], comes: As) -> Shape {
    let [fresh, old] = [fresh, old].map(Cell::Integer);
    Shape { program, fresh, old, comes }
}

const WINDOWS: i64 = 11_644_473_600;
const YEAR_1: i64 = 62_135_596_800;
const APPLE: i64 = -978_307_200;

fn numbers() -> Vec<Shape> {
    let days = |second: i64, epoch: f64| second as f64 / 86_400.0 + epoch;
    let both = |epoch: f64| [days(FRESH, epoch), days(OLD, epoch)];
    vec![
        count("time(2)", 0, 1, Read),
        count("JavaScript", 0, 1_000, Read),
        count("journald, Firefox", 0, 1_000_000, Read),
        count("Go UnixNano", 0, 1_000_000_000, Read),
        real(
            "Python time.time",
            [FRESH as f64 + 0.25, OLD as f64 + 0.25],
            Read,
        ),
        real(
            "milliseconds as REAL",
            [FRESH as f64 * 1e3, OLD as f64 * 1e3],
            Read,
        ),
        real("SQLite julianday", both(2_440_587.5), Read),
        whole("whole Julian days", [2_461_055, 2_460_837], Undated),
        real("Modified Julian days", both(40_587.0), Undated),
        real("Excel, OLE", both(25_569.0), Undated),
        whole("Excel, whole days", [46_036, 45_818], Undated),
        whole("days since 1970", [20_467, 20_249], Undated),
        whole("minutes since 1970", [FRESH / 60, OLD / 60], Undated),
        count("tenths of seconds", 0, 10, Undated),
        count("100 ns since 1970", 0, 10_000_000, Undated),
        count("Chromium", WINDOWS, 1_000_000, Undated),
        count("FILETIME", WINDOWS, 10_000_000, Undated),
        count(".NET ticks", YEAR_1, 10_000_000, Undated),
        count("Core Data", APPLE, 1, Undated),
        real(
            "Core Data as REAL",
            [(FRESH + APPLE) as f64 + 0.5, (OLD + APPLE) as f64 + 0.5],
            Undated,
        ),
        count("Apple Messages", APPLE, 1_000_000_000, Undated),
        count("milliseconds since 2001", APPLE, 1_000, Undated),
        count("HFS", 2_082_844_800, 1, Future),
        count("NTP", 2_208_988_800, 1, Future),
        whole("YYYYMMDD", [20_260_114, 20_250_610], Undated),
        whole("YYYYMMDDHHMM", [202_601_141_830, 202_506_101_605], Undated),
        whole(
            "YYYYMMDDHHMMSS",
            [20_260_114_183_045, 20_250_610_160_509],
            Undated,
        ),
        whole(
            "YYYYMMDDHHMMSSmmm",
            [20_260_114_183_045_123, 20_250_610_160_509_123],
            Undated,
        ),
        whole("YYYYMMDDHH", [2_026_011_418, 2_025_061_016], Future),
        whole("YYMMDD", [260_114, 250_610], Undated),
        whole("year", [2026, 2025], Undated),
        whole(
            "snowflake",
            [2_011_506_285_081_526_272, 1_932_469_088_940_982_272],
            Future,
        ),
        whole(
            "Mastodon's snowflake",
            [115_894_874_603_520_000, 114_659_918_413_824_000],
            Undated,
        ),
        whole(
            "ULID, UUIDv7: 48 bits of milliseconds",
            [(FRESH * 1000) << 16, (OLD * 1000) << 16],
            Undated,
        ),
        whole(
            "UUIDv1",
            [139_877_082_450_000_000, 139_688_643_090_000_000],
            Undated,
        ),
        whole("small", [7, 6], Undated),
        whole("zero and -1", [0, -1], Undated),
        whole("negative", [-FRESH, -OLD], Undated),
        whole(
            "Go's zero time",
            [-62_135_596_800, -62_135_596_800_000],
            Undated,
        ),
        whole(
            "Go's zero time in nanoseconds",
            [-6_795_364_578_871_345_152; 2],
            Undated,
        ),
        whole("ends of 64 bits", [i64::MIN, i64::MAX], Undated),
        whole("end of 32 bits", [2_147_483_647; 2], Future),
    ]
}

fn shapes() -> Vec<Shape> {
    let text = |(program, fresh, old, comes): (_, &str, &str, _)| Shape {
        program,
        fresh: Cell::text(fresh),
        old: Cell::text(old),
        comes,
    };
    let sentinel = |text: &'static str| Shape {
        program: "not set",
        fresh: Cell::text(text),
        old: Cell::text(text),
        comes: Undated,
    };
    let never = |program, text: &str| Shape {
        program,
        fresh: Cell::text(text),
        old: Cell::text(text),
        comes: Future,
    };
    let blob = |program, [fresh, old]: [&[u8]; 2]| Shape {
        program,
        fresh: Cell::Blob(fresh.to_vec()),
        old: Cell::Blob(old.to_vec()),
        comes: Undated,
    };
    let mut all: Vec<Shape> = TEXTS.into_iter().map(text).collect();
    all.extend(SENTINELS.into_iter().map(sentinel));
    all.extend(numbers());
    all.push(never("Apple distantFuture", "4001-01-01 00:00:00 +0000"));
    all.push(never("never", "2999-12-31"));
    all.push(blob("MediaWiki", [b"20260114183045", b"20250610160509"]));
    all.push(blob("text as BLOB", [b"2026-01-14", b"2025-06-10"]));
    all.push(blob(
        "UUIDv7 in 16 bytes",
        [b"\x01\x9b\xbd\xc6\x40\x08\x7a", b"\x01\x97\x5a\x96\x9b\x08\x7a"],
    ));
    all.push(Shape {
        program: "NULL",
        fresh: Cell::Null,
        old: Cell::Null,
        comes: Undated,
    });
    all
}

/// `plain` and `indexed`: of the shape N, the row 2N is fresh and 2N + 1 old.
fn tables(dir: &Dir, shapes: &[Shape]) {
    let db = rusqlite::Connection::open(dir.join("app.db")).unwrap();
    db.execute_batch(
        "CREATE TABLE plain(id INTEGER PRIMARY KEY, at);
         CREATE TABLE indexed(id INTEGER PRIMARY KEY, at);
         CREATE INDEX by_time ON indexed(at); BEGIN",
    )
    .unwrap();
    let mut insert = db.prepare("INSERT INTO plain VALUES (?1, ?2)").unwrap();
    for (n, shape) in shapes.iter().enumerate() {
        insert.execute((2 * n as i64, &shape.fresh)).unwrap();
        insert.execute((2 * n as i64 + 1, &shape.old)).unwrap();
    }
    db.execute_batch("INSERT INTO indexed SELECT * FROM plain; COMMIT")
        .unwrap();
}

fn archive(dir: &Dir, table: &str, args: &[&str]) -> Value {
    let out = dir
        .cmd("rt-archive")
        .args(["--db", "app.db", "--archives", table, "--json"])
        .args(["--older-than", "30d", "--timestamp-column", "at"])
        .args(args)
        .args([table])
        .run();
    out.status(0);
    let report: Value = serde_json::from_str(&out.stdout).unwrap();
    report["tables"][0].clone()
}

fn ids(dir: &Dir, table: &str) -> Vec<usize> {
    let rows = dir.rows("app.db", &format!("SELECT id FROM {table}"));
    rows.iter().map(|id| id.parse().unwrap()).collect()
}

/// What the shapes of an example's characters are.
fn look(text: &str) -> String {
    let look = |c: char| match c {
        c if c.is_ascii_digit() => '9',
        c if c.is_ascii_alphabetic() => 'a',
        c => c,
    };
    text.chars().map(look).collect()
}

#[test]
fn nothing_fresh_goes_and_each_time_is_read_or_counted() {
    let shapes = shapes();
    assert!(shapes.len() > 120, "{} shapes", shapes.len());
    let dir = Dir::new();
    tables(&dir, &shapes);
    let of = |comes| shapes.iter().filter(|s| s.comes == comes).count() as u64;
    for table in ["plain", "indexed"] {
        let result = archive(&dir, table, &[]);
        let stays = ids(&dir, table);
        for (n, shape) in shapes.iter().enumerate() {
            let Shape { program, fresh, old, comes } = shape;
            assert!(stays.contains(&(2 * n)), "{program}: {fresh:?} went");
            let went = !stays.contains(&(2 * n + 1));
            assert_eq!(went, *comes == Read, "{program}: {old:?} in {table}");
        }
        assert_eq!(result["records"], of(Read), "{table}");
        // By an index, a text that begins with a hot day counts as hot.
        let hot = match table {
            "indexed" => shapes.iter().filter(begins_with_its_day).count(),
            _ => 0,
        };
        let undated = 2 * of(Undated) - hot as u64;
        assert_eq!(result["undated"], undated, "{table}");
        assert_eq!(result["future"], 2 * of(Future), "{table}");
        // The day is that of the row's own time.
        for day in std::fs::read_dir(dir.join(table).join("warm")).unwrap() {
            assert_eq!(day.unwrap().file_name(), "2025-06-10");
        }
    }
    shown(&dir, &shapes);
}

fn begins_with_its_day(shape: &&Shape) -> bool {
    let day = b"2026-01-14 ";
    let text = matches!(&shape.fresh, Cell::Text(t) if t.starts_with(day));
    text && shape.comes == Undated
}

/// What is not read shows in rt-stat, and in the report.
fn shown(dir: &Dir, shapes: &[Shape]) {
    let args = ["--db", "app.db", "--timestamp-column", "at", "plain"];
    let out = dir.cmd("rt-stat").arg("--undated").args(args).run();
    out.status(0).stderr("");
    let found: Vec<Value> =
        out.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let undated = shapes.iter().filter(|s| s.comes == Undated);
    let rows: u64 = found.iter().map(|f| f["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, 2 * undated.clone().count() as u64);
    for shape in undated {
        for cell in [&shape.fresh, &shape.old] {
            let (class, text) = match cell {
                Cell::Text(text) => ("text", text.clone()),
                Cell::Integer(i) => ("integer", i.to_string().into_bytes()),
                _ => continue,
            };
            let looks = look(std::str::from_utf8(&text).unwrap());
            let is = |f: &&Value| f["class"] == class && f["shape"] == looks;
            let there = found.iter().find(is);
            assert!(there.is_some(), "{}: {looks}", shape.program);
        }
    }
    let out = dir.cmd("rt-stat").args(args).run();
    let record: Value = serde_json::from_str(&out.stdout).unwrap();
    let future = shapes.iter().filter(|s| s.comes == Future).count();
    assert_eq!(record["future"], 2 * future);
    assert_eq!(record["undated"], rows);
}

/// Each unit, what it is called, and how its numbers are written.
fn in_units() -> Vec<(&'static str, Vec<Shape>)> {
    let text = |program, fresh: &str, old: &str| Shape {
        program,
        fresh: Cell::text(fresh),
        old: Cell::text(old),
        comes: Read,
    };
    let as_text = |shape: &Shape| {
        let written = |cell: &Cell| match cell {
            Cell::Integer(i) => i.to_string(),
            Cell::Real(bits) => f64::from_bits(*bits).to_string(),
            _ => unreachable!(),
        };
        let [fresh, old] = [&shape.fresh, &shape.old].map(written);
        text(shape.program, &fresh, &old)
    };
    let day = |second: i64| second as f64 / 86_400.0 + 2_440_587.5;
    let compact = [20_260_114_183_045, 20_250_610_160_509];
    let mut all = Vec::new();
    for (unit, shape) in [
        ("s", count("time(2)", 0, 1, Read)),
        ("ms", count("JavaScript", 0, 1_000, Read)),
        ("us", count("Firefox", 0, 1_000_000, Read)),
        ("ns", count("Go", 0, 1_000_000_000, Read)),
        ("julian", real("SQLite", [day(FRESH), day(OLD)], Read)),
        ("webkit_us", count("Chromium", WINDOWS, 1_000_000, Read)),
        ("filetime", count("Windows", WINDOWS, 10_000_000, Read)),
        ("ticks", count("sqlite-net", YEAR_1, 10_000_000, Read)),
        ("mac_s", count("Safari", APPLE, 1, Read)),
        ("mac_ns", count("Messages", APPLE, 1_000_000_000, Read)),
        ("compact", whole("MediaWiki", compact, Read)),
        ("compact", whole("a day", [20_260_114, 20_250_610], Read)),
        (
            "%Y%m%d%H%M",
            whole("minutes", [202_601_141_830, 202_506_101_605], Read),
        ),
    ] {
        let written = as_text(&shape);
        let Cell::Text(fresh) = &written.fresh else { unreachable!() };
        let Cell::Text(old) = &written.old else { unreachable!() };
        let blob = Shape {
            program: shape.program,
            fresh: Cell::Blob(fresh.clone()),
            old: Cell::Blob(old.clone()),
            comes: Read,
        };
        all.push((unit, vec![shape, written, blob]));
    }
    for (unit, fresh, old) in [
        ("%d/%m/%Y %H:%M", "14/01/2026 18:30", "10/06/2025 16:05"),
        (
            "%m/%d/%Y %I:%M:%S %p",
            "01/14/2026 06:30:45 PM",
            "6/10/2025 4:05:09 PM",
        ),
        ("%d.%m.%y", "14.01.26", "10.06.25"),
        (
            "%a %b %d %H:%M:%S %Y",
            "Wed Jan 14 18:30:45 2026",
            "Tue Jun 10 16:05:09 2025",
        ),
        (
            "%d/%b/%Y:%H:%M:%S %z",
            "14/Jan/2026:19:30:45 +0100",
            "10/Jun/2025:18:05:09 +0200",
        ),
        ("/Date(%s)/", "/Date(1768415445)/", "/Date(1749571509)/"),
    ] {
        all.push((unit, vec![text(unit, fresh, old)]));
    }
    all
}

/// What is undated under every unit.
fn unset() -> Vec<Cell> {
    let mut all: Vec<Cell> = SENTINELS.into_iter().map(Cell::text).collect();
    all.extend([0, -1, i64::MIN].map(Cell::Integer));
    all.extend([0.0, -0.0, -1.0, f64::INFINITY].map(Cell::real));
    all.extend(["", "0", "-1", "infinity", "n/a", "1e400"].map(Cell::text));
    all.push(Cell::Null);
    all
}

#[test]
fn a_unit_or_pattern_reads_its_numbers_texts_and_blobs() {
    for (unit, mut shapes) in in_units() {
        let dir = Dir::new();
        let read = shapes.len() as u64;
        for cell in unset() {
            let (fresh, old) = (cell.clone(), cell);
            let comes = Undated;
            shapes.push(Shape { program: "unset", fresh, old, comes });
        }
        tables(&dir, &shapes);
        for table in ["plain", "indexed"] {
            let result = archive(&dir, table, &["--unit", unit]);
            let stays = ids(&dir, table);
            for (n, shape) in shapes.iter().enumerate() {
                let Shape { fresh, old, comes, .. } = shape;
                assert!(stays.contains(&(2 * n)), "{unit}: {fresh:?} went");
                let went = !stays.contains(&(2 * n + 1));
                assert_eq!(went, *comes == Read, "{unit}: {old:?} {table}");
            }
            assert_eq!(result["records"], read, "{unit}");
            let unset = 2 * unset().len();
            assert_eq!(result["undated"], unset, "{unit} {table}");
            let ledger = dir.read(&format!("{table}/ledger.jsonl"));
            let written = serde_json::to_string(unit).unwrap();
            assert!(ledger.contains(&format!("\"unit\":{written}")), "{unit}");
            let warm = dir.join(table).join("warm/2025-06-10");
            assert!(warm.is_dir(), "{unit}");
        }
    }
}

#[test]
fn a_run_that_can_date_no_row_is_no_success_and_says_why() {
    let dir = Dir::new();
    let ticks = count("ticks", YEAR_1, 10_000_000, Undated);
    tables(&dir, &[ticks]);
    for table in ["plain", "indexed"] {
        for dry in [&[][..], &["-n"]] {
            let out = dir
                .cmd("rt-archive")
                .args(["--db", "app.db", "--archives", "tree", "--json"])
                .args(["--older-than", "30d", "--timestamp-column", "at"])
                .args(dry)
                .args([table])
                .run();
            out.status(3);
            let report: Value = serde_json::from_str(&out.stdout).unwrap();
            let result = &report["tables"][0];
            let why = format!(
                "no row of '{table}' can be dated: 2 rows are undated, like \
                 '638851683090000000' (integer '999999999999999999'); name \
                 another column, or say its unit"
            );
            assert_eq!(result["message"], why);
            assert_eq!(result["undated_shape"]["rows"], 2);
        }
        // With one row that can be dated, even if hot, nothing is wrong.
        dir.sql(
            "app.db",
            &format!("INSERT INTO {table}(at) VALUES ('2026-01-14')"),
        );
        let result = archive(&dir, table, &[]);
        assert_eq!(result["status"], "no_records");
        let number = format!(
            "DELETE FROM {table} WHERE typeof(at) = 'text';
             INSERT INTO {table}(at) VALUES ({FRESH})"
        );
        dir.sql("app.db", &number);
        assert_eq!(archive(&dir, table, &[])["status"], "no_records");
    }
}
