//! Plots as SVG: columns over dates, and the days of a calendar.
//!
//! A plot has its natural size, in CSS pixels, so that its words stay readable
//! on a narrow screen, where it scrolls. Each mark says what it stands for,
//! to a pointer and to a screen reader; the numbers stand in a table as well.

use jiff::Span;
use jiff::civil::Date;

use super::html::{escape, scroll};
use super::units::Unit;

const LEFT: u64 = 72;
const TOP: u64 = 8;
const HEIGHT: u64 = 160;
const BOTTOM: u64 = 24;

/// How much room a word on the axis of dates needs.
const WORD: u64 = 64;

/// Values that belong together.
pub(super) struct Series {
    /// As the key names it.
    pub name: &'static str,
    /// The class that colours it.
    pub class: &'static str,
    /// One a date.
    pub values: Vec<u64>,
}

/// Columns over dates: what grows stands on one another above the line, what
/// goes below it.
pub(super) struct Plot<'a> {
    /// What it shows, in words.
    pub name: &'a str,
    pub dates: &'a [String],
    pub above: &'a [Series],
    pub below: Option<&'a Series>,
    pub unit: Unit,
}

impl Plot<'_> {
    /// The key and the picture.
    pub fn svg(&self) -> String {
        let count = self.dates.len().max(1) as u64;
        let pitch = (640 / count).clamp(14, 48);
        let width = LEFT + pitch * count + 8;
        let (up, down) = (self.most_above(), self.most_below());
        let most = up.max(down).max(1);
        let scale = |value: u64| part(value, most, HEIGHT);
        let line = TOP + scale(up).max(1);
        let height = line + scale(down) + BOTTOM;
        let mut out =
            format!("<h3>{}</h3>\n{}", escape(self.name), self.key());
        out.push_str(&open(self.name, width, height));
        for tick in self.unit.ticks(most) {
            let word = self.unit.say(tick);
            if tick <= up {
                out.push_str(&rule(line - scale(tick), width, &word));
            }
            if tick <= down {
                out.push_str(&rule(line + scale(tick), width, &word));
            }
        }
        out.push_str(&rule(line, width, "0"));
        for (i, date) in self.dates.iter().enumerate() {
            let x = LEFT + pitch * i as u64;
            out.push_str(&self.column(i, x, pitch - 2, line, &scale));
            if (i as u64).is_multiple_of(WORD.div_ceil(pitch)) {
                let (y, date) = (height - 8, escape(date));
                out.push_str(&format!(
                    "<text x=\"{x}\" y=\"{y}\">{date}</text>\n"
                ));
            }
        }
        scroll(self.name, &(out + "</svg>"))
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.above.iter().chain(self.below)
    }

    fn most_above(&self) -> u64 {
        let sum = |i| self.above.iter().map(|s| s.values[i]).sum();
        (0..self.dates.len()).map(sum).max().unwrap_or(0)
    }

    fn most_below(&self) -> u64 {
        let values = self.below.map(|s| s.values.iter().copied());
        values.and_then(Iterator::max).unwrap_or(0)
    }

    /// What the colours stand for; one by itself needs none.
    fn key(&self) -> String {
        if self.series().count() < 2 {
            return String::new();
        }
        let mut out = String::from("<ul class=\"key\">\n");
        for Series { name, class, .. } in self.series() {
            out.push_str(&format!(
                "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\">\
                 <rect class=\"{class}\" width=\"12\" height=\"12\"/></svg>\
                 {name}</li>\n"
            ));
        }
        out + "</ul>\n"
    }

    /// All that stands at one date.
    fn column(
        &self,
        i: usize,
        x: u64,
        width: u64,
        line: u64,
        scale: &dyn Fn(u64) -> u64,
    ) -> String {
        let said: Vec<String> = self
            .series()
            .map(|s| format!("{} {}", s.name, self.unit.say(s.values[i])))
            .collect();
        let title = escape(&format!("{}: {}", self.dates[i], said.join(", ")));
        let mut out = format!("<g><title>{title}</title>");
        let mut top = line;
        let mut rect = |class: &str, y: u64, height: u64| {
            out.push_str(&format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" \
                 width=\"{width}\" height=\"{height}\"/>"
            ));
        };
        for series in self.above.iter().filter(|s| s.values[i] > 0) {
            // What is not nothing shows.
            let height = scale(series.values[i]).max(1).min(top - TOP);
            top -= height;
            rect(series.class, top, height);
        }
        for series in self.below.iter().filter(|s| s.values[i] > 0) {
            rect(series.class, line, scale(series.values[i]).max(1));
        }
        out + "</g>\n"
    }
}

/// A line across the plot, with its value.
fn rule(y: u64, width: u64, word: &str) -> String {
    format!(
        "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{width}\" y2=\"{y}\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{word}</text>\n",
        LEFT - 6,
        y + 4
    )
}

/// What `value` of `most` is of a length.
fn part(value: u64, most: u64, length: u64) -> u64 {
    let part = u128::from(value) * u128::from(length) / u128::from(most);
    u64::try_from(part).unwrap_or(length)
}

/// A day of a calendar.
pub(super) struct Mark {
    pub date: Date,
    pub class: &'static str,
    /// A sign beside the colour, for who does not see that.
    pub sign: &'static str,
    /// What happened, in words.
    pub title: String,
}

/// How large a day of a calendar is.
const CELL: u64 = 20;

/// A year and a day, in weeks: older days are not shown.
const WEEKS: u64 = 53;

/// Days as squares, a week a column that begins with its Monday; they come in
/// order.
pub(super) fn calendar(name: &str, marks: &[Mark]) -> String {
    let Some(last) = marks.last() else { return String::new() };
    let end = monday(last.date);
    let shown = |mark: &&Mark| weeks(monday(mark.date), end) < WEEKS;
    let marks: Vec<&Mark> = marks.iter().filter(shown).collect();
    let start = marks.first().map_or(end, |mark| monday(mark.date));
    let width = (32 + CELL * (weeks(start, end) + 1)).max(120);
    let height = 18 + CELL * 7;
    let mut out = open(name, width, height);
    for (row, day) in ["Mon", "Wed", "Fri", "Sun"].iter().enumerate() {
        let y = 18 + CELL * 2 * row as u64 + 14;
        out.push_str(&format!("<text x=\"0\" y=\"{y}\">{day}</text>\n"));
    }
    let mut month = String::new();
    for mark in marks {
        let week = monday(mark.date);
        let (x, y) = (
            32 + CELL * weeks(start, week),
            18 + CELL * days(week, mark.date),
        );
        let this = mark.date.strftime("%b").to_string();
        if this != month {
            out.push_str(&format!("<text x=\"{x}\" y=\"12\">{this}</text>\n"));
            month = this;
        }
        out.push_str(&format!(
            "<g><title>{}</title><rect class=\"{}\" x=\"{x}\" y=\"{y}\" \
             width=\"{size}\" height=\"{size}\" rx=\"3\"/>\
             <text class=\"sign\" x=\"{}\" y=\"{}\" \
             text-anchor=\"middle\">{}</text></g>\n",
            escape(&mark.title),
            mark.class,
            x + CELL / 2 - 1,
            y + 14,
            mark.sign,
            size = CELL - 2,
        ));
    }
    scroll(name, &(out + "</svg>"))
}

/// The Monday of a day's week.
fn monday(date: Date) -> Date {
    let since = date.weekday().to_monday_zero_offset();
    date.saturating_sub(Span::new().days(since))
}

/// From a day to a later one.
fn days(from: Date, to: Date) -> u64 {
    u64::try_from(from.duration_until(to).as_hours() / 24).unwrap_or(0)
}

fn weeks(from: Date, to: Date) -> u64 {
    days(from, to) / 7
}

/// The beginning of a picture that says what it shows.
fn open(name: &str, width: u64, height: u64) -> String {
    format!(
        "<svg role=\"img\" aria-label=\"{}\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n",
        escape(name)
    )
}
