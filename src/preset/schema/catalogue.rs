//! Catalogues of products, and the words for the kinds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::preset::decode::{Decode, Fields, one_of, record};
use crate::preset::issue::{At, Issues};
use crate::preset::node::Node;
use crate::preset::path::PathText;
use crate::product::Kind;

record! {
    /// Products in a CSV (comma, semicolon or tab), or in a JSON or YAML list of records.
    pub struct Catalogue("the catalogue") {
        file: PathText,
        /// Folder that the catalogue's file names are relative to; without it the catalogue's own.
        images: Option<PathText>,
        /// What the columns are called; a column with the key's own name needs no entry.
        columns: Option<Columns>,
        /// What the kinds are called: `{Ohrringe: earring}`.
        kinds: Option<Kinds>,
    }
}

record! {
    /// Column names of a catalogue.
    #[derive(Default)]
    pub struct Columns("the columns") {
        sku: Option<At<String>>,
        file: Option<At<String>>,
        kind: Option<At<String>>,
        title: Option<At<String>>,
        width_mm: Option<At<String>>,
        width_in: Option<At<String>>,
        height_mm: Option<At<String>>,
        height_in: Option<At<String>>,
        inner_diameter_mm: Option<At<String>>,
        inner_diameter_in: Option<At<String>>,
        us_ring_size: Option<At<String>>,
        chain_length_mm: Option<At<String>>,
        chain_length_in: Option<At<String>>,
        case_diameter_mm: Option<At<String>>,
        case_diameter_in: Option<At<String>>,
        style: Option<At<String>>,
    }
}

/// The shop's words for the kinds.
#[derive(Debug, Clone, Default)]
pub struct Kinds(pub BTreeMap<String, Kind>);

impl Decode for Kinds {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        let fields = Fields::new(node, "the kinds", issues)?;
        let entries = fields.entries().iter();
        Some(Self(
            entries
                .filter_map(|e| Some((e.key.clone(), Kind::decode(&e.value, issues)?)))
                .collect(),
        ))
    }
}

impl JsonSchema for Kinds {
    fn schema_name() -> Cow<'static, str> {
        "Kinds".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kind = generator.subschema_for::<Kind>();
        json_schema!({ "type": "object", "additionalProperties": kind })
    }
}

pub const KINDS: [(&str, Kind); 5] = [
    ("earring", Kind::Earring),
    ("necklace", Kind::Necklace),
    ("ring", Kind::Ring),
    ("bracelet", Kind::Bracelet),
    ("watch", Kind::Watch),
];

impl Decode for Kind {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        one_of(node, "kind", &KINDS, issues)
    }
}

impl JsonSchema for Kind {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": KINDS.map(|(name, _)| name) })
    }
}
