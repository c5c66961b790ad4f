//! [`Graph`] by ONNX Runtime.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use half::f16;
use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, TensorElementType, ValueType};

use crate::infer::{Graph, GraphPort, InferError, Tensor};

pub(super) struct OrtGraph {
    name: String,
    inputs: Vec<GraphPort>,
    outputs: Vec<GraphPort>,
    types: Vec<Option<TensorElementType>>,
    session: Mutex<Session>,
}

impl OrtGraph {
    /// Reads the model and the files beside it that hold its weights, if there are any.
    pub(super) fn load(path: &Path, environment: &Environment) -> Result<Self, InferError> {
        let name = path.display().to_string();
        let commit = || {
            Session::builder(environment)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_deterministic_compute(true)?
                .commit_from_file(path)
        };
        let session = commit().map_err(|e: ort::Error| InferError::Load {
            model: name.clone(),
            why: e.to_string(),
        })?;
        Ok(Self {
            name,
            inputs: session.inputs().iter().map(port).collect(),
            outputs: session.outputs().iter().map(port).collect(),
            types: session
                .inputs()
                .iter()
                .map(|input| input.dtype().tensor_type())
                .collect(),
            session: Mutex::new(session),
        })
    }

    /// The values as the input's own element type.
    fn feed(&self, name: &str, tensor: &Tensor) -> Result<DynValue, String> {
        let place = self.inputs.iter().position(|port| port.name == name);
        let place = place.ok_or_else(|| format!("it has no input {name}"))?;
        let shape = tensor.shape.clone();
        let data = &tensor.data;
        let value = match self.types.get(place).copied().flatten() {
            Some(TensorElementType::Float32) => {
                ort::value::Tensor::from_array((shape, data.clone())).map(|t| t.into_dyn())
            }
            Some(TensorElementType::Float16) => {
                let halves: Vec<f16> = data.iter().map(|v| f16::from_f32(*v)).collect();
                ort::value::Tensor::from_array((shape, halves)).map(|t| t.into_dyn())
            }
            Some(TensorElementType::Int64) => {
                let ints: Vec<i64> = data.iter().map(|v| v.round() as i64).collect();
                ort::value::Tensor::from_array((shape, ints)).map(|t| t.into_dyn())
            }
            Some(TensorElementType::Int32) => {
                let ints: Vec<i32> = data.iter().map(|v| v.round() as i32).collect();
                ort::value::Tensor::from_array((shape, ints)).map(|t| t.into_dyn())
            }
            other => {
                return Err(format!(
                    "input {name} is of a type that is not offered ({other:?})"
                ));
            }
        };
        value.map_err(|e| format!("input {name} of shape {:?}: {e}", tensor.shape))
    }
}

fn port(outlet: &Outlet) -> GraphPort {
    let shape = match outlet.dtype() {
        ValueType::Tensor { shape, .. } => shape.iter().map(|&n| usize::try_from(n).ok()).collect(),
        _ => Vec::new(),
    };
    GraphPort {
        name: outlet.name().to_owned(),
        shape,
    }
}

impl Graph for OrtGraph {
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
        let mut fed: Vec<(String, SessionInputValue)> = Vec::with_capacity(inputs.len());
        for (name, tensor) in inputs {
            fed.push(((*name).to_owned(), self.feed(name, tensor).map_err(fail)?.into()));
        }
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(fed).map_err(|e| fail(e.to_string()))?;
        outputs
            .iter()
            .map(|(name, value)| {
                let (shape, data) = match value.dtype().tensor_type() {
                    Some(TensorElementType::Float16) => {
                        let (shape, data) = value
                            .try_extract_tensor::<f16>()
                            .map_err(|e| fail(e.to_string()))?;
                        (shape, data.iter().map(|v| v.to_f32()).collect())
                    }
                    Some(TensorElementType::Int64) => {
                        let (shape, data) = value
                            .try_extract_tensor::<i64>()
                            .map_err(|e| fail(e.to_string()))?;
                        (shape, data.iter().map(|v| *v as f32).collect())
                    }
                    _ => {
                        let (shape, data) = value
                            .try_extract_tensor::<f32>()
                            .map_err(|e| fail(e.to_string()))?;
                        (shape, data.to_vec())
                    }
                };
                let shape = shape.iter().map(|&n| n as usize).collect();
                Ok((name.to_owned(), Tensor { shape, data }))
            })
            .collect()
    }
}
