//! Expands patterns that the shell has not expanded.
//!
//! Takes a pattern, gives the paths that match. `*`, `?` and `[...]` match parts of a name, `**`
//! any number of folders. Invariant: a hidden name matches only if the pattern begins it. Folders
//! behind links are entered only if the pattern names them, not by `**`, because they may lead back
//! up.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs, io,
    path::{self, Path, PathBuf},
};

use glob::{MatchOptions, Pattern};

use super::ReadError;
use crate::fs::{dir as folder, dir::FileKind, retry::retry_interrupted};

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// A part of a pattern between separators.
enum PatternSegment {
    /// A plain name, including `.` and `..`.
    Literal(String),
    /// A name with wildcards, and true if it begins with a dot.
    Wildcard(Pattern, bool),
    /// The folder itself and all folders below it.
    AnyDepth,
}

/// The paths that match a pattern, each once, in the order of their names.
///
/// # Errors
///
/// A malformed pattern; a folder on the way that cannot be listed.
pub(super) fn expand(pattern: &str) -> Result<BTreeSet<PathBuf>, ReadError> {
    let (start, parts) = parse(pattern).map_err(|source| ReadError::Pattern { pattern: pattern.to_owned(), source })?;
    let mut reached = BTreeSet::from([start]);
    for part in &parts {
        let mut next = BTreeSet::new();
        for path in &reached {
            part.expand_from(path, &mut next)?;
        }
        reached = next;
    }
    if pattern.ends_with(path::is_separator) {
        let mut folders = BTreeSet::new();
        for path in reached {
            if absent_as_none(retry_interrupted(|| fs::metadata(or_current_dir(&path))), &path)?
                .is_some_and(|meta| meta.is_dir())
            {
                folders.insert(path);
            }
        }
        reached = folders;
    }
    Ok(reached.into_iter().map(|path| or_current_dir(&path).to_path_buf()).collect())
}

/// The starting folder and the segments that follow.
fn parse(pattern: &str) -> Result<(PathBuf, Vec<PatternSegment>), glob::PatternError> {
    // The whole pattern is validated too: only this rejects `**` within a name.
    Pattern::new(pattern)?;
    let mut start = PathBuf::new();
    let mut rest = pattern;
    for component in Path::new(pattern).components() {
        let (path::Component::Prefix(_) | path::Component::RootDir) = component else { break };
        start.push(component);
        rest = rest.strip_prefix(component.as_os_str().to_str().expect("a part of a text is text")).unwrap_or(rest);
    }
    let names = rest.split(path::is_separator).filter(|name| !name.is_empty());
    let parts = names.map(|name| {
        Ok(match name {
            "**" => PatternSegment::AnyDepth,
            open if open.contains(['*', '?', '[']) => {
                PatternSegment::Wildcard(Pattern::new(open)?, open.starts_with('.'))
            }
            name => PatternSegment::Literal(name.to_owned()),
        })
    });
    Ok((start, parts.collect::<Result<_, _>>()?))
}

impl PatternSegment {
    /// Adds the paths that this segment matches, starting from a path that the earlier segments
    /// matched.
    fn expand_from(&self, from: &Path, reached: &mut BTreeSet<PathBuf>) -> Result<(), ReadError> {
        match self {
            Self::Literal(name) => {
                let path = from.join(name);
                // A dangling link matches; reading it reports the error.
                if absent_as_none(retry_interrupted(|| fs::symlink_metadata(&path)), &path)?.is_some() {
                    reached.insert(path);
                }
            }
            Self::Wildcard(pattern, dotted) => {
                for entry in entries(from)? {
                    if (*dotted || !is_hidden(&entry.name))
                        && pattern.matches_with(&entry.name.to_string_lossy(), OPTIONS)
                    {
                        reached.insert(from.join(&entry.name));
                    }
                }
            }
            Self::AnyDepth => {
                let mut folders = vec![from.to_path_buf()];
                while let Some(folder) = folders.pop() {
                    let inner = entries(&folder)?.into_iter().filter(|entry| entry.kind == FileKind::Folder);
                    folders.extend(inner.filter(|entry| !is_hidden(&entry.name)).map(|entry| folder.join(entry.name)));
                    reached.insert(folder);
                }
            }
        }
        Ok(())
    }
}

/// The entries of a folder; none if the path is not a folder.
fn entries(path: &Path) -> Result<Vec<folder::DirectoryEntry>, ReadError> {
    absent_as_none(folder::list_directory(or_current_dir(path)), path).map(Option::unwrap_or_default)
}

/// The result at a path, or none. A path that is not a folder or no longer exists does not match. A
/// path that cannot be inspected is an error, because it may be the one that the pattern means.
fn absent_as_none<T>(found: io::Result<T>, path: &Path) -> Result<Option<T>, ReadError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(ReadError::for_path(or_current_dir(path), error)),
    }
}

/// A path for the system: the empty path becomes the current folder.
fn or_current_dir(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
