//! Where a hand's skin lies: capsules along its bones, the palm, and the forearm.

use glam::DVec2;

use crate::locate::Hand;

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
pub(super) struct HandZone {
    capsules: Vec<(DVec2, DVec2, f64)>,
    palm: Vec<DVec2>,
    forearm: (DVec2, DVec2, f64),
    pub centre: DVec2,
    pub side: f64,
}

impl HandZone {
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

    /// Distance from the hand's bones in half widths: 0 on a bone or in the palm, 1 at the silhouette.
    pub fn hand(&self, p: DVec2) -> f64 {
        if contains(&self.palm, p) {
            return 0.0;
        }
        let mut least = f64::INFINITY;
        for (a, b, half) in &self.capsules {
            least = least.min(distance(p, *a, *b) / half.max(0.5));
        }
        for pair in self.palm.windows(2) {
            let half = self.forearm.2 * 0.35;
            least = least.min(distance(p, pair[0], pair[1]) / half.max(0.5));
        }
        least
    }

    /// The same for the forearm.
    pub fn forearm(&self, p: DVec2) -> f64 {
        let (a, b, half) = self.forearm;
        distance(p, a, b) / half.max(0.5)
    }
}

fn distance(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    let ab = b - a;
    let t = ((p - a).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a + ab * t)
}

fn contains(polygon: &[DVec2], p: DVec2) -> bool {
    let mut inside = false;
    for (a, b) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
        if (a.y <= p.y) != (b.y <= p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x) {
            inside = !inside;
        }
    }
    inside
}
