//! Shadows that a piece throws on skin and cloth, in millimetres.
//!
//! Skin loses the part of the even light that the piece hides from it ([`contact`]) and the part of the key light
//! that the piece stands in the way of, displaced and softened by the height above the skin ([`directional`]). How much
//! of the light is the key's is read from the skin itself ([`ground`]). The loss spreads within the skin ([`scatter`]),
//! and the photograph's tone curve decides what it looks like ([`photographed`](crate::imaging::pixel::photographed)). All but the last is computed on a
//! coarse lattice. A bright piece gives some light back to the skin beside it.
//!
//! The constants are fitted together to people rendered with and without jewelry, to the difference that is left in the
//! skin within 8 mm of it.

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

use image::RgbImage;

use super::warp::Warped;
use crate::imaging::{Mask, Rect};
use crate::locate::Light;
use crate::render::skin::luminance;
use caster::Caster;
use directional::Key;
use grid::{Field, Lattice};
use ground::Ground;
pub use section::Section;

/// Nothing farther from the piece than this is darkened, mm.
pub const REACH_MM: f64 = 40.0;
/// How much of the key light the heart of a shadow loses: a lamp is never quite hidden by what is small.
const KEY: f32 = 0.94;
/// How much of the even light skin loses against the share of the sky that is hidden.
const EVEN: f32 = 0.95;
/// Light that a white piece throws back onto the skin, against the share of the sky that it hides. It goes with the
/// cube of the piece's brightness: pearls, which scatter light, look bright; metal, which mirrors skin, darker.
const RETURNED: f32 = 0.9;
/// Most that it brightens skin.
const MOST_GAIN: f32 = 0.3;
/// Share of the even light on skin that faces the key: of a bare lamp, and how much more of the softest light.
const FILL: (f64, f64) = (0.18, 0.22);
/// Half the angle of the key light, degrees: of a bare lamp, and how much more of the softest light. A small lamp spans
/// a few degrees, a large window some thirty; rather more, for the direction itself is known to some eight degrees only,
/// and a hard edge at the wrong place is worse than a soft one.
const HALF_ANGLE_DEG: (f64, f64) = (9.0, 6.5);

/// Losses below this are none.
const FAINT: f32 = 5e-4;

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
    /// Loss per channel as [`photographed`](crate::imaging::pixel::photographed) takes it.
    taken: Vec<[f32; 3]>,
    /// Cells `[from, to)` of each row of the lattice that lose or gain anything.
    active: Vec<(usize, usize)>,
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
    let lost = lost(
        &casters,
        &lattice,
        &key,
        &ground,
        RETURNED * brightness(piece).powi(3),
    );
    let channels: [Field; 3] = std::array::from_fn(|k| scatter::scatter(&lost, k));
    let power = SLOPE * scene.strength as f32;
    let seen = |v: f32| match v {
        v if v.abs() < FAINT => 0.0,
        v => 1.0 - (1.0 - v.clamp(-MOST_GAIN, 0.97)).powf(power),
    };
    let taken = (0..lattice.len()).map(|i| std::array::from_fn(|k| seen(channels[k].data[i])));
    Some(Shadow::new(rect, lattice, taken.collect()))
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

/// Share of the light that is lost at each cell, before it spreads within the skin.
/// `returned` is what the piece throws back, against a white that faces the key.
fn lost(casters: &[Caster], lattice: &Lattice, key: &Key, ground: &Ground, returned: f32) -> Field {
    let shade = directional::shadow(casters, lattice, key);
    let hidden = contact::occlusion(casters, lattice);
    let mut out = Field::zero(*lattice);
    let scale = ground.key.lattice.cells_per_px / lattice.cells_per_px;
    let [mut keys, mut evens, mut dimmed] = [const { Vec::new() }; 3];
    let width = lattice.width.max(1);
    let both = shade
        .data
        .chunks_exact(width)
        .zip(hidden.data.chunks_exact(width));
    for (y, (row, (shade, hidden))) in out.data.chunks_exact_mut(width).zip(both).enumerate() {
        if shade.iter().chain(hidden).all(|v| *v < FAINT) {
            continue;
        }
        let at = (y as f64 + 0.5) * scale;
        ground.key.row(at, &mut keys);
        ground.even.row(at, &mut evens);
        ground.dimmed.row(at, &mut dimmed);
        for (x, (lost, (shade, hidden))) in row.iter_mut().zip(shade.iter().zip(hidden)).enumerate() {
            if *shade >= FAINT || *hidden >= FAINT {
                let at = (x as f64 + 0.5) * scale;
                let [key, even, dimmed] = [&keys, &evens, &dimmed].map(|row| grid::between(row, at));
                *lost = KEY * key * shade + (EVEN * even - returned * dimmed) * hidden;
            }
        }
    }
    out
}

/// A pixel that is less the piece's than this may carry what else is there: hair in front of a pearl.
const WHOLE: f32 = 0.95;

/// Mean linear luminance of the piece, where it is not mixed with anything else.
fn brightness(piece: &Warped) -> f32 {
    let whole = piece.fragments.iter().filter(|f| f.color[3] >= WHOLE);
    let sums = whole.fold((0.0, 0.0), |(light, weight), f| {
        let [r, g, b, a] = f.color;
        (light + f64::from(luminance([r, g, b])), weight + f64::from(a))
    });
    (sums.0 / f64::max(sums.1, 1e-9)) as f32
}

fn key(light: &Light, softness: f64) -> Key {
    let half_angle = (HALF_ANGLE_DEG.0 + HALF_ANGLE_DEG.1 * light.softness).to_radians();
    Key {
        direction: light.direction,
        spread: half_angle.tan() * softness,
    }
}

impl Shadow {
    fn new(rect: Rect, lattice: Lattice, taken: Vec<[f32; 3]>) -> Self {
        let active = taken.chunks_exact(lattice.width.max(1)).map(|row| {
            let active = |c: &[f32; 3]| c.iter().any(|v| v.abs() > UNSEEN);
            let from = row.iter().position(active).unwrap_or(0);
            (from, row.iter().rposition(active).map_or(0, |last| last + 1))
        });
        Self {
            rect,
            lattice,
            active: active.collect(),
            taken,
        }
    }

    /// Calls `put` with the changed pixels of row `y` from the left and what each loses per channel.
    pub fn row(&self, y: i32, receiver: Option<&Mask>, mut put: impl FnMut(i32, [f32; 3])) {
        let Some(cells) = self.cells(y) else {
            return;
        };
        let (first, step) = (cells.first, self.lattice.cells_per_px);
        let last = cells.taken.len() - 1;
        // Photo columns between the middles of those cells; the lattice's outermost reach to its edge.
        let place = |cell: usize| (self.lattice.to_photo(cell, 0).x - 0.5).ceil() as i32;
        let from = if first == 0 { self.rect.x } else { place(first) };
        let to = if first + last + 1 == self.lattice.width {
            self.rect.right()
        } else {
            place(first + last)
        };
        for x in from..to {
            let lies = receiver.map_or(1.0, |m| m.get(x, y).clamp(0.0, 1.0));
            if lies <= 0.0 {
                continue;
            }
            let at = ((f64::from(x) + 0.5 - self.lattice.origin.x) * step - 0.5 - first as f64).max(0.0);
            let left = at as usize;
            let share = (at - left as f64) as f32;
            let [Some(a), Some(b)] = [left, left + 1].map(|k| cells.taken.get(k.min(last))) else {
                continue;
            };
            let taken: [f32; 3] = std::array::from_fn(|k| lies * (a[k] + (b[k] - a[k]) * share));
            if taken.iter().any(|v| v.abs() > UNSEEN) {
                put(x, taken);
            }
        }
    }

    /// The lattice across the middle of pixel row `y`, where it takes anything, and one cell more on either side.
    fn cells(&self, y: i32) -> Option<Cells> {
        if y < self.rect.y || y >= self.rect.bottom() {
            return None;
        }
        let width = self.lattice.width;
        let at = (f64::from(y) + 0.5 - self.lattice.origin.y) * self.lattice.cells_per_px + 0.5;
        let below = at as usize;
        let share = (at - below as f64) as f32;
        let most = self.active.len().checked_sub(1)?;
        let rows = [(below.saturating_sub(1), 1.0 - share), (below.min(most), share)];
        let rows = rows.map(|(row, share)| self.active.get(row).map(|active| (active, row, share)));
        let seen = rows.iter().flatten().filter(|((from, to), ..)| from < to);
        let (from, to) = seen.fold((usize::MAX, 0), |(a, b), ((from, to), ..)| {
            (a.min(*from), b.max(*to))
        });
        if from >= to {
            return None;
        }
        let (from, to) = (from.saturating_sub(1), (to + 1).min(width));
        let mut taken = vec![[0f32; 3]; to - from];
        for (_, row, share) in rows.into_iter().flatten() {
            let row = self
                .taken
                .get(row * width + from..row * width + to)
                .unwrap_or(&[]);
            for (sum, cell) in taken.iter_mut().zip(row) {
                for (s, v) in sum.iter_mut().zip(cell) {
                    *s += share * v;
                }
            }
        }
        Some(Cells { first: from, taken })
    }
}

/// A part of a row of the lattice, between two of its rows.
struct Cells {
    first: usize,
    taken: Vec<[f32; 3]>,
}

/// Less than half a code of the brightest white.
const UNSEEN: f32 = 0.002;

/// Contrast, in the shadows, of the tone curve that a photograph is taken to have; fitted to renders through a filmic
/// curve.
const SLOPE: f32 = 0.83;
