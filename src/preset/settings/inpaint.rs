//! Which engine repaints the seam, and how.

use schemars::JsonSchema;
use serde::Serialize;

use crate::preset::decode::{Decode, record, words};
use crate::preset::issue::Issues;
use crate::preset::node::{Node, Value};
use crate::preset::path::PathText;
use crate::preset::values::{Factor, Share};

words! {
    /// Inpainting without further settings.
    pub enum InpaintWord("inpaint engine") {
        Off = "off",
        /// The compact bundled model.
        Band = "band",
    }
}

words! {
    pub enum InpaintEngine("inpaint engine") {
        Band = "band",
        /// A Stable Diffusion inpainting export in the usual ONNX folder layout.
        Sd = "sd",
    }
}

record! {
    /// An inpainting engine with its settings.
    #[derive(PartialEq, Serialize)]
    pub struct InpaintSettings("the inpaint settings") {
        engine: InpaintEngine,
        /// Folder of the model, for `sd`.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<PathText>,
        #[serde(skip_serializing_if = "Option::is_none")]
        steps: Option<u64>,
        /// How far the band may change.
        #[serde(skip_serializing_if = "Option::is_none")]
        strength: Option<Share>,
        #[serde(skip_serializing_if = "Option::is_none")]
        guidance: Option<Factor>,
        #[serde(skip_serializing_if = "Option::is_none")]
        scheduler: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        negative_prompt: Option<String>,
    }
}

/// `off`, `band`, or an engine with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Inpaint {
    Word(InpaintWord),
    Engine(Box<InpaintSettings>),
}

impl Decode for Inpaint {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => InpaintSettings::decode(node, issues).map(|s| Self::Engine(Box::new(s))),
            _ => InpaintWord::decode(node, issues).map(Self::Word),
        }
    }
}
