//! The necklace's silhouette at working resolution, with the gaps between links and beads bridged.

use glam::DVec2;
use image::{GrayImage, Luma};
use imageproc::distance_transform::euclidean_squared_distance_transform;
use imageproc::region_labelling::{Connectivity, connected_components};

use crate::imaging::LinearImage;

/// Longest side of the working picture: a chain of 1 mm on a bust shot of 250 mm is then still 3 pixels wide.
const WORKING_SIDE: usize = 900;
/// Alpha from which a pixel belongs to the piece.
const SOLID: f32 = 0.25;
/// Radii that gaps are bridged with, as shares of the longest side, until the piece hangs together.
const BRIDGES: [f64; 8] = [0.0, 0.0012, 0.0025, 0.004, 0.006, 0.009, 0.013, 0.018];
/// Share of the pixels that the main part must hold.
const WHOLE: f64 = 0.97;
/// Below this share even the widest bridge has not joined the piece.
const ENOUGH: f64 = 0.7;

/// A working-resolution silhouette with a border of background around it.
pub struct Silhouette {
    /// What the cut-out itself covers: 255 or 0.
    pub solid: GrayImage,
    /// The main connected part after bridging: 255 or 0.
    pub bridged: GrayImage,
    /// Depth below the bridged part's edge, working pixels.
    pub depth: Vec<f32>,
    /// Product pixels per working pixel.
    pub factor: f64,
    /// Working pixels of background on each side.
    pub border: u32,
}

impl Silhouette {
    /// `None` when the cut-out falls into pieces that lie far apart.
    pub fn new(pixels: &LinearImage) -> Option<Self> {
        let longest = pixels.width().max(pixels.height());
        let factor = longest.div_ceil(WORKING_SIDE).max(1);
        let side = longest.div_ceil(factor) as f64;
        let border = (side * BRIDGES[BRIDGES.len() - 1]).ceil() as u32 + 2;
        let solid = shrink(pixels, factor, border);
        let away = euclidean_squared_distance_transform(&solid);
        let mut best: Option<(f64, GrayImage)> = None;
        for share in BRIDGES {
            let reach = (share * side).powi(2);
            let grown = GrayImage::from_fn(solid.width(), solid.height(), |x, y| {
                Luma([if away.get_pixel(x, y)[0] <= reach { 255 } else { 0 }])
            });
            let (held, part) = main_part(&grown, &solid);
            let done = held >= WHOLE;
            if best.as_ref().is_none_or(|(b, _)| held > *b) {
                best = Some((held, part));
            }
            if done {
                break;
            }
        }
        let (held, bridged) = best?;
        if held < ENOUGH {
            return None;
        }
        let mut outside = bridged.clone();
        image::imageops::invert(&mut outside);
        let depth = euclidean_squared_distance_transform(&outside)
            .pixels()
            .map(|p| p[0].sqrt() as f32)
            .collect();
        Some(Self {
            solid,
            bridged,
            depth,
            factor: factor as f64,
            border,
        })
    }

    /// Middle of a working pixel in product pixels.
    pub fn to_product(&self, (x, y): (u32, u32)) -> DVec2 {
        let border = f64::from(self.border);
        (DVec2::new(f64::from(x), f64::from(y)) + 0.5 - border) * self.factor
    }

    /// Centroid of the largest hole when it is large enough to be worn around a neck.
    pub fn neck_hole(&self) -> Option<DVec2> {
        let holes = connected_components(&self.bridged, Connectivity::Four, Luma([255]));
        let outer = holes.get_pixel(0, 0)[0];
        let mut found: Vec<(u64, DVec2)> = Vec::new();
        for (x, y, label) in holes.enumerate_pixels() {
            let label = label[0] as usize;
            if label == 0 || label == outer as usize {
                continue;
            }
            if found.len() <= label {
                found.resize(label + 1, (0, DVec2::ZERO));
            }
            found[label].0 += 1;
            found[label].1 += DVec2::new(f64::from(x), f64::from(y)) + 0.5;
        }
        let (area, sum) = found.into_iter().max_by_key(|(area, _)| *area)?;
        let (w, h) = self.bridged.dimensions();
        let share = area as f64 / (f64::from(w) * f64::from(h));
        (share >= LEAST_HOLE).then(|| sum / area as f64)
    }
}

/// Share of the picture that the hole of a closed necklace covers at least.
const LEAST_HOLE: f64 = 0.12;

/// Largest alpha of each `factor` × `factor` block, so that a chain of one pixel survives.
fn shrink(pixels: &LinearImage, factor: usize, border: u32) -> GrayImage {
    let (w, h) = (pixels.width().div_ceil(factor), pixels.height().div_ceil(factor));
    let mut out = GrayImage::new(w as u32 + 2 * border, h as u32 + 2 * border);
    for y in 0..pixels.height() {
        for x in 0..pixels.width() {
            if pixels.at(x, y)[3] >= SOLID {
                let at = ((x / factor) as u32 + border, (y / factor) as u32 + border);
                out.put_pixel(at.0, at.1, Luma([255]));
            }
        }
    }
    out
}

/// The connected part of `grown` that holds most of `solid`, and the share that it holds.
fn main_part(grown: &GrayImage, solid: &GrayImage) -> (f64, GrayImage) {
    let labels = connected_components(grown, Connectivity::Eight, Luma([0]));
    let mut mass: Vec<u64> = Vec::new();
    let mut total = 0u64;
    for (label, s) in labels.pixels().zip(solid.pixels()) {
        if s[0] > 0 {
            let label = label[0] as usize;
            if mass.len() <= label {
                mass.resize(label + 1, 0);
            }
            mass[label] += 1;
            total += 1;
        }
    }
    let main = (1..mass.len()).max_by_key(|l| mass[*l]).unwrap_or(0);
    let held = mass.get(main).copied().unwrap_or(0) as f64 / total.max(1) as f64;
    let part = GrayImage::from_fn(grown.width(), grown.height(), |x, y| {
        let here = labels.get_pixel(x, y)[0] as usize;
        Luma([if here == main && main > 0 { 255 } else { 0 }])
    });
    (held, part)
}
