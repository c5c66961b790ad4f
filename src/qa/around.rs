//! The skin just beside a worn piece: what its shadow did there.

use glam::DVec2;
use image::RgbImage;

use crate::imaging::pixel::decode_srgb8;
use crate::imaging::{Mask, Rect};
use crate::pipeline::Worn;
use crate::render::luminance;

/// How far from the piece contact shadows are looked for, mm.
const BESIDE_MM: f64 = 1.5;
/// How far the key light's shadow is looked for, mm.
const AROUND_MM: f64 = 10.0;
/// Samples per mm, at least, as far as there are pixels: shadows on skin are softer than that.
const SAMPLES_PER_MM: f64 = 3.0;
/// Coverage at which a pixel is the piece's, and not the skin's.
const PIECE: f32 = 0.02;
/// A photograph's pixel darker than this, linear, has nothing to lose.
const DARK: f32 = 0.01;
/// Fewest pixels that tell anything.
const FEWEST: usize = 40;

/// What the skin around a piece tells; `None` where too little of it shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around {
    /// Share of its light that the darkest tenth of the skin beside the piece has lost at least.
    pub contact: Option<f64>,
    /// Share of the skin around that is black now and was not.
    pub clipped: Option<f64>,
    /// How far and whither from the nearest part of the piece the darkening lies on average, against the skin around,
    /// mm to the right and down. (Its middle would tell where skin is lit, for only lit skin darkens.)
    pub fall_mm: Option<DVec2>,
}

/// Compares the finished picture with the photograph around a piece; `others` are the pieces of the same look.
pub fn around(photo: &RgbImage, finished: &RgbImage, worn: &Worn, others: &[&Mask]) -> Around {
    let (jewelry, ppm) = (&worn.rendered.jewelry, worn.placement.px_per_mm);
    let Some(bounds) = bounds(jewelry) else {
        return Around::default();
    };
    let reach = |mm: f64| (mm * ppm).clamp(1.0, 4096.0);
    let frame = Rect::of_size(photo.width(), photo.height());
    let rect = bounds.grown(reach(AROUND_MM) as u32).clip(&frame);
    let step = (ppm / SAMPLES_PER_MM).clamp(1.0, 64.0) as u32;
    let distance = Distance::to(jewelry, &rect, step);
    let receiver = worn.placement.receiver.as_deref();
    let (mut beside, mut black, mut seen) = (Vec::new(), 0usize, 0usize);
    let (mut all, mut fallen, mut weight) = (DVec2::ZERO, DVec2::ZERO, 0.0);
    let light = |picture: &RgbImage, x: i32, y: i32| {
        luminance(picture.get_pixel(x as u32, y as u32).0.map(decode_srgb8))
    };
    for (x, y, cell) in distance.samples() {
        let near = distance.px(cell);
        let skin = || receiver.map_or(1.0, |mask| mask.get(x, y)) > 0.7;
        let free = || others.iter().all(|mask| mask.get(x, y) < PIECE);
        if near <= 0.0 || near > reach(AROUND_MM) || !skin() || !free() {
            continue;
        }
        let before = light(photo, x, y);
        if before < DARK {
            continue;
        }
        let after = light(finished, x, y);
        let lost = f64::from(((before - after) / before).max(0.0));
        if near <= reach(BESIDE_MM) {
            beside.push(lost);
        }
        seen += 1;
        black += usize::from(after < DARK / 10.0);
        let from_piece = distance.away(cell) * near;
        all += from_piece;
        fallen += from_piece * lost;
        weight += lost;
    }
    let told = seen >= FEWEST;
    Around {
        contact: (beside.len() >= FEWEST).then(|| {
            let at = beside.len() - 1 - beside.len() / 10;
            *beside.select_nth_unstable_by(at, f64::total_cmp).1
        }),
        clipped: told.then(|| black as f64 / seen as f64),
        fall_mm: (told && weight > 0.005 * seen as f64).then(|| (fallen / weight - all / seen as f64) / ppm),
    }
}

/// Smallest rectangle that holds the visible piece.
pub fn bounds(mask: &Mask) -> Option<Rect> {
    let (mut lo, mut hi) = ([i32::MAX; 2], [i32::MIN; 2]);
    let width = mask.rect.width.max(1) as usize;
    for (i, _) in mask.data.iter().enumerate().filter(|(_, v)| **v >= PIECE) {
        let at = [mask.rect.x + (i % width) as i32, mask.rect.y + (i / width) as i32];
        for k in 0..2 {
            (lo[k], hi[k]) = (lo[k].min(at[k]), hi[k].max(at[k]));
        }
    }
    let side = |k: usize| (hi[k] - lo[k] + 1) as u32;
    (lo[0] <= hi[0]).then(|| Rect::new(lo[0], lo[1], side(0), side(1)))
}

/// How far cells of a region are from the piece: the 3-4 chamfer of Borgefors (1986), within 8 %.
struct Distance {
    rect: Rect,
    /// Pixels along a cell's side.
    step: u32,
    /// Cells in a row, with a border on either side that is far from everything; as there is one above and below.
    stride: usize,
    /// Thirds of a cell.
    thirds: Vec<u32>,
}

/// Farther than anything, with room for a step.
const FAR: u32 = u32::MAX / 2;

impl Distance {
    /// From the cells that `jewelry` shows in.
    fn to(jewelry: &Mask, rect: &Rect, step: u32) -> Self {
        let stride = rect.width.div_ceil(step) as usize + 2;
        let rows = rect.height.div_ceil(step) as usize;
        let mut thirds = vec![FAR; stride * (rows + 2)];
        let common = jewelry.rect.clip(rect);
        let cell = |v: i32, from: i32| ((v - from) as u32 / step) as usize + 1;
        for y in common.y..common.bottom() {
            let row = cell(y, rect.y) * stride;
            let start = (y - jewelry.rect.y) as usize * jewelry.rect.width as usize;
            let shown = jewelry.data[start..].iter().zip(jewelry.rect.x..common.right());
            for (_, x) in shown.filter(|(v, x)| **v >= PIECE && *x >= common.x) {
                thirds[row + cell(x, rect.x)] = 0;
            }
        }
        let inner = |row: usize| row * stride + 1..(row + 1) * stride - 1;
        let mut relax = |i: usize, near: [usize; 4]| {
            let costs = near.into_iter().zip([3, 4, 3, 4]);
            thirds[i] = costs.fold(thirds[i], |best, (at, cost)| best.min(thirds[at] + cost));
        };
        for i in (1..=rows).flat_map(inner) {
            relax(i, [i - 1, i - stride - 1, i - stride, i - stride + 1]);
        }
        for i in (1..=rows).rev().flat_map(|row| inner(row).rev()) {
            relax(i, [i + 1, i + stride + 1, i + stride, i + stride - 1]);
        }
        Self {
            rect: *rect,
            step,
            stride,
            thirds,
        }
    }

    /// One pixel of every cell, near its middle, and the cell.
    fn samples(&self) -> impl Iterator<Item = (i32, i32, usize)> {
        let step = self.step;
        let middles = move |from: i32, to: i32| {
            let cells = (from..to).step_by(step as usize);
            cells.map(move |v| v.saturating_add_unsigned(step / 2).min(to - 1))
        };
        let ys = middles(self.rect.y, self.rect.bottom());
        ys.enumerate().flat_map(move |(row, y)| {
            let first = (row + 1) * self.stride + 1;
            middles(self.rect.x, self.rect.right())
                .enumerate()
                .map(move |(column, x)| (x, y, first + column))
        })
    }

    /// How far a cell is from the piece, pixels.
    fn px(&self, cell: usize) -> f64 {
        f64::from(self.thirds[cell]) / 3.0 * f64::from(self.step)
    }

    /// The direction in which distance grows, of unit length; zero within the piece.
    fn away(&self, at: usize) -> DVec2 {
        // Beyond the border distance is taken to go on as within.
        let slope = |back: usize, on: usize| {
            let value = |i: usize| (self.thirds[i] < FAR).then(|| f64::from(self.thirds[i]));
            let here = value(at).unwrap_or(0.0);
            value(on).unwrap_or(here) - value(back).unwrap_or(here)
        };
        DVec2::new(slope(at - 1, at + 1), slope(at - self.stride, at + self.stride)).normalize_or_zero()
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::fit::Placement;
    use crate::product::{Kind, ScaleSource};
    use crate::render::Rendered;

    /// A chain across lit and unlit skin throws its shadow where the skin is lit: that says nothing of where it falls.
    #[test]
    fn a_shadow_falls_away_from_the_piece_not_towards_the_lit_end() {
        let photo = RgbImage::from_pixel(400, 200, Rgb([200, 150, 130]));
        let bar = Rect::new(50, 95, 300, 10);
        let below = RgbImage::from_fn(400, 200, |x, y| {
            let shaded = (50..350).contains(&x) && (105..120).contains(&y);
            // Next to nothing on the left, a third of the light on the right.
            let lost = if shaded { (x - 50) as f32 / 900.0 } else { 0.0 };
            Rgb([200.0, 150.0, 130.0].map(|v: f32| (v * (1.0 - lost)) as u8))
        });
        let jewelry = Mask::filled(bar, 1.0);
        let worn = Worn {
            item: 0,
            placement: Placement {
                kind: Kind::Bracelet,
                layers: Vec::new(),
                anchors: Vec::new(),
                px_per_mm: 5.0,
                scale: ScaleSource::Given,
                receiver: None,
            },
            rendered: Rendered {
                rect: bar,
                shadow: Mask::filled(bar, 0.0),
                jewelry,
                softness: 0.0,
            },
        };
        let fall = around(&photo, &below, &worn, &[]).fall_mm.expect("a shadow");
        assert!(fall.y > 0.4, "{fall}");
        assert!(fall.x.abs() < 0.3 * fall.y, "{fall}");
    }
}
