//! What the tests share: a folder of their own, a command in it with nothing
//! of the caller's environment, and a full picture when something is not as
//! expected.

// Each test file uses the helpers that it needs.
#![allow(dead_code)]

pub mod rows;
pub mod waiting;
pub mod world;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use crate::manual::messages;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// The clock of every command, unless a test sets another.
pub const NOW: &str = "2026-01-15T00:00:00Z";

/// The shells that the scripts must run under, as interpreter lines.
pub const SHELLS: [&str; 2] = ["/bin/dash", "/bin/bash --posix"];

/// The top of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds the built programs.
pub fn bins() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rt-export")).parent().unwrap()
}

/// A path as one word of a shell, whatever is in it.
pub fn word(path: impl AsRef<Path>) -> String {
    let path = path.as_ref().to_str().unwrap();
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// Signals a process, by the shell's own `kill`: a bare machine has no other.
pub fn kill(process: u32, signal: &str) {
    let script = format!("kill {signal} {process}");
    let sent = Command::new("sh").args(["-c", &script]).status();
    assert!(sent.unwrap().success(), "{script}");
}

/// When a file below a folder was last changed.
fn last_change(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let each =
        entries.map(|entry| match entry.file_type().unwrap().is_dir() {
            true => last_change(&entry.path()),
            false => entry.metadata().unwrap().modified().ok(),
        });
    each.max().flatten()
}

/// The program of the lake, which is built apart: here it is, if it was not, or
/// not since the sources of the library or its own changed.
pub fn lake() -> &'static Path {
    static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
        let path = bins().join("rt-lake");
        let built = fs::metadata(&path).and_then(|meta| meta.modified());
        let changed = last_change(&root().join("lib"));
        if built.is_ok_and(|built| Some(built) >= changed) {
            return path;
        }
        let profile = bins().file_name().unwrap().to_str().unwrap();
        let profile = if profile == "debug" { "dev" } else { profile };
        let out = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--package", "rt-lake"])
            .args(["--profile", profile, "--target-dir"])
            .arg(bins().parent().unwrap())
            .current_dir(root())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{said}");
        path
    });
    &PATH
}

/// A program of the system, or `None` where it is not installed: a
/// cross-check is skipped then.
pub fn system(program: &str) -> Option<Command> {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|dir| dir.join(program).exists())
    });
    found.then(|| Command::new(program))
}

/// A shell command without root's power over what others may not write.
pub fn ordinary<'d>(dir: &'d Dir, script: &str) -> Cmd<'d> {
    let caps = "-dac_override,-dac_read_search,-fowner";
    let root = fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    let cmd = match root {
        true => dir
            .cmd("setpriv")
            .arg(format!("--bounding-set={caps}"))
            .arg(format!("--inh-caps={caps}"))
            .arg("sh"),
        false => dir.cmd("sh"),
    };
    cmd.args(["-c", script])
}

/// A folder that goes away with the test.
pub struct Dir {
    temp: tempfile::TempDir,
}

impl Dir {
    /// An empty one.
    pub fn new() -> Dir {
        Dir { temp: tempfile::tempdir().unwrap() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.temp.path()
    }

    /// The path of `name` in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes a folder, such as a tree in which no job has run.
    pub fn folder(&self, name: &str) {
        fs::create_dir_all(self.join(name)).unwrap();
    }

    /// Writes an executable script.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A file as text.
    pub fn read(&self, name: &str) -> String {
        let path = self.join(name);
        fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{path:?}: {e}\n{}", self.tree()))
    }

    /// The text of a gzip file, by the system's gzip.
    pub fn zcat(&self, name: &str) -> String {
        let out = Command::new("gzip")
            .arg("-dc")
            .arg(self.join(name))
            .output()
            .unwrap();
        assert!(out.status.success(), "gzip -dc {name}\n{}", self.tree());
        String::from_utf8(out.stdout).unwrap()
    }

    /// Runs statements in a database, which is made if it is not there.
    pub fn sql(&self, file: &str, statements: &str) {
        let db = Connection::open(self.join(file)).unwrap();
        db.execute_batch(statements).unwrap();
    }

    /// What a query gives, a row a string, columns parted by `|`.
    pub fn rows(&self, file: &str, query: &str) -> Vec<String> {
        let db = Connection::open(self.join(file)).unwrap();
        let mut statement = db.prepare(query).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells: Vec<String> =
                (0..columns).map(|i| cell(row.get_ref_unwrap(i))).collect();
            Ok(cells.join("|"))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Everything below the folder, sorted: mode, length and path of files,
    /// paths of folders with a slash, links with what they name.
    pub fn tree(&self) -> String {
        let mut lines = Vec::new();
        walk(self.path(), Path::new(""), &mut lines);
        lines.sort();
        lines.concat()
    }

    /// The same scripts as in scripts/, but for `shell` (one of [`SHELLS`]):
    /// a folder to be put first on a command's PATH.
    pub fn scripts_for(&self, shell: &str) -> PathBuf {
        let folder = self.join("scripts-under-test");
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(root().join("scripts")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let text = text.replacen("#!/bin/sh", &format!("#!{shell}"), 1);
            let name = path.file_name().unwrap().to_str().unwrap();
            self.script(&format!("scripts-under-test/{name}"), &text);
        }
        folder
    }

    /// Where commands are looked for, unless a test puts others first.
    fn usual_path(&self) -> String {
        let scripts = root().join("scripts");
        let (bins, scripts) = (bins().display(), scripts.display());
        format!("{bins}:{scripts}:/usr/local/bin:/usr/bin:/bin")
    }

    /// A command that runs in this folder.
    pub fn cmd(&self, program: impl AsRef<OsStr>) -> Cmd<'_> {
        let path = self.usual_path();
        Cmd {
            dir: self,
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            envs: Vec::new(),
            stdin: Vec::new(),
            path,
            seconds: 120,
            early: false,
        }
    }
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(i) => i.to_string(),
        ValueRef::Real(r) => format!("{r:?}"),
        ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned(),
        ValueRef::Blob(b) => format!("x'{}'", hex(b)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn walk(root: &Path, below: &Path, lines: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(root.join(below)) else { return };
    for entry in entries.flatten() {
        let path = below.join(entry.file_name());
        let Ok(meta) = fs::symlink_metadata(root.join(&path)) else {
            continue;
        };
        let shown = path.display();
        if meta.is_dir() {
            lines.push(format!("{shown}/\n"));
            walk(root, &path, lines);
        } else if meta.is_symlink() {
            let target = fs::read_link(root.join(&path)).unwrap_or_default();
            lines.push(format!("{shown} -> {}\n", target.display()));
        } else {
            let mode = meta.mode() & 0o7777;
            lines.push(format!("{shown} {mode:04o} {}\n", meta.size()));
        }
    }
}

/// A command with an environment of its own: PATH holds the built programs,
/// the scripts and the system's, HOME is the folder, the clock stands still.
pub struct Cmd<'a> {
    dir: &'a Dir,
    program: std::ffi::OsString,
    args: Vec<std::ffi::OsString>,
    envs: Vec<(String, std::ffi::OsString)>,
    stdin: Vec<u8>,
    path: String,
    seconds: u64,
    early: bool,
}

impl Cmd<'_> {
    /// One more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<OsStr>>(
        mut self,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// A variable of the environment; empty means unset for the programs.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.envs.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Another clock.
    pub fn now(self, time: &str) -> Self {
        self.env("RT_NOW", time)
    }

    /// What the command reads.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Puts a folder in front of PATH.
    pub fn path_first(mut self, folder: impl AsRef<Path>) -> Self {
        self.path = format!("{}:{}", folder.as_ref().display(), self.path);
        self
    }

    /// It has begun before the segments were stored whose receipts it reads,
    /// as in a pipeline, and waited since.
    pub fn since_before_the_store(mut self) -> Self {
        self.early = true;
        self
    }

    /// How many seconds it may take, in place of two minutes.
    pub fn patience(mut self, seconds: u64) -> Self {
        self.seconds = seconds;
        self
    }

    /// The same as a command that can be left to run beside the test.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program_path());
        command
            .args(&self.args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.dir.path())
            .env("TMPDIR", self.dir.path())
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("RT_NOW", NOW)
            .envs(self.envs.iter().map(|(k, v)| (k, v)));
        command
    }

    /// Runs it to its end.
    pub fn run(self) -> Out {
        let path = |name: &str| {
            let set = self.envs.iter().rfind(|(known, _)| known == name);
            set.map(|(_, value)| self.dir.join(value))
        };
        let before = match (self.early, path("RT_ARCHIVES")) {
            (true, Some(tree)) => {
                let ledger = tree.join("ledger.jsonl");
                let end = waiting::before_the_store(&ledger, &self.stdin);
                end.map(|end| (ledger, end))
            }
            _ => None,
        };
        let output = match (before, path("RT_DB")) {
            (Some((ledger, end)), Some(database)) => waiting::output(
                self.command(),
                &self.stdin,
                (&ledger, end),
                &database,
            ),
            _ => assert_cmd::Command::from_std(self.command())
                .write_stdin(self.stdin.clone())
                .timeout(Duration::from_secs(self.seconds))
                .output(),
        };
        let output = match output {
            Ok(output) => output,
            Err(e) => panic!("cannot run {:?}: {e}", self.program),
        };
        let status = output.status.code().unwrap_or_else(|| {
            128 + output.status.signal().unwrap_or_default()
        });
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let picture = format!(
            "\n== command ==\n{:?} {:?}\n== environment ==\n{:?}\n\
             == folder {} ==\n{}\n== status ==\n{status}\n\
             == stdout ==\n{stdout}\n== stderr ==\n{stderr}\n",
            self.program,
            self.args,
            self.envs,
            self.dir.path().display(),
            self.dir.tree(),
        );
        let bytes = output.stdout;
        let out = Out { status, stdout, stderr, bytes, picture };
        // Why it failed is written down on a page; what stands in for a
        // program says what it likes.
        let usual = self.path == self.dir.usual_path();
        if out.status != 0 && usual && !self.is_verbose() {
            let missing = messages::not_written_down(&out.stderr);
            let what = format!("{missing:?} in DIAGNOSTICS");
            out.expect(&what, missing.is_empty());
        }
        out
    }

    /// What -v adds, and how far a run has come, are no messages.
    fn is_verbose(&self) -> bool {
        self.args.iter().any(|arg| {
            let arg = arg.to_string_lossy();
            let mut words = arg.split_whitespace();
            words.any(|w| {
                w == "--verbose"
                    || w.starts_with('-')
                        && !w.starts_with("--")
                        && w.contains('v')
                    || w.contains("USR1")
            })
        })
    }

    /// The first file of that name on the command's own PATH.
    fn program_path(&self) -> PathBuf {
        let program = Path::new(&self.program);
        if program.components().count() > 1 {
            return program.to_owned();
        }
        std::env::split_paths(&self.path)
            .map(|folder| folder.join(program))
            .find(|path| path.is_file())
            .unwrap_or_else(|| program.to_owned())
    }
}

/// What a command did. The checks panic with the whole picture.
pub struct Out {
    /// Its exit status; of a killed one 128 and the signal.
    pub status: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its standard output, byte for byte.
    pub bytes: Vec<u8>,
    picture: String,
}

impl Out {
    /// Panics with the picture unless `holds`.
    pub fn expect(&self, what: &str, holds: bool) -> &Self {
        assert!(holds, "expected {what}{}", self.picture);
        self
    }

    /// It must have ended with one of these.
    pub fn status_of(&self, statuses: &[i32]) -> &Self {
        let what = format!("one of the statuses {statuses:?}");
        self.expect(&what, statuses.contains(&self.status))
    }

    /// It ended with this status.
    pub fn status(&self, status: i32) -> &Self {
        self.expect(&format!("status {status}"), self.status == status)
    }

    /// It printed exactly this.
    pub fn stdout(&self, text: &str) -> &Self {
        self.expect(&format!("stdout {text:?}"), self.stdout == text)
    }

    /// It printed this somewhere.
    pub fn stdout_has(&self, text: &str) -> &Self {
        self.expect(&format!("{text:?} in stdout"), self.stdout.contains(text))
    }

    /// It complained with exactly this.
    pub fn stderr(&self, text: &str) -> &Self {
        self.expect(&format!("stderr {text:?}"), self.stderr == text)
    }

    /// It complained with this somewhere.
    pub fn stderr_has(&self, text: &str) -> &Self {
        self.expect(&format!("{text:?} in stderr"), self.stderr.contains(text))
    }
}

/// The same text with the folder's path as `[DIR]`.
pub fn scrub(dir: &Dir, text: &str) -> String {
    text.replace(&dir.path().display().to_string(), "[DIR]")
}

/// A report without what differs from run to run.
pub fn steady(dir: &Dir, report: &str) -> String {
    let text = scrub(dir, report);
    let lines = text.lines().map(|line| {
        match ["duration  ", "  \"duration_seconds\": "]
            .into_iter()
            .find(|start| line.starts_with(start))
        {
            Some(start) if line.ends_with(',') => format!("{start}[D],"),
            Some(start) => format!("{start}[D]"),
            None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
