use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::band::{index, pixels};
use super::*;
use crate::imaging::Mask;

/// Paints by a function of the view.
struct By<F>(u32, F);

impl<F: Fn(&TileView) -> Result<Vec<[f32; 3]>, String> + Send + Sync> Painter for By<F> {
    fn name(&self) -> &'static str {
        "test"
    }
    fn reach(&self) -> Reach {
        Reach {
            side: self.0,
            mm: 1e3,
            margin: 1.0 / 16.0,
            smooth: false,
        }
    }
    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String> {
        (self.1)(view)
    }
}

/// The same, of a smooth change.
struct Smooth<F>(By<F>);

impl<F: Fn(&TileView) -> Result<Vec<[f32; 3]>, String> + Send + Sync> Painter for Smooth<F> {
    fn name(&self) -> &'static str {
        "test"
    }
    fn reach(&self) -> Reach {
        Reach {
            mm: 32.0,
            margin: 1.0 / 16.0,
            smooth: true,
            ..self.0.reach()
        }
    }
    fn paint(&self, view: &TileView) -> Result<Vec<[f32; 3]>, String> {
        self.0.paint(view)
    }
}

fn mask(width: u32, height: u32, f: impl Fn(f32, f32) -> f32) -> Mask {
    let rect = Rect::of_size(width, height);
    let mut mask = Mask::filled(rect, 0.0);
    for ((x, y), v) in pixels(&rect).zip(&mut mask.data) {
        *v = f(x as f32 + 0.5, y as f32 + 0.5).clamp(0.0, 1.0);
    }
    mask
}

fn around<'a>(jewelry: &'a Mask, skin: Option<&'a Mask>, px_per_mm: f64) -> Around<'a> {
    Around {
        jewelry,
        shadow: jewelry,
        skin,
        px_per_mm,
    }
}

/// Shifts all colours of a tile by an amount of its own, as an autoencoder may.
fn shifted(view: &TileView) -> Result<Vec<[f32; 3]>, String> {
    let by = view.noise.gaussians(0, 3);
    let shift = |v: &[f32; 3]| std::array::from_fn(|k| v[k] + 0.02 * by[k].clamp(-1.5, 1.5));
    Ok(view.picture.iter().map(shift).collect())
}

/// A bar 400 px long, 8 px high, in a picture of 480 × 72.
fn bar() -> Mask {
    mask(480, 72, |x, y| {
        (200.5 - (x - 240.0).abs()).min(4.5 - (y - 36.0).abs())
    })
}

#[test]
fn a_painter_that_changes_nothing_leaves_every_bit() {
    let bar = bar();
    let before = RgbImage::from_fn(480, 72, |x, y| Rgb([(x / 2) as u8, (y * 3) as u8, (x ^ y) as u8]));
    for side in [64, 97, 256] {
        let mut after = before.clone();
        let told = repaint(
            &mut after,
            &[around(&bar, None, 4.0)],
            &By(side, |v: &TileView| Ok(v.picture.clone())),
            &InpaintSettings::default(),
        );
        assert_eq!(after, before);
        assert!(
            told.tiles > 1 && told.dropped.is_empty() && told.pixels > 8000,
            "{told:?}"
        );
    }
}

#[test]
fn a_constant_stays_constant_though_every_tile_shifts_its_colour() {
    let bar = bar();
    let before = RgbImage::from_pixel(480, 72, Rgb([198, 150, 127]));
    for side in [64, 128] {
        let mut after = before.clone();
        let told = repaint(
            &mut after,
            &[around(&bar, None, 4.0)],
            &By(side, shifted),
            &InpaintSettings::default(),
        );
        assert!(told.dropped.is_empty(), "{:?}", told.dropped);
        for (a, b) in after.iter().zip(before.iter()) {
            assert!(a.abs_diff(*b) <= 1, "{a} for {b}");
        }
    }
}

/// Tiles that darken the skin at the edge by different amounts, over a gradient: along the contour the result must
/// change no faster than the overlap lets it.
#[test]
fn a_gradient_stays_smooth_across_tiles() {
    let bar = bar();
    let before = RgbImage::from_fn(480, 72, |x, _| {
        Rgb([150 + (x / 8) as u8, 120 + (x / 10) as u8, 110 + (x / 12) as u8])
    });
    let mut after = before.clone();
    let darker = |view: &TileView| {
        let by = 0.12 * (view.noise.gaussians(0, 1)[0].clamp(-1.0, 1.0) + 1.0) * 0.5;
        Ok(view
            .picture
            .iter()
            .zip(&view.band)
            .map(|(v, w)| v.map(|c| c - by * w * w))
            .collect())
    };
    repaint(
        &mut after,
        &[around(&bar, None, 4.0)],
        &By(128, darker),
        &InpaintSettings::default(),
    );
    let change =
        |x: u32, y: u32| i32::from(after.get_pixel(x, y).0[1]) - i32::from(before.get_pixel(x, y).0[1]);
    let mut levels = std::collections::BTreeSet::new();
    for y in [26, 28, 30, 42, 44] {
        for x in 60..420 {
            let step = (change(x + 1, y) - change(x, y)).abs();
            assert!(step <= 3, "{step} at {x}, {y}");
            levels.insert(change(x, y));
        }
    }
    // The tiles did differ: by far more than one step.
    assert!(levels.len() > 8, "{levels:?}");
}

#[test]
fn the_band_is_skin_outside_the_edge_and_as_wide_as_told() {
    let disc = mask(160, 160, |x, y| 30.5 - (x - 80.0).hypot(y - 80.0));
    let skin = mask(160, 160, |x, _| if x < 60.0 { 0.0 } else { 1.0 });
    let frame = Rect::of_size(160, 160);
    let band = Band::around(&[around(&disc, Some(&skin), 4.0)], 3.0, &frame);
    let at = |mask: &Mask, x: i32, y: i32| mask.get(x, y);
    // To the right: product up to 110, the band up to 122.
    assert_eq!(at(&band.weight, 100, 80), 0.0);
    assert_eq!(at(&band.weight, 108, 80), 0.0);
    assert!((at(&band.weight, 112, 80) - 1.0).abs() < 1e-6);
    // 8.5 of 12 px from the edge: 5/12 of the way down the fade, 1 − (3 t² − 2 t³).
    assert!((at(&band.weight, 118, 80) - 0.6238).abs() < 1e-3);
    assert!(at(&band.weight, 120, 80) > 0.0);
    assert_eq!(at(&band.weight, 123, 80), 0.0);
    assert!(at(&band.rim, 121, 80) > 0.9 && at(&band.rim, 112, 80) == 0.0);
    // To the left there is no skin.
    assert!((30..50).all(|x| at(&band.weight, x, 80) == 0.0));
    // However small the picture, there are three pixels.
    let band = Band::around(&[around(&disc, None, 0.2)], 3.0, &frame);
    assert!(at(&band.weight, 112, 80) > 0.0 && at(&band.weight, 114, 80) == 0.0);
    // What is far away inside a translucent stone is the product's.
    let glass = mask(160, 160, |x, y| (30.5 - (x - 80.0).hypot(y - 80.0)).min(0.7));
    let band = Band::around(&[around(&glass, None, 4.0)], 3.0, &frame);
    assert_eq!(at(&band.weight, 100, 80), 0.0);
    assert!(at(&band.weight, 109, 80) > 0.0 && at(&band.weight, 107, 80) == 0.0);
}

#[test]
fn another_piece_is_product_too() {
    let (one, two) = (
        mask(120, 60, |x, y| 10.5 - (x - 40.0).hypot(y - 30.0)),
        mask(120, 60, |x, y| 10.5 - (x - 63.0).hypot(y - 30.0)),
    );
    let band = Band::around(
        &[around(&one, None, 4.0), around(&two, None, 4.0)],
        3.0,
        &Rect::of_size(120, 60),
    );
    assert!(
        (55..71).all(|x| band.weight.get(x, 30) == 0.0),
        "the band of one reaches into the other"
    );
    assert!(band.weight.get(51, 30) > 0.5);
}

/// Left of the middle there is hair; where no piece looks nothing is known.
#[test]
fn what_is_neither_skin_nor_piece_is_known_around_the_piece() {
    let bead = mask(120, 60, |x, y| 6.5 - (x - 60.0).hypot(y - 30.0));
    let skin = mask(120, 60, |x, _| f32::from(u8::from(x > 60.0)));
    let band = Band::around(&[around(&bead, Some(&skin), 4.0)], 3.0, &Rect::of_size(120, 60));
    assert_eq!(band.other.get(48, 30), 1.0, "hair");
    assert_eq!(band.other.get(58, 30), 0.0, "the piece before it");
    assert_eq!(band.other.get(72, 30), 0.0, "skin");
    assert_eq!(band.other.get(5, 30), 0.0, "far off");
    // A second piece there whose skin is known as skin everywhere has the say.
    let both = [around(&bead, Some(&skin), 4.0), around(&bead, None, 4.0)];
    let band = Band::around(&both, 3.0, &Rect::of_size(120, 60));
    assert_eq!(band.other.get(48, 30), 0.0);
}

/// Nothing a painter does reaches beyond the band or into the product.
fn untouched(before: &RgbImage, after: &RgbImage, pieces: &[Around]) -> Result<(), TestCaseError> {
    let frame = Rect::of_size(before.width(), before.height());
    let width_px: f64 = pieces
        .iter()
        .map(|p| (3.0 * p.px_per_mm).max(3.0))
        .fold(0.0, f64::max);
    for (x, y) in pixels(&frame) {
        let near = |p: &Around, reach: i32, at: f32| {
            (-reach..=reach).any(|dy| {
                (-reach..=reach)
                    .any(|dx| dx * dx + dy * dy <= reach * reach && p.jewelry.get(x + dx, y + dy) >= at)
            })
        };
        let outside = !pieces.iter().any(|p| near(p, width_px.ceil() as i32 + 1, 0.5));
        let core = pieces.iter().any(|p| {
            p.jewelry.get(x, y) >= 0.98
                || (-2..=2).all(|dy| (-2..=2).all(|dx| p.jewelry.get(x + dx, y + dy) >= 0.5))
        });
        let bare = pieces.iter().all(|p| p.skin.is_none_or(|s| s.get(x, y) > 0.6));
        if outside || core || !bare {
            let (x, y) = (x as u32, y as u32);
            prop_assert_eq!(before.get_pixel(x, y), after.get_pixel(x, y), "at {}, {}", x, y);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn outside_and_product_are_bit_identical_whatever_the_painter_does(
        seed in any::<u64>(),
        fault in 0usize..8,
        (x, y, r) in (-10f32..74.0, -10f32..58.0, 0.3f32..24.0),
        (u, v, w) in (0f32..64.0, 0f32..48.0, 0.3f32..9.0),
        px_per_mm in 0.1f64..5.0,
        side in 8u32..80,
        smooth in any::<bool>(),
    ) {
        let noise = Noise::new(seed, 1).gaussians(0, 64 * 48 * 3);
        let before = RgbImage::from_fn(64, 48, |x, y| {
            let i = ((y * 64 + x) * 3) as usize;
            Rgb([0, 1, 2].map(|k| (150.0 + 60.0 * noise[i + k]).clamp(0.0, 255.0) as u8))
        });
        let big = mask(64, 48, |px, py| r - (px - x).hypot((py - y) * 1.7));
        let small = mask(64, 48, |px, py| (w - (px - u).abs()).min(1.5 - (py - v).abs()));
        let skin = mask(64, 48, |px, py| 2.0 - 0.1 * (px - 0.4 * py));
        let pieces = [around(&big, Some(&skin), px_per_mm), around(&small, Some(&skin), px_per_mm)];
        let broken = |view: &TileView| {
            let all = view.picture.len();
            match fault {
                0 => Ok(vec![[f32::NAN; 3]; all]),
                1 => Ok(vec![[0.0; 3]; all]),
                2 => Ok(vec![[f32::INFINITY; 3]; all]),
                3 => Ok(vec![[0.5; 3]; all + 1]),
                4 => Err("out of memory".into()),
                5 => Ok(view.noise.gaussians(0, all * 3).chunks(3).map(|c| [c[0], c[1], c[2]]).collect()),
                6 => Ok(view.picture.iter().map(|c| c.map(|c| c * 0.9 + 0.04)).collect()),
                _ => Ok(view.picture.iter().map(|c| [c[0] - 9.0, c[1] + 9.0, 1e30]).collect()),
            }
        };
        let mut after = before.clone();
        let (plain, smoothly) = (By(side, broken), Smooth(By(side, broken)));
        let painter: &dyn Painter = if smooth { &smoothly } else { &plain };
        let told = repaint(&mut after, &pieces, painter, &InpaintSettings::default());
        untouched(&before, &after, &pieces)?;
        if [0, 2, 3, 4].contains(&fault) {
            prop_assert_eq!(&after, &before);
            prop_assert_eq!(told.dropped.len(), told.tiles);
        }
        prop_assert!(told.pixels == 0 || told.tiles > 0);
    }

    /// Every pixel of the band is some tile's to paint.
    #[test]
    fn tiles_cover_the_band(
        discs in prop::collection::vec((0f32..300.0, 0f32..200.0, 0.6f32..40.0), 1..6),
        side in 16u32..200,
    ) {
        let shape = mask(300, 200, |x, y| {
            discs.iter().map(|(u, v, r)| r - (x - u).hypot(y - v)).fold(0.0, f32::max)
        });
        let band = Band::around(&[around(&shape, None, 2.0)], 3.0, &Rect::of_size(300, 200));
        let reach = Reach {
            side,
            mm: 1e3,
            margin: 1.0 / 16.0,
            smooth: false,
        };
        let mut say = vec![0.0; band.weight.data.len()];
        for tile in tiles::tiles(&band, reach) {
            for (y, a, b) in &tile.spans {
                for x in *a..*b {
                    let at = index(&band.weight.rect, x, *y).unwrap();
                    say[at] += tile.window(x, *y);
                }
            }
        }
        for (s, w) in say.iter().zip(&band.weight.data) {
            prop_assert!(*w <= 0.0 || *s > 0.0);
        }
    }
}

#[test]
fn a_tile_far_from_the_skin_is_dropped_and_told_of() {
    let bar = bar();
    let before = RgbImage::from_pixel(480, 72, Rgb([198, 150, 127]));
    let black = By(128, |v: &TileView| Ok(vec![[0f32; 3]; v.picture.len()]));
    let speckled = By(128, |v: &TileView| {
        let noise = v.noise.gaussians(0, v.picture.len());
        let dot = |(c, n): (&[f32; 3], &f32)| c.map(|c| c + 0.15 * n);
        Ok(v.picture.iter().zip(&noise).map(dot).collect())
    });
    for (painter, wanted) in [(&black as &dyn Painter, "far"), (&speckled, "rough")] {
        let mut after = before.clone();
        let told = repaint(
            &mut after,
            &[around(&bar, None, 4.0)],
            painter,
            &InpaintSettings::default(),
        );
        assert_eq!(after, before);
        assert_eq!(told.dropped.len(), told.tiles);
        for dropped in &told.dropped {
            match &dropped.fault {
                Fault::Far { delta_e } => assert!(wanted == "far" && *delta_e > 30.0),
                Fault::Rough { .. } => assert_eq!(wanted, "rough"),
                other => panic!("{other}"),
            }
        }
    }
}

/// A change that is the same at every scale of the photograph stays so: a smooth painter's tile shows as many millimetres
/// on a large photograph as on a small one, and what it paints is not taken for drift.
#[test]
fn a_smooth_change_is_kept_whatever_the_scale() {
    let darker = |v: &TileView| Ok(v.picture.iter().map(|c| c.map(|c| c - 0.04)).collect());
    for px_per_mm in [1.5, 4.0, 12.0] {
        let size = (30.0 * px_per_mm) as u32;
        let (middle, radius) = (15.0 * px_per_mm as f32, 5.0 * px_per_mm as f32);
        let disc = mask(size, size, |x, y| radius + 0.5 - (x - middle).hypot(y - middle));
        let before = RgbImage::from_pixel(size, size, Rgb([198, 150, 127]));
        let mut after = before.clone();
        let told = repaint(
            &mut after,
            &[around(&disc, None, px_per_mm)],
            &Smooth(By(128, darker)),
            &InpaintSettings::default(),
        );
        assert!(told.dropped.is_empty() && told.tiles <= 4, "{told:?}");
        // Half a millimetre from the edge the band takes all of the paint: 0.04 of 255.
        let at = (middle + radius + 0.5 * px_per_mm as f32) as u32;
        let (was, is) = (
            before.get_pixel(at, middle as u32).0,
            after.get_pixel(at, middle as u32).0,
        );
        for k in 0..3 {
            assert!(
                (9..=11).contains(&(was[k] - is[k])),
                "{was:?} {is:?} at {px_per_mm}"
            );
        }
    }
}
