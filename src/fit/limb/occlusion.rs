//! What of the body lies in front of a piece on a finger or wrist: neighbouring fingers, or the limb itself.

use glam::DVec2;

use crate::imaging::{Mask, Rect};

/// A straight tapering part of a limb in the picture, with round ends.
#[derive(Debug, Clone, Copy)]
pub struct Capsule {
    pub from: DVec2,
    pub to: DVec2,
    /// Half width at both ends, pixels.
    pub half_from: f64,
    pub half_to: f64,
}

impl Capsule {
    /// Signed distance of `p` to the outline, pixels; negative inside.
    pub fn distance(&self, p: DVec2) -> f64 {
        let d = self.to - self.from;
        let t = ((p - self.from).dot(d) / d.length_squared().max(1e-9)).clamp(0.0, 1.0);
        p.distance(self.from + d * t) - (self.half_from + (self.half_to - self.half_from) * t)
    }
}

/// 1 outside of all `parts`, 0 inside, over one pixel at the outlines.
pub fn outside(parts: &[Capsule], rect: Rect) -> Mask {
    let mut mask = Mask::filled(rect, 1.0);
    for (i, v) in mask.data.iter_mut().enumerate() {
        let (x, y) = (i as u32 % rect.width, i as u32 / rect.width);
        let p = DVec2::new(f64::from(rect.x) + f64::from(x), f64::from(rect.y) + f64::from(y)) + 0.5;
        let nearest = parts.iter().map(|c| c.distance(p)).fold(f64::INFINITY, f64::min);
        *v = (nearest + 0.5).clamp(0.0, 1.0) as f32;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capsule_distance_by_hand() {
        let c = Capsule {
            from: DVec2::new(0.0, 0.0),
            to: DVec2::new(10.0, 0.0),
            half_from: 2.0,
            half_to: 4.0,
        };
        assert!((c.distance(DVec2::new(5.0, 7.0)) - 4.0).abs() < 1e-12);
        assert!((c.distance(DVec2::new(-5.0, 0.0)) - 3.0).abs() < 1e-12);
        assert!((c.distance(DVec2::new(10.0, 1.0)) + 3.0).abs() < 1e-12);
    }

    #[test]
    fn mask_is_half_at_the_outline() {
        let c = Capsule {
            from: DVec2::new(0.0, 0.5),
            to: DVec2::new(100.0, 0.5),
            half_from: 3.0,
            half_to: 3.0,
        };
        let m = outside(&[c], Rect::new(50, -10, 1, 20));
        assert_eq!(m.get(50, 0), 0.0);
        assert_eq!(m.get(50, 9), 1.0);
        // Centre of row 3 is 3 px from the centre line: on the outline.
        assert_eq!(m.get(50, 3), 0.5);
    }
}
