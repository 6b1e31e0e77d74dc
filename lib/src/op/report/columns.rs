//! Columns of text for people: set by their widest cell, safe for a terminal.

use std::ops::Range;

/// How long the longest bar is, in characters.
const BAR: u64 = 20;

/// Rows under their heads, as [`columns`] sets them, and a last one with the
/// sums of the columns in `numbers`.
pub(super) fn with_total<const N: usize>(
    heads: [&str; N],
    numbers: Range<usize>,
    rows: impl IntoIterator<Item = [String; N]>,
    sums: impl IntoIterator<Item = String>,
) -> String {
    let mut rows: Vec<_> = rows.into_iter().collect();
    if !rows.is_empty() {
        let mut total = [const { String::new() }; N];
        total[0] = "Total".to_owned();
        for (cell, sum) in total[numbers.clone()].iter_mut().zip(sums) {
            *cell = sum;
        }
        rows.push(total);
    }
    columns(heads, numbers, rows)
}

/// Rows under their heads, a line each; the columns in `numbers` are set to
/// the right.
pub(super) fn columns<const N: usize>(
    heads: [&str; N],
    numbers: Range<usize>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut lines = vec![heads.map(str::to_owned)];
    lines.extend(rows.into_iter().map(|row| row.map(|c| printable(&c))));
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for cells in &lines {
        let mut line = String::new();
        for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
            line.push_str(&if numbers.contains(&i) {
                format!("{cell:>width$}  ")
            } else {
                format!("{cell:width$}  ")
            });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A bar as long as `part` is of `most`; what is not nothing shows.
pub(super) fn bar(part: u64, most: u64) -> String {
    let length = match most {
        0 => 0,
        _ => u128::from(part) * u128::from(BAR) / u128::from(most),
    };
    let least = u128::from(part > 0);
    "#".repeat(usize::try_from(length.max(least)).unwrap_or_default())
}

/// A name or a message that stays on its line, and does not command the
/// terminal.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
