//! Located anatomies on disk, by the photo's content and the models' version: a photograph is located once.

use std::path::PathBuf;

use serde_json::Value;

use crate::imaging::write_atomic;
use crate::locate::{Anatomy, Wants};

/// Changes when locating gives other results for the same photo and models.
const VERSION: u32 = 4;

/// A folder of located anatomies. Every failure of it only costs time.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    /// Hash of program version, backend and models.
    maker: String,
}

impl Cache {
    pub fn new(folder: PathBuf, made_by: &Value) -> Self {
        let maker = blake3::hash(format!("{VERSION} {made_by}").as_bytes())
            .to_hex()
            .to_string();
        Self { folder, maker }
    }

    fn path(&self, photo_hash: &str, wants: Wants) -> PathBuf {
        let name = blake3::hash(format!("{} {photo_hash} {wants:?}", self.maker).as_bytes()).to_hex();
        self.folder.join(format!("{name}.json"))
    }

    /// What was located on this photo before. The numbers are those that were written, bit for bit.
    pub fn get(&self, photo_hash: &str, wants: Wants) -> Option<Anatomy> {
        let text = std::fs::read_to_string(self.path(photo_hash, wants)).ok()?;
        let (hash, body) = text.split_once('\n')?;
        (blake3::hash(body.as_bytes()).to_hex().as_str() == hash).then(|| serde_json::from_str(body).ok())?
    }

    pub fn put(&self, photo_hash: &str, wants: Wants, anatomy: &Anatomy) {
        let Ok(body) = serde_json::to_string(anatomy) else {
            return;
        };
        // What JSON cannot hold (no number) would come back as nothing: better located again.
        if serde_json::from_str::<Anatomy>(&body).is_err() {
            return;
        }
        let text = format!("{}\n{body}", blake3::hash(body.as_bytes()).to_hex());
        let write = || {
            std::fs::create_dir_all(&self.folder).ok()?;
            write_atomic(&self.path(photo_hash, wants), text.as_bytes()).ok()
        };
        if write().is_none() {
            tracing::debug!("{}: the anatomy cannot be kept", self.folder.display());
        }
    }
}
