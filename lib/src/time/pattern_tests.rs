use super::*;
use crate::value::Value;

#[test]
fn a_pattern_reads_what_it_matches_and_nothing_else() {
    for (pattern, value, want) in [
        ("%d/%m/%Y %H:%M", "15/01/2026 10:20", Some("2026-01-15T10:20:00Z")),
        ("%d/%m/%Y %H:%M", "5/1/2026 9:05", Some("2026-01-05T09:05:00Z")),
        ("%d/%m/%Y %H:%M", "15/01/26 10:20", None),
        ("%d/%m/%Y %H:%M", "01/15/2026 10:20", None),
        ("%d/%m/%Y %H:%M", "15/01/2026 10:20:30", None),
        ("%d/%m/%Y %H:%M", "2026-01-15", None),
        (
            "%m/%d/%y %I:%M:%S %p",
            "01/15/26 10:20:30 PM",
            Some("2026-01-15T22:20:30Z"),
        ),
        (
            "%a %b %d %H:%M:%S %Y",
            "Thu Jan 15 10:20:30 2026",
            Some("2026-01-15T10:20:30Z"),
        ),
        ("%a %b %d %H:%M:%S %Y", "Fri Jan 15 10:20:30 2026", None),
        (
            "%Y%m%dT%H%M%S%z",
            "20260115T102030+0100",
            Some("2026-01-15T09:20:30Z"),
        ),
        ("%Y/%m/%d", "2026/01/15", Some("2026-01-15T00:00:00Z")),
        ("%Y/%m/%d", "0001/01/01", None),
        (
            "%Y-%m-%d %H:%M:%S%.f",
            "2026-01-15 10:20:30.25",
            Some("2026-01-15T10:20:30.25Z"),
        ),
    ] {
        let unit: Unit = pattern.parse().unwrap();
        assert_eq!(unit.to_string(), pattern);
        for value in
            [Value::Text(value.as_bytes()), Value::Blob(value.as_bytes())]
        {
            let got = instant(value, Some(&unit)).map(rfc3339);
            assert_eq!(got.as_deref(), want, "{pattern} {value:?}");
        }
    }
    let unit: Unit = "%Y%m%d%H%M".parse().unwrap();
    let got =
        instant(Value::Integer(202_601_151_020), Some(&unit)).map(rfc3339);
    assert_eq!(got.as_deref(), Some("2026-01-15T10:20:00Z"));
    let unit: Unit = "%d%m%Y".parse().unwrap();
    assert_eq!(instant(Value::Integer(1_112_026), Some(&unit)), None);
}

#[test]
fn a_pattern_that_does_not_say_when_is_refused() {
    for pattern in [
        "%d/%m",
        "%H:%M",
        "%Y-%m-%d %I:%M",
        "%Y-%m-%d %M",
        "%",
        "%d/%m/%Y %Z",
        "%Y-%m-%d %K",
        "%Y-%m",
        "%Q %Y-%m-%d",
    ] {
        let error = pattern.parse::<Unit>().unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage, "{pattern}");
        assert!(error.next_step().unwrap().contains("%d/%m/%Y"), "{pattern}");
    }
}
