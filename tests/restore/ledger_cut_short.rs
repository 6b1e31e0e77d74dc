//! A ledger that lost its last whole lines: an older backup of it was put
//! back, or copied while a job ran. Its chain holds, and files and database
//! are further than it knows.

use super::*;

/// `lock` still names the last line: whatever deletes refuses to begin, until
/// an operator has the rest taken in.
fn is_refused_until_repaired(world: &World) {
    let before = world.image();
    world.pending().run().status(5);
    world.cmd("rt-expire").arg("--yes").run().status(5);
    world.cmd("rt-consolidate").run().status(5);
    world.cmd("rt-verify").arg("-n").run().status(5);
    world.cmd("rt-verify").arg("--repair").run().status(1);
    assert!(world.image() == before, "{}", world.picture());
    let repair = ["--repair", "--yes"];
    world.cmd("rt-verify").args(repair).run().status(0);
}

#[test]
fn ledger_that_ends_with_the_publication_loses_no_row() {
    for table in ["uuids", "numbers", "logs"] {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        world.job().run().status(0);
        let ledger = world.dir.read("archives/ledger.jsonl");
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let published = |l: &&str| l.contains("\"type\":\"published\"");
        let end = lines.iter().rposition(published).unwrap() + 1;
        world.dir.write("archives/ledger.jsonl", lines[..end].concat());
        is_refused_until_repaired(&world);
        let out = world.pending().run();
        out.status(PARTLY);
        kept(&out, 6);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        at_rest(&world);
    }
}

#[test]
fn ledger_cut_anywhere_behind_the_intents_loses_no_row() {
    for table in ["uuids", "logs"] {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        world.job().run().status(0);
        let ledger = world.dir.read("archives/ledger.jsonl");
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let intent = |l: &&str| l.contains("\"type\":\"store\"");
        let intents = lines.iter().rposition(intent).unwrap() + 1;
        back_up_tree(&world);
        for end in intents..lines.len() {
            put_back_tree(&world);
            world.dir.write("archives/ledger.jsonl", lines[..end].concat());
            is_refused_until_repaired(&world);
            let out = daily(&world).run();
            let done = [0, PARTLY].contains(&out.status);
            out.expect(&format!("line {end}: status 0 or 3"), done);
            world.sound();
            assert_eq!(world.all(), rows, "{end}{}", world.picture());
            at_rest(&world);
        }
    }
}
