//! Columns of text for people: set by their widest cell, safe for a terminal,
//! and on one no wider than it is.
//!
//! Where a line would be too long, what stands last goes: first a bar, then
//! the last columns, each of which is named below its line.

use std::ops::Range;

use console::Term;

/// How long the longest bar is, in characters.
const BAR: u64 = 20;

/// What separates two columns, in characters.
const GAP: usize = 2;

/// What stands below a line is set in so far.
const INDENT: &str = "    ";

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
/// the right, their thousands apart.
pub(super) fn columns<const N: usize>(
    heads: [&str; N],
    numbers: Range<usize>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = rows
        .into_iter()
        .map(|row| {
            let mut at = 0..;
            row.map(|cell| match at.next() {
                Some(i) if numbers.contains(&i) => thousands(&cell),
                _ => printable(&cell),
            })
        })
        .collect();
    let mut widths = heads.map(|head| head.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let most = terminal_width();
    let shown = fitting(&widths, most);
    let alarm = heads.map(|head| if is_coloured() { alarm(head) } else { "" });
    let mut out = String::new();
    let none = [""; N];
    out.push_str(&line(&heads, &none, &widths, &numbers, shown));
    for row in &rows {
        out.push_str(&line(row, &alarm, &widths, &numbers, shown));
        let rest = heads.iter().zip(row).skip(shown);
        let rest = rest.filter(|(head, cell)| {
            !head.is_empty() && !cell.is_empty() && *cell != "-"
        });
        let words = rest.map(|(head, cell)| format!("{head} {cell}"));
        below(&words.collect::<Vec<_>>(), most, &mut out);
    }
    out
}

/// How many of the columns a line has room for; all where nothing limits it.
fn fitting(widths: &[usize], most: Option<usize>) -> usize {
    let Some(most) = most else { return widths.len() };
    let mut shown = widths.len();
    let wide = |n: usize| widths[..n].iter().map(|w| w + GAP).sum::<usize>();
    while shown > 1 && wide(shown).saturating_sub(GAP) > most {
        shown -= 1;
    }
    shown
}

/// A line of cells; what stands in a column as an alarm is red.
fn line(
    cells: &[impl AsRef<str>],
    alarms: &[&str],
    widths: &[usize],
    numbers: &Range<usize>,
    shown: usize,
) -> String {
    let mut line = String::new();
    for (i, (cell, &width)) in cells.iter().zip(widths).enumerate().take(shown)
    {
        let cell = cell.as_ref();
        let set = if numbers.contains(&i) {
            format!("{cell:>width$}")
        } else {
            format!("{cell:width$}")
        };
        let red = match alarms[i] {
            "" => false,
            ANY => !cell.is_empty(),
            alarm => alarm == cell,
        };
        line.push_str(&match red {
            true => format!("{RED}{set}{END}"),
            false => set,
        });
        line.push_str("  ");
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

/// How a terminal is told to write in red, and to end it (ECMA-48, SGR). No
/// cell holds either: see [`printable`].
const RED: &str = "\x1b[31m";
const END: &str = "\x1b[0m";

/// A text without colour.
pub(super) fn plain(text: &str) -> String {
    text.replace(RED, "").replace(END, "")
}

/// What in a column is an alarm: whatever stands there.
const ANY: &str = "*";

/// What in the column of this head is an alarm; nothing in most.
fn alarm(head: &str) -> &'static str {
    match head {
        "STATUS" => "failed",
        "LIMIT" => ANY,
        _ => "",
    }
}

/// Colour is for people at a terminal that has it, and who want it
/// (<https://no-color.org>).
fn is_coloured() -> bool {
    let said = |name| std::env::var(name).unwrap_or_default();
    terminal_width().is_some()
        && said("NO_COLOR").is_empty()
        && !matches!(said("TERM").as_str(), "" | "dumb")
}

/// What a line had no room for, in lines of its own that are broken at spaces.
pub(super) fn below(parts: &[String], most: Option<usize>, out: &mut String) {
    let most = most.unwrap_or(usize::MAX);
    let mut used = 0;
    for (i, part) in parts.iter().enumerate() {
        for (j, word) in part.split(' ').enumerate() {
            let gap = if i > 0 && j == 0 { GAP } else { 1 };
            let wide = word.chars().count();
            if used == 0 || used + gap + wide > most {
                out.push_str(if used == 0 { INDENT } else { "\n    " });
                used = INDENT.len() + wide;
            } else {
                out.push_str(&" ".repeat(gap));
                used += gap + wide;
            }
            out.push_str(word);
        }
    }
    if used > 0 {
        out.push('\n');
    }
}

/// How wide the terminal is that a person looks at: a script names its own in
/// `RT_COLUMNS`, as stty(1) prints it. None where the lines go elsewhere.
pub(super) fn terminal_width() -> Option<usize> {
    let said = std::env::var("RT_COLUMNS").unwrap_or_default();
    let said = said.split_whitespace().last().and_then(|n| n.parse().ok());
    let own = || {
        let size = Term::stdout().size_checked();
        size.map(|(_, columns)| usize::from(columns))
    };
    said.or_else(own).filter(|width| *width > 0)
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

/// A whole number with its thousands apart; any other text as it is.
pub(super) fn thousands(text: &str) -> String {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return printable(text);
    }
    let mut out = String::new();
    for (i, digit) in text.chars().enumerate() {
        if i > 0 && (text.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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
