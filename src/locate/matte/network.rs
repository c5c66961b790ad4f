//! The coarse grid of a head from the compact network of `onnx/train/matte`.
//!
//! Its input channels are those of `geometry.py` there: colour, colour against the person's own skin, the person mask
//! and the face's oval.

use glam::DVec2;

use super::RegionGrid;
use super::cells::{Rgb, patch};
use super::face_square::{FaceSquare, inside, oval};
use crate::imaging::Photo;
use crate::imaging::pixel::srgb_to_linear;
use crate::infer::{Engine, InferError, ModelId, Tensor};
use crate::locate::outputs::Outputs;
use crate::locate::{Face, PersonMask};

/// Side of the network's input and output.
pub(super) const SIZE: usize = 192;
/// Channels of its input.
const CHANNELS: usize = 8;
/// Mesh points on bare skin: forehead, bridge of the nose, cheeks, chin.
#[rustfmt::skip]
const SKIN_POINTS: [usize; 29] = [
    9, 8, 151, 108, 337, 6, 197, 195, 5, 50, 280, 101, 330, 118, 347, 205, 425, 36, 266, 117, 346, 187, 411, 207,
    427, 199, 200, 32, 262,
];
/// Keeps the logarithm of black finite.
const BLACK: f32 = 0.005;
/// Weights and bound of the difference to the person's own skin.
const RELATIVE: [f32; 3] = [0.5, 1.5, 1.0];
const MOST_RELATIVE: f32 = 1.5;

/// Runs the network on the square around `face`; `None` when the mesh is broken.
///
/// # Errors
/// When the model cannot be run.
pub fn face_regions(
    photo: &Photo,
    face: &Face,
    person: Option<&PersonMask>,
    engine: &dyn Engine,
) -> Result<Option<RegionGrid>, InferError> {
    let Some(square) = FaceSquare::of(face) else {
        return Ok(None);
    };
    let mut grid = RegionGrid {
        centre: square.centre,
        side: square.side,
        size: SIZE,
        classes: Vec::new(),
    };
    let input = Tensor {
        shape: vec![1, SIZE, SIZE, CHANNELS],
        data: channels(photo, face, person, &grid),
    };
    let outputs = Outputs::new(ModelId::FaceRegions, engine.run(ModelId::FaceRegions, input)?);
    let shares = outputs.get("shares", SIZE * SIZE * 4)?;
    grid.classes = shares.as_chunks().0.to_vec();
    Ok(Some(grid))
}

/// Input of the network over `grid`'s square, channels last.
pub(super) fn channels(
    photo: &Photo,
    face: &Face,
    person: Option<&PersonMask>,
    grid: &RegionGrid,
) -> Vec<f32> {
    let cell = grid.side / SIZE as f64;
    let colours: Vec<Rgb> = (0..SIZE * SIZE)
        .map(|i| patch(&photo.pixels, grid.middle(i % SIZE, i / SIZE), cell).unwrap_or_default())
        .collect();
    let own = own_skin(&colours, face, grid);
    let oval = inside(&oval(face), grid.centre, grid.side, SIZE);
    let mut out = Vec::with_capacity(SIZE * SIZE * CHANNELS);
    for (i, (colour, in_oval)) in colours.iter().zip(oval).enumerate() {
        out.extend(colour.map(|v| v - 0.5));
        let log = log_colour(colour);
        for ((v, own), weight) in log.iter().zip(own).zip(RELATIVE) {
            out.push(((v - own) * weight).clamp(-MOST_RELATIVE, MOST_RELATIVE));
        }
        let at = grid.middle(i % SIZE, i / SIZE);
        out.push(person.map_or(0.5, |m| m.sample(at)) - 0.5);
        out.push(if in_oval { 0.5 } else { -0.5 });
    }
    out
}

/// Median log colour of the face's bare skin.
fn own_skin(colours: &[Rgb], face: &Face, grid: &RegionGrid) -> Rgb {
    let cell = grid.side / SIZE as f64;
    let corner = grid.centre - grid.side / 2.0;
    let logs: Vec<Rgb> = SKIN_POINTS
        .iter()
        .filter_map(|&k| face.landmarks.get(k))
        .map(|p| ((p.truncate() - corner) / cell).floor())
        .filter(|q| q.cmpge(DVec2::ZERO).all() && q.cmplt(DVec2::splat(SIZE as f64)).all())
        .map(|q| log_colour(&around(colours, q.x as usize, q.y as usize)))
        .collect();
    std::array::from_fn(|c| {
        let mut values: Vec<f32> = logs.iter().map(|l| l[c]).collect();
        values.sort_by(f32::total_cmp);
        match (
            values.get(values.len() / 2),
            values.get(values.len().saturating_sub(1) / 2),
        ) {
            (Some(a), Some(b)) => (a + b) / 2.0,
            _ => 0.0,
        }
    })
}

/// Mean of 3 × 3 cells; those beyond the edge are mirrored (101).
fn around(colours: &[Rgb], x: usize, y: usize) -> Rgb {
    let near = |v: usize| [v.abs_diff(1), v, if v + 1 < SIZE { v + 1 } else { v - 1 }];
    let mut sum = [0.0; 3];
    for ny in near(y) {
        for nx in near(x) {
            let colour = colours.get(ny * SIZE + nx).copied().unwrap_or_default();
            for (s, v) in sum.iter_mut().zip(colour) {
                *s += v / 9.0;
            }
        }
    }
    sum
}

/// Mean log intensity, and log ratios of red and blue to green, of linear light.
fn log_colour(rgb: &Rgb) -> Rgb {
    let [r, g, b] = rgb.map(|v| (srgb_to_linear(v) + BLACK).ln());
    [(r + g + b) / 3.0, r - g, b - g]
}
