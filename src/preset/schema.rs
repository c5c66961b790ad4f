//! The keys of a preset, version 1. Each type here is reader and JSON Schema at once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Fields, Many, record, words};
use super::issue::{At, Issues};
use super::node::{Node, Value};
use super::settings::{Axes, Background, PathText, Settings};
use super::values::{
    Aspect, Bytes, Colour, Enlarge, Inches, JpegQuality, Millimetres, Pixels, Share, UsRingSize,
};
use crate::product::Kind;
pub use crate::qa::{Check, Tier};

record! {
    /// A Parure preset: which products, on which photographs, in which variants, exported for which shops.
    pub struct Preset("the preset") {
        /// Version of this format: 1.
        version: Option<At<u64>>,
        /// Name of the run, for people.
        name: Option<String>,
        /// Presets read before this one; lists are appended, single values here win.
        include: Vec<PathText>,
        output: Option<Output>,
        metadata: Option<Metadata>,
        /// Seed of everything that is drawn by chance.
        seed: Option<u64>,
        quality: Option<Quality>,
        /// Whether products are also shown alone when there are looks.
        solo: Option<bool>,
        products: Vec<At<Product>>,
        /// Photographs of people.
        models: Vec<At<Model>>,
        /// Several pieces worn together.
        looks: Vec<Look>,
        /// Settings of every picture unless something below says otherwise.
        defaults: Option<Settings>,
        /// Settings for certain products on certain models; later ones win.
        overrides: Vec<Override>,
        variants: Vec<Variant>,
        exports: Vec<ExportEntry>,
    }
}

record! {
    /// Where pictures go and what they are called.
    pub struct Output("the output section") {
        /// Folder, relative to this preset.
        folder: Option<PathText>,
        /// Name template without extension. May hold {sku} {look} {model} {variant} {export} {hash} and `/`.
        name: Option<At<String>>,
    }
}

record! {
    /// What is written into every picture's metadata.
    pub struct Metadata("the metadata section") {
        creator: Option<String>,
        /// May hold {sku} {look} {title} {model} {variant}.
        description: Option<String>,
        /// Rights line.
        copyright: Option<String>,
        keywords: Vec<String>,
    }
}

record! {
    pub struct Quality("the quality section") {
        /// How strict the checks are: social, listing or editorial.
        tier: Option<Tier>,
        /// Checks that reject nothing; they are measured all the same.
        ignore: Vec<Check>,
    }
}

record! {
    /// One product, or many from a folder, a pattern or a catalogue.
    pub struct Product("a product") {
        /// The shop's own number. Without it the file's name.
        sku: Option<At<String>>,
        /// Cut-out with a transparent background.
        file: Option<PathText>,
        /// Every picture in this folder is a product.
        folder: Option<PathText>,
        /// Every file that the pattern finds is a product.
        glob: Option<PathText>,
        /// Products listed in a CSV, JSON or YAML file.
        catalogue: Option<Catalogue>,
        kind: Option<Kind>,
        /// For people; `{title}` in the description.
        title: Option<String>,
        width_mm: Option<Millimetres>,
        width_in: Option<Inches>,
        height_mm: Option<Millimetres>,
        height_in: Option<Inches>,
        /// Rings and bangles.
        inner_diameter_mm: Option<Millimetres>,
        inner_diameter_in: Option<Inches>,
        /// Rings: the inner diameter as a US size.
        us_ring_size: Option<UsRingSize>,
        /// Necklaces: whole length when closed.
        chain_length_mm: Option<Millimetres>,
        chain_length_in: Option<Inches>,
        /// Watches: case without the crown.
        case_diameter_mm: Option<Millimetres>,
        case_diameter_in: Option<Inches>,
        /// `stud`, `hoop`, `drop`; `chain`, `pearls`; `bangle`, `link`. Found from the cut-out when absent.
        style: Option<String>,
        /// The models that it is shown on; all when absent.
        models: Option<Selection>,
        /// Whether it is also shown alone when it is part of a look.
        solo: Option<bool>,
        /// Settings of this product.
        set: Option<Settings>,
    }
}

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
        super::decode::one_of(node, "kind", &KINDS, issues)
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

/// A shipped export by name, or one of your own.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum ExportEntry {
    Shipped(At<String>),
    Own(Box<Export>),
}

impl Decode for ExportEntry {
    fn decode(node: &Node, issues: &mut Issues) -> Option<Self> {
        match node.value {
            Value::Map(_) => Export::decode(node, issues).map(|e| Self::Own(Box::new(e))),
            _ => At::decode(node, issues).map(Self::Shipped),
        }
    }
}

words! {
    /// How a picture takes an export's shape.
    pub enum Fit("fit") {
        /// Cut to shape around piece and face; nothing of the piece is cut off.
        Crop = "crop",
        /// Shown whole, with bars of the pad colour.
        Pad = "pad",
        /// Shown whole, as large as the size allows, in its own shape.
        Contain = "contain",
    }
}

words! {
    pub enum Format("format") {
        Jpeg = "jpeg",
        Png = "png",
        Webp = "webp",
        /// The photograph's own.
        Photo = "photo",
    }
}

record! {
    /// What one shop takes.
    pub struct Export("an export") {
        name: At<String>,
        /// Begin with a shipped export or an earlier one, and change what is given here.
        extends: Option<At<String>>,
        /// Exact width in pixels.
        width: Option<Pixels>,
        /// Exact height in pixels.
        height: Option<Pixels>,
        /// Width to height, as `4:5`.
        aspect: Option<Aspect>,
        /// Pixels of the shorter side.
        short_side: Option<Pixels>,
        /// Pixels of the longer side.
        long_side: Option<Pixels>,
        /// Neither side is longer.
        max_side: Option<Pixels>,
        /// A picture whose shorter side is less is refused.
        min_side: Option<Pixels>,
        /// How far pixels may be enlarged to reach the size; 1 is not at all.
        max_enlarge: Option<Enlarge>,
        fit: Option<Fit>,
        /// Colour of the bars of `fit: pad`.
        pad: Option<Colour>,
        format: Option<Format>,
        /// Best JPEG quality; less is taken only to meet `max_bytes`.
        quality: Option<JpegQuality>,
        /// Least JPEG quality; a picture that needs less is refused.
        min_quality: Option<JpegQuality>,
        max_bytes: Option<Bytes>,
        min_bytes: Option<Bytes>,
        /// Sharpening after shrinking, 0 to 1.
        sharpen: Option<Share>,
        /// Background for this shop where the settings keep the photo's own.
        background: Option<Background>,
    }
}
