//! Where the body is: faces, ears, neck, hands and wrists, with the scale at each.

mod anatomy;
pub mod camera;
pub mod matte;

pub use anatomy::*;
