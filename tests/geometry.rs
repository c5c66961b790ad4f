//! Properties of the geometry that everything else stands on.

use glam::DVec2;
use parure::imaging::{Mask, Rect};
use parure::locate::camera::Camera;
use proptest::prelude::*;

fn rect() -> impl Strategy<Value = Rect> {
    (-2000i32..2000, -2000i32..2000, 0u32..1500, 0u32..1500).prop_map(|(x, y, w, h)| Rect::new(x, y, w, h))
}

proptest! {
    #[test]
    fn what_is_unprojected_projects_back(
        focal in 200.0..20_000.0f64,
        (w, h) in (16u32..12_000, 16u32..12_000),
        (u, v) in (-0.5..1.5f64, -0.5..1.5f64),
        depth in 50.0..20_000.0f64,
    ) {
        let camera = Camera::new(focal, w, h);
        let pixel = DVec2::new(u * f64::from(w), v * f64::from(h));
        let back = camera.project(camera.unproject(pixel, depth));
        prop_assert!(back.distance(pixel) < 1e-6 * (1.0 + pixel.length()));
    }

    #[test]
    fn a_millimetre_spans_px_per_mm(
        focal in 200.0..20_000.0f64,
        depth in 50.0..20_000.0f64,
        (u, v) in (0.0..4000.0f64, 0.0..3000.0f64),
    ) {
        let camera = Camera::new(focal, 4000, 3000);
        let p = camera.unproject(DVec2::new(u, v), depth);
        let moved = camera.project(p + glam::DVec3::X);
        let spanned = moved.x - camera.project(p).x;
        prop_assert!((spanned - camera.px_per_mm(depth)).abs() < 1e-6);
    }

    #[test]
    fn the_clip_of_two_rectangles_holds_just_the_common_pixels(
        a in rect(), b in rect(), (x, y) in (-2500i32..4000, -2500i32..4000),
    ) {
        prop_assert_eq!(a.clip(&b).contains(x, y), a.contains(x, y) && b.contains(x, y));
        prop_assert_eq!(a.clip(&b).is_empty(), b.clip(&a).is_empty());
    }

    #[test]
    fn the_union_holds_both(a in rect(), b in rect(), (x, y) in (-2500i32..4000, -2500i32..4000)) {
        let both = a.union(&b);
        prop_assert!(both.contains(x, y) || !(a.contains(x, y) || b.contains(x, y)));
    }

    #[test]
    fn a_rectangle_around_points_holds_them(
        points in prop::collection::vec((-900.0..900.0f64, -900.0..900.0f64), 1..20),
        margin in 0.5..40.0f64,
    ) {
        let points: Vec<DVec2> = points.into_iter().map(DVec2::from).collect();
        let around = Rect::around(points.iter().copied(), margin);
        for p in points {
            prop_assert!(around.contains(p.x.floor() as i32, p.y.floor() as i32));
        }
    }

    #[test]
    fn a_sampled_ramp_is_the_ramp(x in 1.0..30.0f64, y in 1.0..20.0f64, (gx, gy) in (-0.01..0.01f64, -0.01..0.01f64)) {
        // Bilinear sampling is exact on a plane; pixel centres lie at half integers.
        let rect = Rect::of_size(32, 22);
        let plane = |x: f64, y: f64| 0.5 + gx * x + gy * y;
        let data = (0..22)
            .flat_map(|j| (0..32).map(move |i| (i, j)))
            .map(|(i, j)| plane(f64::from(i) + 0.5, f64::from(j) + 0.5) as f32)
            .collect();
        let mask = Mask { rect, data, outside: 0.0 };
        prop_assert!((f64::from(mask.sample(DVec2::new(x, y))) - plane(x, y)).abs() < 1e-5);
    }

    #[test]
    fn around_nothing_or_nonsense_is_empty(n in 0usize..3) {
        let nonsense = vec![DVec2::new(f64::NAN, 1.0); n];
        prop_assert!(Rect::around(nonsense, 5.0).is_empty());
    }
}
