//! The SQLite that the programs are linked with.
//!
//! The copy that rusqlite brings calls fsync where it would call fdatasync,
//! unless it is compiled with HAVE_FDATASYNC, which no feature of its crate
//! says: `LIBSQLITE3_FLAGS` does, in the environment of the build.
//! `.cargo/config.toml` sets it for who builds in a checkout; `cargo install
//! --git`, vendored builds and distributions do not read that file. SQLite
//! does not list the option (`PRAGMA compile_options`), so what the build was
//! told is kept from there.

/// The call by which SQLite flushes a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flush {
    /// The call that leaves the file's times alone.
    Fdatasync,
    /// The call that writes the file's times too, and waits for that.
    Fsync,
    /// Unknown: the library is the system's, built as its maker chose.
    System,
}

/// How the linked SQLite flushes.
pub fn flush() -> Flush {
    chosen(
        option_env!("LIBSQLITE3_FLAGS"),
        option_env!("LIBSQLITE3_SYS_USE_PKG_CONFIG"),
    )
}

/// The linked SQLite in a few words, for `-V`.
pub fn sqlite() -> String {
    let flush = match flush() {
        Flush::Fdatasync => "fdatasync",
        Flush::Fsync => "fsync",
        Flush::System => "of the system",
    };
    format!("SQLite {}, {flush}", rusqlite::version())
}

/// What these variables make of the build.
fn chosen(flags: Option<&str>, pkg_config: Option<&str>) -> Flush {
    if pkg_config.is_some_and(|on| on != "0") {
        return Flush::System;
    }
    let told = |flag: &str| {
        matches!(
            flag,
            "-DHAVE_FDATASYNC"
                | "-DHAVE_FDATASYNC=1"
                | "-Dfdatasync=fdatasync"
        )
    };
    match flags.is_some_and(|flags| flags.split_whitespace().any(told)) {
        true => Flush::Fdatasync,
        false => Flush::Fsync,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_told_by_its_variables() {
        let bundled = |flags| chosen(flags, None);
        assert_eq!(bundled(None), Flush::Fsync);
        assert_eq!(bundled(Some("-DHAVE_FDATASYNC=0")), Flush::Fsync);
        assert_eq!(bundled(Some("-DX -DHAVE_FDATASYNC=1")), Flush::Fdatasync);
        assert_eq!(chosen(None, Some("1")), Flush::System);
        assert_eq!(chosen(None, Some("0")), Flush::Fsync);
    }
}
