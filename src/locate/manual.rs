//! Anchors given by hand, for photographs on which the models fail.
//!
//! They replace what was located, or stand in for what was not. Millimetre quantities follow from the given
//! `px_per_mm` under the photograph's camera.

use glam::{DVec2, DVec3};
use serde::{Deserialize, Serialize};

use super::{Anatomy, Ear, Face, FingerName, HeadPose, Neck, Side, Wrist};

/// Anchors of one photograph; pixels of the upright picture, left and right are the subject's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ManualAnchors {
    /// Scale wherever no better one is given; without it the located scale is kept.
    pub px_per_mm: Option<f64>,
    pub left_lobe: Option<ManualPoint>,
    pub right_lobe: Option<ManualPoint>,
    pub neck: Option<ManualNeck>,
    pub finger: Option<ManualFinger>,
    pub wrist: Option<ManualLimb>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualPoint {
    pub at: [f64; 2],
    pub px_per_mm: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualNeck {
    /// Silhouette points halfway down the neck.
    pub left: [f64; 2],
    pub right: [f64; 2],
    /// The pit between the collar bones.
    pub pit: [f64; 2],
    pub px_per_mm: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualLimb {
    pub at: [f64; 2],
    /// Direction in the picture towards the finger's tip (a finger) or the fingers (a wrist).
    pub axis: [f64; 2],
    pub width_px: f64,
    pub px_per_mm: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualFinger {
    #[serde(default = "ring_finger")]
    pub name: FingerName,
    pub at: [f64; 2],
    pub axis: [f64; 2],
    pub width_px: f64,
    pub px_per_mm: Option<f64>,
}

fn ring_finger() -> FingerName {
    FingerName::Ring
}

/// Why anchors given by hand cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnchorError {
    #[error("{0}: no scale: give px_per_mm, none was found in the picture")]
    NoScale(&'static str),
    #[error("{0}: the numbers must be finite, sizes and px_per_mm above 0, and an axis not of zero length")]
    NotFinite(&'static str),
    #[error("{0}: the point lies outside the picture")]
    Outside(&'static str),
}

impl ManualAnchors {
    /// Puts the anchors into what was located.
    ///
    /// # Errors
    /// A number is not usable, or no scale is known for an anchor.
    pub fn apply(&self, anatomy: &mut Anatomy) -> Result<(), AnchorError> {
        for (side, point, name) in [
            (Side::Left, self.left_lobe, "left_lobe"),
            (Side::Right, self.right_lobe, "right_lobe"),
        ] {
            if let Some(point) = point {
                self.apply_lobe(anatomy, side, &point, name)?;
            }
        }
        if let Some(neck) = &self.neck {
            self.apply_neck(anatomy, neck)?;
        }
        if let Some(finger) = &self.finger {
            self.apply_finger(anatomy, finger)?;
        }
        if let Some(wrist) = &self.wrist {
            self.apply_wrist(anatomy, wrist)?;
        }
        Ok(())
    }

    fn scale(&self, own: Option<f64>, located: Option<f64>, name: &'static str) -> Result<f64, AnchorError> {
        let scale = own
            .or(self.px_per_mm)
            .or(located)
            .ok_or(AnchorError::NoScale(name))?;
        if scale.is_finite() && scale > 0.0 {
            Ok(scale)
        } else {
            Err(AnchorError::NotFinite(name))
        }
    }

    fn apply_lobe(
        &self,
        anatomy: &mut Anatomy,
        side: Side,
        point: &ManualPoint,
        name: &'static str,
    ) -> Result<(), AnchorError> {
        let lobe = inside(anatomy, point.at, name)?;
        let located = anatomy.faces.first().map(|face| match side {
            Side::Left => face.ears.left.px_per_mm,
            Side::Right => face.ears.right.px_per_mm,
        });
        let px_per_mm = self.scale(point.px_per_mm, located, name)?;
        let camera = anatomy.camera;
        let position_mm = camera.unproject(lobe, camera.focal_px / px_per_mm);
        if anatomy.faces.is_empty() {
            anatomy.faces.push(Face::unseen(position_mm, px_per_mm));
        }
        let Some(face) = anatomy.faces.first_mut() else {
            return Ok(());
        };
        // Outwards from the head, a little to the front: the lobe's usual bearing in the head's frame.
        let outward = match side {
            Side::Left => DVec3::new(0.93, 0.1, -0.35),
            Side::Right => DVec3::new(-0.93, 0.1, -0.35),
        };
        let ear = Ear {
            lobe,
            position_mm,
            normal: (face.pose.rotation * outward).normalize(),
            px_per_mm,
            visibility: 1.0,
            hidden_by: None,
        };
        match side {
            Side::Left => face.ears.left = ear,
            Side::Right => face.ears.right = ear,
        }
        Ok(())
    }

    fn apply_neck(&self, anatomy: &mut Anatomy, given: &ManualNeck) -> Result<(), AnchorError> {
        let name = "neck";
        let left = inside(anatomy, given.left, name)?;
        let right = inside(anatomy, given.right, name)?;
        let pit = inside(anatomy, given.pit, name)?;
        let located = anatomy.neck.map(|neck| neck.px_per_mm);
        let px_per_mm = self.scale(given.px_per_mm, located, name)?;
        let camera = anatomy.camera;
        let z = camera.focal_px / px_per_mm;
        let radius_mm = left.distance(right) / 2.0 / px_per_mm;
        if radius_mm <= 0.0 {
            return Err(AnchorError::NotFinite(name));
        }
        let centre_mm = camera.unproject((left + right) / 2.0, z);
        // The pit lies on the body's front, half a neck before the neck's own axis.
        let pit_mm = camera.unproject(pit, z - radius_mm / 2.0);
        let up = (centre_mm - pit_mm - DVec3::new(0.0, 0.0, radius_mm / 2.0)).normalize_or(DVec3::NEG_Y);
        anatomy.neck = Some(Neck {
            left,
            right,
            pit,
            px_per_mm,
            centre_mm,
            axis: up,
            radius_mm,
            pit_mm,
        });
        Ok(())
    }

    fn apply_finger(&self, anatomy: &mut Anatomy, given: &ManualFinger) -> Result<(), AnchorError> {
        let name = "finger";
        let center = inside(anatomy, given.at, name)?;
        let axis = direction(given.axis, name)?;
        let width_px = positive(given.width_px, name)?;
        let located = anatomy.hands.first().map(|hand| hand.px_per_mm);
        let px_per_mm = self.scale(given.px_per_mm, located, name)?;
        let Some(hand) = anatomy.hands.first_mut() else {
            return Err(AnchorError::NoScale(name));
        };
        if let Some(finger) = hand.fingers.iter_mut().find(|finger| finger.name == given.name) {
            finger.center = center;
            finger.axis = axis;
            finger.axis3d = axis.extend(0.0);
            finger.width_px = width_px;
            finger.px_per_mm = px_per_mm;
            finger.visibility = 1.0;
        }
        Ok(())
    }

    fn apply_wrist(&self, anatomy: &mut Anatomy, given: &ManualLimb) -> Result<(), AnchorError> {
        let name = "wrist";
        let center = inside(anatomy, given.at, name)?;
        let axis = direction(given.axis, name)?;
        let width_px = positive(given.width_px, name)?;
        let located = anatomy.hands.first().map(|hand| hand.wrist.px_per_mm);
        let px_per_mm = self.scale(given.px_per_mm, located, name)?;
        let Some(hand) = anatomy.hands.first_mut() else {
            return Err(AnchorError::NoScale(name));
        };
        hand.wrist = Wrist {
            center,
            axis,
            axis3d: axis.extend(0.0),
            width_px,
            px_per_mm,
            visibility: 1.0,
            ..hand.wrist
        };
        Ok(())
    }
}

fn inside(anatomy: &Anatomy, at: [f64; 2], name: &'static str) -> Result<DVec2, AnchorError> {
    let at = DVec2::from_array(at);
    if !at.is_finite() {
        return Err(AnchorError::NotFinite(name));
    }
    let size = DVec2::new(f64::from(anatomy.width), f64::from(anatomy.height));
    if at.cmplt(DVec2::ZERO).any() || at.cmpgt(size).any() {
        return Err(AnchorError::Outside(name));
    }
    Ok(at)
}

fn direction(axis: [f64; 2], name: &'static str) -> Result<DVec2, AnchorError> {
    DVec2::from_array(axis)
        .try_normalize()
        .ok_or(AnchorError::NotFinite(name))
}

fn positive(value: f64, name: &'static str) -> Result<f64, AnchorError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(AnchorError::NotFinite(name))
    }
}

impl Face {
    /// A face that no model saw, known only by a lobe given by hand: frontal, with both ears hidden.
    fn unseen(at_mm: DVec3, px_per_mm: f64) -> Self {
        let hidden = Ear {
            lobe: DVec2::ZERO,
            position_mm: at_mm,
            normal: DVec3::NEG_Z,
            px_per_mm,
            visibility: 0.0,
            hidden_by: Some(super::HiddenBy::Head),
        };
        Self {
            score: 0.0,
            bbox: super::BBox {
                x: 0.0,
                y: 0.0,
                width: 0.0,
                height: 0.0,
            },
            landmarks: Vec::new(),
            pose: HeadPose {
                rotation: glam::DMat3::IDENTITY,
                translation_mm: at_mm,
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                size: 1.0,
            },
            px_per_mm,
            ears: super::Sides {
                left: hidden,
                right: hidden,
            },
            regions: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::camera::Camera;

    fn empty() -> Anatomy {
        Anatomy {
            width: 1000,
            height: 800,
            camera: Camera::new(1200.0, 1000, 800),
            faces: Vec::new(),
            neck: None,
            shoulders: None,
            hands: Vec::new(),
            hands_at_neck: Vec::new(),
            person: None,
            light: None,
        }
    }

    #[test]
    fn a_lobe_by_hand_needs_a_scale() {
        let point = ManualPoint {
            at: [400.0, 300.0],
            px_per_mm: None,
        };
        let anchors = ManualAnchors {
            left_lobe: Some(point),
            ..Default::default()
        };
        assert_eq!(
            anchors.apply(&mut empty()),
            Err(AnchorError::NoScale("left_lobe"))
        );
    }

    #[test]
    fn a_lobe_by_hand_projects_to_where_it_was_given() {
        let point = ManualPoint {
            at: [400.0, 300.0],
            px_per_mm: Some(3.0),
        };
        let anchors = ManualAnchors {
            left_lobe: Some(point),
            ..Default::default()
        };
        let mut anatomy = empty();
        anchors.apply(&mut anatomy).expect("applies");
        let ear = anatomy.faces[0].ears.left;
        assert!(
            anatomy
                .camera
                .project(ear.position_mm)
                .distance(DVec2::new(400.0, 300.0))
                < 1e-9
        );
        assert!((anatomy.camera.px_per_mm(ear.position_mm.z) - 3.0).abs() < 1e-12);
        assert_eq!(ear.visibility, 1.0);
        assert_eq!(anatomy.faces[0].ears.right.visibility, 0.0);
    }

    #[test]
    fn a_neck_by_hand_has_half_the_silhouette_as_radius() {
        let neck = ManualNeck {
            left: [560.0, 400.0],
            right: [440.0, 400.0],
            pit: [500.0, 520.0],
            px_per_mm: Some(1.0),
        };
        let mut anatomy = empty();
        ManualAnchors {
            neck: Some(neck),
            ..Default::default()
        }
        .apply(&mut anatomy)
        .expect("applies");
        let neck = anatomy.neck.expect("a neck");
        assert!((neck.radius_mm - 60.0).abs() < 1e-9);
        assert!(neck.axis.y < -0.5, "the axis points up the picture");
        assert!(
            anatomy
                .camera
                .project(neck.pit_mm)
                .distance(DVec2::new(500.0, 520.0))
                < 1e-9
        );
    }

    #[test]
    fn unusable_numbers_are_refused() {
        let cases = [
            (
                ManualPoint {
                    at: [f64::NAN, 1.0],
                    px_per_mm: Some(1.0),
                },
                AnchorError::NotFinite("left_lobe"),
            ),
            (
                ManualPoint {
                    at: [1.0, 1.0],
                    px_per_mm: Some(-1.0),
                },
                AnchorError::NotFinite("left_lobe"),
            ),
            (
                ManualPoint {
                    at: [-1.0, 1.0],
                    px_per_mm: Some(1.0),
                },
                AnchorError::Outside("left_lobe"),
            ),
        ];
        for (point, error) in cases {
            let anchors = ManualAnchors {
                left_lobe: Some(point),
                ..Default::default()
            };
            assert_eq!(anchors.apply(&mut empty()), Err(error));
        }
    }
}
