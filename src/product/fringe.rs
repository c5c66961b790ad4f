//! The old background that a cut-out's rim still carries.
//!
//! Where a piece covers a pixel by the share `a`, the camera saw `C = a F + (1 - a) B`, and a tool that only adds the
//! alpha leaves the backdrop `B` in the colour: a white or grey line on deep skin. `F` is unknown at the rim but close
//! to the colour of the opaque pixels beside it, so that `C - F = u + (1 - a) (B - F)` is a straight line in `1 - a`
//! for each channel. A cut-out whose rim was cleaned already shows no such line and is left as it is.

use crate::imaging::LinearImage;

/// Alpha from which a pixel is all piece, and up to which it is all backdrop.
const OPAQUE: f32 = 0.98;
const CLEAR: f32 = 0.02;
/// Width of the rim, share of the cut-out's longer side; at least [`NARROWEST`].
const RIM: f64 = 0.002;
/// An anti-aliased edge is up to two pixels wide at any resolution.
const NARROWEST: usize = 2;
/// Fewest rim pixels that a backdrop is believed from.
const FEWEST: usize = 48;
/// Share of the rim's variance that the backdrop must explain.
const EXPLAINED: f64 = 0.25;
/// Least distance between backdrop and piece, linear light, that is worth a correction.
const APART: f64 = 0.05;

/// One rim pixel: where, its alpha, its colour and that of the opaque piece beside it.
struct Rim {
    index: usize,
    alpha: f32,
    color: [f32; 3],
    inner: [f32; 3],
}

/// Takes the backdrop out of the rim, in place. Returns the backdrop's linear colour where one was found.
pub fn decontaminate(pixels: &mut LinearImage) -> Option<[f32; 3]> {
    let rim = rim(pixels);
    if rim.len() < FEWEST {
        return None;
    }
    let backdrop = backdrop(&rim)?;
    unmix_thin(pixels, &rim, backdrop);
    for r in &rim {
        let px = pixels.data.get_mut(r.index)?;
        for k in 0..3 {
            // Where little of the piece is left, the colour beside it stands in for what the backdrop replaced, never
            // past what lies on either side of the truth; where much is left, the equation itself is solved.
            let (lo, hi) = (r.color[k].min(r.inner[k]), r.color[k].max(r.inner[k]));
            let filled = (r.color[k] - (1.0 - r.alpha) * (backdrop[k] - r.inner[k])).clamp(lo, hi);
            let solved = ((r.color[k] - (1.0 - r.alpha) * backdrop[k]) / r.alpha).clamp(0.0, 1.0);
            let trust = ((r.alpha - 0.15) / 0.35).clamp(0.0, 1.0);
            px[k] = (filled + trust * (solved - filled)) * r.alpha;
        }
    }
    Some(backdrop)
}

/// Parts too thin to hold an opaque pixel: the backdrop is taken out by its share alone.
fn unmix_thin(pixels: &mut LinearImage, rim: &[Rim], backdrop: [f32; 3]) {
    /// Below this alpha eight bits hold too little of the piece to tell its colour.
    const FAINT: f32 = 0.08;
    let known: std::collections::BTreeSet<usize> = rim.iter().map(|r| r.index).collect();
    let (w, h) = (pixels.width(), pixels.height());
    let reach = reach(w, h);
    let thin: Vec<usize> = (0..pixels.data.len())
        .filter(|i| {
            let alpha = pixels.data[*i][3];
            alpha > CLEAR && alpha < OPAQUE && !known.contains(i) && edge(pixels, i % w, i / w, reach)
        })
        .collect();
    for i in thin {
        let Some([r, g, b, alpha]) = pixels.data.get(i).copied() else {
            continue;
        };
        let share = 1.0 - alpha.max(FAINT);
        let clean = |v: f32, k: usize| (v - share * alpha * backdrop[k]).clamp(0.0, alpha);
        // `a C = a² F + a (1 - a) B`; what is left is `a²  F`.
        let scale = 1.0 / alpha.max(FAINT);
        pixels.data[i] = [
            (clean(r, 0) * scale).min(alpha),
            (clean(g, 1) * scale).min(alpha),
            (clean(b, 2) * scale).min(alpha),
            alpha,
        ];
    }
}

fn reach(width: usize, height: usize) -> usize {
    ((width.max(height) as f64 * RIM).ceil() as usize).max(NARROWEST)
}

/// Whether a clear pixel, or the end of the picture, is within reach.
fn edge(pixels: &LinearImage, x: usize, y: usize, reach: usize) -> bool {
    let (w, h) = (pixels.width(), pixels.height());
    if x < reach || y < reach || x + reach >= w || y + reach >= h {
        return true;
    }
    (y - reach..=y + reach).any(|ny| (x - reach..=x + reach).any(|nx| pixels.at(nx, ny)[3] <= CLEAR))
}

/// Partly covered pixels near both the opaque piece and the clear outside: stones that let light through are neither.
fn rim(pixels: &LinearImage) -> Vec<Rim> {
    let (w, h) = (pixels.width(), pixels.height());
    let reach = reach(w, h);
    let mut out = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let [r, g, b, alpha] = pixels.at(x, y);
            if alpha <= CLEAR || alpha >= OPAQUE {
                continue;
            }
            if let Some(inner) = inner(pixels, x, y, reach) {
                out.push(Rim {
                    index: y * w + x,
                    alpha,
                    color: [r, g, b].map(|v| v / alpha),
                    inner,
                });
            }
        }
    }
    out
}

/// Mean colour of the opaque pixels around (x, y), the nearest counting most; `None` without any, or when no clear
/// pixel (beyond the picture all are clear) is as near.
fn inner(pixels: &LinearImage, x: usize, y: usize, reach: usize) -> Option<[f32; 3]> {
    let (w, h) = (pixels.width(), pixels.height());
    let mut clear = x < reach || y < reach || x + reach >= w || y + reach >= h;
    let (mut sum, mut weight) = ([0f32; 3], 0f32);
    for ny in y.saturating_sub(reach)..(y + reach + 1).min(h) {
        for nx in x.saturating_sub(reach)..(x + reach + 1).min(w) {
            let p = pixels.at(nx, ny);
            clear |= p[3] <= CLEAR;
            if p[3] < OPAQUE {
                continue;
            }
            let (dx, dy) = (nx.abs_diff(x) as f32, ny.abs_diff(y) as f32);
            let share = 1.0 / (dx * dx + dy * dy).max(1.0);
            weight += share;
            for (s, v) in sum.iter_mut().zip(p) {
                *s += share * v / p[3];
            }
        }
    }
    (clear && weight > 0.0).then(|| sum.map(|v| v / weight))
}

/// The backdrop that explains the rim best, by least squares in each channel; `None` when it explains too little.
fn backdrop(rim: &[Rim]) -> Option<[f32; 3]> {
    let n = rim.len() as f64;
    let mut found = [0f32; 3];
    let (mut before, mut after, mut apart) = (0.0, 0.0, 0.0);
    for (k, out) in found.iter_mut().enumerate() {
        // `C - F + s F = u + s B` with `s = 1 - a`: a line in s.
        let rows = rim.iter().map(|r| {
            let s = f64::from(1.0 - r.alpha);
            let (color, inner) = (f64::from(r.color[k]), f64::from(r.inner[k]));
            (s, color - inner + s * inner, inner)
        });
        let (mut ms, mut my, mut mf) = (0.0, 0.0, 0.0);
        for (s, y, f) in rows.clone() {
            ms += s / n;
            my += y / n;
            mf += f / n;
        }
        let (mut ss, mut sy) = (0.0, 0.0);
        for (s, y, _) in rows.clone() {
            ss += (s - ms) * (s - ms);
            sy += (s - ms) * (y - my);
        }
        let b = (sy / ss.max(1e-12)).clamp(0.0, 1.0);
        // Without a backdrop the rim differs from the piece beside it by the same everywhere.
        let (u, plain) = (
            my - b * ms,
            rows.clone().map(|(s, y, f)| y - s * f).sum::<f64>() / n,
        );
        for (s, y, f) in rows {
            before += (y - s * f - plain).powi(2);
            after += (y - s * b - u).powi(2);
        }
        apart += (b - mf).abs() / 3.0;
        *out = b as f32;
    }
    (apart > APART && after < (1.0 - EXPLAINED) * before).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Rect;

    /// A ring of gold whose shade turns with the angle, anti-aliased, over a backdrop or over nothing.
    fn ring(backdrop: Option<[f32; 3]>) -> LinearImage {
        let n = 160;
        let mut out = LinearImage::transparent(Rect::of_size(n, n));
        for (i, px) in out.data.iter_mut().enumerate() {
            let (x, y) = (
                (i as u32 % n) as f32 + 0.5 - 80.0,
                (i as u32 / n) as f32 + 0.5 - 80.0,
            );
            let a = (8.0 - (x.hypot(y) - 60.0).abs() + 0.5).clamp(0.0, 1.0);
            let shade = 0.7 + 0.25 * (3.0 * y.atan2(x)).sin();
            let gold = [0.8 * shade, 0.5 * shade, 0.18 * shade];
            *px = [0.0, 0.0, 0.0, a];
            for k in 0..3 {
                px[k] = a * backdrop.map_or(gold[k], |b| a * gold[k] + (1.0 - a) * b[k]);
            }
        }
        out
    }

    fn worst(a: &LinearImage, b: &LinearImage) -> f32 {
        let pairs = a.data.iter().flatten().zip(b.data.iter().flatten());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn white_and_grey_backdrops_are_taken_out() {
        let clean = ring(None);
        for backdrop in [[1.0; 3], [0.45; 3], [0.02; 3]] {
            let mut cut = ring(Some(backdrop));
            let before = worst(&cut, &clean);
            let found = decontaminate(&mut cut).expect("a backdrop");
            for (found, truth) in found.iter().zip(backdrop) {
                assert!((found - truth).abs() < 0.1, "{found} for {truth}");
            }
            let after = worst(&cut, &clean);
            assert!(after < 0.2 * before, "{backdrop:?}: {after} of {before}");
        }
    }

    #[test]
    fn a_clean_cut_out_is_not_touched() {
        let clean = ring(None);
        let mut same = clean.clone();
        assert_eq!(decontaminate(&mut same), None);
        assert_eq!(worst(&same, &clean), 0.0);
    }

    #[test]
    fn only_the_rim_changes() {
        let before = ring(Some([1.0; 3]));
        let mut after = before.clone();
        decontaminate(&mut after);
        for (a, b) in after.data.iter().zip(&before.data) {
            assert_eq!(a[3], b[3]);
            if b[3] >= OPAQUE || b[3] <= CLEAR {
                assert_eq!(a, b);
            }
        }
    }
}
