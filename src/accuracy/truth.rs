//! Ground truth of one rendered scene, and the anatomy that a perfect locator would find in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use glam::{DMat3, DMat4, DVec2, DVec3, DVec4};
use image::GrayImage;
use serde::Deserialize;

use crate::locate::camera::Camera;
use crate::locate::{Anatomy, BBox, Ear, Face, HeadPose, HiddenBy, Neck, Shoulders, Side, Sides};
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
    pub radius_mean_mm: f64,
    pub ring2d: Vec<DVec2>,
    pub px_per_mm: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct TruthWrist {
    pub centre2d: DVec2,
    pub centre3d: DVec3,
    pub axis: DVec3,
    pub px_per_mm: f64,
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

    pub fn neck_px_per_mm(&self) -> Option<f64> {
        let centre = self.to_camera(self.neck.as_ref()?.centre3d);
        Some(self.camera().px_per_mm(centre.z))
    }

    pub fn camera(&self) -> Camera {
        Camera {
            focal_px: self.camera.fx,
            centre: DVec2::new(self.camera.cx, self.camera.cy),
        }
    }

    /// What a perfect locator would find: tells the fit's own error from the locator's. The face has no mesh.
    pub fn anatomy(&self, hair: Option<&GrayImage>) -> Anatomy {
        Anatomy {
            width: self.camera.width,
            height: self.camera.height,
            camera: self.camera(),
            faces: self.face(hair).into_iter().collect(),
            neck: self.neck(),
            shoulders: self.shoulders(),
            hands: Vec::new(),
            person: None,
            light: None,
        }
    }

    fn landmark(&self, name: &str) -> Option<DVec3> {
        self.landmarks3d.get(name).map(|p| self.to_camera(*p))
    }

    fn face(&self, hair: Option<&GrayImage>) -> Option<Face> {
        let (left, right) = (self.landmark("eye_outer_L")?, self.landmark("eye_outer_R")?);
        let (top, chin) = (self.landmark("forehead")?, self.landmark("chin")?);
        let x = (left - right).normalize();
        let y = (chin - top).reject_from_normalized(x).normalize();
        let origin = (left + right) / 2.0;
        let px_per_mm = self.camera().px_per_mm(origin.z);
        let eye = self.camera().project(origin);
        Some(Face {
            score: 1.0,
            bbox: BBox {
                x: eye.x - 70.0 * px_per_mm,
                y: eye.y - 70.0 * px_per_mm,
                width: 140.0 * px_per_mm,
                height: 180.0 * px_per_mm,
            },
            landmarks: Vec::new(),
            pose: HeadPose {
                rotation: DMat3::from_cols(x, y, x.cross(y)),
                translation_mm: origin,
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                size: 1.0,
            },
            px_per_mm,
            ears: Sides {
                left: self.perfect_ear(Side::Left, hair)?,
                right: self.perfect_ear(Side::Right, hair)?,
            },
            regions: None,
        })
    }

    fn perfect_ear(&self, side: Side, hair: Option<&GrayImage>) -> Option<Ear> {
        let ear = self.ear(side)?;
        let shown = self.ear_shows(side, hair);
        Some(Ear {
            lobe: ear.pierce2d,
            position_mm: self.to_camera(ear.pierce3d),
            normal: self.direction(ear.normal),
            px_per_mm: ear.px_per_mm,
            visibility: if shown { 1.0 } else { 0.0 },
            hidden_by: (!shown).then_some(if ear.visible_mesh {
                HiddenBy::Hair
            } else {
                HiddenBy::Head
            }),
        })
    }

    fn neck(&self) -> Option<Neck> {
        let neck = self.neck.as_ref()?;
        let leftmost = |a: &&DVec2, b: &&DVec2| a.x.total_cmp(&b.x);
        let pit = self
            .landmark("shoulder_L")?
            .midpoint(self.landmark("shoulder_R")?);
        let (centre, radius_mm) = neck.section();
        let centre = self.to_camera(centre);
        Some(Neck {
            left: *neck.ring2d.iter().max_by(leftmost)?,
            right: *neck.ring2d.iter().min_by(leftmost)?,
            pit: self.camera().project(pit),
            px_per_mm: self.camera().px_per_mm(centre.z),
            centre_mm: centre,
            axis: self.direction(neck.axis),
            radius_mm,
            pit_mm: pit,
        })
    }

    fn shoulders(&self) -> Option<Shoulders> {
        let (left, right) = (self.landmark("shoulder_L")?, self.landmark("shoulder_R")?);
        Some(Shoulders {
            left: self.camera().project(left),
            right: self.camera().project(right),
            left_mm: left,
            right_mm: right,
            visibility: 1.0,
        })
    }
}

/// Whether a mask covers a point; a picture without the mask covers nothing.
fn covers(mask: Option<&GrayImage>, p: DVec2) -> bool {
    mask.is_some_and(|image| {
        let size = DVec2::new(f64::from(image.width()), f64::from(image.height()));
        let inside = p.cmpge(DVec2::ZERO).all() && p.cmplt(size).all();
        inside && image.get_pixel(p.x as u32, p.y as u32)[0] >= 128
    })
}
