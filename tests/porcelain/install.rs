//! scripts/install: what it puts where, and that it takes away just that.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Cmd, Dir, bins, root};

/// A build that is done: each program is one that runs the built one.
fn built(dir: &Dir) {
    dir.script("path/cargo", "#!/bin/sh\n");
    for entry in fs::read_dir(root().join("bins")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let program = bins().join(&name);
        let text = format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display());
        dir.script(&format!("built/release/{name}"), &text);
    }
}

fn install<'a>(dir: &'a Dir, args: &[&str]) -> Cmd<'a> {
    dir.cmd(root().join("scripts/install"))
        .path_first(dir.join("path"))
        .env("CARGO_TARGET_DIR", dir.join("built"))
        .args(args)
}

/// The paths below a folder, without what the test itself put there.
fn paths(dir: &Dir, below: &str) -> BTreeSet<String> {
    let tree = dir.tree();
    let lines = tree.lines().filter(|l| l.starts_with(below));
    lines.map(|l| l.split(" 0").next().unwrap().to_owned()).collect()
}

#[test]
fn everything_is_installed_and_works_from_a_folder_with_a_space() {
    let dir = Dir::new();
    built(&dir);
    let out = install(&dir, &["in st"]).run();
    let bin = dir.join("in st/bin");
    out.status(0).stdout_has("PATH does not have it: export PATH=");
    out.stdout_has("MANPATH: export MANPATH=");
    out.stdout_has("examples of settings in ");
    out.stdout_has("\nwhat comes next: rt help tutorial\n");
    let versions = dir.cmd(bin.join("rt")).arg("--version").run();
    versions.status(0).stderr("");
    versions.expect("all", versions.stdout.lines().count() > 23);
    for line in versions.stdout.lines().skip(1) {
        versions.expect("beside", line.contains("/in st/lib/rt/rt-"));
    }
    for page in fs::read_dir(root().join("man")).unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        let section = name.rsplit('.').next().unwrap();
        let path = format!("in st/share/man/man{section}/{name}");
        assert!(dir.join(&path).exists(), "{path}");
    }
    let units = "in st/share/doc/rt-tools/examples/systemd";
    let service = dir.read(&format!("{units}/rt-check@.service"));
    let start = format!(
        "ExecStart=\"{}/in st/bin/rt\" --config %i retention check\n",
        dir.path().display()
    );
    assert!(service.contains(&start), "{service}");
    assert!(!service.contains("@BIN@") && !service.contains("@JOB@"));
    let alert = dir.read(&format!("{units}/rt-alert@.service"));
    let place = format!("\"{}/in st/etc/rt/alert\"", dir.path().display());
    let start = format!("\nExecStart={place} %i\n");
    assert!(alert.contains(&start), "{alert}");
    for name in ["rt.conf", "policy.jsonl", "alert"] {
        assert!(dir.join(format!("in st/etc/rt/{name}")).exists());
    }
}

#[test]
fn uninstall_takes_away_what_was_put_there_and_nothing_else() {
    let dir = Dir::new();
    built(&dir);
    dir.write("at/bin/own", "");
    dir.write("at/share/man/man1/own.1", "");
    let before = paths(&dir, "at/");
    install(&dir, &["at"]).run().status(0);
    // Once more, with a program less: that goes, what is new is noted.
    dir.write("at/lib/rt/rt-old", "");
    let manifest = dir.read("at/lib/rt/manifest");
    let at = dir.path().display();
    let empty =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let line = format!("f {empty} {at}/at/lib/rt/rt-old\n");
    dir.write("at/lib/rt/manifest", manifest + &line);
    install(&dir, &["at"]).run().status(0);
    assert!(!dir.join("at/lib/rt/rt-old").exists(), "{}", dir.tree());
    let out = install(&dir, &["--uninstall", "at"]).run();
    out.status(0).stderr("").stdout("");
    assert_eq!(paths(&dir, "at/"), before);
    let out = install(&dir, &["--uninstall", "at"]).run();
    out.status(1).stderr_has("install: there is no '");
}

#[test]
fn what_is_built_apart_is_installed_only_where_it_was_built() {
    let dir = Dir::new();
    built(&dir);
    install(&dir, &["at"]).run().status(0);
    assert!(!dir.join("at/bin/rt-lake").exists(), "{}", dir.tree());
    let text = "#!/bin/sh\necho \"rt-lake: publish\"\n";
    dir.script("built/release/rt-lake", text);
    install(&dir, &["at"]).run().status(0);
    for name in ["at/bin/rt-lake", "at/lib/rt/rt-lake"] {
        assert_eq!(dir.read(name), text);
    }
}

#[test]
fn settings_that_were_edited_stay() {
    let dir = Dir::new();
    built(&dir);
    install(&dir, &["at"]).run().status(0);
    dir.write("at/etc/rt/rt.conf", "RT_DB=/x\n");
    install(&dir, &["at"]).run().status(0);
    assert_eq!(dir.read("at/etc/rt/rt.conf"), "RT_DB=/x\n");
    let out = install(&dir, &["--uninstall", "at"]).run();
    let kept = format!("{}/at/etc/rt/rt.conf: it was", dir.path().display());
    out.status(0).stdout_has(&kept);
    assert_eq!(dir.read("at/etc/rt/rt.conf"), "RT_DB=/x\n");
    let left = ["at/", "at/etc/", "at/etc/rt/", "at/etc/rt/rt.conf"];
    assert_eq!(paths(&dir, "at/"), left.map(str::to_owned).into());
}

#[test]
fn tree_of_a_package_is_made_below_destdir() {
    let dir = Dir::new();
    built(&dir);
    let out = install(&dir, &["/usr"]).env("DESTDIR", dir.join("stage")).run();
    out.status(0);
    // The PATH of the root that it is for is not known here.
    assert!(!out.stdout.contains("export "), "{}", out.stdout);
    for path in [
        "stage/etc/rt/rt.conf",
        "stage/usr/bin/rt-daily",
        "stage/lib/systemd/system/rt-daily@.timer",
    ] {
        assert!(dir.join(path).exists(), "{path}\n{}", dir.tree());
    }
    let unit = dir.read("stage/lib/systemd/system/rt-daily@.service");
    assert!(unit.contains("ExecStart=\"/usr/bin/rt\" --config %i daily\n"));
}
