//! The picture of a placement: warped layers, light, shadows, composite.

mod composite;
pub mod warp;

use image::RgbImage;

use crate::fit::Placement;
use crate::imaging::{Mask, Rect};
use crate::locate::Anatomy;
use crate::product::Piece;
use warp::Warped;

/// How a placement is rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderSettings {
    /// 0 none, 1 as estimated, up to 2.
    pub shadow_strength: f64,
    /// Multiplies the estimated penumbra.
    pub shadow_softness: f64,
    /// Overrides the estimated light: right, up, towards the camera.
    pub light_direction: Option<[f64; 3]>,
    /// 0 off (product pixels exactly), 1 as the tier allows.
    pub tone: f64,
    /// Largest mean ΔE2000 that tone may move the piece by: social 6, listing 4, editorial 2.5.
    pub max_delta_e: f64,
    /// Match the photo's blur and grain.
    pub match_grain: bool,
    /// How much skin shows through stones, 0..=1.
    pub see_through: f64,
    pub seed: u64,
}

impl Default for RenderSettings {
    fn default() -> Self {
        Self {
            shadow_strength: 1.0,
            shadow_softness: 1.0,
            light_direction: None,
            tone: 1.0,
            max_delta_e: 4.0,
            match_grain: true,
            see_through: 0.0,
            seed: 0,
        }
    }
}

/// What rendering one piece changed.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Region of the picture that was touched.
    pub rect: Rect,
    /// Visible jewelry alpha.
    pub jewelry: Mask,
    /// Shadow: 0 none ..= 1 black.
    pub shadow: Mask,
}

/// Draws `piece` as placed onto `canvas` (8-bit sRGB, the photo or an earlier composite), in place.
pub fn render(
    canvas: &mut RgbImage,
    anatomy: &Anatomy,
    piece: &Piece,
    placement: &Placement,
    settings: &RenderSettings,
) -> Rendered {
    let _ = (anatomy, settings);
    let frame = Rect::of_size(canvas.width(), canvas.height());
    let mut warped = Warped::default();
    for layer in &placement.layers {
        warped = warped.over(warp::warp(piece.pyramid(), layer, &frame, 0.0));
    }
    let rect = warped.bounds();
    composite::over(canvas, &warped);
    let mut jewelry = Mask::filled(rect, 0.0);
    for f in &warped.fragments {
        let (x, y) = ((f.x - rect.x) as usize, (f.y - rect.y) as usize);
        jewelry.data[y * rect.width as usize + x] = f.color[3];
    }
    Rendered {
        rect,
        jewelry,
        shadow: Mask::filled(rect, 0.0),
    }
}
