//! What shadows do whatever the constants are.

use glam::{DVec2, DVec3};
use image::{Rgb, RgbImage};

use super::*;
use crate::imaging::pixel::photographed;
use crate::locate::light;
use crate::render::warp::Fragment;

const SIDE: u32 = 300;
const PX_PER_MM: f64 = 3.0;
const SKIN: [u8; 3] = [200, 150, 125];

/// An opaque disc of 6 mm in the middle, `height_mm` above the skin.
fn disc(height_mm: f32) -> Warped {
    let mut out = Warped::default();
    for y in 0..SIDE as i32 {
        for x in 0..SIDE as i32 {
            let off = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5) - f64::from(SIDE) / 2.0;
            if off.length() < 3.0 * PX_PER_MM {
                out.fragments.push(Fragment {
                    x,
                    y,
                    color: [0.2, 0.2, 0.2, 1.0],
                    height_mm,
                    normal: [0.0, 0.0, -1.0],
                });
            }
        }
    }
    out
}

fn key(x: f64, y: f64, z: f64) -> Light {
    Light {
        direction: DVec3::new(x, y, z).normalize(),
        softness: 0.3,
        ..light::assumed()
    }
}

/// Light lost per pixel, green.
fn lost(height_mm: f32, light: &Light, strength: f64, receiver: Option<&Mask>) -> Vec<(DVec2, f32)> {
    let canvas = RgbImage::from_pixel(SIDE, SIDE, Rgb(SKIN));
    let scene = Scene {
        canvas: &canvas,
        receiver,
        light,
        px_per_mm: PX_PER_MM,
        section: Section::round(1.0),
        strength,
        softness: 1.0,
    };
    let mut out = Vec::new();
    if let Some(shadow) = cast(&disc(height_mm), &scene) {
        for y in 0..SIDE as i32 {
            shadow.row(y, receiver, |x, taken| {
                let at = DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5) - f64::from(SIDE) / 2.0;
                out.push((at / PX_PER_MM, taken[1]));
            });
        }
    }
    out
}

/// Mean place of what is lost, mm from the disc's middle, x right, y down.
fn centre(lost: &[(DVec2, f32)]) -> DVec2 {
    let dark = lost.iter().filter(|(_, v)| *v > 0.0);
    let (sum, weight) = dark.fold((DVec2::ZERO, 0.0), |(s, w), (p, v)| {
        (s + *p * f64::from(*v), w + f64::from(*v))
    });
    sum / weight
}

#[test]
fn shadows_fall_away_from_the_light_and_farther_from_higher_pieces() {
    for (x, y) in [(0.6, 0.4), (-0.6, 0.4), (0.0, 0.7), (0.5, -0.3)] {
        let light = key(x, y, 0.7);
        let away = DVec2::new(-x, y).normalize();
        // Even light falls from above: what is told is how far the key's shadow moves from where a key straight in front
        // would throw it.
        let front = key(0.0, 0.0, 1.0);
        let [low, high] = [0.5, 4.0].map(|h| {
            let [from_side, from_front] = [&light, &front].map(|l| centre(&lost(h, l, 1.0, None)));
            from_side - from_front
        });
        assert!(
            low.dot(away) > 0.0 && high.dot(away) > low.dot(away) + 0.5,
            "{low} {high}"
        );
        assert!(high.angle_to(away).abs().to_degrees() < 10.0, "{high} for {away}");
    }
}

#[test]
fn even_light_throws_its_shade_downwards() {
    let mut light = key(0.0, 0.0, 1.0);
    light.softness = 1.0;
    let [low, high] = [0.5, 3.0].map(|h| centre(&lost(h, &light, 1.0, None)));
    assert!(low.x.abs() < 0.1 && high.x.abs() < 0.1, "{low} {high}");
    assert!(0.1 < low.y && low.y + 0.5 < high.y, "{low} {high}");
}

#[test]
fn strength_deepens_and_none_is_none() {
    let light = key(0.5, 0.5, 0.7);
    let sum = |strength| {
        let lost = lost(2.0, &light, strength, None);
        lost.iter().map(|(_, v)| f64::from(*v)).sum::<f64>()
    };
    assert_eq!(sum(0.0), 0.0);
    assert!(0.0 < sum(0.5) && sum(0.5) < 0.8 * sum(1.0) && sum(1.0) < sum(2.0));
}

#[test]
fn nothing_falls_beyond_its_reach_or_off_the_receiver() {
    let light = key(0.9, 0.3, 0.2);
    for height in [0.0, 5.0, 40.0] {
        let far = lost(height, &light, 2.0, None);
        assert!(far.iter().all(|(p, _)| p.length() <= 3.0 + REACH_MM));
    }
    let mut left = Mask::filled(Rect::of_size(SIDE, SIDE), 0.0);
    for (i, v) in left.data.iter_mut().enumerate() {
        *v = if (i as u32 % SIDE) < SIDE / 2 { 1.0 } else { 0.0 };
    }
    let on_left = lost(2.0, &light, 1.0, Some(&left));
    assert!(!on_left.is_empty() && on_left.iter().all(|(p, _)| p.x < 0.0));
}

#[test]
fn skin_that_the_key_does_not_reach_has_no_key_to_lose() {
    let mut light = key(0.6, 0.4, 0.7);
    // Sideways, for even light falls from above.
    let thrown = |light: &Light| centre(&lost(4.0, light, 1.0, None)).x.abs();
    let level = f64::from(crate::render::luminance(
        SKIN.map(crate::imaging::pixel::decode_srgb8),
    ));
    light.skin_level = Some(level);
    let lit = thrown(&light);
    // As bright as the even light alone leaves skin.
    light.skin_level = Some(level / (FILL.0 + FILL.1 * light.softness));
    let shaded = thrown(&light);
    assert!(lit > 1.5 && shaded < 0.2 * lit, "{lit} mm, {shaded} mm");
}

#[test]
fn white_resists_and_dark_follows_the_light() {
    assert_eq!(photographed(1.0, 0.3), 1.0);
    assert_eq!(photographed(0.4, 0.0), 0.4);
    let dark = photographed(0.02, 0.3) / 0.02;
    let bright = photographed(0.7, 0.3) / 0.7;
    assert!(
        (dark - 0.7).abs() < 0.01 && bright > dark + 0.1,
        "{dark} {bright}"
    );
    assert!(photographed(0.3, -0.2) > 0.3);
}

/// The rows that are handed out, against every pixel worked out by itself from the lattice.
#[test]
fn rows_are_the_lattice_between_its_cells() {
    let light = key(0.6, 0.5, 0.6);
    let canvas = RgbImage::from_pixel(SIDE, SIDE, Rgb(SKIN));
    for (dx, px_per_mm) in [(0, PX_PER_MM), (-130, 9.0), (-130, 17.3)] {
        let mut piece = disc(2.0);
        piece.fragments.iter_mut().for_each(|f| f.x += dx);
        let scene = Scene {
            canvas: &canvas,
            receiver: None,
            light: &light,
            px_per_mm,
            section: Section::round(1.0),
            strength: 1.0,
            softness: 1.0,
        };
        let shadow = cast(&piece, &scene).expect("a shadow");
        let lattice = shadow.lattice;
        let cell = |x: f64, y: f64| {
            let x = x.clamp(0.0, lattice.width as f64 - 1.0) as usize;
            let y = y.clamp(0.0, lattice.height as f64 - 1.0) as usize;
            shadow.taken[y * lattice.width + x][1]
        };
        let mut changed = 0;
        for y in 0..SIDE as i32 {
            let mut row = vec![0f32; SIDE as usize];
            shadow.row(y, None, |x, taken| row[x as usize] = taken[1]);
            for (x, found) in row.iter().enumerate() {
                let at = DVec2::new(x as f64, f64::from(y)) + 0.5;
                let at = lattice.to_cells(at) - 0.5;
                let (first, share) = (at.floor(), (at - at.floor()).as_vec2());
                let top = cell(first.x, first.y) * (1.0 - share.x) + cell(first.x + 1.0, first.y) * share.x;
                let low = cell(first.x, first.y + 1.0) * (1.0 - share.x)
                    + cell(first.x + 1.0, first.y + 1.0) * share.x;
                let inside = shadow.rect.contains(x as i32, y);
                let want = if inside { top + (low - top) * share.y } else { 0.0 };
                let least = if *found == 0.0 { UNSEEN } else { 0.0 };
                assert!(
                    (found - want).abs() <= 1e-5 + least,
                    "{x}, {y}: {found} for {want}"
                );
                changed += usize::from(*found != 0.0);
            }
        }
        assert!(changed > 1000, "{changed}");
    }
}
