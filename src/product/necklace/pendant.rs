//! Pendants: what hangs off the chain, or sits in it, and is wider than the chain.

use glam::DVec2;
use image::{GrayImage, Luma};
use imageproc::distance_transform::euclidean_squared_distance_transform;
use imageproc::region_labelling::{Connectivity, connected_components};

use super::mask::Silhouette;
use super::section::Sections;
use crate::product::Pendant;

/// What lies farther from the centre line than this many half widths is not the chain.
const OFF_CHAIN: f64 = 1.6;
/// A pendant covers at least this many squares of the chain's width.
const LEAST_AREA: f64 = 2.0;
/// Parts of one pendant lie this close along the chain, in half widths.
const TOGETHER: f64 = 2.0;
/// The bail is looked for this close to the centre line, in half widths.
const BAIL: f64 = 2.4;

/// A pendant with this share of its area on the other side of the chain sits in it.
const BOTH_SIDES: f64 = 0.15;

/// A connected part off the chain.
struct Part {
    area: f64,
    min: DVec2,
    max: DVec2,
    /// Arc length where it is nearest to the chain, and the range that it covers close to it.
    nearest: (f64, f64),
    span: (f64, f64),
    /// Area on either side of the centre line.
    sides: [f64; 2],
}

/// The pendants along the chain, in its order.
pub fn find(silhouette: &Silhouette, sections: &Sections) -> Vec<Pendant> {
    let (w, h) = silhouette.solid.dimensions();
    let (distance, arc) = nearest_on_chain(silhouette, sections, (w, h));
    let off = sections.half_width * OFF_CHAIN + silhouette.factor;
    let residue = GrayImage::from_fn(w, h, |x, y| {
        let i = (y * w + x) as usize;
        let here = silhouette.solid.get_pixel(x, y)[0] > 0 && distance[i] > off;
        Luma([if here { 255 } else { 0 }])
    });
    let labels = connected_components(&residue, Connectivity::Eight, Luma([0]));
    let mut parts: Vec<Part> = Vec::new();
    for (x, y, label) in labels.enumerate_pixels() {
        let Some(k) = (label[0] as usize).checked_sub(1) else {
            continue;
        };
        while parts.len() <= k {
            parts.push(Part {
                area: 0.0,
                min: DVec2::INFINITY,
                max: DVec2::NEG_INFINITY,
                nearest: (f64::INFINITY, 0.0),
                span: (f64::INFINITY, f64::NEG_INFINITY),
                sides: [0.0; 2],
            });
        }
        let (i, p, part) = ((y * w + x) as usize, silhouette.to_product((x, y)), &mut parts[k]);
        part.area += silhouette.factor.powi(2);
        part.min = part.min.min(p - silhouette.factor / 2.0);
        part.max = part.max.max(p + silhouette.factor / 2.0);
        let k = ((arc[i] / sections.step) as usize).clamp(1, sections.line.len() - 1);
        let way = sections.line[k] - sections.line[k - 1];
        let side = usize::from(way.perp_dot(p - sections.line[k]) > 0.0);
        part.sides[side] += silhouette.factor.powi(2);
        if distance[i] < part.nearest.0 {
            part.nearest = (distance[i], arc[i]);
        }
        if distance[i] < off + sections.half_width * (BAIL - OFF_CHAIN) {
            part.span = (part.span.0.min(arc[i]), part.span.1.max(arc[i]));
        }
    }
    let least = LEAST_AREA * (2.0 * sections.half_width).powi(2);
    let mut parts: Vec<Part> = merge(parts, sections.half_width * TOGETHER)
        .into_iter()
        .filter(|p| p.area >= least)
        .collect();
    parts.sort_by(|a, b| a.nearest.1.total_cmp(&b.nearest.1));
    let at = |s: f64| {
        let i = (s / sections.step).round() as usize;
        sections.line[i.min(sections.line.len() - 1)]
    };
    parts
        .into_iter()
        .map(|p| Pendant {
            bail: at((p.span.0 + p.span.1) / 2.0),
            min: p.min,
            max: p.max,
            arc: [p.span.0 - sections.half_width, p.span.1 + sections.half_width],
            in_chain: p.sides[0].min(p.sides[1]) > BOTH_SIDES * p.area,
        })
        .collect()
}

/// Distance of every working pixel from the centre line and the arc length of the nearest point, product pixels.
fn nearest_on_chain(
    silhouette: &Silhouette,
    sections: &Sections,
    (w, h): (u32, u32),
) -> (Vec<f64>, Vec<f64>) {
    let mut seeds = GrayImage::new(w, h);
    let border = f64::from(silhouette.border);
    let to_working = |p: DVec2| p / silhouette.factor + border;
    for p in &sections.line {
        let q = to_working(*p).clamp(DVec2::ZERO, DVec2::new(f64::from(w - 1), f64::from(h - 1)));
        seeds.put_pixel(q.x as u32, q.y as u32, Luma([255]));
    }
    let rough = euclidean_squared_distance_transform(&seeds);
    // Coarse search over every few points, then the neighbourhood of the best.
    let stride = (sections.line.len() / 400).max(1);
    let mut distance = vec![f64::INFINITY; (w * h) as usize];
    let mut arc = vec![0.0; (w * h) as usize];
    for (x, y, p) in silhouette.solid.enumerate_pixels() {
        let i = (y * w + x) as usize;
        if p[0] == 0 || rough.get_pixel(x, y)[0].sqrt() * silhouette.factor < sections.half_width {
            distance[i] = rough.get_pixel(x, y)[0].sqrt() * silhouette.factor;
            continue;
        }
        let q = silhouette.to_product((x, y));
        let better = |best: (f64, usize), k: usize| {
            let d = sections.line[k].distance_squared(q);
            if d < best.0 { (d, k) } else { best }
        };
        let coarse = (0..sections.line.len())
            .step_by(stride)
            .fold((f64::INFINITY, 0), better);
        let (from, to) = (
            coarse.1.saturating_sub(stride),
            (coarse.1 + stride).min(sections.line.len() - 1),
        );
        let (d, k) = (from..=to).fold(coarse, better);
        distance[i] = d.sqrt();
        arc[i] = k as f64 * sections.step;
    }
    (distance, arc)
}

/// Joins parts that meet the chain at the same place: the two sides of a pendant that sits in the chain.
fn merge(parts: Vec<Part>, reach: f64) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    let mut rest: Vec<Part> = parts
        .into_iter()
        .filter_map(|mut p| {
            // A part that hangs free (its bail is hidden, or too thin to be seen) belongs below the nearest point of
            // the chain, if it is not farther off than it is large.
            if p.span.0 > p.span.1 {
                p.span = (p.nearest.1, p.nearest.1);
                return (p.nearest.0 < (p.max - p.min).length()).then_some(p);
            }
            Some(p)
        })
        .collect();
    rest.sort_by(|a, b| a.span.0.total_cmp(&b.span.0));
    for p in rest {
        match out.last_mut() {
            Some(last) if p.span.0 <= last.span.1 + reach => {
                last.area += p.area;
                last.min = last.min.min(p.min);
                last.max = last.max.max(p.max);
                last.span.1 = last.span.1.max(p.span.1);
                last.sides[0] += p.sides[0];
                last.sides[1] += p.sides[1];
                if p.nearest.0 < last.nearest.0 {
                    last.nearest = p.nearest;
                }
            }
            _ => out.push(p),
        }
    }
    out
}
