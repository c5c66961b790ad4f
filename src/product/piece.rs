use std::sync::{Arc, OnceLock};

use super::band::BandShape;
use crate::imaging::LinearImage;
use crate::render::warp::Pyramid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Earring,
    Necklace,
    Ring,
    Bracelet,
    Watch,
}

/// What the seller tells about a product's size and style; everything optional, millimetres.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// Size of the cut-out's bounding box; of one earring where the picture shows the pair.
    pub width_mm: Option<f64>,
    pub height_mm: Option<f64>,
    /// Ring or bangle: inner diameter.
    pub inner_diameter_mm: Option<f64>,
    /// Necklace or chain bracelet: whole length when closed.
    pub chain_length_mm: Option<f64>,
    /// Watch: case without the crown.
    pub case_diameter_mm: Option<f64>,
    /// `stud`, `hoop`, `drop`; `chain`, `pearls`; `bangle`, `link`, … Found from the cut-out when absent.
    pub style: Option<String>,
}

/// Whether the true size was given or a default per kind was assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaleSource {
    Given,
    Assumed,
}

/// A product ready to be worn.
#[derive(Debug, Clone)]
pub struct Piece {
    pub kind: Kind,
    /// Trimmed cut-out at full resolution: linear-light premultiplied RGBA, fringe decontaminated.
    pub pixels: Arc<LinearImage>,
    /// Halved sizes of `pixels` for shrinking, made at the first [`Piece::pyramid`].
    pub pyramid: Arc<OnceLock<Pyramid>>,
    /// Millimetres that one product pixel spans.
    pub mm_per_px: f64,
    pub scale: ScaleSource,
    pub facts: Facts,
    pub structure: Structure,
}

impl Piece {
    /// The product at halved sizes.
    pub fn pyramid(&self) -> &Pyramid {
        self.pyramid.get_or_init(|| Pyramid::new(self.pixels.clone()))
    }
}

/// What the cut-out shows, in pixels of the trimmed cut-out.
#[derive(Debug, Clone)]
pub enum Structure {
    Earring(EarringStructure),
    Necklace(NecklaceStructure),
    Ring(RingStructure),
    Bracelet(BraceletStructure),
    Watch(WatchStructure),
}

use glam::DVec2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarringStyle {
    Stud,
    Hoop,
    Drop,
}

#[derive(Debug, Clone)]
pub struct EarringStructure {
    pub style: EarringStyle,
    /// The earring, or the two of a pair from the left of the picture to the right.
    pub parts: Vec<EarringPart>,
}

/// One earring in the picture.
#[derive(Debug, Clone)]
pub struct EarringPart {
    /// Bounding box corners.
    pub min: DVec2,
    pub max: DVec2,
    /// Where the lobe is: middle of a stud, middle of the wire at the top of a hoop or hook.
    pub pierce: DVec2,
    /// A plain hoop: thickness of its wire, product pixels.
    pub wire: Option<f64>,
    /// A hook seen from the side: the box of its free leg, which goes behind the lobe.
    pub back_leg: Option<(DVec2, DVec2)>,
    /// Depth of the piece against its width: 1 for a ball.
    pub depth: f64,
}

#[derive(Debug, Clone)]
pub struct NecklaceStructure {
    /// Centre line of the chain, evenly spaced, from the left end of the picture (the subject's right, as worn) to the
    /// right end; a closed loop is opened at the top. Product pixels.
    pub centre_line: Vec<DVec2>,
    /// Half width of the strip along the centre line that holds the chain, product pixels.
    pub half_width: f64,
    /// A string of beads: arc lengths of the cuts between them, from 0 to the whole length, product pixels.
    pub beads: Option<Vec<f64>>,
    /// What hangs off the chain or sits in it, in the order of the chain.
    pub pendants: Vec<Pendant>,
    /// The picture shows the whole closed loop.
    pub closed: bool,
    /// Length of the chain that is missing between two ends that turn towards each other, product pixels.
    pub gap: f64,
}

#[derive(Debug, Clone)]
pub struct Pendant {
    /// Where it hangs from: a point of the centre line.
    pub bail: DVec2,
    /// Bounding box corners of what lies beside the chain.
    pub min: DVec2,
    pub max: DVec2,
    /// Arc lengths of the centre line that it holds rigid: the width of the bail, or of a pendant in the chain.
    pub arc: [f64; 2],
    /// It sits in the chain and is carried along by it; else it hangs off the chain by gravity.
    pub in_chain: bool,
}

#[derive(Debug, Clone)]
pub struct RingStructure {
    pub shape: BandShape,
}

#[derive(Debug, Clone)]
pub struct BraceletStructure {
    pub shape: BandShape,
    /// A chain that drapes rather than a rigid bangle.
    pub flexible: bool,
    /// Unit direction in the picture from the middle of the bracelet to the arc that is worn in front.
    pub front: DVec2,
    /// Of a chain, when its links can be told apart from a centrepiece.
    pub links: Option<LinkArc>,
}

/// The arc of a chain whose links the picture shows from the front, radians to either side of the front. Beyond it the
/// picture shows them edge-on; the chain goes on as this arc mirrored at its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkArc {
    pub before: f64,
    pub after: f64,
}

impl LinkArc {
    /// The angle within the arc that shows what the chain has at `angle` from the front.
    pub fn fold(&self, angle: f64) -> f64 {
        let length = self.before + self.after;
        let along = (angle + self.before).rem_euclid(2.0 * length);
        along.min(2.0 * length - along) - self.before
    }
}

#[derive(Debug, Clone)]
pub struct WatchStructure {
    pub dial_center: DVec2,
    /// Radius of the case, without the crown.
    pub dial_radius: f64,
    /// Unit direction of the strap, pointing to 12 o'clock.
    pub strap: DVec2,
    pub strap_width: f64,
    /// From the dial's middle along the strap to the ends of the lugs: this far nothing bends.
    pub rigid: f64,
}

#[derive(Debug, Clone, Copy)]
pub struct EllipseFit {
    pub center: DVec2,
    /// Half axes, the longer first.
    pub axes: DVec2,
    /// Angle of the longer axis, radians, from +x towards +y.
    pub angle: f64,
}
