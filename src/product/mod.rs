//! What is worn: a background-removed product picture read into a piece of known size.

pub mod band;
mod bracelet;
mod earring;
pub mod fringe;
mod necklace;
mod piece;
mod read;
mod ring;
mod scale;
mod watch;

pub use piece::*;
pub use read::{ProductError, linearize, read};
