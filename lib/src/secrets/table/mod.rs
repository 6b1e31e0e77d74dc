//! The kinds of secrets, of all versions.
//!
//! A pattern is never edited: a receipt's version must give the same form for
//! ever. One that is wrong gets its last version as `until`, and a new one
//! stands beside it `since` the next. The formats are those that the providers
//! document, or that their tokens have in common.

mod again;
mod guesses;
mod hosts;
mod names;
mod services_a_to_h;
mod services_i_to_r;
mod services_s_to_z;
mod shapes;
mod tokens;

use super::kinds::Pattern;

/// The version that is used now.
pub const VERSION: u32 = 4;

/// All patterns of all versions. At the same place the first one counts.
pub fn patterns() -> impl Iterator<Item = &'static Pattern> + Clone {
    let tokens = tokens::TOKENS.iter().chain(hosts::HOSTS);
    let more = services_a_to_h::SERVICES.iter();
    let more = more.chain(services_i_to_r::SERVICES);
    let more = more.chain(services_s_to_z::SERVICES).chain(again::AGAIN);
    let fixed = tokens.chain(more).chain(shapes::SHAPES);
    fixed.chain(names::NAMES).chain(guesses::GUESSES)
}
