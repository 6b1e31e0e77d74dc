//! A text with its escapes resolved, and the way back.
//!
//! JSON escapes are resolved wherever they stand, within a JSON text or not:
//! what is looked for lies within one string, and a view in which structure
//! and content look alike serves to find it, also where the JSON was cut
//! short.

use crate::record::escape;

/// Where a view and its source part company: from this place of the view on,
/// the source goes on at that place.
pub(super) type Map = Vec<(usize, usize)>;

/// Puts the text with its escapes resolved in place of what `out` held, and
/// where each begins and ends in place of what `map` held. False when there
/// are none.
pub(super) fn unescape(
    text: &[u8],
    out: &mut Vec<u8>,
    mut map: Option<&mut Map>,
) -> bool {
    out.clear();
    if let Some(map) = map.as_mut() {
        map.clear();
    }
    let (mut at, mut any) = (0, false);
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        out.extend_from_slice(&text[at..at + found]);
        at += found;
        let Some((c, length)) = escape(&text[at..]) else {
            out.push(b'\\');
            at += 1;
            continue;
        };
        any = true;
        let from = (out.len(), at);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        at += length;
        if let Some(map) = map.as_mut() {
            map.push(from);
            map.push((out.len(), at));
        }
    }
    out.extend_from_slice(&text[at..]);
    any
}

/// The place in the source of a place in the view.
pub(super) fn back(map: &Map, at: usize) -> usize {
    match map[..map.partition_point(|(view, _)| *view <= at)].last() {
        Some((view, source)) => source + (at - view),
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_view_is_found_again() {
        let text = br#"a\nb\u00e9c\ud83d\ude00d\qe\\f\ud83dg\"#;
        let (mut view, mut map) = (Vec::new(), Map::new());
        assert!(unescape(text, &mut view, Some(&mut map)));
        let want = "a\nb\u{e9}c\u{1F600}d\\qe\\f\\ud83dg\\";
        assert_eq!(String::from_utf8(view.clone()).unwrap(), want);
        for letter in b"abcdqefg" {
            let at = |text: &[u8]| {
                // The `d`s of the escapes come before the one that is meant.
                text.iter().rposition(|b| b == letter).unwrap()
            };
            if *letter == b'd' {
                continue;
            }
            assert_eq!(back(&map, at(&view)), at(text), "{letter}");
        }
        let newline = back(&map, 1);
        assert_eq!((newline, back(&map, 2)), (1, 3));
        assert!(!unescape(b"plain \\q", &mut view, None));
    }
}
