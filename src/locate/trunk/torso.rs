//! How the torso stands under the head, in camera millimetres: from the head alone, and better with the body pose.
//!
//! Offsets of the mean body were fitted by least squares to rendered people of known geometry (training seeds of the
//! studio in `samples/studio`): a joint of the trunk is a fixed vector of the head plus a fixed vector of the
//! torso away from the eyes, because the neck bends between them.

use glam::{DMat3, DVec2, DVec3};

use crate::locate::body_pose::{BodyPose, LEFT_SHOULDER, RIGHT_SHOULDER};
use crate::locate::camera::Camera;
use crate::locate::{HeadPose, Shoulders};

/// From the eyes to the middle between the shoulder joints: part that turns with the head, part of the torso; mm.
const SHOULDERS_BY_HEAD: DVec3 = DVec3::new(0.0, 68.9, 93.9);
const SHOULDERS_BY_TORSO: DVec3 = DVec3::new(0.0, 158.9, 6.1);
/// The same for the middle of the neck's section just below the jaw.
const NECK_BY_HEAD: DVec3 = DVec3::new(0.0, 60.6, 88.6);
const NECK_BY_TORSO: DVec3 = DVec3::new(0.0, 43.8, 2.7);
/// From the middle between the shoulder joints to the pit between the collar bones, torso frame.
const PIT_BY_SHOULDERS: DVec3 = DVec3::new(0.0, -30.0, -53.0);
/// Half the distance between the shoulder joints.
const HALF_SHOULDERS_MM: f64 = 160.0;
/// The pose model's shoulders lie on the shoulder's top, this far above the joint.
const JOINT_BELOW_MM: f64 = 20.0;
/// Weight of the pose's shoulders against the mean body's.
const POSE_WEIGHT: f64 = 0.65;
/// Shoulders that are seen less surely do not count.
const LEAST_VISIBILITY: f64 = 0.5;
/// Largest turn of the torso away from the camera that is believed, radians.
const MOST_TURN: f64 = 1.2;

/// The torso under a head.
#[derive(Debug, Clone, Copy)]
pub struct Torso {
    /// Torso frame (x to the subject's left, y down, z to the back) to camera.
    pub rotation: DMat3,
    /// Middle between the shoulder joints, camera mm.
    pub middle_mm: DVec3,
    /// Half the distance between the shoulder joints.
    pub half_mm: f64,
    /// Middle of the neck's section just below the jaw, camera mm.
    pub neck_mm: DVec3,
    /// Pit between the collar bones, camera mm.
    pub pit_mm: DVec3,
    /// Lower of the shoulders' visibilities; 0 when only the head was used.
    pub visibility: f64,
}

/// Torso of a head, with the body's pose when there is a credible one.
pub fn torso(head: &HeadPose, camera: &Camera, body: Option<&BodyPose>) -> Torso {
    let seen = body.and_then(|b| Seen::of(b, camera, head));
    let rotation = upright(seen.as_ref());
    let from_head = |by_head: DVec3, by_torso: DVec3| {
        head.translation_mm + (head.rotation * by_head + rotation * by_torso) * head.size
    };
    let mut middle_mm = from_head(SHOULDERS_BY_HEAD, SHOULDERS_BY_TORSO);
    let mut half_mm = HALF_SHOULDERS_MM * head.size;
    if let Some(seen) = &seen {
        // The pose tells where in the picture; depth stays the head's.
        let at = camera.unproject((seen.left + seen.right) / 2.0, middle_mm.z)
            + rotation.y_axis * (JOINT_BELOW_MM * head.size);
        middle_mm = middle_mm.lerp(at, POSE_WEIGHT);
        let flat = rotation.x_axis.truncate().length().max(0.3);
        let span = seen.left.distance(seen.right) / camera.px_per_mm(middle_mm.z);
        let half = (span / flat / 2.0).clamp(0.75 * half_mm, 1.35 * half_mm);
        half_mm += (half - half_mm) * POSE_WEIGHT;
    }
    Torso {
        rotation,
        middle_mm,
        half_mm,
        neck_mm: from_head(NECK_BY_HEAD, NECK_BY_TORSO),
        pit_mm: middle_mm + rotation * PIT_BY_SHOULDERS * head.size,
        visibility: seen.map_or(0.0, |s| s.visibility),
    }
}

impl Torso {
    pub fn shoulders(&self, camera: &Camera) -> Shoulders {
        let reach = self.rotation.x_axis * self.half_mm;
        let (left_mm, right_mm) = (self.middle_mm + reach, self.middle_mm - reach);
        Shoulders {
            left: camera.project(left_mm),
            right: camera.project(right_mm),
            left_mm,
            right_mm,
            visibility: self.visibility,
        }
    }
}

/// Shoulders as the pose model sees them.
struct Seen {
    left: DVec2,
    right: DVec2,
    /// Turn of the torso to the subject's left, radians.
    turn: f64,
    visibility: f64,
}

impl Seen {
    /// `None` when a shoulder is doubtful or out of the frame, where the model only guesses.
    fn of(body: &BodyPose, camera: &Camera, head: &HeadPose) -> Option<Self> {
        let point = |i: usize| body.points.get(i).map(|p| p.truncate());
        let (left, right) = (point(LEFT_SHOULDER)?, point(RIGHT_SHOULDER)?);
        let visible = |i: usize| body.visibility.get(i).copied();
        let visibility = visible(LEFT_SHOULDER)?.min(visible(RIGHT_SHOULDER)?);
        let frame = camera.centre * 2.0;
        let inside = |p: DVec2| p.cmpge(DVec2::ZERO).all() && p.cmple(frame).all();
        if visibility < LEAST_VISIBILITY || !(inside(left) && inside(right)) {
            return None;
        }
        let across = *body.world.get(LEFT_SHOULDER)? - *body.world.get(RIGHT_SHOULDER)?;
        let span_mm = left.distance(right) / camera.px_per_mm(head.translation_mm.z + 100.0);
        let narrowing = (span_mm / (2.0 * HALF_SHOULDERS_MM * head.size)).min(1.0);
        // The model turns the torso with the head more than people do; shoulders that are seen at their full
        // width are not turned.
        let turn = across.z.atan2(across.x.abs());
        let turn = turn.signum() * turn.abs().min(narrowing.acos()).min(MOST_TURN);
        Some(Self {
            left,
            right,
            turn,
            visibility,
        })
    }
}

/// The torso's frame: upright in the picture but for half the shoulders' slope, turned as the shoulders are.
fn upright(seen: Option<&Seen>) -> DMat3 {
    let Some(seen) = seen else {
        return DMat3::IDENTITY;
    };
    let across = seen.left - seen.right;
    let slope = across.y.atan2(across.x.abs().max(1e-6)).clamp(-0.5, 0.5);
    DMat3::from_rotation_z(slope / 2.0) * DMat3::from_rotation_y(-seen.turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> HeadPose {
        HeadPose {
            rotation: DMat3::IDENTITY,
            translation_mm: DVec3::new(0.0, -100.0, 900.0),
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            size: 1.0,
        }
    }

    /// Shoulder tops of a torso turned by `turn` radians to the subject's left under [`head`].
    fn body(turn: f64, camera: &Camera) -> BodyPose {
        let torso = DMat3::from_rotation_y(-turn);
        let middle = head().translation_mm + SHOULDERS_BY_HEAD + torso * SHOULDERS_BY_TORSO
            - DVec3::Y * JOINT_BELOW_MM;
        let mut points = vec![DVec3::ZERO; 33];
        let mut world = vec![DVec3::ZERO; 33];
        for (i, side) in [(LEFT_SHOULDER, 1.0), (RIGHT_SHOULDER, -1.0)] {
            let reach = torso * DVec3::X * (HALF_SHOULDERS_MM * side);
            points[i] = camera.project(middle + reach).extend(0.0);
            world[i] = reach / 1000.0;
        }
        BodyPose {
            points,
            visibility: vec![1.0; 33],
            world,
            score: 1.0,
        }
    }

    #[test]
    fn a_mean_body_is_found_again() {
        let camera = Camera::new(1200.0, 1000, 1200);
        for turn in [0.0, 0.6, -0.6] {
            let found = torso(&head(), &camera, Some(&body(turn, &camera)));
            let x = DMat3::from_rotation_y(-turn).x_axis;
            assert!(
                found.rotation.x_axis.angle_between(x).to_degrees() < 6.0,
                "{turn}"
            );
            assert!(
                (found.half_mm - HALF_SHOULDERS_MM).abs() < 8.0,
                "{turn}: {}",
                found.half_mm
            );
            let alone = torso(&head(), &camera, None);
            assert!((found.middle_mm - alone.middle_mm).length() < 12.0, "{turn}");
        }
    }

    #[test]
    fn shoulders_out_of_the_frame_are_left_to_the_head() {
        let camera = Camera::new(1200.0, 300, 1200);
        let found = torso(&head(), &camera, Some(&body(0.0, &camera)));
        assert_eq!(found.visibility, 0.0);
        assert_eq!(found.half_mm, HALF_SHOULDERS_MM);
    }

    #[test]
    fn the_pit_lies_below_the_neck_and_in_front_of_the_shoulders() {
        let camera = Camera::new(1200.0, 1000, 1200);
        let t = torso(&head(), &camera, None);
        assert!(t.pit_mm.y > t.neck_mm.y + 50.0 && t.pit_mm.z < t.middle_mm.z - 40.0);
        let s = t.shoulders(&camera);
        assert!(s.left.x > s.right.x);
    }
}
