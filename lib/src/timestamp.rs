//! Instants out of every spelling that a timestamp column may hold.
use jiff::Timestamp;
/// x
pub fn parse(_text: &[u8]) -> Option<Timestamp> {
    None
}
