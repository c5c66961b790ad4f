//! What the shadow falls on: how much of the light on the skin, from place to place, is the key's, and how much of the
//! even light there is left to lose.

use image::RgbImage;

use super::blur::blur;
use super::grid::{Field, Lattice};
use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{Mask, Rect};
use crate::render::skin::luminance;

/// Cells per mm, and the standard deviation over which colours are averaged, mm: light over skin is smooth.
const CELLS_PER_MM: f64 = 1.0;
const SMOOTH_MM: f64 = 2.0;
/// Darkest that skin is taken for, linear.
const DARKEST: f32 = 0.01;
/// Skin in the shade counts as lit by no less than this share of the light on skin that faces the key, inverse.
const MOST_LIT: f32 = 6.0;
/// How sharply skin that is darker than the even light alone would leave it counts as hidden already, a power.
const HIDDEN: f32 = 6.0;

/// The ground's lights on a coarse lattice, 0..=1 each. What lies between its cells may be interpolated.
pub struct Ground {
    /// Share of the light that is the key's: what the skin is brighter than skin that only the even light reaches. Skin
    /// turned away from the key or in shadow already has none to lose.
    pub key: Field,
    /// Share of the light that is even and can still be hidden. Under hair, jaw or collar, where skin is darker than
    /// the even light would leave it, little of the sky is left to hide, and what light there is comes from the skin
    /// and the piece themselves.
    pub even: Field,
    /// Light on skin that faces the key against the light here, up to [`MOST_LIT`]: how much light that comes back from
    /// the piece counts for.
    pub dimmed: Field,
}

impl Ground {
    /// Looks at `rect` of the canvas where `receiver` is. `fill` is the even light's share of the light on skin that
    /// faces the key, whose luminance is `full`; where that is not known the brighter part of this ground stands for it.
    pub fn of(
        canvas: &RgbImage,
        receiver: Option<&Mask>,
        rect: &Rect,
        px_per_mm: f64,
        fill: f32,
        full: Option<f32>,
    ) -> Self {
        let lattice = Lattice::with(rect, CELLS_PER_MM, px_per_mm);
        let [mut weight, mut key] = std::array::from_fn(|_| Field::zero(lattice));
        let mut levels = Vec::new();
        for i in 0..lattice.len() {
            let at = lattice.to_photo(i % lattice.width, i / lattice.width);
            let (x, y) = (at.x as i32, at.y as i32);
            let share = receiver.map_or(1.0, |m| m.get(x, y));
            if share < 0.5 {
                continue;
            }
            let Some(px) = canvas.get_pixel_checked(x.max(0) as u32, y.max(0) as u32) else {
                continue;
            };
            weight.data[i] = 1.0;
            key.data[i] = luminance(px.0.map(decode_srgb8));
            levels.push(key.data[i]);
        }
        let full = full.unwrap_or_else(|| bright(&mut levels)).max(1e-3);
        let shaded = fill * full;
        for field in [&mut weight, &mut key] {
            blur(field, SMOOTH_MM * lattice.cells_per_mm);
        }
        let (mut even, mut dimmed) = (weight, Field::zero(lattice));
        let lights = key.data.iter_mut().zip(&mut even.data).zip(&mut dimmed.data);
        for ((key, even), dimmed) in lights {
            let level = (*key / even.max(1e-4)).max(DARKEST);
            *dimmed = (full / level).min(MOST_LIT);
            *key = (1.0 - shaded / level).clamp(0.0, 1.0 - fill);
            *even = (1.0 - *key) * (level / shaded).min(1.0).powf(HIDDEN);
        }
        Self { key, even, dimmed }
    }
}

/// The level that a seventh of the values exceed; 1 for none.
fn bright(levels: &mut [f32]) -> f32 {
    if levels.is_empty() {
        return 1.0;
    }
    let at = levels.len() - 1 - levels.len() / 7;
    *levels.select_nth_unstable_by(at, f32::total_cmp).1
}
