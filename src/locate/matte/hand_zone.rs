//! Where a hand's skin lies: capsules along its bones, the palm, and the forearm.

use glam::DVec2;

use crate::locate::Hand;
use crate::polygon::{contains, from_segment};

/// Joints of each finger from its root to its tip.
const FINGERS: [[usize; 4]; 5] = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
    [13, 14, 15, 16],
    [17, 18, 19, 20],
];
/// The palm's outline.
const PALM: [usize; 6] = [0, 1, 5, 9, 13, 17];

/// Bones with their half widths, pixels.
pub struct HandZone {
    capsules: Vec<(DVec2, DVec2, f64)>,
    palm: Vec<DVec2>,
    forearm: (DVec2, DVec2, f64),
    /// Middle and side of the upright square around hand and forearm, pixels.
    pub centre: DVec2,
    pub side: f64,
}

impl HandZone {
    /// `None` when the hand's points are not all there.
    pub fn of(hand: &Hand) -> Option<Self> {
        let point = |i: usize| hand.landmarks.get(i).map(|p| p.truncate());
        let mut capsules = Vec::new();
        for (joints, finger) in FINGERS.iter().zip(&hand.fingers) {
            let half = finger.width_px / 2.0;
            for (k, pair) in joints.windows(2).enumerate() {
                // Fingers narrow towards the tip.
                capsules.push((
                    point(pair[0])?,
                    point(pair[1])?,
                    half * [1.0, 0.92, 0.8][k.min(2)],
                ));
            }
        }
        let palm = PALM.iter().map(|&i| point(i)).collect::<Option<Vec<_>>>()?;
        let wrist = hand.wrist;
        let reach = 1.5 * wrist.width_px;
        let forearm = (
            wrist.center + wrist.axis * wrist.width_px * 0.7,
            wrist.center - wrist.axis * reach,
            wrist.width_px / 2.0,
        );
        let (mut low, mut high) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
        for p in capsules.iter().flat_map(|c| [c.0, c.1]).chain([forearm.1]) {
            low = low.min(p);
            high = high.max(p);
        }
        let side = (high - low).max_element() + 2.0 * wrist.width_px;
        let zone = Self {
            capsules,
            palm,
            forearm,
            centre: (low + high) / 2.0,
            side,
        };
        (side.is_finite() && side > 4.0 && zone.centre.is_finite()).then_some(zone)
    }

    /// One bone with its half width and no more.
    #[cfg(test)]
    pub fn bone(a: DVec2, b: DVec2, half: f64) -> Self {
        Self {
            capsules: vec![(a, b, half)],
            palm: Vec::new(),
            forearm: (a, b, half),
            centre: (a + b) / 2.0,
            side: a.distance(b) + 4.0 * half,
        }
    }

    /// Distance from the hand's bones in half widths: 0 on a bone or in the palm, 1 at the silhouette.
    pub fn hand(&self, p: DVec2) -> f64 {
        if contains(&self.palm, p) {
            return 0.0;
        }
        let mut least = f64::INFINITY;
        for (a, b, half) in &self.capsules {
            least = least.min(from_segment(p, *a, *b) / half.max(0.5));
        }
        for pair in self.palm.windows(2) {
            let half = self.forearm.2 * 0.35;
            least = least.min(from_segment(p, pair[0], pair[1]) / half.max(0.5));
        }
        least
    }

    /// The same for the forearm.
    pub fn forearm(&self, p: DVec2) -> f64 {
        let (a, b, half) = self.forearm;
        from_segment(p, a, b) / half.max(0.5)
    }
}
