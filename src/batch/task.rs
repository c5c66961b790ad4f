//! What the engine runs, and what does the work.

use std::path::PathBuf;

use serde_json::Value;

use super::inputs::{Input, Inputs};
use super::record::{Labels, Status};

/// One photograph with everything that is made of it.
#[derive(Debug, Clone, Default)]
pub struct Group {
    pub photo: PathBuf,
    /// Files beside the photo that matter when they are there.
    pub beside: Vec<PathBuf>,
    /// Pixels by its header; 0 when that cannot be read.
    pub pixels: u64,
    pub bases: Vec<Base>,
}

/// One composite and the files made of it.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// Files that go into it besides the photo.
    pub inputs: Vec<PathBuf>,
    /// Everything else that decides its pixels, in canonical form.
    pub spec: Value,
    /// Decides its shard: the same in every run of the same preset.
    pub shard_key: String,
    pub seed: u64,
    pub outputs: Vec<Output>,
}

/// One file.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Inside the output folder, `/` between folders.
    pub path: String,
    /// Files that go into it besides those of its composite.
    pub inputs: Vec<PathBuf>,
    /// What is done to the composite, in canonical form.
    pub spec: Value,
    pub labels: Labels,
}

/// Why a job ends without a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Stop {
    /// [`Status::Unfit`] or [`Status::Failed`].
    pub status: Status,
    /// A named reason in `snake_case`.
    pub reason: String,
    /// A sentence for people.
    pub detail: String,
    /// The machine failed, not the job: the run halts and may be started again.
    pub try_again: bool,
}

impl Stop {
    pub fn failed(reason: &str, detail: impl Into<String>) -> Self {
        Self {
            status: Status::Failed,
            reason: reason.into(),
            detail: detail.into(),
            try_again: false,
        }
    }

    pub fn unfit(reason: &str, detail: impl Into<String>) -> Self {
        Self {
            status: Status::Unfit,
            ..Self::failed(reason, detail)
        }
    }

    pub fn try_again(reason: &str, detail: impl Into<String>) -> Self {
        Self {
            try_again: true,
            ..Self::failed(reason, detail)
        }
    }
}

/// A picture ready to be written.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    pub bytes: Vec<u8>,
    pub width: u32,
    pub height: u32,
    /// What is worth telling: placements, scale, quality.
    pub result: Value,
    /// The picture misses its tier, for these reasons.
    pub rejected: Vec<String>,
    /// The same in a sentence for people.
    pub detail: Option<String>,
}

/// Does the work. Calls come from many threads; the results must not depend on which or when.
pub trait Worker: Sync {
    /// A photograph, opened.
    type Scene: Send + Sync;
    /// A composite.
    type Composite: Send;

    /// What the pixels depend on besides inputs and settings: program, backend, models. Part of every key.
    fn fingerprint(&self) -> Value;

    /// Bytes of memory that an open photograph takes, and that opening one takes on top.
    fn scene_bytes(&self, group: &Group) -> u64;

    /// Bytes of memory that making and finishing one composite takes.
    fn composite_bytes(&self, group: &Group) -> u64;

    /// A run begins that opens these groups, each at most once, and no others.
    fn begin(&self, _groups: &[usize]) {}

    /// A group of the run that [`Worker::begin`] told of has been opened, or will not be.
    fn opened(&self, _group: usize) {}

    /// # Errors
    /// The photograph cannot be used; all its jobs end so.
    fn open(&self, group: usize, photo: &Input, inputs: &Inputs) -> Result<Self::Scene, Stop>;

    /// # Errors
    /// The pieces cannot be worn, or a product cannot be used; all outputs of this composite end so.
    fn compose(
        &self,
        scene: &Self::Scene,
        group: usize,
        base: usize,
        inputs: &Inputs,
    ) -> Result<Self::Composite, Stop>;

    /// `key` is the hash of everything that this output depends on.
    ///
    /// # Errors
    /// This output cannot be made.
    fn finish(
        &self,
        scene: &Self::Scene,
        composite: &Self::Composite,
        at: (usize, usize, usize),
        key: &str,
        inputs: &Inputs,
    ) -> Result<Finished, Stop>;
}
