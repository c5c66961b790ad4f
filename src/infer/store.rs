use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use super::manifest::{self, Entry};
use super::{InferError, ModelId};

const NO_MODELS: &str = "this build carries no models; give their folder with --models";

/// Where the bytes of the models come from: a folder for what it holds, the binary for the rest.
pub(super) struct ModelStore {
    folder: Option<Folder>,
}

struct Folder {
    path: PathBuf,
    /// The folder's own manifest, which vouches for models that are not Parure's.
    entries: Vec<Entry>,
}

/// Where one model is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Embedded,
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl ModelStore {
    /// # Errors
    /// There is no such folder, its manifest cannot be read, or there is neither a folder nor an embedded model.
    pub(super) fn open(folder: Option<&Path>) -> Result<Self, InferError> {
        let Some(path) = folder else {
            return if cfg!(feature = "embedded-models") {
                Ok(Self { folder: None })
            } else {
                Err(InferError::Missing(NO_MODELS.into()))
            };
        };
        if !path.is_dir() {
            return Err(InferError::Missing(format!(
                "{}: no such folder of models; give the folder that holds the .onnx files",
                path.display()
            )));
        }
        let entries = manifest::read(path)?.unwrap_or_default();
        Ok(Self {
            folder: Some(Folder {
                path: path.to_owned(),
                entries,
            }),
        })
    }

    /// The manifest's word on a model: the folder's own before the built-in one.
    pub(super) fn entry(&self, id: ModelId) -> Result<&Entry, InferError> {
        let own = self.folder.iter().flat_map(|folder| &folder.entries);
        own.chain(manifest::entries()?)
            .find(|entry| entry.name == id.name())
            .ok_or_else(|| InferError::Manifest(format!("{id} is in no manifest")))
    }

    pub(super) fn place(&self, id: ModelId) -> Result<Place, InferError> {
        if let Some(folder) = &self.folder {
            let path = folder.path.join(&self.entry(id)?.file);
            let listed = folder.entries.iter().any(|entry| entry.name == id.name());
            if listed || path.exists() || !cfg!(feature = "embedded-models") {
                return Ok(Place::File(path));
            }
        }
        Ok(Place::Embedded)
    }

    /// Checks the files of the folder against their manifest.
    pub(super) fn check_files(&self) -> Result<(), InferError> {
        for id in ModelId::ALL {
            if self.place(id)? != Place::Embedded {
                self.bytes(id)?;
            }
        }
        Ok(())
    }

    /// The model's bytes; those of a file are checked against the manifest.
    pub(super) fn bytes(&self, id: ModelId) -> Result<Cow<'static, [u8]>, InferError> {
        match self.place(id)? {
            Place::Embedded => embedded(id)
                .map(Cow::Borrowed)
                .ok_or_else(|| InferError::Missing(NO_MODELS.into())),
            Place::File(path) => {
                let place = path.display().to_string();
                let bytes = std::fs::read(&path)
                    .map_err(|e| InferError::Missing(format!("{place}: cannot read this model: {e}")))?;
                self.entry(id)?.verify(&bytes, &place)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

#[cfg(feature = "embedded-models")]
fn embedded(id: ModelId) -> Option<&'static [u8]> {
    macro_rules! model {
        ($name:literal) => {
            include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/onnx/",
                $name,
                ".onnx"
            ))
        };
    }
    Some(match id {
        ModelId::FaceShort => model!("face_detection_short_range"),
        ModelId::FaceFull => model!("face_detection_full_range_sparse"),
        ModelId::FaceMesh => model!("face_landmark_with_attention"),
        ModelId::Palm => model!("palm_detection_full"),
        ModelId::Hand => model!("hand_landmark_full"),
        ModelId::PoseDetection => model!("pose_detection"),
        ModelId::PoseLandmark => model!("pose_landmark_full"),
        ModelId::Selfie => model!("selfie_segmentation"),
        ModelId::FaceRegions => model!("face_regions"),
        ModelId::EarLobe => model!("ear_lobe"),
        ModelId::Band => model!("band"),
    })
}

#[cfg(not(feature = "embedded-models"))]
fn embedded(_: ModelId) -> Option<&'static [u8]> {
    None
}

#[cfg(all(test, feature = "embedded-models"))]
mod tests {
    use super::*;

    fn manifest(file: &str, sha256: &str) -> String {
        format!("models:\n  - name: face_detection_short_range\n    file: {file}\n    sha256: {sha256}\n")
    }

    #[test]
    fn the_binary_carries_the_models_of_the_manifest() {
        for checked in manifest::verify(None).unwrap() {
            assert_eq!(checked.place, "embedded");
            let file = format!("{}/onnx/{}.onnx", env!("CARGO_MANIFEST_DIR"), checked.id);
            let size = std::fs::metadata(&file).unwrap().len();
            // A pointer to a file that was not fetched has a hundred bytes.
            assert!(size > 10_000, "{file}");
            assert_eq!(u64::try_from(checked.result.unwrap()).unwrap(), size, "{file}");
        }
    }

    #[test]
    fn a_folder_overrides_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let ours = embedded(ModelId::FaceShort).unwrap();
        std::fs::write(folder.path().join("face_detection_short_range.onnx"), ours).unwrap();
        let store = ModelStore::open(Some(folder.path())).unwrap();
        assert!(matches!(store.place(ModelId::FaceShort).unwrap(), Place::File(_)));
        assert_eq!(store.bytes(ModelId::FaceShort).unwrap(), ours);
        assert_eq!(store.place(ModelId::Palm).unwrap(), Place::Embedded);
    }

    #[test]
    fn a_strange_model_needs_a_manifest_that_lists_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("face_detection_short_range.onnx");
        std::fs::write(&file, b"abc").unwrap();
        let store = ModelStore::open(Some(folder.path())).unwrap();
        let error = store.bytes(ModelId::FaceShort).unwrap_err();
        assert!(matches!(error, InferError::Hash { .. }), "{error}");
        assert!(error.to_string().contains("models.yaml"), "{error}");

        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        std::fs::write(folder.path().join("mine.onnx"), b"abc").unwrap();
        std::fs::write(folder.path().join("models.yaml"), manifest("mine.onnx", abc)).unwrap();
        let store = ModelStore::open(Some(folder.path())).unwrap();
        assert_eq!(&*store.bytes(ModelId::FaceShort).unwrap(), b"abc");

        std::fs::write(folder.path().join("mine.onnx"), b"changed").unwrap();
        assert!(matches!(
            store.bytes(ModelId::FaceShort),
            Err(InferError::Hash { .. })
        ));
        std::fs::remove_file(folder.path().join("mine.onnx")).unwrap();
        assert!(matches!(
            store.bytes(ModelId::FaceShort),
            Err(InferError::Missing(_))
        ));
        std::fs::write(folder.path().join("models.yaml"), "models: 3").unwrap();
        assert!(matches!(
            ModelStore::open(Some(folder.path())),
            Err(InferError::Manifest(_))
        ));
    }
}
