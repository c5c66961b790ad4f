//! The pierced lobe in space, and what hangs from it.

use glam::{DMat2, DVec2, DVec3};

use super::hidden::Head;
use crate::fit::{Controls, WarpMesh, WarpVertex};
use crate::locate::camera::Camera;
use crate::locate::{Ear, Face, Side};

/// Direction in which a left lobe is pierced, from the neck outwards, head frame: a lobe's front looks a little forward.
const PIERCED: DVec3 = DVec3::new(0.95, 0.05, -0.31);
/// Half of a lobe's thickness, mm.
const HALF_LOBE_MM: f64 = 2.5;
/// A piece that hangs off the lobe has this much air behind it, mm, and more the lower it hangs: below the ear the head
/// gives way to the neck.
const AIR_MM: f64 = 4.0;
const AIR_SLOPE: f64 = 0.7;
const MOST_AIR_MM: f64 = 30.0;

/// A vertex before it is projected.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub source: DVec2,
    /// Camera mm.
    pub at: DVec3,
    /// Added to the projection, in mm of the lobe's scale: thickness that always faces the camera.
    pub beside_mm: DVec2,
}

/// How a piece touches the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It lies on the lobe.
    Lies,
    /// It hangs off the lobe.
    Hangs,
}

/// The ear that is dressed.
#[derive(Debug, Clone)]
pub struct Seat {
    camera: Camera,
    head: Head,
    /// Where the lobe is pierced, pixels.
    pub lobe: DVec2,
    pub px_per_mm: f64,
    /// How surely the lobe is in sight, 0..=1.
    pub in_sight: f64,
    /// The hole on the lobe's front, camera mm.
    pub pierce: DVec3,
    /// Outward normal of the lobe's front, camera frame.
    pub normal: DVec3,
    /// Level direction of the hole, away from the neck, camera frame.
    pub out: DVec3,
    /// Level direction that the face looks in.
    pub forward: DVec3,
    pub side: Side,
    /// Size of a product pixel as worn.
    pub mm_per_px: f64,
    /// The picture is worn mirrored.
    pub mirrored: bool,
}

/// Gravity: down in the picture.
pub const DOWN: DVec3 = DVec3::Y;

impl Seat {
    pub fn new(camera: &Camera, face: &Face, ear: &Ear, side: Side) -> Self {
        let mirror = match side {
            Side::Left => DVec3::ONE,
            Side::Right => DVec3::new(-1.0, 1.0, 1.0),
        };
        let level = |d: DVec3, otherwise: DVec3| d.reject_from_normalized(DOWN).normalize_or(otherwise);
        let out = level(face.pose.rotation * (PIERCED * mirror), DVec3::X * mirror.x);
        Self {
            camera: *camera,
            head: Head::new(face),
            lobe: ear.lobe,
            px_per_mm: ear.px_per_mm,
            in_sight: ear.visibility,
            pierce: camera.unproject(ear.lobe, camera.focal_px / ear.px_per_mm),
            normal: ear.normal.normalize_or(out),
            out,
            forward: level(face.pose.rotation * DVec3::NEG_Z, DVec3::NEG_Z),
            side,
            mm_per_px: 1.0,
            mirrored: false,
        }
    }

    /// Middle of the hole, inside the lobe.
    pub fn middle(&self) -> DVec3 {
        self.pierce - self.out * HALF_LOBE_MM
    }

    /// Offset of a product pixel from `origin`, mm, to the right and down as worn.
    pub fn offset(&self, source: DVec2, origin: DVec2) -> DVec2 {
        let d = (source - origin) * self.mm_per_px;
        if self.mirrored { DVec2::new(-d.x, d.y) } else { d }
    }

    /// Level direction in which the right of a picture points that is looked at from the side that `facing` points to.
    pub fn right_of(facing: DVec3) -> DVec3 {
        facing.cross(DOWN)
    }

    /// Vertex of a point of the piece, with the height above the skin that follows from how it touches, hidden where the
    /// head is in front of it.
    pub fn vertex(&self, point: &Point, touch: Touch, normal: DVec3) -> WarpVertex {
        let below = (point.at - self.pierce).dot(DOWN).max(0.0);
        let seen = self.camera.project(point.at) + point.beside_mm * self.px_per_mm;
        WarpVertex {
            source: point.source,
            target: seen,
            height_mm: match touch {
                Touch::Lies => 0.0,
                Touch::Hangs => (AIR_MM + below * AIR_SLOPE).min(MOST_AIR_MM),
            },
            cover: 1.0 - self.head.hides(seen, self.camera.px_per_mm(point.at.z)),
            normal,
        }
    }

    /// Applies the user's shift and turn about the lobe.
    pub fn to_photo(&self, mut mesh: WarpMesh, controls: &Controls) -> WarpMesh {
        let turn = DMat2::from_angle(controls.rotate_deg.to_radians());
        let shift = controls.offset_mm * self.px_per_mm;
        for v in &mut mesh.vertices {
            v.target = self.lobe + turn * (v.target - self.lobe) + shift;
        }
        mesh
    }
}
