//! What comes of damaged inputs, on no thread and on several.

use super::super::ahead::WHOLE_MAX;
use super::super::read::tests::{foreign, noise, ours};
use super::*;

/// All text that comes, and the damages.
fn read(bytes: &[u8], threads: usize) -> (Vec<u8>, Vec<Damage>) {
    let mut reader = Proven::new(bytes, "input", threads);
    let (mut text, mut piece, mut damages) = (vec![], vec![], vec![]);
    loop {
        match reader.next(&mut piece).unwrap() {
            Step::Text => text.extend_from_slice(&piece),
            Step::Damaged(damage) => {
                assert!(piece.is_empty());
                damages.push(damage);
            }
            Step::End => return (text, damages),
        }
    }
}

#[test]
fn any_changed_byte_takes_one_member_at_most() {
    let texts = [noise(300, 1), noise(200, 2), b"x\n".repeat(90), noise(9, 3)];
    let members = [
        ours(&texts[0]),
        foreign(&texts[1]),
        ours(&texts[2]),
        ours(&texts[3]),
    ];
    let bytes = members.concat();
    for at in 0..bytes.len() {
        let ends = members.iter().scan(0, |end, m| {
            *end += m.len();
            Some(*end)
        });
        let hurt = ends.into_iter().position(|end| at < end).unwrap();
        let mut others = texts.clone();
        others[hurt].clear();
        for mask in [1, 2, 4, 8, 16, 32, 64, 128, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            let (text, damages) = read(&changed, at % 3);
            match damages.is_empty() {
                true => assert!(text == texts.concat(), "byte {at}"),
                false => assert!(text == others.concat(), "byte {at}"),
            }
        }
    }
}

#[test]
fn cut_anywhere_the_members_in_front_come() {
    let texts = [noise(300, 5), noise(100, 6), noise(50, 7)];
    let members = [ours(&texts[0]), foreign(&texts[1]), ours(&texts[2])];
    let bytes = members.concat();
    let mut want = Vec::new();
    let mut start = 0;
    for (member, text) in members.iter().zip(&texts) {
        for len in start + 1..start + member.len() {
            let (got, damages) = read(&bytes[..len], 0);
            assert!(got == want && damages.len() == 1, "{len} bytes");
            assert_eq!(damages[0].start, start as u64);
            assert_eq!(damages[0].end, len as u64);
        }
        want.extend_from_slice(text);
        start += member.len();
    }
}

#[test]
fn a_member_too_long_to_be_opened_whole_is_passed_over_by_its_size() {
    let long = ours(&noise(WHOLE_MAX + 1, 7));
    let mut bytes = [ours(b"a\n"), long.clone(), ours(b"z\n")].concat();
    let start = ours(b"a\n").len();
    bytes[start + 1000] ^= 1;
    for threads in [0, 2] {
        let (text, damages) = read(&bytes, threads);
        assert_eq!(text, b"a\nz\n");
        assert_eq!(damages.len(), 1);
        assert_eq!(damages[0].end, (start + long.len()) as u64);
        assert!(damages[0].claim.is_some_and(|c| c.range == Some((1, 2))));
    }
}

#[test]
fn headers_without_end_are_given_up() {
    let bytes = b"\x1f\x8b\x08\x00".repeat(1 << 16);
    let (text, damages) = read(&bytes, 0);
    assert!(text.is_empty());
    assert!(damages.len() < 1000, "{}", damages.len());
}
