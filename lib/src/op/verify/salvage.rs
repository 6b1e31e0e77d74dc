//! The whole lines of a damaged archive that can still be read.
//!
//! More than rt-cat prints: also the lines of a gzip member up to where it is
//! broken, which nothing proves. They are counted, and each must at least be a
//! record.

use std::io::{Read, Write};
use std::path::Path;

use crate::archive::Tree;
use crate::error::{Error, Exit, Notes, Result, counted, quoted};
use crate::io::durable;
use crate::io::gz::{Piece, Pieces};
use crate::io::line_room::LineRoom;
use crate::io::tar::{Walk, salvage_tar};
use crate::io::tree_path::TreePath;
use crate::record::{Fields, records};

/// Writes the lines of an archive, a path or a file of the tree, to `output`.
///
/// # Errors
/// Status 4 when something is missing: the lines that can be read were
/// written.
pub(super) fn salvage(
    tree: &Tree,
    file: &Path,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let path = find(tree, file)?;
    let mut lines = Salvaged {
        output,
        rest: Vec::new(),
        torn: false,
        over: false,
        rows: 0,
        unproven: 0,
        bad: 0,
        long: 0,
    };
    let mut damages = Vec::new();
    let name = quoted(&path);
    let mut input = durable::open_read(&path)?;
    if name.ends_with(".tar.gz'") {
        let walk = Walk { file: input, path: path.path(), whole: false };
        let done = salvage_tar(walk, &mut |entry, _| {
            let named = format!("{} in {name}", entry.name);
            if entry.name.ends_with(".jsonl.gz") {
                damages.extend(lines.gzip(entry.contents, &named)?);
            } else if entry.name.ends_with(".jsonl") {
                lines.plain(entry.contents, &named)?;
            }
            Ok(())
        })?;
        damages.extend(done);
    } else if name.ends_with(".gz'") {
        damages.extend(lines.gzip(&mut input, &name)?);
    } else {
        lines.plain(&mut input, &name)?;
    }
    for damage in &damages {
        notes.warn(&damage.to_string());
    }
    lines.tell(notes);
    match damages.is_empty() && lines.bad + lines.long == 0 {
        true => Ok(Exit::Done),
        false => Ok(Exit::Data),
    }
}

/// A path, or the name of a file in the tree.
fn find(tree: &Tree, file: &Path) -> Result<TreePath> {
    if durable::is_gone(file)?
        && let Some(name) = file.to_str()
        && let Ok(path) = tree.path(name)
        && !durable::is_gone(&path)?
    {
        return Ok(path);
    }
    Ok(TreePath::outside(file))
}

/// Lines on their way out.
struct Salvaged<'s> {
    output: &'s mut dyn Write,
    /// A line that was begun.
    rest: Vec<u8>,
    /// Text is missing in front of what comes next.
    torn: bool,
    /// What comes next is the rest of a line that has no room.
    over: bool,
    rows: u64,
    /// Of them, those that no checksum proves.
    unproven: u64,
    /// Lines that are no records.
    bad: u64,
    /// Lines that are longer than what was read makes likely.
    long: u64,
}

impl Salvaged<'_> {
    fn gzip(
        &mut self,
        input: &mut dyn Read,
        name: &str,
    ) -> Result<Vec<Error>> {
        let (input, room) = LineRoom::of(input, false);
        let mut pieces = Pieces::new(input, name, 0, true);
        let (mut piece, mut damages) = (Vec::new(), Vec::new());
        let mut parts = 0;
        loop {
            match pieces.next(&mut piece) {
                Ok(Piece::Whole) => self.text(&piece, &room, name)?,
                Ok(Piece::Part) => {
                    let before = self.rows;
                    self.text(&piece, &room, name)?;
                    parts += self.rows - before;
                }
                Ok(Piece::Proven) => parts = 0,
                Ok(Piece::Damaged(damage)) => {
                    self.unproven += std::mem::take(&mut parts);
                    self.gap();
                    damages.push(damage.error);
                }
                Ok(Piece::End) => {
                    self.gap();
                    self.torn = false;
                    return Ok(damages);
                }
                Err(error) if error.exit() == Exit::Data => {
                    self.gap();
                    damages.push(error);
                    return Ok(damages);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn plain(&mut self, input: &mut dyn Read, name: &str) -> Result<()> {
        let (mut input, room) = LineRoom::of(input, false);
        let mut piece = vec![0; 256 << 10];
        loop {
            let n =
                durable::read_full(&mut input, &mut piece).map_err(|e| {
                    Error::stream(&format!("cannot read {name}"), e)
                })?;
            if n == 0 {
                self.gap();
                return Ok(());
            }
            let before = self.rows;
            self.text(&piece[..n], &room, name)?;
            self.unproven += self.rows - before;
        }
    }

    /// Text is missing here: a line that was begun has no end.
    fn gap(&mut self) {
        self.bad += u64::from(!self.rest.is_empty());
        self.rest.clear();
        self.torn = true;
        self.over = false;
    }

    fn text(
        &mut self,
        mut text: &[u8],
        room: &LineRoom,
        name: &str,
    ) -> Result<()> {
        if self.over {
            let end = memchr::memchr(b'\n', text);
            text = end.map_or(&[], |end| &text[end + 1..]);
            self.over = end.is_none();
        }
        let Some(end) = memchr::memrchr(b'\n', text) else {
            self.rest.extend_from_slice(text);
            if room.check(self.rest.len(), name).is_err() {
                self.long += 1;
                self.over = true;
                self.rest = Vec::new();
            }
            return Ok(());
        };
        let mut whole = std::mem::take(&mut self.rest);
        whole.extend_from_slice(&text[..=end]);
        self.rest.extend_from_slice(&text[end + 1..]);
        let mut out = Vec::with_capacity(whole.len());
        for record in records(&whole) {
            match Fields::check(record) {
                Ok(()) => {
                    out.extend_from_slice(record);
                    out.push(b'\n');
                    self.rows += 1;
                }
                // The end of a line whose start is missing was counted.
                Err(_) if self.torn => {}
                Err(_) => self.bad += 1,
            }
            self.torn = false;
        }
        self.output
            .write_all(&out)
            .map_err(|e| Error::stream("cannot write rows", e))
    }

    fn tell(&self, notes: &mut dyn Notes) {
        notes.verbose(&format!("{} can be read", counted(self.rows, "line")));
        if self.unproven > 0 {
            notes.warn(&format!(
                "{} of these: no checksum proves them",
                counted(self.unproven, "line")
            ));
        }
        if self.bad > 0 {
            notes.warn(&format!(
                "{} left out, which are no records",
                counted(self.bad, "line")
            ));
        }
        if self.long > 0 {
            notes.warn(&format!(
                "{} left out, which are too long for so little gzip: \
                 `gzip -dc` prints them",
                counted(self.long, "line")
            ));
        }
    }
}
