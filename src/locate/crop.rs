//! Rotated square and rectangular regions of a photograph as model inputs.
//!
//! The sampling is MediaPipe's `ImageToTensor` (OpenCV flavour), so that landmarks agree with its own: output
//! pixel `i` of `N` reads the picture at `centre + R(rotation) · ((i / N − ½) · size)`, where picture position
//! `k` means the *value of* pixel `k` (no half-pixel shift), bilinear, rounded to 8 bits. Landmarks are carried
//! back by the same map (see [`super::project`]), so they are what MediaPipe calls normalised coordinates times
//! the picture's size.

use glam::DVec2;
use image::RgbImage;
use rayon::prelude::*;

use crate::infer::Tensor;

/// A rotated rectangle of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roi {
    /// Pixels.
    pub centre: DVec2,
    /// Width and height before rotation, pixels.
    pub size: DVec2,
    /// Clockwise in the picture, radians.
    pub rotation: f64,
}

impl Roi {
    pub fn square(centre: DVec2, side: f64, rotation: f64) -> Self {
        Self {
            centre,
            size: DVec2::splat(side),
            rotation,
        }
    }

    /// The whole picture, stretched.
    pub fn whole(width: u32, height: u32) -> Self {
        let size = DVec2::new(f64::from(width), f64::from(height));
        Self {
            centre: size / 2.0,
            size,
            rotation: 0.0,
        }
    }

    /// The smallest centred square that holds the whole picture (letterbox).
    pub fn letterbox(width: u32, height: u32) -> Self {
        let centre = DVec2::new(f64::from(width), f64::from(height)) / 2.0;
        Self::square(centre, f64::from(width.max(height)), 0.0)
    }

    /// Position in the picture of the region's normalised position `p` (0..=1 in both).
    pub fn to_photo(&self, p: DVec2) -> DVec2 {
        self.centre + DVec2::from_angle(self.rotation).rotate((p - 0.5) * self.size)
    }

    /// Inverse of [`Roi::to_photo`].
    pub fn to_unit(&self, p: DVec2) -> DVec2 {
        DVec2::from_angle(-self.rotation).rotate(p - self.centre) / self.size + 0.5
    }
}

/// What is read outside the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    Zero,
    Replicate,
}

/// What 0 and 255 become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRange {
    /// 0..=1.
    Unit,
    /// −1..=1.
    Signed,
}

/// How a region that is larger than the model's input is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shrink {
    /// One bilinear tap per output pixel whatever the ratio, as MediaPipe does.
    Plain,
    /// One tap up to a ratio of [`PLAIN_RATIO`]; beyond, the mean of a grid of taps at most that far apart, against
    /// aliasing of fine texture in large photographs.
    Smooth,
}

/// Largest picture-to-input ratio at which [`Shrink::Smooth`] still equals [`Shrink::Plain`].
pub const PLAIN_RATIO: f64 = 8.0;
/// Distance of taps in pixels when [`Shrink::Smooth`] averages.
const TAP_SPACING: f64 = 1.6;
/// Fewer taps are not worth another thread.
const LEAST_TAPS_A_TASK: usize = 4096;

/// Reads `roi` into an NHWC tensor `[1, size, size, 3]`.
pub fn crop(
    photo: &RgbImage,
    roi: &Roi,
    size: usize,
    border: Border,
    range: ValueRange,
    shrink: Shrink,
) -> Tensor {
    let table = value_table(range);
    let mut data = vec![0.0; size * size * 3];
    if photo.width() > 0 && photo.height() > 0 && roi.centre.is_finite() && roi.size.is_finite() {
        let ratio = roi.size.max_element() / size.max(1) as f64;
        let taps = match shrink {
            Shrink::Smooth if ratio > PLAIN_RATIO => (ratio / TAP_SPACING).ceil() as usize,
            _ => 1,
        };
        let sampler = Sampler { photo, border };
        let axis = DVec2::from_angle(roi.rotation);
        let du = axis * (roi.size.x / size as f64);
        let dv = axis.perp() * (roi.size.y / size as f64);
        let origin = roi.centre - (du + dv) * (size as f64 / 2.0);
        // Upright, the taps of all rows lie at the same columns.
        let upright = taps > 1 && roi.rotation == 0.0;
        let columns: Vec<Tap> = (0..if upright { size } else { 0 })
            .flat_map(|i| tap_offsets(taps).map(move |at| (origin + du * i as f64).x + du.x * at))
            .map(Tap::at)
            .collect();
        let read_row = |(j, row): (usize, &mut [f32])| {
            let start = origin + dv * j as f64;
            let down = tap_offsets(taps).map(|at| Tap::at(start.y + dv.y * at));
            let lines: Vec<Tap> = down.filter(|_| upright).collect();
            for (i, out) in row.chunks_exact_mut(3).enumerate() {
                let p = start + du * i as f64;
                let rgb = match columns.get(i * taps..(i + 1) * taps) {
                    Some(columns) => sampler.mean_upright(columns, &lines),
                    None if taps == 1 => sampler.bilinear(p),
                    None => sampler.mean(p, du, dv, taps),
                };
                for (o, v) in out.iter_mut().zip(rgb) {
                    *o = table[usize::from(v)];
                }
            }
        };
        let rows = data.par_chunks_exact_mut(size * 3).enumerate();
        rows.with_min_len((LEAST_TAPS_A_TASK / (size * taps * taps)).max(1))
            .for_each(read_row);
    }
    Tensor {
        shape: vec![1, size, size, 3],
        data,
    }
}

fn value_table(range: ValueRange) -> [f32; 256] {
    std::array::from_fn(|v| {
        let unit = v as f64 / 255.0;
        match range {
            ValueRange::Unit => unit as f32,
            ValueRange::Signed => (unit * 2.0 - 1.0) as f32,
        }
    })
}

/// Where taps lie in an output pixel, in its sides from its middle.
fn tap_offsets(taps: usize) -> impl Iterator<Item = f64> {
    (0..taps).map(move |k| (k as f64 + 0.5) / taps as f64 - 0.5)
}

/// A place along one axis: the pixel before it, and how far it is on the way to the next.
#[derive(Debug, Clone, Copy)]
struct Tap {
    before: i64,
    share: f32,
}

impl Tap {
    #[inline]
    fn at(v: f64) -> Self {
        let before = floor(v);
        Self {
            before,
            share: (v - before as f64) as f32,
        }
    }
}

struct Sampler<'a> {
    photo: &'a RgbImage,
    border: Border,
}

impl Sampler<'_> {
    /// Bilinear value at `p` (pixel centres at integers), rounded to 8 bits.
    fn bilinear(&self, p: DVec2) -> [u8; 3] {
        self.bilinear_f32(p).map(|v| (v + 0.5) as u8)
    }

    #[inline]
    fn bilinear_f32(&self, p: DVec2) -> [f32; 3] {
        self.blend(Tap::at(p.x), Tap::at(p.y))
    }

    #[inline]
    fn blend(&self, across: Tap, down: Tap) -> [f32; 3] {
        let (Tap { before: x, share: fx }, Tap { before: y, share: fy }) = (across, down);
        let (w, h) = (i64::from(self.photo.width()), i64::from(self.photo.height()));
        let (top, bottom) = if x >= 0 && y >= 0 && x + 1 < w && y + 1 < h {
            let raw = self.photo.as_raw();
            let at = (y * w + x) as usize * 3;
            let below = at + w as usize * 3;
            match (raw.get(at..at + 6), raw.get(below..below + 6)) {
                (Some(t), Some(b)) => (
                    [t[0], t[1], t[2], t[3], t[4], t[5]],
                    [b[0], b[1], b[2], b[3], b[4], b[5]],
                ),
                _ => return [0.0; 3],
            }
        } else {
            (
                pair(self.at(x, y), self.at(x + 1, y)),
                pair(self.at(x, y + 1), self.at(x + 1, y + 1)),
            )
        };
        std::array::from_fn(|c| {
            let t = f32::from(top[c]) + (f32::from(top[c + 3]) - f32::from(top[c])) * fx;
            let b = f32::from(bottom[c]) + (f32::from(bottom[c + 3]) - f32::from(bottom[c])) * fx;
            t + (b - t) * fy
        })
    }

    /// Mean of `taps` × `taps` bilinear taps spread over the output pixel at `p`.
    fn mean(&self, p: DVec2, du: DVec2, dv: DVec2, taps: usize) -> [u8; 3] {
        let mut sum = [0f32; 3];
        for b in tap_offsets(taps) {
            for a in tap_offsets(taps) {
                let v = self.bilinear_f32(p + du * a + dv * b);
                for (s, v) in sum.iter_mut().zip(v) {
                    *s += v;
                }
            }
        }
        sum.map(|s| (s / (taps * taps) as f32 + 0.5) as u8)
    }

    /// The same where the taps lie in rows and columns.
    fn mean_upright(&self, columns: &[Tap], lines: &[Tap]) -> [u8; 3] {
        let mut sum = [0f32; 3];
        for line in lines {
            for column in columns {
                let v = self.blend(*column, *line);
                for (s, v) in sum.iter_mut().zip(v) {
                    *s += v;
                }
            }
        }
        sum.map(|s| (s / (columns.len() * lines.len()) as f32 + 0.5) as u8)
    }

    fn at(&self, x: i64, y: i64) -> [u8; 3] {
        let (w, h) = (i64::from(self.photo.width()), i64::from(self.photo.height()));
        if self.border == Border::Zero && !(0..w).contains(&x) | !(0..h).contains(&y) {
            return [0; 3];
        }
        self.photo
            .get_pixel(x.clamp(0, w - 1) as u32, y.clamp(0, h - 1) as u32)
            .0
    }
}

/// Rounded down; without the call that `f64::floor` is on processors before SSE 4.1.
#[inline]
fn floor(v: f64) -> i64 {
    let whole = v as i64;
    whole - i64::from(v < whole as f64)
}

fn pair(a: [u8; 3], b: [u8; 3]) -> [u8; 6] {
    [a[0], a[1], a[2], b[0], b[1], b[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose red is `4x + 1`, green `3y + 2`, so that bilinear values are known by hand.
    fn ramp() -> RgbImage {
        RgbImage::from_fn(32, 40, |x, y| {
            image::Rgb([(4 * x + 1) as u8, (3 * y + 2) as u8, 7])
        })
    }

    #[test]
    fn output_pixel_reads_the_picture_without_half_pixel_shift() {
        let roi = Roi::square(DVec2::new(12.0, 14.0), 8.0, 0.0);
        let t = crop(
            &ramp(),
            &roi,
            4,
            Border::Replicate,
            ValueRange::Unit,
            Shrink::Plain,
        );
        assert_eq!(t.shape, [1, 4, 4, 3]);
        // Output (1, 2) of 4 lies at centre + (1/4 − 1/2)·8 = (10, 14).
        let at = (2 * 4 + 1) * 3;
        assert_eq!((t.data[at] * 255.0).round(), 4.0 * 10.0 + 1.0);
        assert_eq!((t.data[at + 1] * 255.0).round(), 3.0 * 14.0 + 2.0);
    }

    #[test]
    fn quarter_turn_swaps_the_axes() {
        let roi = Roi::square(DVec2::new(12.0, 14.0), 8.0, std::f64::consts::FRAC_PI_2);
        let t = crop(
            &ramp(),
            &roi,
            8,
            Border::Replicate,
            ValueRange::Unit,
            Shrink::Plain,
        );
        // Output x runs down the picture, output y to the left.
        let at = (8 + 6) * 3;
        assert_eq!((t.data[at] * 255.0).round(), 4.0 * (12.0 + 3.0) + 1.0);
        assert_eq!((t.data[at + 1] * 255.0).round(), 3.0 * (14.0 + 2.0) + 2.0);
    }

    #[test]
    fn borders() {
        let roi = Roi::square(DVec2::new(0.0, 0.0), 20.0, 0.0);
        let zero = crop(&ramp(), &roi, 10, Border::Zero, ValueRange::Signed, Shrink::Plain);
        let replicate = crop(
            &ramp(),
            &roi,
            10,
            Border::Replicate,
            ValueRange::Signed,
            Shrink::Plain,
        );
        assert_eq!(zero.data[0], -1.0);
        assert_eq!(replicate.data[0], (1.0 / 255.0f64 * 2.0 - 1.0) as f32);
        assert_eq!(zero.data[(5 * 10 + 5) * 3], replicate.data[(5 * 10 + 5) * 3]);
    }

    #[test]
    fn smooth_shrinking_averages_fine_texture() {
        let stripes = RgbImage::from_fn(512, 512, |x, _| image::Rgb([if x % 2 == 0 { 255 } else { 0 }; 3]));
        let roi = Roi::whole(512, 512);
        let smooth = crop(
            &stripes,
            &roi,
            32,
            Border::Replicate,
            ValueRange::Unit,
            Shrink::Smooth,
        );
        let inner = &smooth.data[(16 * 32 + 4) * 3..(16 * 32 + 28) * 3];
        // One tap would give all black or all white; a few taps leave a few hundredths of the contrast.
        assert!(inner.iter().all(|v| (v - 0.5).abs() < 0.05), "{inner:?}");
    }

    /// The quick way of upright regions against the general one, tap by tap; beyond the picture's edges as well.
    #[test]
    fn upright_regions_read_the_same_taps() {
        let photo = RgbImage::from_fn(97, 61, |x, y| {
            image::Rgb([x as u8 * 2, y as u8 * 4, (x * y) as u8])
        });
        let roi = Roi {
            size: DVec2::new(83.0, 131.0),
            ..Roi::square(DVec2::new(41.3, 30.9), 0.0, 0.0)
        };
        let size = 7;
        let got = crop(&photo, &roi, size, Border::Zero, ValueRange::Unit, Shrink::Smooth);
        let taps = (131.0 / 7.0 / TAP_SPACING).ceil() as usize;
        let sampler = Sampler {
            photo: &photo,
            border: Border::Zero,
        };
        let (du, dv) = (DVec2::new(83.0 / 7.0, 0.0), DVec2::new(0.0, 131.0 / 7.0));
        for (k, pixel) in got.data.chunks_exact(3).enumerate() {
            let (i, j) = ((k % size) as f64, (k / size) as f64);
            let p = roi.centre + du * (i - 3.5) + dv * (j - 3.5);
            for (v, want) in pixel.iter().zip(sampler.mean(p, du, dv, taps)) {
                assert!((v * 255.0 - f32::from(want)).abs() < 1.5, "{i} {j}: {v} {want}");
            }
        }
    }

    #[test]
    fn unit_and_photo_positions_are_inverse() {
        let roi = Roi {
            centre: DVec2::new(300.0, 220.0),
            size: DVec2::new(80.0, 50.0),
            rotation: 0.7,
        };
        let p = DVec2::new(0.2, 0.9);
        assert!((roi.to_unit(roi.to_photo(p)) - p).length() < 1e-12);
    }
}
