//! The keys of a preset, version 1. Each type here is reader and JSON Schema at once.

mod catalogue;
mod exports;
mod looks;
mod models;

use super::decode::record;
use super::issue::At;
use super::path::PathText;
use super::settings::Settings;
use super::values::{Inches, Millimetres, UsRingSize};
use crate::product::Kind;
pub use crate::qa::{Check, Tier};
pub use catalogue::*;
pub use exports::*;
pub use looks::*;
pub use models::*;

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
