//! Closed polygons in the plane, by their corners; the last joins the first.

use glam::DVec2;

/// Sides, each from one corner to the next.
pub fn sides(polygon: &[DVec2]) -> impl Iterator<Item = (DVec2, DVec2)> {
    polygon
        .iter()
        .copied()
        .zip(polygon.iter().copied().cycle().skip(1))
}

/// Where the border crosses the level `y`, side by side.
fn crossed(polygon: &[DVec2], y: f64) -> impl Iterator<Item = f64> {
    sides(polygon)
        .filter(move |(a, b)| (a.y <= y) != (b.y <= y))
        .map(move |(a, b)| a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
}

/// Where the border crosses the level `y`, ascending: inside lies between the first and the second, and so on.
pub fn crossings(polygon: &[DVec2], y: f64) -> Vec<f64> {
    let mut out: Vec<f64> = crossed(polygon, y).collect();
    out.sort_by(f64::total_cmp);
    out
}

/// Whether a point lies inside (even-odd rule).
pub fn contains(polygon: &[DVec2], p: DVec2) -> bool {
    crossed(polygon, p.y).filter(|x| *x > p.x).count() % 2 == 1
}

/// Distance from a segment.
pub fn from_segment(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    let ab = b - a;
    let t = ((p - a).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a + ab * t)
}

/// Distance from the border, inside and outside alike; infinite without corners.
pub fn from_border(polygon: &[DVec2], p: DVec2) -> f64 {
    sides(polygon)
        .map(|(a, b)| from_segment(p, a, b))
        .fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_and_distance_of_a_notched_square() {
        // 10 × 10 with a notch from above down to (5, 4).
        let corners = [
            (0.0, 0.0),
            (4.0, 0.0),
            (5.0, 4.0),
            (6.0, 0.0),
            (10.0, 0.0),
            (10.0, 10.0),
            (0.0, 10.0),
        ];
        let polygon = corners.map(|(x, y)| DVec2::new(x, y));
        for (x, y, inside) in [
            (2.0, 2.0, true),
            (5.0, 2.0, false),
            (5.0, 5.0, true),
            (11.0, 5.0, false),
            (5.0, -1.0, false),
        ] {
            assert_eq!(contains(&polygon, DVec2::new(x, y)), inside, "{x} {y}");
        }
        assert_eq!(crossings(&polygon, 2.0), [0.0, 4.5, 5.5, 10.0]);
        assert_eq!(from_border(&polygon, DVec2::new(3.0, 9.0)), 1.0);
        assert_eq!(from_border(&polygon, DVec2::new(13.0, 14.0)), 5.0);
        assert_eq!(from_border(&[], DVec2::ZERO), f64::INFINITY);
    }
}
