//! Standard streams and pipes.

use std::fs::File;
use std::os::fd::AsFd;

use crate::error::{Error, Result};

/// A descriptor of our own for a standard stream, without the buffer that the
/// standard library puts in front of it. A pipe is made as large as the system
/// allows, up to 1 MiB.
pub fn unbuffered(stream: impl AsFd) -> Result<File> {
    let file = stream
        .as_fd()
        .try_clone_to_owned()
        .map(File::from)
        .map_err(|e| Error::stream("cannot use a standard stream", e))?;
    widen_pipe(&file);
    Ok(file)
}

/// Makes a pipe hold 1 MiB, so that its two ends wait for each other less.
pub fn widen_pipe(pipe: impl AsFd) {
    // No pipe, or more than this user may have: it works as it is.
    if rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20).is_err() {}
}
