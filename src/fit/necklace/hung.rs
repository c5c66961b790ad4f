//! The chain at rest on the body, as a curve that can be asked for place, surface and visibility.

use std::f64::consts::PI;

use glam::DVec3;

use super::rope::{Rope, Settle};
use crate::curve::{self, Curve};
use crate::locate::body::Body;

/// A chain that hangs around the neck. Arc length runs in mm from the nape over the subject's right side, the front
/// (half the length) and the left side back to the nape.
pub struct Hung {
    /// Camera mm.
    pub curve: Curve<DVec3>,
    /// Per point of `curve`: outward normal of the skin below, camera frame.
    normals: Vec<DVec3>,
    /// Per point: distance of the centre line from the skin, mm.
    above: Vec<f64>,
    /// Per point: how much of it the body leaves in sight, see [`cover`].
    cover: Vec<f64>,
}

/// What is hung.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    pub length_mm: f64,
    /// Half the thickness that keeps the centre line off the skin.
    pub radius_mm: f64,
    /// Weight that hangs at the middle, as the length of chain that weighs as much.
    pub pendant_mm: f64,
}

/// Chain on skin: low, since a worn chain is shaken into place.
const FRICTION: f64 = 0.1;
/// Height of the nape, where a chain is worn, above the shoulder joints, mm: mean over rendered bodies on which a
/// chain was let fall (seven training seeds of the studio: six at 95 to 112 mm, one at 68 mm under hair). It hardly changes with the neck's pose.
const NAPE_MM: f64 = 99.0;
/// Highest nape, as a share of the neck centre's height above the shoulders.
const HIGHEST_NAPE: f64 = 0.95;
/// Share of the chain to either side of the nape that stays where it was laid. The weight of the front presses it
/// against the neck, hair and skin hold it; a rope that may slide there creeps down the back and pulls the front up.
const HELD: f64 = 0.05;
/// Points between two particles of the rope.
const FINER: usize = 4;
/// A chain that sinks less than this into the stand-in for the body lies on the skin all the same, mm; beyond, it vanishes
/// behind the outline over [`EDGE_MM`]: a clean edge, no fading.
const SUNK_MM: f64 = 1.0;
const EDGE_MM: f64 = 0.4;

/// Along the chain, mm, the skin's height and normal are known no better than this: where the stand-in for the body
/// turns from neck to torso they would jump, and the shadow would fork.
const SMOOTH_MM: f64 = 8.0;

/// The chain is too short to go around the neck: how long it would have to be, mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooShort {
    pub needed_mm: f64,
}

/// Lays the chain around the neck and lets it come to rest.
///
/// # Errors
/// [`TooShort`].
pub fn hang(body: &Body, chain: &Chain) -> Result<Hung, TooShort> {
    let start = start(body, chain)?;
    let mut rope = Rope::along(&start, true, chain.length_mm);
    // A camera is seldom level to the degree and a torso seldom upright: what the shoulders tell is nearer to the truth
    // than the picture's frame.
    let settle = Settle {
        down: DVec3::NEG_Z,
        radius: chain.radius_mm,
        friction: FRICTION,
    };
    rope.settle(body, &settle, |place, segment_mm| {
        if place.min(1.0 - place) <= HELD {
            return 0.0;
        }
        // The pendant's weight is shared by the two particles that the middle lies between.
        let near = (1.0 - (place - 0.5).abs() * chain.length_mm / segment_mm).max(0.0);
        1.0 / (1.0 + near * chain.pendant_mm / segment_mm)
    });
    Ok(Hung::new(body, &rope))
}

/// A loop on the skin from the nape down to the front, as long as the chain: where it rests is not far.
fn start(body: &Body, chain: &Chain) -> Result<Vec<DVec3>, TooShort> {
    let top = NAPE_MM.min(HIGHEST_NAPE * body.neck_height());
    let around = |front: f64| -> Vec<DVec3> {
        (0..96)
            .map(|i| {
                let turn = f64::from(i) / 96.0 * 2.0 * PI;
                let height = top + (front - top) * (1.0 - turn.cos()) / 2.0;
                body.skin(PI - turn, height, chain.radius_mm)
            })
            .collect()
    };
    let length = |front: f64| curve::length(&around(front), true);
    // The shortest way around the neck, then down from there.
    let heights: Vec<f64> = (0..24).map(|i| top + 20.0 - 6.0 * f64::from(i)).collect();
    let tightest = heights
        .iter()
        .copied()
        .min_by(|a, b| length(*a).total_cmp(&length(*b)))
        .unwrap_or(top);
    let needed_mm = length(tightest);
    if needed_mm > chain.length_mm * 1.01 {
        return Err(TooShort { needed_mm });
    }
    let (mut low, mut high) = (-400.0, tightest);
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        if length(middle) > chain.length_mm {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(around(high))
}

impl Hung {
    fn new(body: &Body, rope: &Rope) -> Self {
        let fine = refine(&rope.points);
        let skin: Vec<(f64, DVec3)> = fine.iter().map(|p| body.distance(*p)).collect();
        let points: Vec<DVec3> = fine.iter().map(|p| body.to_camera(*p)).collect();
        let cover = points.iter().map(|p| cover(body, *p)).collect();
        Self {
            normals: smooth(
                skin.iter().map(|(_, n)| body.direction_to_camera(*n)).collect(),
                &rope.points,
            ),
            above: smooth(skin.iter().map(|(d, _)| *d).collect(), &rope.points),
            cover,
            curve: Curve::closed(points),
        }
    }

    pub fn length(&self) -> f64 {
        self.curve.length()
    }

    pub fn at(&self, s: f64) -> DVec3 {
        self.curve.at(s)
    }

    /// Unit direction of the chain.
    pub fn tangent(&self, s: f64) -> DVec3 {
        self.curve.chord(s, 1.5).normalize_or(DVec3::X)
    }

    pub fn normal(&self, s: f64) -> DVec3 {
        self.curve.value_at(&self.normals, s).normalize_or(DVec3::NEG_Z)
    }

    pub fn above(&self, s: f64) -> f64 {
        self.curve.value_at(&self.above, s)
    }

    /// In sight, see [`cover`].
    pub fn cover(&self, s: f64) -> f64 {
        self.curve.value_at(&self.cover, s)
    }

    /// Arc length of the lowest point in the picture's vertical.
    pub fn lowest(&self) -> f64 {
        let points = self.curve.points();
        let lowest = (0..points.len()).max_by(|a, b| points[*a].y.total_cmp(&points[*b].y));
        self.curve.arc(lowest.unwrap_or(0))
    }
}

/// How much of a point (camera mm) is in sight: 0 and less behind the body, 1 and more in front of it. It goes on evenly
/// beyond both, so that between two points the edge lies where it belongs.
pub fn cover(body: &Body, p: DVec3) -> f64 {
    1.0 + (body.clearance(p) + SUNK_MM) / EDGE_MM
}

/// Catmull–Rom points between the particles of a closed rope, which first lose what unevenness the contacts left.
fn refine(points: &[DVec3]) -> Vec<DVec3> {
    let n = points.len();
    let smooth: Vec<DVec3> = (0..n)
        .map(|i| (points[(i + n - 1) % n] + points[i] * 2.0 + points[(i + 1) % n]) / 4.0)
        .collect();
    let mut out = Vec::with_capacity(n * FINER);
    for i in 0..n {
        let [a, b, c, d] = [n - 1, 0, 1, 2].map(|k| smooth[(i + k) % n]);
        for k in 0..FINER {
            let t = k as f64 / FINER as f64;
            let (t2, t3) = (t * t, t * t * t);
            let (m0, m1) = ((c - a) / 2.0, (d - b) / 2.0);
            out.push(
                b * (2.0 * t3 - 3.0 * t2 + 1.0)
                    + m0 * (t3 - 2.0 * t2 + t)
                    + c * (3.0 * t2 - 2.0 * t3)
                    + m1 * (t3 - t2),
            );
        }
    }
    out
}

/// Values along a closed chain, averaged over [`SMOOTH_MM`], a standard deviation.
fn smooth<V: curve::Point>(mut values: Vec<V>, particles: &[DVec3]) -> Vec<V> {
    let n = values.len();
    let step = curve::length(particles, true) / n.max(1) as f64;
    // Each round of the binomial filter adds half a squared step to the variance.
    let rounds = (2.0 * (SMOOTH_MM / step.max(0.1)).powi(2)).ceil() as usize;
    for _ in 0..rounds {
        let next = |i: usize| (values[(i + n - 1) % n] + values[i] * 2.0 + values[(i + 1) % n]) * 0.25;
        values = (0..n).map(next).collect();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_spread_by_as_much_as_is_said() {
        let particles: Vec<DVec3> = (0..100)
            .map(|i| (f64::from(i) / 100.0 * 2.0 * PI).sin_cos())
            .map(|(s, c)| DVec3::new(c, s, 0.0) * 60.0)
            .collect();
        let step = curve::length(&particles, true) / 400.0;
        let mut spike = vec![0.0; 400];
        spike[200] = 1.0;
        let spread = smooth(spike, &particles);
        let off = |i: usize| (i as f64 - 200.0) * step;
        let sum: f64 = spread.iter().sum();
        let variance: f64 = spread.iter().enumerate().map(|(i, v)| v * off(i).powi(2)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert!((variance.sqrt() - SMOOTH_MM).abs() < 0.1, "{}", variance.sqrt());
    }
}
