//! The page of rt-retention and the numbers for Prometheus: what they say of
//! a tree with a past, and what they must never do.

use std::fs;

use crate::support::{Cmd, Dir, system};

const POLICY: &str = r#"{"table":"log","timestamp":"at","hot":"7d","warm":"30d","cold":"90d"}
{"table":"<b>\"x\"&","timestamp":"at","hot":"7d","warm":"30d","cold":"none"}
"#;

/// Rows over half a year, and jobs of some of its nights; the last one failed.
fn world() -> Dir {
    let dir = Dir::new();
    dir.write("policy.jsonl", POLICY);
    dir.sql(
        "app.db",
        "CREATE TABLE log(id INTEGER PRIMARY KEY, at TEXT, body TEXT);
         CREATE TABLE \"<b>\"\"x\"\"&\"(id INTEGER PRIMARY KEY, at TEXT);
         WITH RECURSIVE n(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n
             WHERE n < 360)
         INSERT INTO log SELECT n,
             strftime('%Y-%m-%dT%H:%M:%SZ', '2025-07-01',
                 (n * 13) || ' hours'),
             hex(n * 99991) FROM n;
         INSERT INTO \"<b>\"\"x\"\"&\" SELECT id, at FROM log",
    );
    for now in ["2025-09-30T03:00:00Z", "2025-10-31T03:00:00Z", NOW] {
        let run = |job: &str| on(dir.cmd(job)).arg("--yes").now(now).run();
        run("rt-daily").status(0);
        run("rt-monthly").status(0);
    }
    let args = ["--db", "nowhere.db"];
    on(dir.cmd("rt-daily")).args(args).run().status(1);
    dir
}

const NOW: &str = "2025-12-01T03:00:00Z";

fn on(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.env("RT_DB", "app.db").env("RT_POLICY", "policy.jsonl").now(NOW)
}

fn page(dir: &Dir) -> String {
    let out = on(dir.cmd("rt-retention")).args(["page", "out.html"]).run();
    out.status(0).stdout("").stderr("");
    dir.read("out.html")
}

#[test]
fn page_shows_the_past_and_what_needs_attention() {
    let dir = world();
    let page = page(&dir);
    for part in [
        "<h2>What needs attention</h2>",
        "<td>held</td>",
        "<h2>Archives by month</h2>",
        "<td>2025-09</td>",
        "<h3>Rows of log by month</h3>",
        "<h2>Bytes a row</h2>",
        "The last 7 jobs",
        "2025-12-01, daily: done in",
        "; daily: in part, status 1",
        "median of the last 3 whole months",
        "<h2>The oldest rows of the database</h2>",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[test]
fn names_are_no_markup_and_nothing_comes_from_elsewhere() {
    let dir = world();
    let page = page(&dir);
    assert!(page.contains("&lt;b&gt;&quot;x&quot;&amp;"), "{page}");
    for never in ["<b>", "<script", "http:", "https:", "src=", "@import"] {
        assert!(!page.contains(never), "{never} is in\n{page}");
    }
    let pictures = page.matches("<svg").count();
    let named = page.matches("<svg role=\"img\" aria-label=\"").count();
    let hidden = page.matches("aria-hidden=\"true\"").count();
    assert!(named > 4 && named + hidden == pictures, "{page}");
}

#[test]
fn page_is_made_of_what_there_is() {
    let dir = Dir::new();
    dir.write("policy.jsonl", POLICY);
    let page = |dir: &Dir| {
        let args = ["page", "out.html"];
        on(dir.cmd("rt-retention")).args(args).run().status_of(&[0, 1]);
        dir.read("out.html")
    };
    let text = page(&dir);
    assert!(text.contains("Nothing was archived yet."), "{text}");
    assert!(text.contains("No job ended yet."), "{text}");
    assert!(text.contains("no whole month of archiving yet"), "{text}");
}

#[test]
fn a_browser_lays_the_page_out_within_a_narrow_screen() {
    let Some(mut chromium) = system("chromium") else { return };
    let dir = world();
    let measure = "<script>document.title = 'width ' +
        document.documentElement.scrollWidth</script></body>";
    let text = page(&dir).replace("</body>", measure);
    let file = dir.write("narrow.html", text);
    let data = format!("--user-data-dir={}", dir.join("chromium").display());
    let out = chromium
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", &data])
        .args(["--window-size=400,800", "--dump-dom"])
        .arg(file)
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&out.stdout);
    let width = dom.split("<title>width ").nth(1).and_then(|rest| {
        rest.split('<').next().and_then(|n| n.parse::<u32>().ok())
    });
    // The window of a browser without a screen is at least 500 wide.
    assert!(width.is_some_and(|width| width <= 500), "{width:?}\n{dom}");
}

#[test]
fn page_refuses_what_it_cannot_mean() {
    let dir = Dir::new();
    for (args, why) in [
        (&["page"][..], "the FILE of the page is missing"),
        (&["page", "a", "b"], "unexpected operand 'b'"),
        (&["status", "a"], "unexpected operand 'a'"),
        (&["page", "--json", "a"], "page writes to its FILE"),
        (&["stats", "--prometheus", "a"], "--prometheus is for status"),
        (&["status", "--prometheus", "a", "--json"], "writes to its FILE"),
    ] {
        let out = on(dir.cmd("rt-retention")).args(args).run();
        out.status(2).stderr_has(why);
    }
}

#[test]
fn numbers_for_prometheus_are_all_there_and_well_formed() {
    let dir = world();
    let args = ["status", "--prometheus", "rt.prom"];
    let out = on(dir.cmd("rt-retention")).args(args).run();
    out.status(0).stdout("").stderr("");
    let text = dir.read("rt.prom");
    let took = |line: &str| line.starts_with("rt_job_last_duration_seconds{");
    let steady: Vec<String> = text
        .replace(&dir.path().display().to_string(), "DIR")
        .lines()
        .map(|line| match line.rsplit_once(' ') {
            Some((name, _)) if took(line) => format!("{name} SECONDS"),
            _ => line.to_owned(),
        })
        .filter(|line| !line.contains("_bytes{"))
        .collect();
    insta::assert_snapshot!("prometheus", steady.join("\n"));
    if let Some(mut promtool) = system("promtool") {
        let input = fs::File::open(dir.join("rt.prom")).unwrap();
        let checked =
            promtool.args(["check", "metrics"]).stdin(input).output().unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}
