//! The backend that runs models with ONNX Runtime, when its library is found.

mod graph;
mod library;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::sessions::Sessions;
use super::store::ModelStore;
use super::{Engine, Graph, InferError, ModelId, Tensor};
use library::NoLibrary;

/// Why the backend cannot be had.
pub(super) struct Unavailable {
    pub why: String,
    /// Somebody put a library there and may wonder why it is not used.
    pub worth_telling: bool,
}

pub(super) struct OrtEngine {
    store: ModelStore,
    environment: Environment,
    /// A session runs one input at a time, on all the environment's threads.
    sessions: Sessions<Mutex<Session>>,
}

impl OrtEngine {
    /// # Errors
    /// There is no usable library; the store is handed back.
    pub(super) fn new(
        store: ModelStore,
        library: Option<&Path>,
        threads: usize,
    ) -> Result<Self, (ModelStore, Unavailable)> {
        match library::environment(library, threads) {
            Ok(environment) => Ok(Self {
                store,
                environment,
                sessions: Sessions::default(),
            }),
            Err(error) => {
                let worth_telling = error != NoLibrary::NotFound;
                Err((
                    store,
                    Unavailable {
                        why: error.to_string(),
                        worth_telling,
                    },
                ))
            }
        }
    }

    fn session(&self, id: ModelId) -> Result<Arc<Mutex<Session>>, InferError> {
        self.sessions.get(id, || self.load(id))
    }

    fn load(&self, id: ModelId) -> Result<Mutex<Session>, String> {
        let bytes = self.store.bytes(id).map_err(|e| e.to_string())?;
        let commit = || {
            Session::builder(&self.environment)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_deterministic_compute(true)?
                .commit_from_memory(&bytes)
        };
        let session = commit().map_err(|e: ort::Error| e.to_string())?;
        if session.inputs().len() != 1 {
            return Err(format!(
                "it has {} inputs in place of one",
                session.inputs().len()
            ));
        }
        Ok(Mutex::new(session))
    }
}

impl Engine for OrtEngine {
    fn name(&self) -> &'static str {
        "ort"
    }

    fn runtime(&self) -> Option<String> {
        Some(build(ort::info()))
    }

    fn prepare(&self, models: &[ModelId]) {
        for &id in models {
            drop(self.session(id));
        }
    }

    fn release(&self, models: &[ModelId]) {
        self.sessions.release(models);
    }

    fn run(&self, id: ModelId, input: Tensor) -> Result<Vec<(String, Tensor)>, InferError> {
        let session = self.session(id)?;
        let fail = |e: ort::Error| InferError::Run {
            model: id.to_string(),
            why: e.to_string(),
        };
        let view =
            TensorRef::from_array_view((input.shape.as_slice(), input.data.as_slice())).map_err(fail)?;
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(ort::inputs![view]).map_err(fail)?;
        outputs
            .iter()
            .map(|(name, value)| {
                let (shape, data) = value.try_extract_tensor::<f32>().map_err(fail)?;
                let shape = shape.iter().map(|&n| n as usize).collect();
                Ok((
                    name.to_owned(),
                    Tensor {
                        shape,
                        data: data.to_vec(),
                    },
                ))
            })
            .collect()
    }

    fn load(&self, path: &Path) -> Result<Arc<dyn Graph>, InferError> {
        Ok(Arc::new(graph::OrtGraph::load(path, &self.environment)?))
    }
}

/// ONNX Runtime's account of itself down to its commit: the compiler's flags that follow fill half a page.
fn build(info: &str) -> String {
    let parts = info.trim_start_matches("ORT Build Info: ").split(", ");
    parts
        .take_while(|part| !part.starts_with("cmake"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_build_is_told_by_branch_commit_and_type() {
        let info = "ORT Build Info: git-branch=rel-1.19.0, git-commit-id=26250ae, build type=Release, cmake cxx flags: /DWIN32 /EHsc";
        assert_eq!(
            super::build(info),
            "git-branch=rel-1.19.0, git-commit-id=26250ae, build type=Release"
        );
    }
}
