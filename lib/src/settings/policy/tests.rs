use super::*;
use crate::error::Exit;
use crate::secrets::Level;
use crate::time;
use crate::time::{Age, Unit};

const RULE: &str = r#""timestamp":"at","hot":"7d","warm":"30d","cold":"1y""#;

fn read(text: &str) -> Result<Policy> {
    Policy::parse("'p'", text.as_bytes())
}

fn refusal(text: &str) -> String {
    let error = read(text).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{text}");
    error.to_string()
}

fn built_in() -> Policy {
    Policy::load(None).unwrap()
}

fn rule<'a>(policy: &'a Policy, table: &str) -> &'a Rule {
    match policy.get(table).unwrap() {
        Entry::Rule(rule) => rule,
        Entry::Exempt(_) => panic!("{table} is exempt"),
    }
}

#[test]
fn the_built_in_policy_is_the_documented_table() {
    let policy = built_in();
    let rows: Vec<String> = policy
        .entries()
        .iter()
        .map(|entry| match entry {
            Entry::Exempt(table) => format!("{table} exempt"),
            Entry::Rule(r) => format!(
                "{} {} {:?} {} {} {} {}",
                r.table,
                r.group.as_deref().unwrap(),
                r.every,
                r.timestamp,
                r.hot,
                r.warm,
                r.cold.as_ref().unwrap(),
            ),
        })
        .collect();
    assert_eq!(
        rows,
        [
            "transcript_entries transcripts Day timestamp 7d 30d 365d",
            "tool_uses transcripts Day start_time 7d 30d 365d",
            "skill_traces transcripts Day start_time 7d 30d 365d",
            "assertion_results assertions Week timestamp 30d 90d 730d",
            "assertion_chains assertions Week created_at 30d 90d 730d",
            "message_bus_log messages Day timestamp 7d 30d 90d",
            "task_list_execution_runs exempt",
        ]
    );
}

#[test]
fn what_is_printed_reads_back_as_the_same_policy() {
    let full = "# remark\r\n\n  {\"table\":\"a \\\"b\\n\",\"group\":\"g\",\
        \"every\":\"week\",\"timestamp\":\"t\",\"hot\":\"12h\",\
        \"warm\":\"forever\",\"cold\":\"none\",\"unit\":\"webkit_us\",\
        \"where\":\"x = 1\",\"redact\":[\"p\",\"q\"],\"exclude\":[\"r\"],\
        \"redact_secrets\":true,\"triggers\":\"trust\"}  \r\n\
        {\"exempt\":true,\"table\":\"c\"}";
    let policy = read(full).unwrap();
    let printed = policy.to_string();
    assert_eq!(read(&printed).unwrap(), policy);
    let first = rule(&policy, "A \"B\n");
    assert_eq!(first.unit, Some(Unit::WebkitUs));
    assert_eq!(first.where_.as_deref(), Some("x = 1"));
    assert_eq!(first.redact, ["p", "q"]);
    assert_eq!(first.exclude, ["r"]);
    assert_eq!(first.cold, None);
    assert_eq!(first.redact_secrets, Some(Level::Fixed));
    assert!(first.triggers_trust);
    let default = built_in().to_string();
    assert_eq!(default, BUILT_IN.trim_start());
}

#[test]
fn every_defaults_to_day_and_a_group_may_be_missing() {
    let policy = read(&format!("{{\"table\":\"a\",{RULE}}}\n")).unwrap();
    let rule = rule(&policy, "a");
    assert_eq!((rule.every, rule.group.as_ref()), (Every::Day, None));
}

#[test]
fn senseless_lines_are_refused_by_file_and_line() {
    for (line, why) in [
        (format!(r#""tabel":"b",{RULE}"#), "unknown key `tabel`"),
        (format!(r#""table":"b",{RULE},"hot":"8d""#), "duplicate key `hot`"),
        (format!(r#""table":"b","\u0074able":"c",{RULE}"#), "duplicate key"),
        (RULE.to_owned(), "missing key `table`"),
        (format!(r#""table":"A",{RULE}"#), "'A' is on line 2 already"),
        (format!(r#""table":"",{RULE}"#), "table is empty"),
        (r#""table":"b","hot":"7d","warm":"1d","cold":"1d""#.into(), "timest"),
        (RULE.replace("\"hot\":\"7d\"", "\"table\":\"b\""), "hot is missing"),
        (
            r#""table":"b","timestamp":"t","hot":"7d","cold":"1d""#.into(),
            "warm is missing",
        ),
        (
            r#""table":"b","timestamp":"t","hot":"7d","warm":"1d""#.into(),
            "cold is missing",
        ),
        (with("7d", "0"), "hot: '0' is not an age"),
        (with("7d", "0d"), "hot: '0d' is not an age"),
        (with("30d", "-1d"), "warm: '-1d' is not an age"),
        (with("30d", "none"), "warm: 'none' is not an age"),
        (with("1y", "6min"), "cold: '6min' is not an age"),
        (with("\"7d\"", "7"), "invalid type: integer `7`"),
        (with("\"7d\"", "null"), "invalid type: null"),
        (plus(r#""every":"month""#), "unknown variant `month`"),
        (plus(r#""unit":"sec""#), "unit: 'sec' is not a unit"),
        (plus(r#""triggers":"maybe""#), "unknown variant `maybe`"),
        (plus(r#""redact":"c""#), "invalid type: string"),
        (plus(r#""redact":["AT"]"#), "neither redacted nor excluded"),
        (plus(r#""exclude":["at"]"#), "neither redacted nor excluded"),
        (plus(r#""redact":["c"],"exclude":["C"]"#), "'C' is redacted or"),
        (plus(r#""redact":["c","c"]"#), "redacted or excluded twice"),
        (plus(r#""redact_secrets":"yes""#), "invalid type: string"),
        (plus(r#""where":" ""#), "where is empty"),
        (plus(r#""group":"a\u0000""#), "group holds a NUL"),
        (plus(r#""group":"daily""#), "a group cannot be called 'daily'"),
        (plus(r#""exempt":true"#), "an exempt table takes no key"),
        (format!("{}}}{{", with("7d", "8d")), "trailing characters"),
    ] {
        let text = format!("# one\n{{\"table\":\"a\",{RULE}}}\n{{{line}}}\n");
        let message = refusal(&text);
        assert!(message.starts_with("'p', line 3: "), "{message}");
        assert!(message.contains(why), "{message}, not {why}");
    }
}

fn with(from: &str, to: &str) -> String {
    format!(r#""table":"b",{}"#, RULE.replacen(from, to, 1))
}

fn plus(more: &str) -> String {
    format!(r#""table":"b",{RULE},{more}"#)
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["[\"a\"]", "null", "x", "\"a\"", "{", "\u{feff}{}", "a\0"] {
        assert!(refusal(text).starts_with("'p', line 1: "), "{text}");
    }
    let error = Policy::parse("'p'", b"{\"table\":\"\xff\"}").unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    for text in ["", "\n\n", "# nothing"] {
        assert_eq!(refusal(text), "'p': the policy names no table");
    }
}

#[test]
fn a_missing_policy_is_a_matter_of_settings() {
    let error = Policy::load(Some(Path::new("/nowhere/p"))).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.to_string().contains("'/nowhere/p'"));
}

#[test]
fn targets_are_jobs_groups_and_tables() {
    let policy = built_in();
    let targets = |target: &str| policy.targets(target).unwrap().join(" ");
    let daily = "transcript_entries tool_uses skill_traces message_bus_log";
    assert_eq!(targets("daily"), daily);
    assert_eq!(targets("weekly"), "assertion_results assertion_chains");
    assert_eq!(
        targets("transcripts"),
        "transcript_entries tool_uses skill_traces"
    );
    assert_eq!(targets("TOOL_uses"), "tool_uses");
    assert_eq!(
        targets("task_list_execution_runs"),
        "task_list_execution_runs"
    );
    assert_eq!(policy.targets("all").unwrap().len(), 6);
    for word in ["nothing", "", "Transcripts", "ALL"] {
        let error = policy.targets(word).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        let hint = error.next_step().unwrap();
        assert!(hint.contains("daily, weekly, transcripts"), "{hint}");
        assert!(hint.contains("task_list_execution_runs"), "{hint}");
    }
}

#[test]
fn a_group_may_share_its_name_only_with_its_one_table() {
    let line = |table: &str, group: &str| {
        format!("{{\"table\":\"{table}\",\"group\":\"{group}\",{RULE}}}\n")
    };
    assert!(read(&line("logs", "logs")).is_ok());
    for text in [
        line("logs", "logs") + &line("more", "logs"),
        line("more", "logs") + "{\"table\":\"LOGS\",\"exempt\":true}",
    ] {
        assert!(refusal(&text).contains("'logs' names both"), "{text}");
    }
}

#[test]
fn periods_count_on_from_one_another() {
    let now = time::parse(b"2026-04-01T06:00:00Z").unwrap();
    let policy = built_in();
    let rule = rule(&policy, "tool_uses");
    let hot = cutoff(rule, now).unwrap().unwrap();
    assert_eq!(hot.to_string(), "2026-03-25T06:00:00Z");
    let warm = cold_cutoff(rule, now).unwrap().unwrap();
    assert_eq!(warm.to_string(), "2026-02-23T06:00:00Z");
    let mut kept = rule.clone();
    kept.warm = Period::Forever;
    assert_eq!(cold_cutoff(&kept, now).unwrap(), None);
    kept.hot = Period::Forever;
    assert_eq!(cutoff(&kept, now).unwrap(), None);
    assert_eq!(cold_cutoff(&kept, now).unwrap(), None);
    kept.hot = Period::Age(Age::parse("9999y").unwrap());
    let error = cutoff(&kept, now).unwrap_err();
    assert!(error.to_string().starts_with("tool_uses: "));
}
