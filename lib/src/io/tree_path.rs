//! A path that knows where the tree begins that it lies in.
//!
//! Invariant. It becomes a bare path only for a message: what opens, renames or
//! removes takes an [`At`], and so learns below which folder no link is
//! followed.

use std::fmt;
use std::path::{Path, PathBuf};

/// A path at or below the root of a tree.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct TreePath {
    path: PathBuf,
    /// Of how many bytes of the path the root is; none where it is in no tree.
    root: Option<usize>,
}

impl TreePath {
    /// The root of a tree itself.
    pub fn root(root: &Path) -> TreePath {
        let length = root.as_os_str().len();
        TreePath { path: root.to_owned(), root: Some(length) }
    }

    /// A path of which no folder is ours to judge: an operator named it.
    pub fn outside(path: &Path) -> TreePath {
        TreePath { path: path.to_owned(), root: None }
    }

    /// What is called `name` in this folder; `name` may have several parts.
    pub fn join(&self, name: impl AsRef<Path>) -> TreePath {
        TreePath { path: self.path.join(name), root: self.root }
    }

    /// The folder that it is in. That of a root is outside the tree.
    pub fn folder(&self) -> TreePath {
        At::from(self).parent().owned()
    }

    /// It and the folders above, up to the root; of a path in no tree it alone.
    pub fn up_to_root(&self) -> Vec<TreePath> {
        let mut out = vec![self.clone()];
        while let Some(last) = out.last() {
            if At::from(last).below_root().is_none() {
                break;
            }
            let folder = last.folder();
            out.push(folder);
        }
        out
    }

    /// As text for a message.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl AsRef<Path> for TreePath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// A path, and the part of it that is the root of a tree, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    path: &'a Path,
    root: Option<&'a Path>,
}

impl<'a> At<'a> {
    /// All of it.
    pub fn path(self) -> &'a Path {
        self.path
    }

    /// The root, and the way from there; none of a root or in no tree.
    pub fn below_root(self) -> Option<(&'a Path, &'a Path)> {
        let root = self.root?;
        let below = self.path.strip_prefix(root).ok()?;
        let root =
            if root.as_os_str().is_empty() { Path::new(".") } else { root };
        (!below.as_os_str().is_empty()).then_some((root, below))
    }

    /// The folder that it is in.
    pub fn parent(self) -> At<'a> {
        let path = self.path.parent().unwrap_or(self.path);
        let root = self.below_root().and(self.root);
        At { path, root }
    }

    fn owned(self) -> TreePath {
        TreePath {
            path: self.path.to_owned(),
            root: self.root.map(|root| root.as_os_str().len()),
        }
    }
}

impl<'a> From<&'a TreePath> for At<'a> {
    fn from(it: &'a TreePath) -> At<'a> {
        let path = it.path.as_path();
        let root = it.root.and_then(|length| {
            let above = path.ancestors();
            above.into_iter().find(|p| p.as_os_str().len() <= length)
        });
        At { path, root }
    }
}

impl<'a> From<&'a Path> for At<'a> {
    fn from(path: &'a Path) -> At<'a> {
        At { path, root: None }
    }
}

impl<'a> From<&'a PathBuf> for At<'a> {
    fn from(path: &'a PathBuf) -> At<'a> {
        At { path, root: None }
    }
}
