//! The piece takes on the light of the scene, within bounds.
//!
//! Exposure and white balance of the whole piece, light that changes over it as it changes over the skin around it,
//! and the glow that skin throws on the side that faces down. All are smooth gains per channel, so that stones keep
//! their contrast; highlights are mirrored lamps and stay. Metal colour is the product's own: the gains are scaled
//! back until the piece moves by no more than the tier's mean ΔE2000.

use glam::DVec2;

use super::shadow::blur::blur;
use super::shadow::grid::{Field, Lattice};
use super::skin::{Skin, luminance};
use super::warp::{Fragment, Warped};
use crate::imaging::Lab;
use crate::locate::Light;

/// Share of the bound that is used: it is checked on a part of the pixels, before rounding to 8 bits.
const SAFE: f64 = 0.8;
/// Pixels that the bound is checked on.
const CHECKED: usize = 3000;
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
    // The bound is about the product's own pixels: the rim is half skin.
    let opaque = piece.fragments.iter().filter(|f| f.color[3] >= 1.0).count();
    let solid = if opaque > 200 { 1.0 } else { 0.5 };
    let step = (opaque.max(piece.fragments.len() / 4) / CHECKED).max(1);
    let checked: Vec<(&Fragment, [f32; 3], Lab)> = piece
        .fragments
        .iter()
        .zip(&gains)
        .step_by(step)
        .filter(|(f, _)| f.color[3] >= solid)
        .map(|(f, g)| (f, *g, Lab::from_linear(straight(f))))
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

/// Largest share up to `wanted` at which `moved` stays within `bound`, by bisection.
fn largest(wanted: f32, bound: f64, moved: impl Fn(f32) -> f64) -> f32 {
    if moved(wanted) <= bound {
        return wanted;
    }
    let (mut low, mut high) = (0.0, wanted);
    for _ in 0..6 {
        let middle = 0.5 * (low + high);
        if moved(middle) <= bound {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
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

    #[test]
    fn highlights_stay() {
        let mut piece = disc([1.0, 1.0, 1.0]);
        piece.fragments.iter_mut().for_each(|f| f.color = [1.0; 4]);
        let before = piece.clone();
        apply(&mut piece, &scene(&light::assumed(), 1.0, 6.0));
        assert_eq!(moved(&piece, &before), 0.0);
    }
}
