//! What a line of a policy may say: each senseless one is refused by file and
//! line, and a good one reads back as it was printed.

use super::{file, policy, refusal, stdout};

const RULE: &str = r#""timestamp":"at","hot":"7d","warm":"30d","cold":"1y""#;

/// What rt-policy says of a policy that it refuses; the file is called 'p'.
fn refused(text: &[u8]) -> String {
    let (_dir, path) = super::file_of(text);
    let message = refusal(&mut policy(&["--check", "--policy", &path]));
    message.replacen(&path, "p", 1)
}

/// Whether a policy is taken.
fn taken(text: &str) {
    let (_dir, path) = file(text);
    assert_eq!(stdout(&["--check", "--policy", &path]), "");
}

#[test]
fn every_key_that_is_printed_reads_back() {
    let full = "{\"table\":\"a \\\"b\\n\",\"group\":\"g\",\
        \"every\":\"week\",\"timestamp\":\"t\",\"hot\":\"12h\",\
        \"warm\":\"forever\",\"cold\":\"none\",\"unit\":\"webkit_us\",\
        \"where\":\"x = 1\",\"redact\":[\"p\",\"q\"],\"exclude\":[\"r\"],\
        \"redact_secrets\":true,\"triggers\":\"trust\",\
        \"optional\":true}";
    let exempt = "{\"table\":\"c\",\"exempt\":true}";
    let (_dir, path) = file(&format!("# remark\r\n\n  {full}  \r\n{exempt}"));
    let printed = stdout(&["--policy", &path]);
    assert_eq!(printed, format!("{full}\n{exempt}\n"));
    let (_dir, path) = file(&printed);
    assert_eq!(stdout(&["--policy", &path]), printed);
}

#[test]
fn every_defaults_to_day_and_a_group_may_be_missing() {
    let (_dir, path) = file(&format!("{{\"table\":\"a\",{RULE}}}\n"));
    let printed = stdout(&["--policy", &path]);
    let want = format!("{{\"table\":\"a\",\"every\":\"day\",{RULE}}}\n");
    assert_eq!(printed, want);
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
        (plus(r#""optional":"yes""#), "invalid type: string"),
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
        let message = refused(text.as_bytes());
        assert!(message.starts_with("rt-policy: 'p', line 3: "), "{message}");
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
    for text in [
        &b"[\"a\"]"[..],
        b"null",
        b"x",
        b"\"a\"",
        b"{",
        "\u{feff}{}".as_bytes(),
        b"a\0",
        b"{\"table\":\"\xff\"}",
    ] {
        let message = refused(text);
        let start = "rt-policy: 'p', line 1: ";
        assert!(message.starts_with(start), "{text:?}: {message}");
    }
    for text in ["", "\n\n", "# nothing"] {
        let message = refused(text.as_bytes());
        assert!(message.contains("'p': the policy names no table"));
    }
}

#[test]
fn a_target_that_is_none_is_answered_with_all_there_are() {
    for word in ["nothing", "", "Transcripts", "ALL"] {
        let message = refusal(&mut policy(&["--tables", "--", word]));
        assert!(message.contains("daily, weekly, transcripts"), "{message}");
        assert!(message.contains("task_list_execution_runs"), "{message}");
    }
    assert_eq!(stdout(&["--tables", "TOOL_uses"]), "tool_uses\n");
}

#[test]
fn a_group_may_share_its_name_only_with_its_one_table() {
    let line = |table: &str, group: &str| {
        format!("{{\"table\":\"{table}\",\"group\":\"{group}\",{RULE}}}\n")
    };
    taken(&line("logs", "logs"));
    for text in [
        line("logs", "logs") + &line("more", "logs"),
        line("more", "logs") + "{\"table\":\"LOGS\",\"exempt\":true}",
    ] {
        let message = refused(text.as_bytes());
        assert!(message.contains("'logs' names both"), "{text}");
    }
}
