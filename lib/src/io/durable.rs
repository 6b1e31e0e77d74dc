//! Files that are whole or absent: temporary name, fsync, rename, fsync.
//!
//! Invariants. A file gets its final name only after its contents were
//! fsynced, and is called published only after the folder was fsynced too. A new
//! file never replaces another one. After a failed fsync the temporary file is
//! discarded: the kernel may have dropped the dirty pages, so a second fsync
//! that succeeds proves nothing. Symbolic links are not followed below the
//! root of a tree. No rename stands anywhere else in the library.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::error::{Error, Result, quoted};
use crate::io::digest::random_hex;
use crate::io::regular::open_regular;

/// How temporary names begin in a tree: under its lock, whatever in it is
/// called so is a dead run's.
pub const TREE_PREFIX: &str = ".rt-tmp-";
/// How they begin anywhere else, and where no lock is held.
const PREFIX: &str = ".rt-new-";

/// Whether a file is called as temporary ones are.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TREE_PREFIX) || name.starts_with(PREFIX)
}

const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits() as i32;

/// What a name stood for when it was proven: whatever changes the file, or
/// puts another one in its place, changes this.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FileId {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Time of last change of contents, in nanoseconds since 1970.
    pub mtime_ns: i128,
}

impl FileId {
    /// The identity of an open file.
    pub fn of(file: &File, path: &Path) -> Result<FileId> {
        let meta = file.metadata().map_err(|e| Error::io("stat", path, e))?;
        Ok(FileId::from(&meta))
    }

    /// The identity of what a path names now, links not followed.
    pub fn at(path: &Path) -> io::Result<FileId> {
        fs::symlink_metadata(path).map(|meta| FileId::from(&meta))
    }
}

impl From<&fs::Metadata> for FileId {
    fn from(meta: &fs::Metadata) -> FileId {
        FileId {
            device: meta.dev(),
            inode: meta.ino(),
            size_bytes: meta.size(),
            mtime_ns: i128::from(meta.mtime()) * 1_000_000_000
                + i128::from(meta.mtime_nsec()),
        }
    }
}

/// A file under a temporary name in the folder of its final one. Dropped, it
/// is removed.
#[derive(Debug)]
pub struct Temp {
    file: Option<File>,
    path: PathBuf,
}

impl Temp {
    /// A new empty file (mode 0600) in `folder`.
    pub fn create(folder: &Path) -> Result<Temp> {
        Temp::called(folder, PREFIX)
    }

    /// A new empty file in a folder of a tree whose lock is held: the next run
    /// removes it if this one is killed.
    pub fn in_tree(folder: &Path) -> Result<Temp> {
        Temp::called(folder, TREE_PREFIX)
    }

    fn called(folder: &Path, prefix: &str) -> Result<Temp> {
        let path = folder.join(format!("{prefix}{}", random_hex::<8>()?));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(NOFOLLOW)
            .open(&path)
            .map_err(|e| Error::io("create a file in", folder, e))?;
        Ok(Temp { file: Some(file), path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, reopened for appending if [`Temp::park`] closed it.
    pub fn file(&mut self) -> Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new()
                .read(true)
                .append(true)
                .custom_flags(NOFOLLOW)
                .open(&self.path)
                .map_err(|e| Error::io("open", &self.path, e))?,
        };
        Ok(self.file.insert(file))
    }

    /// Closes the descriptor and keeps the file: hundreds of days can be
    /// written in turn without as many open files.
    pub fn park(&mut self) {
        self.file = None;
    }

    /// fsyncs the contents. On failure the file is gone, and so is the run.
    pub fn sync(&mut self) -> Result<()> {
        let path = self.path.clone();
        self.file()?.sync_all().map_err(|e| Error::io("fsync", &path, e))
    }

    /// Gives the file its final name, which must not exist yet. The caller
    /// has fsynced it, and fsyncs the folder.
    pub fn publish_new(mut self, path: &Path) -> Result<()> {
        rename_new(&self.path, path)?;
        self.path = PathBuf::new();
        Ok(())
    }

    /// Puts the file in the place of `path`. Only for a rewrite under the
    /// lock, or for what the operator said may be replaced. The caller has
    /// fsynced it, and fsyncs the folder.
    pub fn replace(mut self, path: &Path) -> Result<()> {
        fs::rename(&self.path, path)
            .map_err(|e| Error::io("rename a file to", path, e))?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // A temporary file that cannot be removed is swept by the next run;
        // there is nobody to tell from here.
        if !self.path.as_os_str().is_empty()
            && fs::remove_file(&self.path).is_err()
        {}
    }
}

/// Renames without replacing, also where the file system has no such call.
fn rename_new(from: &Path, to: &Path) -> Result<()> {
    let done =
        rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE);
    let error = match done {
        Ok(()) => return Ok(()),
        Err(Errno::EXIST) => {
            return Err(Error::failed(format!(
                "{} exists already",
                quoted(to)
            )));
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            match fs::hard_link(from, to) {
                Ok(()) => {
                    return fs::remove_file(from)
                        .map_err(|e| Error::io("remove", from, e));
                }
                Err(error) => error,
            }
        }
        Err(errno) => errno.into(),
    };
    Err(Error::io("rename a file to", to, error))
}

/// fsyncs a folder, so that the names in it are durable. Where the file system
/// cannot (CIFS says EINVAL), they are as durable as it makes them.
pub fn sync_folder(folder: &Path) -> Result<()> {
    try_sync(folder).map(|_| ())
}

/// fsyncs a folder; gives what an operator should know where its file system
/// cannot flush folders.
pub fn try_sync(folder: &Path) -> Result<Option<String>> {
    let folder =
        if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::DIRECTORY.bits() as i32)
        .open(folder)
        .map_err(|e| Error::io("open", folder, e))?;
    let Err(error) = opened.sync_all() else { return Ok(None) };
    match Errno::from_io_error(&error) {
        Some(Errno::INVAL | Errno::NOTSUP) => Ok(Some(format!(
            "the file system of {} cannot flush folders: after a power cut a \
             file may be missing there",
            quoted(folder)
        ))),
        _ => Err(Error::io("fsync", folder, error)),
    }
}

/// fsyncs the folder that a file or folder is in: its own name.
pub fn sync_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// fsyncs `folder`, every folder above it up to `root`, and the one that the
/// root is in.
pub fn sync_up(folder: &Path, root: &Path) -> Result<()> {
    for level in folder.ancestors() {
        sync_folder(level)?;
        if level == root {
            break;
        }
    }
    sync_parent(root)
}

/// Makes `folder` and what is missing above it (mode 0700), down from `root`,
/// and fsyncs the parent of each folder made. Everything below `root` must be
/// a real folder, not a link.
pub fn make_folders(folder: &Path, root: &Path) -> Result<()> {
    add_folders(folder, root)?.iter().try_for_each(|f| sync_folder(f))
}

/// The same, but gives the folders that now hold a new one, from above: who
/// makes many folders fsyncs those once, before anything rests on the names.
pub fn add_folders(folder: &Path, root: &Path) -> Result<Vec<PathBuf>> {
    let mut changed = match folder.parent() {
        Some(parent) if folder != root && !parent.as_os_str().is_empty() => {
            add_folders(parent, root)?
        }
        _ => Vec::new(),
    };
    let meta = if folder == root {
        fs::metadata(folder)
    } else {
        fs::symlink_metadata(folder)
    };
    match meta {
        Ok(meta) if meta.is_dir() => Ok(changed),
        Ok(_) => Err(Error::failed(format!(
            "{} is not a folder",
            quoted(folder)
        ))
        .hint("move it away; symbolic links inside a tree are not followed")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            if folder == root {
                make_root(folder)?;
                return Ok(changed);
            }
            make_folder(folder)?;
            changed.extend(folder.parent().map(Path::to_owned));
            Ok(changed)
        }
        Err(e) => Err(Error::io("open", folder, e)),
    }
}

/// Makes the root of a tree and what is missing above it.
fn make_root(root: &Path) -> Result<()> {
    let mut missing = Vec::new();
    for level in root.ancestors() {
        if level.as_os_str().is_empty() || level.exists() {
            break;
        }
        missing.push(level);
    }
    for level in missing.into_iter().rev() {
        make_folder(level)?;
        sync_parent(level)?;
    }
    Ok(())
}

/// Makes a folder (mode 0700), unless another process has just done so.
fn make_folder(folder: &Path) -> Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("create", folder, e))
        }
        _ => Ok(()),
    }
}

fn open(path: &Path) -> io::Result<File> {
    open_regular(OpenOptions::new().read(true), path)
}

/// Opens a regular file for reading; a symbolic link in its last part is
/// refused.
pub fn open_read(path: &Path) -> Result<File> {
    open(path).map_err(|e| Error::io("open", path, e))
}

/// Opens a file for reading, or says that there is none.
pub fn open_if_there(path: &Path) -> Result<Option<File>> {
    if_there(open(path), "open", path)
}

/// What a call on a path gave, or nothing where the path names nothing.
pub fn if_there<T>(
    done: io::Result<T>,
    verb: &str,
    path: &Path,
) -> Result<Option<T>> {
    match done {
        Ok(it) => Ok(Some(it)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(verb, path, e)),
    }
}

/// Whether there is nothing under a name. What cannot be looked at is not
/// taken for gone.
pub fn is_gone(path: &Path) -> Result<bool> {
    let there = if_there(fs::symlink_metadata(path), "stat", path)?;
    Ok(there.is_none())
}

/// The nearest folder above a path that is there.
pub fn nearest_folder(path: &Path) -> Result<Option<&Path>> {
    for folder in path.ancestors().skip(1) {
        if !is_gone(folder)? {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// The length of an open file, in bytes.
pub fn length(file: &File, path: &Path) -> Result<u64> {
    FileId::of(file, path).map(|id| id.size_bytes)
}

/// The folder that a file is in, `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Reads until `buffer` is full or the input ends; gives what was read.
pub fn read_full(
    input: &mut dyn Read,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Removes a file, if it is there. The caller fsyncs the folder.
pub fn remove_if_there(path: &Path) -> Result<()> {
    if_there(fs::remove_file(path), "remove", path).map(drop)
}

/// Removes a folder if it is empty; whether it is gone now. The caller fsyncs
/// the folder that it was in.
pub fn remove_if_empty(folder: &Path) -> Result<bool> {
    match fs::remove_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
        done => if_there(done, "remove", folder).map(|_| true),
    }
}
