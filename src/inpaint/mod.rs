//! The seam: the thin band of skin around the jewelry is repainted by a diffusion model.
//!
//! What a model paints reaches the picture only as a change of colour, scaled by a soft weight that is zero outside the
//! band and in the product: there, not one bit can change, whatever the model does. The change is made to vanish at
//! the band's outer rim, tiles are blended so that their borders cannot show, and a tile that is not finite, far from
//! the skin around it or rougher than it is dropped.

pub mod band;
mod blur;
mod choice;
pub mod compact;
mod distance;
mod features;
mod judge;
mod lightest;
mod noise;
mod painter;
mod paste;
mod resample;
mod rim;
pub mod sd;
#[cfg(test)]
mod tests;
mod tiles;

use std::time::{Duration, Instant};

use image::RgbImage;

use crate::imaging::Rect;
pub use band::{Around, Band};
pub use choice::Choice;
pub use judge::Fault;
pub use noise::Noise;
pub use painter::{Painter, Reach, TileView};

/// How the band is repainted.
#[derive(Debug, Clone, PartialEq)]
pub struct InpaintSettings {
    /// Width of the band, mm; never less than 3 pixels.
    pub width_mm: f64,
    /// Seed of the painter's noise.
    pub seed: u64,
}

impl Default for InpaintSettings {
    fn default() -> Self {
        Self {
            width_mm: 3.0,
            seed: 0,
        }
    }
}

/// What became of the pass.
#[derive(Debug, Clone)]
pub struct Repainted {
    /// [`Painter::name`].
    pub painter: &'static str,
    /// Pixels that could change.
    pub pixels: usize,
    pub tiles: usize,
    /// Tiles that were dropped, and why; the picture is there as it was before.
    pub dropped: Vec<Dropped>,
    pub time: Duration,
}

/// A tile whose new paint was not used.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// In the photograph.
    pub rect: Rect,
    pub fault: Fault,
}

/// Repaints the band around all pieces of a composite, in place.
pub fn repaint(
    canvas: &mut RgbImage,
    pieces: &[Around],
    painter: &dyn Painter,
    settings: &InpaintSettings,
) -> Repainted {
    let start = Instant::now();
    let frame = Rect::of_size(canvas.width(), canvas.height());
    let band = Band::around(pieces, settings.width_mm, &frame);
    let tiles = tiles::tiles(&band, painter.reach());
    let (change, dropped) = paste::paint(canvas, &band, &tiles, painter, settings.seed);
    paste::apply(canvas, &band, &change);
    Repainted {
        painter: painter.name(),
        pixels: band.weight.data.iter().filter(|w| **w > 0.0).count(),
        tiles: tiles.len(),
        dropped,
        time: start.elapsed(),
    }
}
