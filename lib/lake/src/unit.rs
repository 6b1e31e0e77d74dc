//! A file in the making: lines in, a Parquet file out, which is read back and
//! gives the same lines before it gets its name.

use std::fs::File;
use std::sync::Arc;

use parquet::errors::Result as Parquet;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;
use rt::derived::{
    Fault, Temp, TreePath, Value, append_value, file_sha256, open_read, parse,
    rfc3339,
};
use rt::error::{Error, Result, quoted};
use rt::io::digest::hex;
use sha2::{Digest, Sha256};

use crate::about::{About, DayAbout, KEY};
use crate::buffers::Buffer;
use crate::columns::Type;
use crate::form::{properties, schema};
use crate::in_parquet;
use crate::lines::Lines;
use crate::plan::Source;
use crate::shape::{Cell, Shape, Target, loose_cells, names_of};

/// A row group ends when its values have come to so many bytes, or rows.
const GROUP_BYTES: usize = 32 << 20;
const GROUP_ROWS: usize = 1 << 18;
/// More shapes than this are not told apart: a line of another one is kept
/// whole.
const SHAPES: usize = 64;
/// So often at most the shape may change within a day.
const RUNS: usize = 1000;

/// A file in the making.
pub struct Unit {
    about: About,
    shapes: Vec<Shape>,
    temp: Temp,
    writer: SerializedFileWriter<File>,
    /// The table's columns, then those beside them.
    buffers: Vec<Buffer>,
    /// Rows that wait there, and the length of their values.
    rows: usize,
    size_bytes: usize,
    /// The shape of the last line.
    shape: usize,
    text: Sha256,
    /// The last `_archived_at` that was read, and what it means.
    archived_at: (Vec<u8>, Option<i64>),
    room: Vec<u8>,
    exact: Vec<u8>,
    /// The least and greatest time of its rows, in microseconds.
    span: Option<(i64, i64)>,
}

/// A file that is ready to be named.
pub struct Ready {
    /// Under its temporary name, durable.
    pub temp: Temp,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub size_bytes: u64,
    /// What it says of itself.
    pub about: About,
    /// The least and greatest time of its rows, in microseconds.
    pub span: Option<(i64, i64)>,
}

impl Unit {
    /// A new file in `folder`, which is there; `about` says all but what the
    /// lines will tell.
    pub fn create(
        folder: &TreePath,
        about: About,
        level: i32,
    ) -> Result<Unit> {
        let mut temp = Temp::in_tree(folder)?;
        let path = temp.path().clone();
        let file = temp.file()?.try_clone();
        let file = file.map_err(|e| Error::io("open", &path, e))?;
        let buffer = |ty: &Type| match ty {
            Type::Int64 => Buffer::int(),
            Type::Double => Buffer::double(),
            _ => Buffer::bytes(),
        };
        let mut buffers: Vec<Buffer> =
            about.columns.iter().map(|c| buffer(&c.ty)).collect();
        buffers.extend([Buffer::int(), Buffer::int(), Buffer::int()]);
        buffers.push(Buffer::bytes());
        let made = schema(&about).and_then(|schema| {
            let properties = Arc::new(properties(level)?);
            SerializedFileWriter::new(file, schema, properties)
        });
        let writer = made.map_err(|e| in_parquet("write", &path, e))?;
        Ok(Unit {
            about,
            shapes: Vec::new(),
            temp,
            writer,
            buffers,
            rows: 0,
            size_bytes: 0,
            shape: 0,
            text: Sha256::new(),
            archived_at: (Vec::new(), None),
            room: Vec::new(),
            exact: Vec::new(),
            span: None,
        })
    }

    /// Takes the next line of a source, which has no newline.
    pub fn line(
        &mut self,
        line: &[u8],
        day: &DayAbout,
        source: &Source,
    ) -> std::result::Result<(), Fault> {
        if self.about.days.last().is_none_or(|last| last.name != day.name) {
            self.end_day();
            self.about.days.push(day.clone());
        }
        let cells = self.cells(line)?;
        let whole = cells.is_none();
        let cells = match cells {
            Some(cells) => cells,
            None => loose_cells(line, &self.about.columns)?,
        };
        let time = source.time(&cells, &self.about.columns);
        self.exact.clear();
        if whole {
            self.exact.push(b' ');
            self.exact.extend_from_slice(line);
        }
        for cell in &cells {
            self.put(cell, whole);
        }
        self.end_row(time, line.len());
        self.text.update(line);
        self.text.update(b"\n");
        Ok(())
    }

    /// The values of a line that is written as ours are, and whose shape there
    /// is room for; the shape of the row is noted either way.
    fn cells<'a>(
        &mut self,
        line: &'a [u8],
    ) -> std::result::Result<Option<Vec<Cell<'a>>>, Fault> {
        let near = self.shapes.get(self.shape);
        let mut found = (self.shape, None);
        if let Some(shape) = near {
            found.1 = shape.cells(line, &mut self.room)?;
        }
        if found.1.is_none() {
            let names = names_of(line)?;
            let known = self.shapes.iter().position(|s| s.names == names);
            let at = known.unwrap_or(self.shapes.len());
            if known.is_none()
                && at < SHAPES
                && let Some(shape) = Shape::new(names, &self.about.columns)
            {
                self.shapes.push(shape);
            }
            let runs = self.about.days.last().map_or(0, |d| d.runs.len());
            if let Some(shape) = self.shapes.get(at)
                && runs < RUNS
            {
                found = (at, shape.cells(line, &mut self.room)?);
            }
        }
        if found.1.as_deref().is_some_and(|cells| !self.spells(cells)) {
            found.1 = None;
        }
        if found.1.is_some() {
            self.shape = found.0;
        }
        if self.shapes.is_empty() {
            self.shapes.extend(Shape::new(Vec::new(), &self.about.columns));
        }
        let shape = self.shape;
        if let Some(day) = self.about.days.last_mut() {
            match day.runs.last_mut() {
                Some((last, rows)) if *last == shape => *rows += 1,
                _ => day.runs.push((shape, 1)),
            }
        }
        Ok(found.1)
    }

    /// Whether the times beside the columns are told by an instant.
    fn spells(&mut self, cells: &[Cell<'_>]) -> bool {
        cells.iter().all(|cell| match (cell.target, cell.value.value()) {
            (Target::Column(_), _) => true,
            (Target::Rowid, value) => matches!(value, Value::Integer(_)),
            (Target::ArchivedAt, Value::Text(text)) => {
                if self.archived_at.0 != text {
                    self.archived_at = (text.to_vec(), spelled(text));
                }
                self.archived_at.1.is_some()
            }
            (Target::Time, Value::Text(text)) => spelled(text).is_some(),
            _ => false,
        })
    }

    /// Puts a value where it belongs, or among those that stand exactly beside
    /// the columns.
    fn put(&mut self, cell: &Cell<'_>, whole: bool) {
        let width = self.about.columns.len();
        let value = cell.value.value();
        let at = match cell.target {
            Target::Column(at) => at,
            // It comes with the row's time.
            Target::Time => return,
            Target::ArchivedAt => width + 1,
            Target::Rowid => width + 2,
        };
        let buffer = &mut self.buffers[at];
        let ty = match cell.target {
            Target::Column(at) => self.about.columns[at].ty,
            _ => Type::Int64,
        };
        self.size_bytes += match (cell.target, ty, value) {
            (_, _, Value::Null) => 0,
            (Target::ArchivedAt, _, Value::Text(text)) => {
                let at = match self.archived_at.0 == text {
                    true => self.archived_at.1,
                    false => spelled(text),
                };
                at.map_or(0, |at| buffer.put_int(at))
            }
            (_, Type::Int64, Value::Integer(i)) => buffer.put_int(i),
            (_, Type::Double, Value::Real(r)) => buffer.put_double(r),
            (_, Type::String, Value::Text(text)) if cell.is_string => {
                buffer.put_bytes(text)
            }
            (_, Type::Binary, Value::Blob(blob)) => buffer.put_bytes(blob),
            (_, Type::Json, value) => {
                self.room.clear();
                append_value(&mut self.room, value);
                buffer.put_bytes(&self.room)
            }
            _ if whole => 0,
            (_, _, value) => {
                let (exact, shape) = (&mut self.exact, &self.shapes);
                let mut keys = shape[self.shape].keys.iter();
                if let Some(key) = keys.find(|k| k.target == cell.target) {
                    exact.push(if exact.is_empty() { b'{' } else { b',' });
                    exact.extend_from_slice(&key.text);
                    append_value(exact, value);
                }
                0
            }
        };
    }

    /// Ends a row whose line has this length.
    fn end_row(&mut self, time: Option<i64>, length: usize) {
        let width = self.about.columns.len();
        if let Some(time) = time {
            self.size_bytes += self.buffers[width].put_int(time);
            let (least, greatest) = self.span.unwrap_or((time, time));
            self.span = Some((least.min(time), greatest.max(time)));
        }
        if !self.exact.is_empty() {
            if self.exact[0] == b'{' {
                self.exact.push(b'}');
            }
            let buffer = &mut self.buffers[width + 3];
            self.size_bytes += buffer.put_bytes(&self.exact);
        }
        self.about.rows += 1;
        if let Some(day) = self.about.days.last_mut() {
            day.rows += 1;
            day.text_size_bytes += length as u64 + 1;
        }
        self.rows += 1;
        for buffer in &mut self.buffers {
            buffer.fill(self.rows);
        }
    }

    /// Writes the rows that wait, if they are enough for a group.
    pub fn flush_if_full(&mut self) -> Result<()> {
        match self.size_bytes >= GROUP_BYTES || self.rows >= GROUP_ROWS {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        let (path, buffers) = (self.temp.path(), &mut self.buffers);
        let mut write = || -> Parquet<()> {
            let mut group = self.writer.next_row_group()?;
            for buffer in buffers.iter_mut() {
                let Some(mut column) = group.next_column()? else { break };
                buffer.write(&mut column)?;
                column.close()?;
            }
            group.close().map(drop)
        };
        write().map_err(|e| in_parquet("write", path, e))?;
        (self.rows, self.size_bytes) = (0, 0);
        Ok(())
    }

    fn end_day(&mut self) {
        if let Some(day) = self.about.days.last_mut() {
            let text = std::mem::take(&mut self.text);
            day.text_sha256 = hex(&text.finalize());
        }
    }

    /// Adds a segment to those that the day's rows were stored in.
    pub fn stored_in(&mut self, segment: &str, schema: &str) {
        if let Some(day) = self.about.days.last_mut()
            && !day.segments.iter().any(|s| s == segment)
        {
            day.segments.push(segment.to_owned());
        }
        if !self.about.schemas.iter().any(|s| s == schema) {
            self.about.schemas.push(schema.to_owned());
        }
    }

    /// Ends the file, makes it durable, and reads it back.
    ///
    /// # Errors
    /// Its lines are not those that it was given, or are not as many.
    pub fn finish(mut self) -> Result<Ready> {
        self.end_day();
        if self.rows > 0 {
            self.flush()?;
        }
        self.about.shapes =
            self.shapes.iter().map(|s| s.names.clone()).collect();
        let path = self.temp.path().clone();
        let text = self.about.text()?;
        let pair = KeyValue::new(KEY.to_owned(), text);
        self.writer.append_key_value_metadata(pair);
        self.writer.close().map_err(|e| in_parquet("write", &path, e))?;
        self.temp.sync()?;
        prove(&path, &self.about)?;
        let file = open_read(&path)?;
        let meta = file.metadata().map_err(|e| Error::io("stat", &path, e))?;
        Ok(Ready {
            sha256: file_sha256(file, &path)?,
            size_bytes: meta.len(),
            temp: self.temp,
            about: self.about,
            span: self.span,
        })
    }
}

/// Reads a file back: the lines of each day are, by count and digest, those
/// of the archive.
fn prove(path: &TreePath, about: &About) -> Result<()> {
    let lines = Lines::open(open_read(path)?, path.path())?;
    let mut seen: Vec<(u64, Sha256)> =
        about.days.iter().map(|_| (0, Sha256::new())).collect();
    lines.read(&mut |day, text| {
        let (rows, digest) = &mut seen[day];
        *rows += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        digest.update(text);
        Ok(())
    })?;
    for (day, (rows, digest)) in about.days.iter().zip(seen) {
        if rows != day.rows || hex(&digest.finalize()) != day.text_sha256 {
            return Err(Error::failed(format!(
                "{} does not give back the lines of {}, and is not used",
                quoted(path),
                day.name
            ))
            .hint("this is a bug; the archives are as they were"));
        }
    }
    Ok(())
}

/// The instant that a text means, in microseconds, where it is the text of
/// that instant.
fn spelled(text: &[u8]) -> Option<i64> {
    let at = parse(text)?;
    let microsecond = at.as_microsecond();
    let same = jiff::Timestamp::from_microsecond(microsecond).ok()?;
    (rfc3339(same).as_bytes() == text).then_some(microsecond)
}
