//! One photograph, one look: locate, fit and render in the order that the pieces are worn.
//!
//! This is the engine below both `parure try` and the batch: it knows neither YAML nor output files.

mod dress;
pub mod line;
mod seam;
mod sidecar;

pub use dress::{Dressed, LookItem, PipelineError, Worn, dress};
pub use seam::seam;

pub use sidecar::{SidecarError, apply as sidecar_apply, path_of as sidecar_path};

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::imaging::{Limits, Photo, PictureError};
use crate::infer::{Engine, InferError};
use crate::locate::{Anatomy, Wants, locate};

/// Shared by all threads: the models' sessions and the decoders' limits.
#[derive(Clone)]
pub struct Pipeline {
    pub engine: Arc<dyn Engine>,
    pub limits: Limits,
}

/// A photograph whose anatomy is known.
#[derive(Debug, Clone)]
pub struct Located {
    pub photo: Photo,
    pub anatomy: Anatomy,
    pub decode: Duration,
    pub locate: Duration,
}

/// Why a photograph could not be read or located.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Infer(#[from] InferError),
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
}

impl Pipeline {
    /// Decodes a photograph, locates what the given kinds of jewelry need, and applies the photo's sidecar of anchors
    /// given by hand (`photo.jpg.anchors.yaml`) if there is one.
    ///
    /// # Errors
    /// The file cannot be read or decoded within the limits, or a model fails to load or run.
    pub fn open(&self, path: &Path, wants: Wants) -> Result<Located, OpenError> {
        let start = Instant::now();
        let photo = Photo::open(path, &self.limits)?;
        let decode = start.elapsed();
        let start = Instant::now();
        let mut anatomy = locate(&photo, self.engine.as_ref(), wants)?;
        sidecar::apply(path, &mut anatomy)?;
        Ok(Located {
            photo,
            anatomy,
            decode,
            locate: start.elapsed(),
        })
    }
}
