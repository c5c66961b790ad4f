//! Cross-sections of the chain: they centre the rough path and tell the chain's width along it.

use glam::DVec2;

use crate::curve::resample;
use crate::imaging::LinearImage;

/// One cut across the chain.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Extent of the piece to both sides of the centre line, product pixels; 0 where the chain has a gap.
    pub low: f64,
    pub high: f64,
    /// Alpha-weighted middle across, from the centre line.
    pub middle: f64,
    /// Something wider than the chain crosses here: the extent is where the look ended.
    pub cut_off: bool,
}

impl Section {
    pub fn half(&self) -> f64 {
        (self.low + self.high) / 2.0
    }
}

/// A centre line with the sections along it.
pub struct Sections {
    /// Evenly spaced, from end to end.
    pub line: Vec<DVec2>,
    pub sections: Vec<Section>,
    /// Distance between the points of `line`, product pixels.
    pub step: f64,
    /// Robust half width of the chain, product pixels.
    pub half_width: f64,
}

/// Alpha that counts as the piece across a section.
const SOLID: f64 = 0.25;
/// How far across a section looks, in half widths.
const LOOK: f64 = 3.0;
/// Smoothing of the centre line along the chain (standard deviation), in half widths.
const SMOOTH: f64 = 2.5;
const ROUNDS: usize = 4;

/// Centres `rough` (product pixels) in the cut-out's alpha. `None` when nothing lies along it.
pub fn centre(pixels: &LinearImage, rough: &[DVec2]) -> Option<Sections> {
    let length = crate::curve::length(rough, false);
    let area: f64 = pixels.data.iter().map(|p| f64::from(p[3])).sum();
    let mut half_width = (area / (2.0 * length.max(1.0))).max(0.75);
    let mut line = rough.to_vec();
    let mut step = 1.0;
    for _ in 0..ROUNDS {
        step = (half_width / 2.0).max(0.75);
        let count = (crate::curve::length(&line, false) / step).ceil().max(8.0) as usize + 1;
        line = smooth(&resample(&line, false, count), SMOOTH * half_width / step);
        let (kept, sections) = trim(&line, &cut(pixels, &line, half_width * LOOK))?;
        line = kept;
        half_width = width(&sections).unwrap_or(half_width).max(0.75);
        let normals = normals(&line);
        for ((p, n), s) in line.iter_mut().zip(&normals).zip(&sections) {
            if !s.cut_off {
                *p += *n * s.middle.clamp(-half_width, half_width);
            }
        }
    }
    line = smooth(&line, SMOOTH * half_width / step);
    let length = crate::curve::length(&line, false);
    line = resample(&line, false, line.len());
    let sections = cut(pixels, &line, half_width * LOOK);
    Some(Sections {
        step: length / (line.len() - 1) as f64,
        half_width: width(&sections)?,
        line,
        sections,
    })
}

/// Median half extent of the sections that are the chain's own.
fn width(sections: &[Section]) -> Option<f64> {
    quantile(
        sections
            .iter()
            .filter(|s| !s.cut_off && s.half() > 0.0)
            .map(Section::half),
        0.5,
    )
}

/// The `q`-quantile of `values`.
pub fn quantile(values: impl Iterator<Item = f64>, q: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(((sorted.len() as f64 - 1.0).max(0.0) * q).round() as usize)
        .copied()
}

fn cut(pixels: &LinearImage, line: &[DVec2], look: f64) -> Vec<Section> {
    const STRIDE: f64 = 0.5;
    let steps = (look / STRIDE).ceil() as i32;
    line.iter()
        .zip(normals(line))
        .map(|(p, n)| {
            let (mut mass, mut moment) = (0.0, 0.0);
            let mut ends = [0.0f64; 2];
            for (side, end) in ends.iter_mut().enumerate() {
                let sign = if side == 0 { -1.0 } else { 1.0 };
                for k in 0..=steps {
                    let t = f64::from(k) * STRIDE;
                    // A gap as wide as half the look is the end of the chain: what follows is another strand.
                    if t - *end > look / 2.0 {
                        break;
                    }
                    let a = alpha(pixels, *p + n * (sign * t));
                    if a >= SOLID {
                        *end = t;
                    }
                    mass += a;
                    moment += a * sign * t;
                }
            }
            Section {
                low: ends[0],
                high: ends[1],
                middle: if mass > 0.0 { moment / mass } else { 0.0 },
                cut_off: ends.iter().any(|e| *e >= look - STRIDE),
            }
        })
        .collect()
}

/// Drops what lies beyond the chain's two ends.
fn trim(line: &[DVec2], sections: &[Section]) -> Option<(Vec<DVec2>, Vec<Section>)> {
    let first = sections.iter().position(|s| s.half() > 0.0)?;
    let last = sections.iter().rposition(|s| s.half() > 0.0)?;
    if last < first + 8 {
        return None;
    }
    Some((line[first..=last].to_vec(), sections[first..=last].to_vec()))
}

/// Unit normals, clockwise from the way in the picture (down where it goes right).
pub fn normals(line: &[DVec2]) -> Vec<DVec2> {
    (0..line.len())
        .map(|i| {
            let (a, b) = (line[i.saturating_sub(1)], line[(i + 1).min(line.len() - 1)]);
            (b - a).perp().normalize_or(DVec2::Y)
        })
        .collect()
}

/// Gaussian smoothing of an evenly spaced line, `sigma` in points. The ends stay where they are: beyond them the
/// line is continued by point reflection.
pub fn smooth(line: &[DVec2], sigma: f64) -> Vec<DVec2> {
    let reach = (3.0 * sigma).ceil() as isize;
    if reach < 1 || line.len() < 3 {
        return line.to_vec();
    }
    let n = line.len() as isize;
    let at = |i: isize| {
        if i < 0 {
            line[0] * 2.0 - line[(-i).min(n - 1) as usize]
        } else if i >= n {
            line[(n - 1) as usize] * 2.0 - line[(2 * (n - 1) - i).max(0) as usize]
        } else {
            line[i as usize]
        }
    };
    let kernel: Vec<f64> = (-reach..=reach)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let total: f64 = kernel.iter().sum();
    (0..n)
        .map(|i| {
            let sum = kernel
                .iter()
                .zip(-reach..=reach)
                .fold(DVec2::ZERO, |sum, (w, k)| sum + at(i + k) * *w);
            sum / total
        })
        .collect()
}

/// Bilinear alpha at a product position.
fn alpha(pixels: &LinearImage, p: DVec2) -> f64 {
    let q = p - 0.5;
    let f = q.floor();
    let (u, v) = (q.x - f.x, q.y - f.y);
    let get = |x: f64, y: f64| pixels.alpha_at(DVec2::new(x, y)).map_or(0.0, f64::from);
    let top = get(f.x, f.y) * (1.0 - u) + get(f.x + 1.0, f.y) * u;
    let bottom = get(f.x, f.y + 1.0) * (1.0 - u) + get(f.x + 1.0, f.y + 1.0) * u;
    top * (1.0 - v) + bottom * v
}
