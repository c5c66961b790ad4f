//! One line of the manifest: what became of one output.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The picture was written.
    Done,
    /// The piece cannot be worn in this photograph; there is no picture.
    Unfit,
    /// The picture misses its tier; it lies under `rejected/`.
    Rejected,
    /// Something went wrong; there is no picture.
    Failed,
}

/// The preset's words for an output.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Labels {
    pub look: String,
    pub skus: Vec<String>,
    pub model: String,
    pub variant: VariantLabel,
    pub export: String,
    /// What the variant changes in this picture.
    pub changed: Value,
    /// All settings of this picture.
    pub settings: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantLabel {
    /// Depends on what the variant changes and on nothing else.
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputRecord {
    pub path: String,
    /// BLAKE3 of the content, hexadecimal.
    pub hash: String,
}

/// One line of `manifest.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Inside the output folder. Where the picture would be when there is none.
    pub path: String,
    pub status: Status,
    /// A named reason when not done.
    pub reason: Option<String>,
    /// A sentence for people when not done.
    pub detail: Option<String>,
    /// BLAKE3 of everything that the picture depends on: inputs, settings, program, backend, models.
    pub key: String,
    /// BLAKE3 of the file, hexadecimal.
    pub hash: Option<String>,
    pub bytes: Option<u64>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    #[serde(flatten)]
    pub labels: Labels,
    /// The photo first.
    pub inputs: Vec<InputRecord>,
    pub seed: u64,
    /// Program, backend and models.
    pub made_by: Arc<Value>,
    /// Placements, scale and what else the picture's maker tells.
    pub result: Value,
    /// Milliseconds by stage.
    pub timings_ms: Value,
}

impl Record {
    /// Whether a file lies at `path`.
    pub fn has_file(&self) -> bool {
        self.hash.is_some()
    }
}
