//! Measures the program against people rendered with the real piece on.

pub mod truth;
pub mod worn;
