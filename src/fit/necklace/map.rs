//! The picture of the chain mapped along the hung chain by arc length.
//!
//! A strip along the centre line keeps its width across and follows the curve along it: a link that lies along the
//! line of sight is foreshortened, none is sheared. Beads are moved one by one by a similarity, so that they stay
//! round and overlap as balls do where the string turns away.

use std::ops::RangeInclusive;

use glam::{DVec2, DVec3};

use super::hung::{Hung, cover};
use crate::curve::Curve;
use crate::fit::{WarpMesh, WarpVertex};
use crate::locate::body::Body;
use crate::locate::camera::Camera;
use crate::product::NecklaceStructure;

/// The picture of a chain, and how it lies on the hung chain.
pub struct ChainMap<'a> {
    pub camera: &'a Camera,
    pub body: &'a Body,
    pub hung: &'a Hung,
    pub structure: &'a NecklaceStructure,
    pub line: &'a Curve<DVec2>,
    /// True size of a product pixel.
    pub mm_per_px: f64,
    /// Arc length of the centre line (product pixels) that lies at the middle of the hung chain.
    pub middle: f64,
}

/// Distance of the strip's cuts, in half widths, and its bounds, mm.
const CUT: f64 = 0.8;
const CUT_MM: (f64, f64) = (0.4, 2.0);

/// Vertices of a quad; a bead is one quad.
pub const PART: usize = 6;

/// A piece of the mesh that is drawn as one, with its distance from the camera.
struct Quad {
    depth: f64,
    /// Arc lengths of its two cuts on the hung chain; a bead has one.
    at: [f64; 2],
    corners: [WarpVertex; PART],
}

/// The mesh of a chain.
pub struct ChainMesh {
    pub mesh: WarpMesh,
    /// Arc length of each vertex on the hung chain; a quad is [`PART`] of them.
    pub at: Vec<f64>,
}

impl ChainMesh {
    /// The quads between two arc lengths.
    pub fn between(&self, arc: &RangeInclusive<f64>) -> WarpMesh {
        self.with(|quad| quad.iter().all(|s| arc.contains(s)))
    }

    /// The quads within `outer` that [`ChainMesh::between`] leaves out for `inner`.
    pub fn beyond(&self, inner: &RangeInclusive<f64>, outer: &RangeInclusive<f64>) -> WarpMesh {
        self.with(|quad| quad.iter().all(|s| outer.contains(s)) && !quad.iter().all(|s| inner.contains(s)))
    }

    fn with(&self, keep: impl Fn(&[f64]) -> bool) -> WarpMesh {
        let vertices = self.mesh.vertices.chunks(PART);
        let quads = self.at.chunks(PART).zip(vertices);
        quads
            .filter(|(at, _)| keep(at))
            .fold(WarpMesh::default(), |mut mesh, (_, corners)| {
                add(&mut mesh, corners);
                mesh
            })
    }
}

impl ChainMap<'_> {
    /// Arc length on the hung chain of an arc length of the picture's centre line.
    pub fn to_hung(&self, arc: f64) -> f64 {
        self.hung.length() / 2.0 + (arc - self.middle) * self.mm_per_px
    }

    /// Arc length of the picture's centre line for one of the hung chain. Where the picture shows less chain than is
    /// worn, what it shows is repeated, there and back, beyond its ends.
    fn to_picture(&self, s: f64) -> f64 {
        let whole = self.line.length();
        let arc = self.middle + (s - self.hung.length() / 2.0) / self.mm_per_px;
        let folded = arc.rem_euclid(2.0 * whole);
        if folded > whole {
            2.0 * whole - folded
        } else {
            folded
        }
    }

    /// Mesh of the chain, the farthest part first.
    pub fn mesh(&self) -> ChainMesh {
        let quads = match &self.structure.beads {
            Some(cuts) => self.beads(cuts),
            None => self.strip(),
        };
        assemble(quads)
    }

    fn strip(&self) -> Vec<Quad> {
        let half_mm = self.structure.half_width * self.mm_per_px;
        let step = (CUT * half_mm).clamp(CUT_MM.0, CUT_MM.1);
        let count = (self.hung.length() / step).ceil().max(8.0) as usize;
        let at = |i: usize| self.hung.length() * i as f64 / count as f64;
        let cuts: Vec<Cut> = (0..=count).map(|i| self.cut(at(i))).collect();
        let quads = cuts.windows(2).enumerate();
        quads
            .filter(|(_, w)| w[0].cover > 0.0 || w[1].cover > 0.0)
            // A fold of the picture inside the quad would show a link twice: it is never wider than one cut.
            .filter(|(_, w)| (w[1].arc - w[0].arc).abs() > 0.25 * step / self.mm_per_px)
            .filter(|(_, w)| !self.in_rigid_part((w[0].arc + w[1].arc) / 2.0))
            .map(|(i, w)| Quad {
                at: [at(i), at(i + 1)],
                depth: (w[0].point.z + w[1].point.z) / 2.0,
                corners: [
                    w[0].vertex(-1.0),
                    w[0].vertex(0.0),
                    w[0].vertex(1.0),
                    w[1].vertex(-1.0),
                    w[1].vertex(0.0),
                    w[1].vertex(1.0),
                ],
            })
            .collect()
    }

    /// A pendant that sits in the chain brings its own piece of it.
    fn in_rigid_part(&self, arc: f64) -> bool {
        let inside = |p: &&crate::product::Pendant| p.in_chain && arc > p.arc[0] && arc < p.arc[1];
        self.structure.pendants.iter().find(inside).is_some()
    }

    fn cut(&self, s: f64) -> Cut {
        let point = self.hung.at(s);
        let arc = self.to_picture(s);
        let target = self.camera.project(point);
        let reach = 1.0;
        let along =
            self.camera.project(self.hung.at(s + reach)) - self.camera.project(self.hung.at(s - reach));
        let source_along = self.line.chord(arc, 1.0 / self.mm_per_px);
        // Where the picture is read backwards its way is backwards too.
        let backwards = self.to_picture(s + 0.01) < self.to_picture(s - 0.01);
        let source_along = if backwards { -source_along } else { source_along };
        let half = self.structure.half_width;
        Cut {
            point,
            arc,
            source: self.line.at(arc),
            target,
            source_across: source_along.perp().normalize_or(DVec2::Y) * half,
            target_across: along.perp().normalize_or(DVec2::Y)
                * (half * self.mm_per_px * self.camera.px_per_mm(point.z)),
            cover: self.hung.cover(s),
            height_mm: (self.hung.above(s) - half * self.mm_per_px).max(0.0),
            normal: self.hung.normal(s),
        }
    }

    fn beads(&self, cuts: &[f64]) -> Vec<Quad> {
        let (first, last) = (self.to_hung(0.0), self.to_hung(self.line.length()));
        let mut out = Vec::new();
        for w in cuts.windows(2) {
            let span = w[1] - w[0];
            // The same bead again where the picture shows less than is worn.
            let period = last - first;
            for round in -1..=1 {
                let s = self.to_hung((w[0] + w[1]) / 2.0) + f64::from(round) * period;
                if s < 0.0 || s >= self.hung.length() {
                    continue;
                }
                out.extend(self.bead((w[0] + w[1]) / 2.0, span / 2.0, s));
            }
        }
        out
    }

    /// One bead: half its length and its place on the hung chain.
    fn bead(&self, arc: f64, half_span: f64, s: f64) -> Option<Quad> {
        let point = self.hung.at(s);
        let reach = half_span * self.mm_per_px;
        // Less than half a bead is a splinter.
        if self.hung.cover(s) < 0.5 {
            return None;
        }
        let scale = self.mm_per_px * self.camera.px_per_mm(point.z);
        let source_along = self.line.chord(arc, half_span).normalize_or(DVec2::X);
        let tangent = self.hung.curve.chord(s, reach);
        let along = (self.camera.project(point + tangent) - self.camera.project(point - tangent))
            .normalize_or(DVec2::X);
        let (source, target) = (self.line.at(arc), self.camera.project(point));
        let half = self.structure.half_width;
        let height_mm = (self.hung.above(s) - half * self.mm_per_px).max(0.0);
        let way = tangent.normalize_or(DVec3::X) * reach;
        let across = along.perp().extend(0.0) * (half * self.mm_per_px);
        // A bead that the neck's outline cuts is cut along it, not across the string.
        let corner = |a: f64, b: f64| WarpVertex {
            source: source + source_along * (a * half_span) + source_along.perp() * (b * half),
            target: target + (along * (a * half_span) + along.perp() * (b * half)) * scale,
            height_mm,
            cover: cover(self.body, point + way * a + across * b),
            normal: self.hung.normal(s),
        };
        Some(Quad {
            at: [s; 2],
            depth: point.z,
            corners: [
                corner(-1.0, -1.0),
                corner(-1.0, 0.0),
                corner(-1.0, 1.0),
                corner(1.0, -1.0),
                corner(1.0, 0.0),
                corner(1.0, 1.0),
            ],
        })
    }
}

/// One cut across the strip.
struct Cut {
    point: DVec3,
    arc: f64,
    source: DVec2,
    target: DVec2,
    /// Half the strip, across the way, clockwise.
    source_across: DVec2,
    target_across: DVec2,
    cover: f64,
    height_mm: f64,
    normal: DVec3,
}

impl Cut {
    fn vertex(&self, side: f64) -> WarpVertex {
        WarpVertex {
            source: self.source + self.source_across * side,
            target: self.target + self.target_across * side,
            height_mm: self.height_mm,
            cover: self.cover,
            normal: self.normal,
        }
    }
}

/// Sorts the quads from far to near and joins them into one mesh.
fn assemble(mut quads: Vec<Quad>) -> ChainMesh {
    quads.sort_by(|a, b| b.depth.total_cmp(&a.depth));
    let mut mesh = WarpMesh::default();
    let at = quads
        .iter()
        .flat_map(|q| q.at)
        .flat_map(|s| [s; PART / 2])
        .collect();
    for quad in quads {
        add(&mut mesh, &quad.corners);
    }
    ChainMesh { mesh, at }
}

/// Adds a quad to a mesh.
fn add(mesh: &mut WarpMesh, corners: &[WarpVertex]) {
    let base = mesh.vertices.len() as u32;
    mesh.vertices.extend(corners);
    let triangles: [[u32; 3]; 4] = [[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]];
    mesh.triangles.extend(triangles.map(|t| t.map(|k| base + k)));
}
