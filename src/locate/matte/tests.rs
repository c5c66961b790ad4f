//! Small pictures with expectations worked by hand, the guided filter against its definition, and the network against
//! what ONNX Runtime and MediaPipe gave on the reference portraits (`onnx/train/matte/record.py`).

use std::collections::BTreeMap;
use std::path::Path;

use glam::{DMat3, DVec2, DVec3, Mat3, Vec3};
use image::{Rgb as Px, RgbImage};

use super::by_colour::posterior;
use super::cells::{Cells, Rgb, patch};
use super::colour::ColourModel;
use super::face_square::{FaceSquare, inside};
use super::guided::{Lanes, Plane, coefficients};
use super::*;
use crate::imaging::{Limits, PhotoFormat};
use crate::infer::{Backend, InferOptions};
use crate::locate::camera::Camera;
use crate::locate::{BBox, Ear, Face, HeadPose, PersonMask, Sides, Wants, locate};

const SKIN_RGB: [u8; 3] = [214, 168, 146];
const HAIR_RGB: [u8; 3] = [52, 38, 30];
const CLOTH_RGB: [u8; 3] = [60, 90, 150];

fn photo(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Photo {
    Photo {
        pixels: RgbImage::from_fn(width, height, |x, y| Px(colour(x, y))),
        focal_35mm: None,
        format: PhotoFormat::Png,
    }
}

/// A frontal face whose forehead and chin lie 100 pixels apart about `middle`; all other points are at the middle.
fn face(middle: DVec2, px_per_mm: f64) -> Face {
    let mut landmarks = vec![middle.extend(0.0); 478];
    landmarks[10] = (middle - DVec2::Y * 50.0).extend(0.0);
    landmarks[152] = (middle + DVec2::Y * 50.0).extend(0.0);
    let ear = Ear {
        lobe: middle,
        position_mm: DVec3::Z,
        normal: DVec3::X,
        px_per_mm,
        visibility: 1.0,
        hidden_by: None,
    };
    Face {
        score: 1.0,
        bbox: BBox {
            x: middle.x - 40.0,
            y: middle.y - 50.0,
            width: 80.0,
            height: 100.0,
        },
        landmarks,
        pose: HeadPose {
            rotation: DMat3::IDENTITY,
            translation_mm: DVec3::new(0.0, 0.0, 500.0),
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            size: 1.0,
        },
        px_per_mm,
        ears: Sides {
            left: ear,
            right: ear,
        },
        regions: None,
    }
}

fn anatomy(photo: &Photo, face: Option<Face>) -> Anatomy {
    Anatomy {
        width: photo.width(),
        height: photo.height(),
        camera: Camera::new(1000.0, photo.width(), photo.height()),
        faces: face.into_iter().collect(),
        neck: None,
        shoulders: None,
        hands: Vec::new(),
        hands_at_neck: Vec::new(),
        person: None,
        light: None,
    }
}

/// A grid over `side` pixels from the photo's corner, of the same shares in each of its `size × size` cells as `shares`
/// gives at the cell's middle.
fn grid(side: f64, size: usize, shares: impl Fn(DVec2) -> Classes) -> RegionGrid {
    let mut grid = RegionGrid {
        centre: DVec2::splat(side / 2.0),
        side,
        size,
        classes: Vec::new(),
    };
    grid.classes = (0..size * size)
        .map(|i| shares(grid.middle(i % size, i / size)))
        .collect();
    grid
}

fn near(a: f32, b: f32, tolerance: f32) -> bool {
    (a - b).abs() <= tolerance
}

/// Deterministic noise, 0..1.
fn noise(i: usize) -> f32 {
    let mut v = (i as u32).wrapping_mul(0x9E37_79B9) ^ 0x5bd1_e995;
    v ^= v >> 15;
    v = v.wrapping_mul(0x2c1b_3c6d);
    v ^= v >> 12;
    v = v.wrapping_mul(0x297a_2d39);
    (v >> 8) as f32 / (1 << 24) as f32
}

/// He, Sun, Tang (2013), equations 14, 15 and 19, one window after the other.
fn guided_by_definition(
    guide: &[Rgb],
    values: &[[f32; 3]],
    size: usize,
    radius: usize,
    eps: f32,
) -> Vec<[f32; 3]> {
    let window = |i: usize| {
        let (x, y) = (i % size, i / size);
        let span = |v: usize| v.saturating_sub(radius)..=(v + radius).min(size - 1);
        span(y).flat_map(move |v| span(x).map(move |u| v * size + u))
    };
    let fits: Vec<[(Vec3, f32); 3]> = (0..size * size)
        .map(|i| {
            let count = window(i).count() as f32;
            let mean = window(i).map(|k| Vec3::from(guide[k])).sum::<Vec3>() / count;
            let mut covariance = Mat3::from_diagonal(Vec3::splat(eps));
            for k in window(i) {
                let d = Vec3::from(guide[k]) - mean;
                covariance += Mat3::from_cols(d * d.x, d * d.y, d * d.z) * (1.0 / count);
            }
            std::array::from_fn(|c| {
                let p = window(i).map(|k| values[k][c]).sum::<f32>() / count;
                let cross = window(i)
                    .map(|k| (Vec3::from(guide[k]) - mean) * (values[k][c] - p))
                    .sum::<Vec3>()
                    / count;
                let a = covariance.inverse() * cross;
                (a, p - a.dot(mean))
            })
        })
        .collect();
    (0..size * size)
        .map(|i| {
            let count = window(i).count() as f32;
            std::array::from_fn(|c| {
                let a = window(i).map(|k| fits[k][c].0).sum::<Vec3>() / count;
                let b = window(i).map(|k| fits[k][c].1).sum::<f32>() / count;
                a.dot(Vec3::from(guide[i])) + b
            })
        })
        .collect()
}

#[test]
fn the_guided_filter_is_its_definition() {
    let size = 13;
    let guide: Vec<Rgb> = (0..size * size)
        .map(|i| {
            let edge = if i % size > 6 { 0.6 } else { 0.1 };
            [
                edge + 0.2 * noise(i),
                0.5 + 0.3 * noise(i + 1000),
                noise(i + 2000) * edge,
            ]
        })
        .collect();
    let values: Vec<[f32; 3]> = (0..size * size)
        .map(|i| {
            [
                noise(i + 3000),
                if i % size > 5 { 0.9 } else { 0.2 },
                noise(i + 4000),
            ]
        })
        .collect();
    for radius in [1, 3, 20] {
        let plane = |data: &[[f32; 3]]| Plane {
            width: size,
            height: size,
            data: data.to_vec(),
        };
        let fits = coefficients(&plane(&guide), &plane(&values), radius, 1e-3);
        let expected = guided_by_definition(&guide, &values, size, radius, 1e-3);
        for ((fit, at), expected) in fits.data.iter().zip(&guide).zip(expected) {
            for (found, expected) in Lanes::of(fit).apply(*at).to_array().into_iter().zip(expected) {
                assert!(near(found, expected, 2e-3), "radius {radius}: {found} {expected}");
            }
        }
    }
}

#[test]
fn cells_are_means_of_whole_pixels() {
    let photo = photo(8, 6, |x, y| [(10 * x) as u8, (20 * y) as u8, 255]);
    let cells = Cells::read(&photo.pixels, Rect::new(1, 1, 5, 4), 2);
    assert_eq!((cells.width, cells.height), (3, 2));
    // Columns 1 and 2, 3 and 4, then 5 alone; rows 1 and 2, then 3 and 4.
    for (i, (red, green)) in [
        (15.0, 30.0),
        (35.0, 30.0),
        (50.0, 30.0),
        (15.0, 70.0),
        (35.0, 70.0),
        (50.0, 70.0),
    ]
    .into_iter()
    .enumerate()
    {
        let expected = [red / 255.0, green / 255.0, 1.0];
        for (found, expected) in cells.colours[i].into_iter().zip(expected) {
            assert!(near(found, expected, 1e-6), "{i}: {found} {expected}");
        }
    }
    assert_eq!(cells.middle(1, 0), DVec2::new(4.0, 2.0));
    assert!(patch(&photo.pixels, DVec2::new(-0.1, 3.0), 1.0).is_none());
    assert!(patch(&photo.pixels, DVec2::new(3.0, 6.0), 1.0).is_none());
    // Taps at columns 2, 3, 4 and rows 1, 2, 3.
    let mean = patch(&photo.pixels, DVec2::new(3.5, 2.5), 3.0).unwrap();
    assert!(near(mean[0], 30.0 / 255.0, 1e-6) && near(mean[1], 40.0 / 255.0, 1e-6));
}

#[test]
fn the_grid_is_bilinear_and_carries_on_outside() {
    let grid = grid(40.0, 4, |p| {
        let x = (p.x / 40.0) as f32;
        [x, 1.0 - x, 0.0, 0.0]
    });
    // Cell middles lie at 5, 15, 25 and 35.
    for (x, expected) in [
        (5.0, 0.125),
        (10.0, 0.25),
        (22.0, 0.55),
        (35.0, 0.875),
        (300.0, 0.875),
        (-9.0, 0.125),
    ] {
        let found = grid.sample(DVec2::new(x, 17.0));
        assert!(
            near(found[0], expected, 1e-5) && near(found[1], 1.0 - expected, 1e-5),
            "{x}: {found:?}"
        );
    }
}

#[test]
fn the_square_stands_upright_below_the_face() {
    let square = FaceSquare::of(&face(DVec2::new(200.0, 150.0), 1.0)).unwrap();
    assert_eq!((square.height, square.side), (100.0, 340.0));
    assert_eq!(square.centre, DVec2::new(200.0, 195.0));
    let mut broken = face(DVec2::new(200.0, 150.0), 1.0);
    broken.landmarks.truncate(100);
    assert!(FaceSquare::of(&broken).is_none());
}

#[test]
fn cells_inside_a_polygon() {
    let triangle = [DVec2::new(0.0, 0.0), DVec2::new(4.0, 0.0), DVec2::new(0.0, 4.0)];
    let found = inside(&triangle, DVec2::splat(2.0), 4.0, 4);
    // The hypotenuse goes through the middles of the cells on the diagonal: the cells above it are inside.
    let rows: Vec<usize> = found
        .chunks(4)
        .map(|r| r.iter().filter(|v| **v).count())
        .collect();
    assert_eq!(rows, [3, 2, 1, 0]);
    assert!(inside(&[], DVec2::ZERO, 4.0, 4).iter().all(|v| !v));
}

#[test]
fn bayes_rule() {
    let p = posterior(&[0.5, 0.25, 0.25, 0.0], &[0.2, 0.4, 0.4, 1.0]);
    for (found, expected) in p.into_iter().zip([1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]) {
        assert!(near(found, expected, 1e-6));
    }
    // Evidence against all that is possible leaves the prior.
    assert_eq!(
        posterior(&[1.0, 0.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0]),
        [1.0, 0.0, 0.0, 0.0]
    );
}

#[test]
fn colours_are_learned_from_the_picture() {
    let unit = |c: [u8; 3]| c.map(|v| f32::from(v) / 255.0);
    let (skin, hair, cloth) = (unit(SKIN_RGB), unit(HAIR_RGB), unit(CLOTH_RGB));
    let samples: Vec<(Rgb, Classes)> = (0..300)
        .map(|i| match i % 3 {
            0 => (skin, [1.0, 0.0, 0.0, 0.0]),
            1 => (hair, [0.0, 1.0, 0.0, 0.0]),
            // Five times too little is known of cloth to speak of its colours.
            _ if i < 15 => (cloth, [0.0, 0.0, 1.0, 0.0]),
            // Cells that may be anything teach nothing.
            _ => (cloth, [0.25; 4]),
        })
        .collect();
    let model = ColourModel::fit(samples.iter().map(|(c, s)| (c, s, 1.0)));
    let s = model.likelihood(&skin);
    let h = model.likelihood(&hair);
    assert!(
        s[SKIN] > 10.0 * s[HAIR] && h[HAIR] > 10.0 * h[SKIN],
        "{s:?} {h:?}"
    );
    // Unknown classes are neither for nor against: as likely as the known ones on the mean.
    assert!(near(s[CLOTH], (s[SKIN] + s[HAIR]) / 2.0, 1e-5), "{s:?}");
    // A colour never seen speaks for no class.
    let green = model.likelihood(&[0.1, 0.9, 0.1]);
    assert!(green.iter().all(|v| near(*v, 0.25, 0.01)), "{green:?}");
    for likelihood in [s, h, green] {
        assert!(near(likelihood.iter().sum(), 1.0, 1e-5));
    }
}

/// Skin on the left, hair from column 128 on; the grid knows the outline 12 pixels off and blurred.
fn hair_beside_skin(strand: impl Fn(u32) -> bool) -> (Photo, Anatomy) {
    let photo = photo(256, 256, |x, y| {
        let grain = (noise((y * 256 + x) as usize) * 12.0) as u8;
        let hair = x >= 128 || strand(x);
        if hair { HAIR_RGB } else { SKIN_RGB }.map(|v| v - 6 + grain)
    });
    let mut head = face(DVec2::new(128.0, 100.0), 2.0);
    head.regions = Some(grid(256.0, 32, |p| {
        let hair = ((p.x - 116.0) / 24.0 + 0.5).clamp(0.1, 0.98) as f32;
        [0.99 - hair, hair, 0.005, 0.005]
    }));
    let anatomy = anatomy(&photo, Some(head));
    (photo, anatomy)
}

#[test]
fn outlines_are_the_pictures_own() {
    let (photo, anatomy) = hair_beside_skin(|_| false);
    let found = mattes(
        &photo,
        &anatomy,
        MatteSubject::Face(0),
        Rect::new(64, 64, 128, 128),
    );
    for y in 70..180 {
        for (x, hair) in [
            (80, 0.0),
            (110, 0.0),
            (124, 0.0),
            (131, 1.0),
            (150, 1.0),
            (185, 1.0),
        ] {
            let v = found.hair.get(x, y);
            assert!(near(v, hair, 0.12), "hair {v} at ({x}, {y})");
            let v = found.skin.get(x, y);
            assert!(near(v, 1.0 - hair, 0.12), "skin {v} at ({x}, {y})");
        }
    }
}

#[test]
fn a_strand_two_pixels_wide_is_hair_and_leaves_no_halo() {
    let (photo, anatomy) = hair_beside_skin(|x| x == 90 || x == 91);
    let found = mattes(
        &photo,
        &anatomy,
        MatteSubject::Face(0),
        Rect::new(64, 64, 128, 128),
    );
    for y in 80..170 {
        for x in [90, 91] {
            let v = found.hair.get(x, y);
            assert!(v > 0.6, "hair {v} on the strand at ({x}, {y})");
        }
        for x in [86, 87, 88, 93, 94, 95] {
            let v = found.hair.get(x, y);
            assert!(v < 0.15, "hair {v} beside the strand at ({x}, {y})");
        }
    }
}

#[test]
fn shares_sum_to_one() {
    let photo = photo(200, 200, |x, y| {
        let grain = noise((y * 200 + x) as usize) * 60.0;
        let base = if y > 130 {
            CLOTH_RGB
        } else if x > 120 {
            HAIR_RGB
        } else {
            SKIN_RGB
        };
        base.map(|v| (f32::from(v) * 0.7 + grain) as u8)
    });
    let with_grid = |regions| {
        let mut head = face(DVec2::new(100.0, 80.0), 1.5);
        head.regions = regions;
        anatomy(&photo, Some(head))
    };
    let coarse = grid(200.0, 16, |p| {
        let t = (p.x / 200.0) as f32;
        [0.5 * (1.0 - t), 0.5 * t, 0.3, 0.2]
    });
    for anatomy in [with_grid(Some(coarse)), with_grid(None), anatomy(&photo, None)] {
        let m = mattes(
            &photo,
            &anatomy,
            MatteSubject::Face(0),
            Rect::new(20, 40, 150, 130),
        );
        for i in 0..m.skin.data.len() {
            let shares = [
                m.skin.data[i],
                m.hair.data[i],
                m.cloth.data[i],
                m.background.data[i],
            ];
            assert!(near(shares.iter().sum(), 1.0, 1e-4), "{shares:?}");
            assert!(shares.iter().all(|v| (0.0..=1.0).contains(v)), "{shares:?}");
        }
    }
}

#[test]
fn the_region_is_clipped_to_the_photo() {
    let (photo, anatomy) = hair_beside_skin(|_| false);
    let whole = mattes(
        &photo,
        &anatomy,
        MatteSubject::Face(0),
        Rect::new(-50, 200, 120, 500),
    );
    for mask in [&whole.skin, &whole.hair, &whole.cloth, &whole.background] {
        assert_eq!(mask.rect, Rect::new(0, 200, 70, 56));
        assert_eq!(mask.data.len(), 70 * 56);
    }
    let off = mattes(
        &photo,
        &anatomy,
        MatteSubject::Face(0),
        Rect::new(900, 900, 50, 50),
    );
    assert!(off.skin.rect.is_empty() && off.skin.data.is_empty());
}

#[test]
fn without_a_subject_the_person_is_skin() {
    let photo = photo(64, 64, |_, _| [90, 90, 90]);
    let mut anatomy = anatomy(&photo, None);
    let mut person = Mask::filled(Rect::of_size(2, 1), 0.0);
    person.data = vec![0.25, 1.0];
    anatomy.person = Some(PersonMask {
        grid: person,
        photo: (64, 64),
    });
    let m = mattes(&photo, &anatomy, MatteSubject::Hand(3), Rect::new(0, 0, 64, 64));
    assert!(near(m.skin.get(2, 30), 0.25, 1e-5) && near(m.skin.get(62, 30), 1.0, 1e-5));
    assert!(near(m.background.get(2, 30), 0.75, 1e-5));
    assert_eq!((m.hair.get(2, 30), m.cloth.get(2, 30)), (0.0, 0.0));
}

#[test]
fn the_networks_channels_by_hand() {
    // All of the face's points lie on skin; the right half of the picture is twice as bright in linear light.
    let (dark, bright) = (100u8, 137u8);
    let photo = photo(400, 400, |x, _| [if x < 220 { dark } else { bright }; 3]);
    let head = face(DVec2::new(200.0, 150.0), 1.0);
    let square = FaceSquare::of(&head).unwrap();
    let grid = RegionGrid {
        centre: square.centre,
        side: square.side,
        size: network::SIZE,
        classes: Vec::new(),
    };
    let input = network::channels(&photo, &head, None, &grid);
    let at = |p: DVec2| {
        let q = ((p - square.centre) / square.side + 0.5) * network::SIZE as f64;
        let cell = q.y as usize * network::SIZE + q.x as usize;
        &input[cell * 8..cell * 8 + 8]
    };
    let linear = |v: u8| f64::from(crate::imaging::pixel::decode_srgb8(v));
    let more = (0.5 * ((linear(bright) + 0.005) / (linear(dark) + 0.005)).ln()) as f32;
    let cases = [
        (DVec2::new(100.0, 150.0), f32::from(dark) / 255.0 - 0.5, 0.0),
        (DVec2::new(300.0, 150.0), f32::from(bright) / 255.0 - 0.5, more),
    ];
    for (p, value, relative) in cases {
        let expected = [value, value, value, relative, 0.0, 0.0, 0.0, -0.5];
        for (c, (found, expected)) in at(p).iter().zip(expected).enumerate() {
            assert!(
                near(*found, expected, 1e-4),
                "channel {c} at {p}: {found} {expected}"
            );
        }
    }
}

#[test]
#[cfg(feature = "embedded-models")]
fn the_network_gives_what_onnx_runtime_and_mediapipe_gave() {
    /// Cells along a side of the recording.
    const CELLS: usize = 24;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("regions.json")).unwrap();
    let recorded: BTreeMap<String, Vec<Classes>> = serde_json::from_str(&text).unwrap();
    assert!(recorded.len() >= 2);
    let engine = crate::infer::open(&InferOptions {
        backend: Backend::Rten,
        ..InferOptions::default()
    })
    .unwrap();
    for (name, expected) in recorded {
        let photo = Photo::open(&folder.join(format!("{name}.webp")), &Limits::default()).unwrap();
        let wants = Wants {
            person: true,
            regions: true,
            ..Wants::EARS
        };
        let anatomy = locate(&photo, engine.as_ref(), wants).unwrap();
        let grid = anatomy.faces[0].regions.as_ref().unwrap();
        let step = grid.size / CELLS;
        assert_eq!((grid.size, expected.len()), (network::SIZE, CELLS * CELLS));
        let (mut sum, mut most) = (0.0, 0f32);
        for (i, expected) in expected.iter().enumerate() {
            let (x0, y0) = (i % CELLS * step, i / CELLS * step);
            for (c, expected) in expected.iter().enumerate() {
                let cells = (0..step * step).map(|k| (y0 + k / step) * grid.size + x0 + k % step);
                let found = cells.map(|k| grid.classes[k][c]).sum::<f32>() / (step * step) as f32;
                sum += f64::from((found - expected).abs());
                most = most.max((found - expected).abs());
            }
        }
        let mean = sum / expected.len() as f64;
        assert!(
            mean < 0.01 && most < 0.15,
            "{name}: mean {mean:.4}, most {most:.3}"
        );
    }
}
