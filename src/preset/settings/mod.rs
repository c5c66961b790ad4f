//! What may differ from picture to picture, and how the layers of a preset lie over each other.

mod axes;
mod background;
mod crop;
mod inpaint;
mod placing;

use serde::Serialize;

use super::decode::{record, words};
use super::values::{Degrees, Factor, Millimetres, Share, Strength};
pub use axes::{Axes, Axis};
pub use background::{Background, Keep};
pub use crop::{Crop, CropAround};
pub use inpaint::{Inpaint, InpaintEngine, InpaintSettings, InpaintWord};
pub use placing::{Direction, Offset};

words! {
    /// Which ear or hand, the subject's own.
    pub enum WearSide("side") {
        Left = "left",
        Right = "right",
        /// Both ears; the best-seen hand.
        Both = "both",
    }
}

words! {
    pub enum Finger("finger") {
        Thumb = "thumb",
        Index = "index",
        Middle = "middle",
        Ring = "ring",
        Pinky = "pinky",
    }
}

record! {
    /// Settings of one picture. Nothing here is needed: what no layer sets keeps its default.
    #[derive(Default, PartialEq, Serialize)]
    pub struct Settings("the settings") {
        /// Which ears or which hand.
        #[serde(skip_serializing_if = "Option::is_none")]
        side: Option<WearSide>,
        /// Rings: which finger.
        #[serde(skip_serializing_if = "Option::is_none")]
        finger: Option<Finger>,
        /// Moves the piece, mm to the right and down in the picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        offset_mm: Option<Offset>,
        /// Turns the piece clockwise in the picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        rotate_deg: Option<Degrees>,
        /// Multiplies the true size. 1 is true.
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Factor>,
        /// Necklaces: length when closed, in place of the product's.
        #[serde(skip_serializing_if = "Option::is_none")]
        chain_length_mm: Option<Millimetres>,
        /// Places the piece even where the body part is judged hidden.
        #[serde(skip_serializing_if = "Option::is_none")]
        allow_hidden: Option<bool>,
        /// Strength of the shadow: 0 none, 1 as estimated, up to 2.
        #[serde(skip_serializing_if = "Option::is_none")]
        shadow: Option<Strength>,
        /// Multiplies the softness of the shadow's edge.
        #[serde(skip_serializing_if = "Option::is_none")]
        shadow_softness: Option<Factor>,
        /// Where the light comes from: right, up, towards the camera. Estimated when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        light: Option<Direction>,
        /// Tone match of the piece to the photo: 0 product pixels exactly, 1 as the tier allows.
        #[serde(skip_serializing_if = "Option::is_none")]
        tone: Option<Share>,
        /// Matches the photo's blur and grain.
        #[serde(skip_serializing_if = "Option::is_none")]
        match_grain: Option<bool>,
        /// How much skin shows through stones.
        #[serde(skip_serializing_if = "Option::is_none")]
        see_through: Option<Share>,
        /// Repaints the thin band of skin where metal meets it: `band` when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        inpaint: Option<Inpaint>,
        /// What lies behind the person.
        #[serde(skip_serializing_if = "Option::is_none")]
        background: Option<Background>,
        /// Which part of the photo is shown, before an export cuts it to its own shape.
        #[serde(skip_serializing_if = "Option::is_none")]
        crop: Option<Crop>,
        /// Seed of everything that is drawn by chance.
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    }
}

/// Lays `top` over `base`, key by key.
macro_rules! overlay {
    ($top:expr, $base:expr, $($key:ident),*) => {
        Settings { $( $key: $top.$key.clone().or_else(|| $base.$key.clone()), )* }
    };
}

/// Keeps what `top` sets and `base` does not have so.
macro_rules! difference {
    ($top:expr, $base:expr, $($key:ident),*) => {
        Settings { $( $key: if $top.$key == $base.$key { None } else { $top.$key.clone() }, )* }
    };
}

macro_rules! with_keys {
    ($do:ident, $top:expr, $base:expr) => {
        $do!(
            $top,
            $base,
            side,
            finger,
            offset_mm,
            rotate_deg,
            scale,
            chain_length_mm,
            allow_hidden,
            shadow,
            shadow_softness,
            light,
            tone,
            match_grain,
            see_through,
            inpaint,
            background,
            crop,
            seed
        )
    };
}

impl Settings {
    /// These settings where they say something, `base` where they do not.
    pub fn over(&self, base: &Settings) -> Settings {
        with_keys!(overlay, self, base)
    }

    /// What these settings say that `base` does not.
    pub fn beyond(&self, base: &Settings) -> Settings {
        with_keys!(difference, self, base)
    }

    /// The settings that make the composite itself, before background, crop and export.
    pub fn base_part(&self) -> Settings {
        Settings {
            background: None,
            crop: None,
            ..self.clone()
        }
    }
}
