//! The skin around a piece: how far shadow and light bring it towards the worn picture, and where the shadow lies.

use glam::DVec2;
use image::{GrayImage, Luma, RgbImage};
use imageproc::distance_transform::euclidean_squared_distance_transform;

use crate::imaging::Lab;
use crate::imaging::pixel::decode_srgb8;

/// Width of the ring, mm.
const WIDTH_MM: f64 = 8.0;
/// From and to this far away skin tells the noise of the renders, mm.
const AWAY_MM: [f64; 2] = [25.0, 40.0];
/// Darkening below this is noise of the renders.
const NOISE: f64 = 0.02;
/// Least darkened area, mm² of black, that has a direction.
const LEAST_MM2: f64 = 4.0;

/// A shadow that no reasoning from the bare picture can be expected to know more finely, mm: standard deviation over
/// which the worn picture's own darkening is averaged for [`Ring::copied`].
const COPIED_MM: f64 = 1.0;

/// One scene's ring of skin.
#[derive(Debug, Clone, Copy)]
pub struct Ring {
    /// Mean ΔE2000 against the worn picture with shadow and light, and of the same composite without.
    pub lit: f64,
    pub plain: f64,
    /// The same with the darkening and brightening that the worn picture itself shows, averaged over a millimetre: what
    /// a shadow known to that fineness, and all of its strength, would leave.
    pub copied: f64,
    /// Mean ΔE2000 between the bare and the worn picture of skin too far away for shadows: what two renders of the
    /// same skin differ by. `None` where no such skin shows.
    pub noise: Option<f64>,
    /// Angle between the shadow's centroid and the true one's, seen from the jewelry's; `None` where the truth throws
    /// next to no shadow.
    pub shadow_off_deg: Option<f64>,
}

impl Ring {
    /// Share of the difference that is left.
    pub fn ratio(&self) -> f64 {
        self.lit / self.plain.max(1e-9)
    }

    /// The same with the noise of the renders taken off both, as far as that leaves anything.
    pub fn above_noise(&self) -> Option<f64> {
        let noise = self.noise.filter(|n| *n < self.plain)?;
        Some((self.lit - noise).max(0.0) / (self.plain - noise))
    }
}

pub struct Pictures<'a> {
    pub bare: &'a RgbImage,
    pub worn: &'a RgbImage,
    pub lit: &'a RgbImage,
    pub plain: &'a RgbImage,
    /// Coverage of the worn picture's jewelry and skin.
    pub jewelry: &'a GrayImage,
    pub skin: &'a GrayImage,
    pub px_per_mm: f64,
}

/// `None` when no skin shows around the jewelry.
pub fn measure(p: &Pictures) -> Option<Ring> {
    let distance = euclidean_squared_distance_transform(&imageproc::contrast::threshold(
        p.jewelry,
        127,
        imageproc::contrast::ThresholdType::Binary,
    ));
    let reach = (WIDTH_MM * p.px_per_mm).powi(2);
    let [from, to] = AWAY_MM.map(|d| (d * p.px_per_mm).powi(2));
    let (mut lit, mut plain, mut n) = (0.0, 0.0, 0.0);
    let mut ring = Vec::new();
    let (mut noise, mut away) = (0.0, 0.0);
    let mut jewelry = Centroid::default();
    let (mut ours, mut truth) = (Centroid::default(), Centroid::default());
    for (x, y, covered) in p.jewelry.enumerate_pixels() {
        let at = DVec2::new(f64::from(x), f64::from(y));
        if covered[0] > 127 {
            jewelry.add(at, 1.0);
        }
        let skin = p.skin.get_pixel(x, y)[0] >= 128 && covered[0] == 0;
        let lab = |image: &RgbImage| Lab::from_linear(linear(image, x, y));
        let distance = distance.get_pixel(x, y)[0];
        if skin && distance > from && distance <= to {
            noise += lab(p.bare).delta_e_2000(&lab(p.worn));
            away += 1.0;
        }
        if !skin || distance > reach {
            continue;
        }
        let want = lab(p.worn);
        lit += lab(p.lit).delta_e_2000(&want);
        plain += lab(p.plain).delta_e_2000(&want);
        n += 1.0;
        ring.push((x, y));
        let light = |image: &RgbImage| f64::from(crate::render::luminance(linear(image, x, y)));
        let bare = light(p.bare).max(1e-4);
        let taken = |image: &RgbImage| ((bare - light(image)) / bare - NOISE).max(0.0);
        ours.add(at, taken(p.lit));
        truth.add(at, taken(p.worn));
    }
    let angle = |a: DVec2, b: DVec2| a.angle_to(b).abs().to_degrees();
    (n > 0.0).then(|| Ring {
        lit: lit / n,
        plain: plain / n,
        copied: copied(p, &ring),
        noise: (away > 0.0).then(|| noise / away),
        shadow_off_deg: (truth.weight > LEAST_MM2 * p.px_per_mm.powi(2)).then(|| {
            let from = jewelry.mean();
            // No shadow at all is as wrong as can be.
            if ours.weight > 0.0 {
                angle(ours.mean() - from, truth.mean() - from)
            } else {
                180.0
            }
        }),
    })
}

/// Mean ΔE2000 of the ring when the bare picture takes the worn one's luminance, averaged over [`COPIED_MM`].
fn copied(p: &Pictures, ring: &[(u32, u32)]) -> f64 {
    type Plane = image::ImageBuffer<Luma<f32>, Vec<f32>>;
    let light = |image: &RgbImage, x, y| crate::render::luminance(linear(image, x, y)) + 1e-5;
    let [mut change, mut weight] = [(); 2].map(|()| Plane::new(p.bare.width(), p.bare.height()));
    for (x, y) in ring {
        let share = light(p.worn, *x, *y) / light(p.bare, *x, *y);
        change.put_pixel(*x, *y, Luma([share.clamp(0.05, 3.0).ln()]));
        weight.put_pixel(*x, *y, Luma([1.0]));
    }
    let sigma = (COPIED_MM * p.px_per_mm) as f32;
    let [change, weight] = [change, weight].map(|f| imageproc::filter::gaussian_blur_f32(&f, sigma));
    let off = ring.iter().map(|(x, y)| {
        let share = (change.get_pixel(*x, *y)[0] / weight.get_pixel(*x, *y)[0].max(1e-6)).exp();
        let found = Lab::from_linear(linear(p.bare, *x, *y).map(|v| (v * share).min(1.0)));
        found.delta_e_2000(&Lab::from_linear(linear(p.worn, *x, *y)))
    });
    off.sum::<f64>() / ring.len().max(1) as f64
}

fn linear(image: &RgbImage, x: u32, y: u32) -> [f32; 3] {
    image.get_pixel(x, y).0.map(decode_srgb8)
}

#[derive(Default)]
struct Centroid {
    sum: DVec2,
    weight: f64,
}

impl Centroid {
    fn add(&mut self, at: DVec2, weight: f64) {
        self.sum += at * weight;
        self.weight += weight;
    }

    fn mean(&self) -> DVec2 {
        self.sum / self.weight.max(1e-12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc of jewelry, a shadow to its right in truth, and composites that throw it right, below, or not.
    #[test]
    fn a_shadow_on_the_wrong_side_is_told() {
        let n = 120;
        let disc = |x: u32, y: u32, cx: f64, cy: f64| {
            (f64::from(x) + 0.5 - cx).hypot(f64::from(y) + 0.5 - cy) < 14.0
        };
        let picture = |shadow: Option<(f64, f64)>| {
            RgbImage::from_fn(n, n, |x, y| {
                let dark = shadow.is_some_and(|(cx, cy)| disc(x, y, cx, cy));
                image::Rgb(if dark { [120, 85, 70] } else { [190, 140, 115] })
            })
        };
        let jewelry = GrayImage::from_fn(n, n, |x, y| image::Luma([255 * u8::from(disc(x, y, 60.0, 60.0))]));
        let skin = GrayImage::from_fn(n, n, |x, y| image::Luma([255 - jewelry.get_pixel(x, y)[0]]));
        let (bare, worn) = (picture(None), picture(Some((72.0, 60.0))));
        let ring = |lit: &RgbImage| {
            measure(&Pictures {
                bare: &bare,
                worn: &worn,
                lit,
                plain: &bare,
                jewelry: &jewelry,
                skin: &skin,
                px_per_mm: 2.0,
            })
            .expect("skin")
        };
        let same = ring(&worn);
        assert_eq!(same.lit, 0.0);
        // A shadow with an edge sharper than a millimetre is not copied whole, but nearly.
        assert!(same.copied > 0.0 && same.copied < 0.3 * same.plain, "{same:?}");
        assert!(same.plain > 1.0 && same.shadow_off_deg.expect("a shadow") < 1e-6);
        let below = ring(&picture(Some((60.0, 72.0))));
        assert!((below.shadow_off_deg.expect("a shadow") - 90.0).abs() < 1.0);
        assert!(below.ratio() > 1.0);
        assert_eq!(ring(&bare).shadow_off_deg, Some(180.0));
    }
}
