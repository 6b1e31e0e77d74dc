//! Lines out of a file, byte for byte as they stood in the archive.

use std::fs::File;
use std::path::Path;

use jiff::Timestamp;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, Int64Type,
};
use parquet::errors::{ParquetError, Result as Parquet};
use parquet::file::reader::{FileReader, SerializedFileReader};
use rt::derived::{Fields, Value, append_string, append_value, rfc3339};
use rt::error::{Error, Result, quoted};

use crate::about::{About, KEY};
use crate::columns::Type;
use crate::in_parquet;
use crate::shape::{Shape, Target};

/// How many rows are put together at once.
const ROWS: usize = 1024;

/// Who is handed lines: the place of their day in the file, and some whole
/// lines of it.
pub type EachLines<'e> = dyn FnMut(usize, &[u8]) -> Result<()> + 'e;

/// A file of the lake, open for its lines.
pub struct Lines<'p> {
    reader: SerializedFileReader<File>,
    path: &'p Path,
    /// What it says of itself.
    pub about: About,
    shapes: Vec<Shape>,
}

impl<'p> Lines<'p> {
    /// Opens a file of the lake.
    ///
    /// # Errors
    /// Status 4 where it is none.
    pub fn open(file: File, path: &'p Path) -> Result<Lines<'p>> {
        let reader = SerializedFileReader::new(file)
            .map_err(|e| in_parquet("read", path, e))?;
        let pairs = reader.metadata().file_metadata().key_value_metadata();
        let pair = pairs.and_then(|all| all.iter().find(|p| p.key == KEY));
        let Some(text) = pair.and_then(|pair| pair.value.as_deref()) else {
            return Err(Error::data(format!(
                "{} is not a file of rt-lake's",
                quoted(path)
            )));
        };
        let about = About::parse(text, &quoted(path))?;
        let shapes = about.shapes.iter().map(|names| {
            Shape::new(names.clone(), &about.columns).ok_or_else(|| {
                Error::data(format!("{} names odd keys", quoted(path)))
            })
        });
        let shapes = shapes.collect::<Result<_>>()?;
        Ok(Lines { reader, path, about, shapes })
    }

    /// Gives all lines, in order.
    pub fn read(&self, each: &mut EachLines<'_>) -> Result<()> {
        let fail = |e| in_parquet("read", self.path, e);
        let mut runs = Runs::of(&self.about);
        let (mut text, mut last) = (Vec::new(), 0);
        for group in 0..self.reader.num_row_groups() {
            let group = self.reader.get_row_group(group).map_err(fail)?;
            let readers = 0..group.metadata().num_columns();
            let readers = readers.map(|i| group.get_column_reader(i));
            let readers = readers.collect::<Parquet<Vec<_>>>();
            let columns = readers.map_err(fail)?.into_iter().map(Batch::new);
            let mut row = Row {
                columns: columns.collect::<Parquet<_>>().map_err(fail)?,
                about: &self.about,
                time: Spelled::default(),
                archived_at: Spelled::default(),
            };
            let mut left = group.metadata().num_rows() as usize;
            while left > 0 {
                let rows = left.min(ROWS);
                left -= rows;
                for column in &mut row.columns {
                    column.read(rows).map_err(fail)?;
                }
                for _ in 0..rows {
                    let (day, shape) =
                        runs.next().ok_or_else(|| self.odd())?;
                    if day != last && !text.is_empty() {
                        each(last, &text)?;
                        text.clear();
                    }
                    last = day;
                    let shape =
                        self.shapes.get(shape).ok_or_else(|| self.odd())?;
                    row.line(shape, &mut text).ok_or_else(|| self.odd())?;
                }
                if !text.is_empty() {
                    each(last, &text)?;
                    text.clear();
                }
            }
        }
        match runs.next() {
            None => Ok(()),
            Some(_) => Err(self.odd()),
        }
    }

    fn odd(&self) -> Error {
        let path = quoted(self.path);
        Error::data(format!("{path} has other rows than its metadata says"))
    }
}

/// The day and the shape of each row.
struct Runs<'a> {
    about: &'a About,
    day: usize,
    run: usize,
    /// Rows of the run that are done.
    done: u64,
}

impl<'a> Runs<'a> {
    fn of(about: &'a About) -> Runs<'a> {
        Runs { about, day: 0, run: 0, done: 0 }
    }

    /// The next row's day and shape.
    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let day = self.about.days.get(self.day)?;
            let Some((shape, rows)) = day.runs.get(self.run) else {
                (self.day, self.run, self.done) = (self.day + 1, 0, 0);
                continue;
            };
            if self.done == *rows {
                (self.run, self.done) = (self.run + 1, 0);
                continue;
            }
            self.done += 1;
            return Some((self.day, *shape));
        }
    }
}

/// A column's values of some rows.
enum Batch {
    Int(Values<Int64Type>),
    Double(Values<DoubleType>),
    Bytes(Values<ByteArrayType>),
}

struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    there: Vec<i16>,
    values: Vec<T::T>,
    /// The next row, and the next value.
    row: usize,
    value: usize,
}

impl<T: DataType> Values<T> {
    fn new(reader: ColumnReaderImpl<T>) -> Values<T> {
        let (there, values) = (Vec::new(), Vec::new());
        Values { reader, there, values, row: 0, value: 0 }
    }

    fn read(&mut self, rows: usize) -> Parquet<()> {
        self.there.clear();
        self.values.clear();
        (self.row, self.value) = (0, 0);
        let there = Some(&mut self.there);
        self.reader.read_records(rows, there, None, &mut self.values)?;
        Ok(())
    }

    /// The next row's value; none for NULL, or behind the last row.
    fn next(&mut self) -> Option<&T::T> {
        let there = self.there.get(self.row).copied();
        self.row += 1;
        if there != Some(1) {
            return None;
        }
        self.value += 1;
        self.values.get(self.value - 1)
    }
}

/// A value of a row.
enum Is<'v> {
    Null,
    Int(i64),
    Double(f64),
    Bytes(&'v ByteArray),
}

impl Batch {
    fn new(reader: ColumnReader) -> Parquet<Batch> {
        match reader {
            ColumnReader::Int64ColumnReader(r) => {
                Ok(Batch::Int(Values::new(r)))
            }
            ColumnReader::DoubleColumnReader(r) => {
                Ok(Batch::Double(Values::new(r)))
            }
            ColumnReader::ByteArrayColumnReader(r) => {
                Ok(Batch::Bytes(Values::new(r)))
            }
            _ => Err(ParquetError::General("a column of another type".into())),
        }
    }

    fn read(&mut self, rows: usize) -> Parquet<()> {
        match self {
            Batch::Int(values) => values.read(rows),
            Batch::Double(values) => values.read(rows),
            Batch::Bytes(values) => values.read(rows),
        }
    }

    fn next(&mut self) -> Is<'_> {
        let is = match self {
            Batch::Int(values) => values.next().map(|v| Is::Int(*v)),
            Batch::Double(values) => values.next().map(|v| Is::Double(*v)),
            Batch::Bytes(values) => values.next().map(Is::Bytes),
        };
        is.unwrap_or(Is::Null)
    }
}

/// An instant, and its text: of rows behind each other it is often the same.
#[derive(Default)]
struct Spelled(Option<(i64, String)>);

impl Spelled {
    fn text(&mut self, microsecond: i64) -> Option<&str> {
        if self.0.as_ref().is_none_or(|(last, _)| *last != microsecond) {
            let at = Timestamp::from_microsecond(microsecond).ok()?;
            self.0 = Some((microsecond, rfc3339(at)));
        }
        self.0.as_ref().map(|(_, text)| text.as_str())
    }
}

/// The row that is put together.
struct Row<'a> {
    columns: Vec<Batch>,
    about: &'a About,
    time: Spelled,
    archived_at: Spelled,
}

impl Row<'_> {
    /// Appends the next row's line; none where the file does not have it.
    fn line(&mut self, shape: &Shape, out: &mut Vec<u8>) -> Option<()> {
        let width = self.about.columns.len();
        let values: Vec<Is<'_>> =
            self.columns.iter_mut().map(Batch::next).collect();
        let exact = match values.get(width + 3)? {
            Is::Bytes(exact) => Some(exact.data()),
            _ => None,
        };
        if let Some(whole) = exact.and_then(|text| text.strip_prefix(b" ")) {
            out.extend_from_slice(whole);
            out.push(b'\n');
            return Some(());
        }
        for (i, key) in shape.keys.iter().enumerate() {
            out.push(if i == 0 { b'{' } else { b',' });
            out.extend_from_slice(&key.text);
            let at = match key.target {
                Target::Column(at) => at,
                Target::Time => width,
                Target::ArchivedAt => width + 1,
                Target::Rowid => width + 2,
            };
            let spelled = match key.target {
                Target::Time => Some(&mut self.time),
                Target::ArchivedAt => Some(&mut self.archived_at),
                _ => None,
            };
            match (&values[at], spelled) {
                (Is::Int(at), Some(spelled)) => {
                    append_string(out, spelled.text(*at)?.as_bytes());
                }
                (Is::Null, None) => {
                    out.extend_from_slice(in_exact(exact, &key.text));
                }
                (_, Some(_)) => return None,
                (Is::Int(i), None) => append_value(out, Value::Integer(*i)),
                (Is::Double(r), None) => append_value(out, Value::Real(*r)),
                (Is::Bytes(bytes), None) => {
                    match self.about.columns.get(at)?.ty {
                        Type::Json => out.extend_from_slice(bytes.data()),
                        Type::Binary => {
                            append_value(out, Value::Blob(bytes.data()));
                        }
                        _ => append_value(out, Value::Text(bytes.data())),
                    }
                }
            }
        }
        out.extend_from_slice(b"}\n");
        Some(())
    }
}

/// What stands for NULL: the value of another class that the column has here.
fn in_exact<'e>(exact: Option<&'e [u8]>, key: &[u8]) -> &'e [u8] {
    let Some(exact) = exact else { return b"null" };
    let mut fields = Fields::new(exact);
    loop {
        let start = fields.offset() + 1 + key.len();
        match fields.next_if(key) {
            Ok(Some(_)) => return &exact[start..fields.offset()],
            Ok(None) => match fields.next() {
                Ok(Some(_)) => {}
                _ => return b"null",
            },
            Err(_) => return b"null",
        }
    }
}
