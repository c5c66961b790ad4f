//! The structure of a necklace picture: centre line, width, beads, pendants, and how much of the chain it shows.

mod bead;
mod mask;
mod path;
mod pendant;
mod section;

use glam::DVec2;

use super::{Facts, NecklaceStructure, ProductError};
use crate::imaging::LinearImage;
use mask::Silhouette;

/// The strip that is cut out along the centre line is this many times the median half width, so that links turned
/// wide are inside it.
const STRIP: f64 = 1.25;
/// Cosine to the line between the ends from which an open end counts as turning towards the other end.
const TURNS_IN: f64 = 0.3;

/// Finds the structure of a necklace in its trimmed cut-out.
///
/// # Errors
/// The cut-out falls into pieces that lie far apart, or no chain runs through it.
pub fn find(pixels: &LinearImage, facts: &Facts) -> Result<NecklaceStructure, ProductError> {
    let silhouette = Silhouette::new(pixels).ok_or_else(|| {
        ProductError::Structure(
            "the necklace falls into several pieces that lie apart: give a cut-out of one whole piece".into(),
        )
    })?;
    let no_chain = || ProductError::Structure("no chain runs through the cut-out from end to end".into());
    let (rough, closed) = path::trace(&silhouette).ok_or_else(no_chain)?;
    let sections = section::centre(pixels, &rough).ok_or_else(no_chain)?;
    if crate::curve::length(&sections.line, false) < 8.0 * sections.half_width {
        return Err(no_chain());
    }
    let beads = match facts.style.as_deref() {
        Some("chain") => None,
        _ => bead::cells(&sections),
    };
    let pendants = pendant::find(&silhouette, &sections);
    let own = sections.sections.iter().filter(|s| !s.cut_off);
    let widest = section::quantile(own.map(|s| s.low.max(s.high)), 0.98).unwrap_or(sections.half_width);
    Ok(NecklaceStructure {
        gap: if closed { 0.0 } else { gap(&sections.line) },
        half_width: (sections.half_width * STRIP).max(widest) + 1.0,
        centre_line: sections.line,
        pendants,
        beads,
        closed,
    })
}

/// Length of the chain that is missing between two ends that turn towards each other, as behind the neck of a bust;
/// 0 for ends that hang apart: then the picture shows the whole chain, its clasp undone.
fn gap(line: &[DVec2]) -> f64 {
    let n = line.len();
    let reach = (n / 30).max(1);
    let (first, last) = (line[0], line[n - 1]);
    let out_first = (first - line[reach]).normalize_or_zero();
    let out_last = (last - line[n - 1 - reach]).normalize_or_zero();
    let across = (last - first).normalize_or_zero();
    if out_first.dot(across) < TURNS_IN || out_last.dot(-across) < TURNS_IN {
        return 0.0;
    }
    // The cubic that leaves both ends along the chain (Hermite form, tangents as long as the chord).
    let chord = first.distance(last);
    let (m0, m1) = (out_first * chord, -out_last * chord);
    let bridge: Vec<DVec2> = (0..=32)
        .map(|i| {
            let t = f64::from(i) / 32.0;
            let (t2, t3) = (t * t, t * t * t);
            first * (2.0 * t3 - 3.0 * t2 + 1.0)
                + m0 * (t3 - 2.0 * t2 + t)
                + last * (3.0 * t2 - 2.0 * t3)
                + m1 * (t3 - t2)
        })
        .collect();
    crate::curve::length(&bridge, false)
}
