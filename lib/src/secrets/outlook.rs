//! Whether a pattern can match at a place in any view of a text.
//!
//! Views of a text with its escapes resolved differ from it at backslashes
//! alone: where some stand, each view has one, or what they spell together with
//! the letter behind them. So a pattern that has failed by then has failed in
//! all views, and they need not be made for its sake.

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

/// So many bytes are read: of a text with needle after needle each would be read
/// to its end.
const FAR: usize = 64;

/// A pattern, read byte by byte. Most patterns of a run are never tried, so it
/// is made when it is needed first; one that cannot be made rules out nothing.
#[derive(Default)]
pub(super) struct Outlook {
    made: Option<Option<(DFA, Cache)>>,
}

impl Outlook {
    /// Whether no match begins at a place, whatever the first backslash behind
    /// it stands for.
    pub fn rules_out(&mut self, regex: &str, text: &[u8], at: usize) -> bool {
        let made = self.made.get_or_insert_with(|| make(regex));
        let Some((dfa, cache)) = made else { return false };
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let Ok(mut state) = dfa.start_state_forward(cache, &input) else {
            return false;
        };
        let bytes = text.iter().copied().enumerate();
        for (place, byte) in bytes.skip(at).take(FAR) {
            if byte == b'\\' {
                let fails = |byte| {
                    dfa.next_state(cache, state, byte)
                        .is_ok_and(|next| next.is_dead())
                };
                return spelled(&text[place..])
                    .is_some_and(|bytes| bytes.into_iter().all(fails));
            }
            match dfa.next_state(cache, state, byte) {
                Ok(next) if next.is_dead() => return true,
                // A match shows one byte behind its end.
                Ok(next) if !next.is_match() && !next.is_quit() => {
                    state = next;
                }
                _ => return false,
            }
        }
        false
    }
}

/// What may stand in the views in place of the backslashes with which a text
/// begins; none where that can be anything.
fn spelled(text: &[u8]) -> Option<[u8; 2]> {
    let letter = text.iter().find(|byte| **byte != b'\\')?;
    let spelled = match letter {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return None,
        other => *other,
    };
    Some([b'\\', spelled])
}

fn make(regex: &str) -> Option<(DFA, Cache)> {
    let bytes = syntax::Config::new().unicode(false).utf8(false);
    let dfa = DFA::builder()
        .configure(Config::new())
        .syntax(bytes)
        .build(regex)
        .ok()?;
    let cache = dfa.create_cache();
    Some((dfa, cache))
}
