//! Ambient occlusion: the sky that a piece hides from the skin right beside it.

use super::blur::blur;
use super::caster::Caster;
use super::grid::{Field, Lattice};

/// Standard deviations of the occlusion's falloff, mm, and the share of each: a thin dark line where metal meets skin
/// and a soft halo around it.
const FALLOFF_MM: [(f64, f32); 2] = [(0.35, 0.55), (1.1, 0.45)];
/// Height above the skin, mm, at which a piece hides 1/e as much of the sky.
const NEAR_MM: f32 = 1.6;
/// Share of the hidden sky that a white piece replaces by its own light: pearls hardly darken skin, black onyx does.
const RETURNED: f32 = 0.7;

/// Share of the even light that the casters hide, 0..=1 per cell.
pub fn occlusion(casters: &[Caster], lattice: &Lattice) -> Field {
    let mut near = Field::zero(*lattice);
    for c in casters {
        let hidden = 1.0 - RETURNED * c.brightness;
        near.splat(c.at, c.alpha * hidden * (-c.bottom_mm / NEAR_MM).exp());
    }
    near.data.iter_mut().for_each(|v| *v = v.min(1.0));
    let mut sum = Field::zero(*lattice);
    for (sigma, share) in FALLOFF_MM {
        let mut part = near.clone();
        blur(&mut part, sigma * lattice.cells_per_mm);
        for (s, v) in sum.data.iter_mut().zip(&part.data) {
            *s += share * v;
        }
    }
    sum
}
