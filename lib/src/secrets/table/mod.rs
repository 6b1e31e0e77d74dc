//! The kinds of secrets, of all versions.
//!
//! A pattern is never edited: a receipt's version must give the same form for
//! ever. One that is wrong gets its last version as `until`, and a new one
//! stands beside it `since` the next. The formats are those that the providers
//! document, or that their tokens have in common.

mod hosts;
mod names;
mod shapes;
mod tokens;

use super::kinds::Pattern;

/// The version that is used now.
pub const VERSION: u32 = 2;

/// All patterns of all versions. At the same place the first one counts.
pub fn patterns() -> impl Iterator<Item = &'static Pattern> + Clone {
    let fixed = tokens::TOKENS.iter().chain(hosts::HOSTS);
    fixed.chain(shapes::SHAPES).chain(names::NAMES)
}
