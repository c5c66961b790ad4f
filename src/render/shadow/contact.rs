//! Ambient occlusion: the part of the even light around that a piece hides from the skin beside it.

use glam::DVec2;

use super::blur::{blur, reach};
use super::caster::Caster;
use super::grid::{Field, Lattice};

/// Heights above the skin, mm, between which the matter is sliced.
const SLICES: [f64; 5] = [0.0, 0.5, 1.2, 2.5, 5.0];
/// A flat patch at height `h` hides the share `h² / (π (h² + d²)²)` of the cosine-weighted sky per area, `d` its
/// distance along the skin: standard deviations of two Gaussians, in heights, and the part of each; fitted to rendered
/// skin.
const KERNEL: [(f64, f32); 2] = [(0.185, 0.36), (1.19, 0.75)];
/// Even light is brightest above: how far the shade of matter is displaced down the picture, in heights.
const DOWN: f64 = 0.7;
/// Matter is not nearer to the skin than this, mm: skin gives.
const NEAREST_MM: f64 = 0.15;
/// Higher matter counts as this high, mm: its share of the sky is small whatever it is.
const HIGHEST_MM: f64 = 4.5;

/// How far matter whose middle is at `height_mm` above the skin is felt, mm.
pub fn reach_mm(height_mm: f64) -> f64 {
    (DOWN + 3.0 * KERNEL[1].0) * height_mm.clamp(NEAREST_MM, HIGHEST_MM)
}

/// Share of the sky that the casters hide, 0..=1 per cell.
pub fn occlusion(casters: &[Caster], lattice: &Lattice) -> Field {
    let mut hidden = Field::zero(*lattice);
    for (k, low) in SLICES.iter().enumerate() {
        let high = SLICES.get(k + 1).copied().unwrap_or(f64::INFINITY);
        let slice: Vec<(DVec2, f32, f64)> = casters.iter().filter_map(|c| c.between(*low, high)).collect();
        let (weight, heights) = slice.iter().fold((0.0, 0.0), |(w, h), (_, a, m)| {
            (w + f64::from(*a), h + f64::from(*a) * m)
        });
        if weight <= 0.0 {
            continue;
        }
        let height = (heights / weight).clamp(NEAREST_MM, HIGHEST_MM) * lattice.cells_per_mm;
        let widest = KERNEL.iter().map(|k| k.0).fold(0.0, f64::max);
        let down = DVec2::new(0.0, DOWN * height);
        let places = slice.iter().map(|(at, ..)| *at + down);
        let Some((part, x, y)) = lattice.around(places, reach(widest * height)) else {
            continue;
        };
        let mut cover = Field::zero(part);
        let first = DVec2::new(x as f64, y as f64);
        for (at, alpha, _) in &slice {
            cover.splat(*at + down - first, *alpha);
        }
        let mut seen = Field::zero(part);
        for (sigma, share) in KERNEL {
            let mut spread = cover.clone();
            blur(&mut spread, sigma * height);
            for (s, v) in seen.data.iter_mut().zip(&spread.data) {
                *s += share * v;
            }
        }
        // Slices are the same piece, one above the other.
        hidden.raise(&seen, x, y);
    }
    hidden
}
