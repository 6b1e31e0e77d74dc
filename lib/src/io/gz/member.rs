//! One member: its header in bytes, and the text it holds.

use jiff::Timestamp;
use libdeflater::{CompressionLvl, Compressor, Decompressor, crc32};
use memchr::{memchr_iter, memmem};

use crate::error::{Error, Result};
use crate::io::large::LARGE;

/// The longest header that we write, in bytes.
pub const HEADER_MAX: usize = FIXED + 33;

/// How many times as long as itself a deflate stream can make its text
/// (<https://zlib.net/zlib_tech.html>).
pub const MOST_RATIO: u64 = 1032;
/// CRC-32 and ISIZE.
pub(super) const TRAILER: usize = 8;
/// Everything in front of the payload of the subfield.
const FIXED: usize = 16;
const VERSION: u8 = 1;
const FEXTRA: u8 = 4;
/// What libdeflate makes of an empty text, with its CRC-32 and ISIZE.
const EMPTY_BODY: [u8; 5 + TRAILER] =
    [1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];

/// What the header of a member of ours says about it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MemberInfo {
    /// The whole member, header to trailer, in bytes.
    pub size_bytes: u64,
    /// Newlines in its text.
    pub lines: u64,
    /// Least and greatest timestamp of its rows in microseconds since 1970,
    /// the least floored, the greatest ceiled.
    pub range: Option<(i64, i64)>,
}

impl MemberInfo {
    /// The range as instants; none where there is none, or a number of it is
    /// beyond the calendar.
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let (least, greatest) = self.range?;
        let time = |us| Timestamp::from_microsecond(us).ok();
        Some((time(least)?, time(greatest)?))
    }
}

/// What the first bytes of a member are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderParse {
    /// A header of ours.
    Ours {
        /// What it says. Nothing of it is proven.
        info: MemberInfo,
        /// Its length in bytes.
        header_len: usize,
    },
    /// Another gzip's header, or one that is not as we write it.
    Foreign,
    /// Not gzip.
    NotGzip,
    /// More bytes are needed to tell; [`HEADER_MAX`] are always enough.
    NeedMore,
}

/// Reads the header at the start of `bytes`.
pub fn parse_header(bytes: &[u8]) -> HeaderParse {
    const MAGIC: [u8; 2] = [0x1f, 0x8b];
    if !bytes.iter().zip(&MAGIC).all(|(a, b)| a == b) {
        return HeaderParse::NotGzip;
    }
    let (Some(fixed), Some(flags)) = (bytes.get(..FIXED), bytes.get(2..4))
    else {
        return HeaderParse::NeedMore;
    };
    let payload_len = match fixed[10] {
        21 => 17,
        37 => 33,
        _ => return HeaderParse::Foreign,
    };
    let subfield = [fixed[10], 0, b'R', b'T', payload_len, 0];
    if flags != [8, FEXTRA] || fixed[10..] != subfield {
        return HeaderParse::Foreign;
    }
    let header_len = FIXED + usize::from(payload_len);
    let Some(payload) = bytes.get(FIXED..header_len) else {
        return HeaderParse::NeedMore;
    };
    let mut numbers = payload[1..].chunks_exact(8).map(|chunk| {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        u64::from_le_bytes(eight)
    });
    let (Some(size_bytes), Some(lines)) = (numbers.next(), numbers.next())
    else {
        return HeaderParse::Foreign;
    };
    let range = match (numbers.next(), numbers.next()) {
        (Some(least), Some(greatest)) => {
            Some((least.cast_signed(), greatest.cast_signed()))
        }
        _ => None,
    };
    let too_short = size_bytes < (header_len + TRAILER) as u64;
    let too_many = lines > size_bytes.saturating_mul(MOST_RATIO);
    if payload[0] != VERSION || too_short || too_many {
        return HeaderParse::Foreign;
    }
    let info = MemberInfo { size_bytes, lines, range };
    HeaderParse::Ours { info, header_len }
}

/// Newlines in a text.
pub(super) fn count_lines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// Makes members out of texts.
pub struct Encoder {
    compressor: Compressor,
    xfl: u8,
    /// Room for the deflate stream of the longest text so far that was not
    /// large.
    packed: Vec<u8>,
}

impl Encoder {
    /// An encoder at `level`, 1 (fast) to 9 (small); a level outside counts
    /// as the nearest one.
    pub fn new(level: u8) -> Encoder {
        let level = level.clamp(1, 9);
        let known = CompressionLvl::new(i32::from(level));
        let xfl = match level {
            9 => 2,
            1 => 4,
            _ => 0,
        };
        Encoder {
            compressor: Compressor::new(known.unwrap_or_default()),
            xfl,
            packed: Vec::new(),
        }
    }

    /// An encoder that stores texts as they are: for what is compressed
    /// already.
    pub fn stored() -> Encoder {
        let known = CompressionLvl::new(0);
        Encoder {
            compressor: Compressor::new(known.unwrap_or_default()),
            xfl: 0,
            packed: Vec::new(),
        }
    }

    /// Appends one member that holds `text` to `out`. The timestamps of
    /// `range` are in microseconds since 1970.
    pub fn member(
        &mut self,
        text: &[u8],
        range: Option<(i64, i64)>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let start = out.len();
        let payload_len: u8 = if range.is_some() { 33 } else { 17 };
        let lines = count_lines(text);
        out.extend_from_slice(&[0x1f, 0x8b, 8, FEXTRA, 0, 0, 0, 0]);
        out.extend_from_slice(&[self.xfl, 0xff, payload_len + 4, 0]);
        out.extend_from_slice(&[b'R', b'T', payload_len, 0, VERSION]);
        let size_at = out.len();
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&lines.to_le_bytes());
        if let Some((least, greatest)) = range {
            out.extend_from_slice(&least.to_le_bytes());
            out.extend_from_slice(&greatest.to_le_bytes());
        }
        let bound = self.compressor.deflate_compress_bound(text.len());
        let mut deflate = |packed: &mut [u8]| {
            self.compressor
                .deflate_compress(text, packed)
                .map_err(|e| Error::failed(format!("cannot compress: {e}")))
        };
        if bound > LARGE {
            // No second buffer as long as the text.
            let begun = out.len();
            out.resize(begun + bound, 0);
            let length = deflate(&mut out[begun..])?;
            out.truncate(begun + length);
            out.shrink_to(LARGE);
        } else {
            // Never cut short: what is cut is cleared by the next resize.
            if self.packed.len() < bound {
                self.packed.resize(bound, 0);
            }
            let length = deflate(&mut self.packed)?;
            out.extend_from_slice(&self.packed[..length]);
        }
        out.extend_from_slice(&crc32(text).to_le_bytes());
        // RFC 1952: the length modulo 2^32.
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        let size_bytes = (out.len() - start) as u64;
        out[size_at..size_at + 8].copy_from_slice(&size_bytes.to_le_bytes());
        Ok(())
    }
}

/// In which steps room for a text is made, in bytes.
const STEP: usize = 256 << 10;

/// Opens whole members of ours.
pub struct Opener {
    inflate: Decompressor,
}

impl Opener {
    /// One that has opened nothing so far.
    pub fn new() -> Opener {
        Opener { inflate: Decompressor::new() }
    }

    /// Puts the text of `member` into `text` and says whether it is proven
    /// that `member`, from its first byte to its last, is one gzip member
    /// with this text and as many lines as its header says. If not, `text` is
    /// of no use. The text is at most `limit` bytes long.
    ///
    /// libdeflate does not tell where the deflate stream ended, so a size
    /// that is too large would hide what follows the member. But it has seen
    /// CRC-32 and ISIZE of the text behind that end. If they are the last
    /// eight bytes of `member` too, and stand nowhere before, that is where
    /// it saw them.
    pub(super) fn open(
        &mut self,
        member: &[u8],
        header_len: usize,
        lines: u64,
        limit: usize,
        text: &mut Vec<u8>,
    ) -> bool {
        let body = member.get(header_len..).unwrap_or_default();
        let Some(end) = body.len().checked_sub(TRAILER) else {
            return false;
        };
        let trailer = &body[end..];
        let size = &trailer[4..];
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
        let size = size as usize;
        if size == 0 {
            text.clear();
            return body == EMPTY_BODY && lines == 0;
        }
        if size > limit {
            return false;
        }
        // A buffer that grows a little with each text leaves holes behind.
        let room = size.next_multiple_of(STEP);
        text.reserve_exact(room.saturating_sub(text.len()));
        text.resize(size, 0);
        self.inflate.gzip_decompress(member, text) == Ok(size)
            && trailer[..4] == crc32(text).to_le_bytes()
            && memmem::find(body, trailer) == Some(end)
            && count_lines(text) == lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(text: &[u8], range: Option<(i64, i64)>) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::new(6).member(text, range, &mut out).unwrap();
        out
    }

    #[test]
    fn header_reads_back_and_every_prefix_needs_more() {
        for range in [None, Some((i64::MIN, i64::MAX))] {
            let bytes = member(b"one\ntwo", range);
            let info =
                MemberInfo { size_bytes: bytes.len() as u64, lines: 1, range };
            let header_len = if range.is_some() { 49 } else { 33 };
            let want = HeaderParse::Ours { info, header_len };
            assert_eq!(parse_header(&bytes), want);
            for len in 0..header_len {
                let parsed = parse_header(&bytes[..len]);
                assert_eq!(parsed, HeaderParse::NeedMore, "{len} bytes");
            }
        }
        assert_eq!(parse_header(b"{\"id\""), HeaderParse::NotGzip);
        assert_eq!(parse_header(&[0x1f, 0]), HeaderParse::NotGzip);
        let plain = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0];
        assert_eq!(parse_header(&plain), HeaderParse::Foreign);
    }
}
