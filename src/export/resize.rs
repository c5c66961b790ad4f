//! Cut, resized in linear light, sharpened, laid on its canvas.

use std::borrow::Cow;
use std::sync::LazyLock;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::pixels::U16x3;
use fast_image_resize::{
    FilterType, IntoImageView, IntoImageViewMut, PixelComponentMapper, PixelType, ResizeAlg, ResizeOptions,
    Resizer, create_srgb_mapper,
};
use image::{Rgb, RgbImage};

use super::frame::Frame;

/// The framed part of a picture at its export size. Where nothing is scaled, the pixels are the picture's own.
///
/// Shrinking and enlarging use Lanczos windows of three lobes in linear light with 16 bits, so that bright edges keep
/// their weight. Sharpening is an unsharp mask of the luma over the nearest neighbours, after shrinking only.
///
/// # Errors
/// A sentence when the picture cannot be resized, which sound frames rule out.
pub fn shape<'p>(
    picture: &'p RgbImage,
    frame: &Frame,
    sharpen: f64,
    pad: [u8; 3],
) -> Result<Cow<'p, RgbImage>, String> {
    let [x, y, width, height] = frame.source;
    let mut scaled = if (x, y, width, height) == (0, 0, picture.width(), picture.height()) {
        Cow::Borrowed(picture)
    } else {
        Cow::Owned(image::imageops::crop_imm(picture, x, y, width, height).to_image())
    };
    if frame.scaled != (width, height) {
        scaled = Cow::Owned(resize(&scaled, frame.scaled)?);
    }
    if frame.scaled.0 < width && sharpen > 0.0 {
        scaled = Cow::Owned(sharpened(&scaled, sharpen as f32));
    }
    if frame.canvas == frame.scaled {
        return Ok(scaled);
    }
    let mut canvas = RgbImage::from_pixel(frame.canvas.0, frame.canvas.1, Rgb(pad));
    let left = (frame.canvas.0 - frame.scaled.0) / 2;
    let top = (frame.canvas.1 - frame.scaled.1) / 2;
    image::imageops::replace(&mut canvas, &*scaled, i64::from(left), i64::from(top));
    Ok(Cow::Owned(canvas))
}

fn resize(picture: &RgbImage, size: (u32, u32)) -> Result<RgbImage, String> {
    let (width, height) = picture.dimensions();
    // The tables take milliseconds to fill.
    static MAPPER: LazyLock<PixelComponentMapper> = LazyLock::new(create_srgb_mapper);
    let mapper = &*MAPPER;
    let source =
        ImageRef::new(width, height, picture.as_raw(), PixelType::U8x3).map_err(|e| e.to_string())?;
    let mut linear = Image::new(width, height, PixelType::U16x3);
    mapper
        .forward_map(&source, &mut linear)
        .map_err(|e| e.to_string())?;
    let small = lanczos(&linear, size)?;
    drop(linear);
    let mut out = Image::new(size.0, size.1, PixelType::U8x3);
    mapper.backward_map(&small, &mut out).map_err(|e| e.to_string())?;
    RgbImage::from_raw(size.0, size.1, out.into_vec())
        .ok_or_else(|| "the resized picture has no pixels".into())
}

/// Typed: the crate's untyped entry compiles the resampling of all its thirteen pixel types, minutes of work for one.
fn lanczos(picture: &Image, size: (u32, u32)) -> Result<Image<'static>, String> {
    let mut small = Image::new(size.0, size.1, PixelType::U16x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    let (Some(from), Some(mut to)) = (picture.image_view::<U16x3>(), small.image_view_mut::<U16x3>()) else {
        return Err("the picture has not 16 bits".into());
    };
    Resizer::new()
        .resize_typed(&from, &mut to, &options)
        .map_err(|e| e.to_string())?;
    drop(to);
    Ok(small)
}

/// Adds `amount` of the difference between the luma and its 3 × 3 binomial mean to all three channels.
fn sharpened(picture: &RgbImage, amount: f32) -> RgbImage {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let luma: Vec<f32> = picture
        .pixels()
        .map(|Rgb([r, g, b])| 0.2126 * f32::from(*r) + 0.7152 * f32::from(*g) + 0.0722 * f32::from(*b))
        .collect();
    let row = |y: usize| luma.get(y * width..(y + 1) * width).unwrap_or_default();
    let mut out = picture.clone();
    let mut mean = vec![0.0f32; width];
    for (y, pixels) in out.rows_mut().enumerate() {
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        for (m, ((a, h), b)) in mean.iter_mut().zip(above.iter().zip(here).zip(below)) {
            *m = (a + 2.0 * h + b) / 4.0;
        }
        for (x, pixel) in pixels.enumerate() {
            let blurred = (mean[x.saturating_sub(1)] + 2.0 * mean[x] + mean[(x + 1).min(width - 1)]) / 4.0;
            let change = amount * (here[x] - blurred);
            pixel.0 = pixel
                .0
                .map(|v| (f32::from(v) + change).round().clamp(0.0, 255.0) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(source: [u32; 4], scaled: (u32, u32), canvas: (u32, u32)) -> Frame {
        Frame {
            source,
            scaled,
            canvas,
        }
    }

    #[test]
    fn unscaled_pixels_are_the_picture_s_own() {
        let picture = RgbImage::from_fn(20, 10, |x, y| Rgb([x as u8, y as u8, 7]));
        let out = shape(&picture, &frame([3, 2, 10, 5], (10, 5), (10, 5)), 1.0, [0; 3]).expect("sound");
        assert_eq!(out.get_pixel(4, 1).0, [7, 3, 7]);
    }

    #[test]
    fn averages_are_those_of_light() {
        // Black and white columns average to half the light, which sRGB writes as 188.
        let picture = RgbImage::from_fn(400, 400, |x, _| Rgb(if x % 2 == 0 { [0; 3] } else { [255; 3] }));
        let out = shape(
            &picture,
            &frame([0, 0, 400, 400], (100, 100), (100, 100)),
            0.0,
            [0; 3],
        )
        .expect("sound");
        let middle = out.get_pixel(50, 50).0[0];
        assert!(middle.abs_diff(188) <= 1, "{middle}");
    }

    #[test]
    fn bars_have_the_pad_colour_and_the_picture_its_middle() {
        let picture = RgbImage::from_pixel(40, 20, Rgb([200, 100, 50]));
        let out = shape(
            &picture,
            &frame([0, 0, 40, 20], (20, 10), (20, 20)),
            0.3,
            [1, 2, 3],
        )
        .expect("sound");
        assert_eq!(
            (out.get_pixel(10, 4).0, out.get_pixel(10, 15).0),
            ([1, 2, 3], [1, 2, 3])
        );
        assert_eq!(
            (out.get_pixel(0, 5).0, out.get_pixel(19, 14).0),
            ([200, 100, 50], [200, 100, 50])
        );
    }

    #[test]
    fn sharpening_steepens_edges_and_keeps_flats() {
        let picture = RgbImage::from_fn(20, 20, |x, _| Rgb(if x < 10 { [100; 3] } else { [150; 3] }));
        let out = sharpened(&picture, 0.5);
        assert_eq!(out.get_pixel(2, 2).0, [100; 3]);
        assert!(out.get_pixel(9, 5).0[0] < 100 && out.get_pixel(10, 5).0[0] > 150);
    }
}
