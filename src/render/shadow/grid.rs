//! Scalar fields on a coarse grid over the piece's surroundings: shadows are smooth, and so cost the same on a large
//! photograph as on a small one.

use glam::DVec2;

use crate::imaging::{Rect, split};

/// Where a grid lies in the photograph and how fine it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice {
    /// Photo position of the corner of the first cell.
    pub origin: DVec2,
    /// Cells per photo pixel; at most 1.
    pub cells_per_px: f64,
    /// Cells per millimetre.
    pub cells_per_mm: f64,
    pub width: usize,
    pub height: usize,
}

/// Finest lattice, cells per mm: a contact shadow is about a millimetre wide, and light spreads by half of one in skin.
const FINEST: f64 = 4.0;
/// Most cells: a necklace on a large photograph takes a coarser lattice.
const MOST_CELLS: f64 = 300_000.0;

impl Lattice {
    /// Covers `rect`, a region of the photograph.
    pub fn over(rect: &Rect, px_per_mm: f64) -> Self {
        Self::with(rect, FINEST, px_per_mm)
    }

    /// Covers `rect` with at most `finest` cells per mm.
    pub fn with(rect: &Rect, finest: f64, px_per_mm: f64) -> Self {
        let area = f64::from(rect.width) * f64::from(rect.height);
        let cells_per_px = (finest / px_per_mm)
            .min((MOST_CELLS / area.max(1.0)).sqrt())
            .min(1.0);
        Self {
            origin: DVec2::new(f64::from(rect.x), f64::from(rect.y)),
            cells_per_px,
            cells_per_mm: cells_per_px * px_per_mm,
            width: (f64::from(rect.width) * cells_per_px).ceil() as usize,
            height: (f64::from(rect.height) * cells_per_px).ceil() as usize,
        }
    }

    /// The part of `width` × `height` cells from cell (x, y) on, within this lattice.
    pub fn part(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let (x, y) = (x.min(self.width), y.min(self.height));
        Self {
            origin: self.origin + DVec2::new(x as f64, y as f64) / self.cells_per_px,
            width: width.min(self.width - x),
            height: height.min(self.height - y),
            ..*self
        }
    }

    /// The part that holds the cells around positions in cells, and `margin` cells more on every side; with its first
    /// cell. `None` for no positions.
    pub fn around(
        &self,
        positions: impl Iterator<Item = DVec2>,
        margin: f64,
    ) -> Option<(Self, usize, usize)> {
        let (lo, hi) = positions.fold((DVec2::INFINITY, DVec2::NEG_INFINITY), |(lo, hi), p| {
            (lo.min(p), hi.max(p))
        });
        if !(lo.is_finite() && hi.is_finite()) {
            return None;
        }
        let from = (lo - margin - 1.0).floor().max(DVec2::ZERO);
        let to = (hi + margin + 2.0).ceil().max(from);
        let (x, y) = (from.x as usize, from.y as usize);
        Some((self.part(x, y, to.x as usize - x, to.y as usize - y), x, y))
    }

    /// Position in cells of a photo position.
    pub fn to_cells(self, p: DVec2) -> DVec2 {
        (p - self.origin) * self.cells_per_px
    }

    /// Photo position of the middle of cell (x, y).
    pub fn to_photo(self, x: usize, y: usize) -> DVec2 {
        self.origin + (DVec2::new(x as f64, y as f64) + 0.5) / self.cells_per_px
    }

    pub fn len(&self) -> usize {
        self.width * self.height
    }
}

/// Value at position `x` in cells of a row, between the cells beside it; 0 outside.
pub fn between(row: &[f32], x: f64) -> f32 {
    let (left, share) = ((x - 0.5).floor(), (x - 0.5 - (x - 0.5).floor()) as f32);
    let cell = |k: f64| {
        if k >= 0.0 {
            row.get(k as usize).copied().unwrap_or(0.0)
        } else {
            0.0
        }
    };
    let (a, b) = (cell(left), cell(left + 1.0));
    a + (b - a) * share
}

/// One value per cell.
#[derive(Debug, Clone)]
pub struct Field {
    pub lattice: Lattice,
    pub data: Vec<f32>,
}

impl Field {
    pub fn zero(lattice: Lattice) -> Self {
        Self {
            lattice,
            data: vec![0.0; lattice.len()],
        }
    }

    /// Adds `value` at a position in cells, shared out over the four cells around it.
    pub fn splat(&mut self, at: DVec2, value: f32) {
        let (x, y, share) = self.corners(at);
        for (k, w) in share.into_iter().enumerate() {
            if let Some(i) = self.index(x + (k & 1) as i64, y + (k >> 1) as i64) {
                self.data[i] += w * value;
            }
        }
    }

    /// Bilinear value at a photo position; 0 outside.
    pub fn sample(&self, p: DVec2) -> f32 {
        let (x, y, share) = self.corners(self.lattice.to_cells(p));
        let at = |k: usize| {
            self.index(x + (k & 1) as i64, y + (k >> 1) as i64)
                .map_or(0.0, |i| self.data[i])
        };
        share.iter().enumerate().map(|(k, w)| w * at(k)).sum()
    }

    /// The row of cells at height `y` in cells, between the rows above and below it; 0 outside.
    pub fn row(&self, y: f64, out: &mut Vec<f32>) {
        let width = self.lattice.width;
        let (above, share) = ((y - 0.5).floor(), (y - 0.5 - (y - 0.5).floor()) as f32);
        let row = |k: f64| {
            let k = (k >= 0.0 && k < self.lattice.height as f64).then_some(k as usize * width);
            k.and_then(|k| self.data.get(k..k + width)).unwrap_or(&[])
        };
        out.clear();
        out.resize(width, 0.0);
        for (row, share) in [(row(above), 1.0 - share), (row(above + 1.0), share)] {
            for (o, v) in out.iter_mut().zip(row) {
                *o += share * v;
            }
        }
    }

    /// Raises each cell to that of `part`, whose first cell is (x, y) here.
    pub fn raise(&mut self, part: &Field, x: usize, y: usize) {
        let width = self.lattice.width;
        for (row, values) in part.data.chunks_exact(part.lattice.width.max(1)).enumerate() {
            let from = (y + row) * width + x;
            if let Some(own) = self.data.get_mut(from..from + values.len()) {
                for (o, v) in own.iter_mut().zip(values) {
                    *o = o.max(*v);
                }
            }
        }
    }

    fn corners(&self, at: DVec2) -> (i64, i64, [f32; 4]) {
        let ((x, u), (y, v)) = (split(at.x - 0.5), split(at.y - 0.5));
        let share = [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v];
        (x, y, share)
    }

    fn index(&self, x: i64, y: i64) -> Option<usize> {
        let (w, h) = (self.lattice.width as i64, self.lattice.height as i64);
        (x >= 0 && y >= 0 && x < w && y < h).then_some((y * w + x) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_samples_agree() {
        let lattice = Lattice {
            origin: DVec2::new(3.0, -2.0),
            cells_per_px: 0.4,
            cells_per_mm: 1.0,
            width: 9,
            height: 6,
        };
        let mut field = Field::zero(lattice);
        for (i, v) in field.data.iter_mut().enumerate() {
            *v = ((i * 37) % 23) as f32;
        }
        let mut row = Vec::new();
        for j in -4..34 {
            let y = f64::from(j) * 0.23;
            field.row(y, &mut row);
            for i in -5..40 {
                let x = f64::from(i) * 0.27;
                let want = field.sample(lattice.origin + DVec2::new(x, y) / lattice.cells_per_px);
                let found = between(&row, x);
                assert!((found - want).abs() < 1e-4, "{x}, {y}: {found} for {want}");
            }
        }
    }
}
