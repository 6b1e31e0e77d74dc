//! The form that a row has in the archives: its columns, and what becomes of
//! their values on the way.
//!
//! Export, proof and recovery go through this one type, so that the row that
//! is compared has the form of the line that it is compared with. Nothing here
//! depends on anything but the row and the settings.

use std::collections::BTreeMap;

use crate::db::{Key, RowView, Table};
use crate::error::Result;
use crate::record::Shape;
use crate::secrets::{self, Encoded, Level, REDACTED, Secrets};
use crate::value::Value;

/// What is replaced in the rows of a table.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    /// The columns whose values go.
    pub columns: Vec<usize>,
    /// The secrets that go, and the version that says what they are.
    pub secrets: Option<(Level, u32)>,
    /// The column that dates a row, in which no secret can be replaced; nor
    /// can it in the key.
    pub dates: Option<usize>,
}

impl Redaction {
    /// Whether secrets are guessed.
    pub fn guesses(&self) -> bool {
        matches!(self.secrets, Some((Level::All, _)))
    }

    fn is_none(&self) -> bool {
        self.columns.is_empty() && self.secrets.is_none()
    }
}

/// Whether a row can be given in its form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fit {
    /// The row has its form.
    Whole,
    /// JSON cannot hold its text exactly.
    Inexact,
    /// Its key, or its time, holds a secret: it could not be found again.
    SecretKey,
}

/// The columns of a row in the archives, and what becomes of their values.
#[derive(Debug)]
pub struct ArchivedForm {
    columns: Vec<usize>,
    shape: Shape,
    /// None where all values stay what they are.
    treated: Option<Treated>,
}

/// What becomes of the values of a column.
#[derive(Clone, Copy, Debug)]
enum Treatment {
    /// Values stay what they are.
    Keep,
    /// Values go.
    Redact,
    /// Secrets in them go. The length of the column's key, and whether it may
    /// say what the value is.
    Clean(usize, bool),
    /// Of key and time columns: a secret here cannot be replaced, so the row
    /// is refused.
    Guard(usize, bool),
}

#[derive(Debug)]
struct Treated {
    treatments: Vec<Treatment>,
    secrets: Option<Secrets>,
    /// Secrets that were replaced, by kind.
    counts: BTreeMap<&'static str, u64>,
}

impl ArchivedForm {
    /// The values of these columns, as they are.
    pub fn plain(table: &Table, columns: &[usize]) -> ArchivedForm {
        let names = columns.iter().map(|c| table.columns[*c].name.as_str());
        ArchivedForm {
            columns: columns.to_vec(),
            shape: Shape::new(names),
            treated: None,
        }
    }

    /// The same without what is to be replaced.
    ///
    /// # Errors
    /// The version of the secrets is not known.
    pub fn new(
        table: &Table,
        columns: &[usize],
        redaction: &Redaction,
    ) -> Result<ArchivedForm> {
        let mut form = ArchivedForm::plain(table, columns);
        if redaction.is_none() {
            return Ok(form);
        }
        let secrets = match redaction.secrets {
            Some((level, version)) => Some(Secrets::new(level, version)?),
            None => None,
        };
        let treatment = |(index, column): (usize, &usize)| {
            let mut key = Vec::new();
            form.shape.value(&mut key, index, Value::Null);
            let key_length = key.len() - b"null".len();
            let it = &table.columns[*column];
            let named = secrets::name_hints_secret(&it.name);
            let finds = it.key_part > 0 || redaction.dates == Some(*column);
            match &secrets {
                _ if redaction.columns.contains(column) => Treatment::Redact,
                None => Treatment::Keep,
                Some(_) if finds => Treatment::Guard(key_length, named),
                Some(_) => Treatment::Clean(key_length, named),
            }
        };
        let treatments = columns.iter().enumerate().map(treatment).collect();
        let counts = BTreeMap::new();
        form.treated = Some(Treated { treatments, secrets, counts });
        Ok(form)
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Appends a row without metadata and closing brace. Where it does not
    /// fit, what was appended is of no use.
    #[inline]
    pub fn append(
        &mut self,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Fit> {
        self.shape.begin(out);
        if let Some(treated) = &mut self.treated {
            return treated.append(&self.shape, row, out);
        }
        for i in 0..self.shape.len() {
            match row.value(i)? {
                Some(value) => self.shape.value(out, i, value),
                None => return Ok(Fit::Inexact),
            }
        }
        Ok(Fit::Whole)
    }

    /// Appends what ends a record.
    #[inline]
    pub fn end(&self, out: &mut Vec<u8>, rowid: Option<i64>) {
        self.shape.end(out, rowid);
    }

    /// The secrets that were replaced, by kind.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let counts = self.treated.iter().flat_map(|t| &t.counts);
        counts.map(|(kind, n)| ((*kind).to_owned(), *n)).collect()
    }
}

impl Treated {
    fn append(
        &mut self,
        shape: &Shape,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Fit> {
        let start = out.len();
        if self.append_clean(shape, row, out)? {
            return Ok(Fit::Whole);
        }
        out.truncate(start);
        let mut fit = Fit::Whole;
        for i in 0..self.treatments.len() {
            fit = self.column(shape, row, i, out)?;
            if fit != Fit::Whole {
                break;
            }
        }
        if let Some(secrets) = &mut self.secrets {
            let found = secrets.take_counts();
            if fit == Fit::Whole {
                for (kind, n) in found {
                    *self.counts.entry(kind).or_default() += n;
                }
            }
        }
        Ok(fit)
    }

    /// Appends a row that holds no secret, as most do: looked through once as
    /// a whole, which takes less than column by column, and rules most of them
    /// out. False for any other, and for one that does not fit.
    fn append_clean(
        &mut self,
        shape: &Shape,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let start = out.len();
        for (i, treatment) in self.treatments.iter().enumerate() {
            let value = match (row.value(i)?, treatment) {
                (Some(Value::Null), _) => Value::Null,
                (_, Treatment::Redact) => Value::Text(REDACTED),
                (None, _) => return Ok(false),
                (Some(value), _) => value,
            };
            let at = out.len();
            shape.value(out, i, value);
            // Text that is no UTF-8 stands there in base64, as an object.
            if let (
                Value::Text(_),
                Treatment::Clean(key, _) | Treatment::Guard(key, _),
            ) = (value, treatment)
                && out.get(at + key) != Some(&b'"')
            {
                return Ok(false);
            }
        }
        let Some(secrets) = &mut self.secrets else {
            return Ok(true);
        };
        match secrets.first_look(&out[start..]) {
            Some(holds) => Ok(!holds),
            None => {
                out.truncate(start);
                self.append_escaped(shape, row, out)
            }
        }
    }

    /// The same where a secret could be spelled with escapes: texts that have
    /// any are looked through one by one.
    fn append_escaped(
        &mut self,
        shape: &Shape,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        for (i, treatment) in self.treatments.iter().enumerate() {
            let at = out.len();
            let value = match (row.value(i)?, treatment) {
                (Some(Value::Null), _) => Value::Null,
                (_, Treatment::Redact) => Value::Text(REDACTED),
                (None, _) => return Ok(false),
                (Some(value), _) => value,
            };
            shape.value(out, i, value);
            let (Treatment::Clean(key, named) | Treatment::Guard(key, named)) =
                *treatment
            else {
                continue;
            };
            if let (Value::Text(text), Some(secrets)) =
                (value, &mut self.secrets)
                && out.len() - at != key + text.len() + 2
                && secrets.holds(out, &encoded(at, key, text, named))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn column(
        &mut self,
        shape: &Shape,
        row: &RowView<'_>,
        index: usize,
        out: &mut Vec<u8>,
    ) -> Result<Fit> {
        let value = row.value(index)?;
        let treatment = self.treatments[index];
        let value = match (value, treatment) {
            (Some(Value::Null), _) => Value::Null,
            (_, Treatment::Redact) => Value::Text(REDACTED),
            (None, _) => return Ok(Fit::Inexact),
            (Some(value), _) => value,
        };
        let (Value::Text(text), Some(secrets)) = (value, &mut self.secrets)
        else {
            shape.value(out, index, value);
            return Ok(Fit::Whole);
        };
        match treatment {
            Treatment::Keep | Treatment::Redact => {
                shape.value(out, index, value);
            }
            Treatment::Clean(key, named) => {
                clean(secrets, shape, index, (key, named), text, out);
            }
            Treatment::Guard(key, named) => {
                let start = out.len();
                shape.value(out, index, value);
                let string = encoded(start, key, text, named);
                let holds = match std::str::from_utf8(text) {
                    Ok(_) => secrets.holds(out, &string),
                    Err(_) => secrets.redact_bytes(text) != text,
                };
                if holds {
                    return Ok(Fit::SecretKey);
                }
            }
        }
        Ok(Fit::Whole)
    }
}

/// Appends a column without the secrets in its text.
fn clean(
    secrets: &mut Secrets,
    shape: &Shape,
    index: usize,
    (key, named): (usize, bool),
    text: &[u8],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    if std::str::from_utf8(text).is_ok() {
        shape.value(out, index, Value::Text(text));
        return secrets.redact(out, &encoded(start, key, text, named));
    }
    let bytes = secrets.redact_bytes(text);
    shape.value(out, index, Value::Text(&bytes));
    // Without its secrets the text may be UTF-8: it then stands there as a
    // string, in place of base64, and is looked through as one.
    if std::str::from_utf8(&bytes).is_ok() {
        secrets.redact(out, &encoded(start, key, &bytes, named));
    }
}

fn encoded(start: usize, key: usize, text: &[u8], named: bool) -> Encoded<'_> {
    Encoded { key: start, content: start + key + 1, text, named }
}

/// Encodes rows of a table, each with its rowid if it has no usable key.
#[derive(Debug)]
pub struct RowEncoder {
    form: ArchivedForm,
    /// A row always carries its rowid.
    keyless: bool,
    /// A row carries its rowid when one of these columns (by their place in
    /// the record) is NULL.
    nullable: Vec<usize>,
}

impl RowEncoder {
    /// An encoder of this form.
    pub fn new(table: &Table, form: ArchivedForm) -> RowEncoder {
        let columns = form.columns();
        let nullable = match &table.key {
            Key::Columns(key) if !table.without_rowid => key
                .iter()
                .filter_map(|k| columns.iter().position(|c| c == k))
                .collect(),
            _ => Vec::new(),
        };
        RowEncoder {
            form,
            // The rows of a view have none.
            keyless: table.key == Key::None && table.rowid.is_some(),
            nullable,
        }
    }

    /// Appends a row; it is of use only when it fits.
    #[inline]
    pub fn append(
        &mut self,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Fit> {
        let fit = self.form.append(row, out)?;
        if fit != Fit::Whole {
            return Ok(fit);
        }
        let mut keyless = self.keyless;
        for i in &self.nullable {
            keyless |= matches!(row.value(*i)?, Some(Value::Null));
        }
        let rowid = if keyless { row.rowid() } else { None };
        self.form.end(out, rowid);
        Ok(fit)
    }

    /// The form, which knows what was replaced.
    pub fn form(&self) -> &ArchivedForm {
        &self.form
    }
}
