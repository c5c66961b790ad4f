//! Watches: case and strap of a dial seen from the front.

use glam::DVec2;

use super::{Facts, ProductError, WatchStructure};
use crate::imaging::LinearImage;

/// Finds the structure of a watch in its trimmed cut-out: the strap runs along the longer side, the case is where
/// it is widest.
///
/// # Errors
/// The cut-out is too small to show a watch.
pub fn find(pixels: &LinearImage, _facts: &Facts) -> Result<WatchStructure, ProductError> {
    let (w, h) = (pixels.width(), pixels.height());
    let upright = h >= w;
    let (length, breadth) = if upright { (h, w) } else { (w, h) };
    let alpha = |along: usize, across: usize| {
        if upright {
            pixels.at(across, along)[3]
        } else {
            pixels.at(along, across)[3]
        }
    };
    let spans: Vec<Span> = (0..length).map(|a| Span::of(breadth, |b| alpha(a, b))).collect();
    let unreadable = || ProductError::Structure("no watch can be seen in the picture".into());
    let case = Case::find(&spans).ok_or_else(unreadable)?;
    let place = |along: f64, across: f64| {
        if upright {
            DVec2::new(across, along)
        } else {
            DVec2::new(along, across)
        }
    };
    Ok(WatchStructure {
        dial_center: place(case.along, case.across),
        dial_radius: case.radius,
        strap: if upright { DVec2::NEG_Y } else { DVec2::X },
        strap_width: case.strap_width,
        rigid: case.rigid,
    })
}

/// First and last opaque place of a line across the strap.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    low: f64,
    high: f64,
}

impl Span {
    fn of(breadth: usize, alpha: impl Fn(usize) -> f32) -> Self {
        let opaque = |b: &usize| alpha(*b) > 0.5;
        match ((0..breadth).find(opaque), (0..breadth).rev().find(opaque)) {
            (Some(low), Some(high)) => Self {
                low: low as f64,
                high: high as f64 + 1.0,
            },
            _ => Self::default(),
        }
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }
}

struct Case {
    along: f64,
    across: f64,
    radius: f64,
    strap_width: f64,
    rigid: f64,
}

impl Case {
    fn find(spans: &[Span]) -> Option<Self> {
        let mut widths: Vec<f64> = spans.iter().map(Span::width).filter(|w| *w > 0.0).collect();
        widths.sort_by(f64::total_cmp);
        let widest = *widths.last()?;
        // The strap's ends are the narrowest tenth on; the median of the outer fifths is the strap.
        let fifth = (spans.len() / 6).max(1);
        let ends = spans.iter().take(fifth).chain(spans.iter().rev().take(fifth));
        let strap_width = median(ends.map(Span::width).filter(|w| *w > 0.0))?;
        let strap_middle = median(
            spans
                .iter()
                .take(fifth)
                .chain(spans.iter().rev().take(fifth))
                .filter(|s| s.width() > 0.0)
                .map(|s| (s.low + s.high) / 2.0),
        )?;
        // The crown sticks out on one side: take the side that sticks out less, row by row.
        let half = |s: &Span| (strap_middle - s.low).min(s.high - strap_middle);
        let radius = spans.iter().map(half).fold(0.0, f64::max);
        if radius < 2.0 || widest < 4.0 {
            return None;
        }
        // Rows on which the case, not the strap, sets the width.
        let shoulder = (strap_width / 2.0 * 1.12).max(0.6 * radius).min(0.97 * radius);
        let rows: Vec<usize> = (0..spans.len())
            .filter(|k| spans.get(*k).is_some_and(|s| half(s) > shoulder))
            .collect();
        let (first, last) = (*rows.first()?, *rows.last()?);
        let along = (first + last) as f64 / 2.0 + 0.5;
        // Lugs stand beside the strap: the case ends where nothing does any more, on the side that ends first.
        let beside = |s: &&Span| s.width() > 1.08 * strap_width;
        let up = spans.iter().skip(last).take_while(beside).count();
        let down = spans.iter().take(first).rev().take_while(beside).count();
        let rigid = (last as f64 - along + up.min(down) as f64).clamp(radius, 1.6 * radius);
        Some(Self {
            along,
            across: strap_middle,
            radius,
            strap_width: strap_width.min(2.0 * radius),
            rigid,
        })
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut v: Vec<f64> = values.collect();
    v.sort_by(f64::total_cmp);
    v.get(v.len() / 2).copied()
}
