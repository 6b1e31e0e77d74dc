//! The file that a flag names for a report or a record: replaced as a whole
//! where it is a regular file, else written to.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::durable::{Temp, folder_of, sync_folder};
use super::tree_path::TreePath;
use crate::error::{Error, Result};

/// Names of open files: what stands behind one is not ours to replace.
const DESCRIPTORS: [&str; 4] =
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// Writes `bytes` as a whole file, in the place of an old one, durably.
///
/// What is there and is no regular file (a device, a pipe, an open file such as
/// `/dev/stdout`) is written to in place, and a symbolic link is followed:
/// a rename would put a file where the device or the link was. A pipe that
/// nobody reads is an error, not a wait.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let descriptor = DESCRIPTORS.iter().any(|d| path.starts_with(d));
    match fs::metadata(path) {
        Ok(meta) if descriptor || !meta.is_file() => in_place(path, bytes),
        Ok(_) => {
            let real = fs::canonicalize(path)
                .map_err(|e| Error::io("look at", path, e))?;
            replace(&real, bytes)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => replace(path, bytes),
        Err(e) => Err(Error::io("look at", path, e)),
    }
}

/// Names as words for a shell, quoted, on one line.
pub fn shell_words<N: AsRef<str>>(names: &[N]) -> String {
    let words: Vec<String> = names
        .iter()
        .map(|name| format!("'{}'", name.as_ref().replace('\'', "'\\''")))
        .collect();
    words.join(" ") + "\n"
}

fn in_place(path: &Path, bytes: &[u8]) -> Result<()> {
    let open = |e: io::Error| {
        let unread = e.raw_os_error() == Some(Errno::NXIO.raw_os_error());
        let error = Error::io("write to", path, e);
        if unread { error.hint("start what reads it first") } else { error }
    };
    let mut file = OpenOptions::new()
        .append(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32)
        .open(path)
        .map_err(open)?;
    // Only the opening was not to wait for a reader; writing may.
    let flags = fcntl_getfl(&file);
    flags
        .and_then(|f| fcntl_setfl(&file, f - OFlags::NONBLOCK))
        .map_err(|e| Error::io("write to", path, e.into()))?;
    file.write_all(bytes).map_err(|e| Error::io("write to", path, e))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = folder_of(path);
    let mut temp = Temp::create(&TreePath::outside(folder))?;
    temp.file()?.write_all(bytes).map_err(|e| Error::io("write", path, e))?;
    temp.sync()?;
    temp.replace(&TreePath::outside(path))?;
    sync_folder(folder)
}
