//! The piece as something that stops light: per cell its coverage, how it stands above the skin, and the skin's normal.

use glam::{DVec2, DVec3};

use super::grid::{Field, Lattice};
use crate::render::skin::luminance;
use crate::render::warp::{Fragment, Warped};

/// One covered cell.
#[derive(Debug, Clone, Copy)]
pub struct Caster {
    /// Position in cells.
    pub at: DVec2,
    /// Coverage 0..=1.
    pub alpha: f32,
    /// The matter above this cell lies between these heights above the skin, mm.
    pub bottom_mm: f32,
    pub top_mm: f32,
    /// Linear luminance of the piece, 0..=1.
    pub brightness: f32,
    /// Unit normal of the skin below, x right, y up, z towards the camera.
    pub normal: DVec3,
}

/// Gathers the piece into cells. `half_thickness_mm` bounds how thick it is taken to be: a round chain is as thick as
/// it is wide, a wide watch or pendant is not.
pub fn gather(piece: &Warped, lattice: &Lattice, half_thickness_mm: f64) -> Vec<Caster> {
    let place = |f: &Fragment| lattice.to_cells(DVec2::new(f64::from(f.x), f64::from(f.y)) + 0.5);
    // The piece's own part of the lattice; two cells more, so that all around it is outside.
    let Some((own, left, top)) = lattice.around(piece.fragments.iter().map(place), 2.0) else {
        return Vec::new();
    };
    let first = DVec2::new(left as f64, top as f64);
    let mut alpha = Field::zero(own);
    // Weight, height, luminance, normal.
    let mut sums = vec![[0f32; 6]; own.len()];
    let share = (lattice.cells_per_px * lattice.cells_per_px) as f32;
    for f in &piece.fragments {
        let at = place(f) - first;
        let value = f.color[3] * share;
        alpha.splat(at, value);
        let (x, y) = (at.x.floor(), at.y.floor());
        if x >= 0.0 && y >= 0.0 && x < own.width as f64 && y < own.height as f64 {
            let sum = &mut sums[y as usize * own.width + x as usize];
            sum[0] += value;
            sum[1] += value * f.height_mm;
            let [r, g, b, _] = f.color;
            sum[2] += share * luminance([r, g, b]);
            for (s, n) in sum[3..].iter_mut().zip(f.normal) {
                *s += value * n;
            }
        }
    }
    let inside = depth(&alpha);
    let radius = dilate(
        &inside,
        (half_thickness_mm * lattice.cells_per_mm).ceil() as usize,
    );
    let mut out = Vec::new();
    for (i, a) in alpha.data.iter().enumerate() {
        let [weight, height, bright, nx, ny, nz] = sums[i];
        if weight <= 0.0 || *a <= 0.0 {
            continue;
        }
        let normal = DVec3::new(f64::from(nx), -f64::from(ny), -f64::from(nz));
        let normal = normal.try_normalize().unwrap_or(DVec3::Z);
        let mm = 1.0 / lattice.cells_per_mm;
        let half = (f64::from(radius.data[i]) * mm).min(half_thickness_mm);
        // Round section: at the rim the matter is half way up, on the axis it fills the whole height.
        let depth = (f64::from(inside.data[i]) * mm).min(half);
        let rim = 1.0 - depth / half.max(1e-9);
        let chord = half * (1.0 - rim * rim).max(0.0).sqrt();
        let base = f64::from(height / weight).max(0.0);
        out.push(Caster {
            at: first + DVec2::new((i % own.width) as f64, (i / own.width) as f64) + 0.5,
            alpha: a.min(1.0),
            bottom_mm: (base + half - chord) as f32,
            top_mm: (base + half + chord) as f32,
            brightness: (bright / weight).min(1.0),
            normal,
        });
    }
    out
}

/// Distance in cells from the outside, by the chamfer of Borgefors (1986): within 4 % of Euclid's.
fn depth(alpha: &Field) -> Field {
    const DIAGONAL: f32 = std::f32::consts::SQRT_2;
    let (w, h) = (alpha.lattice.width as i64, alpha.lattice.height as i64);
    let mut out = Field::zero(alpha.lattice);
    for (o, a) in out.data.iter_mut().zip(&alpha.data) {
        // A cell that is partly covered is that much inside.
        *o = if *a >= 0.999 { f32::MAX } else { 0.5 * a };
    }
    let forward = [(-1, 0, 1.0), (0, -1, 1.0), (-1, -1, DIAGONAL), (1, -1, DIAGONAL)];
    for backward in [false, true] {
        for k in 0..w * h {
            let i = if backward { w * h - 1 - k } else { k };
            let (x, y) = (i % w, i / w);
            for (dx, dy, step) in forward {
                let (nx, ny) = if backward {
                    (x - dx, y - dy)
                } else {
                    (x + dx, y + dy)
                };
                let near = if nx < 0 || ny < 0 || nx >= w || ny >= h {
                    0.0
                } else {
                    out.data[(ny * w + nx) as usize]
                };
                let own = &mut out.data[i as usize];
                if *own > 0.5 && near + step < *own {
                    *own = near + step;
                }
            }
        }
    }
    out
}

/// Largest value within `radius` cells, over a square.
fn dilate(field: &Field, radius: usize) -> Field {
    let (w, h) = (field.lattice.width, field.lattice.height);
    let mut rows = field.clone();
    for (row, out) in field
        .data
        .chunks_exact(w.max(1))
        .zip(rows.data.chunks_exact_mut(w.max(1)))
    {
        if row.iter().all(|v| *v == 0.0) {
            continue;
        }
        for (x, o) in out.iter_mut().enumerate() {
            let near = &row[x.saturating_sub(radius)..(x + radius + 1).min(w)];
            *o = near.iter().copied().fold(0.0, f32::max);
        }
    }
    let mut out = rows.clone();
    for y in 0..h {
        let target = &mut out.data[y * w..(y + 1) * w];
        for near in y.saturating_sub(radius)..(y + radius + 1).min(h) {
            for (o, v) in target.iter_mut().zip(&rows.data[near * w..(near + 1) * w]) {
                *o = o.max(*v);
            }
        }
    }
    out
}
