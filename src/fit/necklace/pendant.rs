//! Pendants: rigid, flat, at true size; hanging ones by gravity on the slope of the chest, others along the chain.

use glam::{DVec2, DVec3};

use super::map::ChainMap;
use crate::fit::{WarpMesh, WarpVertex};
use crate::locate::body::Body;
use crate::product::Pendant;

/// Finest and coarsest number of cells along the pendant's longer side.
const CELLS: (f64, f64) = (8.0, 48.0);
/// Pendants lean on the skin at this distance below their bail at most, mm.
const LEAN_MM: f64 = 15.0;
/// The chain's own pixels beside the bail are left to the chain: up to the first distance from its centre line, in half
/// widths of its strip, all, from the second on none. Its rim lies between, and where the worn chain leaves the pendant at
/// another angle than the picture's, it would stay behind as a row of specks.
const OWN: [f64; 2] = [1.1, 1.6];

/// Mesh of one pendant.
pub fn mesh(map: &ChainMap, pendant: &Pendant) -> WarpMesh {
    let body = map.body;
    let arc = (pendant.arc[0] + pendant.arc[1]) / 2.0;
    let frame = Frame::new(map, body, pendant, arc);
    let half = map.structure.half_width;
    // The box with the bail's share of the chain.
    let ends = [pendant.arc[0], arc, pendant.arc[1]].map(|s| map.line.at(s));
    let (mut min, mut max) = (pendant.min, pendant.max);
    for p in ends {
        min = min.min(p - half);
        max = max.max(p + half);
    }
    let size = max - min;
    let cell = (half * 0.5).clamp(size.max_element() / CELLS.1, size.max_element() / CELLS.0);
    let (columns, rows) = ((size.x / cell).ceil() as usize, (size.y / cell).ceil() as usize);
    let at = |i: usize, j: usize| {
        min + DVec2::new(
            i as f64 * size.x / columns as f64,
            j as f64 * size.y / rows as f64,
        )
    };
    let chain = Neighbourhood::new(map, pendant);
    let mut mesh = WarpMesh::default();
    for j in 0..=rows {
        for i in 0..=columns {
            let cover = chain.leaves(at(i, j), half);
            mesh.vertices.push(frame.vertex(map, body, at(i, j), cover));
        }
    }
    for j in 0..rows {
        for i in 0..columns {
            let k = (j * (columns + 1) + i) as u32;
            let below = k + columns as u32 + 1;
            let corners = [k, k + 1, below, below + 1];
            if corners.iter().all(|c| mesh.vertices[*c as usize].cover <= 0.0) {
                continue;
            }
            mesh.triangles.push([k, k + 1, below + 1]);
            mesh.triangles.push([k, below + 1, below]);
        }
    }
    mesh
}

/// How the pendant's plane lies in space.
struct Frame {
    /// Point of the picture that stays at `origin`.
    bail: DVec2,
    origin: DVec3,
    /// Camera directions of the picture's x and y.
    x: DVec3,
    y: DVec3,
    normal: DVec3,
}

impl Frame {
    fn new(map: &ChainMap, body: &Body, pendant: &Pendant, arc: f64) -> Self {
        let s = map.to_hung(arc);
        let origin = map.hung.at(s);
        let drop = ((pendant.max.y - pendant.bail.y) * map.mm_per_px * 0.6).clamp(0.0, LEAN_MM);
        let below = body.distance(body.from_camera(origin + DVec3::Y * drop)).1;
        let normal = (map.hung.normal(s) + body.direction_to_camera(below)).normalize_or(DVec3::NEG_Z);
        let (x, y) = if pendant.in_chain {
            // The picture's way along the chain goes onto the chain's own.
            let span = (pendant.arc[1] - pendant.arc[0]) / 2.0;
            let way = map.line.chord(arc, span).normalize_or(DVec2::X);
            let along = map
                .hung
                .curve
                .chord(s, span * map.mm_per_px)
                .reject_from(normal)
                .normalize_or(DVec3::X);
            let across = (-normal).cross(along).normalize_or(DVec3::Y);
            (along * way.x - across * way.y, along * way.y + across * way.x)
        } else {
            let y = DVec3::Y.reject_from(normal).normalize_or(DVec3::Y);
            (y.cross(-normal).normalize_or(DVec3::X), y)
        };
        Self {
            bail: map.line.at(arc),
            origin,
            x,
            y,
            normal,
        }
    }

    fn vertex(&self, map: &ChainMap, body: &Body, source: DVec2, cover: f64) -> WarpVertex {
        let d = (source - self.bail) * map.mm_per_px;
        let point = self.origin + self.x * d.x + self.y * d.y;
        let (above, _) = body.distance(body.from_camera(point));
        WarpVertex {
            source,
            target: map.camera.project(point),
            height_mm: above.max(0.0),
            cover,
            normal: self.normal,
        }
    }
}

/// The chain beside the pendant.
struct Neighbourhood {
    points: Vec<DVec2>,
}

impl Neighbourhood {
    fn new(map: &ChainMap, pendant: &Pendant) -> Self {
        let reach = (pendant.max - pendant.min).length();
        let step = (map.structure.half_width * 0.5).max(0.5);
        let walk = |from: f64, to: f64| {
            let count = ((to - from) / step).ceil().max(0.0) as usize;
            (0..count).map(move |i| from + i as f64 * step)
        };
        // Where the chain meets the pendant its wider rim would take some of the pendant along.
        let apart = (OWN[1] - 1.0) * map.structure.half_width;
        let before = walk((pendant.arc[0] - reach).max(0.0), pendant.arc[0] - apart);
        let after = walk(
            pendant.arc[1] + apart,
            (pendant.arc[1] + reach).min(map.line.length()),
        );
        Self {
            points: before.chain(after).map(|s| map.line.at(s)).collect(),
        }
    }

    /// How much of what the picture shows at `p` the chain leaves to the pendant, 0..=1.
    fn leaves(&self, p: DVec2, half: f64) -> f64 {
        let near = self.points.iter().map(|q| q.distance_squared(p));
        let distance = near.fold(f64::INFINITY, f64::min).sqrt() / half.max(1e-9);
        ((distance - OWN[0]) / (OWN[1] - OWN[0])).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A straight chain on both sides of a pendant: its rim is the chain's, what is farther off the pendant's.
    #[test]
    fn the_chains_rim_is_not_carried_along() {
        let chain = Neighbourhood {
            points: (0..100).map(|i| DVec2::new(f64::from(i), 50.0)).collect(),
        };
        let half = 8.0;
        let leaves = |away: f64| chain.leaves(DVec2::new(40.0, 50.0 + away), half);
        assert_eq!(leaves(0.0), 0.0);
        assert_eq!(leaves(8.6), 0.0, "the rim's own softness");
        assert_eq!(leaves(13.0), 1.0);
        let fading: Vec<f64> = (0..20).map(|k| leaves(f64::from(k))).collect();
        assert!(fading.is_sorted(), "{fading:?}");
    }
}
