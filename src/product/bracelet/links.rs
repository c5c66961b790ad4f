//! The arc of a chain whose links the picture shows from the front.

use std::ops::RangeInclusive;

use crate::imaging::LinearImage;
use crate::product::LinkArc;
use crate::product::band::BandView;

/// Where the arc may end, to either side of the front, degrees: enough links between, and none of them edge-on.
const ENDS: RangeInclusive<u32> = 35..=55;
/// Steps of a degree at which ends are tried and the band is read.
const PER_DEGREE: u32 = 4;
/// Stretch to either side of an end that has to mirror itself there, degrees.
const STRETCH: u32 = 15;
/// Places across the band that are read.
const ACROSS: u32 = 12;
/// Least correlation of the two sides of an end.
const ALIKE: f64 = 0.7;
/// Standard deviation of coverage below which a band looks the same everywhere.
const PLAIN: f64 = 0.02;

/// Ends the arc to either side where the chain mirrors itself best: in the middle of a link or between two.
/// `None` where it does not, as beside a charm.
pub fn find(pixels: &LinearImage, view: &BandView, front: f64) -> Option<LinkArc> {
    let read = read(pixels, view, front);
    let end = |sign: i32| {
        let tried = ENDS.start() * PER_DEGREE..=ENDS.end() * PER_DEGREE;
        let scored = tried.map(|k| (k, mirrored(&read, sign * k as i32)));
        let best = scored.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let degrees = f64::from(best.0) / f64::from(PER_DEGREE);
        (best.1 >= ALIKE).then(|| degrees.to_radians())
    };
    Some(LinkArc {
        before: end(-1)?,
        after: end(1)?,
    })
}

/// Steps to either side of the front that an end and its stretch may reach.
const REACH: u32 = (*ENDS.end() + STRETCH) * PER_DEGREE;

/// The band's coverage at every step from [`REACH`] before the front to as far after it.
fn read(pixels: &LinearImage, view: &BandView, front: f64) -> Vec<f64> {
    let reach = REACH as i32;
    let degrees = (-reach..=reach).map(|step| f64::from(step) / f64::from(PER_DEGREE));
    degrees
        .map(|d| covered(pixels, view, front + d.to_radians()))
        .collect()
}

/// Correlation of the coverage on one side of the place `offset` steps from the front with that on the other.
fn mirrored(read: &[f64], offset: i32) -> f64 {
    let (mut n, mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let at = |step: i32| {
        read.get((step + REACH as i32) as usize)
            .copied()
            .unwrap_or_default()
    };
    for away in 1..=(STRETCH * PER_DEGREE) as i32 {
        let (u, v) = (at(offset - away), at(offset + away));
        (n, a, b) = (n + 1.0, a + u, b + v);
        (aa, bb, ab) = (aa + u * u, bb + v * v, ab + u * v);
    }
    let spread = |sum: f64, squares: f64| (squares / n - (sum / n).powi(2)).max(0.0).sqrt();
    let (sa, sb) = (spread(a, aa), spread(b, bb));
    if sa < PLAIN && sb < PLAIN {
        return 1.0;
    }
    (ab / n - a * b / (n * n)) / (sa * sb).max(PLAIN * PLAIN)
}

/// Mean coverage across the band at an angle.
fn covered(pixels: &LinearImage, view: &BandView, angle: f64) -> f64 {
    let at = |lane: u32| {
        let p = view.point(angle, (f64::from(lane) + 0.5) / f64::from(ACROSS));
        pixels.alpha_at(p).map(f64::from)
    };
    (0..ACROSS).filter_map(at).sum::<f64>() / f64::from(ACROSS)
}
