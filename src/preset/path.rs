//! Files and folders named in a preset.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::decode::Decode;
use super::issue::{At, Issues};
use super::node::Node;

/// A file or folder named in a preset; relative to the file that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathText(pub At<String>);

impl PathText {
    /// The path from where the program runs.
    pub fn resolved(&self) -> std::path::PathBuf {
        let folder = self.0.place.file.parent().unwrap_or(std::path::Path::new(""));
        super::sources::tidy(&folder.join(&self.0.value))
    }
}

impl Serialize for PathText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.value)
    }
}

impl Decode for PathText {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let text = At::<String>::decode(node, issues)?;
        if text.value.contains('\0') {
            issues.push(&node.place, "a path cannot hold a zero byte");
            return None;
        }
        Some(Self(text))
    }
}

impl JsonSchema for PathText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}
