//! Measured values by name, and what is asked of them.

use std::collections::BTreeMap;

/// What is measured. The order is the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    LobeMm,
    EarShown,
    EarScale,
    FingerScale,
    WristScale,
    RingAcrossMm,
    RingAlongMm,
    RingAxisDeg,
    RingWidth,
    EarringOutlineMm,
    NecklaceOutlineMm,
    RingOutlineMm,
    BraceletOutlineMm,
    WatchOutlineMm,
    InFront,
    ChainLength,
    FitMs,
}

/// How samples become one number that is held against a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    Median,
    Mean,
    Most,
}

impl Figure {
    pub const ALL: [Figure; 17] = [
        Self::LobeMm,
        Self::EarShown,
        Self::EarScale,
        Self::FingerScale,
        Self::WristScale,
        Self::RingAcrossMm,
        Self::RingAlongMm,
        Self::RingAxisDeg,
        Self::RingWidth,
        Self::EarringOutlineMm,
        Self::NecklaceOutlineMm,
        Self::RingOutlineMm,
        Self::BraceletOutlineMm,
        Self::WatchOutlineMm,
        Self::InFront,
        Self::ChainLength,
        Self::FitMs,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::LobeMm => "lobe, visible ears",
            Self::EarShown => "ear shown or not, right",
            Self::EarScale => "px per mm at the ear, error",
            Self::FingerScale => "px per mm at the finger, error",
            Self::WristScale => "px per mm at the wrist, error",
            Self::RingAcrossMm => "ring centre across the finger",
            Self::RingAlongMm => "ring centre along the finger",
            Self::RingAxisDeg => "ring axis",
            Self::RingWidth => "ring width, error",
            Self::EarringOutlineMm => "earring outline",
            Self::NecklaceOutlineMm => "necklace outline",
            Self::RingOutlineMm => "ring outline",
            Self::BraceletOutlineMm => "bracelet outline",
            Self::WatchOutlineMm => "watch outline",
            Self::InFront => "drawn over what is in front",
            Self::ChainLength => "chain length, change",
            Self::FitMs => "fit",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::EarShown
            | Self::EarScale
            | Self::FingerScale
            | Self::WristScale
            | Self::RingWidth
            | Self::InFront
            | Self::ChainLength => "%",
            Self::RingAxisDeg => "°",
            Self::FitMs => "ms",
            _ => "mm",
        }
    }

    pub fn summary(self) -> Summary {
        match self {
            Self::EarShown => Summary::Mean,
            Self::ChainLength => Summary::Most,
            _ => Summary::Median,
        }
    }

    /// What the project holds itself to; a share of right answers is a lower bound, all else an upper one.
    pub fn bound(self) -> f64 {
        match self {
            Self::LobeMm => 3.0,
            Self::EarShown => 90.0,
            Self::EarScale | Self::FingerScale | Self::WristScale => 5.0,
            Self::RingAcrossMm | Self::RingOutlineMm => 1.5,
            Self::RingAlongMm => 4.0,
            Self::RingAxisDeg => 4.0,
            Self::RingWidth => 6.0,
            Self::EarringOutlineMm => 2.0,
            Self::NecklaceOutlineMm => 5.0,
            Self::BraceletOutlineMm | Self::WatchOutlineMm => 4.0,
            Self::InFront => 5.0,
            Self::ChainLength => 1.0,
            Self::FitMs => 40.0,
        }
    }
}

/// Samples of every figure.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    samples: BTreeMap<Figure, Vec<f64>>,
}

/// One row of the report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub figure: Figure,
    pub count: usize,
    pub median: f64,
    pub p90: f64,
    pub mean: f64,
    pub most: f64,
}

impl Figures {
    pub fn add(&mut self, figure: Figure, value: f64) {
        self.samples.entry(figure).or_default().push(value);
    }

    pub fn samples(&self, figure: Figure) -> &[f64] {
        self.samples.get(&figure).map_or(&[], Vec::as_slice)
    }

    pub fn extend(&mut self, other: Figures) {
        for (figure, values) in other.samples {
            self.samples.entry(figure).or_default().extend(values);
        }
    }

    /// Rows of the figures that have samples.
    pub fn rows(&self) -> Vec<Row> {
        Figure::ALL
            .into_iter()
            .filter_map(|figure| Row::new(figure, self.samples(figure)))
            .collect()
    }
}

impl Row {
    fn new(figure: Figure, samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            figure,
            count: sorted.len(),
            median: quantile(&sorted, 0.5)?,
            p90: quantile(&sorted, 0.9)?,
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
            most: *sorted.last()?,
        })
    }

    /// The number that is held against the bound.
    pub fn value(&self) -> f64 {
        match self.figure.summary() {
            Summary::Median => self.median,
            Summary::Mean => self.mean,
            Summary::Most => self.most,
        }
    }

    pub fn holds(&self) -> bool {
        match self.figure {
            Figure::EarShown => self.value() >= self.figure.bound(),
            _ => self.value() <= self.figure.bound(),
        }
    }
}

/// Quantile by linear interpolation between order statistics.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let at = (sorted.len().checked_sub(1)?) as f64 * q;
    let (low, high) = (sorted.get(at.floor() as usize)?, sorted.get(at.ceil() as usize)?);
    Some(low + (high - low) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_between_samples() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[4.0], 0.9), Some(4.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[0.0, 10.0], 0.9), Some(9.0));
    }

    #[test]
    fn shares_of_right_answers_are_held_from_below() {
        let mut figures = Figures::default();
        for right in [100.0, 100.0, 100.0, 0.0] {
            figures.add(Figure::EarShown, right);
        }
        figures.add(Figure::LobeMm, 2.0);
        let rows = figures.rows();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].holds() && rows[0].figure == Figure::LobeMm);
        assert!(!rows[1].holds() && rows[1].value() == 75.0);
    }
}
