use super::*;
use crate::value::Value;
use crate::value::Value::{Blob, Integer, Real, Text};

fn number(value: Value<'_>, unit: Option<Unit>) -> Option<String> {
    instant(value, unit.as_ref()).map(rfc3339)
}

#[test]
fn a_number_without_unit_counts_in_the_years_2001_to_2100() {
    for (scale, zeros) in [
        (1, ""),
        (1_000, "000"),
        (1_000_000, "000000"),
        (1_000_000_000, "000000000"),
    ] {
        for (n, want) in [
            (999_999_999, None),
            (1_000_000_000, Some("2001-09-09T01:46:40Z")),
            (1_700_000_000, Some("2023-11-14T22:13:20Z")),
            (4_100_000_000, Some("2099-12-03T16:53:20Z")),
            (4_100_000_001, None),
            (-1_700_000_000, None),
        ] {
            let got = number(Value::Integer(n * scale), None);
            assert_eq!(got.as_deref(), want, "{n}{zeros}");
            let got = number(Value::Real((n * scale) as f64), None);
            assert_eq!(got.as_deref(), want, "{n}{zeros}.0");
        }
    }
    for n in [
        0,
        17,
        20_778,
        2_461_056,
        20_260_115,
        202_601_151_020,
        20_260_115_102_030,
        790_128_000,
        790_128_000_000_000_000,
        13_412_908_800_000_000,
        134_129_088_000_000_000,
        639_040_320_000_000_000,
        i64::MAX,
        i64::MIN,
    ] {
        assert_eq!(number(Value::Integer(n), None), None, "{n}");
    }
}

#[test]
fn reals_without_unit_are_split_exactly() {
    for (n, want) in [
        (1_700_000_000.5, Some("2023-11-14T22:13:20.5Z")),
        // The double next to .910046 is a little more than that.
        (1_795_217_869.910046, Some("2026-11-20T23:37:49.9100461Z")),
        (1_700_000_000_123.5, Some("2023-11-14T22:13:20.1235Z")),
        (2_452_161.5, None),
        (2_452_162.0, Some("2001-09-09T12:00:00Z")),
        (2_461_055.75, Some("2026-01-15T06:00:00Z")),
        (2_461_055.751_234_567, Some("2026-01-15T06:01:46.667Z")),
        (2_488_041.5, None),
        (46_037.25, None),
        (790_128_000.5, None),
        (-2_461_055.75, None),
        (-1_700_000_000.25, None),
        (2e20, None),
        (17.0, None),
        (0.0, None),
        (-0.0, None),
        (f64::MIN_POSITIVE, None),
        (f64::MAX, None),
        (f64::INFINITY, None),
        (f64::NEG_INFINITY, None),
        (f64::NAN, None),
    ] {
        let got = number(Value::Real(n), None);
        assert_eq!(got.as_deref(), want, "{n}");
    }
}

/// A value, its unit, and what it means.
type Meaning = (Value<'static>, Unit, Option<&'static str>);

const MEANINGS: &[Meaning] = &[
    (Integer(17), Unit::S, Some("1970-01-01T00:00:17Z")),
    (Integer(-2), Unit::Ms, Some("1969-12-31T23:59:59.998Z")),
    (Integer(1_000_001), Unit::Us, Some("1970-01-01T00:00:01.000001Z")),
    (Real(1e9 + 1.5), Unit::Ns, Some("1970-01-01T00:00:01.000000001Z")),
    (Real(-0.5), Unit::S, Some("1969-12-31T23:59:59.5Z")),
    (Text(b"17.5"), Unit::S, Some("1970-01-01T00:00:17.5Z")),
    (Text(b"1700000000123"), Unit::Ms, Some("2023-11-14T22:13:20.123Z")),
    (Text(b"1.7e+15"), Unit::Us, Some("2023-11-14T22:13:20Z")),
    (Blob(b"1700000000"), Unit::S, Some("2023-11-14T22:13:20Z")),
    (Text(b"2461055.75"), Unit::Julian, Some("2026-01-15T06:00:00Z")),
    (Text(b"1700000000 "), Unit::S, None),
    (Text(b"1e999"), Unit::S, None),
    (Text(b"-"), Unit::S, None),
    (
        Integer(134_129_088_000_000_000),
        Unit::Filetime,
        Some("2026-01-15T00:00:00Z"),
    ),
    (
        Integer(639_040_320_000_000_003),
        Unit::Ticks,
        Some("2026-01-15T00:00:00.0000003Z"),
    ),
    (
        Integer(790_128_000_000_000_001),
        Unit::MacNs,
        Some("2026-01-15T00:00:00.000000001Z"),
    ),
    (Integer(20_260_115), Unit::Compact, Some("2026-01-15T00:00:00Z")),
    (Real(20_260_115_102_030.0), Unit::Compact, Some("2026-01-15T10:20:30Z")),
    (Blob(b"20260115102030"), Unit::Compact, Some("2026-01-15T10:20:30Z")),
    (Text(b"202601151020"), Unit::Compact, None),
    (Text(b"20261315"), Unit::Compact, None),
    (Integer(260_115), Unit::Compact, None),
    (Real(20_260_115.5), Unit::Compact, None),
    (Text(b"infinity"), Unit::Compact, None),
    (Integer(2_461_056), Unit::Julian, Some("2026-01-15T12:00:00Z")),
    (Real(1_721_790.5), Unit::Julian, Some("0002-01-01T00:00:00Z")),
    (Real(1_721_425.4), Unit::Julian, None),
    (
        Integer(13_412_908_800_000_000),
        Unit::WebkitUs,
        Some("2026-01-15T00:00:00Z"),
    ),
    (Real(790_128_000.25), Unit::MacS, Some("2026-01-15T00:00:00.25Z")),
    (Integer(-62_104_060_800), Unit::S, Some("0002-01-01T00:00:00Z")),
    (Integer(-62_135_596_801), Unit::S, None),
    (Integer(253_402_300_800), Unit::S, None),
    (Integer(i64::MAX), Unit::S, None),
    (Integer(i64::MIN), Unit::WebkitUs, None),
    (Integer(i64::MAX), Unit::Julian, None),
    (Real(f64::INFINITY), Unit::Ns, None),
    (Real(f64::NAN), Unit::Julian, None),
    (Real(-1.0), Unit::Julian, None),
];

#[test]
fn a_unit_says_what_any_number_means() {
    for (value, unit, want) in MEANINGS {
        let got = number(*value, Some(unit.clone()));
        assert_eq!(got.as_deref(), *want, "{value:?} {unit}");
    }
}

const UNITS: [&str; 11] = [
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
];

#[test]
fn zero_is_undated_and_a_date_is_a_date_in_every_unit() {
    for word in UNITS {
        let unit: Unit = word.parse().unwrap();
        assert_eq!(unit.to_string(), word);
        for value in [
            Value::Integer(0),
            Value::Integer(-1),
            Value::Integer(i64::MIN),
            Value::Real(0.0),
            Value::Real(-0.0),
            Value::Real(-1.0),
            Value::Null,
            Value::Blob(b"\0\x01"),
            Value::Text(b"0"),
            Value::Text(b"-1"),
            Value::Text(b""),
        ] {
            let got = instant(value, Some(&unit));
            assert_eq!(got, None, "{word} {value:?}");
        }
        let text = Value::Text(b"2026-01-15");
        assert_eq!(instant(text, Some(&unit)), parse(b"2026-01-15"));
    }
    for word in ["", "S", "seconds", "m"] {
        let error = word.parse::<Unit>().unwrap_err();
        assert!(error.next_step().unwrap().contains("mac_ns, compact"));
    }
}

/// What programs write for "not set", and a moment beside each that is a time.
#[test]
fn zero_times_are_undated_in_every_unit() {
    for (zero, time) in [
        ("0001-01-01T00:00:00Z", "0002-01-01"),
        ("0001-01-01 03:00:00", "0002-01-01"),
        ("1601-01-01", "1601-01-02"),
        ("1600-12-31T23:00:00Z", "1600-12-31"),
        ("1753-01-01", "1753-01-02"),
        ("1754-08-30T22:43:41.128654848Z", "1754-08-30T22:43:42Z"),
        ("1899-12-30 00:00:00", "1899-12-29"),
        ("1899-12-31T23:40:28Z", "1900-01-02"),
        ("1900-01-01", "1900-01-02"),
        ("1904-01-01T00:00:00.000Z", "1904-01-02"),
        ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01Z"),
        ("1970-01-01 01:00:00", "1970-01-01T01:00:01Z"),
        ("1969-12-31 19:00:00", "1969-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59.9999999", "9998-12-31T23:59:59Z"),
        ("9999-01-01", "4001-01-01"),
    ] {
        let dated =
            |text: &'static str| instant(Value::Text(text.as_bytes()), None);
        assert_eq!(dated(zero), None, "{zero}");
        assert_eq!(dated(time), parse(time.as_bytes()), "{time}");
        assert!(dated(time).is_some(), "{time}");
        let at = parse(zero.as_bytes()).unwrap();
        for unit in [
            Unit::S,
            Unit::Ms,
            Unit::Us,
            Unit::Ns,
            Unit::WebkitUs,
            Unit::Filetime,
            Unit::Ticks,
            Unit::MacS,
            Unit::MacNs,
        ] {
            let (epoch, scale) = unit.scale().unwrap();
            let (epoch, scale) = (i128::from(epoch), i128::from(scale));
            let ns = at.as_nanosecond() - epoch * 1_000_000_000;
            let Ok(n) = i64::try_from(ns.div_euclid(1_000_000_000 / scale))
            else {
                continue;
            };
            let got = instant(Value::Integer(n), Some(&unit));
            assert_eq!(got, None, "{zero} as {n} {unit}");
        }
    }
}
