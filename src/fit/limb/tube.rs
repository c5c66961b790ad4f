//! Meshes of closed bands: a section swept around a limb.

use glam::{DVec2, DVec3};

use super::LocalView;
use crate::fit::{WarpMesh, WarpVertex};

/// A point of a band's section: `out` mm from its inside, `along` mm from its middle towards the finger tips.
#[derive(Debug, Clone, Copy)]
pub struct SectionPoint {
    pub out: f64,
    pub along: f64,
}

/// Outside of a section `thickness` × `width` with rounded corners, from the inner edge on the palm's side over the
/// outside to the inner edge on the finger tips' side.
pub fn section(thickness: f64, width: f64) -> Vec<SectionPoint> {
    const CORNER_STEPS: usize = 3;
    let r = (0.42 * thickness).min(0.5 * width);
    let half = width / 2.0;
    let corner = |k: usize| {
        let (s, c) = (k as f64 / CORNER_STEPS as f64 * std::f64::consts::FRAC_PI_2).sin_cos();
        SectionPoint {
            out: thickness - r + r * s,
            along: -(half - r + r * c),
        }
    };
    let palm: Vec<SectionPoint> = std::iter::once(SectionPoint {
        out: 0.0,
        along: -half,
    })
    .chain((0..=CORNER_STEPS).map(corner))
    .collect();
    let tips = palm.iter().rev().map(|p| SectionPoint {
        out: p.out,
        along: -p.along,
    });
    palm.iter().copied().chain(tips).collect()
}

/// One cross-line of a swept band: its section's points in the picture, and how much of each stretch between
/// neighbours is seen.
#[derive(Debug, Clone)]
pub struct Rib {
    pub targets: Vec<DVec2>,
    /// Outward direction of the whole rib.
    pub normal: DVec3,
    /// Seen length of the stretch before each point, px (0 at the first).
    seen: Vec<f64>,
}

impl Rib {
    /// `inside` is the section's inner middle, `outward` and `axis` its directions.
    pub fn new(
        view: &LocalView,
        section: &[SectionPoint],
        inside: DVec3,
        outward: DVec3,
        axis: DVec3,
    ) -> Self {
        let points: Vec<DVec3> = section
            .iter()
            .map(|p| inside + outward * p.out + axis * p.along)
            .collect();
        let targets: Vec<DVec2> = points.iter().map(|p| view.project(*p)).collect();
        let mut seen = vec![0.0];
        for k in 1..points.len() {
            let (p, q) = (points[k - 1], points[k]);
            let d = section[k].along - section[k - 1].along;
            let rise = section[k].out - section[k - 1].out;
            // Normal of the stretch within the section's plane; it faces the camera or it is not seen.
            let normal = (outward * d - axis * rise).normalize_or(outward);
            let facing = normal.dot(view.towards_camera((p + q) / 2.0)).max(0.0);
            seen.push(facing * (d * d + rise * rise).sqrt());
        }
        Self {
            targets,
            normal: outward,
            seen,
        }
    }

    /// Whether the stretch before point `k` faces the camera.
    pub fn is_seen(&self, k: usize) -> bool {
        self.seen.get(k).is_some_and(|s| *s > 0.0)
    }

    /// Share 0..=1 of the band's visible breadth at each point, from the palm's side.
    pub fn shares(&self) -> Vec<f64> {
        let total: f64 = self.seen.iter().sum::<f64>().max(1e-9);
        let mut sum = 0.0;
        self.seen
            .iter()
            .map(|s| {
                sum += s;
                sum / total
            })
            .collect()
    }
}

/// Grid of triangles over rows of equal length; `shown` tells whether the cell before column `j` of row `i` is drawn.
pub fn weave(mesh: &mut WarpMesh, rows: &[Vec<WarpVertex>], shown: impl Fn(usize, usize) -> bool) {
    let Some(columns) = rows.iter().map(Vec::len).min() else {
        return;
    };
    let base = mesh.vertices.len() as u32;
    for row in rows {
        mesh.vertices.extend(row.iter().take(columns));
    }
    let at = |i: usize, j: usize| base + (i * columns + j) as u32;
    for i in 1..rows.len() {
        for j in 1..columns {
            if shown(i, j) {
                mesh.triangles.push([at(i - 1, j - 1), at(i, j - 1), at(i, j)]);
                mesh.triangles.push([at(i - 1, j - 1), at(i, j), at(i - 1, j)]);
            }
        }
    }
}
