//! How outputs end: their files, their lines, and who is told.

use std::sync::PoisonError;

use serde_json::Value;

use super::{Todo, Work};
use crate::batch::engine::note_missed;
use crate::batch::folder::machine_is_full;
use crate::batch::record::{InputRecord, Record, Status};
use crate::batch::task::{Base, Finished, Output, Stop, Worker};

impl<W: Worker> Work<'_, W> {
    pub(super) fn write(
        &self,
        base: &Base,
        output: &Output,
        key: &str,
        inputs: &[InputRecord],
        finished: Finished,
    ) -> Result<Record, Stop> {
        let (status, reason) = match finished.rejected.as_slice() {
            [] => (Status::Done, None),
            reasons => (Status::Rejected, Some(reasons.join(", "))),
        };
        self.folder
            .write(&file_of(status, &output.path), &finished.bytes)?;
        Ok(Record {
            path: output.path.clone(),
            status,
            reason,
            detail: finished.detail,
            key: key.to_owned(),
            hash: Some(blake3::hash(&finished.bytes).to_hex().to_string()),
            bytes: Some(finished.bytes.len() as u64),
            width: Some(finished.width),
            height: Some(finished.height),
            labels: output.labels.clone(),
            inputs: inputs.to_vec(),
            seed: base.seed,
            made_by: self.made_by.clone(),
            result: finished.result,
            timings_ms: Value::Null,
        })
    }

    pub(super) fn stopped(
        &self,
        base: &Base,
        output: &Output,
        key: String,
        inputs: Vec<InputRecord>,
        stop: &Stop,
        timings_ms: Value,
    ) -> Record {
        Record {
            path: output.path.clone(),
            status: stop.status,
            reason: Some(stop.reason.clone()),
            detail: Some(stop.detail.clone()),
            key,
            hash: None,
            bytes: None,
            width: None,
            height: None,
            labels: output.labels.clone(),
            inputs,
            seed: base.seed,
            made_by: self.made_by.clone(),
            result: Value::Null,
            timings_ms,
        }
    }

    pub(super) fn end_all(&self, base: &Base, todo: Todo, stop: &Stop, timings: Value) {
        if stop.try_again {
            return;
        }
        for (o, key, inputs) in todo {
            if let Some(output) = base.outputs.get(o) {
                self.end(
                    self.stopped(base, output, key, inputs, stop, timings.clone()),
                    false,
                );
            }
        }
    }

    /// Writes an output's line, removes a picture that it replaces, and tells.
    pub(super) fn end(&self, record: Record, kept: bool) {
        if !kept
            && let Some(old) = self.earlier.get(&record.path)
            && let Some(hash) = &old.hash
            && old.has_file()
            && (!record.has_file() || old.status != record.status)
        {
            // An outdated picture under this name would be taken for the answer.
            self.folder.remove_if(&file_of(old.status, &old.path), hash);
        }
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // A kept output has its line already, unless a shard or another name wrote it: compacting sees to that.
        if !kept
            && let Some(journal) = &mut sink.ended.journal
            && let Err(error) = journal.append(&record)
        {
            let what = if machine_is_full(error.kind()) {
                "the disk is full"
            } else {
                "the manifest cannot be written"
            };
            self.lock_halted().get_or_insert(format!("{what}: {error}"));
            return;
        }
        sink.count += 1;
        sink.ended.summary.count(&record, kept);
        note_missed(&mut sink.ended.missed, &record);
        self.watcher.output(&record, kept);
        if kept && self.earlier.get(&record.path) != Some(&record) {
            sink.ended.relabelled.insert(record.path.clone(), record);
        }
    }

    /// Halts the run when it is the machine that failed.
    pub(super) fn halt_if(&self, stop: &Stop) -> bool {
        if stop.try_again {
            self.lock_halted()
                .get_or_insert(format!("{}: {}", stop.reason.replace('_', " "), stop.detail));
        }
        stop.try_again
    }
}

/// Where the file of an output lies: what misses its tier lies apart, so that it is not uploaded by accident.
pub fn file_of(status: Status, path: &str) -> String {
    match status {
        Status::Rejected => format!("rejected/{path}"),
        _ => path.to_owned(),
    }
}
