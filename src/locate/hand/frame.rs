//! Directions and scale of a hand from its landmarks.
//!
//! Everything is read from the image landmarks with their z: against rendered hands of known geometry their
//! directions are steady to about 4°, while the model's metric world landmarks wander by ten times as much and
//! their size by 9 % (the size of the palm in the image landmarks: 2 %). What is steadily off is taken out by the
//! offsets below, which were fitted on rendered left and right hands seen from the back.

use glam::{DVec2, DVec3};

use super::detect::RawHand;
use crate::locate::{FingerName, HandSide, Side};

/// Wrist, base of the thumb, and the four knuckles: rigid to each other however the fingers bend.
const PALM: [usize; 6] = [0, 1, 5, 9, 13, 17];
/// Root of the summed squared distances of the [`PALM`] points from their mean in an adult hand 180 mm long.
const PALM_SPREAD_MM: f64 = 87.3;

/// Offsets of anatomy against landmarks in the hand's own frame, degrees, for a hand seen from the back.
struct Offset {
    /// Turn of the axis towards the back of the hand.
    pitch: f64,
    /// Turn of the dorsal direction about the axis towards the little finger.
    roll: f64,
}

const FINGER_OFFSETS: [Offset; 5] = [
    Offset {
        pitch: -10.0,
        roll: 0.0,
    },
    Offset {
        pitch: -6.0,
        roll: -15.0,
    },
    Offset {
        pitch: -16.0,
        roll: -11.0,
    },
    Offset {
        pitch: -11.0,
        roll: -8.0,
    },
    Offset {
        pitch: -12.0,
        roll: -5.0,
    },
];
const WRIST_OFFSET: Offset = Offset {
    pitch: 11.0,
    roll: -13.0,
};
/// What a hand seen from the palm adds to every offset, degrees.
const PALM_OFFSET: Offset = Offset {
    pitch: 10.0,
    roll: 12.0,
};

/// Index of a finger's first point (the thumb's: base of its metacarpal).
pub fn first_point(name: FingerName) -> usize {
    1 + 4 * (name as usize)
}

/// Ends of the phalanx that carries a ring: indices of the points nearer to the palm and nearer to the tip.
pub fn ring_phalanx(name: FingerName) -> (usize, usize) {
    let knuckle = first_point(name) + usize::from(name == FingerName::Thumb);
    (knuckle, knuckle + 1)
}

/// A limb's direction and which way its back looks, camera frame (x right, y down, z away), unit and orthogonal.
#[derive(Debug, Clone, Copy)]
pub struct Directions {
    pub axis: DVec3,
    pub dorsal: DVec3,
}

/// Palm-wide facts of a hand.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub handedness: Side,
    pub side: HandSide,
    /// At the palm's middle.
    pub px_per_mm: f64,
    /// Unit direction out of the back of the hand.
    pub dorsal: DVec3,
    /// Mean z of the palm's points, pixels.
    palm_z: f64,
    focal_px: f64,
}

impl Frame {
    /// `None` when the palm's points coincide or are not finite.
    pub fn of(hand: &RawHand, focal_px: f64) -> Option<Self> {
        let handedness = if hand.right > 0.5 { Side::Right } else { Side::Left };
        let points = PALM.map(|k| hand.landmarks.get(k).copied().unwrap_or_default());
        let mean = points.iter().sum::<DVec3>() / PALM.len() as f64;
        let spread = points
            .iter()
            .map(|p| p.distance_squared(mean))
            .sum::<f64>()
            .sqrt();
        let [wrist, _, index, _, _, pinky] = points;
        let normal = (index - wrist).cross(pinky - wrist) * mirror(handedness);
        let dorsal = normal.try_normalize()?;
        (spread.is_finite() && spread > 0.0).then_some(Self {
            handedness,
            side: if dorsal.z <= 0.0 {
                HandSide::Back
            } else {
                HandSide::Palm
            },
            px_per_mm: spread / PALM_SPREAD_MM,
            dorsal,
            palm_z: mean.z,
            focal_px,
        })
    }

    /// Scale at landmark depth `z` pixels. Perspective asks for 1 / (1 + Δz / f); half of Δz is believed, as the
    /// landmarks' z is too noisy for more.
    pub fn px_per_mm_at(&self, z: f64) -> f64 {
        let nearer = 0.5 * (z - self.palm_z) / self.focal_px;
        self.px_per_mm / (1.0 + nearer.clamp(-0.2, 0.2))
    }

    /// Directions of the phalanx that carries a ring.
    pub fn finger(&self, hand: &RawHand, name: FingerName) -> Option<Directions> {
        let (from, to) = ring_phalanx(name);
        let along = *hand.landmarks.get(to)? - *hand.landmarks.get(from)?;
        let offset = FINGER_OFFSETS.get(name as usize)?;
        if name != FingerName::Thumb {
            return self.directions(along, self.dorsal, offset);
        }
        // The thumb stands about a quarter turn from the palm: its back looks away from the index finger's base.
        let index = *hand.landmarks.get(5)? - *hand.landmarks.get(from)?;
        let back = self.dorsal * 0.5 - index.normalize_or_zero() * 0.87;
        self.directions(along, back, offset)
    }

    /// Directions of the forearm at the wrist, were the wrist straight.
    pub fn forearm(&self, hand: &RawHand) -> Option<Directions> {
        let knuckles = [5, 9, 13, 17].map(|k| hand.landmarks.get(k).copied().unwrap_or_default());
        let along = knuckles.iter().sum::<DVec3>() / 4.0 - *hand.landmarks.first()?;
        self.directions(along, self.dorsal, &WRIST_OFFSET)
    }

    /// Direction towards the little finger's side.
    pub fn ulnar(&self, of: &Directions) -> DVec3 {
        of.dorsal.cross(of.axis) * mirror(self.handedness)
    }

    fn directions(&self, along: DVec3, back: DVec3, offset: &Offset) -> Option<Directions> {
        let axis = along.try_normalize()?;
        let dorsal = back.reject_from_normalized(axis).try_normalize()?;
        let ulnar = dorsal.cross(axis) * mirror(self.handedness);
        let palm = (1.0 + self.dorsal.z) / 2.0;
        let (sp, cp) = (offset.pitch + palm * PALM_OFFSET.pitch).to_radians().sin_cos();
        let (sr, cr) = (offset.roll + palm * PALM_OFFSET.roll).to_radians().sin_cos();
        let pitched = axis * cp + dorsal * sp;
        let up = dorsal * cp - axis * sp;
        Some(Directions {
            axis: pitched,
            dorsal: up * cr + ulnar * sr,
        })
    }
}

/// A right hand is a left one mirrored: the sign of every cross product turns.
fn mirror(handedness: Side) -> f64 {
    match handedness {
        Side::Left => 1.0,
        Side::Right => -1.0,
    }
}

/// Gives a 3D direction the picture direction `axis` (unit) that the silhouette shows, keeping its slope towards
/// or away from the camera.
pub fn with_picture_axis(directions: Directions, axis: DVec2) -> Directions {
    let slope = directions.axis.z.clamp(-1.0, 1.0);
    let axis3d = (axis * (1.0 - slope * slope).sqrt()).extend(slope);
    let dorsal = directions.dorsal.reject_from_normalized(axis3d);
    Directions {
        axis: axis3d,
        dorsal: dorsal.try_normalize().unwrap_or(directions.dorsal),
    }
}
