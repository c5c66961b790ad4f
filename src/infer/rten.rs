use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView, ValueView};

use super::rten_graph::RtenGraph;
use super::sessions::Sessions;
use super::store::ModelStore;
use super::{Engine, Graph, InferError, ModelId, Tensor};

/// The embedded backend: models run by `rten`, in Rust.
pub(super) struct RtenEngine {
    store: ModelStore,
    /// Its own pool: rten's default counts physical cores, which leaves half of a small cloud machine idle.
    pool: Arc<ThreadPool>,
    sessions: Sessions<Session>,
}

struct Session {
    model: Model,
    input: NodeId,
    outputs: Vec<(String, NodeId)>,
}

impl RtenEngine {
    pub(super) fn new(store: ModelStore, threads: usize) -> Self {
        Self {
            store,
            pool: Arc::new(ThreadPool::with_num_threads(threads)),
            sessions: Sessions::default(),
        }
    }

    fn session(&self, id: ModelId) -> Result<Arc<Session>, InferError> {
        // The load runs on a thread of its own. Loading waits for rten's pool, and a rayon worker that waits for
        // another pool steals jobs meanwhile: the stolen job could come back here, to the lock that this very
        // thread holds.
        let load = || {
            std::thread::scope(|scope| {
                scope
                    .spawn(|| self.load(id))
                    .join()
                    .unwrap_or_else(|_| Err("the loader panicked".into()))
            })
        };
        self.sessions.get(id, load)
    }

    fn load(&self, id: ModelId) -> Result<Session, String> {
        let mut options = ModelOptions::default();
        options.prepack_weights(true);
        let model = match self.store.bytes(id).map_err(|e| e.to_string())? {
            Cow::Borrowed(bytes) => options.load_static_slice(bytes),
            Cow::Owned(bytes) => options.load(bytes),
        }
        .map_err(|e| e.to_string())?;
        let &[input] = model.input_ids() else {
            return Err(format!(
                "it has {} inputs in place of one",
                model.input_ids().len()
            ));
        };
        let outputs = model
            .output_ids()
            .iter()
            .map(|&output| {
                let name = model
                    .node_info(output)
                    .and_then(|info| info.name().map(str::to_owned));
                name.map(|name| (name, output))
                    .ok_or_else(|| "it has an output without a name".to_string())
            })
            .collect::<Result<_, _>>()?;
        Ok(Session {
            model,
            input,
            outputs,
        })
    }
}

impl Engine for RtenEngine {
    fn name(&self) -> &'static str {
        "rten"
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
        let fail = |why: String| InferError::Run {
            model: id.to_string(),
            why,
        };
        let view = ValueView::from_shape(&input.shape, input.data.as_slice()).map_err(|e| {
            fail(format!(
                "shape {:?} against {} values: {e}",
                input.shape,
                input.data.len()
            ))
        })?;
        let outputs: Vec<NodeId> = session.outputs.iter().map(|(_, id)| *id).collect();
        let options = RunOptions::default().with_thread_pool(Some(self.pool.clone()));
        let values = session
            .model
            .run(
                vec![(session.input, ValueOrView::View(view))],
                &outputs,
                Some(options),
            )
            .map_err(|e| fail(e.to_string()))?;
        session
            .outputs
            .iter()
            .zip(values)
            .map(|((name, _), value)| {
                let tensor: rten_tensor::Tensor<f32> = value
                    .into_tensor()
                    .ok_or_else(|| fail(format!("output {name} is not f32")))?;
                let shape = rten_tensor::Layout::shape(&tensor).to_vec();
                Ok((
                    name.clone(),
                    Tensor {
                        shape,
                        data: tensor.into_data(),
                    },
                ))
            })
            .collect()
    }

    fn load(&self, path: &Path) -> Result<Arc<dyn Graph>, InferError> {
        Ok(Arc::new(RtenGraph::load(path, self.pool.clone())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::manifest;

    /// Values without a pattern, in the shape that the manifest gives.
    fn input(id: ModelId) -> Tensor {
        let shape = manifest::entries().unwrap()[id.index()].inputs[0].shape.clone();
        let len = shape.iter().product::<usize>();
        Tensor {
            shape,
            data: (0..len).map(|i| (i as f32 * 0.618).fract()).collect(),
        }
    }

    fn engine(threads: usize) -> RtenEngine {
        RtenEngine::new(ModelStore::open(None).unwrap(), threads)
    }

    #[test]
    fn every_model_gives_the_outputs_of_the_manifest() {
        let engine = engine(2);
        for (id, entry) in ModelId::ALL.into_iter().zip(manifest::entries().unwrap()) {
            let outputs = engine.run(id, input(id)).unwrap();
            assert_eq!(outputs.len(), entry.outputs.len(), "{id}");
            for ((name, tensor), port) in outputs.iter().zip(&entry.outputs) {
                assert_eq!((name, &tensor.shape), (&port.name, &port.shape), "{id}");
                assert_eq!(tensor.data.len(), port.shape.iter().product::<usize>());
                assert!(tensor.data.iter().all(|v| v.is_finite()), "{id} {name}");
            }
        }
    }

    #[test]
    fn outputs_do_not_depend_on_the_thread_count() {
        let (one, three) = (engine(1), engine(3));
        for id in ModelId::ALL {
            let (a, b) = (one.run(id, input(id)).unwrap(), three.run(id, input(id)).unwrap());
            assert_eq!(a, b, "{id}");
        }
    }

    #[test]
    fn a_wrong_shape_is_an_error() {
        let tensor = Tensor {
            shape: vec![1, 8, 8, 3],
            data: vec![0.0; 192],
        };
        let error = engine(1).run(ModelId::FaceShort, tensor).unwrap_err();
        assert!(matches!(error, InferError::Run { .. }), "{error}");
        let tensor = Tensor {
            shape: vec![1, 128, 128, 3],
            data: vec![0.0; 5],
        };
        assert!(matches!(
            engine(1).run(ModelId::FaceShort, tensor),
            Err(InferError::Run { .. })
        ));
    }
}
