//! Where the body is: faces, ears, neck, hands and wrists, with the scale at each.

mod anatomy;
pub mod camera;
pub mod crop;
pub mod hand;
pub mod matte;
pub mod outputs;
pub mod project;
pub mod ssd;

pub use anatomy::*;
