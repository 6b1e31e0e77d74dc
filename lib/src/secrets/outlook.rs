//! Whether a pattern can match at a place in any view of a text.
//!
//! Views of a text with its escapes resolved differ from it at backslashes
//! alone: where some stand, each view has one, or what they spell together with
//! the letter behind them. So a pattern that has failed by then has failed in
//! all views, and they need not be made for its sake.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

/// So many bytes are read: of a text with needle after needle each would be read
/// to its end.
const FAR: usize = 64;

/// No pattern that is read so far has as many states.
const MOST: usize = 1 << 12;

/// What comes of a byte in a state.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Step(u16);

impl Step {
    /// It was not asked for yet.
    const UNKNOWN: Step = Step(0);
    /// No match is possible.
    const FAILED: Step = Step(1);
    /// There may be one.
    const OPEN: Step = Step(2);

    /// The pattern goes on in a state.
    fn to(state: usize) -> Step {
        u16::try_from(state + 3).map_or(Step::OPEN, Step)
    }

    fn state(self) -> Option<usize> {
        usize::from(self.0).checked_sub(3)
    }
}

/// A pattern, read byte by byte. Most patterns of a run are never tried, so it
/// is made when it is needed first; one that cannot be made rules out nothing.
#[derive(Default)]
pub(super) struct Outlook {
    made: Option<Option<Steps>>,
}

impl Outlook {
    /// Whether no match begins at a place, whatever the first backslash behind
    /// it stands for.
    pub fn rules_out(&mut self, regex: &str, text: &[u8], at: usize) -> bool {
        let made = self.made.get_or_insert_with(|| Steps::new(regex));
        let Some(steps) = made else { return false };
        let mut state = 0;
        for (place, byte) in text[at..].iter().enumerate().take(FAR) {
            if *byte == b'\\' {
                return spelled(&text[at + place..]).is_some_and(|bytes| {
                    let fails = |b| steps.step(state, b) == Step::FAILED;
                    bytes.into_iter().all(fails)
                });
            }
            let step = steps.step(state, *byte);
            match step.state() {
                Some(next) => state = next,
                None => return step == Step::FAILED,
            }
        }
        false
    }
}

/// The states of a pattern, and what comes of each byte in them as far as it
/// was asked for: most texts take the same few steps.
struct Steps {
    dfa: DFA,
    cache: Cache,
    states: Vec<LazyStateID>,
    steps: Vec<[Step; 256]>,
}

impl Steps {
    /// The states are kept, so none of the automaton's may be thrown away. No
    /// pattern looks at what stands before it.
    fn new(regex: &str) -> Option<Steps> {
        let bytes = syntax::Config::new().unicode(false).utf8(false);
        let config = Config::new().minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder()
            .configure(config)
            .syntax(bytes)
            .build(regex)
            .ok()?;
        let mut cache = dfa.create_cache();
        let input = Input::new("").anchored(Anchored::Yes);
        let start = dfa.start_state_forward(&mut cache, &input).ok()?;
        let steps = vec![[Step::UNKNOWN; 256]];
        Some(Steps { dfa, cache, states: vec![start], steps })
    }

    fn step(&mut self, state: usize, byte: u8) -> Step {
        let known = self.steps[state][usize::from(byte)];
        if known != Step::UNKNOWN {
            return known;
        }
        let found = self.find(state, byte);
        self.steps[state][usize::from(byte)] = found;
        found
    }

    #[cold]
    fn find(&mut self, state: usize, byte: u8) -> Step {
        let from = self.states[state];
        let next = match self.dfa.next_state(&mut self.cache, from, byte) {
            Ok(next) if next.is_dead() => return Step::FAILED,
            // A match shows one byte behind its end.
            Ok(next) if !next.is_match() && !next.is_quit() => next,
            _ => return Step::OPEN,
        };
        let known = self.states.iter().position(|state| *state == next);
        let place = known.unwrap_or(self.states.len());
        if known.is_none() {
            if place == MOST {
                return Step::OPEN;
            }
            self.states.push(next);
            self.steps.push([Step::UNKNOWN; 256]);
        }
        Step::to(place)
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
