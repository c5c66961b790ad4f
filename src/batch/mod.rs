//! Runs many jobs on few photographs so that a team can trust it overnight: resumable, repeatable, bounded.
//!
//! The engine knows files, hashes, threads and memory, and nothing of jewelry: a [`Worker`] opens photographs, composes
//! and finishes pictures. What is kept of an earlier run is decided by the hash of everything that a picture depends
//! on, and by the hash of the file that lies there; never by a name.

pub mod csv;
mod engine;
mod folder;
mod inputs;
mod journal;
mod record;
mod schedule;
mod shard;
mod stale;
mod summary;
mod task;
mod work;

pub use engine::{Missed, RunEnd, RunOptions, Watcher, run, run_untold};
pub use folder::{Folder, FolderError, STATE};
pub use inputs::{Input, Inputs};
pub use journal::{Journal, read_all};
pub use record::{InputRecord, Labels, Record, Status, VariantLabel};
pub use shard::Shard;
pub use stale::{Stale, prune, stale};
pub use summary::{Summary, time};
pub use task::{Base, Finished, Group, Output, Stop, Worker};
