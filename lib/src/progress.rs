//! How far a process has come: a line on the terminal while a job runs, and an
//! answer to SIGUSR1.
//!
//! A pipeline has several processes and one terminal. So a process draws only
//! while it has a step at hand, and the steps of one pipeline follow one
//! another: rows are exported, then deleted. Where nobody looks, nothing is
//! drawn: the scripts name the place in their job in `RT_PROGRESS` when
//! standard error is a terminal, and what draws needs a terminal that the
//! process is attached to.
//!
//! Whatever takes long asks [`answer`] every now and then, through
//! [`signal`](crate::signal), so an answer comes as soon as a stop would.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use bytesize::ByteSize;
use console::Term;
use indicatif::{
    HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};
use signal_hook::consts::SIGUSR1;

/// Who takes the answers.
type Say = fn(&str);

static SAY: OnceLock<Say> = OnceLock::new();
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
static STEP: Mutex<Option<Step>> = Mutex::new(None);

/// How often a second the line is drawn at most.
const DRAWN_HZ: u8 = 8;

/// What a process is at.
struct Step {
    /// As in "exporting 'tool_uses'".
    words: String,
    /// What is counted: rows or files.
    unit: &'static str,
    total: Option<u64>,
    done: u64,
    bytes: u64,
    since: Instant,
    bar: ProgressBar,
}

/// Answers go to `say`.
pub(crate) fn say_with(say: Say) {
    SAY.get_or_init(|| say);
}

/// From now on SIGUSR1 is answered; a process that does not listen leaves the
/// signal as it found it, which a script has set to be ignored.
///
/// # Errors
/// Those of sigaction(2).
pub(crate) fn listen() -> std::io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, asked.clone())?;
    ASKED.get_or_init(|| asked);
    Ok(())
}

/// A step begins; `total` is of how many rows, or what `unit` says, it is,
/// where that is known. One that was not ended is over.
pub(crate) fn begin(words: String, unit: &'static str, total: Option<u64>) {
    let bar = ProgressBar::with_draw_target(total, target());
    bar.set_style(style(unit, total));
    bar.set_prefix(std::env::var("RT_PROGRESS").unwrap_or_default());
    bar.set_message(words.clone());
    bar.tick();
    let since = Instant::now();
    set(Some(Step { words, unit, total, done: 0, bytes: 0, since, bar }));
}

/// So many more are done, of so many bytes.
pub(crate) fn add(more: u64, bytes: u64) {
    with(|step| {
        step.done += more;
        step.bytes += bytes;
        step.bar.inc(more);
    });
    answer();
}

/// The step is over: its line goes.
pub(crate) fn end() {
    set(None);
}

/// Says how far the step at hand has come, if SIGUSR1 asked for it.
pub(crate) fn answer() {
    let (Some(say), Some(asked)) = (SAY.get(), ASKED.get()) else { return };
    if asked.swap(false, Ordering::Relaxed) {
        with(|step| step.bar.suspend(|| say(&step.tell())));
    }
}

fn set(step: Option<Step>) {
    let mut held = STEP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(before) = std::mem::replace(&mut *held, step) {
        before.bar.finish_and_clear();
    }
}

fn with(f: impl FnOnce(&mut Step)) {
    let mut held = STEP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(step) = held.as_mut() {
        f(step);
    }
}

impl Step {
    fn tell(&self) -> String {
        let of = match self.total {
            Some(total) => format!(" of {}", HumanCount(total)),
            None => String::new(),
        };
        let bytes = match self.bytes {
            0 => String::new(),
            bytes => format!(", {}", ByteSize(bytes)),
        };
        format!(
            "{}: {}{of} {}{bytes} in {:.1} s",
            self.words,
            HumanCount(self.done),
            self.unit,
            self.since.elapsed().as_secs_f64()
        )
    }
}

/// The terminal, where the line is wanted and there is one.
fn target() -> ProgressDrawTarget {
    let terminal = || -> std::io::Result<Term> {
        let file = File::options().read(true).write(true).open("/dev/tty")?;
        Ok(Term::read_write_pair(file.try_clone()?, file))
    };
    match std::env::var_os("RT_PROGRESS") {
        Some(place) if !place.is_empty() => match terminal() {
            Ok(term) => ProgressDrawTarget::term(term, DRAWN_HZ),
            // A process without a terminal has nobody to draw for.
            Err(_) => ProgressDrawTarget::hidden(),
        },
        _ => ProgressDrawTarget::hidden(),
    }
}

/// What the line says; the width of the terminal cuts it off.
fn style(unit: &'static str, total: Option<u64>) -> ProgressStyle {
    let template = match total {
        Some(_) => {
            "{prefix} {msg}: {human_pos} of {human_len} {unit}, {percent}%, \
             {speed}, {eta} left"
        }
        None => "{prefix} {msg}: {human_pos} {unit}, {speed}, {elapsed}",
    };
    let speed = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let written = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
        debug_assert!(written.is_ok(), "a line in memory takes all");
    };
    let unit = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let written = out.write_str(unit);
        debug_assert!(written.is_ok(), "a line in memory takes all");
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("unit", unit)
        .with_key("speed", speed)
}
