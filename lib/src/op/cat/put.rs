//! The files of a month, put out in the order of their days.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::Path;

use super::Cat;
use super::lines::{Met, copy};
use super::view::{Month, Warm, from_start};
use crate::error::{Error, Exit, Result, quote, quoted};
use crate::io::durable;
use crate::io::gz;
use crate::io::tar::read_tar;
use crate::time::Day;

/// How much of a plain file is read at once.
const PIECE: usize = 256 << 10;

impl Cat<'_> {
    /// Puts out the members of a tar that are meant, and in front of each what
    /// the other tiers have of earlier days. Members in another order take as
    /// many walks over the tar as their days fall.
    pub(super) fn tar(
        &mut self,
        tar: &Month,
        rest: &mut BTreeMap<Day, VecDeque<Warm>>,
    ) -> Result<()> {
        let (mut next, mut broken) = (0, tar.broken);
        while next < tar.wanted.len() {
            let before = next;
            let input = from_start(&tar.open, &tar.path)?;
            let walked =
                read_tar(input, &tar.path, &mut |name, _, contents| {
                    let Some((day, wanted)) = tar.wanted.get(next) else {
                        return Ok(());
                    };
                    if name != wanted {
                        return Ok(());
                    }
                    next += 1;
                    while let Some(first) = rest.first_entry() {
                        if first.key() >= day {
                            break;
                        }
                        let (day, files) = first.remove_entry();
                        self.day(day, files)?;
                    }
                    self.member(tar, name, contents)
                });
            if let Err(error) = walked {
                if self.sink.failed || error.exit() != Exit::Data {
                    return Err(error);
                }
                if !broken {
                    self.trouble_with(&tar.name, error);
                }
                broken = true;
            }
            if next == before {
                if !broken {
                    let lacks =
                        format!("lacks {}", quote(&tar.wanted[next].1));
                    let error =
                        Error::data(format!("{} {lacks}", quoted(&tar.path)));
                    self.trouble_with(&tar.name, error);
                }
                next += 1;
            }
        }
        Ok(())
    }

    /// Puts out a member of a tar.
    fn member(
        &mut self,
        tar: &Month,
        name: &str,
        contents: &mut dyn Read,
    ) -> Result<()> {
        let what = format!("{} in {}", quote(name), quoted(&tar.path));
        let plain = !name.ends_with(".gz");
        self.text(contents, plain, &what, &tar.name)
    }

    /// Puts out what the warm and the hot tier have of a day.
    pub(super) fn day(
        &mut self,
        day: Day,
        files: VecDeque<Warm>,
    ) -> Result<()> {
        for warm in files {
            if warm.limit == 0 {
                continue;
            }
            let what = quoted(&warm.file.path);
            let mut input = warm.open.take(warm.limit);
            let (plain, file) = (warm.file.plain, &warm.file.file);
            self.text(&mut input, plain, &what, file)?;
        }
        if let Some(whole) = &mut self.whole {
            whole.day(day, &mut self.sink)?;
        }
        match &mut self.hot {
            Some(hot) => hot.rows.day(day, &mut self.sink),
            None => Ok(()),
        }
    }

    /// Puts out the lines of one text; what is wrong with it is noted.
    fn text(
        &mut self,
        input: &mut dyn Read,
        plain: bool,
        what: &str,
        file: &str,
    ) -> Result<()> {
        let mut met = Met::default();
        let (range, sink) = (&self.range, &mut self.sink);
        let done = if plain {
            let path = Path::new(what);
            copy(
                &mut |piece| {
                    piece.resize(PIECE, 0);
                    let n = durable::read_full(input, piece)
                        .map_err(|e| Error::io("read", path, e))?;
                    piece.truncate(n);
                    Ok(n > 0)
                },
                range,
                true,
                sink,
                &mut met,
            )
        } else {
            let mut reader = gz::Reader::new(input, what);
            copy(
                &mut |piece| reader.next_block(piece),
                range,
                false,
                sink,
                &mut met,
            )
        };
        if self.sink.failed {
            return done;
        }
        if met.undated > 0 {
            self.notes.warn(&format!(
                "{what}: the time of {} records cannot be read, they are left \
                 out",
                met.undated
            ));
        }
        for error in done.err().into_iter().chain(met.trouble()) {
            let error = match error.to_string().contains(what) {
                true => error,
                false => error.during(what),
            };
            self.trouble_with(file, error);
        }
        Ok(())
    }
}
