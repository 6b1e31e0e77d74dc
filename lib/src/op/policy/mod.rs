//! rt-policy: the policy printed, checked, suggested, and asked for tables.

mod check;
mod explain;
mod indexed;
mod suggest;
mod times;
mod words;

use std::io::Write;

use crate::archive::{Ledger, Origin};
use crate::db::{Access, Database};
use crate::error::{Error, Exit, Result, quote};
use crate::io::jsonl;
use crate::io::output::shell_words;
use crate::outcome::{Ended, Outcome};
use crate::settings::Settings;
use crate::settings::columns::rule;
use crate::settings::policy::{ByTable, Policy, order};
use crate::time;

/// What rt-policy was asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where: the policy, the database by whose foreign keys tables are put
    /// in order, and the run's now.
    pub settings: Settings,
    /// Read the policy, print nothing.
    pub check: bool,
    /// Print the periods in days, as one JSON object.
    pub json: bool,
    /// Print a policy for the database, to be edited.
    pub suggest: bool,
    /// Say what the policy means for the table that is the operand.
    pub explain: bool,
    /// Print the words of this kind, for the completions of shells.
    pub words: Option<String>,
    /// Print the tables that the operand stands for.
    pub tables: bool,
    /// Print them as words for a shell.
    pub sh: bool,
    /// Refuse a database that is not there, has none of the policy's tables,
    /// or is not the one that their archives come from.
    pub need_db: bool,
    /// A target that the policy does not know may be a table of the database.
    pub any_table: bool,
    /// Print the run's now.
    pub clock: bool,
    /// The operands.
    pub operands: Vec<String>,
}

impl Options {
    fn check(&self) -> Result<()> {
        let modes = [
            self.check,
            self.json,
            self.tables,
            self.clock,
            self.suggest,
            self.explain,
            self.words.is_some(),
        ];
        if modes.into_iter().filter(|&set| set).count() > 1 {
            return Err(Error::usage(
                "--check, --suggest, --explain, --json, --tables, --words \
                 and --clock exclude one another",
            ));
        }
        if (self.sh || self.need_db || self.any_table) && !self.tables {
            return Err(Error::usage(
                "--sh, --need-db and --any-table go with --tables",
            ));
        }
        let wanted = self.tables || self.explain;
        match (wanted, self.operands.as_slice()) {
            (true, [_]) | (false, []) => Ok(()),
            (true, []) if self.explain => {
                Err(Error::usage("TABLE is missing"))
            }
            (true, []) => Err(Error::usage("TARGET is missing")),
            (true, [_, extra, ..]) | (false, [extra, ..]) => Err(
                Error::usage(format!("unexpected operand {}", quote(extra))),
            ),
        }
    }
}

/// Prints what was asked for.
pub fn run(options: &Options, output: &mut dyn Write) -> Result<Exit> {
    options.check()?;
    let mut exit = Exit::Done;
    let text = if options.clock {
        let now = options.settings.now()?;
        format!("{}\n", time::rfc3339(now))
    } else if options.suggest {
        suggest::suggest(&options.settings)?
    } else if let Some(kind) = &options.words {
        words::words(&options.settings, kind)?
    } else {
        let policy = options.settings.load_policy()?;
        if options.check {
            let (text, found) = check::check(&options.settings, &policy)?;
            exit = found;
            text
        } else if options.json {
            json(&policy)?
        } else if let ([table], true) =
            (options.operands.as_slice(), options.explain)
        {
            explain::explain(&options.settings, &policy, table)?
        } else if let [target] = options.operands.as_slice() {
            let found = tables(options, &policy, target);
            if let Err(error) = &found {
                say_why(options, error, output)?;
            }
            names(&found?, options.sh)?
        } else {
            policy.to_string()
        }
    };
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write to standard output", e))?;
    Ok(exit)
}

/// A job that begins with no table, because its database cannot be read,
/// reports why.
fn say_why(
    options: &Options,
    error: &Error,
    output: &mut dyn Write,
) -> Result<()> {
    if !options.need_db || error.exit() == Exit::Usage {
        return Ok(());
    }
    let ended = Ended {
        message: Some(error.to_string()),
        exit_status: error.exit().code(),
    };
    jsonl::print(&Outcome::Ended(ended), output)
}

/// The tables that a target stands for, children before parents. A database
/// that is not there yet has no say in that, unless it must be there.
fn tables(
    options: &Options,
    policy: &Policy,
    target: &str,
) -> Result<Vec<String>> {
    let settings = &options.settings;
    let targets = match policy.targets(target) {
        Ok(targets) => targets,
        Err(_) if options.any_table => {
            let database = settings.open(Access::Read)?;
            let table = database.need_table(target)?.name;
            check_usable(settings, &database, &[&table])?;
            return Ok(vec![table]);
        }
        Err(unknown) => return Err(unknown),
    };
    let mut pairs = Vec::new();
    if options.need_db || (targets.len() > 1 && settings.db().exists()) {
        let database = settings.open(Access::Read)?;
        if options.need_db {
            settings.need_policy_table(policy, &database)?;
            check_conditions(policy, &targets, &database)?;
            check_usable(settings, &database, &targets)?;
        }
        pairs = database.foreign_keys()?;
    }
    Ok(order(&targets, &pairs).into_iter().map(str::to_owned).collect())
}

/// Refuses a `where` that does not work, before a job begins with any table.
fn check_conditions(
    policy: &Policy,
    targets: &[&str],
    database: &Database,
) -> Result<()> {
    for rule in targets.iter().filter_map(|table| rule(policy, table)) {
        if let (Some(expr), Some(table)) =
            (&rule.where_, database.table(&rule.table)?)
        {
            database.check_condition(&table, expr)?;
        }
    }
    Ok(())
}

/// Refuses a database that the job cannot write, and one when the archives of
/// one of its tables come from another.
fn check_usable(
    settings: &Settings,
    database: &Database,
    tables: &[&str],
) -> Result<()> {
    if !settings.dry_run {
        database.check_writable()?;
    }
    let root = settings.archives();
    // A ledger that is broken ends the job itself, and with another status.
    let Ok(ledger) = Ledger::open(&root, settings.now()?, false) else {
        return Ok(());
    };
    let name = settings.database()?;
    let here = Database::identity(&settings.db())?;
    for table in tables {
        if database.table(table)?.is_some() {
            let origin = Origin::new(table, name.as_deref());
            ledger.state().check_source(&origin, &here)?;
        }
    }
    Ok(())
}

fn names<N: AsRef<str>>(tables: &[N], sh: bool) -> Result<String> {
    if sh {
        return Ok(shell_words(tables));
    }
    let mut lines = String::new();
    for name in tables.iter().map(AsRef::as_ref) {
        if name.contains('\n') {
            return Err(Error::usage(format!(
                "the name {} does not fit on a line",
                quote(name)
            ))
            .hint("use --sh, and eval \"set -- $words\""));
        }
        lines.push_str(name);
        lines.push('\n');
    }
    Ok(lines)
}

fn json(policy: &Policy) -> Result<String> {
    serde_json::to_string_pretty(&ByTable(policy))
        .map(|text| text + "\n")
        .map_err(|e| Error::failed(format!("cannot write JSON: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        text.split_whitespace()
            .filter_map(|pair| pair.split_once('>'))
            .map(|(child, parent)| (child.to_owned(), parent.to_owned()))
            .collect()
    }

    #[test]
    fn children_come_before_parents_and_the_rest_stays() {
        for (tables, fks, want) in [
            ("a b c", "", "a b c"),
            ("a b c", "b>a", "b a c"),
            ("a b c", "c>b b>a", "c b a"),
            ("a b c", "C>A", "b c a"),
            ("a b c", "a>a b>b", "a b c"),
            ("a b c", "x>a c>x", "a b c"),
            ("a b c d", "a>b b>a d>c", "d c a b"),
            ("a b", "a>b b>a", "a b"),
        ] {
            let tables: Vec<&str> = tables.split(' ').collect();
            let got = order(&tables, &pairs(fks)).join(" ");
            assert_eq!(got, want, "{fks}");
        }
    }

    #[test]
    fn quoted_words_hold_whatever_a_name_holds() {
        assert_eq!(names(&["a"], true).unwrap(), "'a'\n");
        assert_eq!(
            names(&["it's", "-n x\ny"], true).unwrap(),
            "'it'\\''s' '-n x\ny'\n"
        );
        assert_eq!(names(&["a b", "c"], false).unwrap(), "a b\nc\n");
        assert_eq!(names::<&str>(&[], true).unwrap(), "\n");
        assert_eq!(names(&["a\nb"], false).unwrap_err().exit(), Exit::Usage);
    }
}
