//! The values of some rows, column by column, on their way into a row group.
//!
//! What Parquet writes is a column after the other, so all rows of a group
//! wait here. They are bounded by bytes, and with them what a writer, and the
//! reader that proves its file, hold at once.

use bytes::Bytes;
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, Int64Type,
};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;

/// How many rows are handed to the writer of a column at once.
const ROWS: usize = 4096;

/// The values that are not NULL.
#[derive(Debug)]
enum Values {
    Int(Vec<i64>),
    Double(Vec<f64>),
    Bytes { all: Vec<u8>, ends: Vec<usize> },
}

/// The values of a column.
#[derive(Debug)]
pub struct Buffer {
    values: Values,
    /// For each row, whether it has a value: 1, or 0 for NULL.
    there: Vec<i16>,
}

impl Buffer {
    /// For INT64.
    pub fn int() -> Buffer {
        Buffer { values: Values::Int(Vec::new()), there: Vec::new() }
    }

    /// For DOUBLE.
    pub fn double() -> Buffer {
        Buffer { values: Values::Double(Vec::new()), there: Vec::new() }
    }

    /// For STRING and BINARY.
    pub fn bytes() -> Buffer {
        let values = Values::Bytes { all: Vec::new(), ends: Vec::new() };
        Buffer { values, there: Vec::new() }
    }

    /// Adds a value; gives its length in bytes.
    pub fn put_int(&mut self, value: i64) -> usize {
        if let Values::Int(values) = &mut self.values {
            values.push(value);
            self.there.push(1);
        }
        8
    }

    /// Adds a value; gives its length in bytes.
    pub fn put_double(&mut self, value: f64) -> usize {
        if let Values::Double(values) = &mut self.values {
            values.push(value);
            self.there.push(1);
        }
        8
    }

    /// Adds a value; gives its length in bytes.
    pub fn put_bytes(&mut self, value: &[u8]) -> usize {
        if let Values::Bytes { all, ends } = &mut self.values {
            all.extend_from_slice(value);
            ends.push(all.len());
            self.there.push(1);
        }
        value.len()
    }

    /// Adds NULL for each row up to this number of rows.
    pub fn fill(&mut self, rows: usize) {
        self.there.resize(rows, 0);
    }

    /// Writes all values, and is empty then.
    pub fn write(
        &mut self,
        column: &mut SerializedColumnWriter<'_>,
    ) -> Result<()> {
        let there = std::mem::take(&mut self.there);
        match &mut self.values {
            Values::Int(values) => {
                let values = std::mem::take(values);
                put(column.typed::<Int64Type>(), &there, |from, to| {
                    values[from..to].to_vec()
                })
            }
            Values::Double(values) => {
                let values = std::mem::take(values);
                put(column.typed::<DoubleType>(), &there, |from, to| {
                    values[from..to].to_vec()
                })
            }
            Values::Bytes { all, ends } => {
                let all = Bytes::from(std::mem::take(all));
                let ends = std::mem::take(ends);
                let value = |at: usize| {
                    let start = if at == 0 { 0 } else { ends[at - 1] };
                    ByteArray::from(all.slice(start..ends[at]))
                };
                put(column.typed::<ByteArrayType>(), &there, |from, to| {
                    (from..to).map(value).collect()
                })
            }
        }
    }
}

/// Hands rows to the writer of a column; `values` gives those that are not
/// NULL from one place to another.
fn put<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    there: &[i16],
    values: impl Fn(usize, usize) -> Vec<T::T>,
) -> Result<()> {
    let mut from = 0;
    for there in there.chunks(ROWS) {
        let to = from + there.iter().filter(|n| **n == 1).count();
        writer.write_batch(&values(from, to), Some(there), None)?;
        from = to;
    }
    Ok(())
}
