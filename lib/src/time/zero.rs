//! The times that programs write for "not set".
//!
//! Such a row is not old: its job still runs, its session has not ended. So a
//! zero time dates nothing, in whatever unit or spelling it stands.

use std::ops::Range;

use jiff::Timestamp;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const QUARTER: i64 = HOUR / 4;
/// No clock is further ahead of UTC than this, and none further behind.
const OFFSET: i64 = 14 * HOUR;

/// The years 1 and 9999 are nobody's: zero in Go, .NET, Apple and
/// PostgreSQL, and "never".
const YEAR_2: i64 = -62_104_060_800;
const YEAR_9999: i64 = 253_370_764_800;

/// Midnight of days at which a program's calendar begins: Windows and
/// Chromium 1601-01-01, SQL Server 1753-01-01, OLE and Excel 1899-12-30, -31
/// and 1900-01-01, QuickTime 1904-01-01. Nobody logged anything then, so the
/// whole day counts, in whatever zone it was written.
const DAYS: [i64; 6] = [
    -11_644_473_600,
    -6_847_804_800,
    -2_209_161_600,
    -2_209_075_200,
    -2_208_988_800,
    -2_082_844_800,
];

/// Single seconds: the Unix epoch, and what Go's zero time gives in
/// nanoseconds (1754-08-30T22:43:41). Written in a local zone they are off by
/// quarters of an hour.
const SECONDS: [i64; 2] = [0, -6_795_364_579];

const FIRST: Timestamp = Timestamp::constant(NO_ZERO_SECONDS.start, 0);
const END: Timestamp = Timestamp::constant(NO_ZERO_SECONDS.end, 0);

/// Whether an instant stands for "not set".
pub(super) fn is_zero(instant: Timestamp) -> bool {
    if (FIRST..END).contains(&instant) {
        return false;
    }
    let before = i64::from(instant.subsec_nanosecond() < 0);
    let second = instant.as_second() - before;
    let day =
        |midnight: i64| (midnight - OFFSET..midnight + DAY).contains(&second);
    let moment = |zero: i64| {
        let off = second - zero;
        off.abs() <= OFFSET && off % QUARTER == 0
    };
    !(YEAR_2..YEAR_9999).contains(&second)
        || DAYS.into_iter().any(day)
        || SECONDS.into_iter().any(moment)
}

/// Whether a number says "not set" in any unit: 0; -1, which C's time
/// functions give; and the least integer, which pandas writes.
pub(super) fn is_zero_number(number: i64) -> bool {
    matches!(number, 0 | -1 | i64::MIN)
}

/// Seconds since 1970 among which no instant is a zero time.
pub(crate) const NO_ZERO_SECONDS: Range<i64> = OFFSET + 1..YEAR_9999;
