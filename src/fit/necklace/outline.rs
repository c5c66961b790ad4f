//! Where the chain's ends pass behind the neck: at the outline that the picture shows, not at the stand-in's, which is
//! a few mm off.

use glam::{DVec2, DVec3};

use super::hung::Hung;
use super::in_front::InFront;
use crate::fit::WarpMesh;
use crate::locate::body::Body;
use crate::locate::camera::Camera;
use crate::locate::matte::Mattes;

/// The picture's outline is looked for this far to both sides of the stand-in's, mm.
const REACH_MM: f64 = 12.0;
const STEP_MM: f64 = 0.5;
/// Bare skin without an end as far as this beyond the stand-in's outline: the neck is not where it was found.
const ASTRAY_MM: f64 = 16.0;
/// The chain is moved to the outline at its end, and less and less up to this far from it, mm.
const FADE_MM: f64 = 60.0;
/// Skin this near to the face's outline may be the jaw's, mm.
const JAW_MM: f64 = 12.0;
/// Hair beside an outline hides the neck's own.
const HAIR: f32 = 0.3;

/// The place in the picture where one end of the chain passes behind the neck.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// Pixels of the photograph.
    at: DVec2,
    /// Out of the neck, pixels per mm.
    out: DVec2,
    px_per_mm: f64,
}

/// What the picture says about an end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// The outline is this many mm farther out.
    Outline(f64),
    /// The neck's own skin all around: the stand-in is far from the body.
    Astray,
    /// Hair, cloth, or nothing that can be told.
    Unknown,
}

impl End {
    /// Both ends, as far as the body hides any.
    pub fn both(hung: &Hung, body: &Body, camera: &Camera) -> impl Iterator<Item = Self> {
        let half = hung.length() / 2.0;
        let count = half.ceil().max(1.0) as usize;
        [-1.0, 1.0].into_iter().filter_map(move |side| {
            let s = (0..=count)
                .map(|i| half + side * half * i as f64 / count as f64)
                .find(|s| hung.cover(*s) < 0.5)?;
            let p = hung.at(s);
            let slope = |d: DVec3| body.clearance(p + d) - body.clearance(p - d);
            let px_per_mm = camera.px_per_mm(p.z);
            Some(Self {
                at: camera.project(p),
                out: DVec2::new(slope(DVec3::X), slope(DVec3::Y)).try_normalize()? * px_per_mm,
                px_per_mm,
            })
        })
    }

    /// Looks for the body's outline beside the end.
    pub fn look(&self, mattes: &Mattes, in_front: &InFront) -> Found {
        let place = |mm: f64| self.at + self.out * mm;
        let far = (ASTRAY_MM / STEP_MM) as usize;
        let mut beyond = (0..=far).map(|i| place(i as f64 * STEP_MM));
        let jaw = JAW_MM * self.px_per_mm;
        let of_neck = |p: DVec2| !in_front.by_face(p, jaw) && !in_front.by_hand(p);
        if beyond.all(|p| mattes.skin.sample(p) > 0.9 && of_neck(p)) {
            return Found::Astray;
        }
        let outside = |mm: f64| mattes.background.sample(place(mm)) > 0.5;
        let on_neck = |mm: f64| mattes.skin.sample(place(mm)) > 0.5 && mattes.hair.sample(place(mm)) < HAIR;
        let steps = (REACH_MM / STEP_MM) as i32;
        let crossing = |i: &i32| {
            let mm = f64::from(*i) * STEP_MM;
            on_neck(mm - 2.0 * STEP_MM) && !outside(mm) && outside(mm + STEP_MM)
        };
        (-steps..=steps)
            .filter(crossing)
            .min_by_key(|i| i.abs())
            .map_or(Found::Unknown, |i| Found::Outline((f64::from(i) + 0.5) * STEP_MM))
    }

    /// Moves what is near the end `mm` outwards; `parts` vertices that follow each other keep their shape.
    pub fn shift(&self, mesh: &mut WarpMesh, mm: f64, parts: usize) {
        for part in mesh.vertices.chunks_mut(parts.max(1)) {
            let middle = part.iter().map(|v| v.target).sum::<DVec2>() / part.len() as f64;
            let by = self.moved(middle, mm) - middle;
            part.iter_mut().for_each(|v| v.target += by);
        }
    }

    /// Where [`End::shift`] moves a place.
    pub fn moved(&self, place: DVec2, mm: f64) -> DVec2 {
        let t = (1.0 - place.distance(self.at) / (FADE_MM * self.px_per_mm)).clamp(0.0, 1.0);
        place + self.out * (mm * t * t * (3.0 - 2.0 * t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::WarpVertex;
    use crate::imaging::{Mask, Rect};
    use crate::locate::matte::Near;

    /// Skin up to column `edge`, air beyond.
    fn picture(edge: i32) -> Mattes {
        let rect = Rect::new(0, 0, 200, 40);
        let mask = |value: &dyn Fn(i32) -> f32| Mask {
            data: (0..200 * 40).map(|i| value(i % 200)).collect(),
            ..Mask::filled(rect, 0.0)
        };
        Mattes {
            near: Near::all(rect),
            skin: mask(&|x| f32::from(x < edge)),
            hair: mask(&|_| 0.0),
            cloth: mask(&|_| 0.0),
            background: mask(&|x| f32::from(x >= edge)),
        }
    }

    fn end() -> End {
        End {
            at: DVec2::new(100.0, 20.0),
            out: DVec2::new(4.0, 0.0),
            px_per_mm: 4.0,
        }
    }

    #[test]
    fn the_pictures_outline_is_found_on_either_side() {
        let nothing = InFront::default();
        for (edge, expected) in [(120, 5.0), (100, 0.0), (80, -5.0)] {
            match end().look(&picture(edge), &nothing) {
                Found::Outline(mm) => assert!((mm - expected).abs() <= 0.5, "{edge}: {mm}"),
                other => panic!("{edge}: {other:?}"),
            }
        }
        assert_eq!(end().look(&picture(200), &nothing), Found::Astray);
        assert_eq!(end().look(&picture(30), &nothing), Found::Unknown);
    }

    #[test]
    fn the_end_moves_and_the_rest_stays_in_shape() {
        let vertex = |x: f64| WarpVertex {
            source: DVec2::ZERO,
            target: DVec2::new(x, 20.0),
            height_mm: 0.0,
            cover: 1.0,
            normal: DVec3::NEG_Z,
        };
        let mut mesh = WarpMesh {
            vertices: [98.0, 102.0, 218.0, 222.0, 398.0, 402.0].map(vertex).to_vec(),
            triangles: Vec::new(),
        };
        end().shift(&mut mesh, 5.0, 2);
        let x: Vec<f64> = mesh.vertices.iter().map(|v| v.target.x).collect();
        // All of 5 mm at the end, half of it halfway, nothing beyond 60 mm; pairs stay 4 px apart.
        for (found, expected) in x.iter().zip([118.0, 122.0, 228.0, 232.0, 398.0, 402.0]) {
            assert!((found - expected).abs() < 1e-9, "{x:?}");
        }
    }
}
