//! Policies of any kind: read, or refused by line.

use super::{BUILT_IN, Policy};
use crate::arbitrary::each_case;

const MORE: &str = concat!(
    r#"{"table":"t","group":"g","every":"week","timestamp":"at","#,
    r#""hot":"7d","warm":"none","cold":"forever","where":"x > 1","#,
    r#""redact":["a"],"exclude":["b"],"redact_secrets":true,"#,
    r#""triggers":"trust","unit":"ms","keep_greatest_id":true}"#
);

#[test]
fn any_text_is_a_policy_or_refused() {
    each_case(3000, |random| {
        let mut text = BUILT_IN.as_bytes().to_vec();
        if random.once_in(2) {
            text.extend_from_slice(MORE.as_bytes());
            text.push(b'\n');
        }
        match random.below(6) {
            0 => text = random.bytes(200),
            1 => {}
            _ => random.damage(&mut text),
        }
        match Policy::parse("policy", &text) {
            Ok(policy) => assert!(policy.rules().count() < 20),
            Err(error) => {
                let said = error.to_string();
                assert!(said.starts_with("policy"), "{said}");
                assert!(!said.contains('\u{1b}'), "{said:?}");
            }
        }
    });
}
