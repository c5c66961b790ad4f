//! The piece takes on the light of the scene, within bounds.
//!
//! Exposure and white balance of the whole piece, light that changes over it as it changes over the skin around it,
//! and the glow that skin throws on the side that faces down. All are smooth gains per channel, so that stones keep
//! their contrast; highlights are mirrored lamps and stay. Metal colour is the product's own: the gains are scaled
//! back until the core of the piece moves by no more than the tier's mean ΔE2000.

use glam::DVec2;

use super::core::core;
use super::shadow::blur::blur;
use super::shadow::grid::{Field, Lattice};
use super::skin::{Skin, luminance};
use super::warp::{Fragment, Warped};
use crate::imaging::Lab;
use crate::locate::Light;

/// Share of the bound that is used: it is sought on a part of the core's pixels, and before rounding to 8 bits.
const SAFE: f64 = 0.92;
/// Pixels that the bound is sought on.
const CHECKED: usize = 2000;
/// How far metal follows the brightness of the skin beside it, as a power: it mirrors more of the room than skin sees.
const FOLLOW: f32 = 0.5;
/// How far the piece takes on the colour of the light, as a power.
const WHITE: f32 = 0.5;
/// Share of the light on a downward face that comes from the skin below.
const BOUNCE: f32 = 0.4;
/// Width of a downward face, mm, and the height above skin by which its glow drops to 1/e.
const FACE_MM: f64 = 0.8;
const GLOW_MM: f32 = 5.0;

/// What the piece is toned towards.
pub struct Scene<'a> {
    pub skin: Option<&'a Skin>,
    pub light: &'a Light,
    /// Brightest of the picture, linear: [`white_point`].
    pub white: f32,
    pub px_per_mm: f64,
    /// 0 off ..= 1 as far as the bound allows.
    pub strength: f64,
    /// Mean ΔE2000 that the piece may move by.
    pub max_delta_e: f64,
    /// Part of that which grain will take.
    pub spent: f64,
}

/// Tones `piece` in place. With `strength` 0 nothing changes.
pub fn apply(piece: &mut Warped, scene: &Scene) {
    if scene.strength <= 0.0 || piece.fragments.is_empty() {
        return;
    }
    let gains = gains(piece, scene);
    let core = core(piece);
    let step = (core.len() / CHECKED).max(1);
    let checked: Vec<(&Fragment, [f32; 3], Lab)> = core
        .iter()
        .step_by(step)
        .map(|i| (&piece.fragments[*i], gains[*i]))
        .map(|(f, g)| (f, g, Lab::from_linear(straight(f))))
        .collect();
    let moved = |share: f32| {
        let sum: f64 = checked
            .iter()
            .map(|(f, g, lab)| Lab::from_linear(toned(straight(f), g, share)).delta_e_2000(lab))
            .sum();
        sum / checked.len().max(1) as f64
    };
    let share = largest(
        scene.strength as f32,
        (scene.max_delta_e - scene.spent) * SAFE,
        moved,
    );
    for (f, gain) in piece.fragments.iter_mut().zip(&gains) {
        let alpha = f.color[3];
        let color = toned(straight(f), gain, share);
        for (c, v) in f.color.iter_mut().zip(color) {
            *c = v.min(1.0) * alpha;
        }
    }
}

/// A share up to `wanted` at which `moved` stays within `bound` and, where it must be less than `wanted`, comes near it;
/// by false position, for what is moved grows nearly in proportion.
fn largest(wanted: f32, bound: f64, moved: impl Fn(f32) -> f64) -> f32 {
    /// Near enough to the bound.
    const NEAR: f64 = 0.97;
    let mut high = (f64::from(wanted), moved(wanted));
    if high.1 <= bound {
        return wanted;
    }
    let mut low = (0.0, 0.0);
    for _ in 0..8 {
        // A little below where the line through both ends says, and well inside of them.
        let slope = (high.1 - low.1) / (high.0 - low.0).max(1e-12);
        let width = high.0 - low.0;
        let guess = low.0 + (0.99 * bound - low.1).max(0.0) / slope.max(1e-12);
        let middle = guess.clamp(low.0 + 0.05 * width, high.0 - 0.05 * width);
        let found = (middle, moved(middle as f32));
        if found.1 > bound {
            high = found;
        } else {
            low = found;
            if low.1 >= NEAR * bound {
                break;
            }
        }
    }
    low.0 as f32
}

/// Colour without its alpha.
fn straight(f: &Fragment) -> [f32; 3] {
    let [r, g, b, a] = f.color;
    [r, g, b].map(|v| v / a.max(1e-6))
}

/// A colour under a share of its logarithmic gain; highlights are left.
fn toned(color: [f32; 3], gain: &[f32; 3], share: f32) -> [f32; 3] {
    let bright = color[0].max(color[1]).max(color[2]);
    let t = ((bright - 0.65) / 0.35).clamp(0.0, 1.0);
    let share = share * (1.0 - t * t * (3.0 - 2.0 * t));
    std::array::from_fn(|k| color[k] * (share * gain[k]).exp())
}

/// Natural logarithm of each fragment's gain per channel.
fn gains(piece: &Warped, scene: &Scene) -> Vec<[f32; 3]> {
    let exposure = exposure(scene.white);
    let white = scene.light.color.as_vec3().to_array();
    let global: [f32; 3] = std::array::from_fn(|k| exposure + WHITE * white[k].clamp(0.5, 2.0).ln());
    // Skin's colour at its own brightness: the glow tints, it does not brighten.
    let glow = scene.skin.map(|s| {
        let level = luminance(s.color).max(1e-4);
        s.color.map(|v| v / level - 1.0)
    });
    let below = Below::of(piece, scene.px_per_mm);
    piece
        .fragments
        .iter()
        .map(|f| {
            let at = DVec2::new(f64::from(f.x), f64::from(f.y)) + 0.5;
            let follow = scene
                .skin
                .map_or(0.0, |s| FOLLOW * s.brightness(at).clamp(0.4, 1.6).ln());
            let faces_down = BOUNCE * below.at(at) * (-f.height_mm / GLOW_MM).exp();
            std::array::from_fn(|k| {
                let tint = glow.map_or(0.0, |g| (1.0 + faces_down * g[k]).max(0.3).ln());
                global[k] + follow + tint
            })
        })
        .collect()
}

/// Product shots are exposed for a white backdrop; a picture whose brightest part stays below white is not.
fn exposure(white: f32) -> f32 {
    /// A good exposure leaves its brightest matter about here.
    const GOOD: f32 = 0.7;
    0.5 * (white / GOOD).clamp(0.3, 1.0).ln()
}

/// Linear luminance that the brightest fiftieth of the picture reaches, from an even grid of samples.
pub fn white_point(canvas: &image::RgbImage) -> f32 {
    const GRID: u32 = 64;
    let (w, h) = canvas.dimensions();
    let mut values = Vec::with_capacity((GRID * GRID) as usize);
    for j in 0..GRID {
        for i in 0..GRID {
            let (x, y) = ((2 * i + 1) * w / (2 * GRID), (2 * j + 1) * h / (2 * GRID));
            if let Some(px) = canvas.get_pixel_checked(x, y) {
                values.push(luminance(px.0.map(crate::imaging::pixel::decode_srgb8)));
            }
        }
    }
    if values.is_empty() {
        return 1.0;
    }
    let at = values.len() - 1 - values.len() / 50;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// Where the piece faces down: there is more of it above than below.
struct Below {
    coverage: Field,
    step: DVec2,
}

impl Below {
    fn of(piece: &Warped, px_per_mm: f64) -> Self {
        let bounds = piece
            .bounds()
            .grown((3.0 * FACE_MM * px_per_mm).ceil().min(1e6) as u32);
        let lattice = Lattice::over(&bounds, px_per_mm);
        let mut coverage = Field::zero(lattice);
        let share = (lattice.cells_per_px * lattice.cells_per_px) as f32;
        for f in &piece.fragments {
            let at = DVec2::new(f64::from(f.x), f64::from(f.y)) + 0.5;
            coverage.splat(lattice.to_cells(at), f.color[3] * share);
        }
        blur(&mut coverage, 0.5 * FACE_MM * lattice.cells_per_mm);
        Self {
            coverage,
            step: DVec2::new(0.0, FACE_MM * px_per_mm),
        }
    }

    /// 0 for faces that look up or at the camera ..= 1 for the lower rim.
    fn at(&self, p: DVec2) -> f32 {
        (self.coverage.sample(p - self.step) - self.coverage.sample(p + self.step)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::light;

    fn disc(color: [f32; 3]) -> Warped {
        let mut out = Warped::default();
        for y in 0..60 {
            for x in 0..60 {
                let d = DVec2::new(f64::from(x) - 29.5, f64::from(y) - 29.5).length();
                if d < 28.0 {
                    let shade = 0.6 + 0.4 * ((x * 7 + y * 13) % 11) as f32 / 10.0;
                    let [r, g, b] = color.map(|v| v * shade);
                    out.fragments.push(Fragment {
                        x,
                        y,
                        color: [r, g, b, 1.0],
                        height_mm: 0.0,
                        normal: [0.0, 0.0, -1.0],
                    });
                }
            }
        }
        out
    }

    fn moved(a: &Warped, b: &Warped) -> f64 {
        let pairs = a.fragments.iter().zip(&b.fragments);
        let sum: f64 = pairs
            .map(|(a, b)| Lab::from_linear(straight(a)).delta_e_2000(&Lab::from_linear(straight(b))))
            .sum();
        sum / a.fragments.len() as f64
    }

    fn scene(light: &Light, strength: f64, max_delta_e: f64) -> Scene<'_> {
        Scene {
            skin: None,
            light,
            white: 0.15,
            px_per_mm: 6.0,
            strength,
            max_delta_e,
            spent: 0.0,
        }
    }

    #[test]
    fn off_is_exact_and_on_keeps_to_every_tier() {
        let mut lamp = light::assumed();
        lamp.color = glam::DVec3::new(1.4, 1.0, 0.6);
        for color in [[0.8, 0.5, 0.2], [0.6, 0.6, 0.62], [0.05, 0.3, 0.15]] {
            let before = disc(color);
            let mut off = before.clone();
            apply(&mut off, &scene(&lamp, 0.0, 4.0));
            assert!(
                off.fragments
                    .iter()
                    .zip(&before.fragments)
                    .all(|(a, b)| a.color == b.color)
            );
            for tier in [6.0, 4.0, 2.5] {
                let mut on = before.clone();
                apply(&mut on, &scene(&lamp, 1.0, tier));
                let moved = moved(&on, &before);
                assert!(
                    moved <= tier && moved > 0.5 * tier,
                    "{color:?} tier {tier}: {moved}"
                );
            }
        }
    }

    /// Mean ΔE2000 in 8-bit codes of what lies more than two pixels inside the opaque piece.
    fn moved_in_core(a: &Warped, b: &Warped) -> Option<f64> {
        use crate::imaging::pixel::{decode_srgb8, encode_srgb8};
        use image::{GrayImage, Luma};
        let mut open = GrayImage::from_pixel(80, 80, Luma([255]));
        for f in b.fragments.iter().filter(|f| f.color[3] >= 1.0) {
            open.put_pixel(f.x as u32 + 10, f.y as u32 + 10, Luma([0]));
        }
        let depth = imageproc::distance_transform::euclidean_squared_distance_transform(&open);
        let lab = |f: &Fragment| Lab::from_linear(straight(f).map(|v| decode_srgb8(encode_srgb8(v))));
        let pairs = a.fragments.iter().zip(&b.fragments);
        let inside = pairs.filter(|(_, f)| depth.get_pixel(f.x as u32 + 10, f.y as u32 + 10)[0] > 4.0);
        let moved: Vec<f64> = inside.map(|(a, b)| lab(a).delta_e_2000(&lab(b))).collect();
        (!moved.is_empty()).then(|| moved.iter().sum::<f64>() / moved.len() as f64)
    }

    /// Pieces whose rim is of other matter than their inside, so that a mean over everything tells nothing about the
    /// core, under lights that ask for much more than any tier gives.
    #[test]
    fn the_core_keeps_to_the_tier_whatever_the_piece_and_with_grain() {
        let mut state = 7u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f32 / (1u64 << 31) as f32
        };
        let mut checked = 0;
        for _ in 0..60 {
            let mut before = disc([random(), random(), random()]);
            let (hole, rim) = (20.0 * random(), 28.0 - 6.0 * random());
            let other = [random(), random(), random()];
            let from_middle = |f: &Fragment| (f.x as f32 - 29.5).hypot(f.y as f32 - 29.5);
            before.fragments.retain(|f| from_middle(f) >= hole);
            for f in &mut before.fragments {
                if from_middle(f) > rim {
                    f.color[..3].copy_from_slice(&other);
                }
            }
            let mut lamp = light::assumed();
            lamp.color = glam::DVec3::new(0.6 + f64::from(random()), 1.0, 0.6 + f64::from(random()));
            let (white, grain) = (0.1 + random(), f64::from(random()) * 2.0);
            for tier in [6.0, 4.0, 2.5] {
                let grain = grain.min(0.5 * tier / crate::render::texture::DELTA_E_PER_CODE);
                let mut on = before.clone();
                let scene = Scene {
                    white,
                    spent: grain * crate::render::texture::DELTA_E_PER_CODE,
                    ..scene(&lamp, 1.0, tier)
                };
                apply(&mut on, &scene);
                crate::render::texture::lay_grain(&mut on, grain, 3);
                if let Some(moved) = moved_in_core(&on, &before) {
                    checked += 1;
                    assert!(moved <= tier, "tier {tier}, grain {grain}: {moved}");
                }
            }
        }
        assert!(checked > 100, "{checked}");
    }

    #[test]
    fn highlights_stay() {
        let mut piece = disc([1.0, 1.0, 1.0]);
        piece.fragments.iter_mut().for_each(|f| f.color = [1.0; 4]);
        let before = piece.clone();
        apply(&mut piece, &scene(&light::assumed(), 1.0, 6.0));
        assert_eq!(moved(&piece, &before), 0.0);
    }
}
