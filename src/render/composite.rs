//! Shadow and piece laid over the photograph in linear light, rounded once.

use image::RgbImage;

use super::Rendered;
use super::shadow::{self, Shadow};
use super::warp::{Fragment, Warped};
use crate::imaging::pixel::{decode_srgb8, encode_srgb8};
use crate::imaging::{Mask, Rect};

/// Darkens `canvas` by `shadow` where `receiver` allows and lays the piece over it. Other pixels are not written.
///
/// Returns what was touched.
pub fn compose(
    canvas: &mut RgbImage,
    piece: &Warped,
    shadow: Option<&Shadow>,
    receiver: Option<&Mask>,
) -> Rendered {
    let frame = Rect::of_size(canvas.width(), canvas.height());
    let rect = piece
        .bounds()
        .union(&shadow.map_or(Rect::default(), |s| s.rect))
        .clip(&frame);
    let mut jewelry = Mask::filled(rect, 0.0);
    let mut height_mm = Mask::filled(rect, 0.0);
    let mut darkened = Mask::filled(rect, 0.0);
    let index = |x: i32, y: i32| (y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize;
    if let Some(shadow) = shadow {
        shadow.each(receiver, |x, y, taken| {
            if rect.contains(x, y) {
                darkened.data[index(x, y)] = taken;
            }
        });
    }
    // The piece first, from the untouched canvas, so that nothing is rounded twice.
    let mut drawn = Vec::with_capacity(piece.fragments.len());
    for Fragment {
        x,
        y,
        color,
        height_mm: height,
        ..
    } in &piece.fragments
    {
        if !rect.contains(*x, *y) {
            drawn.push(None);
            continue;
        }
        let i = index(*x, *y);
        jewelry.data[i] = color[3];
        height_mm.data[i] = *height;
        let behind = canvas.get_pixel(*x as u32, *y as u32).0.map(decode_srgb8);
        let left = shadow::transmittance(darkened.data[i], behind);
        let rest = 1.0 - color[3];
        drawn.push(Some(std::array::from_fn::<u8, 3, _>(|k| {
            encode_srgb8(color[k] + rest * left[k] * behind[k])
        })));
    }
    for (i, taken) in darkened.data.iter().enumerate().filter(|(_, t)| **t > 0.0) {
        let (x, y) = (i as u32 % rect.width, i as u32 / rect.width);
        let px = canvas.get_pixel_mut(x + rect.x as u32, y + rect.y as u32);
        let behind = px.0.map(decode_srgb8);
        let left = shadow::transmittance(*taken, behind);
        px.0 = std::array::from_fn(|k| encode_srgb8(left[k] * behind[k]));
    }
    for (f, color) in piece.fragments.iter().zip(drawn) {
        if let Some(color) = color {
            canvas.get_pixel_mut(f.x as u32, f.y as u32).0 = color;
        }
    }
    Rendered {
        rect,
        jewelry,
        shadow: darkened,
        height_mm,
    }
}
