//! The piece's own pixels: metal colour, sparkle and sharpness against the product.

use std::collections::BTreeMap;

use image::RgbImage;

use super::points::Point;
use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{Lab, Mask};
use crate::render::luminance;

/// Points well inside the piece that show, with the picture's colour there.
pub struct Inner {
    pairs: Vec<Pair>,
}

struct Pair {
    x: i32,
    y: i32,
    product: [f32; 3],
    beside: [f32; 3],
    picture: [f32; 3],
    picture_beside: [f32; 3],
}

/// Sums of linear colours over a part of the piece.
#[derive(Default)]
struct Cell {
    product: [f64; 3],
    picture: [f64; 3],
    points: f64,
}

impl Inner {
    pub fn of(points: &[Point], picture: &RgbImage, jewelry: &Mask, above: &[&Mask]) -> Self {
        let solid = |x: i32, y: i32| jewelry.get(x, y) > 0.98;
        let free = |x: i32, y: i32| above.iter().all(|mask| mask.get(x, y) <= 0.0);
        let whole = |p: &&Point| {
            p.inner
                && [(0, 0), (1, 0), (2, 0), (-1, 0), (0, 1), (0, -1)]
                    .iter()
                    .all(|(dx, dy)| solid(p.x + dx, p.y + dy) && free(p.x + dx, p.y + dy))
        };
        let color = |x: i32, y: i32| {
            let pixel = u32::try_from(x).ok().zip(u32::try_from(y).ok());
            let pixel = pixel.and_then(|(x, y)| picture.get_pixel_checked(x, y));
            pixel.map(|pixel| pixel.0.map(decode_srgb8))
        };
        let rgb = |[r, g, b, _]: [f32; 4]| [r, g, b];
        let pairs = points.iter().filter(whole).filter_map(|p| {
            Some(Pair {
                x: p.x,
                y: p.y,
                product: rgb(p.product),
                beside: rgb(p.beside),
                picture: color(p.x, p.y)?,
                picture_beside: color(p.x + 1, p.y)?,
            })
        });
        Self {
            pairs: pairs.collect(),
        }
    }

    /// Fewest points that tell anything.
    const FEWEST: usize = 60;

    fn enough(&self) -> Option<&[Pair]> {
        (self.pairs.len() >= Self::FEWEST).then_some(&self.pairs)
    }

    /// Mean ΔE2000 over cells of an eighth of the piece: finer, a half-pixel of misfit would count as colour.
    pub fn colour(&self) -> Option<f64> {
        let pairs = self.enough()?;
        let (mut lo, mut hi) = ([i32::MAX; 2], [i32::MIN; 2]);
        for p in pairs {
            for (k, v) in [p.x, p.y].into_iter().enumerate() {
                (lo[k], hi[k]) = (lo[k].min(v), hi[k].max(v));
            }
        }
        let size = ((hi[0] - lo[0]).max(hi[1] - lo[1]) / 8).max(1);
        let mut cells: BTreeMap<(i32, i32), Cell> = BTreeMap::new();
        for p in pairs {
            let cell = cells
                .entry(((p.x - lo[0]) / size, (p.y - lo[1]) / size))
                .or_default();
            for k in 0..3 {
                cell.product[k] += f64::from(p.product[k]);
                cell.picture[k] += f64::from(p.picture[k]);
            }
            cell.points += 1.0;
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        for cell in cells.values().filter(|cell| cell.points >= 4.0) {
            let n = cell.points;
            let lab = |c: &[f64; 3]| Lab::from_linear(c.map(|v| (v / n) as f32));
            sum += n * lab(&cell.product).delta_e_2000(&lab(&cell.picture));
            weight += n;
        }
        (weight > 0.0).then(|| sum / weight)
    }

    /// The picture's brightest two hundredths against the product's.
    pub fn sparkle(&self) -> Option<f64> {
        let pairs = self.enough()?;
        let bright = |of: &dyn Fn(&Pair) -> [f32; 3]| {
            let mut light: Vec<f32> = pairs.iter().map(|p| luminance(of(p))).collect();
            light.sort_unstable_by(|a, b| b.total_cmp(a));
            let top = &light[..(light.len() / 50).max(1)];
            f64::from(top.iter().sum::<f32>()) / top.len() as f64
        };
        Some(bright(&|p| p.picture) / bright(&|p| p.product).max(1e-4))
    }

    /// Root mean square of the steps from pixel to pixel against the product's.
    pub fn sharpness(&self) -> Option<f64> {
        /// Steps of a product smaller than this, linear, are no detail.
        const PLAIN: f64 = 0.01;
        let pairs = self.enough()?;
        let steps = |of: &dyn Fn(&Pair) -> f32| {
            let sum: f64 = pairs.iter().map(|p| f64::from(of(p)).powi(2)).sum();
            (sum / pairs.len() as f64).sqrt()
        };
        let wanted = steps(&|p| luminance(p.product) - luminance(p.beside));
        (wanted > PLAIN).then(|| steps(&|p| luminance(p.picture) - luminance(p.picture_beside)) / wanted)
    }
}
