//! Pictures that earlier plans made and the present one does not name.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::folder::{Folder, STATE};
use super::journal::{read_into, write_whole};
use super::record::Record;
use super::work::file_of;

/// A picture of an earlier plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Stale {
    /// Of the file, inside the output folder.
    pub path: String,
    pub hash: String,
    /// Its content is what the manifest says, so that it may be removed.
    pub ours: bool,
}

fn memory(root: &Path) -> PathBuf {
    root.join(STATE).join("stale.jsonl")
}

/// Remembers the records that leave the manifest because the plan no longer names them.
///
/// # Errors
/// The memory cannot be written.
pub fn remember<'r>(
    root: &Path,
    gone: impl Iterator<Item = &'r Record>,
    planned: &BTreeSet<&str>,
) -> io::Result<()> {
    let mut known = remembered(root);
    let before = known.clone();
    known.extend(gone.filter(|r| r.has_file()).map(|r| (r.path.clone(), r.clone())));
    known.retain(|path, _| !planned.contains(path.as_str()));
    if known == before {
        Ok(())
    } else {
        write(root, &known)
    }
}

fn write(root: &Path, known: &BTreeMap<String, Record>) -> io::Result<()> {
    let mut text = Vec::new();
    for record in known.values() {
        serde_json::to_writer(&mut text, record)?;
        text.push(b'\n');
    }
    write_whole(&memory(root), &text)
}

fn remembered(root: &Path) -> BTreeMap<String, Record> {
    let mut known = BTreeMap::new();
    // Without a memory nothing is known to be stale, and nothing is removed.
    if let Err(error) = read_into(&memory(root), &mut known)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("{}: {error}", memory(root).display());
    }
    known
}

/// The stale pictures that still lie in a folder. `earlier` are the manifest's records.
pub fn stale(folder: &Folder, earlier: &BTreeMap<String, Record>, planned: &BTreeSet<&str>) -> Vec<Stale> {
    let mut known = remembered(folder.root());
    known.extend(
        earlier
            .iter()
            .map(|(path, record)| (path.clone(), record.clone())),
    );
    let gone = known.into_values().filter(|r| !planned.contains(r.path.as_str()));
    gone.filter_map(|record| {
        let path = file_of(record.status, &record.path);
        let (found, hash) = (folder.hash(&path)?, record.hash?);
        Some(Stale {
            path,
            ours: found == hash,
            hash,
        })
    })
    .collect()
}

/// Removes the stale pictures that are ours; gives those removed.
///
/// # Errors
/// What is removed cannot be forgotten: the memory cannot be written.
pub fn prune(folder: &Folder, stale: &[Stale]) -> io::Result<Vec<String>> {
    let removed: Vec<String> = stale
        .iter()
        .filter(|s| s.ours && folder.remove_if(&s.path, &s.hash))
        .map(|s| s.path.clone())
        .collect();
    let mut known = remembered(folder.root());
    known.retain(|_, record| !removed.contains(&file_of(record.status, &record.path)));
    write(folder.root(), &known)?;
    Ok(removed)
}
