//! The tables: how each is created, and what its rows hold.

use rusqlite::types::Value;

use crate::text::{Random, iso, odd};

/// One table.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its part of all rows; also what parts its random numbers from others'.
    pub weight: u64,
    /// The statements that create it; `$KEY` is the type of the key.
    pub schema: &'static str,
    /// How many columns it has.
    pub columns: usize,
    /// The column that dates a row.
    pub time: &'static str,
    /// Appends the values of a row: its number, its time.
    pub row: fn(&mut Random, u64, i64, &mut Vec<Value>),
}

/// The tables of the built-in policy, parents first.
pub const DEMO: [&Table; 7] = [
    &TRANSCRIPT_ENTRIES,
    &TOOL_USES,
    &SKILL_TRACES,
    &ASSERTION_CHAINS,
    &ASSERTION_RESULTS,
    &MESSAGE_BUS_LOG,
    &TASK_LIST_EXECUTION_RUNS,
];

const AGENTS: [&str; 5] =
    ["builder", "reviewer", "planner", "tester", "researcher"];
const RESULTS_A_CHAIN: u64 = 5;

fn maybe(there: bool, value: impl Into<Value>) -> Value {
    if there { value.into() } else { Value::Null }
}

/// The key of an assertion chain, the same for its results.
fn chain(number: u64) -> Value {
    Random::new(number.wrapping_mul(0x5851_f42d_4c95_7f2d)).uuid().into()
}

const TRANSCRIPT_ENTRIES: Table = Table {
    name: "transcript_entries",
    weight: 35,
    schema: "CREATE TABLE transcript_entries (
        id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, uuid TEXT NOT NULL,
        entry_type TEXT NOT NULL, model TEXT, content TEXT,
        input_tokens INTEGER, output_tokens INTEGER, timestamp DATETIME)",
    columns: 9,
    time: "timestamp",
    row: |random, row, ms, out| {
        let kind = random.pick(&["user", "assistant", "assistant", "system"]);
        let model = kind == "assistant";
        let usual = iso(ms).into();
        out.extend([
            (row as i64 + 1).into(),
            format!("session-{:05}", row / 180).into(),
            random.uuid().into(),
            kind.to_owned().into(),
            maybe(model, "model-4".to_owned()),
            random.sentence(40).into(),
            maybe(model, random.below(20_000) as i64),
            maybe(model, random.below(2_000) as i64),
            odd(random, ms, usual),
        ]);
    },
};

/// What a tool gives back in short.
fn summary(random: &mut Random, tool: &str) -> String {
    let n = random.below(2000);
    match tool {
        "Read" => format!("read {n} lines"),
        "Edit" => format!("1 change, {} lines added", n % 60),
        "Write" => format!("wrote {n} lines"),
        "Grep" => format!("{} matches in {} files", n % 90, n % 20),
        _ => random.sentence(7),
    }
}

/// Twenty columns, the widest of them: about 600 bytes a row as JSON, which
/// gzip makes 6 times smaller, for the names of the columns are half of it.
pub const TOOL_USES: Table = Table {
    name: "tool_uses",
    weight: 25,
    schema: "CREATE TABLE tool_uses (
        id $KEY PRIMARY KEY, session_id TEXT NOT NULL,
        transcript_entry_id INTEGER, agent TEXT, tool_name TEXT NOT NULL,
        tool_category TEXT, input TEXT, result_summary TEXT,
        is_error INTEGER NOT NULL DEFAULT 0, error_type TEXT,
        error_message TEXT, start_time TEXT, end_time TEXT,
        duration_ms INTEGER, cwd TEXT, file_path TEXT, exit_code INTEGER,
        input_bytes INTEGER, output_bytes INTEGER, cost_usd REAL)",
    columns: 20,
    time: "start_time",
    row: |random, row, ms, out| {
        let tool = random.pick(&["Read", "Edit", "Bash", "Grep", "Write"]);
        let failed = random.once_in(15);
        let took = random.below(30_000) as i64;
        let path = random.path();
        let input = random.sentence(6).replace('\n', "\\n");
        let usual = iso(ms).into();
        out.extend([
            random.uuid().into(),
            format!("session-{:05}", row / 130).into(),
            (row as i64 * 7 / 5 + 1).into(),
            random.pick(&AGENTS).to_owned().into(),
            tool.to_owned().into(),
            random.pick(&["file", "shell", "search"]).to_owned().into(),
            format!("{{\"path\":\"{path}\",\"text\":\"{input}\"}}").into(),
            summary(random, tool).into(),
            i64::from(failed).into(),
            maybe(failed, "tool_error".to_owned()),
            maybe(failed, random.sentence(9)),
            odd(random, ms, usual),
            iso(ms + took).into(),
            took.into(),
            "/srv/app".to_owned().into(),
            path.into(),
            maybe(tool == "Bash", i64::from(failed)),
            (random.below(4_000) as i64).into(),
            (random.below(60_000) as i64).into(),
            (random.below(100_000) as f64 / 1e6).into(),
        ]);
    },
};

const SKILL_TRACES: Table = Table {
    name: "skill_traces",
    weight: 10,
    schema: "CREATE TABLE skill_traces (
        id TEXT PRIMARY KEY, skill TEXT NOT NULL, session_id TEXT,
        status TEXT, score REAL, details TEXT, start_time, end_time
        ) WITHOUT ROWID",
    columns: 8,
    time: "start_time",
    row: |random, row, ms, out| {
        let usual = iso(ms).into();
        out.extend([
            random.uuid().into(),
            format!("skill-{:02}", random.below(40)).into(),
            format!("session-{:05}", row / 50).into(),
            random.pick(&["ok", "ok", "ok", "failed"]).to_owned().into(),
            (random.below(1000) as f64 / 1000.0).into(),
            random.sentence(15).into(),
            odd(random, ms, usual),
            iso(ms + random.below(9_000) as i64).into(),
        ]);
    },
};

const ASSERTION_CHAINS: Table = Table {
    name: "assertion_chains",
    weight: 2,
    schema: "CREATE TABLE assertion_chains (
        id TEXT PRIMARY KEY, name TEXT, status TEXT, created_at TEXT)",
    columns: 4,
    time: "created_at",
    row: |random, row, ms, out| {
        let usual = iso(ms).into();
        out.extend([
            chain(row),
            format!("chain {} of {}", row, random.pick(&AGENTS)).into(),
            random.pick(&["passed", "failed"]).to_owned().into(),
            odd(random, ms, usual),
        ]);
    },
};

const ASSERTION_RESULTS: Table = Table {
    name: "assertion_results",
    weight: 2 * RESULTS_A_CHAIN,
    schema: "CREATE TABLE assertion_results (
        id INTEGER PRIMARY KEY, chain_id TEXT REFERENCES assertion_chains(id),
        assertion TEXT, passed INTEGER, message TEXT, timestamp DATETIME);
        CREATE INDEX assertion_results_chain ON assertion_results(chain_id)",
    columns: 6,
    time: "timestamp",
    row: |random, row, ms, out| {
        let usual = iso(ms).into();
        out.extend([
            (row as i64 + 1).into(),
            chain(row / RESULTS_A_CHAIN),
            random.sentence(7).into(),
            i64::from(!random.once_in(8)).into(),
            random.sentence(10).into(),
            odd(random, ms, usual),
        ]);
    },
};

const MESSAGE_BUS_LOG: Table = Table {
    name: "message_bus_log",
    weight: 17,
    schema: "CREATE TABLE message_bus_log (
        event_id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL,
        source TEXT, payload BLOB, timestamp INTEGER)",
    columns: 5,
    time: "timestamp",
    row: |random, row, ms, out| {
        let text = random.sentence(12).replace('\n', " ");
        let payload = format!("{{\"seq\":{row},\"text\":\"{text}\"}}");
        let usual = ms.into();
        out.extend([
            (row as i64 + 1).into(),
            random.pick(&["task", "agent", "build"]).to_owned().into(),
            random.pick(&AGENTS).to_owned().into(),
            if random.once_in(20) {
                Value::Blob(payload.into_bytes())
            } else {
                payload.into()
            },
            odd(random, ms, usual),
        ]);
    },
};

const TASK_LIST_EXECUTION_RUNS: Table = Table {
    name: "task_list_execution_runs",
    weight: 1,
    schema: "CREATE TABLE task_list_execution_runs (
        id TEXT PRIMARY KEY, task_list TEXT, status TEXT, started_at TEXT,
        finished_at TEXT)",
    columns: 5,
    time: "started_at",
    row: |random, row, ms, out| {
        out.extend([
            random.uuid().into(),
            format!("list-{:03}", row % 25).into(),
            random.pick(&["done", "done", "failed"]).to_owned().into(),
            iso(ms).into(),
            iso(ms + random.below(900_000) as i64).into(),
        ]);
    },
};

/// A log of an application, for measurements: long texts, JSON in a column,
/// about 1,500 bytes a row as JSON, which gzip makes 4.3 times smaller.
pub const AGENT_LOGS: Table = Table {
    name: "agent_logs",
    weight: 1,
    schema: "CREATE TABLE agent_logs (
        id $KEY PRIMARY KEY, timestamp TEXT NOT NULL, session_id TEXT,
        agent TEXT, level TEXT, event TEXT, message TEXT, payload TEXT,
        duration_ms INTEGER, cost_usd REAL)",
    columns: 10,
    time: "timestamp",
    row: |random, row, ms, out| {
        let level = random.pick(&["info", "info", "info", "debug", "error"]);
        out.extend([
            random.uuid().into(),
            iso(ms).into(),
            format!("session-{:05}", row / 210).into(),
            random.pick(&AGENTS).to_owned().into(),
            level.to_owned().into(),
            random.pick(&["call", "reply", "plan", "edit"]).to_owned().into(),
            random.report(level == "error").into(),
            payload(random, row).into(),
            (random.below(90_000) as i64).into(),
            maybe(!random.once_in(3), random.below(100_000) as f64 / 1e6),
        ]);
    },
};

/// What an agent sent or got, as an application writes it into a column.
fn payload(random: &mut Random, row: u64) -> String {
    let (request, path) = (random.uuid(), random.path());
    let (found, lines) = (random.below(40), random.below(2_000));
    let (asked, answered) = (random.below(30_000), random.below(4_000));
    let output = random.prose(17).replace('"', "\\\"");
    format!(
        "{{\"request_id\":\"{request}\",\"step\":{},\"args\":{{\"path\":\
         \"{path}\",\"pattern\":\"{}\",\"limit\":{}}},\"result\":{{\
         \"matches\":{found},\"lines\":{lines},\"truncated\":{},\"output\":\
         \"{}\"}},\"usage\":{{\"input_tokens\":{asked},\"output_tokens\":\
         {answered},\"cache\":[{},{}]}}}}",
        row % 977,
        random.term(),
        10 * (1 + found % 9),
        lines > 1_500,
        output.replace('\n', "\\n"),
        asked / 3,
        answered / 5,
    )
}
