//! A value as SQLite stores it: one of five storage classes, and its bytes.
//!
//! Source: <https://www.sqlite.org/datatype3.html>, section 2. Nothing here
//! converts between classes: 1 and 1.0, '' and NULL and x'' are different
//! values, and stay so on the way through an archive.

/// A borrowed SQLite value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// INTEGER, 64 bits with sign.
    Integer(i64),
    /// REAL, an IEEE 754 double; SQLite stores no NaN.
    Real(f64),
    /// TEXT, in UTF-8 as far as it is valid; may hold NUL.
    Text(&'a [u8]),
    /// BLOB.
    Blob(&'a [u8]),
}

/// An owned SQLite value.
#[derive(Clone, Debug)]
pub enum Owned {
    /// NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// REAL.
    Real(f64),
    /// TEXT.
    Text(Vec<u8>),
    /// BLOB.
    Blob(Vec<u8>),
}

impl Value<'_> {
    /// Same storage class and same bytes. Doubles are compared bit by bit
    /// (-0.0 is not 0.0), so that equal means "reads back the same".
    pub fn identical(self, other: Value<'_>) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Real(a), Value::Real(b)) => a.to_bits() == b.to_bits(),
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Blob(a), Value::Blob(b)) => a == b,
            _ => false,
        }
    }

    /// A copy that owns its bytes.
    pub fn to_owned(self) -> Owned {
        match self {
            Value::Null => Owned::Null,
            Value::Integer(i) => Owned::Integer(i),
            Value::Real(r) => Owned::Real(r),
            Value::Text(t) => Owned::Text(t.to_vec()),
            Value::Blob(b) => Owned::Blob(b.to_vec()),
        }
    }
}

impl Owned {
    /// The value, borrowed.
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Owned::Null => Value::Null,
            Owned::Integer(i) => Value::Integer(*i),
            Owned::Real(r) => Value::Real(*r),
            Owned::Text(t) => Value::Text(t),
            Owned::Blob(b) => Value::Blob(b),
        }
    }
}
