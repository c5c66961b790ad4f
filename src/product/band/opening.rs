//! The opening of a band: the largest part of the background that the band encloses.

use glam::DVec2;

use crate::imaging::LinearImage;
use crate::product::EllipseFit;

/// Cells along the cut-out's longer side when searching.
const GRID: usize = 400;
/// Share of the cut-out's box that an opening takes at least.
const LEAST_AREA: f64 = 0.04;
/// Gaps between links are closed by growing the band by up to this many cells.
const CLOSINGS: [usize; 4] = [0, 1, 2, 4];

/// The ellipse with the opening's area moments; `None` when nothing is enclosed.
pub fn find(pixels: &LinearImage) -> Option<EllipseFit> {
    let grid = Grid::of(pixels);
    CLOSINGS.iter().find_map(|&by| {
        let cells = grid.grown(by).largest_enclosed()?;
        let large = cells.len() as f64 >= LEAST_AREA * (grid.width * grid.height) as f64;
        large.then(|| grid.ellipse(&cells, by))?
    })
}

/// Coarse map of what is opaque.
struct Grid {
    width: usize,
    height: usize,
    /// Pixels per cell side.
    cell: usize,
    solid: Vec<bool>,
}

impl Grid {
    fn of(pixels: &LinearImage) -> Self {
        let cell = pixels.width().max(pixels.height()).div_ceil(GRID).max(1);
        let (width, height) = (pixels.width().div_ceil(cell), pixels.height().div_ceil(cell));
        let mut solid = vec![false; width * height];
        for y in 0..pixels.height() {
            for x in 0..pixels.width() {
                if pixels.at(x, y)[3] > 0.5 {
                    solid[(y / cell) * width + x / cell] = true;
                }
            }
        }
        Self {
            width,
            height,
            cell,
            solid,
        }
    }

    /// Solid cells grown by `by` cells in all four directions.
    fn grown(&self, by: usize) -> Self {
        let mut solid = self.solid.clone();
        for _ in 0..by {
            let before = solid.clone();
            for (i, s) in solid.iter_mut().enumerate() {
                *s = before[i] || self.neighbours(i).any(|n| before[n]);
            }
        }
        Self { solid, ..*self }
    }

    fn neighbours(&self, i: usize) -> impl Iterator<Item = usize> + use<> {
        let (x, y, w, h) = (i % self.width, i / self.width, self.width, self.height);
        let left = (x > 0).then(|| i - 1);
        let right = (x + 1 < w).then(|| i + 1);
        let up = (y > 0).then(|| i - w);
        let down = (y + 1 < h).then(|| i + w);
        [left, right, up, down].into_iter().flatten()
    }

    /// Cells of the largest connected empty part that does not touch the border.
    fn largest_enclosed(&self) -> Option<Vec<usize>> {
        let mut seen = self.solid.clone();
        let mut best: Option<Vec<usize>> = None;
        for start in 0..seen.len() {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            let (mut part, mut next, mut outside) = (vec![start], 0, false);
            while let Some(&i) = part.get(next) {
                next += 1;
                let (x, y) = (i % self.width, i / self.width);
                outside |= x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height;
                for n in self.neighbours(i) {
                    if !seen[n] {
                        seen[n] = true;
                        part.push(n);
                    }
                }
            }
            if !outside && best.as_ref().is_none_or(|b| b.len() < part.len()) {
                best = Some(part);
            }
        }
        best
    }

    /// A uniform ellipse with half axes a, b has the variances a²/4 and b²/4 along them.
    fn ellipse(&self, cells: &[usize], grown: usize) -> Option<EllipseFit> {
        let at = |i: usize| DVec2::new((i % self.width) as f64 + 0.5, (i / self.width) as f64 + 0.5);
        let n = cells.len() as f64;
        let mean = cells.iter().map(|i| at(*i)).sum::<DVec2>() / n;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for d in cells.iter().map(|i| at(*i) - mean) {
            xx += d.x * d.x / n;
            xy += d.x * d.y / n;
            yy += d.y * d.y / n;
        }
        let (middle, spread) = ((xx + yy) / 2.0, ((xx - yy) / 2.0).hypot(xy));
        // A whole cell counts as solid when one of its pixels is: half a cell is missing all around.
        let lost = 0.5 + grown as f64;
        let axes = DVec2::new((middle + spread).sqrt(), (middle - spread).max(0.0).sqrt()) * 2.0 + lost;
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        (axes.min_element() > 1.0).then(|| EllipseFit {
            center: mean * self.cell as f64,
            axes: axes * self.cell as f64,
            angle,
        })
    }
}
