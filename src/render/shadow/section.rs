//! How thick a piece is, told from how wide it looks: a picture shows no depth.

use crate::product::band::Head;
use crate::product::{Piece, Structure};

/// Half thickness of matter by the radius of the largest disc that fits into its outline there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Up to this radius matter is as thick as it is wide, mm: wires, beads, links.
    pub round_mm: f64,
    /// Share of the radius beyond that by which wider matter is thicker still: plates, medals, cases.
    pub beyond: f64,
    /// Half of the thickest, mm.
    pub most_mm: f64,
    /// Matter that stands off the skin by more than [`RAISED_MM`] may be this thick, half of it, mm.
    pub raised_mm: f64,
}

/// Height of the underside above the skin from which on matter is no band or strap, mm.
const RAISED_MM: f64 = 2.0;

impl Section {
    /// A round section of at most this radius, mm.
    pub fn round(radius_mm: f64) -> Self {
        Self {
            round_mm: radius_mm,
            beyond: 0.0,
            most_mm: radius_mm,
            raised_mm: radius_mm,
        }
    }

    /// Of a product: beads are round, chains nearly so and what hangs off them flat; bands are about two millimetres
    /// thick, the stones that stand on them four, straps a little more than bands, and a watch's case seven.
    pub fn of(piece: &Piece) -> Self {
        match &piece.structure {
            Structure::Earring(s) => {
                let thickness = s.parts.iter().map(|p| p.depth * (p.max.x - p.min.x));
                Self::round((0.5 * piece.mm_per_px * thickness.fold(0.0, f64::max)).clamp(1.0, 5.0))
            }
            Structure::Necklace(s) if s.beads.is_some() => Self::round(6.0),
            Structure::Necklace(_) => Self {
                round_mm: 1.1,
                beyond: 0.25,
                most_mm: 2.5,
                raised_mm: 2.5,
            },
            Structure::Ring(_) => Self {
                raised_mm: Head::HALF_MM,
                ..Self::round(0.9)
            },
            Structure::Bracelet(s) if s.flexible => Self {
                round_mm: 1.2,
                beyond: 0.1,
                most_mm: 2.0,
                raised_mm: 2.0,
            },
            Structure::Bracelet(_) => Self::round(2.5),
            Structure::Watch(_) => Self {
                raised_mm: 3.75,
                ..Self::round(1.3)
            },
        }
    }

    /// Half of the thickest anywhere, mm.
    pub fn most_mm(&self) -> f64 {
        self.most_mm.max(self.raised_mm)
    }

    /// Half thickness, mm, of matter into which a disc of `radius_mm` fits and whose underside is at `height_mm`.
    pub fn half_mm(&self, radius_mm: f64, height_mm: f64) -> f64 {
        if height_mm > RAISED_MM && self.raised_mm > self.most_mm {
            return radius_mm.min(self.raised_mm);
        }
        let wide = (radius_mm - self.round_mm).max(0.0);
        (radius_mm.min(self.round_mm) + self.beyond * wide).min(self.most_mm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wires_are_round_and_medals_flat() {
        let necklace = Section {
            round_mm: 1.1,
            beyond: 0.25,
            most_mm: 2.5,
            raised_mm: 2.5,
        };
        assert_eq!(necklace.half_mm(0.8, 0.0), 0.8);
        assert!((necklace.half_mm(5.1, 0.0) - 2.1).abs() < 1e-12);
        assert_eq!(necklace.half_mm(50.0, 5.0), 2.5);
    }

    #[test]
    fn a_case_is_thicker_than_its_strap() {
        let watch = Section {
            raised_mm: 3.75,
            ..Section::round(1.3)
        };
        assert_eq!((watch.half_mm(9.0, 0.4), watch.half_mm(9.0, 2.8)), (1.3, 3.75));
        assert_eq!(watch.most_mm(), 3.75);
    }
}
