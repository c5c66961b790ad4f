use super::{Facts, NecklaceStructure, ProductError};
use crate::imaging::LinearImage;

/// Finds the structure of a necklace in its trimmed cut-out.
pub fn find(_pixels: &LinearImage, _facts: &Facts) -> Result<NecklaceStructure, ProductError> {
    Err(ProductError::Structure("not read yet".into()))
}
