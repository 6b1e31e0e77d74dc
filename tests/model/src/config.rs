//! What is explored: sizes, budgets of faults, and the rules of the protocol,
//! each of which can be turned back to an earlier wording.

use crate::world::Content;

/// A pipeline's kind.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// An ordinary job under rt-lock.
    Job,
    /// rt-export, rt-store and rt-purge by hand.
    ByHand,
    /// The receipts of all that was published, given to rt-purge again.
    Again,
    /// rt-rewrite.
    Erase,
}

/// What `purging` events say, and when they are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purging {
    /// One a batch where there is no key, else none; whoever recovers takes
    /// all lines for possibly deleted.
    KeylessBatch,
    /// One a segment before its first row goes, which names all of it: it
    /// says only that deletion was begun.
    Begun,
    /// One a batch, with its lines.
    Batch,
    /// As `Batch`, with a mark in the database, in the deleting transaction.
    Marked,
    /// One a segment when all of it was compared, with the lines found equal.
    Equal,
    /// None.
    Never,
}

/// When a commit is durable. Each flushes where the one before does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Flush {
    /// At once.
    InCommit,
    /// By a step of its own behind it.
    BehindCommit,
    /// Before `retract` and `purge` too, whoever committed.
    BeforeEnd,
    /// Before `purging` too.
    BeforePurging,
}

/// Who is left unsettled because hardly any row is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guard {
    Nobody,
    Everybody,
    /// Segments whose deletion was not begun.
    Unbegun,
}

/// Without a key: which batches were committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Committed {
    /// Those of which a row is gone, by content.
    AnyGone,
    /// Those of which none is there, by rowid and content.
    AllGone,
    /// Those of which a row is gone, by rowid and content.
    AnyGoneByRowid,
}

/// When a change by the application may leave a copy in the archives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// Between a crash and the recovery.
    AfterCrash,
    /// Between export and settling.
    FromExport,
    /// Between the `purging` event that names the line and settling.
    FromPurging,
}

/// All of it. README.md says what each word is for.
#[derive(Clone, Debug)]
pub struct Config {
    pub keyless: bool,
    pub rows: u8,
    pub days: u8,
    pub batch: u8,
    pub pipelines: Vec<Kind>,
    pub consolidate: bool,
    pub kills: u8,
    pub powers: u8,
    pub writes: u8,
    pub references: bool,
    pub vacuum: bool,
    pub processes: bool,
    pub same: bool,
    pub twice: bool,
    pub restores: u8,
    pub cuts: u8,
    pub lazy_application: bool,
    pub count_equals: bool,
    pub keep_greatest: bool,
    pub once: bool,
    pub window: Window,
    // Rules.
    pub sync_published: bool,
    pub sync_consolidated: bool,
    pub skip_settled: bool,
    pub purging: Purging,
    pub flush: Flush,
    pub retract_holds: bool,
    pub guard: Guard,
    pub recover_again: bool,
    pub keep: bool,
    pub committed: Committed,
    pub held_out: bool,
    pub exact_batch: bool,
    pub redo: bool,
    pub unnamed_first: bool,
    pub sync_erased: bool,
    pub repeated: bool,
    // Planted faults.
    pub no_lock: bool,
    pub no_sync: bool,
    pub no_purging_sync: bool,
    pub no_intent_sync: bool,
    pub blind_consolidate: bool,
    pub blind_erase: bool,
    // The run.
    pub most_states: usize,
    pub most_found: usize,
    pub quiet: bool,
}

impl Config {
    /// No rule is in force.
    fn bare() -> Config {
        Config {
            keyless: false,
            rows: 2,
            days: 1,
            batch: 1,
            pipelines: vec![Kind::Job],
            consolidate: false,
            kills: 1,
            powers: 0,
            writes: 1,
            references: false,
            vacuum: false,
            processes: false,
            same: true,
            twice: false,
            restores: 0,
            cuts: 0,
            lazy_application: false,
            count_equals: false,
            keep_greatest: false,
            once: false,
            window: Window::FromExport,
            sync_published: false,
            sync_consolidated: false,
            skip_settled: false,
            purging: Purging::KeylessBatch,
            flush: Flush::InCommit,
            retract_holds: true,
            guard: Guard::Nobody,
            recover_again: false,
            keep: false,
            committed: Committed::AnyGone,
            held_out: false,
            exact_batch: true,
            redo: false,
            unnamed_first: false,
            sync_erased: true,
            repeated: false,
            no_lock: false,
            no_sync: false,
            no_purging_sync: false,
            no_intent_sync: false,
            blind_consolidate: false,
            blind_erase: false,
            most_states: 40_000_000,
            most_found: 4,
            quiet: false,
        }
    }

    /// Takes in words, later ones over earlier ones.
    pub fn parse(
        words: impl Iterator<Item = String>,
    ) -> Result<Config, String> {
        let mut config = Config::bare();
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((&word, "1"));
            let known = match key {
                "fixed" => config.fix(),
                "literal" => config.read_literally(),
                "agents" => config.set_pipelines(value),
                _ => value.parse::<usize>().ok().and_then(|number| {
                    config.set(key, number).or_else(|| {
                        config.set_flag(key, [false, true].get(number)?)
                    })
                }),
            };
            known.ok_or_else(|| format!("{word} means nothing"))?;
        }
        Ok(config)
    }

    /// The rules that a tree needs which nobody ever puts back.
    fn fix(&mut self) -> Option<()> {
        self.sync_published = true;
        self.sync_consolidated = true;
        self.skip_settled = true;
        self.purging = Purging::Batch;
        self.retract_holds = true;
        self.guard = Guard::Nobody;
        self.recover_again = true;
        self.committed = Committed::AllGone;
        self.held_out = true;
        self.exact_batch = true;
        self.redo = true;
        self.unnamed_first = true;
        Some(())
    }

    /// The first wording, to the letter.
    fn read_literally(&mut self) -> Option<()> {
        self.guard = Guard::Everybody;
        self.retract_holds = false;
        self.window = Window::AfterCrash;
        Some(())
    }

    fn set_pipelines(&mut self, letters: &str) -> Option<()> {
        let kind = |letter| match letter {
            'J' => Some(Kind::Job),
            'H' => Some(Kind::ByHand),
            'R' => Some(Kind::Again),
            'E' => Some(Kind::Erase),
            _ => None,
        };
        self.pipelines = letters.chars().map(kind).collect::<Option<_>>()?;
        Some(())
    }

    /// Sets what is a number.
    fn set(&mut self, key: &str, number: usize) -> Option<()> {
        let small = u8::try_from(number).ok();
        match key {
            "rows" => self.rows = small?,
            "days" => self.days = small?,
            "batch" => self.batch = small?,
            "kills" => self.kills = small?,
            "powers" => self.powers = small?,
            "apps" => self.writes = small?,
            "cuts" => self.cuts = small?,
            "snaps" => self.restores = small?,
            "cap" => self.most_states = number,
            "max_cex" => self.most_found = number,
            "purging" => {
                use Purging::*;
                let all = [KeylessBatch, Begun, Batch, Marked, Equal, Never];
                self.purging = *all.get(number)?;
            }
            "lazy" => {
                use Flush::*;
                let all = [InCommit, BehindCommit, BeforeEnd, BeforePurging];
                self.flush = *all.get(number)?;
            }
            "guard" => {
                use Guard::*;
                self.guard = *[Nobody, Everybody, Unbegun].get(number)?;
            }
            "kl" => {
                use Committed::*;
                let all = [AnyGone, AllGone, AnyGoneByRowid];
                self.committed = *all.get(number)?;
            }
            "window" => {
                use Window::*;
                let all = [AfterCrash, FromExport, FromPurging];
                self.window = *all.get(number)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// Sets what is or is not.
    fn set_flag(&mut self, key: &str, &value: &bool) -> Option<()> {
        let flag = match key {
            "keyless" => &mut self.keyless,
            "cons" => &mut self.consolidate,
            "refs" => &mut self.references,
            "vacuum" => &mut self.vacuum,
            "substage" => &mut self.processes,
            "same" => &mut self.same,
            "dupexp" => &mut self.twice,
            "applazy" => &mut self.lazy_application,
            "multiset" => &mut self.count_equals,
            "keepmax" => &mut self.keep_greatest,
            "once" => &mut self.once,
            "pub_sync" => &mut self.sync_published,
            "cons_sync" => &mut self.sync_consolidated,
            "settled_skip" => &mut self.skip_settled,
            "digest" => &mut self.retract_holds,
            "rec_each" => &mut self.recover_again,
            "keep" => &mut self.keep,
            "held_out" => &mut self.held_out,
            "exact_batch" => &mut self.exact_batch,
            "redo" => &mut self.redo,
            "prio" => &mut self.unnamed_first,
            "mut_nolock" => &mut self.no_lock,
            "mut_nofsync" => &mut self.no_sync,
            "mut_nolsync" => &mut self.no_purging_sync,
            "mut_nointent" => &mut self.no_intent_sync,
            "cons_blind" => &mut self.blind_consolidate,
            "erase_blind" => &mut self.blind_erase,
            "erase_sync" => &mut self.sync_erased,
            "repeated" => &mut self.repeated,
            "quiet" => &mut self.quiet,
            _ => return None,
        };
        *flag = value;
        Some(())
    }

    /// One `purging` event a batch.
    pub fn names_batches(&self) -> bool {
        match self.purging {
            Purging::Batch | Purging::Marked => true,
            Purging::KeylessBatch => self.keyless,
            Purging::Begun | Purging::Equal | Purging::Never => false,
        }
    }

    /// The day of a content's rows.
    pub fn day(&self, content: Content) -> u8 {
        match (self.days, self.keyless) {
            (0 | 1, _) => 0,
            (_, true) => u8::from(content == 1),
            (_, false) => (content / 4) % 2,
        }
    }
}
