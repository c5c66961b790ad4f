//! Pictures in and out: the only module that knows file formats.

mod decode;
mod encode;
mod error;
mod gaussian;
mod lab;
mod limits;
mod photo;
pub mod pixel;
mod region;
mod write;

pub use decode::{Probe, decode_cutout, open_cutout, probe};
pub use encode::{Encoding, JPEG_QUALITY, Pixels, SRGB_PROFILE, encode};
pub use error::{PictureError, PictureErrorKind};
pub use gaussian::gaussian;
pub use lab::Lab;
pub use limits::Limits;
pub use photo::{Photo, PhotoFormat};
pub use pixel::LinearImage;
pub use region::{Mask, Rect, split};
pub use write::{TEMPORARY, write_atomic, write_atomic_by};
