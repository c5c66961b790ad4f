//! What `parure locate --json` prints: the anatomy as one JSON object per photo.
//!
//! Keys are a contract with scripts: subject's left and right, pixels of the upright photo, origin top left.

use glam::{DVec2, DVec3};
use serde::{Serialize, Serializer};

use super::{Anatomy, Ear, Face, Finger, Hand, HandSide, HiddenBy, Light, Neck, Side, Sides, Wrist};

/// Everything found in one photo.
#[derive(Debug, Serialize)]
pub struct Report {
    pub photo: String,
    pub width: u32,
    pub height: u32,
    pub faces: Vec<FaceReport>,
    pub neck: Option<NeckReport>,
    pub hands: Vec<HandReport>,
    pub light: Option<LightReport>,
}

#[derive(Debug, Serialize)]
pub struct FaceReport {
    pub score: Number,
    /// x, y, width, height.
    #[serde(rename = "box")]
    pub bbox: [Number; 4],
    pub landmarks: Vec<[Number; 3]>,
    pub yaw_deg: Number,
    pub pitch_deg: Number,
    pub roll_deg: Number,
    pub px_per_mm: Number,
    pub ears: SidesReport<EarReport>,
}

#[derive(Debug, Serialize)]
pub struct SidesReport<T> {
    pub left: T,
    pub right: T,
}

#[derive(Debug, Serialize)]
pub struct EarReport {
    pub lobe: [Number; 2],
    pub px_per_mm: Number,
    pub visibility: Number,
    pub hidden_by: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct NeckReport {
    pub left: [Number; 2],
    pub right: [Number; 2],
    pub pit: [Number; 2],
    pub px_per_mm: Number,
}

#[derive(Debug, Serialize)]
pub struct HandReport {
    pub handedness: &'static str,
    pub score: Number,
    pub side: &'static str,
    pub landmarks: Vec<[Number; 3]>,
    pub px_per_mm: Number,
    pub fingers: FingersReport,
    pub wrist: WristReport,
}

#[derive(Debug, Serialize)]
pub struct FingersReport {
    pub thumb: FingerReport,
    pub index: FingerReport,
    pub middle: FingerReport,
    pub ring: FingerReport,
    pub pinky: FingerReport,
}

#[derive(Debug, Serialize)]
pub struct FingerReport {
    pub center: [Number; 2],
    pub axis: [Number; 2],
    pub width_px: Number,
    pub px_per_mm: Number,
    pub visibility: Number,
}

#[derive(Debug, Serialize)]
pub struct WristReport {
    pub center: [Number; 2],
    pub axis: [Number; 2],
    pub width_px: Number,
    pub px_per_mm: Number,
}

#[derive(Debug, Serialize)]
pub struct LightReport {
    /// Right, up, towards the camera.
    pub direction: [Number; 3],
    pub softness: Number,
    pub confidence: Number,
}

/// A number that is printed with at most four decimals, so that the lines stay readable and stable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rounded = (self.0 * 1e4).round() / 1e4;
        // −0 is no news.
        serializer.serialize_f64(if rounded == 0.0 { 0.0 } else { rounded })
    }
}

/// The report of one photo.
pub fn report(photo: &str, anatomy: &Anatomy) -> Report {
    Report {
        photo: photo.to_owned(),
        width: anatomy.width,
        height: anatomy.height,
        faces: anatomy.faces.iter().map(face).collect(),
        neck: anatomy.neck.as_ref().map(neck),
        hands: anatomy.hands.iter().map(hand).collect(),
        light: anatomy.light.as_ref().map(light),
    }
}

fn xy(p: DVec2) -> [Number; 2] {
    [Number(p.x), Number(p.y)]
}

fn xyz(p: DVec3) -> [Number; 3] {
    [Number(p.x), Number(p.y), Number(p.z)]
}

fn face(face: &Face) -> FaceReport {
    let b = face.bbox;
    let Sides { left, right } = &face.ears;
    FaceReport {
        score: Number(face.score),
        bbox: [b.x, b.y, b.width, b.height].map(Number),
        landmarks: face.landmarks.iter().copied().map(xyz).collect(),
        yaw_deg: Number(face.pose.yaw_deg),
        pitch_deg: Number(face.pose.pitch_deg),
        roll_deg: Number(face.pose.roll_deg),
        px_per_mm: Number(face.px_per_mm),
        ears: SidesReport {
            left: ear(left),
            right: ear(right),
        },
    }
}

fn ear(ear: &Ear) -> EarReport {
    EarReport {
        lobe: xy(ear.lobe),
        px_per_mm: Number(ear.px_per_mm),
        visibility: Number(ear.visibility),
        hidden_by: ear.hidden_by.map(|h| match h {
            HiddenBy::Hair => "hair",
            HiddenBy::Head => "head",
            HiddenBy::Frame => "frame",
        }),
    }
}

fn neck(neck: &Neck) -> NeckReport {
    NeckReport {
        left: xy(neck.left),
        right: xy(neck.right),
        pit: xy(neck.pit),
        px_per_mm: Number(neck.px_per_mm),
    }
}

fn hand(hand: &Hand) -> HandReport {
    let [thumb, index, middle, ring, pinky] = hand.fingers.each_ref().map(finger);
    HandReport {
        handedness: match hand.handedness {
            Side::Left => "left",
            Side::Right => "right",
        },
        score: Number(hand.score),
        side: match hand.side {
            HandSide::Back => "back",
            HandSide::Palm => "palm",
        },
        landmarks: hand.landmarks.iter().copied().map(xyz).collect(),
        px_per_mm: Number(hand.px_per_mm),
        fingers: FingersReport {
            thumb,
            index,
            middle,
            ring,
            pinky,
        },
        wrist: wrist(&hand.wrist),
    }
}

fn finger(finger: &Finger) -> FingerReport {
    FingerReport {
        center: xy(finger.center),
        axis: xy(finger.axis),
        width_px: Number(finger.width_px),
        px_per_mm: Number(finger.px_per_mm),
        visibility: Number(finger.visibility),
    }
}

fn wrist(wrist: &Wrist) -> WristReport {
    WristReport {
        center: xy(wrist.center),
        axis: xy(wrist.axis),
        width_px: Number(wrist.width_px),
        px_per_mm: Number(wrist.px_per_mm),
    }
}

fn light(light: &Light) -> LightReport {
    LightReport {
        direction: xyz(light.direction),
        softness: Number(light.softness),
        confidence: Number(light.confidence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let print = |v: f64| serde_json::to_string(&Number(v)).unwrap();
        assert_eq!(print(1.0 / 3.0), "0.3333");
        assert_eq!(print(-1e-9), "0.0");
        assert_eq!(print(512.25), "512.25");
        // JSON knows no infinity.
        assert_eq!(print(f64::INFINITY), "null");
    }

    #[test]
    fn an_empty_photo_has_every_key() {
        let anatomy = Anatomy {
            width: 3,
            height: 2,
            camera: super::super::camera::Camera::new(3.0, 3, 2),
            faces: Vec::new(),
            neck: None,
            shoulders: None,
            hands: Vec::new(),
            hands_at_neck: Vec::new(),
            person: None,
            light: None,
        };
        assert_eq!(
            serde_json::to_string(&report("a.png", &anatomy)).unwrap(),
            r#"{"photo":"a.png","width":3,"height":2,"faces":[],"neck":null,"hands":[],"light":null}"#
        );
    }
}
