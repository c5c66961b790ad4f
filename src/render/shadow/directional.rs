//! The key light's shadow: each height above the skin throws its own, displaced and blurred in proportion.

use glam::{DVec2, DVec3};

use super::blur::{blur, reach};
use super::caster::Caster;
use super::grid::{Field, Lattice};

/// Heights above the skin, mm, at whose middles the matter is sliced.
const SLICES: [f64; 10] = [0.0, 0.5, 1.1, 1.9, 2.9, 4.2, 6.0, 8.5, 12.0, 17.0];
/// Farthest that a shadow is thrown along the skin, and widest standard deviation of its edge, mm: together with the
/// blur's bounded reach they keep it within [`super::REACH_MM`].
const FARTHEST_MM: f64 = 22.0;
const WIDEST_MM: f64 = 3.0;
/// Below this cosine between skin and light the light grazes: shadows are no longer drawn out, but fade.
const GRAZING: f64 = 0.5;

/// A key light as shadows need it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Unit vector towards it: right, up, towards the camera.
    pub direction: DVec3,
    /// Tangent of half the angle that it spans.
    pub spread: f64,
}

impl Key {
    /// How far matter up to `height_mm` above the skin throws its shadow, with its edge, mm.
    pub fn reach_mm(&self, height_mm: f64) -> f64 {
        let path = height_mm / GRAZING;
        let along = (self.direction.truncate().length() * path).min(FARTHEST_MM);
        along + 3.0 * (0.5 * self.spread * path).min(WIDEST_MM)
    }
}

/// One caster's part in a slice: where its shadow falls, cells, and the share of the key that it takes.
type Thrown = (DVec2, f32);

/// Share of the key light that the casters take away, 0..=1 per cell.
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
        let Some((_, alpha, middle)) = c.between(low, high) else {
            continue;
        };
        let cos = c.normal.dot(key.direction);
        let share = (cos / GRAZING).clamp(0.0, 1.0) as f32;
        if share <= 0.0 {
            continue;
        }
        // From the matter along the light down to the skin; the picture sees its sideways part.
        let path = middle / cos.max(GRAZING);
        let along = key.direction.truncate() * path;
        let along = along.clamp_length_max(FARTHEST_MM) * lattice.cells_per_mm;
        out.push((DVec2::new(c.at.x - along.x, c.at.y + along.y), alpha * share));
        weight += f64::from(alpha);
        ways += f64::from(alpha) * path;
    }
    (out, if weight > 0.0 { ways / weight } else { 0.0 })
}
