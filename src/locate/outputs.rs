//! A model's outputs by name, with their sizes checked.

use crate::infer::{InferError, ModelId, Tensor};

/// Outputs of one run.
pub struct Outputs {
    model: ModelId,
    tensors: Vec<(String, Tensor)>,
}

impl Outputs {
    pub fn new(model: ModelId, tensors: Vec<(String, Tensor)>) -> Self {
        Self { model, tensors }
    }

    /// Values of the output `name`, exactly `len` of them.
    ///
    /// # Errors
    /// When there is no such output or it has another size: the model file is not the one that the code expects.
    pub fn get(&self, name: &str, len: usize) -> Result<&[f32], InferError> {
        let wrong = |why: String| InferError::Run {
            model: self.model.to_string(),
            why,
        };
        let (_, tensor) = self
            .tensors
            .iter()
            .find(|(n, _)| n == name)
            .ok_or_else(|| wrong(format!("the model has no output `{name}`")))?;
        if tensor.data.len() == len {
            Ok(&tensor.data)
        } else {
            Err(wrong(format!(
                "output `{name}` has {} values where {len} were expected",
                tensor.data.len()
            )))
        }
    }

    /// The single value of the output `name`.
    ///
    /// # Errors
    /// As [`Outputs::get`].
    pub fn scalar(&self, name: &str) -> Result<f32, InferError> {
        Ok(self.get(name, 1)?.first().copied().unwrap_or_default())
    }
}
