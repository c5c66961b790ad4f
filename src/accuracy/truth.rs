//! Ground truth of one rendered scene, and the anatomy that a perfect locator would find in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use glam::{DMat4, DVec2, DVec3, DVec4};
use image::GrayImage;
use serde::Deserialize;

use crate::locate::camera::Camera;
use crate::locate::{FingerName, Side};
use crate::product::Facts;

/// A scene's JSON; lengths in metres of the renderer's world (x to the subject's left, -y to the front, z up).
#[derive(Debug, Clone, Deserialize)]
pub struct Truth {
    pub kind: SceneKind,
    pub name: String,
    pub camera: TruthCamera,
    #[serde(default)]
    pub landmarks3d: BTreeMap<String, DVec3>,
    #[serde(default)]
    pub landmarks2d: BTreeMap<String, DVec2>,
    #[serde(default)]
    pub ears: BTreeMap<String, TruthEar>,
    pub neck: Option<TruthNeck>,
    #[serde(default)]
    pub fingers: BTreeMap<String, TruthFinger>,
    pub wrist: Option<TruthWrist>,
    pub light: Option<TruthLight>,
    #[serde(default)]
    pub jewelry: Vec<TruthPiece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SceneKind {
    Portrait,
    Hand,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthCamera {
    pub width: u32,
    pub height: u32,
    pub fx: f64,
    pub cx: f64,
    pub cy: f64,
    /// Row-major; camera axes right, up, back.
    pub world_to_camera_blender: [[f64; 4]; 4],
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthEar {
    pub pierce2d: DVec2,
    pub pierce3d: DVec3,
    pub normal: DVec3,
    pub px_per_mm: f64,
    pub visible_mesh: bool,
    pub visible: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthNeck {
    pub centre3d: DVec3,
    pub axis: DVec3,
    pub mean_radius_mm: f64,
    pub ring3d: Vec<DVec3>,
    pub ring2d: Vec<DVec2>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthFinger {
    pub centre2d: DVec2,
    pub centre3d: DVec3,
    pub axis: DVec3,
    /// Out of the finger's back.
    pub dorsal: Option<DVec3>,
    pub radius_mean_mm: f64,
    pub ring2d: Vec<DVec2>,
    pub px_per_mm: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthWrist {
    pub centre2d: DVec2,
    pub centre3d: DVec3,
    pub axis: DVec3,
    /// Out of the back of the wrist.
    pub dorsal: Option<DVec3>,
    pub px_per_mm: f64,
    #[serde(default)]
    pub ring2d: Vec<DVec2>,
    /// Contour around the axis at the wrist's middle.
    #[serde(default)]
    pub ring3d: Vec<DVec3>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthLight {
    /// Unit vector towards the key light: right, up, towards the camera.
    pub key_dir_camera_xyz_right_up_back: DVec3,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthPiece {
    /// `necklace`, `earring`, `ring`, `wrist`.
    pub piece: String,
    pub side: Option<String>,
    pub finger: Option<String>,
    pub origin2d: Option<DVec2>,
    pub length_mm: Option<f64>,
    #[serde(default)]
    pub curve3d: Vec<DVec3>,
    #[serde(default)]
    pub curve2d: Vec<DVec2>,
    /// Piece frame to world.
    pub origin3d: Option<DVec3>,
    /// Row-major.
    pub rotation: Option<[[f64; 3]; 3]>,
    /// Sizes of the modelled piece, mm, by name.
    #[serde(default)]
    pub spec: BTreeMap<String, serde_json::Value>,
    pub product: Option<TruthProduct>,
}

/// What a seller would tell about the product picture.
#[derive(Debug, Clone, Deserialize)]
pub struct TruthProduct {
    pub file: String,
    pub kind: crate::product::Kind,
    pub width_mm: Option<f64>,
    pub height_mm: Option<f64>,
    pub inner_diameter_mm: Option<f64>,
    pub chain_length_mm: Option<f64>,
    pub case_diameter_mm: Option<f64>,
    pub style: Option<String>,
}

impl TruthNeck {
    /// Centroid of the ring's contour (world metres) and its mean distance from it (mm): `centre3d` is a joint of
    /// the skeleton and may lie off the middle.
    pub fn section(&self) -> (DVec3, f64) {
        let edges = self.ring3d.iter().zip(self.ring3d.iter().cycle().skip(1));
        let (mut sum, mut weight) = (DVec3::ZERO, 0.0);
        for (a, b) in edges {
            sum += a.midpoint(*b) * a.distance(*b);
            weight += a.distance(*b);
        }
        let centre = sum / weight;
        let total: f64 = self.ring3d.iter().map(|p| p.distance(centre)).sum();
        (centre, total / self.ring3d.len() as f64 * 1000.0)
    }
}

impl TruthProduct {
    pub fn facts(&self) -> Facts {
        Facts {
            width_mm: self.width_mm,
            height_mm: self.height_mm,
            inner_diameter_mm: self.inner_diameter_mm,
            chain_length_mm: self.chain_length_mm,
            case_diameter_mm: self.case_diameter_mm,
            style: self.style.clone(),
        }
    }
}

/// Why a scene cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TruthError {
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Parse {
        path: PathBuf,
        source: serde_json::Error,
    },
}

impl Truth {
    /// # Errors
    /// The file cannot be read or is not a scene.
    pub fn read(path: &Path) -> Result<Self, TruthError> {
        let text = std::fs::read(path).map_err(|source| TruthError::Read {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|source| TruthError::Parse {
            path: path.to_owned(),
            source,
        })
    }

    /// World metres to camera millimetres (x right, y down, z away).
    pub fn to_camera(&self, p: DVec3) -> DVec3 {
        let q = self.world_to_camera() * p.extend(1.0);
        DVec3::new(q.x, -q.y, -q.z) * 1000.0
    }

    /// A direction of the world in camera axes.
    pub fn direction(&self, d: DVec3) -> DVec3 {
        let q = self.world_to_camera() * d.extend(0.0);
        DVec3::new(q.x, -q.y, -q.z)
    }

    fn world_to_camera(&self) -> DMat4 {
        let r = self.camera.world_to_camera_blender.map(DVec4::from_array);
        DMat4::from_cols(r[0], r[1], r[2], r[3]).transpose()
    }

    pub fn ear(&self, side: Side) -> Option<&TruthEar> {
        self.ears.get(match side {
            Side::Left => "L",
            Side::Right => "R",
        })
    }

    /// Whether the pierced point is in sight: as recorded, else by the head's own geometry and the picture's hair.
    pub fn ear_shows(&self, side: Side, hair: Option<&GrayImage>) -> bool {
        let Some(ear) = self.ear(side) else { return false };
        ear.visible
            .unwrap_or_else(|| ear.visible_mesh && !covers(hair, ear.pierce2d))
    }

    /// How far the head is turned away from the camera, degrees: the way the line through both ears runs.
    pub fn turn_deg(&self) -> Option<f64> {
        let at = |side| self.ear(side).map(|e| self.to_camera(e.pierce3d));
        let across = at(Side::Left)? - at(Side::Right)?;
        Some(across.z.atan2(across.x).to_degrees().abs())
    }

    pub fn neck_px_per_mm(&self) -> Option<f64> {
        let centre = self.to_camera(self.neck.as_ref()?.centre3d);
        Some(self.camera().px_per_mm(centre.z))
    }

    /// A named landmark in camera millimetres.
    pub(super) fn landmark(&self, name: &str) -> Option<DVec3> {
        self.landmarks3d.get(name).map(|p| self.to_camera(*p))
    }

    pub fn camera(&self) -> Camera {
        Camera {
            focal_px: self.camera.fx,
            centre: DVec2::new(self.camera.cx, self.camera.cy),
        }
    }

    /// Whether nothing of the lobe is to be seen: the head turns it away, it lies outside the picture, or hair covers
    /// it `reach_mm` around the pierced point.
    pub fn ear_hidden(&self, side: Side, hair: Option<&GrayImage>, reach_mm: f64) -> bool {
        let Some(ear) = self.ear(side) else { return false };
        if ear.visible == Some(true) {
            return false;
        }
        let reach = reach_mm * ear.px_per_mm;
        let around = (0..16).map(|i| DVec2::from_angle(f64::from(i) / 16.0 * std::f64::consts::TAU));
        let frame = DVec2::new(f64::from(self.camera.width), f64::from(self.camera.height));
        let inside = ear.pierce2d.cmpge(DVec2::ZERO).all() && ear.pierce2d.cmplt(frame).all();
        !ear.visible_mesh
            || !inside
            || [0.0, 0.5, 1.0].iter().all(|r| {
                around
                    .clone()
                    .all(|d| covers(hair, ear.pierce2d + d * (reach * r)))
            })
    }

    /// The finger that wears the ring; the ring finger in scenes without one.
    pub fn worn_finger(&self) -> FingerName {
        match self.jewelry.iter().find_map(|j| j.finger.as_deref()) {
            Some("thumb") => FingerName::Thumb,
            Some("index") => FingerName::Index,
            Some("middle") => FingerName::Middle,
            Some("pinky") => FingerName::Pinky,
            _ => FingerName::Ring,
        }
    }

    /// Unit direction of a finger's axis in the picture.
    pub fn finger_axis(&self, finger: &TruthFinger) -> DVec2 {
        let tip = self
            .camera()
            .project(self.to_camera(finger.centre3d + finger.axis * 0.01));
        (tip - finger.centre2d).normalize_or(DVec2::Y)
    }

    /// Width of a finger's silhouette across its axis.
    pub fn finger_width_px(&self, finger: &TruthFinger) -> f64 {
        span(&finger.ring2d, self.finger_axis(finger).perp())
    }
}

/// Extent of points along a direction.
pub(super) fn span(points: &[DVec2], way: DVec2) -> f64 {
    let (low, high) = points
        .iter()
        .map(|p| p.dot(way))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
    high - low
}

/// Whether a mask covers a point; a picture without the mask covers nothing.
fn covers(mask: Option<&GrayImage>, p: DVec2) -> bool {
    mask.is_some_and(|image| {
        let size = DVec2::new(f64::from(image.width()), f64::from(image.height()));
        let inside = p.cmpge(DVec2::ZERO).all() && p.cmplt(size).all();
        inside && image.get_pixel(p.x as u32, p.y as u32)[0] >= 128
    })
}
