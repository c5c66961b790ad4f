//! Photographs of people, their tags, and how they are chosen.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::preset::decode::{Decode, Many, record};
use crate::preset::issue::{At, Issues};
use crate::preset::node::{Node, Value};
use crate::preset::path::PathText;
use crate::preset::settings::Settings;
use crate::product::Kind;

record! {
    /// One photograph, or many from a folder or a pattern.
    pub struct Model("a model") {
        /// Name in file names and selections. Without it the file's name.
        id: Option<At<String>>,
        photo: Option<PathText>,
        folder: Option<PathText>,
        glob: Option<PathText>,
        tags: Option<Tags>,
        /// The kinds of jewelry that it is for, so that no ring is tried on a portrait; all when absent.
        wears: Many<Kind>,
        /// Settings of this model.
        set: Option<Settings>,
    }
}

/// Words that a model is selected by: `{skin: deep, hair: up}` or `[hand, studio]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tags(pub BTreeMap<String, Option<String>>);

impl Decode for Tags {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let mut tags = BTreeMap::new();
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if let Some(value) = String::decode(&entry.value, issues) {
                        tags.insert(entry.key.clone(), Some(value));
                    }
                }
            }
            _ => {
                for word in Many::<String>::decode(node, issues)?.0 {
                    tags.insert(word, None);
                }
            }
        }
        Some(Self(tags))
    }
}

impl JsonSchema for Tags {
    fn schema_name() -> Cow<'static, str> {
        "Tags".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } },
                { "type": "array", "items": { "type": "string" } },
                { "type": "string" }
            ]
        })
    }
}

/// Which models: names (with `*`), or by tag.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Selection {
    Names(Many<At<String>>),
    By(SelectBy),
}

record! {
    /// All conditions must hold.
    pub struct SelectBy("a selection") {
        /// Names, with `*` for anything.
        names: Many<At<String>>,
        /// Tags that a model must have: `{skin: [dark, deep], hair: up}` or `[hand]`.
        tags: Option<At<Wanted>>,
        /// Tags that a model must not have.
        without: Option<At<Wanted>>,
    }
}

impl Decode for Selection {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => SelectBy::decode(node, issues).map(Self::By),
            _ => Many::decode(node, issues).map(Self::Names),
        }
    }
}

/// Tags with the values that will do; an empty list means any.
#[derive(Debug, Clone, Default)]
pub struct Wanted(pub BTreeMap<String, Vec<String>>);

impl Decode for Wanted {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let mut wanted = BTreeMap::new();
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if let Some(values) = Many::<String>::decode(&entry.value, issues) {
                        wanted.insert(entry.key.clone(), values.0);
                    }
                }
            }
            _ => {
                for word in Many::<String>::decode(node, issues)?.0 {
                    wanted.insert(word, Vec::new());
                }
            }
        }
        Some(Self(wanted))
    }
}

impl JsonSchema for Wanted {
    fn schema_name() -> Cow<'static, str> {
        "Wanted".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "object", "additionalProperties": {
                    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] } },
                { "type": "array", "items": { "type": "string" } },
                { "type": "string" }
            ]
        })
    }
}
