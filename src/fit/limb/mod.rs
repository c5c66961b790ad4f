//! What rings, bracelets and watches share: the limb that they sit on, as the camera sees it from near by.

pub mod choose;
pub mod occlusion;
pub mod receiver;
pub mod tube;
pub mod wrist;

use glam::{DMat2, DVec2, DVec3};

use crate::fit::Controls;

/// Looks at an anchor: pixels and millimetres around it.
///
/// Scaled perspective about the anchor itself, so that the limb's direction in the picture is exactly the one that
/// was found in the picture, wherever in the frame it lies.
#[derive(Debug, Clone, Copy)]
pub struct LocalView {
    /// Pixels of the photograph.
    pub anchor: DVec2,
    pub px_per_mm: f64,
    /// Distance from the camera, mm.
    pub depth_mm: f64,
}

impl LocalView {
    pub fn new(anchor: DVec2, px_per_mm: f64, focal_px: f64) -> Self {
        Self {
            anchor,
            px_per_mm,
            depth_mm: (focal_px / px_per_mm).max(1.0),
        }
    }

    /// Pixel of the point `p` mm from the anchor (x right, y down, z away).
    pub fn project(&self, p: DVec3) -> DVec2 {
        let nearer = (1.0 + p.z / self.depth_mm).max(0.1);
        self.anchor + p.truncate() * (self.px_per_mm / nearer)
    }

    /// Unit direction from `p` to the camera.
    pub fn towards_camera(&self, p: DVec3) -> DVec3 {
        (-DVec3::new(p.x, p.y, p.z + self.depth_mm)).normalize_or(DVec3::NEG_Z)
    }
}

/// The limb at the piece's place: an elliptic section with its directions (unit, orthogonal, camera axes).
#[derive(Debug, Clone, Copy)]
pub struct Limb {
    /// From the trunk to the tips of the fingers.
    pub axis: DVec3,
    /// Out of the back of the hand.
    pub dorsal: DVec3,
    /// `axis × dorsal`: to the right for one who looks at the back with the fingers up.
    pub side: DVec3,
    /// Half width along [`Limb::side`], mm.
    pub half_side: f64,
    /// Half width along [`Limb::dorsal`], mm.
    pub half_dorsal: f64,
}

impl Limb {
    /// From the silhouette's half width in mm; `flatness` is the depth of the section by its width.
    pub fn new(axis: DVec3, dorsal: DVec3, half_width: f64, flatness: f64) -> Self {
        let side = axis.cross(dorsal).normalize_or(DVec3::X);
        // Seen across the direction that lies in the picture and is perpendicular to the axis, an ellipse with half
        // axes (1, flatness) is √(cos² + flatness²·sin²) wide.
        let across = DVec2::new(-axis.y, axis.x)
            .try_normalize()
            .unwrap_or(DVec2::X)
            .extend(0.0);
        let seen = across.dot(side).hypot(flatness * across.dot(dorsal)).max(0.2);
        let half_side = half_width / seen;
        Self {
            axis,
            dorsal,
            side,
            half_side,
            half_dorsal: half_side * flatness,
        }
    }

    /// Outward direction at `angle`, measured from the dorsal direction towards the side.
    pub fn outward(&self, angle: f64) -> DVec3 {
        self.dorsal * angle.cos() + self.side * angle.sin()
    }

    /// Angle whose outward direction faces the camera.
    pub fn facing(&self) -> f64 {
        // The camera lies towards −z.
        (-self.side.z).atan2(-self.dorsal.z)
    }

    /// Point of the skin whose outward normal is `outward` (unit, across the axis), moved `gap` mm along it.
    pub fn skin(&self, outward: DVec3, gap: f64) -> DVec3 {
        let x = self.half_side * self.half_side * outward.dot(self.side);
        let y = self.half_dorsal * self.half_dorsal * outward.dot(self.dorsal);
        let reach = (x * outward.dot(self.side) + y * outward.dot(self.dorsal))
            .max(1e-9)
            .sqrt();
        (self.side * x + self.dorsal * y) / reach + outward * gap
    }
}

/// The user's shift and turn of a piece, applied in the picture about the anchor.
#[derive(Debug, Clone, Copy)]
pub struct Nudge {
    anchor: DVec2,
    turn: DMat2,
    shift: DVec2,
}

impl Nudge {
    pub fn new(controls: &Controls, view: &LocalView) -> Self {
        Self {
            anchor: view.anchor,
            turn: DMat2::from_angle(controls.rotate_deg.to_radians()),
            shift: controls.offset_mm * view.px_per_mm,
        }
    }

    pub fn apply(&self, p: DVec2) -> DVec2 {
        self.anchor + self.turn * (p - self.anchor) + self.shift
    }
}
