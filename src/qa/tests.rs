//! A picture that was made well passes; each way of spoiling it, done to the finished pixels, is noticed by its check.

use glam::{DVec2, DVec3};
use image::{Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::fit::{Anchor, Controls, Layer, Placement, WarpMesh, WarpVertex};
use crate::imaging::pixel::{decode_srgb8, encode_srgb8};
use crate::imaging::{PhotoFormat, Rect};
use crate::locate::Anatomy;
use crate::locate::camera::Camera;
use crate::product::Piece;
use crate::product::{Facts, read};
use crate::render::{RenderSettings, render};

const SKIN: [u8; 3] = [205, 160, 135];

/// A round stud, 20 mm across, of bright facets.
fn piece() -> Piece {
    let cutout = RgbaImage::from_fn(420, 420, |x, y| {
        let (dx, dy) = (f64::from(x) - 209.5, f64::from(y) - 209.5);
        let facet = (x / 28 + y / 28) % 3;
        let gold = [[250, 225, 150], [205, 160, 70], [150, 105, 40]][facet as usize];
        let inside = dx.hypot(dy) < 200.0;
        Rgba([gold[0], gold[1], gold[2], if inside { 255 } else { 0 }])
    });
    let facts = Facts {
        width_mm: Some(20.0),
        style: Some("stud".into()),
        ..Facts::default()
    };
    read(&cutout, Kind::Earring, &facts).expect("a stud")
}

/// Laid flat on the skin at `at` (photo pixels), `scale` photo pixels per product pixel.
fn placement(piece: &Piece, at: DVec2, scale: f64, px_per_mm: f64) -> Placement {
    let size = DVec2::new(piece.pixels.width() as f64, piece.pixels.height() as f64);
    let corners = [DVec2::ZERO, DVec2::X, DVec2::Y, DVec2::ONE];
    let vertices = corners.map(|c| WarpVertex {
        source: c * size,
        target: at + (c - 0.5) * size * scale,
        height_mm: 0.3,
        cover: 1.0,
        normal: DVec3::NEG_Z,
    });
    Placement {
        kind: piece.kind,
        layers: vec![Layer {
            mesh: WarpMesh {
                vertices: vertices.to_vec(),
                triangles: vec![[0, 1, 2], [1, 3, 2]],
            },
            visible: None,
            rect: Rect::new(-5000, -5000, 10_000, 10_000),
        }],
        anchors: vec![Anchor {
            name: "left_lobe".into(),
            position: at,
            px_per_mm,
        }],
        px_per_mm,
        scale: piece.scale,
        receiver: None,
    }
}

struct Made {
    photo: Photo,
    anatomy: Anatomy,
    piece: Piece,
    dressed: Dressed,
}

fn photo() -> Photo {
    // A gentle slope: skin is not flat paint.
    let pixels = RgbImage::from_fn(400, 300, |x, _| Rgb(SKIN.map(|v| v - (x / 40) as u8)));
    Photo {
        pixels,
        format: PhotoFormat::Png,
        focal_35mm: None,
    }
}

fn worn(piece: &Piece, placement: Placement, canvas: &mut RgbImage, anatomy: &Anatomy, item: usize) -> Worn {
    let rendered = render(canvas, anatomy, piece, &placement, &RenderSettings::default());
    Worn {
        item,
        placement,
        rendered,
    }
}

/// The stud in the middle at true size: 5 photo pixels per mm, a quarter of a photo pixel per product pixel.
fn made(at: DVec2, scale: f64) -> Made {
    let photo = photo();
    let anatomy = Anatomy {
        width: 400,
        height: 300,
        camera: Camera::new(1000.0, 400, 300),
        faces: Vec::new(),
        neck: None,
        shoulders: None,
        hands: Vec::new(),
        hands_at_neck: Vec::new(),
        person: None,
        light: None,
    };
    let piece = piece();
    let mut pixels = photo.pixels.clone();
    let placement = placement(&piece, at, scale, 5.0);
    let mut worn = vec![worn(&piece, placement, &mut pixels, &anatomy, 0)];
    // It lies on open skin, as rings do and studs do not.
    worn[0].placement.kind = Kind::Ring;
    let dressed = Dressed {
        pixels,
        worn,
        fit: Default::default(),
        render: Default::default(),
    };
    Made {
        photo,
        anatomy,
        piece,
        dressed,
    }
}

const MIDDLE: DVec2 = DVec2::new(200.0, 150.0);
/// 20 mm over 400 product pixels, 5 photo pixels a mm.
const TRUE: f64 = 0.25;

impl Made {
    fn findings(&self) -> Vec<Finding> {
        let item = LookItem {
            piece: &self.piece,
            controls: Controls::default(),
            settings: RenderSettings::default(),
        };
        measure(&self.photo, &self.anatomy, &[item.clone(), item], &self.dressed)
    }

    fn missed(&self) -> Vec<Check> {
        let missed = self.findings().into_iter().filter(|f| !f.holds(Tier::Listing));
        missed.map(|f| f.check).collect()
    }

    fn value(&self, check: Check) -> f64 {
        let found = self.findings().into_iter().find(|f| f.check == check);
        found.unwrap_or_else(|| panic!("{check:?} is not measured")).value
    }

    /// Changes the finished pixels that the piece covers, or does not.
    fn spoil(&mut self, of_piece: bool, change: impl Fn([u8; 3], [u8; 3]) -> [u8; 3]) {
        let jewelry = self.dressed.worn[0].rendered.jewelry.clone();
        for (x, y, pixel) in self.dressed.pixels.enumerate_pixels_mut() {
            if (jewelry.get(x as i32, y as i32) > 0.0) == of_piece {
                pixel.0 = change(pixel.0, self.photo.pixels.get_pixel(x, y).0);
            }
        }
    }
}

#[test]
fn a_good_picture_passes_even_the_strictest_tier() {
    let good = made(MIDDLE, TRUE);
    let findings = good.findings();
    for finding in &findings {
        assert!(finding.holds(Tier::Editorial), "{finding:?}");
    }
    for check in [
        Check::Frame,
        Check::Coverage,
        Check::Scale,
        Check::Resolution,
        Check::Contact,
        Check::Clipping,
        Check::MetalColour,
        Check::Sparkle,
        Check::Sharpness,
    ] {
        assert!(findings.iter().any(|f| f.check == check), "{check:?} is measured");
    }
    // By hand: four product pixels a photo pixel.
    assert!((good.value(Check::Resolution) - 4.0).abs() < 0.05);
    assert!((good.value(Check::Scale) - 1.0).abs() < 0.02);
}

#[test]
fn a_piece_that_leaves_the_picture_is_noticed() {
    // The middle of the disc on the edge: half of it is inside.
    let out = made(DVec2::new(400.0, 150.0), TRUE);
    assert!((out.value(Check::Frame) - 0.5).abs() < 0.03);
    assert!(out.missed().contains(&Check::Frame));
}

#[test]
fn a_piece_that_is_covered_is_noticed() {
    let mut made = made(MIDDLE, TRUE);
    let jewelry = &mut made.dressed.worn[0].rendered.jewelry;
    let rect = jewelry.rect;
    for (i, v) in jewelry.data.iter_mut().enumerate() {
        // Hair over the left two thirds of the disc, 100 pixels wide around 200.
        if rect.x + (i as i32 % rect.width as i32) < 217 {
            *v = 0.0;
        }
    }
    // The circle's segment beyond a third of its radius: acos(1/3) − sin(2 acos(1/3)) / 2 over π.
    let theta = (17.0f64 / 50.0).acos();
    let want = (theta - (2.0 * theta).sin() / 2.0) / std::f64::consts::PI;
    assert!((made.value(Check::Coverage) - want).abs() < 0.02, "{want}");
    assert!(made.missed().contains(&Check::Coverage));
}

#[test]
fn a_wrong_size_and_too_few_pixels_are_noticed() {
    assert!(made(MIDDLE, TRUE).missed().is_empty());
    let large = made(MIDDLE, 1.6 * TRUE);
    assert!((large.value(Check::Scale) - 1.6).abs() < 0.02);
    assert_eq!(large.missed(), [Check::Scale]);
    let mut coarse = made(MIDDLE, 0.68);
    // The product would have to be twice as fine.
    coarse.dressed.worn[0].placement = placement(&coarse.piece, MIDDLE, 1.6, 32.0);
    assert!((coarse.value(Check::Resolution) - 1.0 / 1.6).abs() < 0.01);
    assert!(coarse.missed().contains(&Check::Resolution));
}

#[test]
fn a_missing_shadow_is_noticed() {
    let mut made = made(MIDDLE, TRUE);
    assert!(made.value(Check::Contact) > 0.1);
    made.spoil(false, |_, photo| photo);
    assert_eq!(made.missed(), [Check::Contact]);
}

#[test]
fn a_black_shadow_is_noticed() {
    let mut made = made(MIDDLE, TRUE);
    made.spoil(false, |now, before| if now == before { now } else { [0; 3] });
    assert!(made.missed().contains(&Check::Clipping));
}

#[test]
fn another_metal_is_noticed() {
    let mut made = made(MIDDLE, TRUE);
    // Gold gone rose: blue takes green's place half-way.
    made.spoil(true, |[r, g, b], _| {
        [r, (u16::from(g) * 4 / 5) as u8, b.saturating_add(20)]
    });
    assert!(made.missed().contains(&Check::MetalColour));
}

#[test]
fn dull_highlights_are_noticed() {
    let mut made = made(MIDDLE, TRUE);
    made.spoil(true, |c, _| c.map(|v| v.min(180)));
    assert!(made.missed().contains(&Check::Sparkle));
}

#[test]
fn a_blurred_piece_is_noticed() {
    let mut made = made(MIDDLE, TRUE);
    let sharp = made.dressed.pixels.clone();
    for (x, y, pixel) in made.dressed.pixels.enumerate_pixels_mut() {
        let mut sum = [0f32; 3];
        for (dx, dy) in (-4i32..=4).flat_map(|dx| (-4i32..=4).map(move |dy| (dx, dy))) {
            let at = (
                (x as i32 + dx).clamp(0, 399) as u32,
                (y as i32 + dy).clamp(0, 299) as u32,
            );
            for (s, v) in sum.iter_mut().zip(sharp.get_pixel(at.0, at.1).0) {
                *s += decode_srgb8(v) / 81.0;
            }
        }
        pixel.0 = sum.map(encode_srgb8);
    }
    assert!(made.missed().contains(&Check::Sharpness), "{:?}", made.findings());
}

#[test]
fn pieces_over_each_other_are_noticed() {
    let mut made = made(MIDDLE, TRUE);
    let beside = placement(&made.piece, MIDDLE + DVec2::new(30.0, 0.0), TRUE, 5.0);
    let second = worn(&made.piece, beside, &mut made.dressed.pixels, &made.anatomy, 1);
    made.dressed.worn.push(second);
    // Two discs of radius 50, 30 apart: the lens over the disc.
    let half = (15.0f64 / 50.0).acos();
    let want = (2.0 * half - (2.0 * half).sin()) / std::f64::consts::PI;
    assert!((made.value(Check::Overlap) - want).abs() < 0.02, "{want}");
    assert!(made.missed().contains(&Check::Overlap));
}

#[test]
fn a_shadow_towards_the_light_is_noticed() {
    let mut made = made(MIDDLE, TRUE);
    made.piece.kind = Kind::Watch;
    made.dressed.worn[0].placement.kind = Kind::Watch;
    // Light from the right: shadows belong on the left.
    made.anatomy.light = Some(crate::locate::Light {
        direction: DVec3::new(0.8, 0.0, 0.6),
        softness: 0.2,
        color: DVec3::ONE,
        skin_level: None,
        confidence: 1.0,
    });
    for (side, wrong) in [(-1, false), (1, true)] {
        made.dressed.pixels = made.photo.pixels.clone();
        let near = |x: u32| (f64::from(x) - 200.0) * f64::from(side) > 50.0;
        for (x, y, pixel) in made.dressed.pixels.enumerate_pixels_mut() {
            let r = (f64::from(x) - 200.0).hypot(f64::from(y) - 150.0);
            if near(x) && r < 75.0 {
                pixel.0 = pixel.0.map(|v| v / 2);
            }
        }
        assert_eq!(
            made.missed().contains(&Check::ShadowDirection),
            wrong,
            "side {side}"
        );
    }
}

/// Tiers only grow stricter.
#[test]
fn each_tier_demands_at_least_what_the_one_before_does() {
    for check in Check::ALL.iter().copied() {
        for pair in [[Tier::Social, Tier::Listing], [Tier::Listing, Tier::Editorial]] {
            match pair.map(|tier| check.bound(tier)) {
                [Bound::AtLeast(a), Bound::AtLeast(b)] => assert!(a <= b, "{check:?}"),
                [Bound::AtMost(a), Bound::AtMost(b)] => assert!(a >= b, "{check:?}"),
                _ => panic!("{check:?}"),
            }
        }
    }
}
