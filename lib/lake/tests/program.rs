//! The program as it is built here, for the tests of all programs in tests/.

use std::process::Command;

#[test]
fn program_says_which_it_is() {
    let program = env!("CARGO_BIN_EXE_rt-lake");
    let out = Command::new(program).arg("-V").output();
    let text = out.map(|out| out.stdout).unwrap_or_default();
    let version = format!("rt-lake {} (", env!("CARGO_PKG_VERSION"));
    assert!(text.starts_with(version.as_bytes()));
}
