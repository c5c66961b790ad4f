//! [`Graph`] by the embedded backend.

use std::path::Path;
use std::sync::Arc;

use rten::{
    DataType, Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView, ValueType,
    ValueView,
};

use super::{Graph, GraphPort, InferError, Tensor};

pub(super) struct RtenGraph {
    name: String,
    model: Model,
    pool: Arc<ThreadPool>,
    inputs: Vec<GraphPort>,
    outputs: Vec<GraphPort>,
}

impl RtenGraph {
    /// Reads the model and the files beside it that hold its weights, if there are any.
    pub(super) fn load(path: &Path, pool: Arc<ThreadPool>) -> Result<Self, InferError> {
        let name = path.display().to_string();
        let fail = |why: String| InferError::Load {
            model: name.clone(),
            why,
        };
        let read = || {
            let mut options = ModelOptions::default();
            options.prepack_weights(true);
            options.load_file(path).map_err(|e| e.to_string())
        };
        // On a thread of its own, as the shipped models are: a rayon worker that waits for rten's pool would steal jobs.
        let model = std::thread::scope(|scope| {
            scope
                .spawn(read)
                .join()
                .unwrap_or_else(|_| Err("the loader panicked".into()))
        })
        .map_err(fail)?;
        let (inputs, outputs) = (
            ports(&model, model.input_ids()),
            ports(&model, model.output_ids()),
        );
        Ok(Self {
            name,
            model,
            pool,
            inputs,
            outputs,
        })
    }
}

fn ports(model: &Model, ids: &[NodeId]) -> Vec<GraphPort> {
    let port = |id: &NodeId| {
        let info = model.node_info(*id);
        let shape = info.as_ref().and_then(|info| info.shape()).unwrap_or_default();
        GraphPort {
            name: info
                .and_then(|info| info.name().map(str::to_owned))
                .unwrap_or_default(),
            shape: shape
                .into_iter()
                .map(|d| match d {
                    Dimension::Fixed(n) => Some(n),
                    Dimension::Symbolic(_) => None,
                })
                .collect(),
        }
    };
    ids.iter().map(port).collect()
}

/// Values as the model takes them: rten runs halves as f32 and all wider integers as i32.
enum Fed<'a> {
    Float(&'a [f32]),
    Int(Vec<i32>),
}

impl Graph for RtenGraph {
    fn inputs(&self) -> &[GraphPort] {
        &self.inputs
    }

    fn outputs(&self) -> &[GraphPort] {
        &self.outputs
    }

    fn run(&self, inputs: &[(&str, &Tensor)]) -> Result<Vec<(String, Tensor)>, InferError> {
        let fail = |why: String| InferError::Run {
            model: self.name.clone(),
            why,
        };
        let mut fed = Vec::with_capacity(inputs.len());
        for (name, tensor) in inputs {
            let place = self.inputs.iter().position(|port| port.name == *name);
            let id = place
                .and_then(|i| self.model.input_ids().get(i).copied())
                .ok_or_else(|| fail(format!("it has no input {name}")))?;
            let dtype = self.model.node_info(id).and_then(|info| info.dtype());
            let values = match dtype {
                Some(ValueType::Tensor(DataType::Int32)) => {
                    Fed::Int(tensor.data.iter().map(|v| v.round() as i32).collect())
                }
                _ => Fed::Float(&tensor.data),
            };
            fed.push((id, *name, &tensor.shape, values));
        }
        let mut values: Vec<(NodeId, ValueOrView)> = Vec::with_capacity(fed.len());
        for (id, name, shape, data) in &fed {
            let view = match data {
                Fed::Float(data) => ValueView::from_shape(shape, data).map_err(|e| e.to_string()),
                Fed::Int(data) => ValueView::from_shape(shape, data.as_slice()).map_err(|e| e.to_string()),
            };
            let view = view.map_err(|e| fail(format!("input {name} of shape {shape:?}: {e}")))?;
            values.push((*id, ValueOrView::View(view)));
        }
        let options = RunOptions::default().with_thread_pool(Some(self.pool.clone()));
        let results = self
            .model
            .run(values, self.model.output_ids(), Some(options))
            .map_err(|e| fail(e.to_string()))?;
        self.outputs
            .iter()
            .zip(results)
            .map(|(port, value)| {
                let tensor =
                    tensor(value).ok_or_else(|| fail(format!("output {} is not of numbers", port.name)))?;
                Ok((port.name.clone(), tensor))
            })
            .collect()
    }
}

fn tensor(value: Value) -> Option<Tensor> {
    let (shape, data) = match value {
        Value::Int32Tensor(t) => (
            rten_tensor::Layout::shape(&t).to_vec(),
            t.into_data().into_iter().map(|v| v as f32).collect(),
        ),
        other => {
            let t: rten_tensor::Tensor<f32> = other.into_tensor()?;
            (rten_tensor::Layout::shape(&t).to_vec(), t.into_data())
        }
    };
    Some(Tensor { shape, data })
}
