//! What the shadow falls on: the skin's brightness from place to place, and how much of it is the key light's.

use image::RgbImage;

use super::blur::blur;
use super::caster::Caster;
use super::grid::{Field, Lattice};
use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{Mask, Rect};
use crate::render::skin::luminance;

/// Cells per mm, and the standard deviation over which colours are averaged, mm: light over skin is smooth.
const CELLS_PER_MM: f64 = 1.0;
const SMOOTH_MM: f64 = 2.0;
/// Darkest that skin is taken for, linear.
const DARKEST: f32 = 0.01;

/// Smooth colours of the ground and of the piece above it, on a coarse lattice.
pub struct Ground {
    /// Luminance and largest channel of the ground.
    level: Field,
    largest: Field,
    /// Mean linear colour of the piece about each cell.
    piece: [Field; 3],
    /// Luminance of skin that only the even light reaches.
    fill: f32,
    /// Most that the key contributes anywhere.
    most: f32,
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
        let [mut weight, mut level, mut largest] = std::array::from_fn(|_| Field::zero(lattice));
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
            let c = px.0.map(decode_srgb8);
            weight.data[i] = 1.0;
            level.data[i] = luminance(c);
            largest.data[i] = c[0].max(c[1]).max(c[2]);
            levels.push(luminance(c));
        }
        let full = full.unwrap_or_else(|| bright(&mut levels));
        for field in [&mut weight, &mut level, &mut largest] {
            blur(field, SMOOTH_MM * lattice.cells_per_mm);
        }
        for field in [&mut level, &mut largest] {
            for (v, w) in field.data.iter_mut().zip(&weight.data) {
                *v = (*v / w.max(1e-4)).max(DARKEST);
            }
        }
        Self {
            level,
            largest,
            piece: std::array::from_fn(|_| Field::zero(lattice)),
            fill: fill * full,
            most: 1.0 - fill,
        }
    }

    /// Takes in the colours of the piece, whose casters lie on the lattice `theirs` with the same corner.
    pub fn under(mut self, casters: &[Caster], theirs: &Lattice) -> Self {
        let lattice = self.level.lattice;
        let scale = lattice.cells_per_px / theirs.cells_per_px;
        let average = |of: &dyn Fn(&Caster) -> f32| {
            let mut sum = Field::zero(lattice);
            for c in casters {
                sum.splat(c.at * scale, c.alpha * of(c));
            }
            blur(&mut sum, SMOOTH_MM * lattice.cells_per_mm);
            sum
        };
        let weight = average(&|_| 1.0);
        for (k, field) in self.piece.iter_mut().enumerate() {
            *field = average(&|c| c.color[k]);
            for (v, w) in field.data.iter_mut().zip(&weight.data) {
                *v /= w.max(1e-4);
            }
        }
        self
    }

    /// What [`lost`](super::lost) asks of the ground, for each of its cells; light over skin is smooth, so that what
    /// lies between them may be interpolated.
    pub fn answers(&self) -> Answers {
        let lattice = self.level.lattice;
        let mut out = Answers {
            key_share: Field::zero(lattice),
            thrown_back: std::array::from_fn(|_| Field::zero(lattice)),
        };
        for i in 0..lattice.len() {
            out.key_share.data[i] = self.key_share(i);
            let back = self.thrown_back(i);
            for (field, back) in out.thrown_back.iter_mut().zip(back) {
                field.data[i] = back;
            }
        }
        out
    }

    /// Share of the light at a cell that is the key's: what the skin there is brighter than skin that only the even
    /// light reaches. Skin turned away from the key or in shadow already has none to lose.
    fn key_share(&self, i: usize) -> f32 {
        (1.0 - self.fill / self.level.data[i].max(DARKEST)).clamp(0.0, self.most)
    }

    /// What the piece near a cell throws back: its colour times its luminance, against the largest channel of the
    /// ground.
    fn thrown_back(&self, i: usize) -> [f32; 3] {
        let color = [0, 1, 2].map(|k| self.piece[k].data[i]);
        let share = luminance(color) / self.largest.data[i].max(DARKEST);
        color.map(|v| v * share)
    }
}

/// The ground's part in the shadow, per cell of its lattice.
pub struct Answers {
    pub key_share: Field,
    pub thrown_back: [Field; 3],
}

/// The level that a seventh of the values exceed; 1 for none.
fn bright(levels: &mut [f32]) -> f32 {
    if levels.is_empty() {
        return 1.0;
    }
    let at = levels.len() - 1 - levels.len() / 7;
    *levels.select_nth_unstable_by(at, f32::total_cmp).1
}
