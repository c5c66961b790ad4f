use glam::DVec2;

use crate::locate::{FingerName, Side};

/// What a user may ask for per product and per photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Controls {
    /// Moves the piece: mm to the right and down in the picture.
    pub offset_mm: DVec2,
    /// Turns the piece clockwise in the picture, degrees.
    pub rotate_deg: f64,
    /// Multiplies the true size.
    pub scale: f64,
    /// Earrings: which ears; rings, bracelets, watches: which hand. `None`: both ears, the best-seen hand.
    pub side: Option<Side>,
    /// Rings: which finger; `None`: the ring finger.
    pub finger: Option<FingerName>,
    /// Necklaces: overrides the product's chain length, mm.
    pub chain_length_mm: Option<f64>,
    /// Places the piece even where the body part is judged hidden.
    pub allow_hidden: bool,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            offset_mm: DVec2::ZERO,
            rotate_deg: 0.0,
            scale: 1.0,
            side: None,
            finger: None,
            chain_length_mm: None,
            allow_hidden: false,
        }
    }
}
