//! The neck: where its silhouette runs below the jaw, its middle, thickness and axis in camera millimetres.
//!
//! Head and torso tell where the neck must be; the picture then says where its two sides are: on a strip across the
//! neck the edge is the place of the largest change of colour near the expected thickness.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::torso::Torso;
use crate::locate::camera::Camera;
use crate::locate::{HeadPose, Neck};

/// Up the neck, in the torso's frame: necks lean forward.
const AXIS: DVec3 = DVec3::new(0.0, -0.958, -0.287);
/// Mean silhouette half-width of the section below the jaw, and the mean radius of that section; mm.
const HALF_WIDTH_MM: f64 = 46.0;
const RADIUS_BY_HALF_WIDTH: f64 = 0.97;
/// The edge is looked for within these parts of the expected half-width, and this surely around it.
const NEAREST: f64 = 0.65;
const FARTHEST: f64 = 1.6;
const SPREAD: f64 = 0.2;
/// Half the strip's height along the neck, and the widths that are compared left and right of an edge; mm.
const STRIP_MM: f64 = 8.0;
const SIDE_MM: f64 = 7.0;
/// Steps per mm of the search.
const STEPS_PER_MM: f64 = 2.0;
/// Change of colour (8-bit levels, all channels) that counts as much as the expectation.
const FIRM: f64 = 30.0;

/// The neck under a head.
pub fn find_neck(photo: &RgbImage, camera: &Camera, head: &HeadPose, torso: &Torso) -> Neck {
    let expected = HALF_WIDTH_MM * head.size;
    let axis = torso.rotation * AXIS;
    let strip = Strip::new(photo, camera, torso.neck_mm, axis);
    let left = strip.edge(1.0, expected);
    let right = strip.edge(-1.0, expected);
    let half = (left + right) / 2.0;
    let centre_mm = torso.neck_mm + strip.across_mm * ((left - right) / 2.0);
    Neck {
        left: strip.at(left, 0.0),
        right: strip.at(-right, 0.0),
        pit: camera.project(torso.pit_mm),
        px_per_mm: camera.px_per_mm(centre_mm.z),
        centre_mm,
        axis,
        radius_mm: half * RADIUS_BY_HALF_WIDTH,
        pit_mm: torso.pit_mm,
    }
}

/// A strip of the picture across the neck.
struct Strip<'a> {
    photo: &'a RgbImage,
    /// Middle of the neck in pixels; unit directions to the subject's left and along the neck, pixels per mm.
    middle: DVec2,
    across: DVec2,
    along: DVec2,
    scale: f64,
    /// `across` in the camera frame.
    across_mm: DVec3,
}

impl<'a> Strip<'a> {
    fn new(photo: &'a RgbImage, camera: &Camera, centre: DVec3, axis: DVec3) -> Self {
        let along = axis.truncate().normalize_or(DVec2::NEG_Y);
        // The subject's left is at the right of the picture.
        let across = DVec2::new(-along.y, along.x);
        Self {
            photo,
            middle: camera.project(centre),
            across,
            along,
            scale: camera.px_per_mm(centre.z),
            across_mm: across.extend(0.0),
        }
    }

    /// Picture position `across` mm to the subject's left and `along` mm up the neck.
    fn at(&self, across: f64, along: f64) -> DVec2 {
        self.middle + (self.across * across + self.along * along) * self.scale
    }

    /// Distance in mm of the neck's side from its middle, towards the subject's left (`side` 1) or right (−1).
    fn edge(&self, side: f64, expected: f64) -> f64 {
        let from = NEAREST * expected - SIDE_MM;
        let count = ((FARTHEST * expected + SIDE_MM - from) * STEPS_PER_MM) as usize;
        let profile: Vec<Option<DVec3>> = (0..count)
            .map(|i| self.color(side * (from + i as f64 / STEPS_PER_MM)))
            .collect();
        let width = (SIDE_MM * STEPS_PER_MM) as usize;
        let mut best = (0.0, expected, 0.0);
        for i in width..count.saturating_sub(width) {
            let (Some(inner), Some(outer)) =
                (mean(profile.get(i - width..i)), mean(profile.get(i..i + width)))
            else {
                continue;
            };
            let at = from + (i as f64 - 0.5) / STEPS_PER_MM;
            let change = (inner - outer).length();
            let likely = (-0.5 * ((at / expected - 1.0) / SPREAD).powi(2)).exp();
            if change * likely > best.0 {
                best = (change * likely, at, change);
            }
        }
        let trust = best.2 * best.2 / (best.2 * best.2 + FIRM * FIRM);
        expected + (best.1 - expected) * trust
    }

    /// Mean colour over the strip's height; `None` outside the picture.
    fn color(&self, across: f64) -> Option<DVec3> {
        const SAMPLES: i32 = 4;
        let mut sum = DVec3::ZERO;
        for k in -SAMPLES..=SAMPLES {
            let p = self.at(across, f64::from(k) / f64::from(SAMPLES) * STRIP_MM);
            let inside = p.cmpge(DVec2::ZERO).all() && p.x < f64::from(u32::MAX) && p.y < f64::from(u32::MAX);
            let pixel = inside.then(|| self.photo.get_pixel_checked(p.x as u32, p.y as u32))??;
            sum += DVec3::from(pixel.0.map(f64::from));
        }
        Some(sum / f64::from(2 * SAMPLES + 1))
    }
}

/// Mean of colours that are all there.
fn mean(colors: Option<&[Option<DVec3>]>) -> Option<DVec3> {
    let colors = colors?;
    let sum = colors.iter().try_fold(DVec3::ZERO, |sum, c| Some(sum + (*c)?))?;
    Some(sum / colors.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::trunk::torso::torso;
    use glam::DMat3;

    fn scene(left_mm: f64, right_mm: f64) -> (RgbImage, Camera, HeadPose, Torso) {
        let camera = Camera::new(1600.0, 800, 1000);
        let head = HeadPose {
            rotation: DMat3::IDENTITY,
            translation_mm: DVec3::new(0.0, -80.0, 800.0),
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            size: 1.0,
        };
        let torso = torso(&head, &camera, None);
        let middle = camera.project(torso.neck_mm).x;
        let k = camera.px_per_mm(torso.neck_mm.z);
        let photo = RgbImage::from_fn(800, 1000, |x, _| {
            let mm = (f64::from(x) + 0.5 - middle) / k;
            if mm < left_mm && mm > -right_mm {
                image::Rgb([200, 150, 120])
            } else {
                image::Rgb([90, 100, 110])
            }
        });
        (photo, camera, head, torso)
    }

    #[test]
    fn the_sides_of_a_neck_are_found() {
        let (photo, camera, head, torso) = scene(52.0, 44.0);
        let neck = find_neck(&photo, &camera, &head, &torso);
        let k = neck.px_per_mm;
        let middle = camera.project(torso.neck_mm).x;
        assert!(((neck.left.x - middle) / k - 52.0).abs() < 1.5, "{neck:?}");
        assert!(((middle - neck.right.x) / k - 44.0).abs() < 1.5, "{neck:?}");
        assert!((neck.radius_mm - 48.0 * RADIUS_BY_HALF_WIDTH).abs() < 1.0);
        assert!((neck.centre_mm.x - torso.neck_mm.x - 4.0).abs() < 1.0);
    }

    #[test]
    fn without_an_edge_the_mean_neck_stays() {
        let (_, camera, head, torso) = scene(0.0, 0.0);
        let neck = find_neck(&RgbImage::new(800, 1000), &camera, &head, &torso);
        assert!((neck.radius_mm - HALF_WIDTH_MM * RADIUS_BY_HALF_WIDTH).abs() < 1e-9);
    }
}
