//! Times and ages of any kind: none ends the program, and what is written is
//! read as the same instant.

use jiff::Timestamp;

use crate::arbitrary::{Random, each_case};
use crate::time::{Age, Day, Unit, instant, parse, rfc3339};
use crate::value::Value;

const SEEDS: [&str; 12] = [
    "2026-01-08T10:11:12.345678901Z",
    "2026-01-08 10:11",
    "2026-01-08",
    "2026-01-08 10:11:12 +0530 IST",
    "2026-01-08T10:11:12+02:00[Europe/Berlin]",
    "2026-01-08 10:11:12.5 +0000 UTC m=+0.5",
    "Thu, 08 Jan 2026 10:11:12 GMT",
    "8 Jan 26 10:11 EST",
    "1767866400",
    "1767866400.25",
    "20260108101112",
    "0001-01-01T00:00:00",
];

const UNITS: [&str; 13] = [
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
    "%d/%m/%Y %H:%M",
    "%Y%m%d",
];

fn moment(random: &mut Random) -> Timestamp {
    let second = random.below(4_000_000_000) as i64;
    let ns = random.below(1_000_000_000) as i32;
    Timestamp::new(second, ns).unwrap()
}

#[test]
fn any_text_or_number_is_a_time_or_none() {
    each_case(20_000, |random| {
        let mut text = random.one(&SEEDS).as_bytes().to_vec();
        match random.below(8) {
            0 => text = random.bytes(40),
            1 => {}
            _ => random.damage(&mut text),
        }
        let plain = parse(&text);
        let unit: Unit = random.one(&UNITS).parse().ok().unwrap();
        let number = random.bits() as i64 >> random.below(64);
        let real = f64::from_bits(random.bits());
        for value in [
            Value::Text(&text),
            Value::Integer(number),
            Value::Real(real),
            Value::Blob(&text),
            Value::Null,
        ] {
            for unit in [None, Some(&unit)] {
                if let Some(at) = instant(value, unit) {
                    let day = Day::of(at);
                    assert!(day.start() <= at && at < day.next().start());
                }
            }
        }
        if let Some(at) = plain {
            assert_eq!(parse(rfc3339(at).as_bytes()), Some(at));
        }
    });
}

#[test]
fn what_is_written_is_the_same_instant() {
    each_case(5000, |random| {
        let at = moment(random);
        assert_eq!(parse(rfc3339(at).as_bytes()), Some(at));
        let day = Day::of(at);
        assert_eq!(day.to_string().parse::<Day>().ok(), Some(day));
    });
}

#[test]
fn any_text_is_an_age_or_refused() {
    each_case(10_000, |random| {
        let number = random.bits() >> random.below(64);
        let unit = random.one(&["h", "d", "w", "m", "y", "s", "", "D", "é"]);
        let text = match random.once_in(4) {
            true => random.text(12),
            false => format!("{number}{unit}"),
        };
        if let Ok(age) = Age::parse(&text) {
            assert_eq!(age.to_string(), text);
            assert!(age.hours() >= 1);
            let again = Age::of_hours(age.hours());
            assert_eq!(Age::parse(&again.to_string()).ok(), Some(again));
            let now = moment(random);
            if let Ok(before) = age.before(now) {
                assert!(before < now);
            }
        }
    });
}
