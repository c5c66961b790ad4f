//! The picture of a placement: warped layers, light, shadows, composite.

mod composite;
mod core;
pub mod shadow;
mod skin;
mod stone;
pub mod texture;
pub mod tone;
pub mod warp;

use glam::DVec3;
use image::RgbImage;

use crate::fit::Placement;
use crate::imaging::{Mask, Rect};
use crate::locate::{Anatomy, Light, light};
use crate::product::Piece;
use skin::Skin;
pub use skin::luminance;
use texture::Texture;
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
    /// Match the photo's blur, and, as far as `tone` goes, its grain.
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
    /// Standard deviation, pixels, of the photograph's blur that the piece was resampled with.
    pub softness: f64,
}

/// Draws `piece` as placed onto `canvas` (8-bit sRGB, the photo or an earlier composite), in place.
pub fn render(
    canvas: &mut RgbImage,
    anatomy: &Anatomy,
    piece: &Piece,
    placement: &Placement,
    settings: &RenderSettings,
) -> Rendered {
    let frame = Rect::of_size(canvas.width(), canvas.height());
    let (texture, softness) = texture_for(canvas, placement, settings);
    let mut warped = Warped::default();
    for layer in &placement.layers {
        warped = warped.over(warp::warp(piece.pyramid(), layer, &frame, softness));
    }
    let light = light_for(anatomy, settings);
    let receiver = placement.receiver.as_deref();
    stone::see_through(&mut warped, placement.kind, settings.see_through);
    let skin = Skin::around(canvas, receiver, &warped.bounds(), placement.px_per_mm);
    // Grain recolours pixels: it is subject to the tone's strength and takes no more than half of its bound.
    let grain = (texture.grain * settings.tone.clamp(0.0, 1.0))
        .min(0.5 * settings.max_delta_e / texture::DELTA_E_PER_CODE);
    let tone = tone::Scene {
        skin: skin.as_ref(),
        light: &light,
        white: tone::white_point(canvas),
        px_per_mm: placement.px_per_mm,
        strength: settings.tone,
        max_delta_e: settings.max_delta_e,
        spent: grain * texture::DELTA_E_PER_CODE,
    };
    tone::apply(&mut warped, &tone);
    texture::lay_grain(&mut warped, grain, settings.seed);
    let scene = shadow::Scene {
        canvas,
        receiver,
        light: &light,
        px_per_mm: placement.px_per_mm,
        section: shadow::Section::of(piece),
        strength: settings.shadow_strength,
        softness: settings.shadow_softness,
    };
    let shadow = shadow::cast(&warped, &scene);
    Rendered {
        softness,
        ..composite::compose(canvas, &warped, shadow.as_ref(), receiver)
    }
}

/// A photograph softer than this, mm, is out of focus where the piece is: no blur makes jewelry of that look right.
const SOFTEST_MM: f64 = 0.5;

/// Region that the layers may touch.
fn bounds(placement: &Placement) -> Rect {
    let rects = placement.layers.iter().map(|l| l.rect);
    rects.fold(Rect::default(), |a, b| a.union(&b))
}

/// The photograph's texture around a piece, and the blur, pixels, that the piece is resampled with to match it.
pub fn texture_for(canvas: &RgbImage, placement: &Placement, settings: &RenderSettings) -> (Texture, f64) {
    if !settings.match_grain {
        return Default::default();
    }
    let frame = Rect::of_size(canvas.width(), canvas.height());
    let texture = texture::measure(canvas, &bounds(placement).clip(&frame));
    (texture, texture.softness(SOFTEST_MM * placement.px_per_mm))
}

/// The estimated light, drawn towards the usual one where it is unsure; the direction that was asked for wins.
fn light_for(anatomy: &Anatomy, settings: &RenderSettings) -> Light {
    let mut light = match anatomy.light {
        Some(found) => light::trusted(&found),
        None => light::assumed(),
    };
    if let Some(direction) = settings.light_direction
        && let Some(direction) = DVec3::from_array(direction).try_normalize()
    {
        light.direction = direction;
    }
    light
}
