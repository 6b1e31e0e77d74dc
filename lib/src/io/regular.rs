//! Opening of what must be a regular file.
//!
//! Whoever may write into a folder can put a link, a pipe or a device under
//! any name in it. A link is not followed, a pipe is not waited for, and of a
//! device nothing is read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a file by `options`; what is there and is no regular file is an
/// error that says so.
pub fn open_regular(
    options: &mut OpenOptions,
    path: &Path,
) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match options.custom_flags(flags.bits() as i32).open(path) {
        Ok(file) => file,
        Err(e) => {
            return Err(match Errno::from_io_error(&e) {
                Some(Errno::LOOP) => io::Error::other(
                    "it is a symbolic link, which is not followed: move it \
                     away",
                ),
                // A pipe that nobody reads, or a socket.
                Some(Errno::NXIO) => not_regular(),
                _ => e,
            });
        }
    };
    let kind = file.metadata()?.file_type();
    if kind.is_file() { Ok(file) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::other("it is no regular file: move it away")
}
