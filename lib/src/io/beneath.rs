//! Opening, naming and removing of files, and the only place that does it in
//! a tree: below its root no symbolic link is followed, and only regular files
//! and folders are opened.
//!
//! Whoever may write into a folder can put a link, a pipe or a device under
//! any name in it, at any moment. So nothing is looked at first and opened
//! then: the kernel resolves the way from the root to the file in one call
//! (`openat2` with `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`), and what
//! changes names works on the folder that was opened so. Where there is no
//! such call (Linux before 5.6, or a filter that refuses it) each folder on the
//! way is opened in the one before it, which comes to the same. A pipe is not
//! waited for, and of a device nothing is read.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

use super::holes;
use super::tree_path::At;

/// What every opening has: a pipe is not waited for, and a terminal does not
/// become ours.
const ALWAYS: OFlags = OFlags::NONBLOCK
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Nobody else reads what an archive holds.
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
const FOLDER_MODE: Mode = Mode::RWXU;

/// Opens a file; what is there and is no regular file is an error that says
/// so. A new one has mode 0600.
pub fn open<'a>(at: impl Into<At<'a>>, flags: OFlags) -> io::Result<File> {
    regular(at.into(), flags).map(|(file, _)| file)
}

/// Opens a file to read all of it; what is there and is no regular file, or is
/// [longer than any disk](holes), is an error that says so.
pub fn open_whole<'a>(at: impl Into<At<'a>>) -> io::Result<File> {
    let (file, meta) = regular(at.into(), OFlags::RDONLY)?;
    holes::check(&file, &meta)?;
    Ok(file)
}

fn regular(at: At<'_>, flags: OFlags) -> io::Result<(File, Metadata)> {
    let file = match resolve(at, flags | ALWAYS) {
        Ok(file) => File::from(file),
        // A pipe that nobody reads, or a socket.
        Err(Errno::NXIO) => return Err(not_regular()),
        Err(e) => return Err(said(e)),
    };
    let meta = file.metadata()?;
    if meta.is_file() { Ok((file, meta)) } else { Err(not_regular()) }
}

fn said(errno: Errno) -> io::Error {
    match errno {
        Errno::LOOP => io::Error::other(
            "it is a symbolic link, which is not followed: move it away",
        ),
        other => other.into(),
    }
}

fn not_regular() -> io::Error {
    io::Error::other("it is no regular file: move it away")
}

/// What a name stands for; a link in its last part is told as one.
pub fn look<'a>(at: impl Into<At<'a>>) -> io::Result<Metadata> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    File::from(resolve(at.into(), flags).map_err(said)?).metadata()
}

/// Opens a folder to read or flush what names are in it.
pub fn open_folder<'a>(at: impl Into<At<'a>>) -> io::Result<File> {
    folder(at.into(), OFlags::RDONLY)
}

/// The names in a folder, without those of itself and the one above.
pub fn names<'a>(at: impl Into<At<'a>>) -> io::Result<Vec<OsString>> {
    names_in(&mut Dir::new(open_folder(at)?)?)
}

/// The folders in one, and the names in each; a link to a folder is none.
pub fn folders<'a>(
    at: impl Into<At<'a>>,
) -> io::Result<Vec<(OsString, Vec<OsString>)>> {
    let parent = open_folder(at)?;
    let flags = OFlags::DIRECTORY | ALWAYS;
    let mut out = Vec::new();
    for name in names_in(&mut Dir::new(parent.try_clone()?)?)? {
        match rustix::fs::openat(&parent, &name, flags, Mode::empty()) {
            Ok(folder) => out.push((name, names_in(&mut Dir::new(folder)?)?)),
            Err(Errno::NOTDIR | Errno::LOOP | Errno::NOENT) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(out)
}

fn names_in(folder: &mut Dir) -> io::Result<Vec<OsString>> {
    let mut out = Vec::new();
    for entry in folder {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            out.push(name.to_owned());
        }
    }
    Ok(out)
}

/// Renames; what has the name already is replaced.
pub fn rename<'a>(
    from: impl Into<At<'a>>,
    to: impl Into<At<'a>>,
) -> io::Result<()> {
    let (from, to) = (Parent::of(from.into())?, Parent::of(to.into())?);
    Ok(rustix::fs::renameat(&from.folder, from.name, &to.folder, to.name)?)
}

/// Renames without replacing, also where the file system has no such call.
pub fn rename_new<'a>(
    from: impl Into<At<'a>>,
    to: impl Into<At<'a>>,
) -> io::Result<()> {
    let (from, to) = (Parent::of(from.into())?, Parent::of(to.into())?);
    let (old, new) = ((&from.folder, from.name), (&to.folder, to.name));
    let flags = RenameFlags::NOREPLACE;
    match rustix::fs::renameat_with(old.0, old.1, new.0, new.1, flags) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            let flags = AtFlags::empty();
            rustix::fs::linkat(old.0, old.1, new.0, new.1, flags)?;
            Ok(rustix::fs::unlinkat(old.0, old.1, flags)?)
        }
        done => Ok(done?),
    }
}

/// Gives a file a second name, which must be new.
pub fn link<'a>(
    from: impl Into<At<'a>>,
    to: impl Into<At<'a>>,
) -> io::Result<()> {
    let (from, to) = (Parent::of(from.into())?, Parent::of(to.into())?);
    let (old, new) = ((&from.folder, from.name), (&to.folder, to.name));
    let flags = AtFlags::empty();
    Ok(rustix::fs::linkat(old.0, old.1, new.0, new.1, flags)?)
}

/// Removes a file, or a link and not what it leads to.
pub fn remove_file<'a>(at: impl Into<At<'a>>) -> io::Result<()> {
    let Parent { folder, name } = Parent::of(at.into())?;
    Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
}

/// Removes an empty folder.
pub fn remove_folder<'a>(at: impl Into<At<'a>>) -> io::Result<()> {
    let Parent { folder, name } = Parent::of(at.into())?;
    Ok(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}

/// Makes a folder, mode 0700.
pub fn make_folder<'a>(at: impl Into<At<'a>>) -> io::Result<()> {
    let Parent { folder, name } = Parent::of(at.into())?;
    Ok(rustix::fs::mkdirat(folder, name, FOLDER_MODE)?)
}

/// A name, and the folder that it is in.
struct Parent<'a> {
    folder: File,
    name: &'a OsStr,
}

impl<'a> Parent<'a> {
    fn of(at: At<'a>) -> io::Result<Parent<'a>> {
        let name = at.path().file_name().ok_or(Errno::INVAL)?;
        Ok(Parent { folder: folder(at.parent(), OFlags::PATH)?, name })
    }
}

fn folder(at: At<'_>, access: OFlags) -> io::Result<File> {
    let flags = access | OFlags::DIRECTORY | OFlags::CLOEXEC;
    resolve(at, flags).map(File::from).map_err(said)
}

/// Opens what a path names, following no link below its root. A path that is
/// in no tree, and a root itself, may lead over links, as any path.
fn resolve(at: At<'_>, flags: OFlags) -> Result<OwnedFd, Errno> {
    let Some((root, below)) = at.below_root() else {
        let path = match at.path() {
            path if path.as_os_str().is_empty() => Path::new("."),
            path => path,
        };
        return rustix::fs::openat(CWD, path, flags, FILE_MODE);
    };
    let root = rustix::fs::openat(
        CWD,
        root,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    // The kernel refuses a mode where no file is made.
    let mode = match flags.contains(OFlags::CREATE) {
        true => FILE_MODE,
        false => Mode::empty(),
    };
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match rustix::fs::openat2(&root, below, flags, mode, how) {
        // AGAIN: something was renamed meanwhile.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {
            step_by_step(root, below, flags, mode)
        }
        done => done,
    }
}

/// The same without `openat2`: folder by folder, each opened in the one above.
fn step_by_step(
    root: OwnedFd,
    below: &Path,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    let step =
        OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folder = root;
    let mut parts = below.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else { return Err(Errno::XDEV) };
        if parts.peek().is_none() {
            let flags = flags | OFlags::NOFOLLOW;
            return rustix::fs::openat(folder.as_fd(), name, flags, mode);
        }
        folder = rustix::fs::openat(&folder, name, step, Mode::empty())
            .map_err(|e| link_or(e, &folder, name))?;
    }
    Err(Errno::INVAL)
}

/// A folder that is opened without following links is none where it is a link:
/// told apart, so that both ways end alike.
fn link_or(errno: Errno, folder: &OwnedFd, name: &OsStr) -> Errno {
    let there = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    let link = there.is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode).is_symlink()
    });
    if link { Errno::LOOP } else { errno }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    type Way = fn(OwnedFd, &Path, OFlags) -> Result<OwnedFd, Errno>;

    /// The kernel's way and our own must end alike.
    const WAYS: [Way; 2] = [
        |root, below, flags| {
            let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            rustix::fs::openat2(root, below, flags, Mode::empty(), how)
        },
        |root, below, flags| step_by_step(root, below, flags, Mode::empty()),
    ];

    #[test]
    fn both_ways_refuse_links_wherever_they_stand() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, outside) = (dir.path().join("a"), dir.path().join("b"));
        for folder in ["a/warm/day", "b/day"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        for file in ["a/warm/day/t", "b/day/t"] {
            std::fs::write(dir.path().join(file), "rows").unwrap();
        }
        symlink(&outside, tree.join("cold")).unwrap();
        symlink("day", tree.join("warm/link")).unwrap();
        symlink("t", tree.join("warm/day/l")).unwrap();
        for (path, error) in [
            ("warm/day/t", None),
            ("warm/day/none", Some(Errno::NOENT)),
            ("warm/none/t", Some(Errno::NOENT)),
            ("warm/day/t/x", Some(Errno::NOTDIR)),
            ("cold/day/t", Some(Errno::LOOP)),
            ("cold", Some(Errno::LOOP)),
            ("warm/link/t", Some(Errno::LOOP)),
            ("warm/day/l", Some(Errno::LOOP)),
            ("../b/day/t", Some(Errno::XDEV)),
            ("/etc/passwd", Some(Errno::XDEV)),
        ] {
            for (n, way) in WAYS.iter().enumerate() {
                let root = std::fs::File::open(&tree).unwrap();
                let found = way(root.into(), Path::new(path), ALWAYS);
                if found.as_ref().err() == Some(&Errno::NOSYS) {
                    continue;
                }
                assert_eq!(found.err(), error, "{path}, way {n}");
            }
        }
    }
}
