//! Hair in front of an earring.
//!
//! A matte tells where there is hair, not whether it lies before or behind the earring. Where the head itself should be
//! seen — on the lobe and on the cheek and neck inwards of it — hair that shows instead must lie in front, and falls on in
//! front of what hangs below. Hair beside a bare lobe lies behind the ear, and behind the earring.

use glam::DVec2;

use super::seat::Seat;
use crate::imaging::{Mask, Rect};
use crate::locate::Side;

/// The lobe reaches this far outwards of its hole, mm.
const OUTWARDS_MM: f64 = 2.0;
/// The head is looked at inwards of the hole to this distance, mm.
const INWARDS_MM: f64 = 10.0;
/// Where that ends the hair in front ends gradually, over this width, mm: a lock has no straight upright edge.
const FADE_MM: f64 = 2.5;
/// And at these heights below the hole (up is negative), mm.
const HEIGHTS_MM: [f64; 5] = [-5.0, -3.5, -2.0, -0.5, 1.0];

/// The lobe is looked at in these places (mm from its hole, up is negative): below and beside them a small lobe may end.
const LOBE_MM: [(f64, f64); 5] = [(0.0, 0.0), (-1.2, -1.2), (1.2, -1.2), (0.0, -1.2), (0.0, -2.4)];
/// Hair over less than the first share of it leaves it bare, over the second covers it.
const BARE: (f32, f32) = (0.3, 0.6);
/// The locator has looked at the lobe's shape, a matte in the dark takes shade for hair: from the first of these
/// probabilities of being in sight on the matte is doubted, from the second on it is not heard.
const IN_SIGHT: (f64, f64) = (0.5, 0.85);

/// How much of the piece over `rect` shows past the hair.
pub fn shown(hair: &Mask, seat: &Seat, rect: Rect) -> Mask {
    let mut out = Mask::filled(rect, 1.0);
    let width = rect.width as usize;
    let covered = covered(hair, seat);
    if width == 0 || covered <= 0.0 {
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
            let within = (inside + OUTWARDS_MM).min(INWARDS_MM - inside) / FADE_MM + 1.0;
            if within <= 0.0 {
                return 0.0;
            }
            let at = |below: f64| hair.sample(DVec2::new(x, seat.lobe.y + below * s));
            covered * within.min(1.0) as f32 * HEIGHTS_MM.iter().map(|h| at(*h)).sum::<f32>()
                / HEIGHTS_MM.len() as f32
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

/// How far hair covers the lobe, 0..=1.
fn covered(hair: &Mask, seat: &Seat) -> f32 {
    let at = |(dx, dy): (f64, f64)| hair.sample(seat.lobe + DVec2::new(dx, dy) * seat.px_per_mm);
    let share = LOBE_MM.into_iter().map(at).sum::<f32>() / LOBE_MM.len() as f32;
    let doubt = (IN_SIGHT.1 - seat.in_sight) / (IN_SIGHT.1 - IN_SIGHT.0);
    ((share - BARE.0) / (BARE.1 - BARE.0)).clamp(0.0, 1.0) * doubt.clamp(0.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use glam::{DMat3, DVec3};

    use super::*;
    use crate::locate::camera::Camera;
    use crate::locate::{BBox, Ear, Face, HeadPose, Sides};

    /// The left ear of a frontal head at (50, 30), 2 pixels per mm.
    fn seat(in_sight: f64) -> Seat {
        let camera = Camera::new(1000.0, 100, 100);
        let lobe = DVec2::new(50.0, 30.0);
        let ear = Ear {
            lobe,
            position_mm: camera.unproject(lobe, 500.0),
            normal: DVec3::NEG_Z,
            px_per_mm: 2.0,
            visibility: in_sight,
            hidden_by: None,
        };
        let face = Face {
            score: 1.0,
            bbox: BBox {
                x: 0.0,
                y: 0.0,
                width: 1.0,
                height: 1.0,
            },
            landmarks: Vec::new(),
            pose: HeadPose {
                rotation: DMat3::IDENTITY,
                translation_mm: DVec3::new(0.0, 0.0, 500.0),
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                size: 1.0,
            },
            px_per_mm: 2.0,
            ears: Sides {
                left: ear,
                right: ear,
            },
            regions: None,
        };
        Seat::new(&camera, &face, &ear, Side::Left)
    }

    fn hair(columns: std::ops::Range<usize>) -> Mask {
        let mut mask = Mask::filled(Rect::new(0, 0, 100, 100), 0.0);
        for row in mask.data.chunks_exact_mut(100) {
            row[columns.clone()].fill(1.0);
        }
        mask
    }

    #[test]
    fn hair_over_the_lobe_falls_over_what_hangs_below() {
        let out = shown(&hair(45..54), &seat(0.5), Rect::new(40, 30, 20, 40));
        assert_eq!(out.get(50, 60), 0.0);
        assert_eq!(out.get(43, 60), 1.0);
    }

    #[test]
    fn shade_taken_for_hair_does_not_cut_what_hangs_from_a_lobe_in_sight() {
        let rect = Rect::new(40, 30, 20, 40);
        let sure = shown(&hair(45..54), &seat(0.9), rect);
        assert!(sure.data.iter().all(|v| *v == 1.0));
        let between = shown(&hair(45..54), &seat(0.675), rect).get(50, 60);
        assert!((between - 0.5).abs() < 1e-6, "{between}");
    }

    #[test]
    fn hair_in_front_has_no_upright_edge() {
        let out = shown(&hair(0..100), &seat(0.5), Rect::new(0, 30, 100, 40));
        let row = &out.data[20 * 100..21 * 100];
        let steepest = row.windows(2).map(|p| (p[1] - p[0]).abs()).fold(0.0, f32::max);
        // One pixel is half a millimetre of the 2.5 over which it fades.
        assert!(row[45] == 0.0 && row[10] == 1.0 && steepest <= 0.21, "{steepest}");
    }

    #[test]
    fn hair_beside_a_bare_lobe_lies_behind() {
        let out = shown(&hair(54..80), &seat(0.5), Rect::new(40, 30, 20, 40));
        assert!(out.data.iter().all(|v| *v == 1.0));
    }
}
