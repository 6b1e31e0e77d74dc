//! gzip as we write and read it: a row of members, each independent.
//!
//! # Format
//!
//! A file is one or more gzip members (RFC 1952) behind each other; its text
//! is the texts of the members behind each other, as every gzip reads it. The
//! header of each member that we write is:
//!
//! | bytes | what |
//! |---|---|
//! | 1f 8b 08 | magic, deflate |
//! | 04 | FLG: FEXTRA and nothing else |
//! | 00 00 00 00 | MTIME: none, so that the same text gives the same bytes |
//! | 02, 04 or 00 | XFL: 2 for level 9 and above, 4 for level 1, else 0 |
//! | ff | OS: unknown |
//! | 15 00 or 25 00 | XLEN: 21 or 37 |
//! | 52 54 | SI1 SI2 of the one subfield: `R` `T` |
//! | 11 00 or 21 00 | its LEN: 17 or 33 |
//! | 1 byte | version of the subfield: 1 |
//! | 8 bytes | size of the whole member in bytes, header to trailer |
//! | 8 bytes | lines: newlines in the member's text |
//! | 8 bytes, or none | least timestamp of its rows, floored |
//! | 8 bytes, or none | greatest timestamp of its rows, ceiled |
//!
//! All numbers are little-endian; size and lines have no sign, timestamps have
//! one and count microseconds since 1970-01-01T00:00:00Z. The two timestamps
//! are there together (LEN 33) or not at all (LEN 17). Then come the deflate
//! stream, CRC-32 and ISIZE as RFC 1952 has them.
//!
//! # Invariants
//!
//! The bytes of a member depend on text, level and timestamps alone, not on
//! the number of threads. The subfield is a hint: it says where to cut, so
//! that members can be opened in parallel, but never decides what the text
//! is: a member whose subfield does not hold is read as if it had none. No
//! text passes whose length and CRC-32 are not those of its member, and none
//! is passed over. (libdeflate takes the two length codes that RFC 1951 leaves
//! unused for the longest length, where zlib refuses them: so a damaged member
//! can still be read here, if its text is unharmed, that gzip calls corrupt.)
//! Memory is bounded whatever the input claims.
//!
//! [`Reader`] gives text as it comes and stops at damage: for who throws away
//! everything when the end is bad. [`Proven`] holds a member back until it is
//! proven and goes on behind damage: for who writes what cannot be taken back.

mod ahead;
mod cut;
mod damage;
mod input;
mod member;
mod one_member;
mod pieces;
mod proven;
mod read;
mod write;

pub use ahead::Cut;
pub use cut::Cutter;
pub use damage::Damage;
pub use member::{
    Encoder, HEADER_MAX, HeaderParse, MOST_RATIO, MemberInfo, Opener,
    parse_header,
};
pub use one_member::OneMember;
pub use pieces::{Piece, Pieces};
pub use proven::{Proven, Step};
pub use read::Reader;
pub use write::{Block, Pool, threads};

#[cfg(test)]
mod arbitrary_tests;
