//! Models in, tensors out. Two backends behind one trait: `rten` (embedded) and ONNX Runtime.

mod graph;
pub mod manifest;
mod model;
mod ort;
mod rten;
mod rten_graph;
mod sessions;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use graph::{Graph, GraphPort};
pub use model::ModelId;
use store::ModelStore;

/// A dense f32 tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// The model is not in this build or not in the folder given.
    #[error("{0}")]
    Missing(String),
    /// A manifest of models cannot be read.
    #[error("{0}")]
    Manifest(String),
    /// The model's bytes are not those of its manifest.
    #[error(
        "{place}: not the model it should be: its SHA-256 is {found}, not {expected}; restore it, or list it in a \
         models.yaml beside it"
    )]
    Hash {
        place: String,
        expected: String,
        found: String,
    },
    /// The file is there, but it is not a model that the backend can load.
    #[error("cannot load {model}: {why}")]
    Load { model: String, why: String },
    /// The model was given something that it does not take, or the backend failed in it.
    #[error("cannot run {model}: {why}")]
    Run { model: String, why: String },
    /// The backend asked for cannot be had.
    #[error("{0}")]
    Backend(String),
}

/// Runs models. Sessions are loaded on first use, once, and shared by all threads.
pub trait Engine: Send + Sync {
    /// `rten` or `ort`.
    fn name(&self) -> &'static str;

    /// What the library that runs the models says of itself, where it is no part of the program: another build of it may
    /// round otherwise.
    fn runtime(&self) -> Option<String> {
        None
    }

    /// Loads these models now, in this order, so that their first run finds them there: call it from a thread that has
    /// nothing else to do. What goes wrong is told by the run.
    fn prepare(&self, models: &[ModelId]);

    /// Gives back the memory of these models. One that is run again is loaded again.
    fn release(&self, _models: &[ModelId]) {}

    /// Runs `model` on one input; gives its outputs by their names in the model, in the model's order.
    fn run(&self, model: ModelId, input: Tensor) -> Result<Vec<(String, Tensor)>, InferError>;

    /// Loads a model that is not one of Parure's own, with any weights that lie in files beside it.
    ///
    /// # Errors
    /// [`InferError::Load`]: the file cannot be read, or it is no model that this backend runs.
    fn load(&self, path: &Path) -> Result<Arc<dyn Graph>, InferError>;
}

/// Which backend runs the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Backend {
    /// ONNX Runtime when a usable library is found, else the embedded one.
    #[default]
    Auto,
    /// ONNX Runtime, or an error.
    Ort,
    /// The embedded pure-Rust runtime.
    Rten,
}

/// How to open an [`Engine`].
#[derive(Debug, Clone, Default)]
pub struct InferOptions {
    pub backend: Backend,
    /// The ONNX Runtime library, when it is not where libraries usually are.
    pub ort_lib: Option<PathBuf>,
    /// Folder of models to use in place of the embedded ones.
    pub models_dir: Option<PathBuf>,
    /// Threads that one engine may use for all its models together; all cores when absent. Results do not
    /// depend on it.
    pub threads: Option<usize>,
}

/// Opens the engine. Cheap: models are loaded when first run. Those in a folder are checked here against their
/// manifest, so that a wrong file is told of before the first photograph.
///
/// # Errors
/// No models, models that are not what their manifest says, or no such backend.
pub fn open(options: &InferOptions) -> Result<Arc<dyn Engine>, InferError> {
    let store = ModelStore::open(options.models_dir.as_deref())?;
    store.check_files()?;
    let threads = options
        .threads
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
        .max(1);
    let rten = |store| -> Arc<dyn Engine> { Arc::new(rten::RtenEngine::new(store, threads)) };
    if options.backend == Backend::Rten {
        return Ok(rten(store));
    }
    match ort::OrtEngine::new(store, options.ort_lib.as_deref(), threads) {
        Ok(engine) => Ok(Arc::new(engine)),
        Err((_, error)) if options.backend == Backend::Ort => Err(InferError::Backend(error.why)),
        Err((store, error)) => {
            if error.worth_telling {
                tracing::warn!("{}; the embedded backend is used", error.why);
            } else {
                tracing::debug!("{}; the embedded backend is used", error.why);
            }
            Ok(rten(store))
        }
    }
}
