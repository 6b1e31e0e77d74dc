//! Times: every spelling means its instant, whatever the machine's time zone;
//! what means none is never due and always counted.

use super::{ids, open, with_result};
use crate::support::Dir;
use crate::support::rows::{self, Cell};

/// 2026-01-08T00:00:00Z: seven days before the tests' now.
const CUTOFF: i64 = 1_767_830_400;

const ZONES: [&str; 4] =
    ["UTC", "Etc/GMT-14", "Etc/GMT+12", "America/New_York"];

/// The date and the time of day, `seconds` after the cutoff, `offset` seconds
/// east of UTC.
fn local(seconds: i64, offset: i64) -> (String, String) {
    let local = seconds + offset;
    let (day, time) = (8 + local.div_euclid(86_400), local.rem_euclid(86_400));
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    (format!("2026-01-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"))
}

/// A shape: what stands between date and time, how much of the time stands
/// there, what follows it, and its offset in seconds.
const TEXTS: [(&str, usize, &str, i64); 19] = [
    ("T", 8, "Z", 0),
    ("T", 8, "", 0),
    (" ", 8, "", 0),
    (" ", 8, "Z", 0),
    ("t", 8, "z", 0),
    ("T", 5, "", 0),
    (" ", 5, "Z", 0),
    ("T", 8, ".000000Z", 0),
    (" ", 8, ".000", 0),
    ("T", 8, ".000000000000", 0),
    ("T", 8, "+00:00", 0),
    ("T", 8, "-00:00", 0),
    ("T", 8, "+02:00", 7200),
    (" ", 8, "+0530", 19_800),
    ("T", 8, "-08", -28_800),
    ("T", 8, "+14:00", 50_400),
    (" ", 8, ".000-12:00", -43_200),
    ("T", 5, " +01:00", 3600),
    ("T", 8, "-23:59", -86_340),
];

/// Values of one shape, just before the cutoff, on it, just behind it.
fn shapes() -> Vec<[Cell; 3]> {
    let mut out = Vec::new();
    for (between, length, end, offset) in TEXTS {
        let step = if length == 5 { 60 } else { 1 };
        out.push([-step, 0, step].map(|seconds| {
            let (date, time) = local(seconds, offset);
            Cell::text(format!("{date}{between}{}{end}", &time[..length]))
        }));
    }
    let date = |seconds| Cell::text(local(seconds, 0).0);
    out.push([date(-86_400), date(0), date(86_400)]);
    let text = |text: &str| Cell::text(text);
    out.push([
        text("2026-01-07T23:59:59.999999999Z"),
        text("2026-01-08T00:00:00.0Z"),
        text("2026-01-08T00:00:00.000000001Z"),
    ]);
    for scale in [1, 1000, 1_000_000, 1_000_000_000] {
        let at = CUTOFF * scale;
        out.push([at - 1, at, at + 1].map(Cell::Integer));
        let (at, step) = (at as f64, if scale > 1000 { 1024.0 } else { 0.25 });
        out.push([at - step, at, at + step].map(Cell::real));
    }
    let day = 2_440_587.5 + CUTOFF as f64 / 86_400.0;
    out.push([day - 1e-6, day, day + 1e-6].map(Cell::real));
    out
}

/// What means no time, whatever the unit.
fn undated() -> Vec<Cell> {
    let mut out = vec![
        Cell::Null,
        Cell::Integer(0),
        Cell::real(0.0),
        Cell::real(-0.0),
        Cell::Integer(-1),
        Cell::text("0001-01-01T00:00:00Z"),
        Cell::text("1970-01-01"),
        Cell::text("9999-12-31"),
        Cell::Blob(Vec::new()),
        Cell::text(b"2025-01-01\xff"),
        Cell::text(b"\xff\xfe"),
        Cell::text(b"\x80"),
    ];
    for text in [
        "",
        "n/a",
        "zzz",
        "0000-06-01T00:00:00Z",
        "0000-00-00 00:00:00",
        "99999-01-01T00:00:00Z",
        "2025-13-01",
        "2025-02-30",
        "2025-1-1",
        "2025-01-01T",
        "2025-01-01T24:00:00Z",
        "2025-01-01T00:00:00Z ",
        " 2025-01-01",
        "20250101T000000Z",
        "2025-01-01  00:00",
        "01/02/2025",
        "now",
        "2025-01-01\0",
        "\u{ff12}\u{ff10}25-01-01",
    ] {
        out.push(Cell::text(text));
    }
    out
}

/// Numbers that mean no time where no unit is given.
fn meaningless() -> Vec<Cell> {
    let mut out: Vec<Cell> = [17, -17, 20_250_101, 99_999_999, 2_461_000]
        .map(Cell::Integer)
        .to_vec();
    for real in [0.5, 17.0, 2_500_001.0, 1e300, -1e300, 3e20] {
        out.push(Cell::real(real));
    }
    out.push(Cell::real(f64::INFINITY));
    out.push(Cell::real(f64::NEG_INFINITY));
    out.push(Cell::text("1700000000"));
    out.push(Cell::Blob(b"1700000000".to_vec()));
    out.push(Cell::Blob(b"2025-01-01".to_vec()));
    out
}

/// Tables `plain` and `indexed` of the same rows.
fn twins(dir: &Dir, values: &[Cell]) {
    let db = open(dir);
    db.execute_batch(
        "CREATE TABLE plain(id INTEGER PRIMARY KEY, at);
         CREATE TABLE indexed(id INTEGER PRIMARY KEY, at);
         CREATE INDEX by_time ON indexed(at); BEGIN",
    )
    .unwrap();
    let mut insert = db.prepare("INSERT INTO plain VALUES (?1, ?2)").unwrap();
    for (i, value) in values.iter().enumerate() {
        insert.execute((i as i64, value)).unwrap();
    }
    db.execute_batch("INSERT INTO indexed SELECT * FROM plain; COMMIT")
        .unwrap();
}

#[test]
fn every_shape_is_due_before_the_cutoff_and_stays_on_it() {
    let shapes = shapes();
    let mut values: Vec<Cell> = shapes.concat();
    let dated = values.len();
    values.extend(undated());
    values.extend(meaningless());
    let dir = Dir::new();
    twins(&dir, &values);
    let want: Vec<i64> = (0..dated as i64).step_by(3).collect();
    for zone in ZONES {
        for table in ["plain", "indexed"] {
            let args = ["--due", "--older-than", "7d", "--result", "result"];
            let out = super::export(&dir, &args)
                .args(["--timestamp-column", "at", table])
                .env("TZ", zone)
                .run();
            out.status(0);
            let came = rows::integers(&rows::parse(&out.bytes), "id");
            for (shape, value) in shapes.iter().flatten().enumerate() {
                let due = came.contains(&(shape as i64));
                let text = format!("{value:?} in {table}, TZ={zone}");
                assert_eq!(due, shape % 3 == 0, "{text}");
            }
            assert_eq!(came, want, "{table}, TZ={zone}");
            let record = dir.read("result");
            let record: serde_json::Value =
                serde_json::from_str(&record).unwrap();
            let count = values.len() - dated;
            assert_eq!(record["undated"].as_u64(), Some(count as u64));
            assert_eq!(record["cutoff_date"], "2026-01-08T00:00:00Z");
        }
    }
}

#[test]
fn a_day_before_1970_and_a_far_future_are_times_too() {
    let dir = Dir::new();
    let values = [
        Cell::text("1969-12-31 23:59:59"),
        Cell::text("0002-01-01"),
        Cell::text("9999-12-31T23:59:59.999Z"),
        Cell::text("9998-12-31T23:59:59.999Z"),
        Cell::Integer(-1_000_000_000),
        Cell::real(-1e12),
        Cell::Integer(4_000_000_000),
        Cell::Integer(i64::MAX),
        Cell::Integer(i64::MIN),
    ];
    twins(&dir, &values);
    for table in ["plain", "indexed"] {
        let args = ["--due", "--before", "2026-01-01", table];
        let column = ["--timestamp-column", "at"];
        let (out, record) = with_result(&dir, &[&column[..], &args].concat());
        let came = rows::integers(&rows::parse(&out.bytes), "id");
        assert_eq!(came, [0, 1], "{table}");
        assert_eq!(record["undated"], 5, "{table}");
        assert_eq!(record["future"], 2, "{table}");
    }
}

#[test]
fn texts_are_compared_as_instants_and_not_as_texts() {
    let dir = Dir::new();
    let values = [
        Cell::text("2026-01-15 23:59:59"),
        Cell::text("2026-01-15T00:00:00Z"),
    ];
    twins(&dir, &values);
    for table in ["plain", "indexed"] {
        let args = ["--timestamp-column", "at", table];
        let before = ["--before", "2026-01-15T12:00:00Z"];
        assert_eq!(ids(&dir, &[&before[..], &args].concat()), [1]);
        let since = ["--since", "2026-01-15T12:00:00Z"];
        assert_eq!(ids(&dir, &[&since[..], &args].concat()), [0]);
    }
}

/// The cutoff in each unit.
const UNITS: [(&str, f64, f64); 10] = [
    ("s", 1.0, 0.0),
    ("ms", 1e3, 0.0),
    ("us", 1e6, 0.0),
    ("ns", 1e9, 0.0),
    ("julian", 1.0 / 86_400.0, 2_440_587.5),
    ("webkit_us", 1e6, 11_644_473_600e6),
    ("filetime", 1e7, 11_644_473_600e7),
    ("ticks", 1e7, 62_135_596_800e7),
    ("mac_s", 1.0, -978_307_200.0),
    ("mac_ns", 1e9, -978_307_200e9),
];

#[test]
fn a_unit_says_what_numbers_mean() {
    for (unit, scale, epoch) in UNITS {
        let at = |second: i64| (CUTOFF + second) as f64 * scale + epoch;
        let mut values = Vec::new();
        for second in [-86_400, 0, 86_400] {
            values.push(Cell::real(at(second)));
            values.push(match unit {
                "julian" => Cell::real(at(second)),
                _ => Cell::Integer(at(second) as i64),
            });
        }
        // A date is a date whatever the unit.
        values.push(Cell::text("2026-01-07"));
        values.push(Cell::text("2026-01-09"));
        let dated = values.len();
        values.extend(undated());
        values.push(Cell::real(f64::INFINITY));
        values.push(Cell::real(1e300));
        values.push(Cell::real(-1e300));
        let dir = Dir::new();
        twins(&dir, &values);
        for table in ["plain", "indexed"] {
            let args = ["--due", "--older-than", "7d", "--unit", unit];
            let column = ["--timestamp-column", "at", table];
            let args = [&args[..], &column].concat();
            let (out, record) = with_result(&dir, &args);
            out.status(0);
            let came = rows::integers(&rows::parse(&out.bytes), "id");
            assert_eq!(came, [0, 1, 6], "{unit}, {table}");
            let count = (values.len() - dated) as u64;
            let said = record["undated"].as_u64();
            assert_eq!(said, Some(count), "{unit}, {table}");
        }
    }
}
