//! The key light's shadow: each height above the skin throws its own, displaced and blurred in proportion.

use glam::DVec3;

use super::blur::blur;
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

/// Share of the light that the casters take away, 0..=1 per cell.
pub fn shadow(casters: &[Caster], lattice: &Lattice, key: &Key) -> Field {
    let mut shade = Field::zero(*lattice);
    let mut slice = Field::zero(*lattice);
    for (k, low) in SLICES.iter().enumerate() {
        let high = SLICES.get(k + 1).copied().unwrap_or(f64::INFINITY);
        let mut weight = 0.0;
        let mut thrown = 0.0;
        for c in casters {
            let (bottom, top) = (f64::from(c.bottom_mm), f64::from(c.top_mm));
            if top < *low || bottom >= high {
                continue;
            }
            // The part of the caster in this slice; above the last slice everything counts as its own middle.
            let middle = (bottom.max(*low) + top.min(high)) / 2.0;
            let cos = c.normal.dot(key.direction);
            let share = key.share(c.normal) * (cos / GRAZING).clamp(0.0, 1.0);
            if share <= 0.0 {
                continue;
            }
            // From the matter along the light down to the skin; the picture sees its sideways part.
            let path = middle / cos.max(GRAZING);
            let along = key.direction.truncate() * path;
            let along = along.clamp_length_max(FARTHEST_MM) * lattice.cells_per_mm;
            let at = glam::DVec2::new(c.at.x - along.x, c.at.y + along.y);
            slice.splat(at, c.alpha * share as f32);
            weight += f64::from(c.alpha);
            thrown += f64::from(c.alpha) * path;
        }
        if weight <= 0.0 {
            continue;
        }
        // A disc of radius r blurs as a Gaussian of r / 2.
        let sigma = (0.5 * key.spread * thrown / weight).min(WIDEST_MM);
        slice.data.iter_mut().for_each(|v| *v = v.min(1.0));
        blur(&mut slice, sigma * lattice.cells_per_mm);
        // Slices are the same piece: where one hides the light already, another hides no more.
        for (s, v) in shade.data.iter_mut().zip(&mut slice.data) {
            *s = s.max(*v);
            *v = 0.0;
        }
    }
    shade
}
