//! Models from files of the user's own: several inputs, dynamic shapes, and whatever element types they declare.

use super::{InferError, Tensor};

/// An input or output as a model declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphPort {
    pub name: String,
    /// Length of each axis; `None` where it is dynamic. Empty when the model does not say.
    pub shape: Vec<Option<usize>>,
}

/// A model that was loaded from a file with [`super::Engine::load`].
pub trait Graph: Send + Sync {
    fn inputs(&self) -> &[GraphPort];

    fn outputs(&self) -> &[GraphPort];

    /// Runs the model. Values travel as f32 and are converted to what each input declares: halves, or integers (to the
    /// nearest; exact below 2²⁴, far above token ids and timesteps). Outputs come back as f32, in the model's order.
    ///
    /// # Errors
    /// [`InferError::Run`]: an input is unknown, missing or of a shape that the model does not take.
    fn run(&self, inputs: &[(&str, &Tensor)]) -> Result<Vec<(String, Tensor)>, InferError>;
}
