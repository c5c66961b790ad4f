//! The upright square around head, neck and chest that the coarse grid covers, and the face's oval in it.

use glam::DVec2;

use crate::locate::Face;
use crate::polygon::crossings;

/// Side of the square in face heights (forehead to chin).
const SIDE: f64 = 3.4;
/// Its centre lies this many face heights below the face's middle.
const DOWN: f64 = 0.45;
/// Mesh points at the top of the forehead and at the chin.
const TOP: usize = 10;
const CHIN: usize = 152;

/// Mesh points of the face's outline, in order.
#[rustfmt::skip]
const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
    150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/// Where the square of a face lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct FaceSquare {
    pub centre: DVec2,
    pub side: f64,
    /// Middle between forehead and chin, pixels.
    pub middle: DVec2,
    /// Distance of forehead and chin in space, pixels: the same at any yaw.
    pub height: f64,
}

impl FaceSquare {
    pub fn of(face: &Face) -> Option<Self> {
        let (top, chin) = (face.landmarks.get(TOP)?, face.landmarks.get(CHIN)?);
        let height = top.distance(*chin);
        let middle = (top.truncate() + chin.truncate()) / 2.0;
        (height.is_finite() && height > 4.0 && middle.is_finite()).then_some(Self {
            centre: middle + DVec2::new(0.0, DOWN * height),
            side: SIDE * height,
            middle,
            height,
        })
    }
}

/// The face's outline in pixels; empty when the mesh is not whole.
pub fn oval(face: &Face) -> Vec<DVec2> {
    OVAL.iter()
        .map(|&i| face.landmarks.get(i).map(|p| p.truncate()))
        .collect::<Option<_>>()
        .unwrap_or_default()
}

/// Which cells of a `size × size` grid over a square have their middle inside a polygon (even-odd rule).
pub(super) fn inside(polygon: &[DVec2], centre: DVec2, side: f64, size: usize) -> Vec<bool> {
    let cell = side / size.max(1) as f64;
    let mut out = vec![false; size * size];
    let polygon: Vec<DVec2> = polygon
        .iter()
        .map(|p| (*p - centre + side / 2.0) / cell)
        .collect();
    for (y, row) in out.chunks_exact_mut(size.max(1)).enumerate() {
        for pair in crossings(&polygon, y as f64 + 0.5).chunks_exact(2) {
            for (x, v) in row.iter_mut().enumerate() {
                let middle = x as f64 + 0.5;
                *v |= middle >= pair[0] && middle < pair[1];
            }
        }
    }
    out
}
