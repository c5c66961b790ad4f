//! Inner and outer edge of a band around its opening, the head apart, and the band's true measures.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use glam::DVec2;

use super::{BandView, Head, on_ellipse};
use crate::imaging::LinearImage;
use crate::product::EllipseFit;

/// Directions in which the edges are looked for.
const RAYS: usize = 360;
/// A head rises on no more rays than this.
const BROADEST_HEAD: usize = 130;
/// The same for a band lying flat, whose far arc may be links (minor by major axis of the opening flatter than this).
const BROADEST_FROM_ABOVE: usize = 60;
const FLAT: f64 = 0.6;
/// Harmonics of an edge: enough for the lens of two shifted ellipses and a tapering shank, too few to follow links.
const ORDER: usize = 4;
/// A ring without tilt hides its width: this many times its thickness is usual.
const USUAL_WIDTH: f64 = 1.2;

/// What a head stands on is looked for this far above the band, of its breadth.
const ABOVE_BAND: f64 = 0.35;
/// Corner radius of a band's section, of its thickness: nearly all bands are rounded or domed.
const CORNER: f64 = 0.42;

/// An edge as a smooth closed curve: a factor on the opening's ellipse at each angle, by Fourier coefficients.
#[derive(Debug, Clone)]
pub struct Rim {
    /// Mean, then cosine and sine of each harmonic.
    coefficients: [f64; 1 + 2 * ORDER],
}

impl Rim {
    pub fn at(&self, angle: f64) -> f64 {
        basis(angle)
            .iter()
            .zip(self.coefficients)
            .map(|(b, c)| b * c)
            .sum()
    }

    /// Weighted least squares with a little stiffness, so that a gap in the samples is bridged calmly.
    fn fit(samples: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        const N: usize = 1 + 2 * ORDER;
        let mut normal = nalgebra::SMatrix::<f64, N, N>::zeros();
        let mut right = nalgebra::SVector::<f64, N>::zeros();
        for (angle, value, weight) in samples {
            let b = nalgebra::SVector::<f64, N>::from(basis(angle));
            normal += b * b.transpose() * weight;
            right += b * value * weight;
        }
        for k in 0..N {
            let harmonic = k.div_ceil(2) as f64;
            normal[(k, k)] += 1e-9 + 0.05 * harmonic * harmonic;
        }
        let solved = normal.cholesky().map(|c| c.solve(&right)).unwrap_or_default();
        Self {
            coefficients: solved.into(),
        }
    }

    /// A fit that lets go of samples far from the curve (Cauchy weights, reweighted a few times).
    fn robust(samples: &[(f64, f64)], scale: f64) -> Self {
        let mut rim = Self::fit(samples.iter().map(|(a, v)| (*a, *v, 1.0)));
        for _ in 0..8 {
            let weight = |a: f64, v: f64| 1.0 / (1.0 + ((v - rim.at(a)) / scale).powi(2));
            rim = Self::fit(samples.iter().map(|(a, v)| (*a, *v, weight(*a, *v))));
        }
        rim
    }
}

fn basis(angle: f64) -> [f64; 1 + 2 * ORDER] {
    std::array::from_fn(|k| {
        let harmonic = k.div_ceil(2) as f64;
        if k % 2 == 1 {
            (harmonic * angle).cos()
        } else if k == 0 {
            1.0
        } else {
            (harmonic * angle).sin()
        }
    })
}

/// Reads the band around `opening`.
pub fn read(pixels: &LinearImage, opening: &EllipseFit) -> Option<BandView> {
    let angle = |k: usize| k as f64 / RAYS as f64 * TAU;
    let edges: Vec<Option<(f64, f64)>> = (0..RAYS).map(|k| edges(pixels, opening, angle(k))).collect();
    let found: Vec<(f64, f64, f64)> = edges
        .iter()
        .enumerate()
        .filter_map(|(k, e)| e.map(|(i, o)| (angle(k), i, o)))
        .collect();
    if found.len() * 2 < RAYS {
        return None;
    }
    let inner_samples: Vec<(f64, f64)> = found.iter().map(|(a, i, _)| (*a, *i)).collect();
    let inner = Rim::robust(&inner_samples, 0.02);
    // A band looks the same from its two ends: half a turn on, the edge is as far out. A head is on one side only.
    let opposite = |k: usize| edges.get((k + RAYS / 2) % RAYS).copied().flatten();
    let thin: Vec<(f64, f64)> = edges
        .iter()
        .enumerate()
        .filter_map(|(k, e)| Some((angle(k), e.as_ref()?.1.min(opposite(k)?.1))))
        .collect();
    let even = Rim::robust(&thin, 0.03);
    let thickness_at = |a: f64| (even.at(a) - inner.at(a)).max(0.01);
    let on_band: Vec<(f64, f64)> = found
        .iter()
        .filter(|(a, _, o)| *o - even.at(*a) < 0.4 * thickness_at(*a) + 0.01)
        .map(|(a, _, o)| (*a, *o))
        .collect();
    let outer = Rim::robust(&on_band, 0.03);
    let risen = |a: f64, o: f64| o - outer.at(a) > 0.5 * thickness_at(a).max(0.06);
    let over: Vec<Option<f64>> = edges
        .iter()
        .enumerate()
        .map(|(k, e)| e.and_then(|(_, o)| risen(angle(k), o).then(|| o - outer.at(angle(k)))))
        .collect();
    // What rises over much of the band is no head: links that show their faces on one side and their edges on the other.
    let risen = over.iter().flatten().count();
    let from_above = opening.axes.y < FLAT * opening.axes.x;
    let broad = risen
        > if from_above {
            BROADEST_FROM_ABOVE
        } else {
            BROADEST_HEAD
        };
    let (outer, head) = if broad {
        let all: Vec<(f64, f64)> = found.iter().map(|(a, _, o)| (*a, *o)).collect();
        (Rim::robust(&all, 0.1), None)
    } else {
        let head = head(pixels, opening, (&inner, &outer), &over);
        (outer, head)
    };
    let measures = Measures::of(opening, &inner, &even);
    Some(BandView {
        opening: *opening,
        inner,
        outer,
        inner_radius: measures.inner_radius,
        thickness: measures.thickness,
        width: measures.width,
        tilt: measures.tilt,
        head,
    })
}

/// First and last opaque place on the ray at `angle`, as factors on the ellipse.
fn edges(pixels: &LinearImage, opening: &EllipseFit, angle: f64) -> Option<(f64, f64)> {
    let unit = on_ellipse(opening, angle, 1.0) - opening.center;
    let step = 0.5 / unit.length().max(1.0);
    let alpha = |factor: f64| pixels.alpha_at(opening.center + unit * factor);
    let last = (0..)
        .map(|k| 0.3 + step * f64::from(k))
        .take_while(|f| alpha(*f).is_some())
        .last()?;
    let count = ((last - 0.3) / step) as i32;
    let opaque = |k: i32| alpha(0.3 + step * f64::from(k)).is_some_and(|a| a > 0.5);
    let first = (0..=count).find(|k| opaque(*k))?;
    let far = (0..=count).rev().find(|k| opaque(*k))?;
    Some((0.3 + step * f64::from(first), 0.3 + step * f64::from(far)))
}

/// The largest run of rays on which something rises above the band between the rims `(inner, outer)`.
fn head(
    pixels: &LinearImage,
    opening: &EllipseFit,
    (inner, outer): (&Rim, &Rim),
    over: &[Option<f64>],
) -> Option<Head> {
    let n = over.len();
    let start = (0..n).find(|k| over[*k].is_none())?;
    let (mut best, mut run): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let area = |run: &[usize]| run.iter().filter_map(|k| over[*k]).sum::<f64>();
    // Prongs leave gaps: up to two rays without anything do not end a run.
    let mut gap = 0;
    for k in (start..start + n).map(|k| k % n) {
        if over[k].is_some() {
            run.push(k);
            gap = 0;
        } else if gap < 2 && !run.is_empty() {
            gap += 1;
        } else {
            if area(&run) > area(&best) {
                best = std::mem::take(&mut run);
            }
            run.clear();
        }
    }
    if area(&run) > area(&best) {
        best = run;
    }
    // Rays are a degree apart: less than 5° is a prong or a blemish.
    if best.len() < 5 {
        return None;
    }
    let direction = best
        .iter()
        .filter_map(|k| over[*k].map(|o| DVec2::from_angle(*k as f64 / RAYS as f64 * TAU) * o))
        .sum::<DVec2>()
        .try_normalize()?;
    let angle = direction.y.atan2(direction.x);
    let (low, high) = (span(&best, angle, -1.0), span(&best, angle, 1.0));
    let (mut min, mut max) = (DVec2::INFINITY, DVec2::NEG_INFINITY);
    let base = on_ellipse(opening, angle, outer.at(angle));
    let up = (base - opening.center).try_normalize()?;
    let mut height: f64 = 0.0;
    for y in 0..pixels.height() {
        for x in 0..pixels.width() {
            if pixels.at(x, y)[3] <= 0.5 {
                continue;
            }
            let p = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
            let q = DVec2::from_angle(-opening.angle).rotate(p - opening.center) / opening.axes;
            let (a, r) = (q.y.atan2(q.x), q.length());
            let off = wrap(a - angle);
            if off >= low && off <= high && r > outer.at(a) {
                min = min.min(p - 0.5);
                max = max.max(p + 0.5);
                height = height.max((p - base).dot(up));
            }
        }
    }
    (min.is_finite() && max.is_finite() && height > 0.0).then_some(Head {
        min,
        max,
        base,
        up,
        height,
        foot: foot(pixels, opening, (inner, outer), &best, angle),
    })
}

/// Half the angle around `angle` over which the head's rays `run` are opaque right above the band.
fn foot(pixels: &LinearImage, opening: &EllipseFit, rims: (&Rim, &Rim), run: &[usize], angle: f64) -> f64 {
    let stands = |a: f64| {
        let (inner, outer) = (rims.0.at(a), rims.1.at(a));
        let p = on_ellipse(opening, a, outer + ABOVE_BAND * (outer - inner).max(0.0));
        pixels.alpha_at(p).is_some_and(|alpha| alpha > 0.5)
    };
    let ray = TAU / RAYS as f64;
    let reach = run.iter().map(|k| *k as f64 * ray).filter(|a| stands(*a));
    reach.map(|a| wrap(a - angle).abs()).fold(2.0 * ray, f64::max)
}

/// How far the run reaches from `angle` in the sense of `sign`, with a ray's margin, radians.
fn span(run: &[usize], angle: f64, sign: f64) -> f64 {
    let ray = TAU / RAYS as f64;
    let reach = run
        .iter()
        .map(|k| wrap(*k as f64 * ray - angle) * sign)
        .fold(0.0, f64::max);
    (reach + ray) * sign
}

fn wrap(angle: f64) -> f64 {
    angle - TAU * ((angle + PI) / TAU).floor()
}

struct Measures {
    inner_radius: f64,
    thickness: f64,
    width: f64,
    tilt: f64,
}

impl Measures {
    /// From the half extents of opening and outline along both axes of the opening.
    fn of(opening: &EllipseFit, inner: &Rim, outer: &Rim) -> Self {
        let extent = |rim: &Rim, from: f64| (rim.at(from) + rim.at(from + PI)) / 2.0;
        let (inner_major, outer_major) = (
            extent(inner, 0.0) * opening.axes.x,
            extent(outer, 0.0) * opening.axes.x,
        );
        let (inner_minor, outer_minor) = (
            extent(inner, FRAC_PI_2) * opening.axes.y,
            extent(outer, FRAC_PI_2) * opening.axes.y,
        );
        let thickness = (outer_major - inner_major).max(0.5);
        // Minor half extents: r·cos θ − shift and R·cos θ + shift, where 2 · shift = w · sin θ.
        let cos = ((inner_minor + outer_minor) / (inner_major + outer_major)).clamp(0.02, 1.0);
        let band = (outer_minor - inner_minor).max(0.5);
        let width = width(thickness, band, cos);
        // Where the two inner ellipses cross, the opening is a little shorter than the true diameter.
        let shift = (band - thickness * cos).max(0.0) / 2.0;
        let lens = 1.0 - (shift / (inner_minor + shift).max(1.0)).powi(2);
        Self {
            inner_radius: inner_major / lens.max(0.25).sqrt(),
            thickness,
            width,
            tilt: cos.acos(),
        }
    }
}

/// Width along the axis of a band that looks `breadth` wide where it is seen across its axis, `cos` being the
/// cosine of its tilt.
pub fn width(thickness: f64, breadth: f64, cos: f64) -> f64 {
    let sin = (1.0 - cos * cos).max(0.0).sqrt();
    // A section t × w with corners rounded by r looks (t − 2r)·cos + (w − 2r)·sin + 2r wide.
    let round = CORNER * thickness;
    let across = breadth - 2.0 * round - (thickness - 2.0 * round) * cos;
    let seen = across / sin.max(0.15) + 2.0 * round;
    // Below some 15° of tilt the width hardly shows.
    let trust = ((sin - 0.15) / 0.15).clamp(0.0, 1.0);
    USUAL_WIDTH * thickness * (1.0 - trust) + seen.max(0.8 * thickness) * trust
}
