//! Input files: read once, hashed, and held to what they were when the run first saw them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::task::Stop;

/// Largest input file, bytes.
const LARGEST: u64 = 1 << 30;

/// A file's content with its hash.
#[derive(Debug, Clone)]
pub struct Input {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// BLAKE3, hexadecimal.
    pub hash: String,
}

/// The hashes of all inputs seen in this run. A file that is replaced while the run is under way would otherwise end in
/// pictures of two states under one manifest.
#[derive(Debug, Default)]
pub struct Inputs {
    seen: Mutex<BTreeMap<PathBuf, String>>,
}

impl Inputs {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, is not a regular file, is too large, or is not what it was earlier in this run.
    pub fn read(&self, path: &Path) -> Result<Input, Stop> {
        let bytes = read(path)?;
        let hash = blake3::hash(&bytes).to_hex().to_string();
        self.hold(path, &hash)?;
        Ok(Input {
            path: path.to_path_buf(),
            bytes,
            hash,
        })
    }

    /// The hash of a file, as first seen in this run.
    ///
    /// # Errors
    /// As [`Inputs::read`], on first sight.
    pub fn hash(&self, path: &Path) -> Result<String, Stop> {
        if let Ok(seen) = self.seen.lock()
            && let Some(hash) = seen.get(path)
        {
            return Ok(hash.clone());
        }
        Ok(self.read(path)?.hash)
    }

    fn hold(&self, path: &Path, hash: &str) -> Result<(), Stop> {
        let Ok(mut seen) = self.seen.lock() else {
            return Ok(());
        };
        match seen.get(path) {
            Some(first) if first != hash => Err(Stop::failed(
                "input_changed",
                format!(
                    "{} was replaced while the run was under way: run again",
                    path.display()
                ),
            )),
            Some(_) => Ok(()),
            None => {
                seen.insert(path.to_path_buf(), hash.to_owned());
                Ok(())
            }
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    let fail = |what: String| Stop::failed("unreadable", format!("{}: {what}", path.display()));
    let meta = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?;
    if !meta.is_file() {
        return Err(fail("not a regular file".into()));
    }
    if meta.len() > LARGEST {
        return Err(fail(format!("{} bytes: at most {LARGEST} are read", meta.len())));
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    let file = std::fs::File::open(path).map_err(|e| fail(e.to_string()))?;
    let after = |file: &std::fs::File| file.metadata().and_then(|m| Ok((m.len(), m.modified()?)));
    let before = after(&file).map_err(|e| fail(e.to_string()))?;
    (&file)
        .take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(|e| fail(e.to_string()))?;
    // Written to while it was read: what was read may be half old and half new.
    if after(&file).map_err(|e| fail(e.to_string()))? != before {
        return Err(Stop::failed(
            "input_changed",
            format!("{} was written to while it was read: run again", path.display()),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_noticed() {
        let dir = tempfile::tempdir().expect("temp folder");
        let path = dir.path().join("a");
        std::fs::write(&path, "one").expect("written");
        let inputs = Inputs::default();
        let first = inputs.read(&path).expect("readable");
        assert_eq!(first.hash, blake3::hash(b"one").to_hex().to_string());
        std::fs::write(&path, "two").expect("written");
        assert_eq!(inputs.read(&path).expect_err("changed").reason, "input_changed");
        assert_eq!(inputs.hash(&path).expect("as first seen"), first.hash);
    }

    #[test]
    fn what_is_not_a_file_is_not_read() {
        let dir = tempfile::tempdir().expect("temp folder");
        let inputs = Inputs::default();
        assert_eq!(inputs.read(dir.path()).expect_err("folder").reason, "unreadable");
        assert_eq!(
            inputs.read(Path::new("/dev/zero")).expect_err("device").reason,
            "unreadable"
        );
    }
}
