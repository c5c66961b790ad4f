//! How long warp, light, shadow and composite take for one piece, by the size of the photograph.

use std::sync::Arc;
use std::time::Instant;

use image::{RgbImage, imageops};

use crate::accuracy::worn::Worn;
use crate::fit::Placement;
use crate::imaging::{Mask, Rect};
use crate::locate::Anatomy;
use crate::product::Kind;
use crate::render::{RenderSettings, render};

/// Milliseconds, the median of [`RUNS`].
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    pub kind: Kind,
    /// On 2048 × 2048 pixels.
    pub small: f64,
    /// The same piece at the same size in pixels on 6000 × 4000.
    pub large: f64,
}

const RUNS: usize = 9;
pub(in crate::accuracy) const SMALL: (u32, u32) = (2048, 2048);
const LARGE: (u32, u32) = (6000, 4000);

pub fn measure(bare: &RgbImage, anatomy: &Anatomy, worn: &Worn) -> Speed {
    let scale = f64::from(SMALL.0) / f64::from(bare.width());
    let small = imageops::resize(bare, SMALL.0, SMALL.1, imageops::FilterType::CatmullRom);
    let mut large = RgbImage::from_pixel(LARGE.0, LARGE.1, image::Rgb([120, 118, 115]));
    imageops::replace(&mut large, &small, 0, 0);
    let placement = scaled(&worn.placement, scale);
    let time = |photo: &RgbImage| {
        let mut canvas = photo.clone();
        let start = Instant::now();
        render(
            &mut canvas,
            anatomy,
            &worn.piece,
            &placement,
            &RenderSettings::default(),
        );
        start.elapsed().as_secs_f64() * 1000.0
    };
    // In turns, for the machine's speed changes from one second to the next.
    let (mut on_small, mut on_large): (Vec<f64>, Vec<f64>) =
        (0..RUNS).map(|_| (time(&small), time(&large))).unzip();
    on_small.sort_by(f64::total_cmp);
    on_large.sort_by(f64::total_cmp);
    Speed {
        kind: worn.piece.kind,
        small: on_small[RUNS / 2],
        large: on_large[RUNS / 2],
    }
}

/// The placement on a photograph `scale` times as large.
pub(in crate::accuracy) fn scaled(placement: &Placement, scale: f64) -> Placement {
    let rect = |r: &Rect| {
        let part = |v: u32| (f64::from(v) * scale).ceil() as u32;
        let at = |v: i32| (f64::from(v) * scale).floor() as i32;
        Rect::new(at(r.x), at(r.y), part(r.width), part(r.height))
    };
    let mut out = placement.clone();
    out.px_per_mm *= scale;
    for layer in &mut out.layers {
        layer.rect = rect(&layer.rect);
        layer.mesh.vertices.iter_mut().for_each(|v| v.target *= scale);
    }
    out.receiver = placement.receiver.as_deref().map(|m| {
        let mut grown = Mask::filled(rect(&m.rect), 0.0);
        let (w, x0, y0) = (grown.rect.width, grown.rect.x, grown.rect.y);
        for (i, v) in grown.data.iter_mut().enumerate() {
            let (x, y) = (x0 + (i as u32 % w) as i32, y0 + (i as u32 / w) as i32);
            *v = m.get((f64::from(x) / scale) as i32, (f64::from(y) / scale) as i32);
        }
        Arc::new(grown)
    });
    out
}
