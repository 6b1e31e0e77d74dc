//! scripts/demo and scripts/install: what they need and do not find is said
//! before they build or make anything.

use crate::support::{Cmd, Dir, root, system};

/// A script of the checkout, where only these programs of the system are.
fn run<'a>(dir: &'a Dir, script: &str, programs: &[&str]) -> Cmd<'a> {
    for name in programs {
        dir.script(
            &format!("path/{name}"),
            &format!("#!/bin/sh\nPATH=/usr/bin:/bin exec {name} \"$@\"\n"),
        );
    }
    dir.cmd("/bin/sh")
        .arg(root().join("scripts").join(script))
        .env("PATH", dir.join("path"))
}

const SYSTEM: [&str; 6] = ["dirname", "basename", "id", "mkdir", "ls", "sed"];

#[test]
fn missing_toolchain_is_said_before_anything_is_made() {
    if system("cargo").is_none() {
        return;
    }
    for script in ["demo", "install"] {
        let dir = Dir::new();
        let out = run(&dir, script, &SYSTEM).run();
        out.status(1).stdout("").stderr(&format!(
            "{script}: there is no cargo\n\
             hint: install the Rust toolchain from https://rustup.rs\n"
        ));
        dir.script("path/cargo", "#!/bin/sh\necho built >&2; exit 9\n");
        let out = run(&dir, script, &SYSTEM).run();
        out.status(1).stdout("").stderr_has("there is no C compiler");
        out.expect("no build", !out.stderr.contains("built"));
        let made = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(made, 1, "{}", dir.tree());
    }
}

#[test]
fn missing_database_is_said_before_the_build() {
    let dir = Dir::new();
    for name in ["nosuch.db", "no/such.db"] {
        let out = run(&dir, "demo", &SYSTEM).arg(name).run();
        out.status(1).stdout("").stderr(&format!(
            "demo: there is no database '{name}'\n\
             hint: without DB an example is made\n"
        ));
    }
}

#[test]
fn pages_as_html_link_to_each_other_and_to_sections_that_are_there() {
    if system("mandoc").is_none() {
        return;
    }
    let dir = Dir::new();
    let script = root().join("scripts/html");
    dir.cmd(script).arg("pages out").run().status(0).stderr("");
    let (mut links, mut pages) = (0, 0);
    for entry in std::fs::read_dir(dir.join("pages out")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".html") {
            continue;
        }
        pages += 1;
        let page = dir.read(&format!("pages out/{name}"));
        for link in page.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap();
            if link.starts_with("https://") {
                continue;
            }
            links += 1;
            let (file, at) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { &name } else { file };
            let target = dir.read(&format!("pages out/{file}"));
            let id = format!("id=\"{at}\"");
            assert!(at.is_empty() || target.contains(&id), "{name}: {link}");
        }
    }
    assert!(pages > 35 && links > 500, "{pages} pages, {links} links");
}
