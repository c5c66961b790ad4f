//! Which pixels may be repainted, and how much.

use super::distance::distances;
use crate::imaging::{Mask, Rect};

/// The band is never narrower than this, px: less than the lens's own blur holds no skin to speak of.
const MIN_WIDTH_PX: f64 = 3.0;
/// How far under the edge the band may reach, px: as far as the edge's anti-aliasing.
const UNDER_EDGE_PX: f32 = 1.0;
/// Coverage from which a pixel counts as the product's.
const EDGE: f32 = 0.5;
/// Coverage from which nothing of a pixel is skin.
const OPAQUE: f32 = 0.98;
/// Share of the band, from the edge, that is repainted in full; beyond it fades.
const FULL: f32 = 0.5;
/// Skin matte from which a pixel is repainted at all, and in full: the soft edges of hair and cloth stay out.
const SKIN: (f32, f32) = (0.6, 0.95);

/// A piece in the composite, for its band.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Visible coverage of the piece.
    pub jewelry: &'a Mask,
    /// Shadow that was laid around it, 0 none ..= 1 black.
    pub shadow: &'a Mask,
    /// Where there is bare skin, 0..=1; `None`: everywhere.
    pub skin: Option<&'a Mask>,
    pub px_per_mm: f64,
}

/// The skin that may be repainted around all pieces of a picture.
#[derive(Debug, Clone)]
pub struct Band {
    /// Share of the new paint that each pixel takes, 0..=1. 0 in the product and outside the band.
    pub weight: Mask,
    /// 1 where the band runs out: there the new paint must meet the old.
    pub rim: Mask,
    /// Coverage by all pieces.
    pub alpha: Mask,
    /// Shadow by all pieces.
    pub shadow: Mask,
    /// What is neither skin nor jewelry: hair, cloth, background. 0 where nobody looked, far from all pieces.
    pub other: Mask,
    /// Of the widest band, px.
    pub width_px: f64,
    /// Of the largest piece's scale.
    pub px_per_mm: f64,
}

impl Band {
    /// The band `width_mm` wide around the pieces, inside `frame`. Pieces without a usable scale have none.
    pub fn around(pieces: &[Around], width_mm: f64, frame: &Rect) -> Self {
        let parts: Vec<(Around, f64, Rect)> = pieces
            .iter()
            .filter(|piece| piece.px_per_mm.is_finite() && piece.px_per_mm > 0.0)
            .filter_map(|piece| {
                let width = (width_mm * piece.px_per_mm).clamp(MIN_WIDTH_PX, 4096.0);
                let rect = covered(piece.jewelry)?;
                // One pixel more than the band, so that what lies just outside is there to compare with.
                let reach = width.ceil() as i32 + 1;
                Some((*piece, width, grown(&rect, reach).clip(frame)))
            })
            .collect();
        let rect = parts.iter().fold(Rect::default(), |all, (_, _, r)| all.union(r));
        let mut band = Self {
            weight: Mask::filled(rect, 0.0),
            rim: Mask::filled(rect, 0.0),
            alpha: Mask::filled(rect, 0.0),
            shadow: Mask::filled(rect, 0.0),
            other: Mask::filled(rect, f32::NAN),
            width_px: 0.0,
            px_per_mm: 0.0,
        };
        band.other.outside = 0.0;
        let mut core = vec![false; band.weight.data.len()];
        for (piece, width, rect) in &parts {
            band.add(piece, *width as f32, rect, &mut core);
            band.width_px = band.width_px.max(*width);
            band.px_per_mm = band.px_per_mm.max(piece.px_per_mm);
        }
        for (i, core) in core.iter().enumerate() {
            let bare = if *core { 0.0 } else { 1.0 - band.alpha.data[i] };
            band.weight.data[i] *= bare;
            band.rim.data[i] *= bare;
            band.other.data[i] = share(band.other.data[i]) * (1.0 - band.alpha.data[i]);
        }
        band
    }

    /// Adds a piece's band, over `rect`, before any product is taken out; marks the product's core.
    fn add(&mut self, piece: &Around, width: f32, rect: &Rect, core: &mut [bool]) {
        let columns = rect.width as usize;
        let alpha: Vec<f32> = pixels(rect)
            .map(|(x, y)| share(piece.jewelry.get(x, y)))
            .collect();
        let outside = distances(&alpha.iter().map(|a| *a >= EDGE).collect::<Vec<_>>(), columns);
        let inside = distances(&alpha.iter().map(|a| *a < EDGE).collect::<Vec<_>>(), columns);
        for (i, (x, y)) in pixels(rect).enumerate() {
            let Some(at) = index(&self.weight.rect, x, y) else {
                continue;
            };
            self.alpha.data[at] = self.alpha.data[at].max(alpha[i]);
            self.shadow.data[at] = self.shadow.data[at].max(share(piece.shadow.get(x, y)));
            let skin = piece.skin.map_or(1.0, |skin| smooth(SKIN, share(skin.get(x, y))));
            // Skin by any of the pieces is skin; what no piece has looked at is not a number yet, which `min` passes over.
            self.other.data[at] = self.other.data[at].min(1.0 - skin);
            // The edge runs half a pixel before the first centre beyond it.
            let depth = inside[i] - 0.5;
            if alpha[i] >= OPAQUE || (alpha[i] >= EDGE && depth > UNDER_EDGE_PX) {
                core[at] = true;
                continue;
            }
            let t = ((outside[i] - 0.5) / width).max(0.0);
            // Not a number and infinity fail this.
            if t < 1.0 {
                let fade = 1.0 - smooth((FULL, 1.0), t);
                self.weight.data[at] = self.weight.data[at].max(fade * skin);
                self.rim.data[at] = self.rim.data[at].max(smooth((FULL, 0.8), t) * skin);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.weight.data.iter().all(|w| *w <= 0.0)
    }
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(super) fn smooth((from, to): (f32, f32), v: f32) -> f32 {
    let t = ((v - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Masks come from outside: what is not a number covers nothing.
fn share(v: f32) -> f32 {
    if v.is_nan() { 0.0 } else { v.clamp(0.0, 1.0) }
}

pub(crate) fn pixels(rect: &Rect) -> impl Iterator<Item = (i32, i32)> + use<> {
    let rect = *rect;
    (rect.y..rect.bottom()).flat_map(move |y| (rect.x..rect.right()).map(move |x| (x, y)))
}

/// Position of a pixel in a mask over `rect`.
pub(super) fn index(rect: &Rect, x: i32, y: i32) -> Option<usize> {
    rect.contains(x, y)
        .then(|| (y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize)
}

/// Smallest rectangle around what a mask covers at all.
fn covered(mask: &Mask) -> Option<Rect> {
    let mut corners: Option<(i32, i32, i32, i32)> = None;
    for ((x, y), v) in pixels(&mask.rect).zip(&mask.data) {
        if *v > 0.0 {
            let (x0, y0, x1, y1) = corners.unwrap_or((x, y, x, y));
            corners = Some((x0.min(x), y0.min(y), x1.max(x), y1.max(y)));
        }
    }
    corners.map(|(x0, y0, x1, y1)| Rect::new(x0, y0, (x1 - x0 + 1) as u32, (y1 - y0 + 1) as u32))
}

fn grown(rect: &Rect, by: i32) -> Rect {
    Rect::new(
        rect.x.saturating_sub(by),
        rect.y.saturating_sub(by),
        rect.width.saturating_add(2 * by as u32),
        rect.height.saturating_add(2 * by as u32),
    )
}
