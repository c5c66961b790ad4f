//! Fingers in front of the ring.

use std::sync::Arc;

use glam::DVec2;

use super::Seat;
use crate::fit::limb::occlusion::{Capsule, outside};
use crate::fit::visible;
use crate::imaging::{Mask, Rect};
use crate::locate::{Finger, Hand};

/// Phalanges widen and narrow: half width at each of a finger's points by the width at its ring zone.
const HALF_WIDTHS: [f64; 4] = [0.52, 0.5, 0.46, 0.40];

/// Where the other fingers leave the ring visible. A ring sticks out of its finger at the finger's middle depth; a
/// neighbour that touches hides what sticks out, and a finger that lies higher hides all under it.
pub fn visible(hand: &Hand, finger: &Finger, rect: Rect) -> Option<Arc<Mask>> {
    let own_half = finger.width_px / 2.0;
    let mut parts = Vec::new();
    for other in hand.fingers.iter().filter(|f| f.name != finger.name) {
        let first = 1 + 4 * (other.name as usize);
        for k in 0..3 {
            let (Some(a), Some(b)) = (hand.landmarks.get(first + k), hand.landmarks.get(first + k + 1))
            else {
                continue;
            };
            let part = Capsule {
                from: a.truncate(),
                to: b.truncate(),
                half_from: HALF_WIDTHS[k] * other.width_px,
                half_to: HALF_WIDTHS[k + 1] * other.width_px,
            };
            let apart = part.distance(finger.center);
            let t = nearest_share(a.truncate(), b.truncate(), finger.center);
            let nearer = own_depth(hand, finger) - (a.z + (b.z - a.z) * t);
            // Beside the finger at much the same depth, or over it and clearly nearer.
            let beside = apart > 0.8 * own_half && nearer > -0.35 * finger.width_px;
            let over = nearer > 0.35 * finger.width_px;
            if (beside || over) && apart < 2.0 * finger.width_px {
                parts.push(part);
            }
        }
    }
    (!parts.is_empty()).then(|| Arc::new(outside(&parts, rect)))
}

/// What of `shown` lies beside all skin: what turns behind the finger goes under the web between fingers too.
pub fn off_skin(shown: Option<&Mask>, skin: &Mask, rect: Rect) -> Mask {
    let mut mask = Mask::filled(rect, 1.0);
    for (i, v) in mask.data.iter_mut().enumerate() {
        let x = rect.x + (i as u32 % rect.width) as i32;
        let y = rect.y + (i as u32 / rect.width) as i32;
        *v = shown.map_or(1.0, |m| m.get(x, y)) * visible::beside(skin.get(x, y));
    }
    mask
}

/// Only what lies beside the finger itself.
pub fn beside(finger: &Finger, seat: &Seat, rect: Rect) -> Option<Arc<Mask>> {
    let reach = finger.axis * finger.width_px * 4.0;
    let part = Capsule {
        from: seat.nudge.apply(finger.center - reach),
        to: seat.nudge.apply(finger.center + reach),
        half_from: finger.width_px / 2.0,
        half_to: finger.width_px / 2.0,
    };
    Some(Arc::new(outside(&[part], rect)))
}

fn nearest_share(a: DVec2, b: DVec2, p: DVec2) -> f64 {
    let d = b - a;
    ((p - a).dot(d) / d.length_squared().max(1e-9)).clamp(0.0, 1.0)
}

/// Landmark depth of the finger at its ring zone.
fn own_depth(hand: &Hand, finger: &Finger) -> f64 {
    let knuckle = 1 + 4 * (finger.name as usize);
    match (hand.landmarks.get(knuckle), hand.landmarks.get(knuckle + 1)) {
        (Some(a), Some(b)) => a.z + (b.z - a.z) * nearest_share(a.truncate(), b.truncate(), finger.center),
        _ => 0.0,
    }
}
