use super::{BraceletStructure, Facts, ProductError};
use crate::imaging::LinearImage;

/// Finds the structure of a bracelet in its trimmed cut-out.
pub fn find(_pixels: &LinearImage, _facts: &Facts) -> Result<BraceletStructure, ProductError> {
    Err(ProductError::Structure("not read yet".into()))
}
