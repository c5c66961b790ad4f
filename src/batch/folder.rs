//! The output folder: one run at a time, files only inside it, nothing half written.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::shard::Shard;
use super::task::Stop;
use crate::imaging::{PictureErrorKind, TEMPORARY, write_atomic};

/// Folder inside the output folder for locks and caches.
pub const STATE: &str = ".parure";

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("another run is working in {0}: wait for it or choose another output folder")]
    Busy(PathBuf),
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
}

/// An output folder that belongs to this run while the value lives.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// Without symbolic links.
    real: PathBuf,
    _locks: Vec<File>,
}

impl Folder {
    /// Makes the folder if need be and takes it. Shards of one run may share it; two runs may not.
    ///
    /// # Errors
    /// It cannot be made or written, or another run has it.
    pub fn take(root: &Path, shard: Shard) -> Result<Self, FolderError> {
        Self::lock(root, Some(shard))
    }

    fn lock(root: &Path, shard: Option<Shard>) -> Result<Self, FolderError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |error| FolderError::Io { path, error }
        };
        let state = root.join(STATE);
        std::fs::create_dir_all(&state).map_err(io(root))?;
        let real = root.canonicalize().map_err(io(root))?;
        let open = |name: &str| {
            let path = state.join(name);
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path);
            file.map_err(io(&path))
        };
        let common = open("lock")?;
        let alone = shard.is_some_and(|shard| shard.is_all());
        let mut taken = vec![if alone {
            common.try_lock()
        } else {
            common.try_lock_shared()
        }];
        let mut locks = vec![common];
        if let Some(shard) = shard.filter(|shard| !shard.is_all()) {
            let own = open(&format!("lock{}", shard.suffix()))?;
            taken.push(own.try_lock());
            locks.push(own);
        }
        for result in taken {
            match result {
                Err(TryLockError::WouldBlock) => return Err(FolderError::Busy(root.to_path_buf())),
                // Some network file systems have no locks; the run is worth more than the guard.
                Err(TryLockError::Error(error)) => {
                    tracing::warn!("{}: cannot be locked: {error}", root.display());
                }
                Ok(()) => {}
            }
        }
        let folder = Self {
            root: root.to_path_buf(),
            real,
            _locks: locks,
        };
        folder.probe_writing()?;
        Ok(folder)
    }

    /// Makes the folder if need be, for work that leaves no manifest: beside others of its kind, but not beside a run.
    ///
    /// # Errors
    /// It cannot be made or written, or a run has it.
    pub fn share(root: &Path) -> Result<Self, FolderError> {
        Self::lock(root, None)
    }

    /// A folder that cannot be written should end the run before hours of work, not after.
    fn probe_writing(&self) -> Result<(), FolderError> {
        let probe = tempfile::Builder::new()
            .prefix(TEMPORARY.0)
            .suffix(TEMPORARY.1)
            .tempfile_in(&self.root);
        match probe {
            Ok(_) => Ok(()),
            Err(error) => Err(FolderError::Io {
                path: self.root.clone(),
                error,
            }),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a picture as a whole or not at all.
    ///
    /// # Errors
    /// The path leads out of the folder, or the file cannot be written.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Stop> {
        let full = self.inside(path)?;
        if let Some((folders, _)) = path.rsplit_once('/') {
            self.make_folders(folders)?;
        }
        write_atomic(&full, bytes).map_err(|error| match &error.kind {
            PictureErrorKind::Io(kind) if machine_is_full(*kind) => {
                Stop::try_again("disk_full", error.to_string())
            }
            _ => Stop::failed("cannot_write", error.to_string()),
        })
    }

    /// BLAKE3 of a file of this folder; `None` when there is none or it cannot be read. Links are not followed.
    pub fn hash(&self, path: &str) -> Option<String> {
        let full = self.inside(path).ok()?;
        self.check_real(full.parent()?).ok()?;
        if !full.symlink_metadata().ok()?.is_file() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(full).ok()?).ok()?;
        Some(hasher.finalize().to_hex().to_string())
    }

    /// Removes a file of this folder if its content has this hash.
    pub fn remove_if(&self, path: &str, hash: &str) -> bool {
        self.hash(path).is_some_and(|found| found == hash)
            && self
                .inside(path)
                .is_ok_and(|full| std::fs::remove_file(full).is_ok())
    }

    /// The full path of a name inside the folder. The plan has checked names already; manifests of earlier runs are
    /// files that anyone may have edited.
    fn inside(&self, path: &str) -> Result<PathBuf, Stop> {
        let outside = || Stop::failed("outside", format!("`{path}` leads out of the output folder"));
        let plain =
            |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']);
        if path.is_empty() || !path.split('/').all(plain) {
            return Err(outside());
        }
        Ok(path
            .split('/')
            .fold(self.root.clone(), |full, part| full.join(part)))
    }

    /// Makes the folders above a file one by one, so that none is made behind a link.
    fn make_folders(&self, folders: &str) -> Result<(), Stop> {
        let mut full = self.root.clone();
        for part in folders.split('/') {
            full.push(part);
            match std::fs::create_dir(&full) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(cannot_write(&full, &error));
                }
                _ => self.check_real(&full)?,
            }
        }
        Ok(())
    }

    /// No symbolic link may lead a file out of the folder.
    fn check_real(&self, parent: &Path) -> Result<(), Stop> {
        let real = parent
            .canonicalize()
            .map_err(|error| cannot_write(parent, &error))?;
        if real.starts_with(&self.real) {
            return Ok(());
        }
        Err(Stop::failed(
            "outside",
            format!(
                "{} is a link out of the output folder: remove it",
                parent.display()
            ),
        ))
    }

    /// Removes what a killed run left half written in the folders of `paths`. Another shard may be writing: then only
    /// what is old goes.
    pub fn sweep<'p>(&self, paths: impl Iterator<Item = &'p str>, shard: Shard) -> usize {
        let mut folders: Vec<PathBuf> = paths
            .filter_map(|path| self.inside(path).ok()?.parent().map(Path::to_path_buf))
            .collect();
        folders.push(self.root.clone());
        folders.sort();
        folders.dedup();
        let old = SystemTime::now() - Duration::from_secs(3600);
        let mut removed = 0;
        for entry in folders
            .iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let ours = name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1);
            let due = shard.is_all()
                || entry
                    .metadata()
                    .and_then(|m| m.modified())
                    .is_ok_and(|modified| modified < old);
            if ours && due && std::fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        removed
    }
}

/// Whether an error means that another try may go better.
pub fn machine_is_full(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{FileTooLarge, OutOfMemory, QuotaExceeded, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded | OutOfMemory | FileTooLarge)
}

fn cannot_write(path: &Path, error: &io::Error) -> Stop {
    let detail = format!("{}: {error}", path.display());
    if machine_is_full(error.kind()) {
        Stop::try_again("disk_full", detail)
    } else {
        Stop::failed("cannot_write", detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().expect("temp folder");
        let folder = Folder::take(&dir.path().join("out"), Shard::ALL).expect("free");
        (dir, folder)
    }

    #[test]
    fn files_stay_inside() {
        let (_dir, folder) = folder();
        for wrong in ["../x", "a/../../x", "/etc/x", "", "a//b", "./x", "c:x", "a\\b"] {
            assert_eq!(folder.write(wrong, b"x").expect_err(wrong).reason, "outside");
            assert_eq!(folder.hash(wrong), None);
        }
        folder.write("a/b/c.png", b"x").expect("inside");
        assert_eq!(
            folder.hash("a/b/c.png"),
            Some(blake3::hash(b"x").to_hex().to_string())
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_are_refused() {
        let (dir, folder) = folder();
        let elsewhere = dir.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).expect("folder");
        std::os::unix::fs::symlink(&elsewhere, folder.root().join("sub")).expect("link");
        for path in ["sub/x.png", "sub/deeper/x.png"] {
            let stop = folder.write(path, b"x").expect_err("link");
            assert_eq!(stop.reason, "outside");
        }
        assert_eq!(std::fs::read_dir(&elsewhere).expect("readable").count(), 0);
        // A link at the file itself is replaced, and never read as ours.
        let secret = dir.path().join("secret");
        std::fs::write(&secret, "s").expect("written");
        std::os::unix::fs::symlink(&secret, folder.root().join("y.png")).expect("link");
        assert_eq!(folder.hash("y.png"), None);
        folder.write("y.png", b"picture").expect("replaced");
        assert_eq!(std::fs::read(&secret).expect("still there"), b"s");
    }

    #[test]
    fn two_runs_do_not_share_a_folder_and_two_shards_do() {
        let (_dir, folder) = folder();
        let root = folder.root().to_path_buf();
        let shard = |i| Shard::new(i, 2).expect("valid");
        assert!(matches!(
            Folder::take(&root, Shard::ALL),
            Err(FolderError::Busy(_))
        ));
        assert!(matches!(Folder::take(&root, shard(1)), Err(FolderError::Busy(_))));
        drop(folder);
        let one = Folder::take(&root, shard(1)).expect("free");
        let two = Folder::take(&root, shard(2)).expect("another part");
        assert!(matches!(Folder::take(&root, shard(2)), Err(FolderError::Busy(_))));
        assert!(matches!(
            Folder::take(&root, Shard::ALL),
            Err(FolderError::Busy(_))
        ));
        drop((one, two));
        Folder::take(&root, Shard::ALL).expect("free again");
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_nothing_else() {
        let (_dir, folder) = folder();
        folder.write("a/keep.png", b"x").expect("inside");
        let left = format!("{}abc{}", TEMPORARY.0, TEMPORARY.1);
        std::fs::write(folder.root().join("a").join(&left), "half").expect("written");
        assert_eq!(
            folder.sweep(["a/keep.png"].into_iter(), Shard::new(1, 2).expect("valid")),
            0
        );
        assert_eq!(folder.sweep(["a/keep.png"].into_iter(), Shard::ALL), 1);
        assert!(folder.hash("a/keep.png").is_some());
    }

    #[test]
    fn only_a_file_of_the_known_content_is_removed() {
        let (_dir, folder) = folder();
        folder.write("a.png", b"x").expect("inside");
        assert!(!folder.remove_if("a.png", "other"));
        let hash = folder.hash("a.png").expect("there");
        assert!(folder.remove_if("a.png", &hash));
        assert_eq!(folder.hash("a.png"), None);
    }
}
