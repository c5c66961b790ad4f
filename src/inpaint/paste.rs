//! Tiles shown to the painter, and what it changed brought back to the picture.

use image::RgbImage;

use super::band::{Band, index};
use super::judge::{Fault, judge};
use super::painter::{Painter, TileView};
use super::resample::resize;
use super::rim::match_rim;
use super::tiles::Tile;
use super::{Dropped, Noise};
use crate::imaging::pixel::{decode_srgb8, encode_srgb8, srgb_to_linear};

/// The change of colour that the painter wants at each pixel of the band's rectangle, sRGB-encoded.
pub struct Change {
    data: Vec<[f32; 3]>,
}

/// Paints all tiles. A tile that is dropped changes nothing, and its neighbours fade out towards it.
pub fn paint(
    canvas: &RgbImage,
    band: &Band,
    tiles: &[Tile],
    painter: &dyn Painter,
    seed: u64,
) -> (Change, Vec<Dropped>) {
    let rect = band.weight.rect;
    let mut sum = vec![[0.0f32; 4]; band.weight.data.len()];
    let mut dropped = Vec::new();
    for tile in tiles {
        let change = match paint_tile(canvas, band, tile, painter, seed) {
            Ok(change) => Some(change),
            Err(fault) => {
                dropped.push(Dropped {
                    rect: tile.rect,
                    fault,
                });
                None
            }
        };
        for &(y, from, to) in &tile.spans {
            for x in from..to {
                let say = tile.window(x, y);
                let (Some(at), Some(local)) = (index(&rect, x, y), index(&tile.rect, x, y)) else {
                    continue;
                };
                sum[at][3] += say;
                if let Some(change) = change.as_ref().and_then(|c| c.get(local)) {
                    for k in 0..3 {
                        sum[at][k] += say * change[k];
                    }
                }
            }
        }
    }
    let data = sum
        .iter()
        .map(|s| {
            if s[3] > 0.0 {
                [s[0] / s[3], s[1] / s[3], s[2] / s[3]]
            } else {
                [0.0; 3]
            }
        })
        .collect();
    (Change { data }, dropped)
}

/// The change in one tile, at the photograph's own scale.
fn paint_tile(
    canvas: &RgbImage,
    band: &Band,
    tile: &Tile,
    painter: &dyn Painter,
    seed: u64,
) -> Result<Vec<[f32; 3]>, Fault> {
    let side = tile.rect.width as usize;
    let most = painter.reach().side.max(1) as usize;
    let wanted = if painter.reach().smooth {
        most.min(side)
    } else {
        most
    };
    let view = view(canvas, band, tile, wanted, seed);
    let new = painter.paint(&view).map_err(Fault::Failed)?;
    judge(&view.picture, &new, &view.band, wanted)?;
    // Only the difference is brought back: what a change of scale takes from the picture is not part of it.
    let change: Vec<[f32; 3]> = new
        .iter()
        .zip(&view.picture)
        .map(|(n, o)| std::array::from_fn(|k| n[k].clamp(0.0, 1.0) - o[k]))
        .collect();
    let mut change = resize(&change, wanted, side);
    if painter.reach().smooth {
        return Ok(change);
    }
    let rim: Vec<f32> = super::band::pixels(&tile.rect)
        .map(|(x, y)| band.rim.get(x, y))
        .collect();
    match_rim(&mut change, &rim, side, band.width_px);
    Ok(change)
}

/// A tile as the painter takes it. Outside the picture its border goes on.
fn view(canvas: &RgbImage, band: &Band, tile: &Tile, wanted: usize, seed: u64) -> TileView {
    let rect = &tile.rect;
    let (right, bottom) = (
        canvas.width().saturating_sub(1) as i32,
        canvas.height().saturating_sub(1) as i32,
    );
    let side = rect.width as usize;
    let crop: Vec<[f32; 7]> = super::band::pixels(rect)
        .map(|(x, y)| {
            let px = canvas.get_pixel(x.clamp(0, right) as u32, y.clamp(0, bottom) as u32);
            let [r, g, b] = px.0.map(|v| f32::from(v) / 255.0);
            let (alpha, shadow) = (band.alpha.get(x, y), band.shadow.get(x, y));
            let other = band.other.get(x, y);
            // Paint that the tile has no say in is not asked for.
            let weight = if tile.window(x, y) > 0.0 {
                band.weight.get(x, y)
            } else {
                0.0
            };
            [r, g, b, alpha, weight, shadow, other]
        })
        .collect();
    let crop = resize(&crop, side, wanted);
    let plane = |k: usize| crop.iter().map(|v| v[k].clamp(0.0, 1.0)).collect();
    TileView {
        side: wanted,
        picture: crop
            .iter()
            .map(|v| [v[0], v[1], v[2]].map(|v| v.clamp(0.0, 1.0)))
            .collect(),
        alpha: plane(3),
        band: plane(4),
        shadow: plane(5),
        other: plane(6),
        px_per_mm: band.px_per_mm * wanted as f64 / side.max(1) as f64,
        // The place in the picture names the stream: it does not depend on which other tiles there are.
        noise: Noise::new(seed, (u64::from(rect.y as u32) << 32) | u64::from(rect.x as u32)),
    }
}

/// Brings the change into the picture, in linear light. Pixels of weight 0 are not written.
pub fn apply(canvas: &mut RgbImage, band: &Band, change: &Change) {
    let rect = band.weight.rect;
    let places = super::band::pixels(&rect)
        .zip(&band.weight.data)
        .zip(&change.data);
    for (((x, y), weight), change) in places.filter(|((_, w), _)| **w > 0.0) {
        let Some(px) = canvas.get_pixel_mut_checked(x as u32, y as u32) else {
            continue;
        };
        for (code, change) in px.0.iter_mut().zip(change) {
            let old = decode_srgb8(*code);
            let new = srgb_to_linear((f32::from(*code) / 255.0 + change).clamp(0.0, 1.0));
            *code = encode_srgb8(old + weight * (new - old));
        }
    }
}
