//! Files that are whole or absent: temporary name, fsync, rename, fsync.
//!
//! Invariants. A file gets its final name only after its contents were
//! fsynced, and is called published only after the folder was fsynced too. A new
//! file never replaces another one. After a failed fsync the temporary file is
//! discarded: the kernel may have dropped the dirty pages, so a second fsync
//! that succeeds proves nothing. Symbolic links are not followed below the
//! root of a tree. No rename stands anywhere else in the library.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::error::{Error, Result, quoted};
use crate::io::beneath;
use crate::io::digest::random_hex;
use crate::io::tree_path::{At, TreePath};
use crate::signal;

/// How temporary names begin in a tree: under its lock, whatever in it is
/// called so is a dead run's.
pub const TREE_PREFIX: &str = ".rt-tmp-";
/// How they begin anywhere else, and where no lock is held.
const PREFIX: &str = ".rt-new-";

/// Whether a file is called as temporary ones are.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TREE_PREFIX) || name.starts_with(PREFIX)
}

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
    pub fn of(file: &File, path: impl AsRef<Path>) -> Result<FileId> {
        let meta = file.metadata().map_err(|e| Error::io("stat", path, e))?;
        Ok(FileId::from(&meta))
    }

    /// The identity of what a path names now, links not followed.
    pub fn at<'a>(at: impl Into<At<'a>>) -> io::Result<FileId> {
        beneath::look(at).map(|meta| FileId::from(&meta))
    }
}

impl From<&Metadata> for FileId {
    fn from(meta: &Metadata) -> FileId {
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
    path: TreePath,
    /// It has its final name.
    published: bool,
}

impl Temp {
    /// A new empty file (mode 0600) in `folder`.
    pub fn create(folder: &TreePath) -> Result<Temp> {
        Temp::called(folder, PREFIX)
    }

    /// A new empty file in a folder of a tree whose lock is held: the next run
    /// removes it if this one is killed.
    pub fn in_tree(folder: &TreePath) -> Result<Temp> {
        Temp::called(folder, TREE_PREFIX)
    }

    fn called(folder: &TreePath, prefix: &str) -> Result<Temp> {
        let path = folder.join(format!("{prefix}{}", random_hex::<8>()?));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = beneath::open(&path, flags)
            .map_err(|e| Error::io("create a file in", folder, e))?;
        Ok(Temp { file: Some(file), path, published: false })
    }

    /// Where it is.
    pub fn path(&self) -> &TreePath {
        &self.path
    }

    /// The open file, reopened for appending if [`Temp::park`] closed it.
    pub fn file(&mut self) -> Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => beneath::open(&self.path, OFlags::RDWR | OFlags::APPEND)
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
    pub fn publish_new(mut self, path: &TreePath) -> Result<()> {
        beneath::rename_new(&self.path, path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::failed(format!("{} exists already", quoted(path)))
            }
            _ => Error::io("rename a file to", path, e),
        })?;
        self.published = true;
        Ok(())
    }

    /// Puts the file in the place of `path`. Only for a rewrite under the
    /// lock, or for what the operator said may be replaced. The caller has
    /// fsynced it, and fsyncs the folder.
    pub fn replace(mut self, path: &TreePath) -> Result<()> {
        beneath::rename(&self.path, path)
            .map_err(|e| Error::io("rename a file to", path, e))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // A temporary file that cannot be removed is swept by the next run;
        // there is nobody to tell from here.
        if !self.published && beneath::remove_file(&self.path).is_err() {}
    }
}

/// fsyncs a folder, so that the names in it are durable. Where the file system
/// cannot (CIFS says EINVAL), they are as durable as it makes them.
pub fn sync_folder<'a>(folder: impl Into<At<'a>>) -> Result<()> {
    try_sync(folder).map(|_| ())
}

/// fsyncs a folder; gives what an operator should know where its file system
/// cannot flush folders.
pub fn try_sync<'a>(folder: impl Into<At<'a>>) -> Result<Option<String>> {
    let at: At<'_> = folder.into();
    let folder = match at.path() {
        path if path.as_os_str().is_empty() => Path::new("."),
        path => path,
    };
    let opened =
        beneath::open_folder(at).map_err(|e| Error::io("open", folder, e))?;
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
pub fn sync_parent<'a>(path: impl Into<At<'a>>) -> Result<()> {
    sync_folder(path.into().parent())
}

/// fsyncs `folder`, every folder above it up to the root of its tree, and the
/// one that the root is in.
pub fn sync_up(folder: &TreePath) -> Result<()> {
    let up = folder.up_to_root();
    up.iter().try_for_each(sync_folder)?;
    up.last().map_or(Ok(()), sync_parent)
}

/// Makes `folder` and what is missing above it (mode 0700), down from the root
/// of its tree, and fsyncs the parent of each folder made. Everything below the
/// root must be a real folder, not a link.
pub fn make_folders(folder: &TreePath) -> Result<()> {
    add_folders(folder)?.iter().try_for_each(sync_folder)
}

/// The same, but gives the folders that now hold a new one, from above: who
/// makes many folders fsyncs those once, before anything rests on the names.
pub fn add_folders(folder: &TreePath) -> Result<Vec<TreePath>> {
    let mut changed = Vec::new();
    for level in folder.up_to_root().into_iter().rev() {
        let is_root = At::from(&level).below_root().is_none();
        let is_folder = match is_root {
            true => std::fs::metadata(&level).map(|meta| meta.is_dir()),
            false => beneath::look(&level).map(|meta| meta.is_dir()),
        };
        match if_there(is_folder, "open", &level)? {
            Some(true) => {}
            Some(false) => {
                return Err(Error::failed(format!(
                    "{} is not a folder",
                    quoted(&level)
                ))
                .hint(
                    "move it away; symbolic links inside a tree are not \
                     followed",
                ));
            }
            None if is_root => make_root(level.path())?,
            None => {
                make_folder(&level)?;
                changed.push(level.folder());
            }
        }
    }
    Ok(changed)
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
fn make_folder<'a>(folder: impl Into<At<'a>>) -> Result<()> {
    let at: At<'_> = folder.into();
    match beneath::make_folder(at) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("create", at.path(), e))
        }
        _ => Ok(()),
    }
}

/// Opens a regular file for reading; a symbolic link in its last part is
/// refused, and (5) a file of which so much was never written that it may be
/// as long as no disk.
pub fn open_read<'a>(path: impl Into<At<'a>>) -> Result<File> {
    let at: At<'_> = path.into();
    beneath::open_whole(at).map_err(|e| Error::io("open", at.path(), e))
}

/// Opens a file as [`open_read`] does, or says that there is none.
pub fn open_if_there<'a>(path: impl Into<At<'a>>) -> Result<Option<File>> {
    let at: At<'_> = path.into();
    if_there(beneath::open_whole(at), "open", at.path())
}

/// All bytes of a small file, or none where there is no file.
pub fn read_if_there<'a>(path: impl Into<At<'a>>) -> Result<Option<Vec<u8>>> {
    let at: At<'_> = path.into();
    let Some(mut file) = open_if_there(at)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|e| Error::io("read", at.path(), e))?;
    Ok(Some(bytes))
}

/// What a call on a path gave, or nothing where the path names nothing.
pub fn if_there<T>(
    done: io::Result<T>,
    verb: &str,
    path: impl AsRef<Path>,
) -> Result<Option<T>> {
    match done {
        Ok(it) => Ok(Some(it)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(verb, path, e)),
    }
}

/// Whether there is nothing under a name. What cannot be looked at is not
/// taken for gone.
pub fn is_gone<'a>(path: impl Into<At<'a>>) -> Result<bool> {
    Ok(metadata_if_there(path)?.is_none())
}

/// What is known of a file, a folder or a link itself, or none where there is
/// nothing of this name.
pub fn metadata_if_there<'a>(
    path: impl Into<At<'a>>,
) -> Result<Option<Metadata>> {
    let at: At<'_> = path.into();
    if_there(beneath::look(at), "stat", at.path())
}

/// The nearest folder above a path of a tree that is there.
pub fn nearest_folder(path: &TreePath) -> Result<Option<TreePath>> {
    let mut folder = path.folder();
    loop {
        if !is_gone(&folder)? {
            return Ok(Some(folder));
        }
        let above = folder.folder();
        if above == folder {
            return Ok(None);
        }
        folder = above;
    }
}

/// The length of an open file, in bytes.
pub fn length(file: &File, path: impl AsRef<Path>) -> Result<u64> {
    FileId::of(file, path).map(|id| id.size_bytes)
}

/// The folder that a file is in, `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Reads until `buffer` is full or the input ends; gives what was read. Once
/// the process is to end, this is an error now and then.
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
    signal::passed(filled)?;
    Ok(filled)
}

/// Gives a file a second name, which must be new, and whose folders are made;
/// where the file system has no such names, or the two are not on the same one,
/// the file is copied. Nothing is fsynced. Whether the file is there.
pub fn link_or_copy(from: &TreePath, to: &TreePath) -> Result<bool> {
    add_folders(&to.folder())?;
    let Some(mut file) = open_if_there(from)? else { return Ok(false) };
    if beneath::link(from, to).is_ok() {
        return Ok(true);
    }
    let fail = |e| Error::io("create", to, e);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let mut copy = beneath::open(to, flags).map_err(fail)?;
    io::copy(&mut file, &mut copy).map_err(fail)?;
    Ok(true)
}

/// Removes a file, if it is there. The caller fsyncs the folder.
pub fn remove_if_there<'a>(path: impl Into<At<'a>>) -> Result<()> {
    let at: At<'_> = path.into();
    if_there(beneath::remove_file(at), "remove", at.path()).map(drop)
}

/// Removes a folder if it is empty; whether it is gone now. The caller fsyncs
/// the folder that it was in.
pub fn remove_if_empty(folder: &TreePath) -> Result<bool> {
    match beneath::remove_folder(folder) {
        Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
        done => if_there(done, "remove", folder).map(|_| true),
    }
}
