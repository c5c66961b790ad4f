//! How far the product's empty places are from anything that shows: much of a cut-out is empty, and need not be filtered.

use glam::DVec2;

use crate::imaging::LinearImage;

/// For every cell of a product, the Chebyshev distance in cells to the nearest one that shows anything.
#[derive(Debug, Clone)]
pub struct Clearance {
    cells: Vec<u8>,
    width: usize,
    height: usize,
    /// Pixels of level 0 that a cell spans.
    span: f64,
}

impl Clearance {
    /// A cell is a texel of `level`, which spans `span` pixels of level 0.
    pub fn new(level: &LinearImage, span: f64) -> Self {
        let (width, height) = (level.width(), level.height());
        let shows = |p: &[f32; 4]| p[3] > 0.0;
        let mut cells: Vec<u8> = level
            .data
            .iter()
            .map(|p| if shows(p) { 0 } else { u8::MAX })
            .collect();
        // Two sweeps over the neighbours that lie before and behind (Rosenfeld and Pfaltz, 1966).
        const BEFORE: [(isize, isize); 4] = [(-1, 0), (-1, -1), (0, -1), (1, -1)];
        let mut settle = |i: usize, sign: isize| {
            let (x, y) = ((i % width) as isize, (i / width) as isize);
            let near = BEFORE.iter().filter_map(|(dx, dy)| {
                let (x, y) = (x + sign * dx, y + sign * dy);
                let inside = x >= 0 && y >= 0 && (x as usize) < width && (y as usize) < height;
                inside.then(|| cells[y as usize * width + x as usize])
            });
            let least = near.min().unwrap_or(u8::MAX).saturating_add(1);
            cells[i] = cells[i].min(least);
        };
        (0..width * height).for_each(|i| settle(i, 1));
        (0..width * height).rev().for_each(|i| settle(i, -1));
        Self {
            cells,
            width,
            height,
            span,
        }
    }

    /// Whether all within `reach` of `at`, in both directions, is empty; pixels of level 0. May say no to what is.
    pub fn is_clear(&self, at: DVec2, reach: f64) -> bool {
        // What lies beyond the edge is no nearer to anything inside than the edge is.
        let cell = |v: f64, size: usize| ((v / self.span).max(0.0) as usize).min(size.saturating_sub(1));
        let index = cell(at.y, self.height) * self.width + cell(at.x, self.width);
        // The place may lie at its cell's edge, and what shows at the edge of its own.
        self.cells
            .get(index)
            .is_none_or(|cells| f64::from(cells.saturating_sub(1)) * self.span >= reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Rect;
    use proptest::prelude::*;

    proptest! {
        /// Against looking at every pixel around.
        #[test]
        fn what_is_clear_is_empty(
            dots in prop::collection::vec((0usize..40, 0usize..30), 0..6),
            (x, y) in (-30.0..70.0f64, -30.0..60.0f64),
            reach in 0.0..40.0f64,
        ) {
            let mut level = LinearImage::transparent(Rect::of_size(10, 8));
            for (x, y) in &dots {
                level.data[y / 4 * 10 + x / 4] = [0.1; 4];
            }
            let distance = |(px, py): &(usize, usize)| {
                let gap = |from: f64, v: usize| (v as f64 - from).max(from - (v + 1) as f64).max(0.0);
                gap(x, *px).max(gap(y, *py))
            };
            let nearest = dots.iter().map(distance).fold(f64::INFINITY, f64::min);
            let clear = Clearance::new(&level, 4.0).is_clear(DVec2::new(x, y), reach);
            prop_assert!(!clear || nearest >= reach, "{nearest} {reach}");
            // Two cells more are always seen to be clear, inside of the picture.
            if (0.0..40.0).contains(&x) && (0.0..30.0).contains(&y) {
                prop_assert!(clear || nearest < reach + 8.0, "{nearest} {reach}");
            }
        }
    }
}
