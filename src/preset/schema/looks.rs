//! Looks, overrides and variants.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Selection;
use crate::preset::decode::{Decode, Many, record};
use crate::preset::issue::{At, Issues};
use crate::preset::node::{Node, Value};
use crate::preset::settings::{Axes, Settings};

record! {
    /// Several pieces worn together, the first put on first.
    pub struct Look("a look") {
        name: At<String>,
        pieces: Vec<LookPiece>,
        /// The models that it is shown on; all when absent.
        models: Option<Selection>,
        /// Settings of every piece in this look.
        set: Option<Settings>,
    }
}

/// A SKU, or a SKU with settings of its own.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
#[allow(clippy::large_enum_variant)] // a handful exist in a preset
pub enum LookPiece {
    Sku(At<String>),
    With(LookPieceKeys),
}

record! {
    pub struct LookPieceKeys("a piece of a look") {
        sku: At<String>,
        set: Option<Settings>,
    }
}

impl Decode for LookPiece {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => LookPieceKeys::decode(node, issues).map(Self::With),
            _ => At::decode(node, issues).map(Self::Sku),
        }
    }
}

record! {
    /// Settings for certain products on certain models.
    pub struct Override("an override") {
        /// SKUs or looks, with `*`; all when absent.
        product: Many<At<String>>,
        /// Models; all when absent.
        model: Option<Selection>,
        set: Settings,
    }
}

/// A named set of changes, or a matrix of axes.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a handful exist in a preset
pub enum Variant {
    Named(NamedVariant),
    Matrix(MatrixVariant),
}

record! {
    /// A named set of changes.
    pub struct NamedVariant("a variant") {
        name: At<String>,
        /// What it changes; nothing for the plain picture.
        set: Option<Settings>,
        /// The models that it is made of; all when absent.
        model: Option<Selection>,
    }
}

record! {
    /// Every combination of the axes' values is a variant.
    pub struct MatrixVariant("a matrix variant") {
        matrix: At<Axes>,
    }
}

impl Decode for Variant {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match &node.value {
            Value::Map(entries) if entries.iter().any(|e| e.key == "matrix") => {
                MatrixVariant::decode(node, issues).map(Self::Matrix)
            }
            _ => NamedVariant::decode(node, issues).map(Self::Named),
        }
    }
}

impl JsonSchema for Variant {
    fn schema_name() -> Cow<'static, str> {
        "Variant".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let named = generator.subschema_for::<NamedVariant>();
        let matrix = generator.subschema_for::<MatrixVariant>();
        json_schema!({ "anyOf": [named, matrix] })
    }
}
