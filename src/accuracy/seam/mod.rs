//! The seam against people rendered with the real piece on.
//!
//! As for light, the real piece is laid back at its own place on the bare picture, with this program's own shadow. What
//! still differs from the worn picture in the band of skin around it is what the pass over the seam is to mend.

mod cost;
mod figures;
mod pairs;
mod report;

use std::path::Path;

use image::RgbImage;

use super::crops::side_by_side;
use super::light::{Opened, open, shadow_only};
use super::scene::SceneError;
use super::worn::mask_of;
use crate::imaging::{Mask, Rect};
use crate::infer::Engine;
use crate::inpaint::{Around, Band, Dropped, InpaintSettings, Painter, repaint};
use crate::product::Kind;
use crate::render::{RenderSettings, Rendered, render};
pub use cost::{Cost, cost};
pub use figures::Figures;
pub use pairs::write as write_pairs;
pub use report::{line, markdown, table};

/// What one scene tells about the seam.
#[derive(Debug, Clone)]
pub struct SeamScene {
    pub name: String,
    pub kinds: Vec<Kind>,
    /// Pixels of the band.
    pub pixels: usize,
    pub before: Figures,
    pub after: Figures,
    /// Pixels outside the band, or of the product's core, that changed.
    pub strayed: usize,
    pub dropped: Vec<Dropped>,
    /// Share of the band's pixels, in %, that another backend paints within one code of this one.
    pub agreement: Option<f64>,
}

impl SeamScene {
    /// Difference from the worn picture that is left of what was.
    pub fn ratio(&self) -> f64 {
        self.after.delta_e / self.before.delta_e.max(1e-9)
    }
}

/// A composite, and what the pass needs to know of it.
struct Composite {
    pixels: RgbImage,
    rendered: Vec<Rendered>,
    px_per_mm: Vec<f64>,
    skin: Mask,
}

impl Composite {
    fn of(scene: &Opened, settings: &RenderSettings) -> Self {
        let mut pixels = scene.photo.pixels.clone();
        let mut rendered: Vec<Rendered> = scene
            .pieces
            .iter()
            .map(|w| render(&mut pixels, &scene.anatomy, &w.piece, &w.placement, settings))
            .collect();
        take_whole(&mut pixels, &mut rendered, scene);
        Self {
            pixels,
            rendered,
            px_per_mm: scene.pieces.iter().map(|w| w.placement.px_per_mm).collect(),
            skin: mask_of(&scene.bare_skin),
        }
    }

    fn around(&self) -> Vec<Around<'_>> {
        let pieces = self.rendered.iter().zip(&self.px_per_mm);
        pieces
            .map(|(rendered, px_per_mm)| Around {
                jewelry: &rendered.jewelry,
                shadow: &rendered.shadow,
                skin: Some(&self.skin),
                px_per_mm: *px_per_mm,
            })
            .collect()
    }

    fn band(&self) -> Band {
        let frame = Rect::of_size(self.pixels.width(), self.pixels.height());
        Band::around(&self.around(), InpaintSettings::default().width_mm, &frame)
    }

    fn repainted(&self, painter: &dyn Painter) -> (RgbImage, Vec<Dropped>) {
        let mut out = self.pixels.clone();
        let told = repaint(&mut out, &self.around(), painter, &InpaintSettings::default());
        (out, told.dropped)
    }
}

/// Where the piece shows at all the composite takes the worn picture's own pixel, and the whole of it is the piece's: the worn
/// picture's edge is blended with skin in shadow already, and what remains is skin alone.
fn take_whole(pixels: &mut RgbImage, rendered: &mut [Rendered], scene: &Opened) {
    /// Coverage, in codes, that is no noise of the mask.
    const SHOWS: u8 = 5;
    let shows = |x: i32, y: i32| {
        let at = scene.jewelry.get_pixel_checked(x as u32, y as u32);
        at.is_some_and(|m| m[0] > SHOWS)
    };
    for piece in rendered {
        let rect = piece.jewelry.rect;
        for ((x, y), alpha) in crate::inpaint::band::pixels(&rect).zip(&mut piece.jewelry.data) {
            if *alpha > 0.0 && shows(x, y) {
                *alpha = 1.0;
                pixels.put_pixel(x as u32, y as u32, *scene.worn.get_pixel(x as u32, y as u32));
            } else {
                *alpha = 0.0;
            }
        }
    }
}

/// A scene's pictures before and after the pass, and the worn one.
pub struct Pictures {
    pub before: RgbImage,
    pub after: RgbImage,
    pub worn: RgbImage,
    /// Of the band, in the pictures.
    pub rect: Rect,
}

impl Pictures {
    /// The part around the jewelry at its own scale: before, after, worn.
    pub fn side_by_side(&self) -> RgbImage {
        side_by_side([&self.before, &self.after, &self.worn], &self.rect)
    }
}

/// Measures the scene of `json`, its pictures beside it; `None` when no skin shows around its jewelry. `other` is the same
/// painter on another backend.
///
/// # Errors
/// A file is missing or cannot be read, or a model fails.
pub fn measure(
    json: &Path,
    engine: &dyn Engine,
    painter: &dyn Painter,
    other: Option<&dyn Painter>,
) -> Result<Option<(SeamScene, Pictures)>, SceneError> {
    let scene = open(json, engine)?;
    let composite = Composite::of(&scene, &shadow_only());
    let band = composite.band();
    if band.is_empty() {
        return Ok(None);
    }
    let (after, dropped) = composite.repainted(painter);
    let strayed = composite
        .pixels
        .enumerate_pixels()
        .filter(|(x, y, before)| {
            band.weight.get(*x as i32, *y as i32) <= 0.0 && after.get_pixel(*x, *y) != *before
        })
        .count();
    let agreement = other.map(|other| agreement(&after, &composite.repainted(other).0, &band));
    let mut kinds: Vec<Kind> = scene.pieces.iter().map(|w| w.piece.kind).collect();
    kinds.dedup();
    let result = SeamScene {
        name: scene.truth.name.clone(),
        kinds,
        pixels: band.weight.data.iter().filter(|w| **w > 0.0).count(),
        before: Figures::of(&composite.pixels, &scene.worn, &band),
        after: Figures::of(&after, &scene.worn, &band),
        strayed,
        dropped,
        agreement,
    };
    let pictures = Pictures {
        before: composite.pixels,
        after,
        worn: scene.worn,
        rect: band.weight.rect,
    };
    Ok(Some((result, pictures)))
}

/// Share, in %, of the band's pixels where two pictures differ by at most one code in every channel.
fn agreement(a: &RgbImage, b: &RgbImage, band: &Band) -> f64 {
    let (mut same, mut all) = (0usize, 0usize);
    for (x, y, p) in a.enumerate_pixels() {
        if band.weight.get(x as i32, y as i32) > 0.0 {
            let near =
                p.0.iter()
                    .zip(b.get_pixel(x, y).0)
                    .all(|(p, q)| p.abs_diff(q) <= 1);
            same += usize::from(near);
            all += 1;
        }
    }
    100.0 * same as f64 / all.max(1) as f64
}
