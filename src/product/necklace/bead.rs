//! Beads: is the chain a string of balls, and where does one end and the next begin.

use super::section::{Sections, quantile};

/// Bead length over bead width that still counts as a bead.
const LEAST_ASPECT: f64 = 0.7;
const MOST_ASPECT: f64 = 2.2;
/// Between beads the chain is thinner than this share of its width.
const WAIST: f64 = 0.72;
/// Correlation of the width with itself one bead on.
const LEAST_CORRELATION: f64 = 0.45;

/// Arc lengths of the cuts between beads, product pixels, ends included; `None` for a chain.
pub fn cells(sections: &Sections) -> Option<Vec<f64>> {
    let width: Vec<f64> = sections.sections.iter().map(|s| s.half()).collect();
    let wide = quantile(width.iter().copied(), 0.9)?;
    let waist = quantile(width.iter().copied(), 0.1)?;
    if waist > WAIST * wide {
        return None;
    }
    let limited: Vec<f64> = width.iter().map(|w| w.min(wide)).collect();
    let from = (2.0 * wide * LEAST_ASPECT / sections.step).max(2.0) as usize;
    let to = (2.0 * wide * MOST_ASPECT / sections.step) as usize;
    let (period, correlation) = (from..=to.min(limited.len() / 3))
        .map(|lag| (lag, autocorrelation(&limited, lag)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    if correlation < LEAST_CORRELATION {
        return None;
    }
    Some(
        cut(&limited, period)
            .into_iter()
            .map(|i| i as f64 * sections.step)
            .collect(),
    )
}

fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance: f64 = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    let pairs = values.len() - lag;
    let sum: f64 = values
        .iter()
        .zip(&values[lag..])
        .map(|(a, b)| (a - mean) * (b - mean))
        .sum();
    sum / pairs as f64 / variance.max(1e-12)
}

/// From waist to waist, each about one period after the last.
fn cut(width: &[f64], period: usize) -> Vec<usize> {
    let last = width.len() - 1;
    let mut cuts = vec![0];
    let mut at = 0;
    loop {
        let (from, to) = (at + period * 3 / 5, (at + period * 7 / 5).min(last));
        if from >= last || last - at < period * 6 / 5 {
            break;
        }
        // The thinnest place, the nearer to one period the better.
        let price = |i: usize| width[i] * (1.0 + ((i - at) as f64 / period as f64 - 1.0).powi(2));
        at = (from..=to)
            .min_by(|a, b| price(*a).total_cmp(&price(*b)))
            .unwrap_or(to);
        cuts.push(at);
    }
    cuts.push(last);
    cuts
}
