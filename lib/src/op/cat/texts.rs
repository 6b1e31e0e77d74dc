//! Texts on their way through the queue: cut into members, and put out in
//! order; what cannot be cut, or is damaged, is read as a stream in its turn.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};

use super::queue::{Next, Opened, Text};
use super::stream::Cat;
use crate::archive::{ArchivedText, named, proven_lines_behind};
use crate::error::{Error, Result, counted};
use crate::io::gz::Cutter;
use crate::time::Day;

/// The bytes of a text.
pub(super) enum Input<'i> {
    /// Those of a file, up to a length: what is passed over is not read.
    File(Take<File>),
    /// Those that can only be read in order.
    Stream(&'i mut dyn Read),
}

impl Input<'_> {
    /// Moves on without giving what is passed over.
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        match self {
            Input::File(input) => {
                let left = input.limit().saturating_sub(bytes);
                input.set_limit(left);
                let by = i64::try_from(bytes).unwrap_or(i64::MAX);
                input.get_mut().seek(SeekFrom::Current(by)).map(drop)
            }
            Input::Stream(input) => {
                io::copy(&mut input.take(bytes), &mut io::sink()).map(drop)
            }
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(input) => input.read(out),
            Input::Stream(input) => input.read(out),
        }
    }
}

/// Members of a text, behind each other, that must be read as a stream.
struct Run {
    start: u64,
    bytes: Vec<u8>,
}

impl Run {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Cat<'_> {
    /// Puts out the lines of one text; what is wrong with it is noted. Its
    /// last rows may still be on their way when this returns.
    pub(super) fn text(
        &mut self,
        mut input: Input<'_>,
        text: Text,
    ) -> Result<()> {
        let (plain, day) = (text.plain, text.known.day);
        self.queue.texts.push_back(text);
        if plain {
            self.drain_others()?;
            self.read_on(&mut input, 0)?;
        } else if let Err(error) = self.feed(input, day)? {
            self.drain_others()?;
            if let Some(text) = self.queue.texts.front_mut() {
                let what = format!("cannot read {}", text.what);
                text.error = Some(Error::stream(&what, error));
            }
        }
        self.queue.end();
        match self.options.limit {
            // Whether more is wanted shows when all of it is out.
            Some(_) => self.drain(),
            None => Ok(()),
        }
    }

    /// Sends the members of the last text on their way; gives why reading
    /// failed, if it did.
    fn feed(
        &mut self,
        input: Input<'_>,
        day: Option<Day>,
    ) -> Result<io::Result<()>> {
        let mut cutter = Cutter::new(input);
        loop {
            let info = match cutter.peek() {
                Ok(Some(info)) => info,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            };
            if self.sink.is_full() {
                return Ok(Ok(()));
            }
            let range = &self.chooser.range;
            let counted = self.options.counts()
                && day.is_some_and(|day| range.covers_member(&info, day));
            if counted || !range.enters(&info, day) {
                if let Err(error) = cutter.pass(Input::skip) {
                    return Ok(Err(error));
                }
                if counted {
                    self.sink.count(info.lines);
                }
                self.queue.pass(info.lines);
                continue;
            }
            while self.queue.full() {
                let Some(run) = self.advance(true)? else { continue };
                if run.end() == cutter.offset() {
                    return self.read_rest(cutter, run).map(Ok);
                }
                self.read_on(&mut &run.bytes[..], run.start)?;
            }
            let mut room = self.queue.room();
            match cutter.cut(&mut room.cut) {
                Ok(true) => self.queue.add(room)?,
                Ok(false) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
        if cutter.is_at_end() {
            return Ok(Ok(()));
        }
        while self.queue.is_busy() {
            let Some(run) = self.advance(true)? else { continue };
            if run.end() == cutter.offset() {
                return self.read_rest(cutter, run).map(Ok);
            }
            self.read_on(&mut &run.bytes[..], run.start)?;
        }
        let (start, bytes) = (cutter.offset(), Vec::new());
        self.read_rest(cutter, Run { start, bytes }).map(Ok)
    }

    /// Reads members that were taken back, and all behind them.
    fn read_rest(
        &mut self,
        cutter: Cutter<Input<'_>>,
        run: Run,
    ) -> Result<()> {
        let (begun, input) = cutter.rest();
        let mut input = run.bytes.chain(&begun[..]).chain(input);
        self.read_on(&mut input, run.start)
    }

    /// Reads the first of the texts on as a stream, from an offset of it.
    fn read_on(&mut self, input: &mut dyn Read, offset: u64) -> Result<()> {
        let Some(text) = self.queue.texts.front_mut() else { return Ok(()) };
        let Text { what, plain, known, met, damages, members, .. } = text;
        let (chooser, sink, mut full) = (&self.chooser, &mut self.sink, false);
        let mut rows = Vec::new();
        let mut each = |lines: &[u8]| {
            rows.clear();
            let chosen = chooser.choose(lines, *plain, &mut rows);
            let count = chosen.rows;
            met.add(chosen);
            sink.put(&rows, count)
        };
        let source = ArchivedText {
            plain: *plain,
            what: what.as_str(),
            file: "",
            known: *known,
        };
        let done = proven_lines_behind(
            input,
            &source,
            (*members, offset),
            damages,
            &mut full,
            &mut each,
        );
        self.sink.failed |= full;
        match done {
            Err(error) if self.sink.failed => Err(error),
            done => {
                text.error = text.error.take().or(done.err());
                Ok(())
            }
        }
    }

    /// Puts out what comes next. Members that must be read as a stream are
    /// given back while more of their text may be `coming`.
    fn advance(&mut self, coming: bool) -> Result<Option<Run>> {
        match self.queue.next()? {
            Next::Nothing => {}
            Next::Passed(lines) => {
                if let Some(text) = self.queue.texts.front_mut() {
                    text.met.pass(lines);
                }
            }
            Next::End => {
                if let Some(text) = self.queue.texts.pop_front() {
                    self.tell(text);
                }
            }
            Next::Member(member) if member.proven => self.put(member)?,
            Next::Member(member) => {
                let start = member.cut.start;
                let bytes = self.queue.take_back(member)?;
                let run = Run { start, bytes };
                if coming && self.queue.texts.len() == 1 {
                    return Ok(Some(run));
                }
                self.read_on(&mut &run.bytes[..], run.start)?;
            }
        }
        Ok(None)
    }

    /// Puts out a member.
    fn put(&mut self, mut member: Opened) -> Result<()> {
        let all = self.chooser.takes_all();
        let (rows, count) = match all {
            true => (&member.cut.text, member.cut.info.lines),
            false => (&member.rows, member.met.rows),
        };
        self.sink.put(rows, count)?;
        if let Some(text) = self.queue.texts.front_mut() {
            text.members += 1;
            match all {
                true => text.met.pass(count),
                false => text.met.add(std::mem::take(&mut member.met)),
            }
        }
        self.queue.recycle(member);
        Ok(())
    }

    /// Puts out all that is under way.
    pub(super) fn drain(&mut self) -> Result<()> {
        while self.queue.is_busy() {
            self.advance(false)?;
        }
        Ok(())
    }

    /// Puts out what is under way of the texts before the last one.
    fn drain_others(&mut self) -> Result<()> {
        while self.queue.texts.len() > 1 || self.queue.is_busy() {
            self.advance(false)?;
        }
        Ok(())
    }

    /// Notes what was wrong with a text.
    fn tell(&mut self, text: Text) {
        let what = &text.what;
        if text.met.undated > 0 {
            self.notes.warn(&format!(
                "{what}: {} left out, whose time cannot be read",
                counted(text.met.undated, "record")
            ));
        }
        let lines = text.met.lines;
        let damages = text.damages.tell(text.known);
        let errors = damages.chain(text.error).chain(text.met.trouble());
        let mut errors: Vec<Error> = errors.collect();
        if let Some(rows) = text.rows.filter(|rows| *rows != lines)
            && errors.is_empty()
            && self.options.limit.is_none()
        {
            errors.push(Error::disagree(format!(
                "{what} has {}, and {rows} by the ledger",
                counted(lines, "line")
            )));
        }
        if !errors.is_empty() {
            self.damaged.insert(what.clone());
        }
        for error in errors {
            self.trouble(named(error, what).with_exit(text.exit));
        }
    }
}
