//! What is whole from an earlier run, and what is to be made.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Todo, Work, file_of};
use crate::batch::record::{InputRecord, Record, Status};
use crate::batch::task::{Base, Output, Stop, Worker};

impl<W: Worker> Work<'_, W> {
    /// Ends the outputs of a composite that are whole already or whose inputs cannot be read; gives the others.
    pub(super) fn settle(&self, base: &Base, common: &[InputRecord]) -> Todo {
        let mut left = Vec::new();
        let shared = self.hashes(&base.inputs);
        for (o, output) in base.outputs.iter().enumerate() {
            let own = self.hashes(&output.inputs);
            let (shared, own) = match (&shared, own) {
                (Ok(shared), Ok(own)) => (shared, own),
                (Err(stop), _) => {
                    self.end(
                        self.stopped(base, output, String::new(), common.to_vec(), stop, Value::Null),
                        false,
                    );
                    continue;
                }
                (_, Err(stop)) => {
                    self.end(
                        self.stopped(base, output, String::new(), common.to_vec(), &stop, Value::Null),
                        false,
                    );
                    continue;
                }
            };
            let inputs: Vec<InputRecord> = common.iter().chain(shared).cloned().chain(own).collect();
            let key = self.key(base, output, &inputs);
            match self.earlier.get(&output.path) {
                Some(record) if !self.options.force && record.key == key && self.is_whole(record) => {
                    let mut record = record.clone();
                    // Words may change without a pixel changing.
                    record.labels = output.labels.clone();
                    record.inputs = inputs;
                    self.end(record, true);
                }
                _ => left.push((o, key, inputs)),
            }
        }
        left
    }

    fn hashes(&self, paths: &[PathBuf]) -> Result<Vec<InputRecord>, Stop> {
        let record = |path: &PathBuf| {
            Ok(InputRecord {
                path: path.display().to_string(),
                hash: self.inputs.hash(path)?,
            })
        };
        paths.iter().map(record).collect()
    }

    /// The hash of everything that an output depends on. Names of input files are not part of it, their contents are.
    fn key(&self, base: &Base, output: &Output, inputs: &[InputRecord]) -> String {
        let hashes: Vec<&str> = inputs.iter().map(|i| i.hash.as_str()).collect();
        let content = json!([self.made_by, base.spec, base.seed, output.spec, hashes]).to_string();
        blake3::hash(content.as_bytes()).to_hex().to_string()
    }

    /// Whether an earlier record still holds: its file is there, byte for byte, or there is none to be there.
    fn is_whole(&self, record: &Record) -> bool {
        match (record.status, &record.hash) {
            (Status::Done | Status::Rejected, Some(hash)) => {
                self.folder.hash(&file_of(record.status, &record.path)).as_ref() == Some(hash)
            }
            (Status::Unfit, _) => true,
            _ => false,
        }
    }
}
