use super::{Facts, ProductError, WatchStructure};
use crate::imaging::LinearImage;

/// Finds the structure of a watch in its trimmed cut-out.
pub fn find(_pixels: &LinearImage, _facts: &Facts) -> Result<WatchStructure, ProductError> {
    Err(ProductError::Structure("not read yet".into()))
}
