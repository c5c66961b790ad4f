//! Points of a worn piece: where in the product each looks, and what the finished picture shows there.

use std::collections::BTreeMap;

use glam::{DMat2, DVec2};

use crate::fit::{Placement, WarpVertex};
use crate::product::Piece;

/// About so many points are looked at on a piece.
const POINTS: f64 = 6000.0;
/// Least weight of a vertex's `cover` at which it is in front of the body.
const IN_FRONT: f64 = 0.5;

/// One photo pixel that the front of the piece covers.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Photo pixel; may lie outside the picture.
    pub x: i32,
    pub y: i32,
    /// The product there, averaged over one photo pixel: linear-light premultiplied.
    pub product: [f32; 4],
    /// The product one photo pixel to the right of `product`, likewise.
    pub beside: [f32; 4],
    /// The product is opaque for some photo pixels around.
    pub inner: bool,
    /// Height of its underside above the skin, mm.
    pub height_mm: f64,
    /// Photo pixels per product pixel along the direction in which the piece is not foreshortened.
    pub stretch: f64,
}

/// Points evenly spread over the front of the piece; where sheets lie over each other, the upper one. `softness` is the
/// standard deviation, photo pixels, of the photograph's own blur.
pub fn points(piece: &Piece, placement: &Placement, softness: f64) -> Vec<Point> {
    let faces = faces(placement);
    let area: f64 = faces.iter().map(|face| face.area).sum();
    let stride = (area / POINTS).sqrt().ceil().clamp(1.0, 4096.0);
    let mut found: BTreeMap<(i32, i32), Point> = BTreeMap::new();
    for face in &faces {
        let (lo, hi) = face.bounds();
        let first = (lo / stride).floor();
        let count = ((hi - lo) / stride).ceil() + 2.0;
        if !(count.is_finite() && count.max_element() < 1e5) {
            continue;
        }
        for j in 0..count.y as i64 {
            for i in 0..count.x as i64 {
                let corner = (first + DVec2::new(i as f64, j as f64)) * stride;
                let at = corner.floor() + 0.5;
                if let Some(point) = face.point(at, piece, softness) {
                    found.insert((point.y, point.x), point);
                }
            }
        }
    }
    found.into_values().collect()
}

/// A triangle of the front, with its map into the product.
struct Face {
    targets: [DVec2; 3],
    origin: DVec2,
    jacobian: DMat2,
    stretch: f64,
    height_mm: f64,
    area: f64,
}

fn faces(placement: &Placement) -> Vec<Face> {
    let triangles = placement.layers.iter().flat_map(|layer| {
        let vertices = &layer.mesh.vertices;
        layer.mesh.triangles.iter().filter_map(|t| {
            let corner = |i: u32| vertices.get(i as usize);
            Some([corner(t[0])?, corner(t[1])?, corner(t[2])?])
        })
    });
    triangles.filter_map(Face::new).collect()
}

impl Face {
    fn new(v: [&WarpVertex; 3]) -> Option<Self> {
        if v.iter().map(|v| v.cover).sum::<f64>() / 3.0 < IN_FRONT {
            return None;
        }
        let targets = v.map(|v| v.target);
        let to = DMat2::from_cols(targets[1] - targets[0], targets[2] - targets[0]);
        let from = DMat2::from_cols(v[1].source - v[0].source, v[2].source - v[0].source);
        let area = to.determinant().abs() / 2.0;
        let jacobian = from * to.inverse();
        // Smallest singular value: product pixels per photo pixel where nothing is foreshortened.
        let (x, y) = (jacobian.x_axis, jacobian.y_axis);
        let (sum, det) = (x.length_squared() + y.length_squared(), jacobian.determinant());
        let least = ((sum - (sum * sum - 4.0 * det * det).max(0.0).sqrt()) / 2.0)
            .max(0.0)
            .sqrt();
        let sound = area > 1e-6 && jacobian.is_finite() && least > 1e-6;
        sound.then(|| Self {
            targets,
            origin: v[0].source - jacobian * targets[0],
            jacobian,
            stretch: 1.0 / least,
            height_mm: v.iter().map(|v| v.height_mm).sum::<f64>() / 3.0,
            area,
        })
    }

    fn bounds(&self) -> (DVec2, DVec2) {
        let [a, b, c] = self.targets;
        (a.min(b).min(c), a.max(b).max(c))
    }

    fn holds(&self, p: DVec2) -> bool {
        let [a, b, c] = self.targets;
        let side = |a: DVec2, b: DVec2| (b - a).perp_dot(p - a);
        let sides = [side(a, b), side(b, c), side(c, a)];
        sides.iter().all(|s| *s >= 0.0) || sides.iter().all(|s| *s <= 0.0)
    }

    fn point(&self, at: DVec2, piece: &Piece, softness: f64) -> Option<Point> {
        if !self.holds(at) {
            return None;
        }
        /// A pixel's own width, and what a Gaussian of one pixel adds, as the width of a box.
        const PER_SIGMA: f64 = 3.46;
        let extent = 1f64.hypot(PER_SIGMA * softness) / self.stretch;
        let source = self.origin + self.jacobian * at;
        let product = average(piece, source, extent);
        Some(Point {
            x: at.x.floor() as i32,
            y: at.y.floor() as i32,
            product,
            beside: average(piece, source + self.jacobian.x_axis, extent),
            inner: average(piece, source, 3.0 * extent)[3] > 0.995,
            height_mm: self.height_mm,
            stretch: self.stretch,
        })
    }
}

/// The product over a square of `extent` product pixels: a plain mean of texels, transparent beyond the edge.
fn average(piece: &Piece, source: DVec2, extent: f64) -> [f32; 4] {
    let (index, level) = piece.pyramid().level_for(extent);
    let scale = 1.0 / f64::from(1u32 << index.min(31));
    let (centre, half) = (source * scale, (extent * scale / 2.0).max(0.5));
    let range = |c: f64| (c - half).round().max(-1e6) as i64..((c + half).round().min(1e6) as i64);
    let (mut sum, mut n) = ([0f32; 4], 0f32);
    for y in range(centre.y) {
        for x in range(centre.x) {
            n += 1.0;
            let inside = usize::try_from(x).ok().zip(usize::try_from(y).ok());
            if let Some((x, y)) = inside.filter(|(x, y)| *x < level.width() && *y < level.height()) {
                for (s, v) in sum.iter_mut().zip(level.at(x, y)) {
                    *s += v;
                }
            }
        }
    }
    sum.map(|s| s / n.max(1.0))
}
