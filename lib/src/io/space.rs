//! The free space of a file system.

use std::path::Path;

use crate::error::{Error, Result, quoted};

/// How many bytes are free where a folder is, for this user.
pub fn free_bytes(folder: impl AsRef<Path>) -> Result<u64> {
    let here = Path::new(".");
    let folder = folder.as_ref();
    let folder = if folder.as_os_str().is_empty() { here } else { folder };
    let stat = rustix::fs::statvfs(folder).map_err(|e| {
        Error::io("look at the free space of", folder, e.into())
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Refuses a run whose largest file will not fit, before it starts.
pub fn need(folder: impl AsRef<Path>, bytes: u64) -> Result<()> {
    let free = free_bytes(&folder)?;
    if free < bytes {
        return Err(Error::failed(format!(
            "{} has {free} bytes free, {bytes} are needed",
            quoted(folder)
        ))
        .hint("make room, then run the same command again"));
    }
    Ok(())
}
