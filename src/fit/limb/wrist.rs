//! The wrist as the place of a bracelet or watch.

use glam::{DVec2, DVec3};

use super::choose::{self, LEAST_VISIBILITY};
use super::occlusion::{Capsule, outside};
use super::{Limb, LocalView, Nudge};
use crate::fit::{Anchor, Controls, Scene, Unfit, UnfitReason};
use crate::imaging::{Mask, Rect};
use crate::locate::{Hand, Side, Wrist};

/// Narrower wrists than this in the picture show no piece worth looking at, pixels.
const LEAST_WIDTH_PX: f64 = 12.0;
/// Depth of a wrist by its width.
const FLATNESS: f64 = 0.75;

/// A wrist ready to be dressed.
pub struct Seat<'a> {
    pub hand: &'a Hand,
    /// Of the hand in the anatomy.
    pub index: usize,
    pub wrist: &'a Wrist,
    pub view: LocalView,
    pub limb: Limb,
    pub nudge: Nudge,
}

impl<'a> Seat<'a> {
    /// The wrist of the hand asked for, or of the best seen.
    ///
    /// # Errors
    /// No hand, or its wrist is outside the photo, hidden, or too small.
    pub fn find(scene: &'a Scene, controls: &Controls) -> Result<Self, Unfit> {
        let (index, hand) = choose::hand(scene, controls, |h| h.wrist.visibility + 0.01)?;
        let wrist = &hand.wrist;
        check(scene, wrist, controls)?;
        let view = LocalView::new(wrist.center, wrist.px_per_mm, scene.anatomy.camera.focal_px);
        let half_width = wrist.width_px / 2.0 / wrist.px_per_mm;
        Ok(Self {
            hand,
            index,
            wrist,
            view,
            limb: Limb::new(wrist.axis3d, wrist.dorsal, half_width, FLATNESS),
            nudge: Nudge::new(controls, &view),
        })
    }

    pub fn anchor(&self) -> Anchor {
        Anchor {
            name: format!("{}_wrist", choose::side_name(self.hand.handedness)),
            position: self.nudge.apply(self.wrist.center),
            px_per_mm: self.wrist.px_per_mm,
        }
    }

    /// Unit direction towards the little finger's side of the wrist.
    pub fn ulnar(&self) -> DVec3 {
        match self.hand.handedness {
            Side::Left => -self.limb.side,
            Side::Right => self.limb.side,
        }
    }

    /// What is not covered by the forearm and the hand's heel.
    pub fn beside(&self, rect: Rect) -> Mask {
        let half =
            |towards_elbow: f64| (self.wrist.width_px + self.wrist.taper * towards_elbow).max(1.0) / 2.0;
        let reach = 0.8 * self.wrist.width_px;
        let end = |towards_elbow: f64| self.wrist.center - self.wrist.axis * towards_elbow;
        let part = |from: f64, to: f64| Capsule {
            from: end(from),
            to: end(to),
            half_from: half(from),
            half_to: half(to),
        };
        outside(&[part(-reach, 0.0), part(0.0, reach)], rect)
    }
}

/// Gravity as far as a picture tells it: down in the picture.
pub const DOWN: DVec3 = DVec3::Y;

fn check(scene: &Scene, wrist: &Wrist, controls: &Controls) -> Result<(), Unfit> {
    let unfit = |reason, detail: String| Err(Unfit { reason, detail });
    if wrist.width_px < LEAST_WIDTH_PX {
        let detail = format!("the wrist is only {:.0} pixels wide", wrist.width_px);
        return unfit(UnfitReason::TooSmall, detail);
    }
    let frame = DVec2::new(f64::from(scene.anatomy.width), f64::from(scene.anatomy.height));
    if wrist.center.cmplt(DVec2::ZERO).any() || wrist.center.cmpgt(frame).any() {
        return unfit(UnfitReason::OutOfFrame, "the wrist is outside the photo".into());
    }
    if wrist.visibility < LEAST_VISIBILITY && !controls.allow_hidden {
        return unfit(
            UnfitReason::WristHidden,
            "the wrist is covered, bent away or cut by the frame".into(),
        );
    }
    Ok(())
}
