//! What damage has taken, as it is told: file, day, lines and times, as far as
//! the header of the damaged member, or the ledger, is to be believed.

use super::member::Member;
use crate::error::{Error, counted};
use crate::io::gz::{Damage, MOST_RATIO, MemberInfo};
use crate::time::Day;

/// The least bytes that a line takes, `{}` and its end.
const LEAST_LINE: u64 = 3;

/// What is known of a text that was found damaged.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The day of its rows, if it is of one.
    pub day: Option<Day>,
    /// How many rows the ledger says it has.
    pub rows: Option<u64>,
    /// Its file is as long as the ledger says: what is in it were rows.
    pub same: bool,
}

/// Damages of one text. Those without a header to believe that follow each
/// other are told as one.
#[derive(Debug, Default)]
pub struct Damages(Vec<Damage>);

impl Damages {
    /// Notes one that follows those before.
    pub fn add(&mut self, damage: Damage) {
        match self.0.last_mut() {
            Some(last)
                if last.end == damage.start
                    && last.claim.or(damage.claim).is_none() =>
            {
                last.end = damage.end;
            }
            _ => self.0.push(damage),
        }
    }

    /// What to say of each.
    pub fn tell(self, known: Known) -> impl Iterator<Item = Error> {
        self.0.into_iter().map(move |damage| {
            let lost = match damage.claim.filter(|c| sound(c, known)) {
                Some(claim) => by_header(&claim),
                None => "how many lines it held cannot be told".to_owned(),
            };
            let of = match known.day {
                Some(day) => format!(" of {day}"),
                None => String::new(),
            };
            Error::data(format!(
                "{}; bytes {} to {}{of} are left out: {lost}",
                damage.error, damage.start, damage.end
            ))
        })
    }
}

/// Whether a header can be true: a damaged one shows wild numbers.
fn sound(claim: &MemberInfo, known: Known) -> bool {
    let most = claim.size_bytes.saturating_mul(MOST_RATIO) / LEAST_LINE;
    let few = claim.lines <= known.rows.unwrap_or(most).min(most);
    let Some((least, greatest)) = claim.range else { return few };
    let inside = |day: Day| {
        let (first, end) = (day.start(), day.next().start());
        least >= first.as_microsecond() && greatest <= end.as_microsecond()
    };
    few && least <= greatest && known.day.is_none_or(inside)
}

fn by_header(claim: &MemberInfo) -> String {
    match claim.times() {
        Some((least, greatest)) => format!(
            "by its header {}, from {least} to {greatest}",
            counted(claim.lines, "line")
        ),
        None => format!("by its header {}", counted(claim.lines, "line")),
    }
}

/// What the ledger says of a member of which nothing can be read.
pub fn by_ledger(member: Option<&Member>) -> String {
    let Some(member) = member else { return String::new() };
    match (&member.oldest, &member.newest) {
        (Some(oldest), Some(newest)) => format!(
            ": by the ledger {}, from {oldest} to {newest}",
            counted(member.rows, "line")
        ),
        _ => format!(": by the ledger {}", counted(member.rows, "line")),
    }
}
