//! What lies behind the person: another colour, a gradient, a picture, or the photo's own out of focus.
//!
//! The person's matte comes from a small model; a guided filter (He, Sun & Tang, 2013) at working size gives it the
//! photo's own edges. The old background is taken out of half-covered pixels before the new one comes in, or hair
//! would keep a rim of the old wall. All in linear light.

use image::RgbImage;

use crate::imaging::pixel::{linear_to_srgb, srgb_to_linear};
use crate::preset::values::Colour;

/// Longest side at which mattes and blurred backgrounds are worked out; both are smooth between edges, and the edges
/// come back with the guide at full size.
const WORKING_SIDE: f64 = 1024.0;
/// Guided filter window, as a share of the picture's longer side.
const WINDOW: f64 = 0.008;
/// Guided filter regularisation, squared luma.
const EPSILON: f32 = 2e-4;

/// What to put behind the person.
#[derive(Debug, Clone)]
pub enum Backdrop<'a> {
    Solid(Colour),
    /// Top and bottom.
    Gradient([Colour; 2]),
    /// Scaled to cover, centred.
    Picture(&'a RgbImage),
    /// 0 to 1; 1 blurs over a tenth of the diagonal.
    Blur(f64),
}

/// One value per pixel of a small picture.
#[derive(Clone)]
struct Plane {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

impl Plane {
    fn new(width: usize, height: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let data = (0..width * height).map(|i| at(i % width, i / width)).collect();
        Self { width, height, data }
    }

    fn map2(&self, other: &Plane, f: impl Fn(f32, f32) -> f32) -> Plane {
        let data = self
            .data
            .iter()
            .zip(&other.data)
            .map(|(a, b)| f(*a, *b))
            .collect();
        Plane { data, ..*self }
    }

    /// Mean over a square window, the window cut at the borders.
    fn boxed(&self, radius: usize) -> Plane {
        self.boxed_rows(radius)
            .transposed()
            .boxed_rows(radius)
            .transposed()
    }

    fn boxed_rows(&self, radius: usize) -> Plane {
        let mut data = Vec::with_capacity(self.data.len());
        for row in self.data.chunks_exact(self.width.max(1)) {
            // f64, so that the running sum does not drift.
            let mut sums = Vec::with_capacity(row.len() + 1);
            sums.push(0.0f64);
            let mut sum = 0.0;
            for v in row {
                sum += f64::from(*v);
                sums.push(sum);
            }
            for x in 0..row.len() {
                let (from, to) = (x.saturating_sub(radius), (x + radius + 1).min(row.len()));
                data.push(((sums[to] - sums[from]) / (to - from) as f64) as f32);
            }
        }
        Plane { data, ..*self }
    }

    fn transposed(&self) -> Plane {
        Plane::new(self.height, self.width, |x, y| self.data[x * self.width + y])
    }

    /// Three boxes make nearly a Gaussian.
    fn blurred(&self, radius: usize) -> Plane {
        self.boxed(radius).boxed(radius).boxed(radius)
    }

    /// Bilinear value at a place given as shares of width and height.
    fn sample(&self, u: f64, v: f64) -> f32 {
        let x = (u * self.width as f64 - 0.5).clamp(0.0, (self.width - 1) as f64);
        let y = (v * self.height as f64 - 0.5).clamp(0.0, (self.height - 1) as f64);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
        let at = |x: usize, y: usize| self.data[y * self.width + x];
        let top = at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx;
        let bottom = at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx;
        top * (1.0 - fy) + bottom * fy
    }
}

/// Replaces the background. `person` gives coverage 0..=1 at a place in pixels; `jewelry` that of the pieces, which
/// stay wherever they are.
pub fn replace(
    picture: &RgbImage,
    person: impl Fn(f64, f64) -> f32,
    jewelry: impl Fn(i32, i32) -> f32,
    backdrop: &Backdrop,
) -> RgbImage {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let shrink = (WORKING_SIDE / width.max(height)).min(1.0);
    let (w, h) = (
        ((width * shrink) as usize).max(1),
        ((height * shrink) as usize).max(1),
    );
    let linear: Vec<f32> = (0..=255u8)
        .map(|v| srgb_to_linear(f32::from(v) / 255.0))
        .collect();
    let small = small(picture, w, h, &linear);
    let guide = Plane::new(w, h, |x, y| {
        let i = y * w + x;
        luma([small[0].data[i], small[1].data[i], small[2].data[i]])
    });
    let coarse = Plane::new(w, h, |x, y| {
        person(
            (x as f64 + 0.5) / w as f64 * width,
            (y as f64 + 0.5) / h as f64 * height,
        )
    });
    let (slope, offset) = guided(&guide, &coarse, ((w.max(h) as f64 * WINDOW) as usize).max(2));
    // What the old background looks like near each place: a mean that leaves the person out.
    let outside = Plane::new(w, h, |x, y| (1.0 - coarse.data[y * w + x]).max(1e-3));
    let near = (w.max(h) / 40).max(2);
    let old = behind(&small, &outside, near);
    let soft = match backdrop {
        Backdrop::Blur(amount) => {
            let radius = (amount * 0.1 * (w as f64).hypot(h as f64) / 2.0).round() as usize;
            Some(behind(&small, &outside, radius.max(1)))
        }
        _ => None,
    };

    let mut out = picture.clone();
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        let (u, v) = ((f64::from(x) + 0.5) / width, (f64::from(y) + 0.5) / height);
        let own = pixel.0.map(|c| linear[usize::from(c)]);
        let matte = sharpen_matte(slope.sample(u, v) * luma(own) + offset.sample(u, v));
        let cover = matte.max(jewelry(x as i32, y as i32)).clamp(0.0, 1.0);
        if cover >= 1.0 {
            continue;
        }
        let new = match (backdrop, &soft) {
            (Backdrop::Solid(colour), _) => colour.0.map(|c| linear[usize::from(c)]),
            (Backdrop::Gradient([top, bottom]), _) => {
                let mix = |i: usize| {
                    linear[usize::from(top.0[i])] * (1.0 - v as f32)
                        + linear[usize::from(bottom.0[i])] * v as f32
                };
                [mix(0), mix(1), mix(2)]
            }
            (Backdrop::Picture(other), _) => covering(other, u, v, width / height, &linear),
            (Backdrop::Blur(_), Some(soft)) => [0, 1, 2].map(|i| soft[i].sample(u, v)),
            (Backdrop::Blur(_), None) => own,
        };
        for i in 0..3 {
            let wall = old[i].sample(u, v);
            // own = cover × person + (1 − cover) × wall: what the person gives to this pixel.
            let person = (own[i] - (1.0 - cover) * wall).clamp(0.0, cover);
            let mixed = person + (1.0 - cover) * new[i];
            pixel.0[i] = (linear_to_srgb(mixed) * 255.0).round() as u8;
        }
    }
    out
}

fn luma(c: [f32; 3]) -> f32 {
    // Square root: close to how the eye sees steps, so that dark edges guide as well as bright ones.
    (0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]).max(0.0).sqrt()
}

/// Faint remains at both ends are noise of the filter, not hair.
fn sharpen_matte(v: f32) -> f32 {
    let t = ((v - 0.08) / 0.84).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Three planes of linear light at working size: means over the pixels that fall together.
fn small(picture: &RgbImage, w: usize, h: usize, linear: &[f32]) -> [Plane; 3] {
    let mut sums = vec![[0.0f32; 4]; w * h];
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    for (x, y, pixel) in picture.enumerate_pixels() {
        let sum = &mut sums[(y as usize * h / height) * w + x as usize * w / width];
        for i in 0..3 {
            sum[i] += linear[usize::from(pixel.0[i])];
        }
        sum[3] += 1.0;
    }
    [0, 1, 2].map(|i| Plane::new(w, h, |x, y| sums[y * w + x][i] / sums[y * w + x][3].max(1.0)))
}

/// Coefficients of the guided filter: matte = slope × luma + offset, locally.
fn guided(guide: &Plane, input: &Plane, radius: usize) -> (Plane, Plane) {
    let mean_guide = guide.boxed(radius);
    let mean_input = input.boxed(radius);
    let both = guide.map2(input, |g, i| g * i).boxed(radius);
    let square = guide.map2(guide, |a, b| a * b).boxed(radius);
    let cov = both.map2(&mean_guide.map2(&mean_input, |a, b| a * b), |a, b| a - b);
    let var = square.map2(&mean_guide.map2(&mean_guide, |a, b| a * b), |a, b| {
        (a - b).max(0.0)
    });
    let slope = cov.map2(&var, |c, v| c / (v + EPSILON));
    let offset = mean_input.map2(&slope.map2(&mean_guide, |s, g| s * g), |m, sg| m - sg);
    (slope.boxed(radius), offset.boxed(radius))
}

/// The background blurred without the person bleeding into it: a mean weighted by how much background there is.
fn behind(small: &[Plane; 3], outside: &Plane, radius: usize) -> [Plane; 3] {
    // Squared: what is half person is more person than background.
    let weight = outside.map2(outside, |a, b| a * b);
    let total = weight.blurred(radius);
    [0, 1, 2].map(|i| {
        let sum = small[i].map2(&weight, |v, w| v * w).blurred(radius);
        sum.map2(&total, |s, t| s / t.max(1e-9))
    })
}

/// The pixel of a picture scaled to cover the canvas.
fn covering(other: &RgbImage, u: f64, v: f64, aspect: f64, linear: &[f32]) -> [f32; 3] {
    let (w, h) = (f64::from(other.width()), f64::from(other.height()));
    let (share_x, share_y) = if w / h > aspect {
        (aspect * h / w, 1.0)
    } else {
        (1.0, w / h / aspect)
    };
    let x = (0.5 + (u - 0.5) * share_x) * w - 0.5;
    let y = (0.5 + (v - 0.5) * share_y) * h - 0.5;
    let clamp = |v: f64, size: u32| v.clamp(0.0, f64::from(size - 1));
    let (x, y) = (clamp(x, other.width()), clamp(y, other.height()));
    let (x0, y0) = (x as u32, y as u32);
    let (x1, y1) = ((x0 + 1).min(other.width() - 1), (y0 + 1).min(other.height() - 1));
    let (fx, fy) = ((x - f64::from(x0)) as f32, (y - f64::from(y0)) as f32);
    let at = |x: u32, y: u32, i: usize| linear[usize::from(other.get_pixel(x, y).0[i])];
    [0, 1, 2].map(|i| {
        let top = at(x0, y0, i) * (1.0 - fx) + at(x1, y0, i) * fx;
        let bottom = at(x0, y1, i) * (1.0 - fx) + at(x1, y1, i) * fx;
        top * (1.0 - fy) + bottom * fy
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// A grey disc before a green wall, with a coarse matte.
    fn scene() -> (RgbImage, impl Fn(f64, f64) -> f32) {
        let inside = |x: f64, y: f64| (x - 200.0).hypot(y - 200.0) - 100.0;
        let picture = RgbImage::from_fn(400, 400, move |x, y| {
            Rgb(if inside(f64::from(x), f64::from(y)) < 0.0 {
                [150, 120, 110]
            } else {
                [40, 160, 60]
            })
        });
        // Soft over 24 px and 4 px too wide, as a small model's matte is.
        (picture, move |x: f64, y: f64| {
            ((8.0 - inside(x, y)) / 24.0 + 0.35).clamp(0.0, 1.0) as f32
        })
    }

    #[test]
    fn the_person_stays_and_the_wall_goes() {
        let (picture, person) = scene();
        let out = replace(&picture, person, |_, _| 0.0, &Backdrop::Solid(Colour([255; 3])));
        assert_eq!(out.get_pixel(200, 200), picture.get_pixel(200, 200));
        assert_eq!(out.get_pixel(20, 20).0, [255; 3]);
        // Beyond the edge nothing green is left: green minus red is 120 on the wall.
        for r in [112.0f64, 125.0] {
            for a in 0..24 {
                let (s, c) = (f64::from(a) / 24.0 * std::f64::consts::TAU).sin_cos();
                let p = out.get_pixel((200.0 + r * c) as u32, (200.0 + r * s) as u32).0;
                assert!(i32::from(p[1]) - i32::from(p[0]) < 30, "{p:?} at {r} {a}");
            }
        }
    }

    #[test]
    fn jewelry_beyond_the_person_stays() {
        let (picture, person) = scene();
        let jewelry = |x: i32, y: i32| {
            if (10..20).contains(&x) && (10..20).contains(&y) {
                1.0
            } else {
                0.0
            }
        };
        let out = replace(
            &picture,
            person,
            jewelry,
            &Backdrop::Gradient([Colour([0; 3]), Colour([255; 3])]),
        );
        assert_eq!(out.get_pixel(15, 15), picture.get_pixel(15, 15));
        assert!(out.get_pixel(30, 5).0[0] < out.get_pixel(30, 395).0[0]);
    }

    #[test]
    fn a_blurred_wall_holds_none_of_the_person() {
        let (picture, person) = scene();
        let out = replace(&picture, person, |_, _| 0.0, &Backdrop::Blur(0.5));
        let p = out.get_pixel(330, 200).0;
        for (found, wall) in p.iter().zip([40u8, 160, 60]) {
            assert!(found.abs_diff(wall) <= 3, "{p:?}");
        }
    }

    #[test]
    fn a_picture_covers_and_is_centred() {
        let (photo, person) = scene();
        let other = RgbImage::from_fn(800, 200, |x, _| {
            Rgb(if (300..500).contains(&x) {
                [9, 9, 250]
            } else {
                [250, 9, 9]
            })
        });
        let out = replace(&photo, person, |_, _| 0.0, &Backdrop::Picture(&other));
        assert_eq!(out.get_pixel(3, 3).0, [9, 9, 250]);
        assert_eq!(out.get_pixel(396, 396).0, [9, 9, 250]);
    }
}
