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

use super::sampler::{Sampler, Tap, tap_offsets};
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
    let mut data = vec![0.0; size * size * 3];
    if let Some(grid) = Grid::new(photo, roi, size, border, range, shrink) {
        let rows = data.par_chunks_exact_mut(size * 3).enumerate();
        rows.with_min_len(grid.rows_a_task())
            .for_each(|(j, row)| grid.read(j, row));
    }
    Tensor {
        shape: vec![1, size, size, 3],
        data,
    }
}

/// The places at which a region is read.
pub(super) struct Grid<'a> {
    sampler: Sampler<'a>,
    /// Pixels a side.
    size: usize,
    /// Taps a pixel, across and down.
    taps: usize,
    origin: DVec2,
    du: DVec2,
    dv: DVec2,
    /// Where all rows' taps lie across, if the region is upright and has several a pixel.
    columns: Vec<Tap>,
    table: [f32; 256],
}

impl<'a> Grid<'a> {
    /// Nothing where there is nothing to read.
    pub fn new(
        photo: &'a RgbImage,
        roi: &Roi,
        size: usize,
        border: Border,
        range: ValueRange,
        shrink: Shrink,
    ) -> Option<Self> {
        let there = photo.width() > 0 && photo.height() > 0 && size > 0;
        if !there || !roi.centre.is_finite() || !roi.size.is_finite() {
            return None;
        }
        let ratio = roi.size.max_element() / size as f64;
        let taps = match shrink {
            Shrink::Smooth if ratio > PLAIN_RATIO => (ratio / TAP_SPACING).ceil() as usize,
            _ => 1,
        };
        let axis = DVec2::from_angle(roi.rotation);
        let du = axis * (roi.size.x / size as f64);
        let dv = axis.perp() * (roi.size.y / size as f64);
        let origin = roi.centre - (du + dv) * (size as f64 / 2.0);
        let upright = taps > 1 && roi.rotation == 0.0;
        let columns = (0..if upright { size } else { 0 })
            .flat_map(|i| tap_offsets(taps).map(move |at| (origin + du * i as f64).x + du.x * at))
            .map(Tap::at);
        Some(Self {
            sampler: Sampler { photo, border },
            size,
            taps,
            origin,
            du,
            dv,
            columns: columns.collect(),
            table: value_table(range),
        })
    }

    /// As many rows as are worth another thread.
    pub fn rows_a_task(&self) -> usize {
        (LEAST_TAPS_A_TASK / (self.size * self.taps * self.taps)).max(1)
    }

    /// Reads row `j`, three values a pixel.
    pub fn read(&self, j: usize, row: &mut [f32]) {
        let (sampler, taps) = (&self.sampler, self.taps);
        let start = self.origin + self.dv * j as f64;
        if taps == 1 && sampler.row(start, self.du, row, &self.table) {
            return;
        }
        let down = tap_offsets(taps).map(|at| Tap::at(start.y + self.dv.y * at));
        let lines: Vec<Tap> = down.filter(|_| !self.columns.is_empty()).collect();
        for (i, out) in row.chunks_exact_mut(3).enumerate() {
            let p = start + self.du * i as f64;
            let rgb = match self.columns.get(i * taps..(i + 1) * taps) {
                Some(columns) => sampler.mean_upright(columns, &lines),
                None if taps == 1 => sampler.bilinear(p),
                None => sampler.mean(p, self.du, self.dv, taps),
            };
            for (o, v) in out.iter_mut().zip(rgb) {
                *o = self.table[usize::from(v)];
            }
        }
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
