//! The production line: what the batch engine runs for a preset.

mod behind;
mod cache;
mod dressing;
mod groups;
mod made_by;
mod models;
mod painters;
mod pieces;
mod told;
mod verdict;
mod wants;
mod words;
mod worker;

pub use cache::Cache;
pub use groups::{groups, shard_key};
pub use made_by::made_by;
pub use worker::Line;
