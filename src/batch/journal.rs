//! The manifest on disk: lines appended as outputs end, put in the plan's order when the run ends.
//!
//! A line that a killed run left half written is cut off. A line that was lost costs the work of one output and
//! nothing else: a file without its line is not trusted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::record::Record;
use super::shard::Shard;
use crate::imaging::{PictureError, PictureErrorKind, write_atomic, write_atomic_by};

/// Longest line that is read, bytes.
const LONGEST: u64 = 4 << 20;

/// A manifest that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Where the lines of this run lie, by their outputs: their records need not be held in memory.
    lines: BTreeMap<String, Range<u64>>,
}

impl Journal {
    /// Opens the manifest of a shard for appending, and cuts off a half-written last line.
    ///
    /// # Errors
    /// The file cannot be opened or cut.
    pub fn open(folder: &Path, shard: Shard) -> io::Result<Self> {
        let path = folder.join(name(shard));
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)?;
        let length = whole_lines(&mut file)?;
        file.set_len(length)?;
        file.seek(io::SeekFrom::Start(length))?;
        Ok(Self {
            path,
            file,
            length,
            lines: BTreeMap::new(),
        })
    }

    /// Appends one line. After a failure the file ends where it ended before.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            self.file.set_len(self.length).ok();
            self.file.seek(io::SeekFrom::Start(self.length)).ok();
            return Err(error);
        }
        let start = self.length;
        self.length += line.len() as u64;
        self.lines.insert(record.path.clone(), start..self.length);
        Ok(())
    }

    /// Replaces the file, as a whole or not at all, by a line for each of these outputs: the one that was appended for it,
    /// else that of the record given, if there is one.
    ///
    /// # Errors
    /// The new file cannot be written; the old one stays.
    pub fn compact<'r>(
        mut self,
        lines: impl Iterator<Item = (&'r str, Option<&'r Record>)>,
    ) -> io::Result<()> {
        self.file.sync_all()?;
        let appended = &self.lines;
        let mut old = BufReader::new(&mut self.file);
        let written = write_atomic_by(&self.path, |file| {
            let mut file = BufWriter::new(file);
            for (path, record) in lines {
                if let Some(place) = appended.get(path) {
                    old.seek(io::SeekFrom::Start(place.start))?;
                    io::copy(&mut (&mut old).take(place.end - place.start), &mut file)?;
                } else if let Some(record) = record {
                    serde_json::to_writer(&mut file, record)?;
                    file.write_all(b"\n")?;
                }
            }
            file.flush()
        });
        written.map_err(io_error)
    }
}

/// Writes a small file of the run as a whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic(path, bytes).map_err(io_error)
}

fn io_error(error: PictureError) -> io::Error {
    match error.kind {
        PictureErrorKind::Io(kind) => io::Error::new(kind, error.to_string()),
        _ => io::Error::other(error.to_string()),
    }
}

/// Name of a shard's manifest.
pub fn name(shard: Shard) -> String {
    format!("manifest{}.jsonl", shard.suffix())
}

fn whole_lines(file: &mut File) -> io::Result<u64> {
    file.rewind()?;
    let mut reader = BufReader::new(file);
    let (mut length, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok(length);
        }
        length += read as u64;
    }
}

/// The manifests of a folder: its own and those of shards, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let ours =
            name == "manifest.jsonl" || (name.starts_with("manifest.shard-") && name.ends_with(".jsonl"));
        if ours && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The last line of every output in a folder's manifests. Lines that cannot be read are passed over: their outputs
/// count as not done.
///
/// # Errors
/// A manifest cannot be read.
pub fn read_all(folder: &Path) -> io::Result<BTreeMap<String, Record>> {
    let mut records = BTreeMap::new();
    if !folder.exists() {
        return Ok(records);
    }
    for path in files(folder)? {
        read_into(&path, &mut records)?;
    }
    Ok(records)
}

/// Reads the lines of one file over those in `records`.
///
/// # Errors
/// The file cannot be read.
pub fn read_into(path: &Path, records: &mut BTreeMap<String, Record>) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if io::Read::take(&mut reader, LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if let Ok(record) = serde_json::from_slice::<Record>(&line) {
            records.insert(record.path.clone(), record);
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::batch::record::{Labels, Status};

    pub fn record(path: &str, key: &str) -> Record {
        Record {
            path: path.into(),
            status: Status::Done,
            reason: None,
            detail: None,
            key: key.into(),
            hash: Some("h".into()),
            bytes: Some(3),
            width: Some(1),
            height: Some(1),
            labels: Labels::default(),
            inputs: Vec::new(),
            seed: 0,
            made_by: std::sync::Arc::new("test".into()),
            result: serde_json::Value::Null,
            timings_ms: serde_json::Value::Null,
        }
    }

    #[test]
    fn a_torn_line_is_cut_off_and_the_rest_kept() {
        let dir = tempfile::tempdir().expect("temp folder");
        let mut journal = Journal::open(dir.path(), Shard::ALL).expect("opens");
        journal.append(&record("a.png", "1")).expect("written");
        journal.append(&record("b.png", "1")).expect("written");
        drop(journal);
        let path = dir.path().join("manifest.jsonl");
        let whole = std::fs::read(&path).expect("readable");
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("cut");
            let mut journal = Journal::open(dir.path(), Shard::ALL).expect("opens");
            journal.append(&record("c.png", "2")).expect("written");
            drop(journal);
            let records = read_all(dir.path()).expect("readable");
            let lines = whole[..cut].iter().filter(|b| **b == b'\n').count();
            assert_eq!(records.len(), lines + 1, "cut at {cut}");
            assert!(records.contains_key("c.png"));
        }
    }

    #[test]
    fn later_lines_win_and_compacting_keeps_the_order_given() {
        let dir = tempfile::tempdir().expect("temp folder");
        let mut journal = Journal::open(dir.path(), Shard::ALL).expect("opens");
        for (path, key) in [("b.png", "1"), ("a.png", "1"), ("b.png", "2")] {
            journal.append(&record(path, key)).expect("written");
        }
        let records = read_all(dir.path()).expect("readable");
        assert_eq!(records["b.png"].key, "2");
        let held = record("c.png", "1");
        // What was appended goes before what is held, and an output of which neither is known has no line.
        let outdated = record("b.png", "0");
        let lines = [
            ("b.png", Some(&outdated)),
            ("c.png", Some(&held)),
            ("d.png", None),
            ("a.png", None),
        ];
        journal.compact(lines.into_iter()).expect("written");
        assert_eq!(read_all(dir.path()).expect("readable")["b.png"].key, "2");
        let text = std::fs::read_to_string(dir.path().join("manifest.jsonl")).expect("readable");
        let lines: Vec<_> = text
            .lines()
            .map(|l| serde_json::from_str::<Record>(l).expect("valid").path)
            .collect();
        assert_eq!(lines, ["b.png", "c.png", "a.png"]);
    }
}
