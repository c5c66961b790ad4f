//! What must not change: the product's core, and the photograph away from it.

use image::{GrayImage, Luma, RgbImage};
use imageproc::distance_transform::euclidean_squared_distance_transform;

use super::shadow_only;
use crate::accuracy::worn::Worn;
use crate::imaging::pixel::{decode_srgb8, encode_srgb8};
use crate::imaging::{Lab, Rect};
use crate::locate::Anatomy;
use crate::render::warp::{Warped, warp};
use crate::render::{RenderSettings, render, texture_for};

/// The core is the opaque piece without this many pixels along its edge.
const ERODED: f64 = 2.0;
/// Beyond this distance from the piece the photograph is untouched, mm.
const FAR_MM: f64 = 40.0;
/// Largest mean ΔE2000 of the core: social, listing, editorial.
pub const TIERS: [f64; 3] = [6.0, 4.0, 2.5];

/// Counts and differences of one scene's pieces.
#[derive(Debug, Clone, Default)]
pub struct Exact {
    pub core_pixels: usize,
    /// Core pixels that differ from the product resampled alone, tone off.
    pub core_changed: usize,
    pub far_pixels: usize,
    pub far_changed: usize,
    /// Per piece: mean ΔE2000 of its core, tone on, for each of [`TIERS`].
    pub toned: Vec<[f64; 3]>,
}

impl Exact {
    pub fn extend(&mut self, other: Exact) {
        self.core_pixels += other.core_pixels;
        self.core_changed += other.core_changed;
        self.far_pixels += other.far_pixels;
        self.far_changed += other.far_changed;
        self.toned.extend(other.toned);
    }
}

/// Renders the piece with tone off and at each tier.
pub fn measure(bare: &RgbImage, anatomy: &Anatomy, worn: &Worn) -> Exact {
    let alone = alone(bare, worn, 0.0);
    let core = core(&alone, bare.width(), bare.height());
    let mut out = Exact {
        core_pixels: core.len(),
        ..Exact::default()
    };
    let mut canvas = bare.clone();
    render(&mut canvas, anatomy, &worn.piece, &worn.placement, &shadow_only());
    out.core_changed = core
        .iter()
        .filter(|(x, y, want)| canvas.get_pixel(*x, *y).0 != *want)
        .count();

    let mut touched = GrayImage::new(bare.width(), bare.height());
    for f in &alone.fragments {
        touched.put_pixel(f.x as u32, f.y as u32, Luma([255]));
    }
    let away = euclidean_squared_distance_transform(&touched);
    let far = (FAR_MM * worn.placement.px_per_mm).powi(2);
    for (x, y, d) in away.enumerate_pixels() {
        if d[0] > far {
            out.far_pixels += 1;
            out.far_changed += usize::from(canvas.get_pixel(x, y) != bare.get_pixel(x, y));
        }
    }

    out.toned.extend(toned(bare, anatomy, worn));
    out
}

/// The product resampled alone, with a blur of `softness` pixels.
fn alone(bare: &RgbImage, worn: &Worn, softness: f64) -> Warped {
    let frame = Rect::of_size(bare.width(), bare.height());
    let layers = worn.placement.layers.iter();
    layers.fold(Warped::default(), |below, layer| {
        below.over(warp(worn.piece.pyramid(), layer, &frame, softness))
    })
}

/// Mean ΔE2000 of the core with tone and grain, at each tier; the blur is the resampling's own.
fn toned(bare: &RgbImage, anatomy: &Anatomy, worn: &Worn) -> Option<[f64; 3]> {
    let (_, softness) = texture_for(bare, &worn.placement, &RenderSettings::default());
    let core = core(&alone(bare, worn, softness), bare.width(), bare.height());
    let lab = |px: [u8; 3]| Lab::from_linear(px.map(decode_srgb8));
    (!core.is_empty()).then(|| {
        TIERS.map(|max_delta_e| {
            let mut canvas = bare.clone();
            let settings = RenderSettings {
                max_delta_e,
                ..RenderSettings::default()
            };
            render(&mut canvas, anatomy, &worn.piece, &worn.placement, &settings);
            let moved = core
                .iter()
                .map(|(x, y, want)| lab(canvas.get_pixel(*x, *y).0).delta_e_2000(&lab(*want)));
            moved.sum::<f64>() / core.len() as f64
        })
    })
}

/// The core's pixels with the code values of the product resampled alone.
fn core(alone: &Warped, width: u32, height: u32) -> Vec<(u32, u32, [u8; 3])> {
    let mut open = GrayImage::from_pixel(width, height, Luma([255]));
    for f in alone.fragments.iter().filter(|f| f.color[3] >= 1.0) {
        open.put_pixel(f.x as u32, f.y as u32, Luma([0]));
    }
    let depth = euclidean_squared_distance_transform(&open);
    let inside = alone
        .fragments
        .iter()
        .filter(|f| depth.get_pixel(f.x as u32, f.y as u32)[0] > ERODED * ERODED);
    inside
        .map(|f| {
            let [r, g, b, _] = f.color;
            (f.x as u32, f.y as u32, [r, g, b].map(encode_srgb8))
        })
        .collect()
}
