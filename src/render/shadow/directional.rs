//! The key light's shadow: each height above the skin throws its own, displaced and blurred in proportion.

use glam::{DVec2, DVec3};

use super::blur::{blur, reach};
use super::caster::Caster;
use super::grid::{Field, Lattice};

/// Heights above the skin, mm, at whose middles the matter is sliced.
const SLICES: [f64; 10] = [0.0, 0.5, 1.1, 1.9, 2.9, 4.2, 6.0, 8.5, 12.0, 17.0];
/// Farthest that a shadow is thrown along the skin, and widest standard deviation of its edge, mm: together with the
/// blur's bounded reach they keep it within [`super::REACH_MM`].
const FARTHEST_MM: f64 = 24.0;
const WIDEST_MM: f64 = 3.5;
/// Below this cosine between skin and light the light grazes: shadows are no longer drawn out, but fade.
const GRAZING: f64 = 0.3;

/// How much of the key's light the heart of a shadow loses: skin scatters light in from the sides. Measured on
/// rendered skin.
const STRENGTH: f64 = 0.72;
/// Share of the lost light that a white piece throws back onto the skin beside it.
const RETURNED: f32 = 0.3;

/// A key light as shadows need it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Unit vector towards it: right, up, towards the camera.
    pub direction: DVec3,
    /// Tangent of half the angle that it spans.
    pub spread: f64,
    /// Share of the light on skin that faces it which is not its own, 0..=1.
    pub fill: f64,
}

impl Key {
    /// How much of the light on skin with this normal the key contributes.
    fn share(&self, normal: DVec3) -> f64 {
        let cos = normal.dot(self.direction).max(0.0);
        let key = (1.0 - self.fill) * cos;
        key / (key + self.fill).max(1e-9)
    }
}

/// One caster's part in a slice: where its shadow falls, cells, and the share of light it takes.
type Thrown = (DVec2, f32);

/// Share of the light that the casters take away, 0..=1 per cell.
pub fn shadow(casters: &[Caster], lattice: &Lattice, key: &Key) -> Field {
    let mut shade = Field::zero(*lattice);
    for (k, low) in SLICES.iter().enumerate() {
        let high = SLICES.get(k + 1).copied().unwrap_or(f64::INFINITY);
        let (thrown, path) = throw(casters, lattice, key, *low, high);
        // A disc of radius r blurs as a Gaussian of r / 2.
        let sigma = (0.5 * key.spread * path).min(WIDEST_MM) * lattice.cells_per_mm;
        let places = thrown.iter().map(|(at, _)| *at);
        // Only the slice's own surroundings are blurred: most of the lattice is out of its reach.
        let Some((part, x, y)) = lattice.around(places, reach(sigma)) else {
            continue;
        };
        let mut slice = Field::zero(part);
        let first = DVec2::new(x as f64, y as f64);
        for (at, share) in &thrown {
            slice.splat(*at - first, *share);
        }
        slice.data.iter_mut().for_each(|v| *v = v.min(1.0));
        blur(&mut slice, sigma);
        // Slices are the same piece: where one hides the light already, another hides no more.
        shade.raise(&slice, x, y);
    }
    shade
}

/// Throws what lies between two heights, mm, and tells the mean length of its way along the light, mm.
fn throw(casters: &[Caster], lattice: &Lattice, key: &Key, low: f64, high: f64) -> (Vec<Thrown>, f64) {
    let mut out = Vec::new();
    let (mut weight, mut ways) = (0.0, 0.0);
    for c in casters {
        let (bottom, top) = (f64::from(c.bottom_mm), f64::from(c.top_mm));
        if top < low || bottom >= high {
            continue;
        }
        // The part of the caster in this slice; above the last slice everything counts as its own middle.
        let middle = (bottom.max(low) + top.min(high)) / 2.0;
        let cos = c.normal.dot(key.direction);
        let share = key.share(c.normal) * (cos / GRAZING).clamp(0.0, 1.0);
        if share <= 0.0 {
            continue;
        }
        let returned = f64::from(1.0 - RETURNED * c.brightness);
        // From the matter along the light down to the skin; the picture sees its sideways part.
        let path = middle / cos.max(GRAZING);
        let along = key.direction.truncate() * path;
        let along = along.clamp_length_max(FARTHEST_MM) * lattice.cells_per_mm;
        let at = DVec2::new(c.at.x - along.x, c.at.y + along.y);
        out.push((at, c.alpha * (STRENGTH * share * returned) as f32));
        weight += f64::from(c.alpha);
        ways += f64::from(c.alpha) * path;
    }
    (out, if weight > 0.0 { ways / weight } else { 0.0 })
}
