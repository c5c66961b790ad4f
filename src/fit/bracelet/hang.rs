//! Where a bracelet comes to rest on the wrist.

use std::f64::consts::TAU;

use glam::{DQuat, DVec3};

use crate::fit::limb::Limb;
use crate::fit::limb::wrist::DOWN;

/// A loose piece slides along the arm by this much when gravity pulls it towards the elbow or the hand, mm.
const SLIDE_TO_ELBOW_MM: f64 = 4.0;
const SLIDE_TO_HAND_MM: f64 = 8.0;
/// A loose bangle catches on the back of the wrist and tilts by up to this much, radians.
const BANGLE_TILT: f64 = 0.3;
/// A chain that hangs askew is not tilted by more than this, radians.
const CHAIN_TILT: f64 = 0.2;

/// Pictures are taken from above as often as from the front: gravity points away from the camera this much against
/// down in the picture.
const AWAY: f64 = 0.6;
/// A chain sags by no more than this many half widths of the wrist.
const MOST_SAG: f64 = 1.5;
/// Steps around a wrist when measuring a length.
const AROUND: usize = 180;

/// The closed inside line of a bracelet around the wrist, and its own frame.
#[derive(Debug, Clone, Copy)]
pub struct Hang {
    /// Section that the bracelet's inside follows.
    section: Limb,
    /// How far the side that hangs down stands off that section, mm.
    sag: DVec3,
    /// Middle of the bracelet, mm from the wrist's.
    centre: DVec3,
    /// Skin of the wrist below it.
    wrist: Limb,
}

impl Hang {
    /// A rigid ring hangs from the highest point of the wrist, and slides and tilts on the taper.
    pub fn bangle(wrist: &Limb, inner_radius: f64) -> Self {
        let radius = inner_radius.max(wrist.half_side + 0.3);
        let loose = radius - wrist.half_dorsal;
        let along = DOWN.dot(wrist.axis);
        let tilt = BANGLE_TILT.min((radius - wrist.half_side) / radius) * along.abs();
        let mut section = tilted(wrist, tilt);
        (section.half_side, section.half_dorsal) = (radius, radius);
        let across = DOWN - wrist.axis * along;
        let room = radius - wrist.skin(across.normalize_or(wrist.dorsal), 0.0).length();
        Self {
            section,
            sag: DVec3::ZERO,
            centre: across * room.max(0.0) + slide(wrist, along, loose),
            wrist: *wrist,
        }
    }

    /// A chain lies on the wrist as far as its length allows; what is too much hangs down on the far side from it.
    pub fn chain(wrist: &Limb, thickness: f64, length: f64) -> Self {
        // Length is counted along the middle of the links.
        let half = thickness / 2.0;
        let slack = ((length - perimeter(wrist, half)) / TAU).clamp(0.0, 0.5 * wrist.half_side);
        let along = DOWN.dot(wrist.axis);
        // The near side droops: the camera sees the side that gravity pulls down most.
        let front = if wrist.dorsal.z < 0.0 { 1.0 } else { -1.0 };
        let tilt = (2.0 * slack / wrist.half_side).atan().min(CHAIN_TILT) * along * front;
        let section = tilted(wrist, tilt);
        // It hangs straight down; but on an arm that stands up it slides down before it stands off to a side.
        let across = DOWN.reject_from_normalized(section.axis);
        let away = DVec3::Z.reject_from_normalized(section.axis) * AWAY;
        let down = DOWN * across.length_squared() + away;
        let mut hang = Self {
            section,
            sag: DVec3::ZERO,
            centre: DVec3::ZERO,
            wrist: *wrist,
        };
        let down = down.normalize_or(-wrist.dorsal);
        // The length grows with the sag: halve the interval that holds the right one.
        let (mut low, mut high) = (0.0, MOST_SAG * wrist.half_side);
        for _ in 0..24 {
            let middle = (low + high) / 2.0;
            hang.sag = down * middle;
            if hang.length(half) < length {
                low = middle;
            } else {
                high = middle;
            }
        }
        hang.sag = down * low;
        hang
    }

    /// Length of the closed line `out` mm outside the bracelet's inside.
    fn length(&self, out: f64) -> f64 {
        let at = |k: usize| {
            let outward = self.outward(k as f64 / AROUND as f64 * TAU);
            self.inside(outward) + outward * out
        };
        (0..AROUND).map(|k| at(k).distance(at(k + 1))).sum()
    }

    pub fn axis(&self) -> DVec3 {
        self.section.axis
    }

    /// Unit direction across the bracelet's axis that faces the camera.
    pub fn facing(&self) -> f64 {
        self.section.facing()
    }

    /// Outward direction at `angle` from the back of the wrist.
    pub fn outward(&self, angle: f64) -> DVec3 {
        self.section.outward(angle)
    }

    /// How far the side with this outward direction hangs down, as a share of the side that does most.
    pub fn hanging(&self, outward: DVec3) -> f64 {
        outward.dot(self.sag.normalize_or_zero()).max(0.0)
    }

    /// Unit direction away from the bracelet's inside at `angle`: the outward direction, but where it hangs down.
    pub fn normal(&self, angle: f64) -> DVec3 {
        /// Half of the stretch that tells, radians.
        const REACH: f64 = 0.05;
        let outward = self.outward(angle);
        if self.hanging(outward) <= 0.0 {
            return outward;
        }
        let at = |a: f64| self.inside(self.outward(a));
        let along = at(angle + REACH) - at(angle - REACH);
        let normal = along.cross(self.section.axis);
        (normal * normal.dot(outward).signum()).normalize_or(outward)
    }

    /// How far the side that hangs down stands off in the picture, mm.
    pub fn seen_sag(&self) -> f64 {
        self.sag.truncate().length()
    }

    /// Inside of the bracelet where its outward direction is `outward`, mm from the wrist's middle.
    pub fn inside(&self, outward: DVec3) -> DVec3 {
        self.centre + self.section.skin(outward, 0.0) + self.sag * self.hanging(outward)
    }

    /// Height of the bracelet's inside above the skin, mm.
    pub fn height(&self, outward: DVec3) -> f64 {
        (self.inside(outward) - self.wrist.skin(outward, 0.0))
            .dot(outward)
            .max(0.0)
    }
}

/// The section turned about its side direction, its back towards the fingers for positive `tilt`.
fn tilted(limb: &Limb, tilt: f64) -> Limb {
    let turn = DQuat::from_axis_angle(limb.side, tilt);
    let (a, b) = (turn * limb.axis, turn * limb.dorsal);
    // The sign of a turn that brings the back of the wrist towards the fingers depends on the frame's handedness.
    if b.dot(limb.axis) * tilt >= 0.0 {
        Limb {
            axis: a,
            dorsal: b,
            ..*limb
        }
    } else {
        let back = DQuat::from_axis_angle(limb.side, -tilt);
        Limb {
            axis: back * limb.axis,
            dorsal: back * limb.dorsal,
            ..*limb
        }
    }
}

/// Slide along the arm, mm.
fn slide(wrist: &Limb, along: f64, loose: f64) -> DVec3 {
    let free = (loose / 5.0).clamp(0.0, 1.0);
    let by = if along < 0.0 {
        SLIDE_TO_ELBOW_MM * along
    } else {
        SLIDE_TO_HAND_MM * along
    };
    wrist.axis * (by * free)
}

/// Length of the line `gap` mm outside the section (Ramanujan's approximation; a parallel curve adds 2π·gap).
fn perimeter(limb: &Limb, gap: f64) -> f64 {
    let (a, b) = (limb.half_side, limb.half_dorsal);
    let h = ((a - b) / (a + b)).powi(2);
    TAU / 2.0 * (a + b) * (1.0 + 3.0 * h / (10.0 + (4.0 - 3.0 * h).sqrt())) + TAU * gap
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrist() -> Limb {
        Limb {
            axis: DVec3::NEG_Y,
            dorsal: DVec3::NEG_Z,
            side: DVec3::X,
            half_side: 22.0,
            half_dorsal: 16.5,
        }
    }

    /// Length of the inside line by summing small steps.
    fn length(hang: &Hang, outside: f64) -> f64 {
        const N: usize = 4000;
        let at = |k: usize| {
            let out = hang.outward(k as f64 / N as f64 * TAU);
            hang.inside(out) + out * outside
        };
        (0..N).map(|k| at(k).distance(at(k + 1))).sum()
    }

    #[test]
    fn a_chain_keeps_its_length() {
        let mut arm = wrist();
        for axis in [DVec3::NEG_Y, DVec3::X, DVec3::Y] {
            arm.axis = axis;
            arm.side = axis.cross(arm.dorsal);
            let hang = Hang::chain(&arm, 4.0, 150.0);
            let got = length(&hang, 2.0);
            assert!((got - 150.0).abs() < 0.5, "{got}");
        }
    }

    #[test]
    fn a_bangle_never_cuts_into_the_wrist() {
        let arm = wrist();
        for radius in [10.0, 22.0, 26.0, 34.0] {
            let hang = Hang::bangle(&arm, radius);
            for k in 0..360 {
                let out = hang.outward(f64::from(k).to_radians());
                let p = hang.inside(out);
                let (x, y) = (
                    p.dot(arm.side) / arm.half_side,
                    p.dot(arm.dorsal) / arm.half_dorsal,
                );
                assert!(x.hypot(y) > 0.97, "radius {radius}, {k}°");
            }
        }
    }

    #[test]
    fn an_upright_arm_lets_the_back_of_a_bangle_rise_and_a_chain_droop() {
        let arm = wrist();
        let top = |hang: Hang| hang.inside(hang.outward(0.0)).dot(arm.axis) - hang.centre.dot(arm.axis);
        assert!(top(Hang::bangle(&arm, 26.0)) > 0.5);
        assert!(top(Hang::chain(&arm, 4.0, 150.0)) < -0.5);
    }
}
