//! What the columns of a table's month are, by the ledger: each segment names
//! the CREATE statements that its rows came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rt::derived::{
    ArchivedDay, Archives, Segment, StoredSegments, Unit, Value, instant,
    parse, records,
};
use rt::error::Result;

use crate::columns::{Column, Type, Version, place, version_of};
use crate::shape::{Cell, Target, names_of};

/// What becomes of the lines of a segment.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Its id; none for lines of which the ledger knows no segment.
    pub id: Option<String>,
    /// SHA-256 of the CREATE statements.
    pub schema: String,
    /// The version of its columns' types.
    pub v: usize,
    /// The column that dates a row.
    time: String,
    /// What that column's values mean, if it was said.
    unit: Option<Unit>,
}

impl Source {
    /// That of rows out of the database.
    pub fn live(timestamp: Option<String>, unit: Option<Unit>) -> Source {
        let time = timestamp.unwrap_or_default();
        Source { v: 1, time, unit, ..Source::default() }
    }

    /// When a row was, in microseconds, by its values.
    pub fn time(&self, cells: &[Cell<'_>], columns: &[Column]) -> Option<i64> {
        let of = |wanted| cells.iter().find(|cell| cell.target == wanted);
        if let Some(cell) = of(Target::Time) {
            return match cell.value.value() {
                Value::Text(text) => parse(text).map(|t| t.as_microsecond()),
                _ => None,
            };
        }
        let at = place(columns, &self.time)?;
        let value = of(Target::Column(at))?.value.value();
        instant(value, self.unit.as_ref()).map(|t| t.as_microsecond())
    }
}

/// The columns of a month.
pub struct Plan {
    stored: StoredSegments,
    sources: HashMap<String, Source>,
    /// Of lines whose segment is not known.
    other: Source,
    /// The columns of each version.
    pub columns: BTreeMap<usize, Vec<Column>>,
}

impl Plan {
    /// That of these days of a table; versions that are new are added to
    /// `versions`.
    pub fn of(
        archives: &Archives,
        stored: StoredSegments,
        days: &[&ArchivedDay],
        versions: &mut Vec<Version>,
    ) -> Result<Plan> {
        let mut declared = HashMap::new();
        let mut sources = HashMap::new();
        let mut columns = BTreeMap::new();
        let mut enter = |segment: &Segment| -> Result<Source> {
            let types = typed(archives, segment, &mut declared)?;
            let source = source(segment, &types, versions)?;
            add(&mut columns, &source, &types, versions);
            Ok(source)
        };
        for name in days.iter().flat_map(|day| warm_names(day)) {
            for segment in stored.in_file(&name) {
                sources.insert(segment.id.clone(), enter(segment)?);
            }
        }
        let newest = stored.newest_with(&[]);
        let other = match newest.map(&mut enter).transpose()? {
            Some(source) => Source { id: None, ..source },
            None => {
                let types = keys(archives, days)?;
                let v = version_of(versions, &types);
                let source = Source { v, ..Source::default() };
                add(&mut columns, &source, &types, versions);
                source
            }
        };
        Ok(Plan { stored, sources, other, columns })
    }

    /// What becomes of lines of which the ledger knows no segment.
    pub fn other(&self) -> &Source {
        &self.other
    }

    /// What becomes of lines that were archived then, of a day.
    pub fn source(
        &self,
        archived_at: Option<&str>,
        day: &ArchivedDay,
    ) -> &Source {
        let at = archived_at.unwrap_or_default();
        let found = self.stored.of(at, Some(day.day));
        let known = found.iter().rev().find_map(|s| self.sources.get(&s.id));
        known.unwrap_or(&self.other)
    }
}

/// The names that the file of a day had while it was warm.
fn warm_names(day: &ArchivedDay) -> Vec<String> {
    let stem = day.name().trim_end_matches(".gz");
    vec![format!("warm/{stem}.gz"), format!("warm/{stem}")]
}

type Types = Vec<(String, Type)>;

/// The columns of a segment's lines, with their types. Schemas are read once.
fn typed(
    archives: &Archives,
    segment: &Segment,
    declared: &mut HashMap<String, Types>,
) -> Result<Types> {
    if !declared.contains_key(&segment.schema_sha256) {
        let all = archives.declared(segment)?.into_iter();
        let all = all.map(|(name, ty)| (name, Type::of(ty))).collect();
        declared.insert(segment.schema_sha256.clone(), all);
    }
    let all = declared.get(&segment.schema_sha256);
    let ty = |name: &String| {
        let mut all = all.into_iter().flatten();
        all.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, ty)| *ty)
    };
    let names = segment.columns.iter();
    Ok(names.map(|n| (n.clone(), ty(n).unwrap_or(Type::Json))).collect())
}

fn source(
    segment: &Segment,
    types: &Types,
    versions: &mut Vec<Version>,
) -> Result<Source> {
    Ok(Source {
        id: Some(segment.id.clone()),
        schema: segment.schema_sha256.clone(),
        v: version_of(versions, types),
        time: segment.timestamp_column.clone(),
        unit: segment.unit.as_deref().map(str::parse).transpose()?,
    })
}

/// Adds columns to those of a version's file.
fn add(
    columns: &mut BTreeMap<usize, Vec<Column>>,
    source: &Source,
    types: &Types,
    versions: &[Version],
) {
    let there = columns.entry(source.v).or_default();
    for (name, _) in types {
        let version = &versions[source.v - 1];
        if place(there, name).is_none()
            && let Some(at) = place(version, name)
        {
            there.push(version[at].clone());
        }
    }
}

/// The keys of all lines, where nothing is known of a table but its files:
/// then each value stands as its JSON.
fn keys(archives: &Archives, days: &[&ArchivedDay]) -> Result<Types> {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    archives.read(days, &mut |_, lines| {
        for line in records(lines) {
            // What is no record is said when it is published.
            let keys = names_of(line).unwrap_or_default();
            for name in keys {
                let known = Target::of(&name, &[]).is_some();
                if !known && seen.insert(name.to_ascii_lowercase()) {
                    names.push((name, Type::Json));
                }
            }
        }
        Ok(())
    })?;
    Ok(names)
}
