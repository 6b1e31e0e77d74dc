//! Lines that stay, on their way into a new file: whole lines in blocks, each
//! block a gzip member of its own where the file is compressed, and its lines'
//! times in the member's header.

use jiff::Timestamp;

use super::draft::{Block, Draft};
use super::event::Compression;
use super::segment::BLOCK_BYTES;
use crate::error::Result;
use crate::io::gz;
use crate::record::Frame;

/// What a rewrite needs to know of a line: when its row was, for the member's
/// header.
pub type LineTime<'t> = &'t dyn Fn(&[u8]) -> Option<Timestamp>;

/// How the lines of a text stand in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextForm {
    pub compression: Compression,
    /// The level of gzip members.
    pub level: u8,
    /// The text is one JSON array.
    pub array: bool,
}

/// Writes lines behind what a draft holds.
pub(super) struct Rewriter<'d> {
    draft: &'d mut Draft,
    form: TextForm,
    time: LineTime<'d>,
    encoder: gz::Encoder,
    member: Vec<u8>,
    block: Block,
    frame: Frame,
    /// A line of the block has no time: its header says none.
    undated: bool,
}

impl<'d> Rewriter<'d> {
    pub(super) fn new(
        draft: &'d mut Draft,
        form: TextForm,
        time: LineTime<'d>,
    ) -> Rewriter<'d> {
        Rewriter {
            draft,
            form,
            time,
            encoder: gz::Encoder::new(form.level),
            member: Vec::new(),
            block: Block::default(),
            frame: Frame::new(form.array),
            undated: false,
        }
    }

    /// Takes the next record that stays.
    pub(super) fn keep(&mut self, record: &[u8]) -> Result<()> {
        self.block.text.extend_from_slice(self.frame.between());
        let length = self.block.text.len() + record.len() + 1;
        if self.block.lines > 0 && length > BLOCK_BYTES {
            self.cut()?;
        }
        self.block.text.extend_from_slice(record);
        self.block.text.extend_from_slice(self.frame.row());
        match (self.time)(record) {
            Some(at) => self.block.count(at),
            None => {
                self.block.lines += 1;
                self.undated = true;
            }
        }
        Ok(())
    }

    /// Ends the text.
    pub(super) fn end(mut self) -> Result<()> {
        self.block.text.extend_from_slice(self.frame.end());
        match self.block.text.is_empty() {
            true => Ok(()),
            false => self.cut(),
        }
    }

    fn cut(&mut self) -> Result<()> {
        if std::mem::take(&mut self.undated) {
            self.block.range = None;
            self.draft.is_undated();
        }
        self.draft.count(&self.block);
        if self.form.compression == Compression::None {
            self.draft.write(&self.block.text)?;
        } else {
            self.member.clear();
            let times = self.block.microseconds();
            self.encoder.member(&self.block.text, times, &mut self.member)?;
            self.draft.write(&self.member)?;
        }
        self.block.text.clear();
        (self.block.lines, self.block.range) = (0, None);
        Ok(())
    }
}
