//! What a preset comes to: every photograph, product, variant and export, and every picture to be made of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::schema::{Check, Format, Tier};
use super::settings::{Background, Crop, Settings};
use crate::export::ExportSpec;
use crate::product::{Facts, Kind};

/// A preset, fully resolved. Indices point into the lists of the same plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The preset's file.
    pub preset: PathBuf,
    pub name: String,
    /// Where the pictures go.
    pub folder: PathBuf,
    pub metadata: PlanMetadata,
    pub tier: Tier,
    /// Checks that reject nothing, sorted.
    pub ignored: Vec<Check>,
    pub photos: Vec<PhotoPlan>,
    pub products: Vec<ProductPlan>,
    pub variants: Vec<VariantPlan>,
    pub exports: Vec<ExportSpec>,
    /// Composites, those of one photo together.
    pub bases: Vec<BasePlan>,
}

/// What every picture's metadata says.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlanMetadata {
    pub creator: Option<String>,
    /// Template, see [`super::template`].
    pub description: Option<String>,
    pub copyright: Option<String>,
    pub keywords: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct PhotoPlan {
    pub id: String,
    pub path: PathBuf,
    /// `key` or `key=value`, sorted.
    pub tags: Vec<String>,
    pub header: Header,
}

#[derive(Debug, Clone)]
pub struct ProductPlan {
    pub sku: String,
    pub title: Option<String>,
    pub path: PathBuf,
    pub kind: Kind,
    pub facts: Facts,
    pub header: Header,
}

/// What the first bytes of a picture's file say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// As stored, before any EXIF rotation. Zero when the header cannot be read.
    pub width: u32,
    pub height: u32,
    /// By the file's first bytes; TIFF counts as PNG, which keeps as much.
    pub format: Option<Format>,
    /// Why the header cannot be read. The picture is tried all the same, and fails alone.
    pub problem: Option<String>,
}

/// One named way of making the pictures.
#[derive(Debug, Clone)]
pub struct VariantPlan {
    /// `base`, or `v` and eight hexadecimal digits that depend on what the variant changes and on nothing else.
    pub id: String,
    /// The preset's name for it, else the id.
    pub name: String,
    pub set: Settings,
}

/// One composite: pieces on one photograph with one set of settings.
#[derive(Debug, Clone)]
pub struct BasePlan {
    pub photo: usize,
    /// Name of the look, or the SKU of a product worn alone.
    pub look: String,
    pub pieces: Vec<PiecePlan>,
    /// Settings of the picture as a whole, without background and crop.
    pub settings: Settings,
    pub outputs: Vec<OutputPlan>,
}

/// One piece in a composite.
#[derive(Debug, Clone)]
pub struct PiecePlan {
    pub product: usize,
    /// Settings of this piece.
    pub settings: Settings,
}

/// One file to be written.
#[derive(Debug, Clone)]
pub struct OutputPlan {
    pub variant: usize,
    pub export: usize,
    pub background: Background,
    pub crop: Crop,
    /// Path inside the output folder, `/` between folders.
    pub path: String,
    /// Never [`Format::Photo`].
    pub format: Format,
    /// What the variant changes in this picture.
    pub changed: serde_json::Value,
}

impl Plan {
    /// Number of files that a complete run writes.
    pub fn outputs(&self) -> usize {
        self.bases.iter().map(|base| base.outputs.len()).sum()
    }

    /// The SKUs of a composite, joined by `+`.
    pub fn skus(&self, base: &BasePlan) -> String {
        let skus: Vec<&str> = base
            .pieces
            .iter()
            .filter_map(|p| self.products.get(p.product))
            .map(|p| p.sku.as_str())
            .collect();
        skus.join("+")
    }
}
