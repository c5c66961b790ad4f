//! A hand as places whose shading tells the light: the bones of the fingers and the wrist, taken as cylinders, and
//! the flat between wrist and knuckles.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::skin::{ACROSS, Sample, cylinder, flipped, patch};
use crate::locate::{Hand, HandSide, Side};

/// Places along a finger's bone, as shares of it; joints, with their folds, are left out. Their mean is one station.
const ALONG: [f64; 3] = [0.3, 0.5, 0.7];
/// Places along the forearm from the wrist's middle, in widths of the wrist.
const UP_THE_ARM: [f64; 3] = [0.0, 0.5, 1.0];
/// Columns of the flat from index to pinky, and rows from the wrist to the knuckles.
const FLAT: [usize; 2] = [7, 6];
const FINGERS: usize = 5;
const BONES: usize = 3;
/// How many stations a hand has: fingers from the thumb on, each by bone, each across from the thumb's side; the
/// forearm, likewise; the flat, column by column.
pub const STATIONS: usize =
    FINGERS * BONES * ACROSS.len() + UP_THE_ARM.len() * ACROSS.len() + FLAT[0] * FLAT[1];
/// First station of the forearm, and of the flat.
const FOREARM: usize = FINGERS * BONES * ACROSS.len();
const PALM: usize = FOREARM + UP_THE_ARM.len() * ACROSS.len();

const WRIST: usize = 0;
const KNUCKLES: [usize; 4] = [5, 9, 13, 17];

/// What is seen of one station.
#[derive(Debug, Clone, Copy)]
pub struct Station {
    /// Axes along the part, across it away from the thumb, and out of it; x right, y up, z towards the camera.
    pub frame: [DVec3; 3],
    /// Linear skin colour there, and the normal of a cylinder or plane.
    pub sample: Sample,
}

impl Station {
    /// A direction in the station's own axes.
    pub fn local(&self, d: DVec3) -> DVec3 {
        DVec3::from_array(self.frame.map(|axis| axis.dot(d)))
    }
}

/// What the photograph shows of each station; `None` where it is hidden or outside.
pub fn stations(photo: &RgbImage, hand: &Hand) -> Vec<Option<Station>> {
    let mut out = vec![None; STATIONS];
    let Some(points) = hand.landmarks.get(..21) else {
        return out;
    };
    // Seen from the back a right hand has its thumb on the left, where a cylinder's stations begin.
    let in_order = (hand.handedness == Side::Right) == (hand.side == HandSide::Back);
    for (f, finger) in hand.fingers.iter().enumerate().take(FINGERS) {
        if finger.visibility < 0.5 {
            continue;
        }
        for bone in 0..BONES {
            let (a, b) = (points[1 + 4 * f + bone], points[2 + 4 * f + bone]);
            let Some(axis) = (b - a).try_normalize() else {
                continue;
            };
            // Fingers narrow by about a tenth per bone from the ring zone on.
            let half = 0.5 * finger.width_px * 0.9f64.powi(bone as i32);
            let rows = ALONG.map(|t| around(photo, a.lerp(b, t).truncate(), axis, half, in_order));
            let first = (f * BONES + bone) * ACROSS.len();
            for k in 0..ACROSS.len() {
                out[first + k] = mean(rows.iter().filter_map(|row| row[k]));
            }
        }
    }
    let wrist = &hand.wrist;
    for (place, along) in UP_THE_ARM.iter().enumerate() {
        let at = wrist.center - wrist.axis * (along * wrist.width_px);
        let row = around(photo, at, wrist.axis.extend(0.0), 0.5 * wrist.width_px, in_order);
        let first = FOREARM + place * ACROSS.len();
        out[first..first + ACROSS.len()].copy_from_slice(&row);
    }
    flat(photo, hand, points, &mut out[PALM..]);
    out
}

/// The stations across a cylinder, from the thumb's side on.
fn around(
    photo: &RgbImage,
    at: DVec2,
    axis: DVec3,
    half_width: f64,
    in_order: bool,
) -> [Option<Station>; ACROSS.len()] {
    let mut out = [None; ACROSS.len()];
    let Some(turned) = cylinder(axis) else {
        return out;
    };
    for (k, t) in ACROSS.iter().enumerate() {
        let place = if in_order { k } else { ACROSS.len() - 1 - k };
        let at = at + turned.step * (t * half_width);
        out[place] = patch(photo, at, 0.1 * half_width).map(|color| Station {
            frame: [
                flipped(axis),
                flipped(turned.side) * if in_order { 1.0 } else { -1.0 },
                flipped(turned.front),
            ],
            sample: Sample {
                normal: turned.normal(*t),
                color,
            },
        });
    }
    out
}

/// The back or palm between the wrist and the knuckles, taken as one plane.
fn flat(photo: &RgbImage, hand: &Hand, points: &[DVec3], out: &mut [Option<Station>]) {
    let across = points[KNUCKLES[3]] - points[KNUCKLES[0]];
    let along = points[KNUCKLES[1]] - points[WRIST];
    let (Some(normal), Some(y)) = (across.cross(along).try_normalize(), along.try_normalize()) else {
        return;
    };
    let normal = flipped(normal) * if normal.z < 0.0 { 1.0 } else { -1.0 };
    let y = flipped(y);
    let Some(x) = flipped(across).reject_from_normalized(y).try_normalize() else {
        return;
    };
    let seen = |i: usize| points[i].truncate();
    let middle = (seen(KNUCKLES[0]) + seen(KNUCKLES[3])) / 2.0;
    let radius = 0.15 * hand.fingers[1].width_px;
    for column in 0..FLAT[0] {
        let q = column as f64 / (FLAT[0] - 1) as f64 * (KNUCKLES.len() - 1) as f64;
        let i = (q as usize).min(KNUCKLES.len() - 2);
        let knuckle = seen(KNUCKLES[i]).lerp(seen(KNUCKLES[i + 1]), q - i as f64);
        // At the wrist the hand is about half as wide as at the knuckles.
        let heel = seen(WRIST) + (knuckle - middle) * 0.55;
        for row in 0..FLAT[1] {
            let t = 0.15 + 0.75 * row as f64 / (FLAT[1] - 1) as f64;
            out[column * FLAT[1] + row] = patch(photo, heel.lerp(knuckle, t), radius).map(|color| Station {
                frame: [y, x, normal],
                sample: Sample { normal, color },
            });
        }
    }
}

/// Stations of one place, their colours averaged.
fn mean(seen: impl Iterator<Item = Station>) -> Option<Station> {
    let (mut sum, mut n, mut last) = ([0f32; 3], 0f32, None);
    for s in seen {
        for (sum, v) in sum.iter_mut().zip(s.sample.color) {
            *sum += v;
        }
        n += 1.0;
        last = Some(s);
    }
    last.map(|s| Station {
        sample: Sample {
            color: sum.map(|v| v / n),
            ..s.sample
        },
        ..s
    })
}
