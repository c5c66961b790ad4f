//! Parure puts jewelry on people in photographs.
//!
//! The road through the house: a preset is planned into jobs ([`preset`]), the batch engine runs them
//! ([`batch`]); a photograph is read ([`imaging`]) and its anatomy located with ONNX models ([`infer`],
//! [`locate`]); a cut-out is read into a piece ([`product`]); the piece is fitted to the body ([`fit`]),
//! rendered ([`render`]), its seam repainted ([`inpaint`]), checked ([`qa`]) and exported ([`export`]).
//!
//! Conventions used everywhere:
//! - sizes in the world are millimetres; they become pixels at one place, with the local `px_per_mm`;
//! - picture coordinates are pixels, origin at the top left corner of the top left pixel, so that the centre of
//!   pixel (0, 0) is (0.5, 0.5); x to the right, y down;
//! - camera coordinates are millimetres, x right, y down, z away from the camera;
//! - left and right are the subject's.
#![forbid(unsafe_code)]

pub mod accuracy;
pub mod batch;
pub mod cli;
pub mod curve;
pub mod export;
pub mod fit;
pub mod imaging;
pub mod infer;
pub mod inpaint;
pub mod locate;
pub mod pipeline;
pub mod polygon;
pub mod preset;
pub mod product;
pub mod qa;
pub mod render;
