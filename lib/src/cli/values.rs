//! What flags and operands hold, as what it means.

use std::ffi::{OsStr, OsString};

use crate::error::{Error, Result};

/// A flag's value as text.
pub fn text(flag: &str, value: &OsStr) -> Result<String> {
    value.to_str().map(str::to_owned).ok_or_else(|| {
        Error::usage(format!("the value of --{flag} is not valid UTF-8"))
    })
}

/// A flag's value as a whole number of at least 1.
pub fn count(flag: &str, value: &OsStr) -> Result<u64> {
    let text = text(flag, value)?;
    match text.parse::<u64>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(Error::usage(format!(
            "--{flag} takes a whole number of at least 1, not '{text}'"
        ))),
    }
}

/// A flag's value as a whole number, which may be 0.
pub fn whole(flag: &str, value: &OsStr) -> Result<u64> {
    let text = text(flag, value)?;
    text.parse().map_err(|_| {
        Error::usage(format!("--{flag} takes a whole number, not '{text}'"))
    })
}

/// A flag's value as a short duration, such as `500ms` or `10s` (humantime's
/// form). A bare `m` is refused: elsewhere here it means 30 days.
pub fn duration(flag: &str, value: &OsStr) -> Result<std::time::Duration> {
    let text = text(flag, value)?;
    let bad = |why: &str| {
        Error::usage(format!("--{flag}: '{text}' {why}"))
            .hint("durations read like 500ms, 10s, 5min or 6h")
    };
    let mut unit = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphabetic() {
            unit.push(c);
        } else {
            if unit == "m" || unit == "M" {
                return Err(bad("is ambiguous: write min for minutes"));
            }
            unit.clear();
        }
    }
    // More than a century is for ever, and would not fit into the clock.
    const MOST: std::time::Duration =
        std::time::Duration::from_secs(100 * 365 * 86_400);
    humantime::parse_duration(&text)
        .map(|duration| duration.min(MOST))
        .map_err(|_| bad("is not a duration"))
}

/// The operands as text, one for each name wanted.
pub fn operands<const N: usize>(
    operands: Vec<OsString>,
    names: [&str; N],
) -> Result<[String; N]> {
    if let Some(extra) = operands.get(N) {
        return Err(Error::usage(format!(
            "unexpected operand '{}'",
            extra.to_string_lossy()
        )));
    }
    let mut texts = Vec::with_capacity(N);
    for (i, name) in names.iter().enumerate() {
        let operand = operands
            .get(i)
            .ok_or_else(|| Error::usage(format!("{name} is missing")))?;
        texts.push(text(name, operand)?);
    }
    texts.try_into().map_err(|_| Error::usage("the wrong number of operands"))
}

/// One operand or more, as text.
pub fn some_names(operands: Vec<OsString>, name: &str) -> Result<Vec<String>> {
    match operands.is_empty() {
        true => Err(Error::usage(format!("{name} is missing"))),
        false => names(operands),
    }
}

/// Any number of operands as text.
pub fn names(operands: Vec<OsString>) -> Result<Vec<String>> {
    operands
        .into_iter()
        .map(|operand| {
            operand.into_string().map_err(|bad| {
                Error::usage(format!(
                    "the operand '{}' is not valid UTF-8",
                    bad.to_string_lossy()
                ))
            })
        })
        .collect()
}
