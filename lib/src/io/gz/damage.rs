//! Damaged members: what can be said of one, and where the next one begins.
//!
//! The size in a damaged member's header is believed when the input goes on
//! with a gzip header right behind it, or ends there. Otherwise the next bytes
//! that look like a header are taken for one; whether they are, their member's
//! CRC-32 decides, as ever.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::crc32;
use memchr::memmem;

use super::input::Input;
use super::member::{
    HEADER_MAX, HeaderParse, MemberInfo, TRAILER, parse_header,
};
use crate::error::Error;

/// How far can be gone back behind a damaged member's start, in bytes.
pub(super) const KEEP: usize = 32 << 20;

/// A member that is not what it was, or bytes that are no member.
#[derive(Debug)]
pub struct Damage {
    /// What is wrong, with the input's name and the place.
    pub error: Error,
    /// Offset of its first byte.
    pub start: u64,
    /// Offset of the first byte behind it, as far as that can be told.
    pub end: u64,
    /// What its header says, if that was found to be right about the size.
    pub claim: Option<MemberInfo>,
    /// As many bytes of text as the member had were given with this, but what
    /// they are is not proven.
    pub same_length: bool,
}

/// What a member of ours turns out to be that could not be opened at once.
pub(super) enum Look {
    /// Its text is proven; its header has the number of lines wrong.
    Proven,
    /// The deflate stream does not end where its header says, or the text is
    /// too long to be held: only reading it as a stream can tell.
    Unclear,
    /// It is damaged; whether its text at least has the length that it had.
    Damaged { reason: &'static str, same_length: bool },
}

/// Opens a member again, telling what is wrong with it. `text` is at most
/// `limit` bytes long.
pub(super) fn look(
    member: &[u8],
    header_len: usize,
    limit: usize,
    text: &mut Vec<u8>,
) -> Look {
    let body = member.get(header_len..).unwrap_or_default();
    let Some((body, trailer)) = body.split_last_chunk::<TRAILER>() else {
        return Look::Unclear;
    };
    let [a, b, c, d, size @ ..] = *trailer;
    let size = u32::from_le_bytes(size) as usize;
    if size > limit {
        return Look::Unclear;
    }
    text.clear();
    // The decoder needs room to see that nothing more comes.
    text.reserve(size + 64);
    let mut inflate = Decompress::new(false);
    let done = inflate.decompress_vec(body, text, FlushDecompress::Finish);
    match done {
        Ok(Status::StreamEnd) if inflate.total_in() == body.len() as u64 => {}
        Ok(Status::StreamEnd) => return Look::Unclear,
        Ok(_) | Err(_) => {
            let reason = "corrupt deflate stream";
            return Look::Damaged { reason, same_length: false };
        }
    }
    let same_sum = crc32(text).to_le_bytes() == [a, b, c, d];
    let same_size = text.len() == size;
    match same_sum && same_size {
        true => Look::Proven,
        false => Look::Damaged {
            reason: "its checksum does not hold",
            same_length: same_sum || same_size,
        },
    }
}

/// Whether a gzip member can begin with these bytes, or the input ends here.
pub(super) fn may_follow(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || (bytes.starts_with(&MAGIC)
            && bytes.get(3).is_some_and(|flags| flags & RESERVED == 0))
}

/// Magic and deflate.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// The bits of FLG that are never set.
const RESERVED: u8 = 0xe0;

/// Moves on behind a damaged member that begins at the mark, with what its
/// header says of it; gives that if it is to be believed. Where the mark is
/// lost, or there was none, it goes on from where the input stands.
pub(super) fn pass<R: Read>(
    input: &mut Input<R>,
    claim: Option<MemberInfo>,
) -> io::Result<Option<MemberInfo>> {
    let kept = input.rewind();
    let start = input.offset();
    if kept {
        if let Some(info) = claim
            && info.size_bytes <= KEEP as u64
        {
            let size = info.size_bytes as usize;
            let bytes = input.peek(size + HEADER_MAX)?;
            if bytes.get(size..).is_some_and(may_follow) {
                input.skip(size);
                return Ok(claim);
            }
        }
        input.skip(1);
    }
    let found = find_header(input)?;
    // A member that the end of the input has cut short.
    Ok(claim.filter(|info| {
        kept && !found && info.size_bytes > input.offset() - start
    }))
}

/// Moves on to the next bytes that look like a member's header, or to the
/// end; says whether there were any.
fn find_header<R: Read>(input: &mut Input<R>) -> io::Result<bool> {
    loop {
        let bytes = input.peek(MAGIC.len() + 1)?;
        let length = bytes.len();
        if length <= MAGIC.len() {
            input.skip(length);
            return Ok(false);
        }
        match memmem::find(bytes, &MAGIC) {
            Some(0) if may_follow(bytes) => return Ok(true),
            Some(0) => input.skip(1),
            Some(at) => input.skip(at),
            None => input.skip(length - (MAGIC.len() - 1)),
        }
    }
}

/// Whether a header of ours has the length of its extra field wrong. Taken at
/// its word it could hide the member, and lead into the text of a later one
/// whose CRC-32 then holds.
pub(super) fn has_false_extra(head: &[u8]) -> bool {
    match head.get(10..16) {
        Some(&[low, high, b'R', b'T', payload @ (17 | 33), 0]) => {
            [low, high] != [payload + 4, 0]
        }
        _ => false,
    }
}

/// What the header at the start of `head` claims.
pub(super) fn claim_of(head: &[u8]) -> Option<MemberInfo> {
    match parse_header(head) {
        HeaderParse::Ours { info, .. } => Some(info),
        _ => None,
    }
}
