//! Anchors given by hand in a file beside the photograph: `model.jpg` has `model.jpg.anchors.yaml`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::locate::Anatomy;
use crate::locate::manual::ManualAnchors;

/// A sidecar holds a dozen numbers; anything larger is not one.
const LARGEST: u64 = 64 * 1024;

/// Why a sidecar cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct SidecarError {
    pub path: String,
    pub why: String,
}

/// Where the sidecar of a photograph lies.
pub fn path_of(photo: &Path) -> PathBuf {
    let mut name = photo.as_os_str().to_owned();
    name.push(".anchors.yaml");
    PathBuf::from(name)
}

/// Applies the sidecar of `photo`, if there is one.
///
/// # Errors
/// The sidecar cannot be read, is not valid, or its anchors cannot be used.
pub fn apply(photo: &Path, anatomy: &mut Anatomy) -> Result<(), SidecarError> {
    let path = path_of(photo);
    let failed = |why: String| SidecarError {
        path: path.display().to_string(),
        why,
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error.to_string())),
    };
    let mut text = String::new();
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| failed(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(failed(format!(
            "more than {} KiB: this is no anchors file",
            LARGEST / 1024
        )));
    }
    let anchors: ManualAnchors = serde_yaml::from_str(&text).map_err(|error| failed(error.to_string()))?;
    anchors.apply(anatomy).map_err(|error| failed(error.to_string()))
}
