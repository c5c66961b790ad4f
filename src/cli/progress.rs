//! A run told while it runs: a bar on a terminal, JSON lines for programs, plain lines of what went wrong otherwise.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::Exit;
use crate::batch::{Record, Status, Summary, Watcher};

pub struct Progress {
    bar: ProgressBar,
    json: bool,
    quiet: bool,
}

impl Progress {
    pub fn new(json: bool, quiet: bool) -> Self {
        let bar = if !json && !quiet && std::io::stderr().is_terminal() {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar, json, quiet }
    }

    /// The page at the end, or the summary as the last JSON line.
    pub fn end(&self, summary: &Summary) -> Result<(), Exit> {
        self.bar.finish_and_clear();
        let text = if self.json {
            serde_json::to_string(&serde_json::json!({ "summary": summary }))
                .map_err(|error| Exit::usage(format!("cannot print the summary: {error}")))?
                + "\n"
        } else if self.quiet {
            return Ok(());
        } else {
            summary.page()
        };
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Exit::stdout(&error))
    }
}

impl Watcher for Progress {
    fn begin(&self, outputs: usize) {
        self.bar.set_length(outputs as u64);
        self.bar.reset_eta();
    }

    fn output(&self, record: &Record, kept: bool) {
        self.bar.inc(1);
        if self.json {
            let line = serde_json::json!({ "kept": kept, "output": record });
            // A reader that went away does not stop the run; the manifest has it all.
            writeln!(std::io::stdout(), "{line}").ok();
            return;
        }
        let told = match record.status {
            Status::Done => return,
            Status::Unfit if self.quiet => return,
            Status::Failed => format!(
                "error: {}: {}",
                record.path,
                record.detail.as_deref().unwrap_or_default()
            ),
            status => format!(
                "{}: {}: {}",
                record.path,
                if status == Status::Unfit {
                    "no picture"
                } else {
                    "rejected"
                },
                record
                    .detail
                    .as_deref()
                    .or(record.reason.as_deref())
                    .unwrap_or_default()
            ),
        };
        self.bar.suspend(|| eprintln!("{told}"));
    }
}
