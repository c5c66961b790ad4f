//! Shadow and piece laid over the photograph in linear light, rounded once.

use image::RgbImage;

use super::Rendered;
use super::shadow::Shadow;
use super::warp::Warped;
use crate::imaging::pixel::{decode_srgb8, encode_srgb8, photographed};
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
    let mut darkened = Mask::filled(rect, 0.0);
    let width = rect.width as usize;
    let mut taken = vec![[0f32; 3]; width];
    // In reading order, as the rows are.
    let mut fragments = piece.fragments.iter().peekable();
    for y in rect.y..rect.bottom() {
        let start = (y - rect.y) as usize * width;
        let column = |x: i32| (x - rect.x) as usize;
        let mut changed = (width, 0);
        if let Some(shadow) = shadow {
            shadow.row(y, receiver, |x, t| {
                taken[column(x)] = t;
                darkened.data[start + column(x)] = t[1].max(0.0);
                changed = (changed.0.min(column(x)), changed.1.max(column(x) + 1));
            });
        }
        let lit = |behind: [u8; 3], taken: &[f32; 3]| -> [f32; 3] {
            std::array::from_fn(|k| photographed(decode_srgb8(behind[k]), taken[k]))
        };
        // The piece lies over what is behind it before that is rounded.
        while let Some(f) = fragments.next_if(|f| f.y <= y) {
            if !rect.contains(f.x, f.y) || f.y < y {
                continue;
            }
            let x = column(f.x);
            jewelry.data[start + x] = f.color[3];
            let px = canvas.get_pixel_mut(f.x as u32, y as u32);
            let behind = lit(px.0, &taken[x]);
            px.0 = std::array::from_fn(|k| encode_srgb8(f.color[k] + (1.0 - f.color[3]) * behind[k]));
            taken[x] = [0.0; 3];
        }
        let (from, to) = (changed.0.min(changed.1), changed.1);
        for (x, t) in taken.iter_mut().enumerate().take(to).skip(from) {
            if *t != [0.0; 3] {
                let px = canvas.get_pixel_mut((rect.x + x as i32) as u32, y as u32);
                px.0 = lit(px.0, t).map(encode_srgb8);
                *t = [0.0; 3];
            }
        }
    }
    Rendered {
        rect,
        jewelry,
        shadow: darkened,
        softness: 0.0,
    }
}
