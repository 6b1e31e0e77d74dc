//! The columns of a file as Parquet has them, and how they are written.

use std::sync::Arc;

use parquet::basic::{
    Compression, Encoding, LogicalType, Repetition, TimeUnit,
    Type as Physical, ZstdLevel,
};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnPath, Type as Node, TypePtr};
use rt::derived::{ARCHIVED_AT, ROWID};

use crate::about::About;
use crate::columns::{EXACT, TIME, Type};

/// The columns of a file.
pub fn schema(about: &About) -> Result<TypePtr, ParquetError> {
    let mut nodes = Vec::new();
    for column in &about.columns {
        nodes.push(match column.ty {
            Type::Int64 => node(&column.name, Physical::INT64, None)?,
            Type::Double => node(&column.name, Physical::DOUBLE, None)?,
            Type::Binary => node(&column.name, Physical::BYTE_ARRAY, None)?,
            Type::String | Type::Json => text(&column.name)?,
        });
    }
    for name in [TIME, ARCHIVED_AT] {
        let at = LogicalType::timestamp(true, TimeUnit::MICROS);
        nodes.push(node(name, Physical::INT64, Some(at))?);
    }
    nodes.push(node(ROWID, Physical::INT64, None)?);
    nodes.push(text(EXACT)?);
    let group = Node::group_type_builder("row").with_fields(nodes);
    group.build().map(Arc::new)
}

fn text(name: &str) -> Result<TypePtr, ParquetError> {
    node(name, Physical::BYTE_ARRAY, Some(LogicalType::String))
}

fn node(
    name: &str,
    ty: Physical,
    logical: Option<LogicalType>,
) -> Result<TypePtr, ParquetError> {
    Node::primitive_type_builder(name, ty)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

/// How its values are compressed, and what is said of them.
pub fn properties(level: i32) -> Result<WriterProperties, ParquetError> {
    let zstd = Compression::ZSTD(ZstdLevel::try_new(level)?);
    let time = ColumnPath::from(TIME);
    Ok(WriterProperties::builder()
        .set_compression(zstd)
        .set_created_by(format!("rt-lake {}", env!("CARGO_PKG_VERSION")))
        // Pages can be told apart by time; of other columns their chunks.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_statistics_enabled(time.clone(), EnabledStatistics::Page)
        // Times come mostly in order: a dictionary of them is longer.
        .set_column_dictionary_enabled(time.clone(), false)
        .set_column_encoding(time, Encoding::DELTA_BINARY_PACKED)
        .build())
}
