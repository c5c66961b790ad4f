use std::io::Write;
use std::path::Path;

use super::PictureError;

/// Name of a file that is being written starts and ends so; what a killed run left behind can be told by it.
pub const TEMPORARY: (&str, &str) = (".parure-", ".tmp");

/// Writes a file as a whole or not at all: to a temporary name in its own folder, synced, then renamed over `path`.
/// A symbolic link at `path` is replaced, not followed.
///
/// # Errors
/// The folder does not exist or cannot be written, or the disk is full; nothing is left behind then.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), PictureError> {
    write_atomic_by(path, |file| file.write_all(bytes))
}

/// Like [`write_atomic`], of what `content` writes piece by piece.
///
/// # Errors
/// Those of [`write_atomic`], and those of `content`.
pub fn write_atomic_by(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), PictureError> {
    write(path, content).map_err(|e| {
        let advice = match e.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "free some space and run again"
            }
            _ => "check that the folder exists and may be written",
        };
        PictureError::io(&e, advice).at(path)
    })
}

fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    // The usual rights of a new file, less the umask; temporary files are for their owner alone otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    content(&mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    // The rename itself lasts only once the folder is synced; some file systems cannot, and the file is whole anyway.
    #[cfg(unix)]
    let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::PictureErrorKind;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.png");
        write_atomic(&path, b"first").unwrap();
        write_atomic(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a folder");
        std::fs::create_dir(&path).unwrap();
        let error = write_atomic(&path, b"x").unwrap_err();
        assert!(matches!(error.kind, PictureErrorKind::Io(_)), "{error}");
        assert!(error.to_string().contains("a folder"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_atomic(&folder.path().join("missing/out.png"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, b"keep").unwrap();
        symlink(&target, &link).unwrap();
        write_atomic(&link, b"new").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"keep");
        assert_eq!(std::fs::read(&link).unwrap(), b"new");
        // As open(2) gives them, so that a web server may read the file.
        let usual = std::fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(std::fs::metadata(&link).unwrap().permissions().mode(), usual);
    }
}
