use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{InferError, ModelId};

/// Where the bytes of the models come from.
pub(super) enum ModelStore {
    Embedded,
    Folder(PathBuf),
}

impl ModelStore {
    /// The folder when one is given, else the models in the binary.
    pub(super) fn new(folder: Option<&Path>) -> Result<Self, InferError> {
        match folder {
            Some(folder) if folder.is_dir() => Ok(Self::Folder(folder.to_owned())),
            Some(folder) => Err(InferError::Missing(format!(
                "{}: no such folder of models; give the folder that holds the .onnx files",
                folder.display()
            ))),
            None if cfg!(feature = "embedded-models") => Ok(Self::Embedded),
            None => Err(InferError::Missing(
                "this build carries no models; give their folder with --models".into(),
            )),
        }
    }

    pub(super) fn bytes(&self, id: ModelId) -> Result<Cow<'static, [u8]>, InferError> {
        match self {
            Self::Embedded => embedded(id).map(Cow::Borrowed).ok_or_else(|| {
                InferError::Missing("this build carries no models; give their folder with --models".into())
            }),
            Self::Folder(folder) => {
                let path = folder.join(format!("{id}.onnx"));
                std::fs::read(&path).map(Cow::Owned).map_err(|e| {
                    InferError::Missing(format!("{}: cannot read this model: {e}", path.display()))
                })
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
    })
}

#[cfg(not(feature = "embedded-models"))]
fn embedded(_: ModelId) -> Option<&'static [u8]> {
    None
}
