//! The production line: what the batch engine runs for a preset.

mod cache;
mod groups;
mod pieces;
mod worker;

pub use cache::Cache;
pub use groups::groups;
pub use worker::Line;
