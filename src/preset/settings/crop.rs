//! Which part of a photograph is shown.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::preset::decode::{Decode, record, words};
use crate::preset::issue::Issues;
use crate::preset::node::{Node, Value};
use crate::preset::values::PartShare;

words! {
    pub enum CropAround("crop") {
        /// The whole photo.
        None = "none",
        /// Face and pieces.
        Face = "face",
        /// The pieces.
        Piece = "piece",
    }
}

/// Which part of the photo is shown: `none`, `face`, `piece`, or `{around: piece, share: 0.3}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crop {
    pub around: CropAround,
    /// Share of the shown part's shorter side that the subject takes.
    pub share: PartShare,
}

impl Crop {
    /// A crop with the share that suits its subject: a face wants room, a ring wants to be seen.
    pub fn around(around: CropAround) -> Self {
        let share = match around {
            CropAround::Piece => 0.35,
            _ => 0.6,
        };
        Self {
            around,
            share: PartShare(share),
        }
    }
}

record! {
    /// The mapping form of [`Crop`].
    struct CropKeys("the crop") {
        around: CropAround,
        /// Share of the shown part's shorter side that the subject takes.
        share: PartShare,
    }
}

impl Decode for Crop {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => {
                CropKeys::decode(node, issues).map(|CropKeys { around, share }| Self { around, share })
            }
            _ => CropAround::decode(node, issues).map(Self::around),
        }
    }
}

impl JsonSchema for Crop {
    fn schema_name() -> Cow<'static, str> {
        "Crop".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<CropAround>();
        let keys = generator.subschema_for::<CropKeys>();
        json_schema!({ "anyOf": [word, keys] })
    }
}
