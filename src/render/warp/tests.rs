//! The warp against exact copies, conserved quantities and a brute-force integral.

use std::sync::Arc;

use glam::{DAffine2, DMat2, DVec2, DVec3, Vec2Swizzles};

use super::{Pyramid, Warped, resample, warp};
use crate::fit::{Layer, WarpMesh, WarpVertex};
use crate::imaging::{LinearImage, Rect};

/// Busy opaque texture with hard edges and fine detail.
fn texture(w: u32, h: u32) -> Arc<LinearImage> {
    let mut img = LinearImage::transparent(Rect::of_size(w, h));
    for (i, px) in img.data.iter_mut().enumerate() {
        let (x, y) = (i as u32 % w, i as u32 / w);
        let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35) >> 8;
        let checker = f32::from(u8::from((x / 7 + y / 5) % 2 == 0));
        let noise = (hash % 1000) as f32 / 1000.0;
        *px = [checker, noise, 0.5 * checker + 0.5 * noise, 1.0];
    }
    Arc::new(img)
}

/// A grid of `n` × `n` cells over the whole texture, carried by `map` (product to photo).
fn grid(w: f64, h: f64, n: u32, map: impl Fn(DVec2) -> DVec2) -> Layer {
    let mut mesh = WarpMesh::default();
    for j in 0..=n {
        for i in 0..=n {
            let source = DVec2::new(w * f64::from(i) / f64::from(n), h * f64::from(j) / f64::from(n));
            mesh.vertices.push(WarpVertex {
                source,
                target: map(source),
                height_mm: 0.0,
                cover: 1.0,
                normal: DVec3::NEG_Z,
            });
        }
    }
    for j in 0..n {
        for i in 0..n {
            let a = j * (n + 1) + i;
            mesh.triangles.push([a, a + 1, a + n + 2]);
            mesh.triangles.push([a, a + n + 2, a + n + 1]);
        }
    }
    Layer {
        mesh,
        visible: None,
        rect: Rect::new(-10_000, -10_000, 20_000, 20_000),
    }
}

fn draw(image: &Arc<LinearImage>, layer: &Layer) -> Warped {
    warp(
        &Pyramid::new(image.clone()),
        layer,
        &Rect::new(-5000, -5000, 10_000, 10_000),
        0.0,
    )
}

#[test]
fn the_identity_copies_every_pixel_exactly() {
    let image = texture(97, 61);
    for cells in [1, 13] {
        let layer = grid(97.0, 61.0, cells, |p| p + DVec2::new(20.0, -7.0));
        let out = draw(&image, &layer);
        assert_eq!(out.fragments.len(), image.data.len());
        for f in &out.fragments {
            assert_eq!(
                f.color,
                image.at((f.x - 20) as usize, (f.y + 7) as usize),
                "at {}, {}",
                f.x,
                f.y
            );
        }
    }
}

#[test]
fn a_mirror_copies_every_pixel_exactly() {
    let image = texture(40, 30);
    let out = draw(&image, &grid(40.0, 30.0, 3, |p| DVec2::new(40.0 - p.x, p.y)));
    assert_eq!(out.fragments.len(), 1200);
    for f in &out.fragments {
        assert_eq!(f.color, image.at(39 - f.x as usize, f.y as usize));
    }
}

#[test]
fn a_constant_stays_constant_without_seams() {
    let mut img = LinearImage::transparent(Rect::of_size(400, 400));
    img.data.fill([0.2, 0.4, 0.6, 0.8]);
    let image = Arc::new(img);
    for (scale, angle) in [(0.05, 0.3), (0.31, 1.1), (0.9, 0.5), (1.07, 0.2), (2.3, 2.0)] {
        let map =
            DAffine2::from_scale_angle_translation(DVec2::splat(scale), angle, DVec2::new(500.2, 500.7));
        // A bend besides, so that triangles differ in their maps.
        let layer = grid(400.0, 400.0, 23, |p| {
            map.transform_point2(p) + 3.0 * scale * (p / 40.0).sin().yx()
        });
        let out = draw(&image, &layer);
        let back = map.inverse();
        for f in &out.fragments {
            // Well inside: the filter sees no edge.
            let p = back.transform_point2(DVec2::new(f64::from(f.x), f64::from(f.y)) + 0.5);
            let margin = 8.0 + 4.0 / scale;
            if p.cmpge(DVec2::splat(margin)).all() && p.cmple(DVec2::splat(400.0 - margin)).all() {
                for (got, want) in f.color.iter().zip([0.2, 0.4, 0.6, 0.8]) {
                    assert!(
                        (got - want).abs() < 2e-6,
                        "{scale}: {:?} at {}, {}",
                        f.color,
                        f.x,
                        f.y
                    );
                }
            }
        }
    }
}

#[test]
fn shrinking_keeps_the_energy() {
    let image = texture(600, 450);
    let map = DAffine2::from_scale_angle_translation(DVec2::new(0.07, 0.045), 0.4, DVec2::new(100.3, 80.6));
    // The mesh reaches beyond the picture, so that its edge does not cut the filtered rim.
    let mut layer = grid(600.0, 450.0, 1, |p| p);
    for v in &mut layer.mesh.vertices {
        v.source = v.source * 1.6 - DVec2::new(180.0, 135.0);
        v.target = map.transform_point2(v.source);
    }
    let out = draw(&image, &layer);
    for k in 0..4 {
        let got: f64 = out.fragments.iter().map(|f| f64::from(f.color[k])).sum();
        let whole: f64 = image.data.iter().map(|p| f64::from(p[k])).sum();
        let want = whole * map.matrix2.determinant().abs();
        assert!(
            (got - want).abs() < 0.01 * want,
            "channel {k}: {got} against {want}"
        );
    }
}

/// Cubic filter of the resampler, written out again from its definition (Mitchell and Netravali 1988).
fn mitchell(r: f64) -> f64 {
    let (b, c) = (0.378_216, 0.310_892);
    let p = |c3: f64, c2: f64, c1: f64, c0: f64| c3 * r.powi(3) + c2 * r * r + c1 * r + c0;
    if r < 1.0 {
        p(
            12.0 - 9.0 * b - 6.0 * c,
            -18.0 + 12.0 * b + 6.0 * c,
            0.0,
            6.0 - 2.0 * b,
        )
    } else if r < 2.0 {
        p(
            -b - 6.0 * c,
            6.0 * b + 30.0 * c,
            -12.0 * b - 48.0 * c,
            8.0 * b + 24.0 * c,
        )
    } else {
        0.0
    }
}

/// The filter over every texel of the full resolution, each carried back into the photograph.
fn brute_force(image: &LinearImage, source: DVec2, j: DMat2) -> [f64; 4] {
    let back = j.inverse();
    let (mut sum, mut weights) = ([0.0; 4], 0.0);
    for (i, texel) in image.data.iter().enumerate() {
        let at = DVec2::new((i % image.width()) as f64, (i / image.width()) as f64) + 0.5;
        let k = mitchell((back * (at - source)).length());
        weights += k;
        for (s, t) in sum.iter_mut().zip(texel) {
            *s += k * f64::from(*t);
        }
    }
    sum.map(|s| s / weights)
}

/// The stated tolerance of the pyramid: 1.5 % of full scale at worst, 0.4 % in the mean, on a texture harsher than any product.
#[test]
fn shrinking_is_the_direct_area_filter() {
    let image = texture(500, 500);
    let pyramid = Pyramid::new(image.clone());
    let (mut worst, mut total, mut n) = (0f64, 0.0, 0);
    for (i, scale) in [2.0, 3.7, 6.1, 9.0, 14.5, 30.0].into_iter().enumerate() {
        for (k, squeeze) in [1.0, 0.55, 0.3].into_iter().enumerate() {
            let turn = DMat2::from_angle(0.4 + i as f64 + 0.7 * k as f64);
            let j = turn * DMat2::from_diagonal(DVec2::new(scale, (scale * squeeze).max(1.0)));
            let at = DVec2::new(251.3 + 7.0 * i as f64, 243.8 - 5.0 * k as f64);
            let (got, want) = (resample::sample(&pyramid, at, j), brute_force(&image, at, j));
            for (g, w) in got.iter().zip(want) {
                worst = worst.max((f64::from(*g) - w).abs());
                total += (f64::from(*g) - w).abs();
                n += 1;
            }
        }
    }
    assert!(worst < 0.015, "worst {worst}");
    assert!(total / f64::from(n) < 0.004, "mean {}", total / f64::from(n));
}

#[test]
fn the_outer_edge_has_its_area_as_coverage() {
    let mut img = LinearImage::transparent(Rect::of_size(200, 200));
    img.data.fill([1.0; 4]);
    let image = Arc::new(img);
    // A mesh that cuts through the opaque product, turned: total coverage is the area of the cut.
    let map = DAffine2::from_scale_angle_translation(DVec2::splat(0.2), 0.37, DVec2::new(60.4, 60.9));
    let mut layer = grid(60.0, 80.0, 4, |p| p);
    for v in &mut layer.mesh.vertices {
        v.source += DVec2::splat(60.0);
        v.target = map.transform_point2(v.source);
    }
    let out = draw(&image, &layer);
    let got: f64 = out.fragments.iter().map(|f| f64::from(f.color[3])).sum();
    assert!((got - 12.0 * 16.0).abs() < 1e-3, "{got}");
    assert!(
        out.fragments
            .iter()
            .any(|f| f.color[3] > 0.05 && f.color[3] < 0.95)
    );
}

/// Two sheets of one mesh: the later lies over the earlier, not mixed with it.
#[test]
fn later_triangles_lie_over_earlier_ones() {
    let mut img = LinearImage::transparent(Rect::of_size(40, 20));
    for (i, px) in img.data.iter_mut().enumerate() {
        *px = if i % 40 < 20 {
            [1.0, 0.0, 0.0, 1.0]
        } else {
            [0.0, 0.5, 0.0, 0.5]
        };
    }
    let image = Arc::new(img);
    let fold = |p: DVec2| DVec2::new(if p.x <= 20.0 { p.x } else { 40.0 - p.x }, p.y);
    let out = draw(&image, &grid(40.0, 20.0, 2, fold));
    let inner = out
        .fragments
        .iter()
        .filter(|f| (3..16).contains(&f.x))
        .collect::<Vec<_>>();
    assert_eq!(inner.len(), 13 * 20);
    for f in inner {
        assert_eq!(f.color, [0.5, 0.5, 0.0, 1.0], "at {}, {}", f.x, f.y);
    }
}

#[test]
fn broken_meshes_draw_nothing_and_do_not_fail() {
    let image = texture(8, 8);
    let mut layer = grid(8.0, 8.0, 1, |p| p * f64::NAN);
    assert!(draw(&image, &layer).fragments.is_empty());
    layer = grid(8.0, 8.0, 1, |_| DVec2::ZERO);
    assert!(draw(&image, &layer).fragments.is_empty());
    layer = grid(8.0, 8.0, 1, |p| p);
    layer.mesh.triangles = vec![[0, 1, 99]];
    assert!(draw(&image, &layer).fragments.is_empty());
}

/// Faces that see nothing are left out: a product of the same look whose empty parts hold a trace of matter, so that
/// every face is drawn, comes out the same.
#[test]
fn empty_faces_change_nothing_when_left_out() {
    let (w, h) = (160u32, 90u32);
    let mut sparse = LinearImage::transparent(Rect::of_size(w, h));
    let full = texture(w, h);
    for (i, (px, texel)) in sparse.data.iter_mut().zip(&full.data).enumerate() {
        let (x, y) = (i as u32 % w, i as u32 / w);
        // Two blobs, and a thread of one texel.
        if (x / 20 == 2 && y / 20 == 1) || (x > 120 && y > 70) || (y == 40 && x > 60) {
            *px = *texel;
        }
    }
    let mut traced = sparse.clone();
    traced
        .data
        .iter_mut()
        .filter(|p| p[3] == 0.0)
        .for_each(|p| p[3] = 1e-20);
    let (sparse, traced) = (Arc::new(sparse), Arc::new(traced));
    for (scale, softness) in [(0.07, 0.0), (0.4, 0.0), (1.0, 1.5), (3.3, 0.0), (2.5, 4.0)] {
        let map = |p: DVec2| {
            let bent = DVec2::new(p.x + 6.0 * (p.y / 17.0).sin(), p.y + 5.0 * (p.x / 23.0).cos());
            DVec2::from_angle(0.3).rotate(bent) * scale + 40.3
        };
        for cells in [1, 7, 30] {
            let layer = grid(f64::from(w), f64::from(h), cells, map);
            let clip = Rect::new(-5000, -5000, 10_000, 10_000);
            let [found, whole] = [&sparse, &traced].map(|image| {
                let mut warped = warp(&Pyramid::new(image.clone()), &layer, &clip, softness);
                warped.fragments.retain(|f| f.color[3] > 1e-12);
                warped.fragments
            });
            assert!(!whole.is_empty() && found.len() == whole.len(), "{scale} {cells}");
            for (a, b) in found.iter().zip(&whole) {
                assert_eq!((a.x, a.y), (b.x, b.y));
                let off = a.color.iter().zip(&b.color).map(|(a, b)| (a - b).abs());
                assert!(off.fold(0.0, f32::max) < 1e-6, "{a:?} {b:?}");
            }
        }
    }
}
