//! The years in which instants lie: 1 to 9999.

use jiff::Timestamp;

/// 0001-01-01T00:00:00Z, in seconds since 1970.
pub(super) const FIRST_SECOND: i64 = -62_135_596_800;
/// 10000-01-01T00:00:00Z, in seconds since 1970: the first that is too late.
pub(super) const END_SECOND: i64 = 253_402_300_800;

/// The instant so many seconds, and so many nanoseconds more, after 1970.
pub(super) fn at(second: i64, nanos: i64) -> Option<Timestamp> {
    if !(FIRST_SECOND..END_SECOND).contains(&second) {
        return None;
    }
    if second > Timestamp::MAX.as_second() {
        return Some(Timestamp::MAX);
    }
    Timestamp::new(second, i32::try_from(nanos).ok()?).ok()
}
