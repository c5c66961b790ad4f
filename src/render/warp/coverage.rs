//! How much of each pixel a triangle covers, exactly.

use glam::DVec2;

/// A triangle in the photograph, prepared for pixel queries.
pub struct Triangle {
    corners: [DVec2; 3],
    /// Inside is where all three `n · p + d` are positive.
    edges: [(DVec2, f64); 3],
}

/// The covered part of one pixel.
#[derive(Debug, Clone, Copy)]
pub struct Covered {
    /// 0..=1.
    pub area: f64,
    /// Centroid of the covered part.
    pub centroid: DVec2,
}

impl Triangle {
    /// `None` for a triangle of no area or with a corner that is not finite.
    pub fn new(corners: [DVec2; 3]) -> Option<Self> {
        let [a, b, c] = corners;
        let doubled = (b - a).perp_dot(c - a);
        if !doubled.is_finite() || doubled.abs() < 1e-12 {
            return None;
        }
        // Orient so that inside is positive whichever way the mesh winds: a mirrored piece winds backwards.
        let sign = doubled.signum();
        let edge = |p: DVec2, q: DVec2| {
            let n = (q - p).perp() * sign;
            (n, -n.dot(p))
        };
        Some(Self {
            corners,
            edges: [edge(a, b), edge(b, c), edge(c, a)],
        })
    }

    /// Lowest and highest corner coordinates.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        let [a, b, c] = self.corners;
        (a.min(b).min(c), a.max(b).max(c))
    }

    /// Columns `[x0, x1)` that the triangle may touch between `y` and `y + 1`.
    pub fn columns(&self, y: f64) -> (f64, f64) {
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for k in 0..3 {
            let (p, q) = (self.corners[k], self.corners[(k + 1) % 3]);
            let (top, low) = if p.y <= q.y { (p, q) } else { (q, p) };
            if low.y < y || top.y > y + 1.0 {
                continue;
            }
            for at in [top.y.max(y), low.y.min(y + 1.0)] {
                let (t0, t1) = if low.y > top.y {
                    let t = (at - top.y) / (low.y - top.y);
                    (t, t)
                } else {
                    (0.0, 1.0)
                };
                for x in [top.x + (low.x - top.x) * t0, top.x + (low.x - top.x) * t1] {
                    lo = lo.min(x);
                    hi = hi.max(x);
                }
            }
        }
        (lo.floor(), hi.ceil())
    }

    /// The part of the pixel whose top left corner is `corner` that lies in the triangle.
    pub fn cover(&self, corner: DVec2) -> Option<Covered> {
        let centre = corner + 0.5;
        let mut partial = [false; 3];
        for (k, (n, d)) in self.edges.iter().enumerate() {
            let (at, reach) = (n.dot(centre) + d, (n.x.abs() + n.y.abs()) / 2.0);
            if at + reach <= 0.0 {
                return None;
            }
            partial[k] = at < reach;
        }
        if partial == [false; 3] {
            return Some(Covered {
                area: 1.0,
                centroid: centre,
            });
        }
        let mut polygon = Polygon::unit_square(corner);
        for (k, (n, d)) in self.edges.iter().enumerate() {
            if partial[k] {
                polygon.clip(*n, *d);
            }
        }
        polygon.covered(centre)
    }
}

/// A convex polygon of at most 7 corners: a square cut by three lines.
struct Polygon {
    corners: [DVec2; 8],
    len: usize,
}

impl Polygon {
    fn unit_square(corner: DVec2) -> Self {
        let mut corners = [corner; 8];
        corners[1].x += 1.0;
        corners[2] += 1.0;
        corners[3].y += 1.0;
        Self { corners, len: 4 }
    }

    /// Keeps where `n · p + d >= 0` (Sutherland and Hodgman 1974).
    fn clip(&mut self, n: DVec2, d: f64) {
        let mut out = [DVec2::ZERO; 8];
        let mut len = 0;
        for k in 0..self.len {
            let (p, q) = (self.corners[k], self.corners[(k + 1) % self.len]);
            let (dp, dq) = (n.dot(p) + d, n.dot(q) + d);
            if dp >= 0.0 && len < 8 {
                out[len] = p;
                len += 1;
            }
            if (dp >= 0.0) != (dq >= 0.0) && len < 8 {
                out[len] = p + (q - p) * (dp / (dp - dq));
                len += 1;
            }
        }
        (self.corners, self.len) = (out, len);
    }

    /// Area and centroid by the shoelace formula about `origin`, which keeps the digits.
    fn covered(&self, origin: DVec2) -> Option<Covered> {
        let (mut doubled, mut moment) = (0.0, DVec2::ZERO);
        for k in 0..self.len {
            let (p, q) = (
                self.corners[k] - origin,
                self.corners[(k + 1) % self.len] - origin,
            );
            let cross = p.perp_dot(q);
            doubled += cross;
            moment += (p + q) * cross;
        }
        if doubled.abs() < 1e-12 {
            return None;
        }
        Some(Covered {
            area: doubled.abs() / 2.0,
            centroid: origin + moment / (3.0 * doubled),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled_area(triangle: &Triangle) -> f64 {
        let [a, b, c] = triangle.corners;
        (b - a).perp_dot(c - a).abs()
    }

    /// The pieces of a triangle over all pixels add up to its area and to its own centroid.
    #[test]
    fn pixels_share_out_the_whole_triangle() {
        let corners = [DVec2::new(1.3, 2.2), DVec2::new(9.7, 4.9), DVec2::new(3.1, 11.4)];
        for t in [corners, [corners[0], corners[2], corners[1]]] {
            let triangle = Triangle::new(t).unwrap();
            let (mut area, mut moment) = (0.0, DVec2::ZERO);
            for y in 0..12 {
                let (x0, x1) = triangle.columns(f64::from(y));
                for x in 0..12 {
                    if let Some(c) = triangle.cover(DVec2::new(f64::from(x), f64::from(y))) {
                        assert!(
                            f64::from(x) >= x0 && f64::from(x) < x1,
                            "({x}, {y}) outside {x0}..{x1}"
                        );
                        area += c.area;
                        moment += c.centroid * c.area;
                    }
                }
            }
            assert!((area - doubled_area(&triangle) / 2.0).abs() < 1e-9);
            assert!((moment / area - (t[0] + t[1] + t[2]) / 3.0).length() < 1e-9);
        }
    }

    #[test]
    fn half_a_pixel_by_hand() {
        let t = Triangle::new([DVec2::new(0.0, 0.0), DVec2::new(1.0, 0.0), DVec2::new(0.0, 1.0)]).unwrap();
        let c = t.cover(DVec2::ZERO).unwrap();
        assert!((c.area - 0.5).abs() < 1e-12);
        assert!((c.centroid - DVec2::splat(1.0 / 3.0)).length() < 1e-12);
        assert!(t.cover(DVec2::new(1.0, 0.0)).is_none());
    }
}
