use glam::{DMat3, DVec2, DVec3};

use super::camera::Camera;
use super::matte::RegionGrid;
use crate::imaging::Mask;

/// Everything found on the people in one photograph. Pixels of the upright photo; left and right are the subject's.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Anatomy {
    pub width: u32,
    pub height: u32,
    pub camera: Camera,
    /// Best first (largest and surest).
    pub faces: Vec<Face>,
    /// Neck of the first face's person.
    pub neck: Option<Neck>,
    pub shoulders: Option<Shoulders>,
    /// Best seen first.
    pub hands: Vec<Hand>,
    /// Hands around the neck, which may hide what hangs there; looked for with the neck, whether hands are wanted or not.
    pub hands_at_neck: Vec<Hand>,
    /// Person coverage over the whole photo at model resolution; sample it with [`PersonMask::sample`].
    pub person: Option<PersonMask>,
    pub light: Option<Light>,
}

/// Low-resolution person matte stretched over the whole photograph.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct PersonMask {
    /// Model-resolution grid; its `rect` starts at (0, 0).
    pub grid: Mask,
    /// Size of the photograph that it covers.
    pub photo: (u32, u32),
}

impl PersonMask {
    /// Person probability at photo position `p`.
    pub fn sample(&self, p: DVec2) -> f32 {
        let s = DVec2::new(
            f64::from(self.grid.rect.width) / f64::from(self.photo.0),
            f64::from(self.grid.rect.height) / f64::from(self.photo.1),
        );
        let hi = DVec2::new(f64::from(self.grid.rect.width), f64::from(self.grid.rect.height)) - 0.5;
        self.grid.sample((p * s).clamp(DVec2::splat(0.5), hi))
    }
}

/// Axis-aligned box in pixels.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BBox {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Face {
    /// Detector score times mesh presence, 0..=1.
    pub score: f64,
    pub bbox: BBox,
    /// 478 mesh points: x, y in pixels, z in pixels at the same scale (smaller is nearer).
    pub landmarks: Vec<DVec3>,
    pub pose: HeadPose,
    /// At the eye plane.
    pub px_per_mm: f64,
    pub ears: Sides<Ear>,
    /// What is roughly where around the head; `None` when it was not asked for, and for all faces but the first.
    pub regions: Option<RegionGrid>,
}

/// Head frame: origin midway between the eyes' outer corners, x to the subject's left, y down, z into the head
/// (so that a frontal head has the identity rotation in a camera frame x right, y down, z away).
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct HeadPose {
    /// Head frame to camera frame.
    pub rotation: DMat3,
    /// Origin of the head frame in camera millimetres.
    pub translation_mm: DVec3,
    /// Positive when the subject turns to the subject's left (the nose moves to the right of the picture).
    pub yaw_deg: f64,
    /// Positive when the subject looks up.
    pub pitch_deg: f64,
    /// Positive when the head leans clockwise in the picture.
    pub roll_deg: f64,
    /// Size against the mean head: lengths in the head frame are the mean head's times this.
    pub size: f64,
}

impl HeadPose {
    /// Head-frame millimetres to camera millimetres.
    pub fn to_camera(&self, p: DVec3) -> DVec3 {
        self.rotation * p + self.translation_mm
    }
}

#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub struct Sides<T> {
    pub left: T,
    pub right: T,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Side {
    Left,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum HiddenBy {
    Hair,
    Head,
    Frame,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Ear {
    /// Where a lobe is pierced, in pixels.
    pub lobe: DVec2,
    /// The same point in camera millimetres.
    pub position_mm: DVec3,
    /// Unit outward normal of the lobe's front, camera frame.
    pub normal: DVec3,
    pub px_per_mm: f64,
    /// 0 hidden ..= 1 in full view.
    pub visibility: f64,
    pub hidden_by: Option<HiddenBy>,
}

/// The neck's silhouette and the pit between the collar bones.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Neck {
    /// Silhouette points halfway down the neck, the subject's left and right.
    pub left: DVec2,
    pub right: DVec2,
    /// Suprasternal notch.
    pub pit: DVec2,
    pub px_per_mm: f64,
    /// Centre of the neck at the silhouette points' height, camera mm.
    pub centre_mm: DVec3,
    /// Unit axis upwards, camera frame.
    pub axis: DVec3,
    pub radius_mm: f64,
    /// Pit in camera mm.
    pub pit_mm: DVec3,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Shoulders {
    /// Shoulder joints in pixels.
    pub left: DVec2,
    pub right: DVec2,
    /// Joints in camera mm.
    pub left_mm: DVec3,
    pub right_mm: DVec3,
    /// Lower of the two visibilities, 0..=1.
    pub visibility: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum HandSide {
    Back,
    Palm,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Hand {
    pub handedness: Side,
    pub score: f64,
    /// Which face of the hand the camera sees.
    pub side: HandSide,
    /// 21 points: x, y in pixels, z in pixels relative to the wrist (smaller is nearer).
    pub landmarks: Vec<DVec3>,
    /// The same points in millimetres, camera axes, origin at the hand's centre.
    pub world_mm: Vec<DVec3>,
    pub px_per_mm: f64,
    /// Thumb, index, middle, ring, pinky.
    pub fingers: [Finger; 5],
    pub wrist: Wrist,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FingerName {
    Thumb,
    Index,
    Middle,
    Ring,
    Pinky,
}

/// The ring zone of a finger.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Finger {
    pub name: FingerName,
    /// Middle of the ring zone on the finger's centre line, pixels.
    pub center: DVec2,
    /// Unit direction in the picture from the palm to the tip.
    pub axis: DVec2,
    /// Unit direction in the camera frame from the palm to the tip.
    pub axis3d: DVec3,
    /// Unit direction in the camera frame out of the finger's back (dorsal).
    pub dorsal: DVec3,
    /// Silhouette width at the ring zone.
    pub width_px: f64,
    pub px_per_mm: f64,
    /// 0 folded or hidden ..= 1 in full view.
    pub visibility: f64,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Wrist {
    /// Middle of the zone where a bracelet sits (just above the joint, towards the elbow), pixels.
    pub center: DVec2,
    /// Unit direction in the picture towards the fingers.
    pub axis: DVec2,
    pub axis3d: DVec3,
    /// Unit direction in the camera frame out of the back of the wrist.
    pub dorsal: DVec3,
    /// Silhouette width across the axis.
    pub width_px: f64,
    /// Change of the silhouette width per pixel along the axis towards the elbow (taper).
    pub taper: f64,
    pub px_per_mm: f64,
    pub visibility: f64,
}

/// Light on the subject.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Light {
    /// Unit vector towards the key light: right, up, towards the camera.
    pub direction: DVec3,
    /// 0 hard ..= 1 fully diffuse.
    pub softness: f64,
    /// Linear RGB of the light, mean 1.
    pub color: DVec3,
    /// Linear luminance of skin that faces the key light; `None` where no skin told.
    #[serde(default)]
    pub skin_level: Option<f64>,
    /// 0..=1.
    pub confidence: f64,
}
