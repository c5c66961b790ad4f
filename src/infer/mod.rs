//! Models in, tensors out. Two backends behind one trait: `rten` (embedded) and ONNX Runtime.

/// A dense f32 tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// The models that Parure ships, by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelId {
    FaceShort,
    FaceFull,
    FaceMesh,
    Palm,
    Hand,
    PoseDetection,
    PoseLandmark,
    Selfie,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InferError(pub String);

/// Runs models. Sessions are loaded on first use, once, and shared by all threads.
pub trait Engine: Send + Sync {
    /// `rten` or `ort`.
    fn name(&self) -> &'static str;

    /// Runs `model` on one input; gives its outputs by their names in the model.
    fn run(&self, model: ModelId, input: Tensor) -> Result<Vec<(String, Tensor)>, InferError>;
}
