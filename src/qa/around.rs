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
    /// Where the darkening lies from the middle of the skin around, mm to the right and down.
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
    let near = distance(jewelry, &rect);
    let receiver = worn.placement.receiver.as_deref();
    let (mut beside, mut black, mut seen) = (Vec::new(), 0usize, 0usize);
    let (mut all, mut fallen, mut weight) = (DVec2::ZERO, DVec2::ZERO, 0.0);
    for (i, near) in near.iter().enumerate() {
        let (x, y) = (
            rect.x + (i % rect.width as usize) as i32,
            rect.y + (i / rect.width as usize) as i32,
        );
        let skin = receiver.map_or(1.0, |mask| mask.get(x, y)) > 0.7;
        let free = jewelry.get(x, y) < PIECE && others.iter().all(|mask| mask.get(x, y) < PIECE);
        if !skin || !free {
            continue;
        }
        let light = |picture: &RgbImage| luminance(picture.get_pixel(x as u32, y as u32).0.map(decode_srgb8));
        let (before, after) = (light(photo), light(finished));
        if before < DARK {
            continue;
        }
        let lost = f64::from(((before - after) / before).max(0.0));
        if f64::from(*near) <= reach(BESIDE_MM) {
            beside.push(lost);
        }
        if f64::from(*near) <= reach(AROUND_MM) {
            seen += 1;
            black += usize::from(after < DARK / 10.0);
            let at = DVec2::new(f64::from(x), f64::from(y));
            all += at;
            fallen += at * lost;
            weight += lost;
        }
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

/// Distance, pixels, from every pixel of `rect` to the piece: the 3-4 chamfer of Borgefors (1986), within 8 %.
fn distance(jewelry: &Mask, rect: &Rect) -> Vec<f32> {
    const FAR: u32 = u32::MAX / 2;
    let (w, h) = (rect.width as usize, rect.height as usize);
    let mut steps: Vec<u32> = (0..w * h)
        .map(|i| {
            let inside = jewelry.get(rect.x + (i % w) as i32, rect.y + (i / w) as i32) >= PIECE;
            if inside { 0 } else { FAR }
        })
        .collect();
    let mut relax = |x: usize, y: usize, sign: isize| {
        let mut best = steps[y * w + x];
        for (dx, dy, cost) in [(-1, 0, 3), (-1, -1, 4), (0, -1, 3), (1, -1, 4)] {
            let from = x
                .checked_add_signed(sign * dx)
                .zip(y.checked_add_signed(sign * dy));
            if let Some((x, y)) = from.filter(|(x, y)| *x < w && *y < h) {
                best = best.min(steps[y * w + x] + cost);
            }
        }
        steps[y * w + x] = best;
    };
    for y in 0..h {
        for x in 0..w {
            relax(x, y, 1);
        }
    }
    for y in (0..h).rev() {
        for x in (0..w).rev() {
            relax(x, y, -1);
        }
    }
    steps.iter().map(|steps| *steps as f32 / 3.0).collect()
}
