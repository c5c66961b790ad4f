//! Shadows that a piece throws on skin and cloth, in millimetres.
//!
//! Two parts: ambient occlusion that hugs the line where the piece touches ([`contact`]), and the key light's shadow,
//! displaced and softened by the height above the skin ([`directional`]). Both are computed on a coarse lattice and
//! become a transmittance per channel, for skin lets red through longest.

pub(super) mod blur;
mod caster;
mod contact;
mod directional;
pub(super) mod grid;

use glam::DVec2;
use image::RgbImage;

use super::warp::Warped;
use crate::imaging::{Mask, Rect};
use crate::locate::Light;
use directional::Key;
use grid::{Field, Lattice};

/// Nothing farther from the piece than this is darkened, mm.
pub const REACH_MM: f64 = 40.0;
/// How dark the contact line gets at full strength.
const CONTACT: f32 = 0.8;

/// What a shadow is thrown by and onto.
pub struct Scene<'a> {
    pub canvas: &'a RgbImage,
    /// Skin and cloth, 0..=1; `None`: everything.
    pub receiver: Option<&'a Mask>,
    pub light: &'a Light,
    pub px_per_mm: f64,
    /// Half of the thickest that the piece is anywhere, mm.
    pub half_thickness_mm: f64,
    /// 0 none, 1 as the light says.
    pub strength: f64,
    /// Multiplies the penumbra.
    pub softness: f64,
}

/// The light that is left around a piece.
pub struct Shadow {
    /// Region of the photograph that may be darkened.
    pub rect: Rect,
    /// Share of light taken away, 0..=1.
    taken: Field,
}

/// Throws the shadow of `piece`; `None` when there is nothing to throw.
pub fn cast(piece: &Warped, scene: &Scene) -> Option<Shadow> {
    let bounds = piece.bounds();
    if bounds.is_empty() || scene.strength <= 0.0 || scene.px_per_mm.is_nan() || scene.px_per_mm <= 0.0 {
        return None;
    }
    let reach = (REACH_MM * scene.px_per_mm).floor().min(1e6) as u32;
    let frame = Rect::of_size(scene.canvas.width(), scene.canvas.height());
    let rect = bounds.grown(reach).clip(&frame);
    let lattice = Lattice::over(&rect, scene.px_per_mm);
    let casters = caster::gather(piece, &lattice, scene.half_thickness_mm);
    let key = key(scene.light, scene.softness);
    let mut taken = directional::shadow(&casters, &lattice, &key);
    let contact = contact::occlusion(&casters, &lattice);
    for (t, c) in taken.data.iter_mut().zip(&contact.data) {
        let left = (1.0 - *t) * (1.0 - CONTACT * c);
        *t = (1.0 - left.max(1e-3).powf(scene.strength as f32)).clamp(0.0, 1.0);
    }
    Some(Shadow { rect, taken })
}

fn key(light: &Light, softness: f64) -> Key {
    // A bare flash spans a few degrees, a large window some thirty.
    let half_angle = (5.0 + 22.0 * light.softness).to_radians();
    Key {
        direction: light.direction,
        spread: half_angle.tan() * softness,
        fill: light.softness,
    }
}

impl Shadow {
    /// Share of light taken from photo pixel (x, y), receiver not counted.
    fn taken_at(&self, x: i32, y: i32) -> f32 {
        self.taken.sample(DVec2::new(f64::from(x), f64::from(y)) + 0.5)
    }

    /// Calls `put` with every darkened pixel and the share of light it loses.
    pub fn each(&self, receiver: Option<&Mask>, mut put: impl FnMut(i32, i32, f32)) {
        /// Less than half a code of the brightest white.
        const UNSEEN: f32 = 0.002;
        let rows = self.active_columns();
        for y in self.rect.y..self.rect.bottom() {
            let cell = ((f64::from(y - self.rect.y) + 0.5) * self.taken.lattice.cells_per_px) as usize;
            let Some((x0, x1)) = rows.get(cell).copied().flatten() else {
                continue;
            };
            for x in x0..x1 {
                let taken = self.taken_at(x, y) * receiver.map_or(1.0, |m| m.get(x, y).clamp(0.0, 1.0));
                if taken > UNSEEN {
                    put(x, y, taken);
                }
            }
        }
    }

    /// Photo columns `[from, to)` that each row of cells, with its neighbours, may darken.
    fn active_columns(&self) -> Vec<Option<(i32, i32)>> {
        let lattice = &self.taken.lattice;
        let rows: Vec<Option<(usize, usize)>> = self
            .taken
            .data
            .chunks_exact(lattice.width.max(1))
            .map(|row| {
                let first = row.iter().position(|v| *v > 0.0)?;
                let last = row.iter().rposition(|v| *v > 0.0)?;
                Some((first, last))
            })
            .collect();
        (0..rows.len())
            .map(|y| {
                let near = &rows[y.saturating_sub(1)..(y + 2).min(rows.len())];
                let first = near.iter().flatten().map(|r| r.0).min()?;
                let last = near.iter().flatten().map(|r| r.1).max()?;
                let left = lattice.to_photo(first.saturating_sub(1), y).x.floor() as i32;
                let right = lattice.to_photo(last + 1, y).x.ceil() as i32 + 1;
                Some((left.max(self.rect.x), right.min(self.rect.right())))
            })
            .collect()
    }
}

/// What is left of each channel of `color` (linear) when `taken` of the light is gone.
///
/// Light that scattered through skin has lost its blue and green, so a shadow's edge on fair skin stays warm; deep
/// skin lets little back out, and its shadows keep their hue. Exponents against green measured on rendered skin of
/// six tones.
pub fn transmittance(taken: f32, color: [f32; 3]) -> [f32; 3] {
    const RED: f32 = 0.80;
    const BLUE: f32 = 1.08;
    let [r, g, b] = color;
    let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    // Only skin glows: the hue counts by how far red leads blue.
    let warmth = ((r - b) / r.max(1e-4) * 2.5).clamp(0.0, 1.0);
    let glow = warmth * (luminance / 0.2).clamp(0.0, 1.0);
    let left = (1.0 - taken).max(1e-4).ln();
    let power = |full: f32| (left * (1.0 + (full - 1.0) * glow)).exp();
    [power(RED), left.exp(), power(BLUE)]
}
