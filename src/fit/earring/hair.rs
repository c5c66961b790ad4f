//! Hair in front of an earring.
//!
//! A matte tells where there is hair, not whether it lies before or behind the earring. Where the head itself should be
//! seen — on the lobe and on the cheek and neck inwards of it — hair that shows instead must lie in front, and falls on in
//! front of what hangs below. Hair farther out or behind the ear lies behind the earring.

use glam::DVec2;

use super::seat::Seat;
use crate::imaging::{Mask, Rect};
use crate::locate::Side;

/// The lobe reaches this far outwards of its hole, mm.
const OUTWARDS_MM: f64 = 2.0;
/// The head is looked at inwards of the hole to this distance, mm.
const INWARDS_MM: f64 = 10.0;
/// And at these heights below the hole (up is negative), mm.
const HEIGHTS_MM: [f64; 5] = [-5.0, -3.5, -2.0, -0.5, 1.0];

/// How much of the piece over `rect` shows past the hair.
pub fn shown(hair: &Mask, seat: &Seat, rect: Rect) -> Mask {
    let mut out = Mask::filled(rect, 1.0);
    let width = rect.width as usize;
    if width == 0 {
        return out;
    }
    let s = seat.px_per_mm;
    // The picture's direction towards the face's middle.
    let inwards = match seat.side {
        Side::Left => -1.0,
        Side::Right => 1.0,
    } * if seat.forward.z > 0.0 { -1.0 } else { 1.0 };
    let falls: Vec<f32> = (0..width)
        .map(|x| {
            let x = f64::from(rect.x) + x as f64 + 0.5;
            let inside = (x - seat.lobe.x) * inwards / s;
            if !(-OUTWARDS_MM..=INWARDS_MM).contains(&inside) {
                return 0.0;
            }
            let at = |below: f64| hair.sample(DVec2::new(x, seat.lobe.y + below * s));
            HEIGHTS_MM.iter().map(|h| at(*h)).sum::<f32>() / HEIGHTS_MM.len() as f32
        })
        .collect();
    for (y, row) in out.data.chunks_exact_mut(width).enumerate() {
        let y = rect.y + y as i32;
        for (x, (v, fall)) in row.iter_mut().zip(&falls).enumerate() {
            *v = 1.0 - fall * hair.get(rect.x + x as i32, y).clamp(0.0, 1.0);
        }
    }
    out
}
