//! Decoding, against files written by Pillow and colours computed by LittleCMS (`decode/make_fixtures.py`), and
//! against files that mean harm.

use std::path::PathBuf;

use image::{Rgb, RgbImage};
use parure::imaging::{Limits, Photo, PhotoFormat, PictureErrorKind, decode_cutout, open_cutout, probe};

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/decode/files", name]
        .iter()
        .collect()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn photo(name: &str) -> Photo {
    Photo::open(&path(name), &Limits::default()).unwrap()
}

fn expected(key: &str) -> Vec<[i32; 4]> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/decode/expected.json");
    let all: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let rows: Vec<Vec<i32>> = serde_json::from_value(all[key].clone()).unwrap();
    rows.iter()
        .map(|r| [r[0], r[1], r[2], r.get(3).copied().unwrap_or(0)])
        .collect()
}

/// Why decoding fails.
fn kind(bytes: &[u8]) -> PictureErrorKind {
    Photo::decode(bytes, &Limits::default())
        .map(|_| ())
        .unwrap_err()
        .kind
}

fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

/// The colours of six blocks of 16 × 16, as `make_fixtures.py` draws them.
const BLOCKS: [[u8; 3]; 6] = [
    [200, 40, 40],
    [40, 180, 60],
    [50, 60, 200],
    [220, 210, 60],
    [30, 30, 30],
    [235, 235, 235],
];

fn assert_blocks(pixels: &RgbImage, colors: &[[i32; 4]], tolerance: i32) {
    assert_eq!(pixels.dimensions(), (48, 32));
    for (i, color) in colors.iter().enumerate() {
        let (x, y) = (i as u32 % 3 * 16 + 8, i as u32 / 3 * 16 + 8);
        let Rgb(got) = *pixels.get_pixel(x, y);
        for c in 0..3 {
            assert!(
                (i32::from(got[c]) - color[c]).abs() <= tolerance,
                "block {i}: {got:?}, not {color:?}"
            );
        }
    }
}

fn upright_blocks() -> Vec<[i32; 4]> {
    BLOCKS
        .iter()
        .map(|b| [b[0].into(), b[1].into(), b[2].into(), 0])
        .collect()
}

#[test]
fn all_eight_orientations_come_out_upright() {
    for n in 1..=8 {
        let photo = photo(&format!("orientation_{n}.jpg"));
        assert_blocks(&photo.pixels, &upright_blocks(), 6);
        assert_eq!(photo.focal_35mm, Some(85.0));
        assert_eq!(photo.format, PhotoFormat::Jpeg);
    }
    for name in ["orientation_6.png", "orientation_6.webp"] {
        let photo = photo(name);
        assert_blocks(&photo.pixels, &upright_blocks(), 0);
        assert_eq!(photo.focal_35mm, Some(85.0), "{name}");
    }
}

#[test]
fn probing_tells_the_upright_size() {
    for (name, format) in [
        ("orientation_6.jpg", PhotoFormat::Jpeg),
        ("orientation_6.png", PhotoFormat::Png),
        ("orientation_6.webp", PhotoFormat::WebP),
    ] {
        let probe = probe(&path(name), &Limits::default()).unwrap();
        assert_eq!((probe.format, probe.width, probe.height), (format, 48, 32));
        assert_eq!(probe.focal_35mm, Some(85.0));
    }
}

#[test]
fn every_way_of_writing_a_picture_gives_that_picture() {
    let plain = photo("plain.png").pixels;
    let tiff = Limits {
        tiff: true,
        ..Limits::default()
    };
    assert_eq!(photo("lossless.webp").pixels, plain);
    assert_eq!(Photo::open(&path("plain.tif"), &tiff).unwrap().pixels, plain);
    for name in ["baseline.jpg", "progressive.jpg", "restart.jpg", "lossy.webp"] {
        let difference = mean_difference(&photo(name).pixels, &plain);
        assert!(difference < 3.0, "{name}: {difference}");
    }
    let gray = photo("gray.jpg").pixels;
    for (gray, Rgb([r, g, b])) in gray.pixels().zip(plain.pixels()) {
        let luma = 0.299 * f64::from(*r) + 0.587 * f64::from(*g) + 0.114 * f64::from(*b);
        assert!(
            gray.0
                .iter()
                .all(|&v| v == gray.0[0] && (f64::from(v) - luma).abs() < 8.0)
        );
    }
}

#[test]
fn alpha_grey_palette_and_deep_samples() {
    let limits = Limits::default();
    let plain = photo("plain.png").pixels;
    for name in ["alpha.png", "alpha.webp"] {
        let cutout = open_cutout(&path(name), &limits).unwrap();
        for (x, y, pixel) in cutout.enumerate_pixels() {
            let [r, g, b] = plain.get_pixel(x, y).0;
            assert_eq!(pixel.0, [r, g, b, (x * 4) as u8], "{name}");
        }
    }
    let gray = open_cutout(&path("gray_alpha.png"), &limits).unwrap();
    assert!(
        gray.enumerate_pixels()
            .all(|(x, _, p)| p[0] == p[1] && p[1] == p[2] && p[3] == (x * 4) as u8)
    );

    assert_blocks(&photo("palette.png").pixels, &upright_blocks(), 0);
    let clear = open_cutout(&path("palette_clear.png"), &limits).unwrap();
    assert_eq!(clear.get_pixel(0, 0)[3], 0);
    assert_eq!(clear.get_pixel(20, 0).0, [40, 180, 60, 255]);
    assert!(photo("bilevel.png").pixels.iter().all(|&v| v == 0 || v == 255));

    // 256 even steps over 16 bits, so that step i is i of 8 bits.
    let gray16 = photo("gray16.png").pixels;
    for (i, pixel) in gray16.pixels().enumerate() {
        assert_eq!(pixel.0, [i as u8; 3]);
    }
    let rgb16 = photo("rgb16.png").pixels;
    for (x, y, pixel) in rgb16.enumerate_pixels() {
        let at = |x, y| (y * 64 + x) as u8;
        assert_eq!(pixel.0, [at(x, y), at(63 - x, y), at(x, 3 - y)]);
    }
}

#[test]
fn a_transparent_photo_lies_on_white() {
    let (photo, cutout) = (
        photo("alpha.png"),
        open_cutout(&path("alpha.png"), &Limits::default()).unwrap(),
    );
    assert_eq!(photo.pixels.get_pixel(0, 0).0, [255; 3]);
    // Half covered by mid grey: (0.2159 · a + 1 − a) in linear light.
    for (x, y, pixel) in cutout.enumerate_pixels().filter(|(x, ..)| *x > 0) {
        let alpha = f64::from(pixel[3]) / 255.0;
        let v = f64::from(pixel[0]) / 255.0;
        let linear = if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        };
        let over = linear * alpha + 1.0 - alpha;
        let encoded = 255.0 * (1.055 * over.powf(1.0 / 2.4) - 0.055);
        assert!((f64::from(photo.pixels.get_pixel(x, y)[0]) - encoded).abs() <= 0.51);
    }
}

#[test]
fn profiles_are_converted_as_littlecms_does() {
    for name in ["display_p3", "adobe_rgb", "srgb"] {
        let pixels = photo(&format!("{name}.png")).pixels;
        let expected = expected(name);
        assert_eq!(expected.len(), pixels.pixels().len());
        for (got, want) in pixels.pixels().zip(&expected) {
            for c in 0..3 {
                // LittleCMS works with 16-bit tables; two steps at the dark end, where they are coarse.
                assert!(
                    (i32::from(got.0[c]) - want[c]).abs() <= 2,
                    "{name}: {got:?}, not {want:?}"
                );
            }
        }
    }
    for name in ["p3.jpg", "p3.webp"] {
        assert_blocks(&photo(name).pixels, &expected("p3_blocks"), 3);
    }
    assert_blocks(&photo("adobe_by_exif.jpg").pixels, &expected("adobe_blocks"), 3);
}

#[test]
fn a_profile_that_is_srgb_leaves_the_pixels_alone() {
    let mut png = bytes("srgb.png");
    let with = Photo::decode(&png, &Limits::default()).unwrap().pixels;
    // An ancillary chunk of an unknown name is skipped: the same pixels without the profile.
    let at = png.windows(4).position(|w| w == b"iCCP").unwrap();
    let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
    png.drain(at - 4..at + length + 8);
    assert_eq!(with, Photo::decode(&png, &Limits::default()).unwrap().pixels);
}

#[test]
fn cmyk_goes_through_its_profile_or_not_at_all() {
    let pixels = photo("cmyk_profile.jpg").pixels;
    for (i, want) in expected("cmyk").iter().enumerate() {
        let got = pixels.get_pixel(i as u32 * 16 + 8, 8);
        for c in 0..3 {
            assert!(
                (i32::from(got[c]) - want[c]).abs() <= 6,
                "ink {i}: {got:?}, not {want:?}"
            );
        }
    }
    let error = Photo::open(&path("cmyk.jpg"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind, PictureErrorKind::Unsupported);
    let message = error.to_string();
    assert!(
        message.contains("cmyk.jpg: ") && message.contains("CMYK") && message.contains("RGB"),
        "{message}"
    );
}

#[test]
fn ycck_gives_what_cmyk_gives() {
    let ink: Vec<u8> = expected("cmyk_ink")
        .iter()
        .flat_map(|p| p.map(|v| v as u8))
        .collect();
    let (width, height) = (24 * 16, 16);
    let mut samples = Vec::new();
    for _ in 0..height {
        for pixel in ink.chunks_exact(4) {
            for _ in 0..16 {
                samples.extend(pixel);
            }
        }
    }
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 100);
    encoder.add_icc_profile(&bytes("press.icc")).unwrap();
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
    encoder
        .encode(&samples, width, height, jpeg_encoder::ColorType::CmykAsYcck)
        .unwrap();
    let ycck = Photo::decode(&file, &Limits::default()).unwrap().pixels;
    for (i, want) in expected("cmyk").iter().enumerate() {
        let got = ycck.get_pixel(i as u32 * 16 + 8, 8);
        for c in 0..3 {
            assert!(
                (i32::from(got[c]) - want[c]).abs() <= 6,
                "ink {i}: {got:?}, not {want:?}"
            );
        }
    }
}

#[test]
fn one_pixel_is_a_picture() {
    for name in ["one.png", "one.jpg", "one.webp"] {
        let Rgb(pixel) = *photo(name).pixels.get_pixel(0, 0);
        assert!(
            pixel
                .iter()
                .zip([200u8, 100, 50])
                .all(|(a, b)| a.abs_diff(b) <= 3),
            "{name}: {pixel:?}"
        );
    }
}

#[test]
fn animations_are_refused() {
    for name in ["animated.png", "animated.webp"] {
        let error = decode_cutout(&bytes(name), &Limits::default()).unwrap_err();
        assert_eq!(error.kind, PictureErrorKind::Unsupported);
        assert!(error.to_string().contains("animated"), "{error}");
    }
}

#[test]
fn a_truncated_file_is_never_a_picture() {
    for name in [
        "baseline.jpg",
        "progressive.jpg",
        "restart.jpg",
        "gray.jpg",
        "cmyk_profile.jpg",
        "plain.png",
        "rgb16.png",
        "palette.png",
        "lossy.webp",
        "lossless.webp",
        "alpha.webp",
        "plain.tif",
    ] {
        let whole = bytes(name);
        let limits = Limits {
            tiff: true,
            ..Limits::default()
        };
        for cut in 1..whole.len() {
            let result = Photo::decode(&whole[..cut], &limits);
            assert!(result.is_err(), "{name} cut at {cut} of {}", whole.len());
        }
    }
}

#[test]
fn the_content_tells_the_format_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("photo.jpg");
    std::fs::copy(path("plain.png"), &file).unwrap();
    assert_eq!(
        Photo::open(&file, &Limits::default()).unwrap().format,
        PhotoFormat::Png
    );

    for (content, word) in [
        (&b"GIF89a......"[..], "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"<!DOCTYPE html>", "text"),
        (b"II*\0\x08\0\0\0\0\0", "TIFF"),
        (b"hello", "not a picture"),
    ] {
        std::fs::write(&file, content).unwrap();
        let error = Photo::open(&file, &Limits::default()).unwrap_err();
        assert_eq!(error.kind, PictureErrorKind::Unsupported);
        let message = error.to_string();
        assert!(
            message.contains(word) && message.contains("photo.jpg: "),
            "{message}"
        );
    }
}

#[test]
fn empty_missing_and_strange_files() {
    assert_eq!(kind(b""), PictureErrorKind::Damaged);
    for magic in [&b"\xFF\xD8\xFF"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"] {
        assert_eq!(kind(magic), PictureErrorKind::Damaged);
    }
    let missing = Photo::open(&path("no such file.jpg"), &Limits::default()).unwrap_err();
    assert_eq!(missing.kind, PictureErrorKind::Io(std::io::ErrorKind::NotFound));
    let folder = Photo::open(&path(""), &Limits::default()).unwrap_err();
    assert_eq!(folder.kind, PictureErrorKind::Unsupported);
    if cfg!(target_os = "linux") {
        let device = Photo::open("/dev/zero".as_ref(), &Limits::default()).unwrap_err();
        assert_eq!(device.kind, PictureErrorKind::Unsupported);
    }
}

/// Small files that declare pictures of gigabytes are refused from the header.
#[test]
fn bombs_are_refused_by_their_header() {
    let mut png = bytes("plain.png");
    png[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
    let mut jpeg = bytes("baseline.jpg");
    let sof = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[sof + 5..sof + 9].fill(0xFF);
    let mut webp = b"RIFF\x16\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0".to_vec();
    webp.extend([0xFF, 0xFF, 0, 0xFF, 0xFF, 0]);
    for bomb in [&png, &jpeg] {
        assert_eq!(kind(bomb), PictureErrorKind::Limits);
    }
    assert!(Photo::decode(&webp, &Limits::default()).is_err());

    let small = Limits {
        max_pixels: 48 * 64 - 1,
        ..Limits::default()
    };
    for name in ["plain.png", "baseline.jpg", "lossless.webp"] {
        let error = Photo::open(&path(name), &small).unwrap_err();
        assert_eq!(error.kind, PictureErrorKind::Limits);
        assert!(error.to_string().contains("64 × 48"), "{error}");
    }
    let tight = Limits {
        max_bytes: 48 * 64 * 3 - 1,
        ..Limits::default()
    };
    for name in ["plain.png", "baseline.jpg", "lossless.webp"] {
        assert_eq!(
            Photo::open(&path(name), &tight).unwrap_err().kind,
            PictureErrorKind::Limits,
            "{name}"
        );
    }
    // Progressive JPEG keeps 16-bit coefficients of the whole picture.
    let roomy = Limits {
        max_bytes: 48 * 64 * 3 * 2,
        ..Limits::default()
    };
    assert!(Photo::open(&path("baseline.jpg"), &roomy).is_ok());
    assert_eq!(
        Photo::open(&path("progressive.jpg"), &roomy).unwrap_err().kind,
        PictureErrorKind::Limits
    );
}

#[test]
fn flipped_bytes_neither_panic_nor_hang() {
    use proptest::prelude::*;
    let names = [
        "baseline.jpg",
        "progressive.jpg",
        "cmyk_profile.jpg",
        "rgb16.png",
        "lossy.webp",
        "alpha.webp",
        "plain.tif",
    ];
    let files: Vec<Vec<u8>> = names.iter().map(|n| bytes(n)).collect();
    // Small limits, so that a flipped size is refused and not decoded at length.
    let limits = Limits {
        max_pixels: 1_000_000,
        max_bytes: 16 << 20,
        tiff: true,
    };
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    };
    let mutation = (
        0..files.len(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    );
    proptest!(config, |((file, flips) in mutation)| {
        let mut bytes = files[file].clone();
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Ok(photo) = Photo::decode(&bytes, &limits) {
            prop_assert!(photo.width() > 0 && photo.height() > 0);
        }
    });
}
