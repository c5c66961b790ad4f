//! Shadows that a piece throws on skin and cloth, in millimetres.
//!
//! Skin loses the part of the even light that the piece hides from it ([`contact`]) and the part of the key light
//! that the piece stands in the way of, displaced and softened by the height above the skin ([`directional`]); the
//! piece gives some light back. How much of the light is the key's is read from the skin itself ([`ground`]). The loss
//! spreads within the skin ([`scatter`]), and the photograph's tone curve decides what it looks like
//! ([`photographed`]). All but the last is computed on a coarse lattice.

pub(super) mod blur;
mod caster;
mod contact;
mod directional;
pub(super) mod grid;
mod ground;
mod scatter;
mod section;
#[cfg(test)]
mod tests;

use glam::DVec2;
use image::RgbImage;

use super::warp::Warped;
use crate::imaging::{Mask, Rect};
use crate::locate::Light;
use caster::Caster;
use directional::Key;
use grid::{Field, Lattice};
use ground::Ground;
pub use section::Section;

/// Nothing farther from the piece than this is darkened, mm.
pub const REACH_MM: f64 = 40.0;
/// How much of the key light the heart of a shadow loses: a lamp is never quite hidden by what is small.
const KEY: f32 = 0.85;
/// How much of the even light skin loses against the share of the sky that is hidden: most of that light comes from
/// above and from the front, where the piece is, not from along the skin.
const EVEN: f32 = 1.1;
/// Light that a white piece throws back onto white ground, against the share of the sky that it hides. It goes with
/// the square of the piece's brightness: pearls, which scatter light, look bright; metal, which mirrors skin, darker.
const RETURNED: f32 = 0.48;
/// Most of what is lost that is given back: skin beside a piece in the shade, or deep skin under a white one, would
/// shine otherwise, for a product's picture is as bright as its studio was.
const MOST_RETURNED: f32 = 0.7;
/// Share of the even light on skin that faces the key: of a bare lamp, and how much more of the softest light.
const FILL: (f64, f64) = (0.1, 0.2);

/// What a shadow is thrown by and onto.
pub struct Scene<'a> {
    pub canvas: &'a RgbImage,
    /// Skin and cloth, 0..=1; `None`: everything.
    pub receiver: Option<&'a Mask>,
    pub light: &'a Light,
    pub px_per_mm: f64,
    /// How thick the piece is.
    pub section: Section,
    /// 0 none, 1 as the light says.
    pub strength: f64,
    /// Multiplies the penumbra.
    pub softness: f64,
}

/// The light that is left around a piece.
pub struct Shadow {
    /// Region of the photograph that may be darkened.
    pub rect: Rect,
    /// Where `taken` lies.
    lattice: Lattice,
    /// Loss per channel as [`photographed`] takes it.
    taken: Vec<[f32; 3]>,
}

/// Throws the shadow of `piece`; `None` when there is nothing to throw.
pub fn cast(piece: &Warped, scene: &Scene) -> Option<Shadow> {
    let bounds = piece.bounds();
    if bounds.is_empty() || scene.strength <= 0.0 || scene.px_per_mm.is_nan() || scene.px_per_mm <= 0.0 {
        return None;
    }
    let key = key(scene.light, scene.softness);
    let reach = (reach_mm(piece, scene, &key) * scene.px_per_mm).floor().min(1e6) as u32;
    let frame = Rect::of_size(scene.canvas.width(), scene.canvas.height());
    let rect = bounds.grown(reach).clip(&frame);
    let lattice = Lattice::over(&rect, scene.px_per_mm);
    let casters = caster::gather(piece, &lattice, &scene.section);
    let fill = FILL.0 + FILL.1 * scene.light.softness;
    let full = scene.light.skin_level.map(|v| v as f32);
    let ground = Ground::of(
        scene.canvas,
        scene.receiver,
        &rect,
        scene.px_per_mm,
        fill as f32,
        full,
    );
    let ground = ground.under(&casters, &lattice);
    let channels = lost(&casters, &lattice, &key, &ground);
    let channels: [Field; 3] = std::array::from_fn(|k| scatter::scatter(&channels[k], k));
    let power = SLOPE * scene.strength as f32;
    let seen = |v: f32| 1.0 - (1.0 - v.clamp(0.0, 0.97)).powf(power);
    let taken = (0..lattice.len()).map(|i| std::array::from_fn(|k| seen(channels[k].data[i])));
    Some(Shadow {
        rect,
        lattice,
        taken: taken.collect(),
    })
}

/// How far from the piece anything darkens, mm.
fn reach_mm(piece: &Warped, scene: &Scene, key: &Key) -> f64 {
    let highest = piece.fragments.iter().map(|f| f.height_mm).fold(0.0, f32::max);
    let half = scene.section.most_mm();
    let middle = f64::from(highest) + half;
    let reach = contact::reach_mm(middle).max(key.reach_mm(middle + half));
    // The blurs reach a little farther than three standard deviations.
    (1.2 * reach + scatter::REACH_MM).min(REACH_MM)
}

/// Share of each channel's light that is lost at each cell, before it spreads within the skin.
fn lost(casters: &[Caster], lattice: &Lattice, key: &Key, ground: &Ground) -> [Field; 3] {
    let shade = directional::shadow(casters, lattice, key);
    let hidden = contact::occlusion(casters, lattice);
    let mut out: [Field; 3] = std::array::from_fn(|_| Field::zero(*lattice));
    for (i, (shade, hidden)) in shade.data.iter().zip(&hidden.data).enumerate() {
        if *shade < 1e-3 && *hidden < 1e-3 {
            continue;
        }
        let at = lattice.to_photo(i % lattice.width, i / lattice.width);
        let share = ground.key_share(at);
        let dark = KEY * share * shade + EVEN * (1.0 - share) * hidden;
        let back = ground.thrown_back(at);
        for (channel, back) in out.iter_mut().zip(back) {
            channel.data[i] = dark - (RETURNED * hidden * back).min(MOST_RETURNED * dark);
        }
    }
    out
}

fn key(light: &Light, softness: f64) -> Key {
    // Half the angle of the lamp: a small one spans a few degrees, a large window some thirty; more, for the direction
    // itself is known to some fifteen degrees only, and a hard edge at the wrong place is worse than a soft one.
    let half_angle = (10.0 + 10.0 * light.softness).to_radians();
    Key {
        direction: light.direction,
        spread: half_angle.tan() * softness,
    }
}

impl Shadow {
    /// Calls `put` with the changed pixels of row `y` from the left and what each loses per channel.
    pub fn row(&self, y: i32, receiver: Option<&Mask>, mut put: impl FnMut(i32, [f32; 3])) {
        let Some((x0, x1)) = self.active_columns(y) else {
            return;
        };
        for x in x0..x1 {
            let lies = receiver.map_or(1.0, |m| m.get(x, y).clamp(0.0, 1.0));
            if lies <= 0.0 {
                continue;
            }
            let taken = self.taken_at(x, y).map(|v| v * lies);
            if taken.iter().any(|v| v.abs() > UNSEEN) {
                put(x, taken);
            }
        }
    }

    /// What photo pixel (x, y) loses, receiver not counted.
    fn taken_at(&self, x: i32, y: i32) -> [f32; 3] {
        let at = self
            .lattice
            .to_cells(DVec2::new(f64::from(x), f64::from(y)) + 0.5)
            - 0.5;
        let (fx, fy) = (at.x.floor(), at.y.floor());
        let (u, v) = ((at.x - fx) as f32, (at.y - fy) as f32);
        let (w, h) = (self.lattice.width as i64, self.lattice.height as i64);
        let cell = |x: i64, y: i64| {
            let inside = x >= 0 && y >= 0 && x < w && y < h;
            if inside {
                self.taken[(y * w + x) as usize]
            } else {
                [0.0; 3]
            }
        };
        let (x, y) = (fx as i64, fy as i64);
        let [a, b, c, d] = [cell(x, y), cell(x + 1, y), cell(x, y + 1), cell(x + 1, y + 1)];
        std::array::from_fn(|k| {
            let (top, low) = (a[k] + (b[k] - a[k]) * u, c[k] + (d[k] - c[k]) * u);
            top + (low - top) * v
        })
    }

    /// Photo columns `[from, to)` of row `y` that the cells about it may change.
    fn active_columns(&self, y: i32) -> Option<(i32, i32)> {
        let width = self.lattice.width.max(1);
        if y < self.rect.y || y >= self.rect.bottom() {
            return None;
        }
        let cell = ((f64::from(y - self.rect.y) + 0.5) * self.lattice.cells_per_px) as usize;
        let (mut first, mut last) = (usize::MAX, 0);
        let near = cell.saturating_sub(1)..(cell + 2).min(self.lattice.height);
        for row in near.filter_map(|r| self.taken.get(r * width..(r + 1) * width)) {
            let active = |c: &[f32; 3]| c.iter().any(|v| v.abs() > UNSEEN);
            if let (Some(from), Some(to)) = (row.iter().position(active), row.iter().rposition(active)) {
                (first, last) = (first.min(from), last.max(to));
            }
        }
        if first > last {
            return None;
        }
        let left = self.lattice.to_photo(first.saturating_sub(1), cell).x.floor() as i32;
        let right = self.lattice.to_photo(last + 1, cell).x.ceil() as i32 + 1;
        Some((left.max(self.rect.x), right.min(self.rect.right())))
    }
}

/// Less than half a code of the brightest white.
const UNSEEN: f32 = 0.002;

/// Contrast, in the shadows, of the tone curve that a photograph is taken to have; fitted to renders through a filmic
/// curve.
const SLOPE: f32 = 0.85;

/// A linear value of the picture when `taken` is lost, the light's loss to the power [`SLOPE`].
///
/// A photograph is no linear record: its tone curve compresses what is bright. `v = s / (s + 1)`, with `s` the light
/// to the power [`SLOPE`], stands for such curves: a shadow shows the less the nearer the value is to white.
pub fn photographed(value: f32, taken: f32) -> f32 {
    let value = value.clamp(0.0, 1.0);
    let left = value * (1.0 - taken);
    left / (1.0 - value + left).max(1e-6)
}
