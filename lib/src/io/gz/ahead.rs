//! Members of ours, cut off the input by the size in their headers and opened
//! ahead on other threads, up to a limit.

use std::io::Read;

use super::input::{Input, failed};
use super::member::{
    HEADER_MAX, HeaderParse, MemberInfo, Opener, parse_header,
};
use crate::error::Result;
use crate::io::ordered::Ordered;

/// Members and texts longer than this are read as streams, in bytes.
pub(super) const WHOLE_MAX: usize = 4 * 1024 * 1024;

/// A member cut off the input, and its text when it was opened.
#[derive(Debug, Default)]
pub struct Cut {
    /// The member, header to trailer.
    pub bytes: Vec<u8>,
    /// Offset of its first byte.
    pub start: u64,
    /// The length of its header.
    pub header_len: usize,
    /// What its header says.
    pub info: MemberInfo,
    /// Its text, if that is proven.
    pub text: Vec<u8>,
    /// The member was opened, and its CRC-32, length and number of lines hold.
    pub proven: bool,
}

/// The members under way.
pub(super) struct Ahead {
    work: Ordered<Cut, Cut>,
    spare: Vec<Cut>,
}

impl Ahead {
    /// `threads` workers, up to `threads + 2` members ahead; or the caller's
    /// own thread.
    pub fn new(threads: usize) -> Ahead {
        let work = Ordered::new(threads, || {
            let mut opener = Opener::new();
            move |mut cut: Cut| {
                cut.proven = opener.open(
                    &cut.bytes,
                    cut.header_len,
                    cut.info.lines,
                    WHOLE_MAX,
                    &mut cut.text,
                );
                cut
            }
        });
        Ahead { work, spare: Vec::new() }
    }

    /// Cuts off members of ours and hands them out, as far as may be. `name`
    /// is what messages call the input.
    pub fn cut<R: Read>(
        &mut self,
        input: &mut Input<R>,
        name: &str,
    ) -> Result<()> {
        while !self.work.full() {
            let head = input.peek(HEADER_MAX).map_err(|e| failed(name, e))?;
            let HeaderParse::Ours { info, header_len } = parse_header(head)
            else {
                return Ok(());
            };
            if info.size_bytes > WHOLE_MAX as u64 {
                return Ok(());
            }
            let size = info.size_bytes as usize;
            let bytes = input.peek(size).map_err(|e| failed(name, e))?;
            let Some(bytes) = bytes.get(..size) else {
                return Ok(());
            };
            let mut cut = self.spare.pop().unwrap_or_default();
            cut.bytes.clear();
            cut.bytes.extend_from_slice(bytes);
            cut.start = input.offset();
            (cut.header_len, cut.info) = (header_len, info);
            input.skip(size);
            self.work.submit(cut)?;
        }
        Ok(())
    }

    /// The oldest member not yet taken, waiting until it is opened.
    pub fn take(&mut self) -> Result<Option<Cut>> {
        self.work.take()
    }

    /// Whether no member is under way.
    pub fn is_empty(&self) -> bool {
        self.work.in_flight() == 0
    }

    /// Takes the buffers of a member back, to be used again.
    pub fn recycle(&mut self, cut: Cut) {
        self.spare.push(cut);
    }
}
