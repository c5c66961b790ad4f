//! A cut-out taken from white, worn on deep skin, against the clean cut-out at the same place.

use glam::DVec2;
use image::{Rgb, RgbImage, Rgba, RgbaImage};

use crate::fit::{Layer, WarpMesh, WarpVertex};
use crate::imaging::pixel::{decode_srgb8, encode_srgb8};
use crate::imaging::{Lab, LinearImage, Rect};
use crate::product::{fringe, linearize};
use crate::render::warp::{Pyramid, Warped, warp};

/// Deep skin, sRGB (Fitzpatrick VI).
const DEEP_SKIN: [u8; 3] = [74, 46, 36];
/// Longer side at which the piece is worn, pixels.
const WORN: f64 = 400.0;
/// Width of the rim that is compared, pixels.
const RIM: f64 = 2.0;

/// Mean ΔE2000 of the rim with decontamination and without; `None` for a cut-out without any.
pub fn measure(cutout: &RgbaImage) -> Option<(f64, f64)> {
    let all = Rect::of_size(cutout.width(), cutout.height());
    let clean = linearize(cutout, all);
    let taken = linearize(&from_white(cutout), all);
    let mut mended = taken.clone();
    fringe::decontaminate(&mut mended);
    let truth = wear(clean);
    let rim = rim(&truth);
    let off = |image: LinearImage| {
        let worn = wear(image);
        let (a, b) = (lay(&worn), lay(&truth));
        let lab =
            |image: &RgbImage, x: u32, y: u32| Lab::from_linear(image.get_pixel(x, y).0.map(decode_srgb8));
        let sum: f64 = rim
            .iter()
            .map(|&(x, y)| lab(&a, x, y).delta_e_2000(&lab(&b, x, y)))
            .sum();
        sum / rim.len() as f64
    };
    (!rim.is_empty()).then(|| (off(mended), off(taken)))
}

/// What a tool that only adds an alpha makes of the piece photographed on white: its colours keep the white.
fn from_white(cutout: &RgbaImage) -> RgbaImage {
    let mut out = cutout.clone();
    for Rgba([r, g, b, a]) in out.pixels_mut() {
        let share = f32::from(*a) / 255.0;
        for c in [r, g, b] {
            *c = encode_srgb8(decode_srgb8(*c) * share + 1.0 - share);
        }
    }
    out
}

const SIDE: u32 = WORN as u32 + 40;

/// Scales the piece to [`WORN`] pixels.
fn wear(image: LinearImage) -> Warped {
    let (w, h) = (image.width() as f64, image.height() as f64);
    let scale = WORN / w.max(h);
    let vertex = |x: f64, y: f64| WarpVertex {
        source: DVec2::new(x, y),
        target: DVec2::new(x, y) * scale + 20.3,
        height_mm: 0.0,
        cover: 1.0,
        normal: glam::DVec3::NEG_Z,
    };
    let layer = Layer {
        mesh: WarpMesh {
            vertices: vec![vertex(0.0, 0.0), vertex(w, 0.0), vertex(w, h), vertex(0.0, h)],
            triangles: vec![[0, 1, 2], [0, 2, 3]],
        },
        visible: None,
        rect: Rect::of_size(SIDE, SIDE),
    };
    warp(&Pyramid::new(image.into()), &layer, &layer.rect, 0.0)
}

fn lay(piece: &Warped) -> RgbImage {
    let mut out = RgbImage::from_pixel(SIDE, SIDE, Rgb(DEEP_SKIN));
    let skin = DEEP_SKIN.map(decode_srgb8);
    for f in &piece.fragments {
        let px = std::array::from_fn(|k| encode_srgb8(f.color[k] + (1.0 - f.color[3]) * skin[k]));
        out.put_pixel(f.x as u32, f.y as u32, Rgb(px));
    }
    out
}

/// Pixels within [`RIM`] of the outline.
fn rim(piece: &Warped) -> Vec<(u32, u32)> {
    use image::{GrayImage, Luma};
    use imageproc::distance_transform::euclidean_squared_distance_transform;
    let mut inside = GrayImage::new(SIDE, SIDE);
    for f in piece.fragments.iter().filter(|f| f.color[3] >= 0.5) {
        inside.put_pixel(f.x as u32, f.y as u32, Luma([255]));
    }
    let mut outside = inside.clone();
    outside.pixels_mut().for_each(|p| p[0] = 255 - p[0]);
    let to_piece = euclidean_squared_distance_transform(&inside);
    let to_skin = euclidean_squared_distance_transform(&outside);
    let near = |d: f64| d <= RIM * RIM;
    (0..SIDE * SIDE)
        .map(|i| (i % SIDE, i / SIDE))
        .filter(|&(x, y)| near(to_piece.get_pixel(x, y)[0]) && near(to_skin.get_pixel(x, y)[0]))
        .collect()
}
