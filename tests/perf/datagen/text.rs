//! Random numbers, words and times; all of them a function of the seed.

use rusqlite::types::Value;

use crate::Result;

/// SplitMix64: small, and good enough to fill tables.
pub struct Random {
    state: u64,
    /// Whether [`odd`] gives odd timestamps at all.
    pub odd: bool,
}

/// What the terms of [`Random::term`] are made of.
const SYLLABLES: [&str; 64] = [
    "ab", "ac", "al", "an", "ar", "as", "ba", "be", "bi", "ca", "co", "con",
    "cu", "de", "di", "do", "ec", "el", "en", "er", "es", "ex", "fa", "fi",
    "fo", "ga", "ge", "ha", "he", "id", "im", "in", "ju", "ka", "la", "le",
    "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "no", "ob", "or", "pa",
    "per", "po", "pre", "ra", "re", "ri", "ro", "sa", "se", "si", "so", "ta",
    "te", "to", "un", "ver",
];

const WORDS: [&str; 48] = [
    "the", "file", "test", "error", "value", "build", "path", "module",
    "cannot", "open", "read", "write", "found", "in", "of", "with", "request",
    "result", "agent", "session", "returned", "expected", "change", "line",
    "function", "before", "after", "retry", "cache", "index", "table", "row",
    "timeout", "while", "running", "check", "passed", "failed", "schema",
    "token", "stream", "closed", "worker", "queue", "message", "parse",
    "config", "update",
];

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed, odd: true }
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of `choices`.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 50),
            b & 0xffff_ffff_ffff,
        )
    }

    /// A sentence of about `words` words.
    pub fn sentence(&mut self, words: u64) -> String {
        let mut out = String::new();
        for i in 0..words / 2 + self.below(words + 1) {
            if i > 0 {
                out.push(if self.once_in(12) { '\n' } else { ' ' });
            }
            out.push_str(self.pick(&WORDS));
        }
        out
    }

    /// A word of four thousand, some of them far more frequent than others:
    /// without such, text compresses better than people's does.
    pub fn term(&mut self) -> String {
        let n = (self.below(64) * self.below(64)) as usize;
        let (a, b) = (SYLLABLES[n / 64], SYLLABLES[n % 64]);
        format!("{a}{b}{}", SYLLABLES[n.wrapping_mul(2_654_435_761) % 64])
    }

    /// One of three hundred turns of phrase that come again and again.
    fn phrase(&mut self) -> String {
        let mut own = Random::new(self.below(300));
        let words: Vec<&str> = (0..5).map(|_| own.pick(&WORDS)).collect();
        format!("{} {}", own.term(), words.join(" "))
    }

    /// Sentences of about `words` words, with names, numbers and quotes.
    pub fn prose(&mut self, words: u64) -> String {
        let mut out = String::new();
        for i in 0..words / 2 + self.below(words + 1) {
            if i > 0 {
                let end = self.once_in(11);
                out.push_str(if end {
                    self.pick(&[". ", ".\n"])
                } else {
                    " "
                });
            }
            match self.below(15) {
                0 => out.push_str(&self.below(10_000).to_string()),
                1 => out.push_str(&format!("\"{}\"", self.term())),
                2 => out.push_str(&format!("{}_{}()", self.term(), i)),
                3 => out.push_str(self.pick(&["—", "naïve", "ü", "✓", "→"])),
                4 => out.push_str(&self.term()),
                5..9 => out.push_str(&self.phrase()),
                _ => out.push_str(self.pick(&WORDS)),
            }
        }
        out
    }

    /// What an agent logs: prose, and after a failure where it happened.
    pub fn report(&mut self, failed: bool) -> String {
        let mut out = self.prose(40);
        if failed {
            out.push_str("\nTraceback (most recent call last):\n");
            for _ in 0..2 + self.below(6) {
                let (path, line) = (self.path(), self.below(900));
                let (name, call) = (self.term(), self.sentence(4));
                out.push_str(&format!(
                    "  File \"{path}\", line {line}, in {name}\n    {call}\n"
                ));
            }
        }
        out
    }

    /// The path of a source file.
    pub fn path(&mut self) -> String {
        let (a, b) = (self.pick(&WORDS), self.pick(&WORDS));
        format!("/srv/app/{a}/{b}_{}.py", self.below(40))
    }
}

/// Milliseconds since 1970 of a time such as `2026-01-15T00:00:00Z`.
pub fn instant_ms(time: &str) -> Result<i64> {
    let fields: Vec<&str> =
        time.trim_end_matches('Z').split(['-', 'T', ':']).collect();
    let [year, month, day, hour, minute, second] = fields[..] else {
        return Err(format!("'{time}' is no time").into());
    };
    let days = days_from_civil(year.parse()?, month.parse()?, day.parse()?);
    let hours = days * 24 + hour.parse::<i64>()?;
    let minutes = hours * 60 + minute.parse::<i64>()?;
    Ok(((minutes * 60) as f64 * 1e3 + second.parse::<f64>()? * 1e3) as i64)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps =
        year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Year, month and day of a day counted from 1970: the inverse, by search.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let mut year = 1970 + days.div_euclid(366);
    while days_from_civil(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 12;
    while days_from_civil(year, month, 1) > days {
        month -= 1;
    }
    (year, month, days - days_from_civil(year, month, 1) + 1)
}

/// `YYYY-MM-DD`.
pub fn date(ms: i64) -> String {
    let (year, month, day) = civil_from_days(ms.div_euclid(86_400_000));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `HH:MM:SS`.
pub fn clock(ms: i64) -> String {
    let s = ms.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// The usual spelling: `2026-01-15T12:00:00.123Z`.
pub fn iso(ms: i64) -> String {
    format!("{}T{}.{:03}Z", date(ms), clock(ms), ms.rem_euclid(1000))
}

/// A timestamp as a row of a table with a long past may hold it: as `usual`
/// has it, but once in a hundred in another shape, or in none.
pub fn odd(random: &mut Random, ms: i64, usual: Value) -> Value {
    if !random.odd || !random.once_in(100) {
        return usual;
    }
    let (day, time) = (date(ms), clock(ms));
    let east = ms + 2 * 3_600_000;
    let shapes: [Value; 20] = [
        format!("{day}T{time}Z").into(),
        format!("{day} {time}").into(),
        format!("{day} {}", &time[..5]).into(),
        format!("{day} {time}.{:06}", ms.rem_euclid(1000) * 1000).into(),
        format!("{}T{}+02:00", date(east), clock(east)).into(),
        format!("{day}T{time}-00:00").into(),
        day.clone().into(),
        (ms / 1000).into(),
        ms.into(),
        (ms * 1000).into(),
        (ms * 1_000_000).into(),
        (ms as f64 / 1000.0).into(),
        (ms as f64 / 86_400_000.0 + 2_440_587.5).into(),
        Value::Null,
        String::new().into(),
        "n/a".to_owned().into(),
        0.into(),
        17.into(),
        "0000-00-00 00:00:00".to_owned().into(),
        "99999-01-01T00:00:00Z".to_owned().into(),
    ];
    shapes[random.below(shapes.len() as u64) as usize].clone()
}
