//! Product pixels carried to photo pixels by a triangle mesh, each resampled once.
//!
//! The mesh is turned into an inverse map per pixel: the covered area of each triangle weighs where in the product
//! the pixel looks and how large its footprint there is. Adjacent triangles so add up to one sample without a seam,
//! the mesh's outer edge gets its exact sub-pixel coverage, and where the mesh folds over itself the later sheet is
//! laid over the earlier one.

mod clearance;
mod coverage;
mod pyramid;
mod resample;
#[cfg(test)]
mod tests;

use glam::{DMat2, DVec2, DVec3};

use crate::fit::{Layer, WarpMesh};
use crate::imaging::Rect;
use coverage::{Covered, Triangle};
pub use pyramid::Pyramid;

/// One photo pixel of a warped piece.
#[derive(Debug, Clone, Copy)]
pub struct Fragment {
    pub x: i32,
    pub y: i32,
    /// Linear-light premultiplied; alpha is the visible coverage.
    pub color: [f32; 4],
    /// Height above the skin, mm.
    pub height_mm: f32,
    /// Normal of the surface that carries the piece, camera frame; not unit where the mesh bends.
    pub normal: [f32; 3],
}

/// A warped piece: only the pixels that it touches, in reading order, each once.
#[derive(Debug, Clone, Default)]
pub struct Warped {
    pub fragments: Vec<Fragment>,
}

impl Warped {
    /// Smallest rectangle that holds the fragments.
    pub fn bounds(&self) -> Rect {
        let (Some(first), Some(last)) = (self.fragments.first(), self.fragments.last()) else {
            return Rect::default();
        };
        let (mut x0, mut x1) = (i32::MAX, i32::MIN);
        for f in &self.fragments {
            (x0, x1) = (x0.min(f.x), x1.max(f.x));
        }
        Rect::new(x0, first.y, (x1 - x0 + 1) as u32, (last.y - first.y + 1) as u32)
    }

    /// Lays `upper` over this.
    pub fn over(self, upper: Warped) -> Warped {
        if self.fragments.is_empty() {
            return upper;
        }
        let mut merged = Vec::with_capacity(self.fragments.len() + upper.fragments.len());
        let mut below = self.fragments.into_iter().peekable();
        for f in upper.fragments {
            while let Some(b) = below.next_if(|b| (b.y, b.x) < (f.y, f.x)) {
                merged.push(b);
            }
            match below.next_if(|b| (b.y, b.x) == (f.y, f.x)) {
                Some(b) => merged.push(lay_over(&f, &b)),
                None => merged.push(f),
            }
        }
        merged.extend(below);
        Warped { fragments: merged }
    }
}

fn lay_over(upper: &Fragment, lower: &Fragment) -> Fragment {
    let rest = 1.0 - upper.color[3];
    let share = rest * lower.color[3];
    let alpha = upper.color[3] + share;
    let mix = |u: f32, l: f32| {
        if alpha > 0.0 {
            (u * upper.color[3] + l * share) / alpha
        } else {
            u
        }
    };
    Fragment {
        color: std::array::from_fn(|k| upper.color[k] + rest * lower.color[k]),
        height_mm: mix(upper.height_mm, lower.height_mm),
        normal: std::array::from_fn(|k| mix(upper.normal[k], lower.normal[k])),
        ..*upper
    }
}

/// Rows that are worked on at a time: the working memory is a strip, not the region.
const STRIP: i32 = 16;

/// Warps one layer; pixels outside `clip` are left out.
///
/// `softness` is the standard deviation, in photo pixels, of a blur that the sampling filter takes in.
pub fn warp(pyramid: &Pyramid, layer: &Layer, clip: &Rect, softness: f64) -> Warped {
    let rect = Rect::around(layer.mesh.vertices.iter().map(|v| v.target), 0.0)
        .clip(&layer.rect)
        .clip(clip);
    let mut out = Warped::default();
    if rect.is_empty() {
        return out;
    }
    let sampler = Sampler::new(pyramid, softness);
    let mut strip = vec![Pixel::default(); rect.width as usize * STRIP as usize];
    let faces = faces(&layer.mesh, &sampler);
    for (k, faces) in strips(&faces, &rect).iter().enumerate() {
        let top = rect.y + k as i32 * STRIP;
        let rows = STRIP.min(rect.bottom() - top);
        let part = Rect::new(rect.x, top, rect.width, rows as u32);
        for face in faces {
            face.draw(&part, &mut strip, &sampler);
        }
        for (i, pixel) in strip
            .iter_mut()
            .take((part.width * part.height) as usize)
            .enumerate()
        {
            let (x, y) = (
                part.x + (i as u32 % part.width) as i32,
                part.y + (i as u32 / part.width) as i32,
            );
            let mut pixel = std::mem::take(pixel);
            pixel.flush(&sampler);
            if pixel.color[3] <= 0.0 {
                continue;
            }
            let visible = layer
                .visible
                .as_ref()
                .map_or(1.0, |m| m.get(x, y).clamp(0.0, 1.0));
            if visible > 0.0 {
                out.fragments.push(pixel.fragment(x, y, visible));
            }
        }
    }
    out
}

/// The faces that each strip of `rect` may show, in the mesh's order.
fn strips<'a>(faces: &'a [Face], rect: &Rect) -> Vec<Vec<&'a Face>> {
    let mut out = vec![Vec::new(); rect.height.div_ceil(STRIP as u32) as usize];
    let place = |y: f64| ((y - f64::from(rect.y)) / f64::from(STRIP)).floor();
    for face in faces {
        let (lo, hi) = face.shape.bounds();
        let (first, last) = (place(lo.y).max(0.0) as usize, place(hi.y));
        if last >= 0.0 {
            let to = out.len().min(last as usize + 1);
            out[first.min(to)..to].iter_mut().for_each(|s| s.push(face));
        }
    }
    out
}

/// What the mesh says at a place: the product position and the vertex attributes.
#[derive(Debug, Clone, Copy)]
struct Surface {
    source: DVec2,
    jacobian: DMat2,
    height_mm: f64,
    cover: f64,
    normal: DVec3,
}

impl Default for Surface {
    /// Nothing gathered; note that the default matrix would be the identity.
    fn default() -> Self {
        Self {
            source: DVec2::ZERO,
            jacobian: DMat2::ZERO,
            height_mm: 0.0,
            cover: 0.0,
            normal: DVec3::ZERO,
        }
    }
}

impl Surface {
    fn add(&mut self, other: &Surface, weight: f64) {
        self.source += other.source * weight;
        self.jacobian += other.jacobian * weight;
        self.height_mm += other.height_mm * weight;
        self.cover += other.cover * weight;
        self.normal += other.normal * weight;
    }
}

/// A triangle of the mesh with its affine inverse map.
struct Face {
    shape: Triangle,
    origin: DVec2,
    /// Barycentric weights of the second and third vertex per target offset from the first.
    to_bary: DMat2,
    jacobian: DMat2,
    vertices: [crate::fit::WarpVertex; 3],
}

/// The faces of the mesh that show anything of the product: much of a cut-out is empty.
fn faces(mesh: &WarpMesh, sampler: &Sampler) -> Vec<Face> {
    let corner = |i: u32| mesh.vertices.get(i as usize).copied();
    mesh.triangles
        .iter()
        .filter_map(|t| {
            let v = [corner(t[0])?, corner(t[1])?, corner(t[2])?];
            let shape = Triangle::new(v.map(|v| v.target))?;
            let to_bary = DMat2::from_cols(v[1].target - v[0].target, v[2].target - v[0].target).inverse();
            let jacobian = DMat2::from_cols(v[1].source - v[0].source, v[2].source - v[0].source) * to_bary;
            (jacobian.is_finite()).then_some(Face {
                shape,
                origin: v[0].target,
                to_bary,
                jacobian,
                vertices: v,
            })
        })
        .filter(|face| !sampler.sees_nothing(face))
        .collect()
}

impl Face {
    fn at(&self, p: DVec2) -> Surface {
        let b = self.to_bary * (p - self.origin);
        let [v0, v1, v2] = &self.vertices;
        let b0 = 1.0 - b.x - b.y;
        Surface {
            source: v0.source + self.jacobian * (p - self.origin),
            jacobian: self.jacobian,
            height_mm: v0.height_mm * b0 + v1.height_mm * b.x + v2.height_mm * b.y,
            cover: v0.cover * b0 + v1.cover * b.x + v2.cover * b.y,
            normal: v0.normal * b0 + v1.normal * b.x + v2.normal * b.y,
        }
    }

    fn draw(&self, part: &Rect, strip: &mut [Pixel], sampler: &Sampler) {
        let (lo, hi) = self.shape.bounds();
        let y0 = (lo.y.floor().max(f64::from(part.y))) as i32;
        let y1 = (hi.y.ceil().min(f64::from(part.bottom()))) as i32;
        for y in y0..y1 {
            let (x0, x1) = self.shape.columns(f64::from(y));
            let x0 = x0.max(f64::from(part.x)) as i32;
            let x1 = x1.min(f64::from(part.right())) as i32;
            let row = (y - part.y) as usize * part.width as usize;
            for x in x0..x1 {
                if let Some(covered) = self.shape.cover(DVec2::new(f64::from(x), f64::from(y))) {
                    strip[row + (x - part.x) as usize].add(&self.at(covered.centroid), &covered, sampler);
                }
            }
        }
    }
}

/// A pixel while triangles are drawn: the finished sheets below and the sheet being gathered.
#[derive(Debug, Clone, Copy, Default)]
struct Pixel {
    color: [f32; 4],
    height_mm: f32,
    normal: [f32; 3],
    /// Area gathered for the current sheet, and its attributes weighted by area.
    area: f64,
    sheet: Surface,
}

impl Pixel {
    fn add(&mut self, surface: &Surface, covered: &Covered, sampler: &Sampler) {
        if self.area > 0.0 && !self.continues(surface, covered) {
            self.flush(sampler);
        }
        self.area += covered.area;
        self.sheet.add(surface, covered.area);
    }

    /// Whether the surface belongs to the sheet gathered so far: together they cover no more than the pixel, and both
    /// look at the same place of the product.
    fn continues(&self, surface: &Surface, covered: &Covered) -> bool {
        const ROUNDING: f64 = 1e-6;
        /// Neighbours' centroids lie within a pixel's diagonal of each other, with some room for bends.
        const NEAR: f64 = 3.0;
        if self.area + covered.area > 1.0 + ROUNDING {
            return false;
        }
        let mean = self.sheet.source / self.area;
        let reach = |j: &DMat2| j.x_axis.length().max(j.y_axis.length());
        let step = reach(&surface.jacobian).max(reach(&self.sheet.jacobian) / self.area);
        mean.distance(surface.source) <= NEAR * step
    }

    /// Samples the gathered sheet and lays it over those below.
    fn flush(&mut self, sampler: &Sampler) {
        if self.area <= 0.0 {
            return;
        }
        // Shares of a whole pixel add up to 1 only up to rounding.
        let area = if self.area > 1.0 - 1e-6 { 1.0 } else { self.area };
        let mut mean = Surface::default();
        mean.add(&self.sheet, 1.0 / self.area);
        let cover = (area * mean.cover.clamp(0.0, 1.0)) as f32;
        (self.area, self.sheet) = (0.0, Surface::default());
        if cover <= 0.0 {
            return;
        }
        let upper = Fragment {
            x: 0,
            y: 0,
            color: sampler.sample(&mean).map(|c| c * cover),
            height_mm: mean.height_mm.max(0.0) as f32,
            normal: mean.normal.as_vec3().to_array(),
        };
        let merged = lay_over(&upper, &self.fragment(0, 0, 1.0));
        (self.color, self.height_mm, self.normal) = (merged.color, merged.height_mm, merged.normal);
    }

    fn fragment(&self, x: i32, y: i32, visible: f32) -> Fragment {
        Fragment {
            x,
            y,
            color: self.color.map(|c| c * visible),
            height_mm: self.height_mm,
            normal: self.normal,
        }
    }
}

struct Sampler<'a> {
    pyramid: &'a Pyramid,
    /// How many times wider the filter is for the softness.
    widen: f64,
}

impl<'a> Sampler<'a> {
    fn new(pyramid: &'a Pyramid, softness: f64) -> Self {
        // The filter itself has a standard deviation near half a pixel; variances add under blurring.
        const FILTER_SIGMA: f64 = 0.5;
        let widen = 1f64.hypot(softness / FILTER_SIGMA);
        Self { pyramid, widen }
    }

    fn sample(&self, surface: &Surface) -> [f32; 4] {
        resample::sample(self.pyramid, surface.source, surface.jacobian * self.widen)
    }

    /// Whether all that the face's pixels can see of the product is empty, those that it shares with others included.
    fn sees_nothing(&self, face: &Face) -> bool {
        /// A neighbour that shares a pixel may be mapped a little more coarsely than this face.
        const COARSER: f64 = 1.5;
        let [a, b, c] = face.vertices.map(|v| v.source);
        let step = COARSER * resample::longest(&face.jacobian);
        // Shared pixels, and what is sampled in them.
        let margin = std::f64::consts::SQRT_2 * step + resample::reach(step * self.widen);
        let (lo, hi) = (a.min(b).min(c) - margin, a.max(b).max(c) + margin);
        self.pyramid
            .is_clear((lo + hi) / 2.0, (hi - lo).max_element() / 2.0)
    }
}
