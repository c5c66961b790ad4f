//! Measured values by kind of jewelry and by name, and what is asked of them.

use std::collections::BTreeMap;

use crate::product::Kind;

/// What is measured of a kind of jewelry. The order is the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// The face of a portrait that is turned by at most 45°, the hand of a picture of a hand.
    Found,
    /// The face of a portrait that is turned farther.
    FoundTurned,
    /// A face, in a picture of a hand.
    FaceOnHand,
    LobeMm,
    EarShown,
    HiddenEarWorn,
    Scale,
    RingAcrossMm,
    RingAlongMm,
    RingAxisDeg,
    RingWidth,
    OutlineMm,
    /// Necklaces: the outline when the chain is as long as the one that is worn, where the record differs.
    WornLengthOutlineMm,
    InFront,
    ChainLength,
    Refused,
    FitMs,
}

/// How samples become one number that is held against a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    Median,
    Mean,
    Most,
}

/// What the project holds itself to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The summary, and where one is asked for the 90th percentile, are at most this.
    AtMost { summary: f64, p90: Option<f64> },
    /// The summary is at least this.
    AtLeast(f64),
    /// Told, not judged.
    Open,
}

impl Figure {
    /// The figure's name; a scale is that of the body part which carries the kind.
    pub fn name(self, kind: Kind) -> &'static str {
        match self {
            Self::Found => match kind {
                Kind::Earring => "face found, turned by at most 45°",
                _ => "hand found",
            },
            Self::FoundTurned => "face found, turned farther",
            Self::FaceOnHand => "face reported in a picture of a hand",
            Self::LobeMm => "lobe, visible ears",
            Self::EarShown => "ear shown or not, right",
            Self::HiddenEarWorn => "earring on a fully hidden ear",
            Self::Scale => match kind {
                Kind::Earring => "px per mm at the ear, error",
                Kind::Necklace => "px per mm at the neck, error",
                Kind::Ring => "px per mm at the finger, error",
                Kind::Bracelet | Kind::Watch => "px per mm at the wrist, error",
            },
            Self::RingAcrossMm => "ring centre across the finger",
            Self::RingAlongMm => "ring centre along the finger",
            Self::RingAxisDeg => "ring axis",
            Self::RingWidth => "finger width, error",
            Self::OutlineMm => "outline of what is visible",
            Self::WornLengthOutlineMm => "outline, chain of the length worn",
            Self::InFront => "drawn over what is in front",
            Self::ChainLength => "chain length, change",
            Self::Refused => "pieces refused",
            Self::FitMs => "fit",
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Found
            | Self::FoundTurned
            | Self::FaceOnHand
            | Self::EarShown
            | Self::HiddenEarWorn
            | Self::Scale
            | Self::RingWidth
            | Self::InFront
            | Self::ChainLength
            | Self::Refused => "%",
            Self::RingAxisDeg => "°",
            Self::FitMs => "ms",
            _ => "mm",
        }
    }

    pub fn summary(self) -> Summary {
        match self {
            Self::Found | Self::FoundTurned | Self::EarShown | Self::InFront | Self::Refused => Summary::Mean,
            Self::FaceOnHand | Self::ChainLength | Self::HiddenEarWorn | Self::FitMs => Summary::Most,
            _ => Summary::Median,
        }
    }

    /// The bound for pieces of `kind`.
    pub fn bound(self, kind: Kind) -> Bound {
        let at_most = |summary| Bound::AtMost { summary, p90: None };
        match self {
            Self::Found => Bound::AtLeast(100.0),
            Self::FaceOnHand => at_most(0.0),
            Self::LobeMm => Bound::AtMost {
                summary: 3.0,
                p90: Some(6.0),
            },
            Self::EarShown => Bound::AtLeast(90.0),
            Self::HiddenEarWorn => at_most(0.0),
            Self::Scale => match kind {
                Kind::Necklace => Bound::Open,
                _ => at_most(5.0),
            },
            Self::RingAcrossMm => at_most(1.5),
            Self::RingAlongMm | Self::RingAxisDeg => at_most(4.0),
            Self::RingWidth => at_most(6.0),
            Self::OutlineMm => at_most(match kind {
                Kind::Earring => 2.0,
                Kind::Necklace => 5.0,
                Kind::Ring => 1.5,
                Kind::Bracelet | Kind::Watch => 4.0,
            }),
            Self::WornLengthOutlineMm => at_most(5.0),
            Self::InFront => at_most(5.0),
            Self::ChainLength => at_most(1.0),
            Self::FoundTurned | Self::Refused => Bound::Open,
            Self::FitMs => at_most(40.0),
        }
    }
}

/// Samples of every figure of every kind.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    samples: BTreeMap<(Kind, Figure), Vec<f64>>,
}

/// One row of the report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub kind: Kind,
    pub figure: Figure,
    pub count: usize,
    pub median: f64,
    pub p90: f64,
    pub mean: f64,
    pub most: f64,
}

impl Figures {
    /// Adds a sample; what is no number is left out.
    pub fn add(&mut self, kind: Kind, figure: Figure, value: f64) {
        if value.is_finite() {
            self.samples.entry((kind, figure)).or_default().push(value);
        }
    }

    pub fn extend(&mut self, other: &Figures) {
        for (key, values) in &other.samples {
            self.samples.entry(*key).or_default().extend(values);
        }
    }

    /// Rows of the figures that have samples, kind by kind.
    pub fn rows(&self) -> Vec<Row> {
        self.samples
            .iter()
            .filter_map(|((kind, figure), samples)| Row::new(*kind, *figure, samples))
            .collect()
    }
}

impl Row {
    fn new(kind: Kind, figure: Figure, samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            kind,
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

    /// Whether the bound holds; `None` where none is set.
    pub fn holds(&self) -> Option<bool> {
        match self.figure.bound(self.kind) {
            Bound::AtMost { summary, p90 } => {
                Some(self.value() <= summary && p90.is_none_or(|p| self.p90 <= p))
            }
            Bound::AtLeast(least) => Some(self.value() >= least),
            Bound::Open => None,
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
            figures.add(Kind::Earring, Figure::EarShown, right);
        }
        figures.add(Kind::Earring, Figure::LobeMm, 2.0);
        figures.add(Kind::Earring, Figure::LobeMm, f64::NAN);
        let rows = figures.rows();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].figure, rows[0].holds()), (Figure::LobeMm, Some(true)));
        assert_eq!((rows[1].holds(), rows[1].value()), (Some(false), 75.0));
    }

    #[test]
    fn a_good_median_with_a_long_tail_misses() {
        let mut figures = Figures::default();
        for mm in [1.0, 1.0, 1.0, 1.0, 20.0] {
            figures.add(Kind::Earring, Figure::LobeMm, mm);
        }
        assert_eq!(figures.rows()[0].holds(), Some(false));
    }
}
