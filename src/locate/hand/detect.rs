//! From a photograph to the 21 landmarks of each hand in it.

use std::f64::consts::{FRAC_PI_2, PI};

use glam::{DVec2, DVec3};

use crate::imaging::Photo;
use crate::infer::{Engine, InferError, ModelId};
use crate::locate::crop::{Border, Roi, Shrink, ValueRange, crop};
use crate::locate::outputs::Outputs;
use crate::locate::project::{rotation, to_photo};
use crate::locate::ssd::{Detection, PALM, detect};

/// Points of a hand: wrist, then four per finger from the palm to the tip, thumb first.
pub const POINTS: usize = 21;
/// Presence below which a crop holds no hand.
const PRESENCE: f64 = 0.5;
/// The same for palms that only a turned or zoomed second look found: those passes see more false palms.
const PRESENCE_SECOND_LOOK: f64 = 0.8;
/// More hands than this in one photograph are not looked at.
const MOST_HANDS: usize = 4;
/// Input side of the landmark model.
const INPUT: usize = 224;

/// A hand as the landmark model tells it.
#[derive(Debug, Clone)]
pub struct RawHand {
    /// Palm score times landmark presence.
    pub score: f64,
    /// Probability that it is the subject's right hand.
    pub right: f64,
    /// Pixels; z at the same scale, relative to the wrist, smaller is nearer.
    pub landmarks: Vec<DVec3>,
    /// Millimetres, camera axes, origin at the hand's centre.
    pub world_mm: Vec<DVec3>,
}

/// All hands of a photograph, surest first. When a plain look finds none, turned and zoomed ones follow.
///
/// # Errors
/// When a model cannot be run.
pub fn find(photo: &Photo, engine: &dyn Engine) -> Result<Vec<RawHand>, InferError> {
    let whole = Roi::letterbox(photo.width(), photo.height());
    let first = look(photo, engine, &whole, PRESENCE)?;
    if !first.is_empty() {
        return Ok(first);
    }
    for roi in second_looks(&whole) {
        let found = look(photo, engine, &roi, PRESENCE_SECOND_LOOK)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The sure hands of an upright square of a photograph, by one plain look.
///
/// # Errors
/// When a model cannot be run.
pub fn find_in(
    photo: &Photo,
    engine: &dyn Engine,
    centre: DVec2,
    side: f64,
) -> Result<Vec<RawHand>, InferError> {
    look(
        photo,
        engine,
        &Roi::square(centre, side, 0.0),
        PRESENCE_SECOND_LOOK,
    )
}

/// The palm detector knows upright hands of medium size best: quarter turns of the whole picture, then a
/// three by three grid of half-size tiles for small hands.
fn second_looks(whole: &Roi) -> Vec<Roi> {
    let turned = [PI, FRAC_PI_2, -FRAC_PI_2].map(|turn| Roi {
        rotation: turn,
        ..*whole
    });
    let side = whole.size / 2.0;
    let tiles = (0..9).map(|k| {
        let cell = DVec2::new(f64::from(k % 3 - 1), f64::from(k / 3 - 1));
        Roi {
            centre: whole.centre + cell * side / 2.0,
            size: side,
            rotation: 0.0,
        }
    });
    turned.into_iter().chain(tiles).collect()
}

fn look(photo: &Photo, engine: &dyn Engine, roi: &Roi, presence: f64) -> Result<Vec<RawHand>, InferError> {
    let palms = detect(&photo.pixels, engine, &PALM, roi, Shrink::Smooth)?;
    let mut hands: Vec<RawHand> = Vec::new();
    for palm in palms.iter().take(MOST_HANDS) {
        let Some(region) = hand_region(palm, roi.rotation) else {
            continue;
        };
        let (hand, present) = landmarks(photo, engine, &region, palm.score)?;
        if present >= presence && !hands.iter().any(|h| same_hand(h, &hand)) {
            hands.push(hand);
        }
    }
    hands.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(hands)
}

/// Square around the whole hand, turned so that the hand points up: the palm's box grown 2.6 times after a
/// shift of half its height towards the fingers (MediaPipe's hand rectangle).
fn hand_region(palm: &Detection, looked_at: f64) -> Option<Roi> {
    let (wrist, knuckle) = (palm.keypoints.first()?, palm.keypoints.get(2)?);
    let turn = rotation(*wrist, *knuckle, FRAC_PI_2);
    // In a turned look the box's corners come back turned with it; its sides do not change.
    let size = DVec2::from_angle(-looked_at).rotate(palm.size()).abs();
    let towards_fingers = DVec2::from_angle(turn).rotate(DVec2::new(0.0, -0.5 * size.y));
    let side = 2.6 * size.max_element();
    (side.is_finite() && side >= 1.0).then(|| Roi::square(palm.centre() + towards_fingers, side, turn))
}

/// Runs the landmark model on `region`; also gives the presence score.
fn landmarks(
    photo: &Photo,
    engine: &dyn Engine,
    region: &Roi,
    palm_score: f64,
) -> Result<(RawHand, f64), InferError> {
    let input = crop(
        &photo.pixels,
        region,
        INPUT,
        Border::Replicate,
        ValueRange::Unit,
        Shrink::Smooth,
    );
    let outputs = Outputs::new(ModelId::Hand, engine.run(ModelId::Hand, input)?);
    let points = |name: &str| -> Result<Vec<DVec3>, InferError> {
        let raw = outputs.get(name, POINTS * 3)?;
        Ok(raw
            .chunks_exact(3)
            .map(|p| DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2])))
            .collect())
    };
    // The model's z is squeezed to 0.4 of x and y.
    let unit = |p: DVec3| DVec3::new(p.x, p.y, p.z / 0.4) / INPUT as f64;
    let landmarks = points("Identity")?
        .into_iter()
        .map(|p| to_photo(region, unit(p)))
        .collect();
    let turn = DVec2::from_angle(region.rotation);
    let world = points("Identity_3")?;
    let world_mm = world
        .into_iter()
        .map(|p| turn.rotate(p.truncate()).extend(p.z) * 1000.0)
        .collect();
    let present = f64::from(outputs.scalar("Identity_1")?);
    let right = f64::from(outputs.scalar("Identity_2")?);
    Ok((
        RawHand {
            score: palm_score * present,
            right,
            landmarks,
            world_mm,
        },
        present,
    ))
}

/// Whether two finds are one hand: their points lie closer to each other than a fifth of the hand's extent.
fn same_hand(a: &RawHand, b: &RawHand) -> bool {
    let pairs = a.landmarks.iter().zip(&b.landmarks);
    let apart = pairs
        .map(|(p, q)| p.truncate().distance(q.truncate()))
        .sum::<f64>()
        / POINTS as f64;
    apart < 0.2 * extent(a)
}

fn extent(hand: &RawHand) -> f64 {
    let (mut lo, mut hi) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    for p in &hand.landmarks {
        lo = lo.min(p.truncate());
        hi = hi.max(p.truncate());
    }
    (hi - lo).max_element()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upright() -> Detection {
        Detection {
            score: 0.9,
            min: DVec2::new(80.0, 100.0),
            max: DVec2::new(120.0, 150.0),
            keypoints: vec![DVec2::new(100.0, 150.0), DVec2::ZERO, DVec2::new(100.0, 110.0)],
        }
    }

    #[test]
    fn region_of_an_upright_palm_by_hand() {
        let roi = hand_region(&upright(), 0.0).unwrap();
        // Box 40 × 50 around (100, 125): shifted up by 25, side 2.6 × 50.
        assert!((roi.centre - DVec2::new(100.0, 100.0)).length() < 1e-9);
        assert!((roi.size - 130.0).length() < 1e-9);
        assert!(roi.rotation.abs() < 1e-9);
    }

    #[test]
    fn region_turns_with_the_palm() {
        // The same palm lying on its side, fingers to the right: everything turned clockwise by 90° about (0, 0).
        let turn = |p: DVec2| DVec2::new(-p.y, p.x);
        let up = upright();
        let lying = Detection {
            score: 0.9,
            min: turn(up.min),
            max: turn(up.max),
            keypoints: up.keypoints.iter().map(|k| turn(*k)).collect(),
        };
        let (a, b) = (
            hand_region(&up, 0.0).unwrap(),
            hand_region(&lying, FRAC_PI_2).unwrap(),
        );
        assert!((turn(a.centre) - b.centre).length() < 1e-9);
        assert!((a.size - b.size).length() < 1e-9);
        assert!((b.rotation - FRAC_PI_2).abs() < 1e-9);
    }

    #[test]
    fn second_looks_cover_the_picture() {
        let looks = second_looks(&Roi::letterbox(1600, 900));
        assert_eq!(looks.len(), 12);
        // Every point of the letterboxed square lies in at least one tile.
        for k in 0..100 {
            let p = DVec2::new(f64::from(k % 10), f64::from(k / 10)) * 160.0 + DVec2::new(1.0, -349.0);
            let inside =
                |r: &Roi| (0.0..=1.0).contains(&r.to_unit(p).x) && (0.0..=1.0).contains(&r.to_unit(p).y);
            assert!(looks[3..].iter().any(inside), "{p}");
        }
    }
}
