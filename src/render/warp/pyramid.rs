//! A product at halved sizes, so that shrinking thirty-fold does not read every texel under the filter.

use std::sync::Arc;

use glam::DVec2;

use super::clearance::Clearance;
use crate::imaging::LinearImage;

/// Texels of the chosen level that a target pixel spans, at least: the box average that made the level is then narrow
/// against the filter, and the result differs from filtering the full resolution directly by less than 0.1 % of full
/// scale in the mean and 1 % at worst on noise (see the tests of [`super::resample`]).
const TEXELS_PER_TARGET: f64 = 2.0;

/// Linear-light premultiplied levels; each texel is the mean of 2 × 2 of the level before, transparent beyond the edge.
#[derive(Debug, Clone)]
pub struct Pyramid {
    /// Level 0 is the product itself.
    levels: Vec<Arc<LinearImage>>,
    clearance: Clearance,
}

impl Pyramid {
    pub fn new(full: Arc<LinearImage>) -> Self {
        let mut levels = vec![full];
        while let Some(last) = levels.last()
            && last.width().max(last.height()) > TEXELS_PER_TARGET as usize
        {
            let next = Arc::new(halve(last));
            levels.push(next);
        }
        /// Its texels are the cells in which emptiness is kept.
        const CELLS: usize = 2;
        let index = CELLS.min(levels.len() - 1);
        let clearance = Clearance::new(&levels[index], f64::from(1u32 << index));
        Self { levels, clearance }
    }

    /// Whether the product is empty within `reach` of a place, pixels of level 0; quick, and may say no where it is.
    pub fn is_clear(&self, at: DVec2, reach: f64) -> bool {
        self.clearance.is_clear(at, reach)
    }

    /// The coarsest level at which `extent` source pixels (of level 0) are still enough texels, and its index.
    pub fn level_for(&self, extent: f64) -> (usize, &LinearImage) {
        let (mut index, mut texels) = (0, extent / 2.0);
        while texels >= TEXELS_PER_TARGET && index + 1 < self.levels.len() {
            (index, texels) = (index + 1, texels / 2.0);
        }
        (index, &self.levels[index])
    }

    /// The product at full resolution.
    pub fn full(&self) -> &LinearImage {
        &self.levels[0]
    }
}

fn halve(from: &LinearImage) -> LinearImage {
    let (w, h) = (from.width(), from.height());
    let (nw, nh) = (w.div_ceil(2), h.div_ceil(2));
    let mut out = LinearImage::transparent(crate::imaging::Rect::of_size(nw as u32, nh as u32));
    for (y, row) in out.data.chunks_exact_mut(nw.max(1)).enumerate() {
        let top = &from.data[2 * y * w..(2 * y + 1) * w];
        let bottom = if 2 * y + 1 < h {
            &from.data[(2 * y + 1) * w..(2 * y + 2) * w]
        } else {
            &[]
        };
        for line in [top, bottom] {
            for (px, pair) in row.iter_mut().zip(line.chunks(2)) {
                for texel in pair {
                    for (sum, v) in px.iter_mut().zip(texel) {
                        *sum += 0.25 * v;
                    }
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Rect;

    /// Energy: the sum over a level, times the area of its texels, is the sum over the product, odd sizes included.
    #[test]
    fn every_level_keeps_the_energy() {
        let mut img = LinearImage::transparent(Rect::of_size(13, 7));
        for (i, px) in img.data.iter_mut().enumerate() {
            let v = ((i * 37) % 101) as f32 / 101.0;
            *px = [v * 0.5, v * 0.25, v, v];
        }
        let energy = |l: &LinearImage| l.data.iter().map(|p| f64::from(p[2])).sum::<f64>();
        let whole = energy(&img);
        let pyramid = Pyramid::new(Arc::new(img));
        assert!(pyramid.levels.len() >= 3);
        for (k, level) in pyramid.levels.iter().enumerate() {
            let got = energy(level) * 4f64.powi(k as i32);
            assert!(
                (got - whole).abs() < 1e-4 * whole,
                "level {k}: {got} against {whole}"
            );
        }
    }
}
