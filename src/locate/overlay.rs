//! Draws what was located over the photograph, for people to look at.

use glam::{DVec2, DVec3};
use image::RgbImage;

use super::{Anatomy, Ear, Face, Hand, Light, Neck, Shoulders, Wrist};

type Color = [u8; 3];
const FACE: Color = [255, 255, 255];
const EAR: Color = [255, 60, 160];
const HIDDEN: Color = [130, 130, 130];
const NECK: Color = [40, 220, 255];
const HAND: Color = [255, 220, 60];
const FINGER: Color = [90, 255, 90];
const LIGHT: Color = [255, 170, 0];

/// Bones of the hand, as pairs of its 21 points.
const BONES: [[usize; 2]; 21] = [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [0, 5],
    [5, 6],
    [6, 7],
    [7, 8],
    [5, 9],
    [9, 10],
    [10, 11],
    [11, 12],
    [9, 13],
    [13, 14],
    [14, 15],
    [15, 16],
    [13, 17],
    [17, 18],
    [18, 19],
    [19, 20],
    [0, 17],
];

/// A copy of the photograph with everything that was located drawn on it.
pub fn overlay(photo: &RgbImage, anatomy: &Anatomy) -> RgbImage {
    let mut pen = Pen::new(photo.clone());
    anatomy.faces.iter().for_each(|f| draw_face(&mut pen, f));
    if let Some(neck) = &anatomy.neck {
        draw_neck(&mut pen, neck, anatomy);
    }
    if let Some(shoulders) = &anatomy.shoulders {
        draw_shoulders(&mut pen, shoulders);
    }
    anatomy.hands.iter().for_each(|h| draw_hand(&mut pen, h));
    if let Some(light) = &anatomy.light {
        draw_light(&mut pen, light);
    }
    pen.picture
}

fn draw_face(pen: &mut Pen, face: &Face) {
    let (min, size) = (
        DVec2::new(face.bbox.x, face.bbox.y),
        DVec2::new(face.bbox.width, face.bbox.height),
    );
    let corners = [DVec2::ZERO, DVec2::X, DVec2::ONE, DVec2::Y].map(|c| min + c * size);
    for (a, b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        pen.line(*a, *b, FACE, 0.6);
    }
    for p in &face.landmarks {
        pen.dot(p.truncate(), FACE, 0.5);
    }
    draw_ear(pen, &face.ears.left);
    draw_ear(pen, &face.ears.right);
}

/// A dot where the lobe is pierced with the picture of its normal, 10 mm long; a cross where it cannot be seen.
fn draw_ear(pen: &mut Pen, ear: &Ear) {
    let arm = DVec2::splat(pen.unit * 3.0);
    if ear.hidden_by.is_some() {
        pen.line(ear.lobe - arm, ear.lobe + arm, HIDDEN, 1.0);
        let arm = arm.perp();
        pen.line(ear.lobe - arm, ear.lobe + arm, HIDDEN, 1.0);
    } else {
        let tip = ear.lobe + ear.normal.truncate() * (10.0 * ear.px_per_mm);
        pen.line(ear.lobe, tip, EAR, 0.8);
        pen.dot(ear.lobe, EAR, 2.0);
    }
}

/// Silhouette points, pit, and the neck's section at the silhouette points as an ellipse.
fn draw_neck(pen: &mut Pen, neck: &Neck, anatomy: &Anatomy) {
    pen.dot(neck.left, NECK, 2.0);
    pen.dot(neck.right, NECK, 2.0);
    pen.dot(neck.pit, NECK, 2.0);
    let u = neck.axis.any_orthonormal_vector() * neck.radius_mm;
    let v = neck.axis.cross(u);
    let at = |i: u32| {
        let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 48.0).sin_cos();
        let p: DVec3 = neck.centre_mm + u * cos + v * sin;
        anatomy.camera.project(p.with_z(p.z.max(1.0)))
    };
    (0..48).for_each(|i| pen.line(at(i), at(i + 1), NECK, 0.5));
}

fn draw_shoulders(pen: &mut Pen, shoulders: &Shoulders) {
    pen.dot(shoulders.left, NECK, 2.0);
    pen.dot(shoulders.right, NECK, 2.0);
    pen.line(shoulders.left, shoulders.right, NECK, 0.5);
}

fn draw_hand(pen: &mut Pen, hand: &Hand) {
    for [a, b] in BONES {
        if let (Some(a), Some(b)) = (hand.landmarks.get(a), hand.landmarks.get(b)) {
            pen.line(a.truncate(), b.truncate(), HAND, 0.8);
        }
    }
    for p in &hand.landmarks {
        pen.dot(p.truncate(), HAND, 1.5);
    }
    for finger in &hand.fingers {
        let color = if finger.visibility > 0.5 { FINGER } else { HIDDEN };
        pen.section(finger.center, finger.axis, finger.width_px, color);
    }
    draw_wrist(pen, &hand.wrist);
}

fn draw_wrist(pen: &mut Pen, wrist: &Wrist) {
    let color = if wrist.visibility > 0.5 { FINGER } else { HIDDEN };
    pen.section(wrist.center, wrist.axis, wrist.width_px, color);
}

/// An arrow in the top left corner that points the way the light travels, thicker the surer.
fn draw_light(pen: &mut Pen, light: &Light) {
    let reach = pen.unit * 25.0;
    let centre = DVec2::splat(reach * 1.4);
    let towards = DVec2::new(light.direction.x, -light.direction.y);
    let (tail, tip) = (centre + towards * reach, centre - towards * reach);
    let width = 0.5 + 1.5 * light.confidence;
    pen.line(tail, tip, LIGHT, width);
    let back = (tail - tip).normalize_or_zero() * reach * 0.35;
    for turn in [0.5, -0.5] {
        pen.line(tip, tip + DVec2::from_angle(turn).rotate(back), LIGHT, width);
    }
    pen.dot(tail, LIGHT, 2.5);
}

/// Anti-aliased strokes whose width follows the picture's size.
struct Pen {
    picture: RgbImage,
    /// Pixels that one unit of stroke width is.
    unit: f64,
}

impl Pen {
    fn new(picture: RgbImage) -> Self {
        let unit = (f64::from(picture.width().max(picture.height())) / 600.0).max(0.7);
        Self { picture, unit }
    }

    fn dot(&mut self, at: DVec2, color: Color, width: f64) {
        self.line(at, at, color, width * 2.0);
    }

    /// A line across a limb, with a tick along its axis.
    fn section(&mut self, centre: DVec2, axis: DVec2, width: f64, color: Color) {
        let half = axis.perp() * (width / 2.0);
        self.line(centre - half, centre + half, color, 1.5);
        self.line(centre, centre + axis * (width / 2.0), color, 0.8);
    }

    /// A stroke with round ends from `a` to `b` (pixel positions, centres at half integers).
    fn line(&mut self, a: DVec2, b: DVec2, color: Color, width: f64) {
        if !(a.is_finite() && b.is_finite()) {
            return;
        }
        let radius = width * self.unit / 2.0;
        let (w, h) = self.picture.dimensions();
        let limit = DVec2::new(f64::from(w), f64::from(h));
        let lo = (a.min(b) - radius - 1.0).clamp(DVec2::ZERO, limit);
        let hi = (a.max(b) + radius + 1.0).clamp(DVec2::ZERO, limit);
        for y in lo.y as u32..(hi.y.ceil() as u32).min(h) {
            for x in lo.x as u32..(hi.x.ceil() as u32).min(w) {
                let p = DVec2::new(f64::from(x), f64::from(y)) + 0.5;
                let coverage = (radius + 0.5 - distance(p, a, b)).clamp(0.0, 1.0);
                if coverage > 0.0 {
                    let pixel = self.picture.get_pixel_mut(x, y);
                    for (v, c) in pixel.0.iter_mut().zip(color) {
                        *v = (f64::from(*v) + (f64::from(c) - f64::from(*v)) * coverage).round() as u8;
                    }
                }
            }
        }
    }
}

/// Distance of `p` from the segment `a`–`b`.
fn distance(p: DVec2, a: DVec2, b: DVec2) -> f64 {
    let d = b - a;
    let t = ((p - a).dot(d) / d.length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a + d * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_stay_in_the_picture_and_have_their_width() {
        let mut pen = Pen::new(RgbImage::new(600, 100));
        pen.line(
            DVec2::new(-50.0, 50.0),
            DVec2::new(700.0, 50.0),
            [255, 255, 255],
            4.0,
        );
        let lit = |x: u32| {
            (0..100)
                .filter(|&y| pen.picture.get_pixel(x, y).0[0] > 127)
                .count()
        };
        assert_eq!((lit(0), lit(300), lit(599)), (4, 4, 4));
    }

    #[test]
    fn points_far_outside_do_no_harm() {
        let mut pen = Pen::new(RgbImage::new(20, 20));
        pen.line(DVec2::splat(-1e12), DVec2::splat(f64::NAN), [255; 3], 1.0);
        pen.dot(DVec2::splat(1e12), [255; 3], 1.0);
        assert!(pen.picture.as_raw().iter().all(|v| *v == 0));
    }
}
