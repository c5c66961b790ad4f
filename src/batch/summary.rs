//! What a run came to: `summary.json`, and a page for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::{Record, Status};

/// `summary.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    pub name: String,
    pub preset: String,
    /// `1/1`, or the part that this run was.
    pub shard: String,
    /// Files that a complete run of this part writes.
    pub outputs: usize,
    pub done: usize,
    /// Of those done, found whole from an earlier run.
    pub kept: usize,
    /// By reason.
    pub unfit: BTreeMap<String, usize>,
    /// By reason.
    pub rejected: BTreeMap<String, usize>,
    /// By reason.
    pub failed: BTreeMap<String, usize>,
    /// What to do about products that miss the same check again and again.
    #[serde(default)]
    pub advice: Vec<String>,
    /// Not tried, because the run was halted.
    pub left: usize,
    /// Pictures of earlier plans that still lie in the folder.
    pub stale: usize,
    /// Why the run was halted.
    pub halted: Option<String>,
    pub seconds: f64,
    /// Files written per second.
    pub per_second: f64,
}

impl Summary {
    pub fn count(&mut self, record: &Record, kept: bool) {
        let reason = record.reason.clone().unwrap_or_else(|| "unknown".into());
        match record.status {
            Status::Done => {
                self.done += 1;
                self.kept += usize::from(kept);
            }
            Status::Unfit => *self.unfit.entry(reason).or_default() += 1,
            Status::Rejected => *self.rejected.entry(reason).or_default() += 1,
            Status::Failed => *self.failed.entry(reason).or_default() += 1,
        }
    }

    /// The run's exit code: 0 all done, 1 some failed or were rejected, 75 halted.
    pub fn exit_code(&self) -> u8 {
        if self.halted.is_some() {
            75
        } else {
            u8::from(!self.failed.is_empty() || !self.rejected.is_empty())
        }
    }

    /// For people.
    pub fn page(&self) -> String {
        let mut page = String::new();
        let of = |n: usize| if n == 1 { "picture" } else { "pictures" };
        let _ = write!(
            page,
            "{} of {} {} done",
            self.done,
            self.outputs,
            of(self.outputs)
        );
        if self.kept > 0 {
            let _ = write!(page, " ({} kept from before)", self.kept);
        }
        let _ = writeln!(
            page,
            " in {}, {:.1} per second",
            time(self.seconds),
            self.per_second
        );
        for (what, reasons) in [
            ("unfit", &self.unfit),
            ("rejected", &self.rejected),
            ("failed", &self.failed),
        ] {
            for (reason, count) in reasons {
                let _ = writeln!(page, "{count} {what}: {}", reason.replace('_', " "));
            }
        }
        for advice in &self.advice {
            let _ = writeln!(page, "{advice}");
        }
        if let Some(halted) = &self.halted {
            let _ = writeln!(page, "halted: {halted}; {} left: run again to go on", self.left);
        }
        if self.stale > 0 {
            let _ = writeln!(
                page,
                "{} {} of earlier plans lie in the folder: see `parure prune`",
                self.stale,
                of(self.stale)
            );
        }
        page
    }
}

/// A duration for people.
pub fn time(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
