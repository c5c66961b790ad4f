//! What the head hides of an earring: the far one passes behind the cheek and the jaw.

use glam::DVec2;

use crate::locate::Face;

/// Mesh points of the face's outline, from the middle of the forehead over the left temple and the chin back.
#[rustfmt::skip]
const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
    150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// The mesh's outline lies within the cheek's by up to this much, mm; across it the earring fades.
const EDGE_MM: f64 = 0.6;

/// The face as a shield: ears lie behind all of its outline, so that whatever hangs from one and is seen inside the
/// outline is behind the face.
#[derive(Debug, Clone, Default)]
pub struct Head {
    outline: Vec<DVec2>,
}

impl Head {
    /// Without a mesh nothing is hidden.
    pub fn new(face: &Face) -> Self {
        let points = OVAL.iter().map(|&i| face.landmarks.get(i).map(|p| p.truncate()));
        Self {
            outline: points.collect::<Option<_>>().unwrap_or_default(),
        }
    }

    /// How much of a point seen at `p` pixels the face hides, 0..=1.
    pub fn hides(&self, p: DVec2, px_per_mm: f64) -> f64 {
        if self.outline.len() < 3 {
            return 0.0;
        }
        let mut inside = false;
        let mut nearest = f64::INFINITY;
        let next = self.outline.iter().cycle().skip(1);
        for (a, b) in self.outline.iter().zip(next) {
            if (a.y <= p.y) != (b.y <= p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x) {
                inside = !inside;
            }
            let d = *b - *a;
            let t = ((p - *a).dot(d) / d.length_squared().max(1e-12)).clamp(0.0, 1.0);
            nearest = nearest.min(p.distance_squared(*a + d * t));
        }
        let depth_mm = nearest.sqrt() / px_per_mm * if inside { 1.0 } else { -1.0 };
        (0.5 + depth_mm / (2.0 * EDGE_MM)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Head {
        let corner = |x: f64, y: f64| DVec2::new(x, y);
        Head {
            outline: vec![
                corner(10.0, 10.0),
                corner(30.0, 10.0),
                corner(30.0, 40.0),
                corner(10.0, 40.0),
            ],
        }
    }

    #[test]
    fn inside_is_hidden_outside_is_seen_and_the_edge_is_soft() {
        let head = square();
        assert_eq!(head.hides(DVec2::new(20.0, 25.0), 2.0), 1.0);
        assert_eq!(head.hides(DVec2::new(5.0, 25.0), 2.0), 0.0);
        assert_eq!(head.hides(DVec2::new(20.0, 45.0), 2.0), 0.0);
        assert!((head.hides(DVec2::new(30.0, 25.0), 2.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn without_a_mesh_nothing_is_hidden() {
        assert_eq!(Head::default().hides(DVec2::new(20.0, 25.0), 2.0), 0.0);
    }
}
