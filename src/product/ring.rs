//! Rings: a band with or without a head, its opening in view or seen from above.

use super::band::{BandShape, BandView, SideView};
use super::{Facts, ProductError, RingStructure};
use crate::imaging::LinearImage;

/// Finds the structure of a ring in its trimmed cut-out.
///
/// # Errors
/// The cut-out is too small to show a ring.
pub fn find(pixels: &LinearImage, _facts: &Facts) -> Result<RingStructure, ProductError> {
    let shape = match BandView::find(pixels) {
        Some(view) => BandShape::Open(Box::new(view)),
        None => SideView::find(pixels)
            .map(BandShape::Side)
            .ok_or_else(|| ProductError::Structure("no ring can be seen in the picture".into()))?,
    };
    Ok(RingStructure { shape })
}
