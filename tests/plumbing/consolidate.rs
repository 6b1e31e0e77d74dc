//! rt-consolidate: warm days go into their month's tar, which any tar reads;
//! no row is lost on the way, and what cannot go stays where it is.

mod damaged_files_stay;
mod tars_of_other_programs;

use crate::support::rows::{Random, peak_kib};
use crate::support::world::{World, record};
use crate::support::{NOW, system};

/// 45 days and 5 days before [`NOW`].
const OLD: &str = "2025-12-01";
const NEW: &str = "2026-01-10";

#[test]
fn a_day_past_the_age_goes_and_a_younger_one_stays() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &[OLD, NEW]);
    world.archive(NOW);
    let out = world.consolidate(NOW, &["--older-than", "30d"]);
    let told = record(out.status(0).stderr(""));
    assert_eq!(told["status"], "consolidated");
    assert_eq!(told["consolidated"], 1);
    assert_eq!(told["cold_files"][0], "cold/2025/2025-12.tar.gz");
    assert_eq!(told["removed_warm"][0], "warm/2025-12-01/tool_uses.jsonl.gz");
    assert_eq!(world.files_of("warm"), ["warm/2026-01-10/tool_uses.jsonl.gz"]);
    assert!(!world.dir.join("archives/warm/2025-12-01").exists());
    assert_eq!(
        world.once()["tool_uses 1"],
        "cold/2025-12-01/tool_uses.jsonl.gz"
    );
    let again = world.consolidate(NOW, &["--older-than", "30d"]);
    assert_eq!(record(again.status(0))["status"], "no_records");
}

#[test]
fn each_table_goes_at_the_end_of_its_own_periods() {
    // 7 + 30 days for one table, 30 + 90 for the other.
    let world = World::tiers();
    for table in ["tool_uses", "assertion_results"] {
        world.insert(
            table,
            1,
            &["2025-09-16", "2025-09-17", "2025-12-08", "2025-12-09"],
        );
    }
    world.archive(NOW);
    world.consolidate(NOW, &[]).status(0);
    let places = world.once();
    for (row, tier) in [
        ("tool_uses 1", "cold"),
        ("tool_uses 3", "cold"),
        ("tool_uses 4", "warm"),
        ("assertion_results 1", "cold"),
        ("assertion_results 2", "warm"),
        ("assertion_results 4", "warm"),
    ] {
        assert!(places[row].starts_with(tier), "{row}: {places:?}");
    }
}

#[test]
fn a_month_takes_new_days_and_late_rows_and_loses_none() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-01", "2025-12-02"]);
    world.archive(NOW);
    world.consolidate(NOW, &["--older-than", "30d"]).status(0);
    for round in 1..4 {
        // Two late rows for an old day, and a day between.
        let between = format!("2025-12-0{}", 4 + round);
        let days = ["2025-12-01", "2025-12-01", &between, "2025-12-02"];
        world.insert("tool_uses", round * 10, &days);
        world.insert("message_bus_log", round * 10, &days);
        world.archive(NOW);
        world.once();
        let out = world.consolidate(NOW, &["--older-than", "30d"]);
        out.status(0).stderr("");
        let places = world.once();
        assert_eq!(places.len(), 2 + 8 * round as usize);
        assert!(places.values().all(|p| p.starts_with("cold/")));
        assert!(world.files_of("warm").is_empty());
    }
    assert_eq!(world.files_of("cold"), ["cold/2025/2025-12.tar.gz"]);
}

#[test]
fn a_plain_file_is_compressed_and_a_day_with_both_is_one_member() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &[OLD, OLD]);
    world.archive(NOW);
    let line = |id| format!("{{\"id\":{id},\"start_time\":\"{OLD}\"}}\n");
    let both = line(3) + &line(4);
    world.dir.write("archives/warm/2025-12-01/tool_uses.jsonl", both);
    world.dir.write("archives/warm/2025-12-02/tool_uses.jsonl", line(5));
    let out = world.consolidate(NOW, &["--older-than", "30d"]);
    assert_eq!(record(out.status(0).stderr(""))["consolidated"], 3);
    let places = world.once();
    assert_eq!(places.len(), 5);
    for id in 1..5 {
        let place = &places[&format!("tool_uses {id}")];
        assert_eq!(place, "cold/2025-12-01/tool_uses.jsonl.gz");
    }
    assert!(world.files_of("warm").is_empty());
}

#[test]
fn the_schemas_go_along_once() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &[OLD]);
    world.insert("message_bus_log", 1, &[NEW]);
    world.archive(NOW);
    for day in ["2025-12-01", "2025-12-02"] {
        world.insert("tool_uses", 7, &[day]);
        world.archive(NOW);
        world.consolidate(NOW, &["--older-than", "30d"]).status(0);
        let tar = "archives/cold/2025/2025-12.tar.gz";
        let list = world.dir.cmd("tar").args(["-tzf", tar]).run();
        let names = list.status(0).stdout.lines();
        let schemas: Vec<&str> =
            names.filter(|n| n.starts_with("schema/")).collect();
        assert_eq!(schemas.len(), 1, "{schemas:?}");
        assert!(schemas[0].starts_with("schema/tool_uses-"));
        let text = world.dir.cmd("tar").args(["-xzOf", tar, schemas[0]]).run();
        let kept = world.dir.read(&format!("archives/{}", schemas[0]));
        text.status(0).stdout(&kept);
        world.sql("DELETE FROM tool_uses WHERE id = 7");
    }
}

#[test]
fn a_dry_run_names_what_the_run_does_and_changes_nothing() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &[OLD, "2025-11-30", NEW]);
    world.insert("message_bus_log", 1, &[OLD, "2025-10-03"]);
    world.archive(NOW);
    let before = (world.dir.tree(), world.image());
    let mut dry = record(world.consolidate(NOW, &["-n"]).status(0));
    assert!((world.dir.tree(), world.image()) == before);
    let mut real = record(world.consolidate(NOW, &[]).status(0));
    assert_eq!(dry["status"], "dry_run");
    assert_eq!(real["status"], "consolidated");
    dry["status"].take();
    real["status"].take();
    assert_eq!(dry, real);
    // Where there is no tree, none comes to be.
    let empty = World::tiers();
    empty.consolidate(NOW, &["-n"]).status(0);
    assert!(!empty.dir.join("archives").exists());
}

#[test]
fn settings_that_make_no_sense_stop_before_anything() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &[OLD]);
    world.archive(NOW);
    let before = world.image();
    for age in ["0d", "-1d", "7", "", "1.5d", "9999999999y"] {
        let age = format!("--older-than={age}");
        world.consolidate(NOW, &[&age]).status(2).stderr_has("age");
        // rt-expire knows no age: no flag shortens what the policy says.
        world.expire(NOW, &[&age]).status(2);
    }
    for (policy, why) in [
        (r#""warm":"0d","cold":"1d""#, "0d"),
        (r#""warm":"-1d","cold":"1d""#, "-1d"),
        (r#""warm":"1d","cold":"1d","frozen":"1d""#, "frozen"),
        (r#""warm":"1d""#, "cold"),
    ] {
        world.dir.write(
            "policy",
            format!(
                "{{\"table\":\"tool_uses\",\"timestamp\":\"start_time\",\
                 \"hot\":\"7d\",{policy}}}\n"
            ),
        );
        let args = ["--policy", "policy"];
        world.consolidate(NOW, &args).status(2).stderr_has(why);
        let out = world.expire(NOW, &args);
        out.status(2).stderr_has(why);
    }
    assert!(world.image() == before);
}

#[test]
fn tar_bsdtar_and_python_read_the_month() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &[OLD, "2025-12-02"]);
    world.archive(NOW);
    let files = ["2025-12-01", "2025-12-02"].map(|d| {
        let name = format!("archives/warm/{d}/tool_uses.jsonl.gz");
        std::fs::read(world.dir.join(name)).unwrap()
    });
    world.consolidate(NOW, &[]).status(0);
    const PYTHON: &str = "import sys, tarfile
tarfile.open(sys.argv[1], 'r:gz').extractall(sys.argv[2])";
    let tar = "archives/cold/2025/2025-12.tar.gz";
    for (program, args) in [
        ("tar", &["-xzf", tar, "-C", "to"][..]),
        ("bsdtar", &["-xzf", tar, "-C", "to"]),
        ("python3", &["-c", PYTHON, tar, "to"]),
    ] {
        let Some(found) = system(program) else { continue };
        std::fs::create_dir(world.dir.join("to")).unwrap();
        let run = { found }.args(args).current_dir(world.dir.path()).status();
        assert!(run.unwrap().success(), "{program}");
        for (day, bytes) in ["2025-12-01", "2025-12-02"].iter().zip(&files) {
            let name = format!("to/{day}/tool_uses.jsonl.gz");
            assert!(&std::fs::read(world.dir.join(name)).unwrap() == bytes);
        }
        std::fs::remove_dir_all(world.dir.join("to")).unwrap();
    }
}

#[test]
fn the_tar_is_hardly_larger_than_its_members() {
    for size in [8 << 10, 70 << 10, 3 << 20] {
        let world = World::tiers();
        let mut sum = 0;
        for day in 1..10 {
            let name =
                format!("archives/warm/2025-12-0{day}/tool_uses.jsonl.gz");
            let out = world.dir.cmd("rt-gzip").stdin(noise(day, size)).run();
            sum += out.bytes.len();
            world.dir.write(&name, &out.status(0).bytes);
        }
        let out = world.consolidate(NOW, &[]);
        out.status(0).stderr_has("holds archives and no ledger");
        let tar = world.dir.join("archives/cold/2025/2025-12.tar.gz");
        let tar = std::fs::metadata(tar).unwrap().len() as usize;
        assert!(tar * 100 <= sum * 101, "{tar} for {sum}");
    }
}

/// Records whose compressed form has at least `size` bytes.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut random = Random(seed * 7919 + 1);
    let mut out = Vec::new();
    let mut id = 0;
    while out.len() < size * 4 / 3 + 512 {
        id += 1;
        out.extend_from_slice(format!("{{\"id\":{id},\"v\":\"").as_bytes());
        for _ in 0..1000 {
            let at = random.below(64) as usize;
            out.push(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                    [at],
            );
        }
        out.extend_from_slice(b"\"}\n");
    }
    out
}

#[test]
fn a_large_month_needs_little_memory() {
    let world = World::tiers();
    let day = world.dir.cmd("rt-gzip").stdin(noise(1, 15 << 20)).run();
    for n in 10..30 {
        let name = format!("archives/warm/2025-11-{n}/tool_uses.jsonl.gz");
        world.dir.write(&name, &day.bytes);
    }
    world
        .dir
        .write("archives/warm/2025-11-09/tool_uses.jsonl", noise(2, 15 << 20));
    let watched = "rt-consolidate & p=$!
        while s=$(grep VmHWM \"/proc/$p/status\" 2>/dev/null); do
            echo \"$s\"; sleep 0.02
        done; wait $p";
    let out = world.sh(watched).run();
    out.status(0);
    let peaks = out.stdout.lines().filter(|l| l.starts_with("VmHWM"));
    let peak = peaks.map(peak_kib).max().unwrap();
    assert!(peak < 64 << 10, "{peak} KiB");
    assert!(world.files_of("warm").is_empty());
}
