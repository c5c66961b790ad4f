//! From the coarse grid to soft mattes at the picture's own edges, in one region.

use glam::Vec4;

use super::by_colour::posterior;
use super::cells::{Cells, Rgb, patch};
use super::colour::ColourModel;
use super::guided::{Coefficients, Lanes, Plane, coefficients};
use super::{BACKGROUND, CLOTH, Classes, HAIR, Mattes, Near, RegionGrid, SKIN};
use crate::imaging::{Mask, Photo, Rect};

/// Side of a working cell, mm: fine enough for a lock of hair; single strands come from the guide.
const CELL_MM: f64 = 0.5;
/// In large regions cells grow so that there are at most about this many.
const MOST_CELLS: f64 = 70_000.0;
/// Radius of the guided filter's window, mm.
const WINDOW_MM: f64 = 2.2;
/// Variance of encoded colour below which the guide counts as flat.
const FLAT: f32 = 4e-4;
/// The region is widened by this before filtering, mm, so that its edges see their surroundings.
const MARGIN_MM: f64 = 4.0;
/// How far the counted colours may overrule the grid: exponent of the likelihood.
const TRUST: f32 = 0.7;
/// Shares below this are filtering haze and become 0; shares above one minus it become 1.
const HAZE: f32 = 0.08;
/// How often the colours are counted anew under what they themselves said: the grid's outlines are a few mm off, and the
/// cells between teach the wrong class the first time.
const RECOUNTS: usize = 2;
/// Steps at which the grid's cells are read for colours.
const COLOUR_CELLS: usize = 96;

/// Mattes of `near`, which must lie inside the photo.
pub(super) fn refine(photo: &Photo, grid: &RegionGrid, near: Near, px_per_mm: f64) -> Mattes {
    let rect = near.rect;
    let margin = (MARGIN_MM * px_per_mm).ceil().min(4096.0) as i32;
    let wide = Rect::new(
        rect.x.saturating_sub(margin),
        rect.y.saturating_sub(margin),
        rect.width.saturating_add(2 * margin as u32),
        rect.height.saturating_add(2 * margin as u32),
    )
    .clip(&Rect::of_size(photo.width(), photo.height()));
    let area = f64::from(wide.width) * f64::from(wide.height);
    let step = (CELL_MM * px_per_mm)
        .max((area / MOST_CELLS).sqrt())
        .round()
        .max(1.0);
    let cells = Cells::read(&photo.pixels, wide, step as usize);
    let model = own_colours(photo, grid, rect);
    let radius = (WINDOW_MM * px_per_mm / step).round().max(1.0) as usize;
    // A fit sees its window, what is made of fits the windows around them, and a pixel two cells.
    let needed = near.cells(&wide, step as usize, (cells.width, cells.height), 2 * radius + 2);
    let values = Plane {
        width: cells.width,
        height: cells.height,
        data: (0..cells.colours.len())
            .map(|i| {
                if !needed[i] {
                    return [0.0; 3];
                }
                let prior = grid.sample(cells.middle(i % cells.width, i / cells.width));
                let likelihood = model.likelihood(&cells.colours[i]).map(|v| v.powf(TRUST));
                let p = posterior(&prior, &likelihood);
                [p[SKIN], p[HAIR], p[CLOTH]]
            })
            .collect(),
    };
    let guide = Plane {
        width: cells.width,
        height: cells.height,
        data: cells.colours,
    };
    let fits = coefficients(&guide, &values, radius, FLAT);
    enlarge(photo, &fits, wide, step as usize, near)
}

/// Colours of the classes, counted under the grid; those near `rect` count most, because light differs over a body.
fn own_colours(photo: &Photo, grid: &RegionGrid, rect: Rect) -> ColourModel {
    let stride = (grid.size / COLOUR_CELLS).max(1);
    let cell = grid.side / grid.size.max(1) as f64;
    let reach = (f64::from(rect.width) + f64::from(rect.height)) / 2.0 + grid.side * 0.08;
    let middle = glam::DVec2::new(
        f64::from(rect.x) + f64::from(rect.width) / 2.0,
        f64::from(rect.y) + f64::from(rect.height) / 2.0,
    );
    let mut samples: Vec<(Rgb, Classes, f32)> = Vec::new();
    for y in (0..grid.size).step_by(stride) {
        for x in (0..grid.size).step_by(stride) {
            let at = grid.middle(x, y);
            if let (Some(colour), Some(classes)) = (
                patch(&photo.pixels, at, cell),
                grid.classes.get(y * grid.size + x),
            ) {
                let near = (-(at.distance(middle) / reach).powi(2)).exp() as f32;
                samples.push((colour, *classes, 0.15 + near));
            }
        }
    }
    let prior: Vec<Classes> = samples.iter().map(|(_, shares, _)| *shares).collect();
    let mut model = ColourModel::fit(samples.iter().map(|(c, s, w)| (c, s, *w)));
    for _ in 0..RECOUNTS {
        for ((colour, shares, _), prior) in samples.iter_mut().zip(&prior) {
            *shares = posterior(prior, &model.likelihood(colour));
        }
        model = ColourModel::fit(samples.iter().map(|(c, s, w)| (c, s, *w)));
    }
    model
}

/// Applies the coefficients, bilinear between cells, to the full-resolution picture.
fn enlarge(photo: &Photo, fits: &Coefficients, wide: Rect, step: usize, near: Near) -> Mattes {
    let rect = near.rect;
    let mut out = Mattes {
        near,
        skin: Mask::filled(rect, 0.0),
        hair: Mask::filled(rect, 0.0),
        cloth: Mask::filled(rect, 0.0),
        background: Mask::filled(rect, 0.0),
    };
    if fits.data.is_empty() {
        return out;
    }
    let width = rect.width as usize;
    let columns: Vec<(usize, usize, f32)> = (0..width)
        .map(|x| between((rect.x - wide.x) as usize + x, step, fits.width))
        .collect();
    let mut expanded = RowCache::default();
    let near = &out.near;
    let masks = [&mut out.skin, &mut out.hair, &mut out.cloth, &mut out.background];
    let [skin, hair, cloth, background] = masks.map(|m| m.data.as_mut_slice());
    for y in 0..rect.height as usize {
        let (above, below, t) = between((rect.y - wide.y) as usize + y, step, fits.height);
        for columns_seen in near.across(y) {
            expanded.hold(fits, &columns, above, below);
            let start = (rect.y as usize + y) * photo.width() as usize + rect.x as usize;
            let (a, b) = (start + columns_seen.start, start + columns_seen.end);
            let pixels = photo.pixels.as_raw().get(a * 3..b * 3).unwrap_or_default();
            let span = y * width + columns_seen.start..y * width + columns_seen.end;
            let rows = skin[span.clone()]
                .iter_mut()
                .zip(&mut hair[span.clone()])
                .zip(&mut cloth[span.clone()])
                .zip(&mut background[span]);
            let above = &expanded.above[columns_seen.clone()];
            let coefficients = above.iter().zip(&expanded.below[columns_seen]);
            for (((((s, h), c), b), (up, down)), px) in rows.zip(coefficients).zip(pixels.chunks_exact(3)) {
                let guide = [px[0], px[1], px[2]].map(|v| f32::from(v) * (1.0 / 255.0));
                let shares = settle(up.lerp(down, t).apply(guide));
                (*s, *h, *c, *b) = (shares[SKIN], shares[HAIR], shares[CLOTH], shares[BACKGROUND]);
            }
        }
    }
    out
}

/// The two cells whose middles are around a pixel's middle, and how far the pixel is from the first to the second.
fn between(pixel: usize, step: usize, count: usize) -> (usize, usize, f32) {
    let last = count.saturating_sub(1);
    let p = ((pixel as f32 + 0.5) / step as f32 - 0.5).clamp(0.0, last as f32);
    let low = p as usize;
    (low, (low + 1).min(last), p - low as f32)
}

/// Coefficient rows enlarged across, kept while the picture's rows between them are made.
#[derive(Default)]
struct RowCache {
    indices: Option<(usize, usize)>,
    above: Vec<Lanes>,
    below: Vec<Lanes>,
}

impl RowCache {
    fn hold(&mut self, fits: &Coefficients, columns: &[(usize, usize, f32)], above: usize, below: usize) {
        if self.indices == Some((above, below)) {
            return;
        }
        if self.indices.is_some_and(|(_, b)| b == above) {
            std::mem::swap(&mut self.above, &mut self.below);
        } else {
            widen(&mut self.above, fits, columns, above);
        }
        widen(&mut self.below, fits, columns, below);
        self.indices = Some((above, below));
    }
}

fn widen(out: &mut Vec<Lanes>, fits: &Coefficients, columns: &[(usize, usize, f32)], row: usize) {
    let row = fits.data[row * fits.width..(row + 1) * fits.width].iter();
    let row: Vec<Lanes> = row.map(Lanes::of).collect();
    out.clear();
    out.extend(columns.iter().map(|&(a, b, t)| row[a].lerp(&row[b], t)));
}

/// Shares from filtered values: haze taken off at both ends, then summing to 1.
fn settle(filtered: Vec4) -> Classes {
    let [skin, hair, cloth, _] = filtered.to_array();
    let all = filtered.with_w(1.0 - skin - hair - cloth);
    let clear = ((all - HAZE) * (1.0 / (1.0 - 2.0 * HAZE))).clamp(Vec4::ZERO, Vec4::ONE);
    let sum: f32 = clear.to_array().iter().sum();
    if sum > 1e-3 {
        (clear / sum).to_array()
    } else {
        [0.25; 4]
    }
}
