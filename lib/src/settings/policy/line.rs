//! A line of the policy: one JSON object, every key known and there once.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::rule::{Entry, Every, Period, Rule, WORDS};
use crate::error::{Error, Result, quote};
use crate::secrets::Level;
use crate::settings::condition;

/// The keys, in the order in which they are printed. serde's derived reader
/// refuses repeated keys as well as unknown ones.
#[derive(Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    table: String,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    exempt: Option<bool>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    group: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    every: Option<Every>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    timestamp: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    hot: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    warm: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    cold: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    whole: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    unit: Option<String>,
    #[serde(
        rename = "where",
        default,
        deserialize_with = "given",
        skip_serializing_if = "no"
    )]
    where_: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    redact: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    exclude: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    redact_secrets: Option<Secrets>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    triggers: Option<Triggers>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    keep_greatest_id: Option<bool>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "no")]
    optional: Option<bool>,
}

/// `false`, `true` or `"all"`.
#[derive(PartialEq)]
struct Secrets(Option<Level>);

impl Serialize for Secrets {
    fn serialize<S: Serializer>(
        &self,
        output: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            Some(Level::All) => output.serialize_str("all"),
            level => output.serialize_bool(level.is_some()),
        }
    }
}

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(
        input: D,
    ) -> std::result::Result<Secrets, D::Error> {
        input.deserialize_any(SecretsVisitor)
    }
}

struct SecretsVisitor;

impl de::Visitor<'_> for SecretsVisitor {
    type Value = Secrets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or \"all\"")
    }

    fn visit_bool<E: de::Error>(
        self,
        yes: bool,
    ) -> std::result::Result<Secrets, E> {
        Ok(Secrets(yes.then_some(Level::Fixed)))
    }

    fn visit_str<E: de::Error>(
        self,
        word: &str,
    ) -> std::result::Result<Secrets, E> {
        match word {
            "all" => Ok(Secrets(Some(Level::All))),
            _ => Err(E::invalid_type(de::Unexpected::Str(word), &self)),
        }
    }
}

#[derive(Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Triggers {
    Trust,
}

/// A key that is there has a value: null is not another way to leave it out.
fn given<'de, T, D>(input: D) -> std::result::Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(input).map(Some)
}

fn no<T>(value: &Option<T>) -> bool {
    value.is_none()
}

/// Reads a line; none comes out of blank and comment lines.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Entry>> {
    let bytes = bytes.trim_ascii();
    let object = match bytes.first() {
        None | Some(b'#') => return Ok(None),
        // serde would take an array for an object without names.
        Some(b'{') => serde_json::from_slice::<Line>(bytes),
        Some(_) => {
            return Err(Error::usage("this is not a JSON object")
                .hint("a policy has one JSON object or # remark a line"));
        }
    };
    entry(object.map_err(|e| Error::usage(why(&e)))?).map(Some)
}

/// The line that reads back as this entry.
pub(super) fn format(
    entry: &Entry,
) -> std::result::Result<String, fmt::Error> {
    let line = match entry {
        Entry::Exempt(table) => Line {
            table: table.clone(),
            exempt: Some(true),
            ..Line::default()
        },
        Entry::Whole(table, period) => Line {
            table: table.clone(),
            whole: Some(period.to_string()),
            ..Line::default()
        },
        Entry::Rule(rule) => Line {
            table: rule.table.clone(),
            exempt: None,
            group: rule.group.clone(),
            every: Some(rule.every),
            timestamp: Some(rule.timestamp.clone()),
            hot: Some(rule.hot.to_string()),
            warm: Some(rule.warm.to_string()),
            cold: Some(match &rule.cold {
                Some(cold) => cold.to_string(),
                None => "none".to_owned(),
            }),
            whole: rule.whole.as_ref().map(Period::to_string),
            unit: rule.unit.as_ref().map(|unit| unit.to_string()),
            where_: rule.where_.clone(),
            redact: some(&rule.redact),
            exclude: some(&rule.exclude),
            redact_secrets: rule.redact_secrets.map(|l| Secrets(Some(l))),
            triggers: rule.triggers_trust.then_some(Triggers::Trust),
            keep_greatest_id: rule.keep_greatest_id.then_some(true),
            optional: rule.optional.then_some(true),
        },
    };
    serde_json::to_string(&line).map_err(|_| fmt::Error)
}

fn some(columns: &[String]) -> Option<Vec<String>> {
    (!columns.is_empty()).then(|| columns.to_vec())
}

fn entry(line: Line) -> Result<Entry> {
    word("table", &line.table)?;
    if line.exempt == Some(true) {
        let bare = Line { exempt: line.exempt, ..named(&line) };
        if line != bare {
            return Err(Error::usage(
                "an exempt table takes no key but table and exempt",
            ));
        }
        return Ok(Entry::Exempt(line.table));
    }
    let bare = Line { whole: line.whole.clone(), ..named(&line) };
    if let (Some(text), true) = (&line.whole, line == bare) {
        return Ok(Entry::Whole(bare.table, period("whole", text)?));
    }
    rule(line).map(|rule| Entry::Rule(Box::new(rule)))
}

/// A line with nothing but the table's name.
fn named(line: &Line) -> Line {
    Line { table: line.table.clone(), ..Line::default() }
}

fn rule(line: Line) -> Result<Rule> {
    let timestamp = required("timestamp", line.timestamp)?;
    word("timestamp", &timestamp)?;
    if let Some(group) = &line.group {
        word("group", group)?;
        if WORDS.contains(&group.as_str()) {
            return Err(Error::usage(format!(
                "a group cannot be called {}",
                quote(group)
            ))
            .hint("all, daily and weekly stand for tables of every group"));
        }
    }
    if let Some(where_) = &line.where_ {
        word("where", where_)?;
        condition::check("where", where_)?;
    }
    let (redact, exclude) =
        (line.redact.unwrap_or_default(), line.exclude.unwrap_or_default());
    columns(&timestamp, &redact, &exclude)?;
    let cold = required("cold", line.cold)?;
    let cold = match cold.as_str() {
        "none" => None,
        text => Some(period("cold", text)?),
    };
    let whole = line.whole.map(|text| period("whole", &text)).transpose()?;
    let unit = match line.unit {
        Some(text) => Some(text.parse().map_err(|e: Error| e.during("unit"))?),
        None => None,
    };
    Ok(Rule {
        table: line.table,
        group: line.group,
        every: line.every.unwrap_or(Every::Day),
        timestamp,
        unit,
        hot: period("hot", &required("hot", line.hot)?)?,
        warm: period("warm", &required("warm", line.warm)?)?,
        cold,
        whole,
        where_: line.where_,
        redact,
        exclude,
        redact_secrets: line.redact_secrets.and_then(|s| s.0),
        triggers_trust: line.triggers.is_some(),
        keep_greatest_id: line.keep_greatest_id == Some(true),
        optional: line.optional == Some(true),
    })
}

fn required(key: &str, value: Option<String>) -> Result<String> {
    value.ok_or_else(|| Error::usage(format!("{key} is missing")))
}

fn word(key: &str, value: &str) -> Result<()> {
    if value.trim_ascii().is_empty() {
        return Err(Error::usage(format!("{key} is empty")));
    }
    // No name in SQLite and no word of a shell can hold it.
    if value.contains('\0') {
        return Err(Error::usage(format!("{key} holds a NUL character")));
    }
    Ok(())
}

fn period(key: &str, text: &str) -> Result<Period> {
    Period::parse(text).map_err(|e| {
        let none = if key == "cold" { " or none" } else { "" };
        let hint = e.next_step().unwrap_or_default().to_owned();
        e.during(key).hint(format!("{hint}; or write forever{none}"))
    })
}

/// A column can be redacted or left out once; the one that dates the rows
/// cannot.
fn columns(time: &str, redact: &[String], exclude: &[String]) -> Result<()> {
    let mut seen = HashSet::new();
    for column in redact.iter().chain(exclude) {
        if column.eq_ignore_ascii_case(time) {
            return Err(Error::usage(format!(
                "the timestamp column {} can be neither redacted nor excluded",
                quote(column)
            )));
        }
        if !seen.insert(column.to_ascii_lowercase()) {
            return Err(Error::usage(format!(
                "the column {} is redacted or excluded twice",
                quote(column)
            )));
        }
    }
    Ok(())
}

/// serde_json's reason, with the column in place of a line number that counts
/// from this line, and with the policy's own word for a key.
fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (reason, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    let reason = reason.replacen(" field `", " key `", 1);
    format!("{reason} (column {})", error.column())
}
