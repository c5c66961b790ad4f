//! The piece as something that stops light: per cell its coverage, how it stands above the skin, and the skin's normal.

use glam::{DVec2, DVec3};

use super::grid::{Field, Lattice};
use super::section::Section;
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
    /// Unit normal of the skin below, x right, y up, z towards the camera.
    pub normal: DVec3,
}

impl Caster {
    /// Position, coverage and mean height of the part that lies between two heights, mm; `None` for no part.
    pub fn between(&self, low: f64, high: f64) -> Option<(DVec2, f32, f64)> {
        let (bottom, top) = (f64::from(self.bottom_mm), f64::from(self.top_mm));
        let any = top >= low && bottom < high;
        any.then(|| (self.at, self.alpha, (bottom.max(low) + top.min(high)) / 2.0))
    }
}

/// Gathers the piece into cells; `section` tells how thick it is.
pub fn gather(piece: &Warped, lattice: &Lattice, section: &Section) -> Vec<Caster> {
    let place = |f: &Fragment| lattice.to_cells(DVec2::new(f64::from(f.x), f64::from(f.y)) + 0.5);
    // The piece's own part of the lattice; two cells more, so that all around it is outside.
    let Some((own, left, top)) = lattice.around(piece.fragments.iter().map(place), 2.0) else {
        return Vec::new();
    };
    let first = DVec2::new(left as f64, top as f64);
    let mut alpha = Field::zero(own);
    // Weight, height, normal.
    let mut sums = vec![[0f32; 5]; own.len()];
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
            for (s, n) in sum[2..].iter_mut().zip(f.normal) {
                *s += value * n;
            }
        }
    }
    let inside = depth(&alpha);
    let radius = dilate(&inside, widest(section, lattice));
    let mut out = Vec::new();
    for (i, a) in alpha.data.iter().enumerate() {
        let [weight, height, nx, ny, nz] = sums[i];
        if weight <= 0.0 || *a <= 0.0 {
            continue;
        }
        let normal = DVec3::new(f64::from(nx), -f64::from(ny), -f64::from(nz));
        let normal = normal.try_normalize().unwrap_or(DVec3::Z);
        let mm = 1.0 / lattice.cells_per_mm;
        let base = f64::from(height / weight).max(0.0);
        let half = section.half_mm(f64::from(radius.data[i]) * mm, base);
        // Round section: at the rim the matter is half way up, on the axis it fills the whole height.
        let depth = (f64::from(inside.data[i]) * mm).min(half);
        let rim = 1.0 - depth / half.max(1e-9);
        let chord = half * (1.0 - rim * rim).max(0.0).sqrt();
        out.push(Caster {
            at: first + DVec2::new((i % own.width) as f64, (i / own.width) as f64) + 0.5,
            alpha: a.min(1.0),
            bottom_mm: (base + half - chord) as f32,
            top_mm: (base + half + chord) as f32,
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

/// Cells to look around for the middle of what a cell belongs to: no thicker matter is told apart.
fn widest(section: &Section, lattice: &Lattice) -> usize {
    let round = if section.beyond > 0.0 {
        section.round_mm + (section.most_mm - section.round_mm) / section.beyond
    } else {
        section.most_mm()
    };
    (round.min(6.0) * lattice.cells_per_mm).ceil() as usize
}

/// Largest value within `radius` cells, over a square.
fn dilate(field: &Field, radius: usize) -> Field {
    let w = field.lattice.width.max(1);
    let mut out = field.clone();
    let mut spare = vec![0.0; out.data.len()];
    for row in out
        .data
        .chunks_exact_mut(w)
        .filter(|r| r.iter().any(|v| *v > 0.0))
    {
        raise_within(row, &mut spare[..w], 1, radius);
    }
    raise_within(&mut out.data, &mut spare, w, radius);
    out
}

/// Raises each value to the largest within `radius` steps of `stride` on both sides, by windows that grow twofold.
fn raise_within(data: &mut [f32], back: &mut [f32], stride: usize, radius: usize) {
    back.copy_from_slice(data);
    // After each round a value is the largest of itself and `done` steps on, or back.
    let mut done = 0;
    while done < radius {
        let steps = (done + 1).min(radius - done);
        let n = data.len().saturating_sub(steps * stride);
        for i in 0..n {
            data[i] = data[i].max(data[i + steps * stride]);
        }
        for i in (0..n).rev() {
            back[i + steps * stride] = back[i + steps * stride].max(back[i]);
        }
        done += steps;
    }
    for (d, b) in data.iter_mut().zip(back) {
        *d = d.max(*b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dilation_is_the_largest_of_the_square() {
        let lattice = Lattice {
            origin: DVec2::ZERO,
            cells_per_px: 1.0,
            cells_per_mm: 1.0,
            width: 13,
            height: 9,
        };
        let mut field = Field::zero(lattice);
        for (i, v) in field.data.iter_mut().enumerate() {
            *v = if i % 5 == 0 { ((i * 37) % 23) as f32 } else { 0.0 };
        }
        for radius in [0usize, 1, 2, 5, 20] {
            let found = dilate(&field, radius);
            for y in 0..9usize {
                for x in 0..13usize {
                    let rows = y.saturating_sub(radius)..(y + radius + 1).min(9);
                    let near = rows.flat_map(|y| {
                        let columns = x.saturating_sub(radius)..(x + radius + 1).min(13);
                        columns.map(move |x| y * 13 + x)
                    });
                    let want = near.map(|i| field.data[i]).fold(0.0, f32::max);
                    assert_eq!(found.data[y * 13 + x], want, "radius {radius} at {x}, {y}");
                }
            }
        }
    }
}
