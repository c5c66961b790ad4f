//! The axes of a matrix of variants.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Settings;
use crate::preset::decode::{Decode, Fields};
use crate::preset::issue::{Issues, Place};
use crate::preset::node::{Node, Value};
use crate::preset::schema::Selection;

/// The axes of a matrix: for every setting a list of values. The keys are those of [`Settings`], and `model`.
#[derive(Debug, Clone)]
pub struct Axes(pub Vec<Axis>);

#[derive(Debug, Clone)]
pub struct Axis {
    pub key: String,
    pub values: Vec<Node>,
    pub place: Place,
}

impl Decode for Axes {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        // Keys are checked when each combination is read as settings.
        let fields = Fields::new(node, "a matrix", issues)?;
        let mut axes = Vec::new();
        for entry in fields.entries() {
            match &entry.value.value {
                Value::List(values) if !values.is_empty() => axes.push(Axis {
                    key: entry.key.clone(),
                    values: values.clone(),
                    place: entry.place.clone(),
                }),
                _ => issues.push(
                    &entry.value.place,
                    format!("the axis `{}` needs a list of values", entry.key),
                ),
            }
        }
        Some(Self(axes))
    }
}

impl JsonSchema for Axes {
    fn schema_name() -> Cow<'static, str> {
        "Axes".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        let settings = Settings::json_schema(generator);
        if let Some(serde_json::Value::Object(keys)) = settings.get("properties") {
            for (key, schema) in keys {
                properties.insert(
                    key.clone(),
                    serde_json::json!({ "type": "array", "items": schema, "minItems": 1 }),
                );
            }
        }
        let model = generator.subschema_for::<Selection>();
        properties.insert(
            "model".into(),
            serde_json::json!({ "type": "array", "items": model, "minItems": 1 }),
        );
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
