//! Where the body is: faces, ears, neck, hands and wrists, with the scale at each.

mod anatomy;
pub mod body;
pub mod body_pose;
pub mod camera;
pub mod crop;
mod ear;
pub mod face;
mod face_shape;
mod find;
pub mod hand;
pub mod head;
pub mod light;
mod lobe;
pub mod manual;
pub mod matte;
pub mod mesh;
mod mesh_maps;
pub mod outputs;
pub mod overlay;
pub mod person;
pub mod project;
pub mod report;
mod sampler;
pub mod ssd;
pub mod trunk;

pub use anatomy::*;
pub use find::{Wants, locate};
