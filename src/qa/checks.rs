//! The checks, and what each tier demands.

use crate::preset::decode::words;

words! {
    /// How strict the checks are.
    #[derive(PartialOrd, Ord)]
    pub enum Tier("tier") {
        Social = "social",
        Listing = "listing",
        Editorial = "editorial",
    }
}

words! {
    /// One thing that a retoucher looks at; what is measured stands at [`Check::bound`].
    #[derive(PartialOrd, Ord)]
    pub enum Check("check") {
        Frame = "frame",
        Coverage = "coverage",
        Scale = "scale",
        Resolution = "resolution",
        Located = "located",
        Contact = "contact",
        ShadowDirection = "shadow_direction",
        Clipping = "clipping",
        MetalColour = "metal_colour",
        Sparkle = "sparkle",
        Sharpness = "sharpness",
        Overlap = "overlap",
    }
}

/// What a measure must not pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl Check {
    /// What a tier demands, in the unit of the measure.
    pub fn bound(self, tier: Tier) -> Bound {
        use Bound::{AtLeast, AtMost};
        let of = |[social, listing, editorial]: [f64; 3]| match tier {
            Tier::Social => social,
            Tier::Listing => listing,
            Tier::Editorial => editorial,
        };
        match self {
            // Share of the piece that lies in the picture.
            Self::Frame => AtLeast(of([0.6, 0.8, 0.95])),
            // Share of the piece's front that hair, cloth and other fingers leave to see.
            Self::Coverage => AtLeast(of([0.3, 0.45, 0.6])),
            // How many times larger or smaller the piece is than its millimetres.
            Self::Scale => AtMost(of([1.5, 1.35, 1.25])),
            // Product pixels per pixel of the picture.
            Self::Resolution => AtLeast(of([0.5, 0.7, 0.9])),
            // Score of the face or hand that the piece is worn on.
            Self::Located => AtLeast(of([0.4, 0.5, 0.6])),
            // Share of its light that skin beside the piece loses.
            Self::Contact => AtLeast(of([0.02, 0.03, 0.04])),
            // Cosine between where the shadow falls and where the light says.
            Self::ShadowDirection => AtLeast(of([-0.5, -0.3, 0.0])),
            // Share of the skin around that the shadow turned black.
            Self::Clipping => AtMost(of([0.02, 0.01, 0.005])),
            // ΔE2000 between product and picture; what the tone match may take, and a little for sampling.
            Self::MetalColour => AtMost(of([7.5, 5.5, 4.0])),
            // The piece's brightest two hundredths against the product's.
            Self::Sparkle => AtLeast(of([0.6, 0.7, 0.8])),
            // Detail against that of the product, as soft as the photograph.
            Self::Sharpness => AtLeast(of([0.4, 0.55, 0.65])),
            // Share of the smaller of two pieces that the other hides.
            Self::Overlap => AtMost(of([0.3, 0.15, 0.08])),
        }
    }

    /// What to do about a product that fails it in photograph after photograph.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            Self::Resolution => Some("photograph the product larger: its picture has too few pixels"),
            Self::Sharpness => Some("photograph the product anew: its picture is too soft"),
            Self::MetalColour | Self::Sparkle => {
                Some("photograph the product anew under neutral light: its colours do not hold")
            }
            Self::Scale => Some("check the product's millimetres"),
            _ => None,
        }
    }
}
