//! `onnx/models.yaml`: which models there are, and what bytes they must have.

use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::store::{ModelStore, Place};
use super::{InferError, ModelId};

/// Name of the manifest in a folder of models.
pub const FILE_NAME: &str = "models.yaml";

/// Largest manifest that is read: a few hundred bytes a model are enough.
const MAX_BYTES: u64 = 1 << 20;

/// One model of the manifest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// [`ModelId::name`].
    pub name: String,
    /// File name in the manifest's folder.
    pub file: String,
    /// Of the file, lower-case hexadecimal.
    pub sha256: String,
    #[serde(default)]
    pub inputs: Vec<Port>,
    #[serde(default)]
    pub outputs: Vec<Port>,
    /// Where the model comes from.
    #[serde(default)]
    pub origin: String,
    /// SPDX identifier.
    #[serde(default)]
    pub licence: String,
}

/// An input or output of a model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub name: String,
    pub shape: Vec<usize>,
    /// Range of an input's values.
    pub range: Option<[f32; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    models: Vec<Entry>,
}

/// The models that Parure ships.
pub fn entries() -> Result<&'static [Entry], InferError> {
    static ENTRIES: OnceLock<Result<Vec<Entry>, String>> = OnceLock::new();
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/onnx/models.yaml"));
    match ENTRIES.get_or_init(|| parse(text)) {
        Ok(entries) => Ok(entries),
        Err(why) => Err(InferError::Manifest(format!("the built-in {FILE_NAME}: {why}"))),
    }
}

/// The manifest in a folder of models; `None` when there is none.
pub(super) fn read(folder: &Path) -> Result<Option<Vec<Entry>>, InferError> {
    let path = folder.join(FILE_NAME);
    let fail = |why: String| InferError::Manifest(format!("{}: {why}", path.display()));
    let meta = match std::fs::metadata(&path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(fail(e.to_string())),
    };
    if meta.len() > MAX_BYTES {
        return Err(fail(format!("a manifest of {} bytes is not read", meta.len())));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| fail(e.to_string()))?;
    parse(&text).map(Some).map_err(fail)
}

fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let manifest: Manifest = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    for entry in &manifest.models {
        // The file is read and run: keep it inside the folder.
        if Path::new(&entry.file).components().count() != 1
            || entry.file.contains(['/', '\\'])
            || entry.file == ".."
        {
            return Err(format!(
                "{}: file {:?} is not the name of a file in this folder",
                entry.name, entry.file
            ));
        }
    }
    Ok(manifest.models)
}

impl Entry {
    /// Checks a file's bytes against the manifest.
    ///
    /// # Errors
    /// The SHA-256 differs; `place` says which file that is.
    pub fn verify(&self, bytes: &[u8], place: &str) -> Result<(), InferError> {
        let found = hex(&Sha256::digest(bytes));
        if found.eq_ignore_ascii_case(&self.sha256) {
            return Ok(());
        }
        Err(InferError::Hash {
            place: place.to_owned(),
            expected: self.sha256.clone(),
            found,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A model as it would be used.
#[derive(Debug)]
pub struct Checked {
    pub id: ModelId,
    /// From the manifest that vouches for the model: the folder's, where it lists the model, else the built-in one.
    pub entry: Entry,
    /// `embedded`, or the file's path.
    pub place: String,
    /// Size in bytes when it is right.
    pub result: Result<usize, InferError>,
}

/// Looks up and checks every model, those in `models_dir` first and the embedded ones for the rest.
///
/// # Errors
/// The folder or its manifest cannot be read. What is wrong with a single model is in its [`Checked::result`].
pub fn verify(models_dir: Option<&Path>) -> Result<Vec<Checked>, InferError> {
    let store = ModelStore::open(models_dir)?;
    ModelId::ALL
        .into_iter()
        .map(|id| {
            let entry = store.entry(id)?.clone();
            let place = store.place(id)?;
            let result = store.bytes(id).and_then(|bytes| {
                // The store trusts the binary that it is part of; here is the place not to.
                if place == Place::Embedded {
                    entry.verify(&bytes, "embedded")?;
                }
                Ok(bytes.len())
            });
            Ok(Checked {
                id,
                entry,
                place: place.to_string(),
                result,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_listed_once_and_by_its_name() {
        let entries = entries().unwrap();
        assert_eq!(entries.len(), ModelId::ALL.len());
        for (id, entry) in ModelId::ALL.into_iter().zip(entries) {
            assert_eq!(
                (entry.name.as_str(), entry.file.clone()),
                (id.name(), format!("{id}.onnx"))
            );
            let trained_here = entry.origin.starts_with("train/");
            let licence = if trained_here { "CC0-1.0" } else { "Apache-2.0" };
            assert_eq!(entry.licence, licence);
            assert!(entry.inputs.len() == 1 && !entry.outputs.is_empty());
        }
    }

    #[test]
    fn a_digest_is_checked() {
        // FIPS 180-4's example.
        let entry = Entry {
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
            ..entries().unwrap()[0].clone()
        };
        entry.verify(b"abc", "x").unwrap();
        let error = entry.verify(b"abd", "somewhere/m.onnx").unwrap_err().to_string();
        assert!(
            error.contains("somewhere/m.onnx") && error.contains("ba7816bf"),
            "{error}"
        );
    }

    #[test]
    fn a_manifest_cannot_reach_out_of_its_folder() {
        for file in ["../m.onnx", "/etc/passwd", "a/b.onnx", "..", "", "a\\b"] {
            let text = format!("models: [{{name: x, file: '{file}', sha256: '00'}}]");
            assert!(parse(&text).is_err(), "{file}");
        }
        assert!(parse("models: [{name: x, file: m.onnx, sha256: '00', typo: 1}]").is_err());
    }
}
