//! The skin around a piece: its colour, and how bright the light leaves it from place to place.

use glam::DVec2;
use image::RgbImage;

use super::shadow::blur::blur;
use super::shadow::grid::{Field, Lattice};
use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{Mask, Rect};

/// How far around a piece skin is looked at, mm.
const AROUND_MM: f64 = 15.0;
/// Cells per mm: light over skin is smooth, its texture is none of it.
const CELLS_PER_MM: f64 = 0.5;
/// Standard deviation over which brightness is averaged, mm.
const SMOOTH_MM: f64 = 7.0;
/// Fewest cells of skin that tell anything.
const FEWEST: usize = 24;
/// Distance of hue, log units of red and blue against green, from the commonest one at which it is other matter.
const SAME_HUE: f32 = 0.35;

/// What the skin near a piece tells.
pub struct Skin {
    /// Median linear colour.
    pub color: [f32; 3],
    /// Brightness against the mean, averaged over [`SMOOTH_MM`], and how much skin that average saw.
    light: Field,
    seen: Field,
}

impl Skin {
    /// Looks around `bounds` where `receiver` is; `None` where too little skin shows.
    pub fn around(canvas: &RgbImage, receiver: Option<&Mask>, bounds: &Rect, px_per_mm: f64) -> Option<Self> {
        let frame = Rect::of_size(canvas.width(), canvas.height());
        let rect = bounds.grown((AROUND_MM * px_per_mm).min(1e6) as u32).clip(&frame);
        if rect.is_empty() {
            return None;
        }
        let lattice = Lattice::with(&rect, CELLS_PER_MM, px_per_mm);
        let samples = samples(canvas, receiver, &lattice);
        let hue = |c: &[f32; 3]| {
            let g = c[1].max(1e-4);
            [(c[0].max(1e-4) / g).ln(), (c[2].max(1e-4) / g).ln()]
        };
        let commonest: [f32; 2] = std::array::from_fn(|k| median(samples.iter().map(|(_, c)| hue(c)[k])));
        let same = |c: &[f32; 3]| {
            let h = hue(c);
            (h[0] - commonest[0]).hypot(h[1] - commonest[1]) < SAME_HUE
        };
        let skin: Vec<(usize, [f32; 3])> = samples.into_iter().filter(|(_, c)| same(c)).collect();
        if skin.len() < FEWEST {
            return None;
        }
        let color = std::array::from_fn(|k| median(skin.iter().map(|(_, c)| c[k])));
        let middle = luminance(color).max(1e-4);
        let (mut light, mut seen) = (Field::zero(lattice), Field::zero(lattice));
        for (i, c) in &skin {
            // Hot spots and folds are no light.
            light.data[*i] = (luminance(*c) / middle).clamp(0.25, 2.5);
            seen.data[*i] = 1.0;
        }
        blur(&mut light, SMOOTH_MM * lattice.cells_per_mm);
        blur(&mut seen, SMOOTH_MM * lattice.cells_per_mm);
        Some(Self { color, light, seen })
    }

    /// Brightness of the skin about photo position `p` against the median; 1 where no skin is near.
    pub fn brightness(&self, p: DVec2) -> f32 {
        /// Skin that counts as much as knowing nothing.
        const DOUBT: f32 = 0.05;
        let seen = self.seen.sample(p);
        (self.light.sample(p) + DOUBT) / (seen + DOUBT)
    }
}

/// Linear colours of the lattice's cells that lie on the receiver.
fn samples(canvas: &RgbImage, receiver: Option<&Mask>, lattice: &Lattice) -> Vec<(usize, [f32; 3])> {
    let mut out = Vec::new();
    for i in 0..lattice.len() {
        let at = lattice.to_photo(i % lattice.width, i / lattice.width);
        let (x, y) = (at.x as i32, at.y as i32);
        if receiver.is_some_and(|m| m.get(x, y) < 0.9) {
            continue;
        }
        if let Some(px) = canvas.get_pixel_checked(x.max(0) as u32, y.max(0) as u32) {
            out.push((i, px.0.map(decode_srgb8)));
        }
    }
    out
}

/// Rec. 709.
pub fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Upper median; 0 for no values.
fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shaded_half_is_darker_and_cloth_is_not_asked() {
        let skin = [190u8, 140, 115];
        let canvas = RgbImage::from_fn(200, 100, |x, y| {
            if y >= 80 {
                image::Rgb([30, 40, 120])
            } else if x < 100 {
                image::Rgb(skin)
            } else {
                image::Rgb(skin.map(|v| (f32::from(v) * 0.7) as u8))
            }
        });
        let bounds = Rect::new(80, 30, 40, 20);
        let found = Skin::around(&canvas, None, &bounds, 4.0).expect("skin");
        let (lit, shaded) = (
            found.brightness(DVec2::new(50.0, 40.0)),
            found.brightness(DVec2::new(150.0, 40.0)),
        );
        // 0.7 in code values is 0.45 in light; the blur mixes the halves a little.
        assert!(shaded / lit > 0.4 && shaded / lit < 0.75, "{shaded} / {lit}");
        assert!(found.color[0] > 1.5 * found.color[2], "{:?}", found.color);
    }

    #[test]
    fn a_picture_of_no_skin_tells_nothing() {
        let canvas = RgbImage::new(100, 100);
        let receiver = Mask::filled(Rect::of_size(100, 100), 0.0);
        assert!(Skin::around(&canvas, Some(&receiver), &Rect::new(40, 40, 10, 10), 2.0).is_none());
    }
}
