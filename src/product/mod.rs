//! What is worn: a background-removed product picture read into a piece of known size.

mod piece;

pub use piece::*;
