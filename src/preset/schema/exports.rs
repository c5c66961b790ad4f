//! What shops take.

use schemars::JsonSchema;

use crate::preset::decode::{Decode, record, words};
use crate::preset::issue::{At, Issues};
use crate::preset::node::{Node, Value};
use crate::preset::settings::Background;
use crate::preset::values::{Aspect, Bytes, Colour, Enlarge, JpegQuality, Pixels, Share};

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
