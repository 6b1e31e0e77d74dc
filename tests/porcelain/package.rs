//! scripts/package: what the Debian package holds, and that it comes and goes
//! without a trace but for settings that somebody has edited.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::support::{Dir, Out, root, system};

/// Builds the package, of stand-ins for the programs; none where the tools of
/// Debian are missing.
fn package(dir: &Dir) -> Option<PathBuf> {
    // scripts/check says so where one is missing.
    system("dpkg-deb")?;
    system("dpkg-shlibdeps")?;
    dir.script("path/cargo", "#!/bin/sh\n");
    for entry in fs::read_dir(root().join("bins")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        // A program that needs the C library, and says nothing.
        let program = fs::read("/bin/true").unwrap();
        let at = dir.script(&format!("built/release/{name}"), "");
        fs::write(at, program).unwrap();
    }
    let out = dir
        .cmd(root().join("scripts/package"))
        .path_first(dir.join("path"))
        .env("CARGO_TARGET_DIR", dir.join("built"))
        .args(["deb", "out"])
        .run();
    out.status(0);
    let version = env!("CARGO_PKG_VERSION");
    let start = format!("{}/out/rt-tools_{version}_", dir.path().display());
    let file = out.stdout.trim_end();
    out.expect("its file", file.starts_with(&start) && file.ends_with(".deb"));
    Some(PathBuf::from(file))
}

fn deb(dir: &Dir, what: &[&str], file: &PathBuf) -> Out {
    let out = dir.cmd("dpkg-deb").args(what).arg(file).run();
    out.status(0).stderr("");
    out
}

#[test]
fn package_holds_all_that_is_installed_and_enables_nothing() {
    let dir = Dir::new();
    let Some(file) = package(&dir) else { return };
    let out = deb(&dir, &["--field"], &file);
    let version = format!("Version: {}\n", env!("CARGO_PKG_VERSION"));
    for field in ["Package: rt-tools\n", &version, "Section: admin\n"] {
        out.stdout_has(field);
    }
    out.stdout_has("\nDepends: libc6 (>=");
    let holes = out.stdout.matches('@').count();
    out.expect("filled in, but for the address", holes == 1);

    let out = deb(&dir, &["--contents"], &file);
    let mut paths = BTreeSet::new();
    for line in out.stdout.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        out.expect("root's", words[1] == "root/root");
        let others_write =
            &words[0][8..9] == "w" && !words[0].starts_with('l');
        out.expect("only root may write", !others_write);
        paths.insert(words[5].to_owned());
    }
    let mut wanted = Vec::new();
    for entry in fs::read_dir(root().join("bins")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        wanted.push(format!("./usr/lib/rt/{}", name.trim_end_matches(".rs")));
    }
    for entry in fs::read_dir(root().join("man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let section = name.rsplit('.').next().unwrap();
        wanted.push(format!("./usr/share/man/man{section}/{name}.gz"));
    }
    for job in ["daily", "weekly", "monthly", "check"] {
        wanted.push(format!("./lib/systemd/system/rt-{job}@.timer"));
        wanted.push(format!("./lib/systemd/system/rt-{job}@.service"));
    }
    for path in [
        "./usr/bin/rt",
        "./usr/bin/rt-archive",
        "./usr/lib/rt/rt-sh-setup.sh",
        "./usr/share/bash-completion/completions/rt",
        "./etc/rt/rt.conf",
        "./usr/share/doc/rt-tools/copyright",
        "./usr/share/doc/rt-tools/changelog.gz",
    ] {
        wanted.push(path.to_owned());
    }
    let missing: Vec<&String> =
        wanted.iter().filter(|path| !paths.contains(*path)).collect();
    out.expect(&format!("also {missing:?}"), missing.is_empty());
    let enabled = |path: &String| path.contains(".wants/");
    out.expect("no unit enabled", !paths.iter().any(enabled));
    let out = deb(&dir, &["--info"], &file);
    out.stdout_has("conffiles");
    let info = dir.cmd("dpkg-deb").arg("--info").arg(&file);
    let out = info.arg("conffiles").run();
    let conffiles: BTreeSet<&str> = out.stdout.lines().collect();
    let settings: BTreeSet<&str> = paths
        .iter()
        .filter(|path| path.starts_with("./etc/") && !path.ends_with('/'))
        .map(|path| &path[1..])
        .collect();
    assert_eq!(conffiles, settings);
    assert!(conffiles.contains("/etc/rt/policy.jsonl"));
}

#[test]
fn package_comes_and_goes_and_leaves_what_was_edited_until_it_is_purged() {
    let dir = Dir::new();
    let Some(file) = package(&dir) else { return };
    // dpkg installs as root only.
    if !fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0) {
        return;
    }
    for folder in ["info", "updates", "triggers"] {
        dir.folder(&format!("at/var/lib/dpkg/{folder}"));
    }
    dir.write("at/var/lib/dpkg/status", "");
    dir.write("at/var/lib/dpkg/available", "");
    let dpkg = |args: &[&str]| {
        let forces = ["script-chrootless", "depends", "bad-path", "confold"];
        let out = dir
            .cmd("dpkg")
            .arg(format!("--root={}", dir.join("at").display()))
            .args(forces.map(|force| format!("--force-{force}")))
            .args(args)
            .run();
        out.status(0);
    };
    let file = file.to_str().unwrap();
    dpkg(&["--install", file]);
    let own = |path: &str| dir.join("at").join(path).exists();
    assert!(own("usr/bin/rt") && own("lib/systemd/system/rt-daily@.timer"));
    dir.write("at/etc/rt/rt.conf", "RT_DB=/x\n");
    // An upgrade keeps it, and so does a removal.
    dpkg(&["--install", file]);
    assert_eq!(dir.read("at/etc/rt/rt.conf"), "RT_DB=/x\n");
    dpkg(&["--remove", "rt-tools"]);
    assert!(!own("usr") && !own("lib"), "{}", dir.tree());
    assert_eq!(dir.read("at/etc/rt/rt.conf"), "RT_DB=/x\n");
    dpkg(&["--purge", "rt-tools"]);
    assert!(!own("etc/rt"), "{}", dir.tree());
}
