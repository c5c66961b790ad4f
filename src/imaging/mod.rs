//! Pictures in and out: the only module that knows file formats.

mod photo;
pub mod pixel;
mod region;

pub use photo::{Photo, PhotoFormat};
pub use pixel::LinearImage;
pub use region::{Mask, Rect};
