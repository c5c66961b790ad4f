//! Shifts and directions.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::preset::decode::Decode;
use crate::preset::issue::Issues;
use crate::preset::node::Node;

/// A shift in mm, right and down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Offset(pub [f64; 2]);

impl Decode for Offset {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let shift = <[f64; 2]>::decode(node, issues)?;
        if shift.iter().any(|v| v.abs() > 500.0) {
            issues.push(&node.place, "a shift of more than 500 mm is no fine adjustment");
            return None;
        }
        Some(Self(shift))
    }
}

impl JsonSchema for Offset {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Offset".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mm = json_schema!({ "type": "number", "minimum": -500, "maximum": 500 });
        json_schema!({ "type": "array", "items": mm, "minItems": 2, "maxItems": 2 })
    }
}

/// A direction towards the light, not of zero length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Direction(pub [f64; 3]);

impl Decode for Direction {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let v = <[f64; 3]>::decode(node, issues)?;
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !(1e-6..=1e6).contains(&length) {
            issues.push(&node.place, "the direction has no usable length");
            return None;
        }
        Some(Self(v.map(|x| x / length)))
    }
}

impl JsonSchema for Direction {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Direction".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "number" }, "minItems": 3, "maxItems": 3 })
    }
}
