//! What a perfect locator would find: tells the fit's own error from the locators'.

use glam::{DMat3, DVec2};
use image::GrayImage;

use super::parts::finger_key;
use super::truth::{Truth, span};
use crate::locate::{Anatomy, BBox, Ear, Face, HeadPose, HiddenBy, Neck, Shoulders, Side, Sides};

impl Truth {
    /// Puts the known body parts in the place of the located ones. What the truth does not tell — face mesh, hand
    /// landmarks, person mask, light — stays as located.
    pub fn correct(&self, anatomy: &mut Anatomy, hair: Option<&GrayImage>) {
        let known = self.anatomy(hair);
        anatomy.camera = known.camera;
        if known.neck.is_some() {
            (anatomy.neck, anatomy.shoulders) = (known.neck, known.shoulders);
        }
        match (anatomy.faces.first_mut(), known.faces.first()) {
            (Some(face), Some(k)) => {
                // The mean head's size, as located: the truth has no mean head.
                let size = face.pose.size;
                (face.pose, face.px_per_mm, face.ears) = (k.pose, k.px_per_mm, k.ears);
                face.pose.size = size;
            }
            (None, Some(k)) => anatomy.faces.push(k.clone()),
            _ => {}
        }
        if let Some(hand) = anatomy.hands.first_mut() {
            for finger in &mut hand.fingers {
                let Some(t) = self.fingers.get(finger_key(finger.name)) else {
                    continue;
                };
                finger.center = t.centre2d;
                finger.axis = self.finger_axis(t);
                finger.axis3d = self.direction(t.axis);
                finger.width_px = self.finger_width_px(t);
                finger.px_per_mm = t.px_per_mm;
                if let Some(dorsal) = t.dorsal {
                    finger.dorsal = self.direction(dorsal);
                }
            }
            if let Some(t) = &self.wrist {
                let wrist = &mut hand.wrist;
                // The record's axis runs from the elbow to the hand or back: the located one tells which.
                let axis3d = self.direction(t.axis);
                let axis3d = axis3d * axis3d.dot(wrist.axis3d).signum();
                wrist.center = t.centre2d;
                wrist.axis3d = axis3d;
                wrist.axis = axis3d.truncate().normalize_or(wrist.axis);
                wrist.px_per_mm = t.px_per_mm;
                if t.ring2d.len() > 2 {
                    wrist.width_px = span(&t.ring2d, wrist.axis.perp());
                }
                if let Some(dorsal) = t.dorsal {
                    wrist.dorsal = self.direction(dorsal);
                }
            }
        }
    }

    /// A portrait's anatomy from ground truth alone. The face has no mesh.
    pub fn anatomy(&self, hair: Option<&GrayImage>) -> Anatomy {
        Anatomy {
            width: self.camera.width,
            height: self.camera.height,
            camera: self.camera(),
            faces: self.face(hair).into_iter().collect(),
            neck: self.neck(),
            shoulders: self.shoulders(),
            hands: Vec::new(),
            hands_at_neck: Vec::new(),
            person: None,
            light: None,
        }
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
