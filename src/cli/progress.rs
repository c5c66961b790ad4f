//! A run told while it runs: a bar on a terminal, JSON lines for programs, plain lines otherwise.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Exit;
use crate::batch::{Record, Status, Summary, Watcher};
use crate::preset::Plan;

/// How much is said.
#[derive(Debug, Clone, Default, Args)]
pub struct Voice {
    /// Print one JSON object per picture and line, the summary last
    #[arg(long)]
    pub json: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Without a terminal, a line of progress at most this often: a log of an overnight run stays readable.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub struct Progress {
    bar: ProgressBar,
    voice: Voice,
    /// Plain lines in place of the bar.
    plain: bool,
    state: Mutex<State>,
}

struct State {
    start: Instant,
    told: Instant,
    outputs: usize,
    ended: usize,
    /// Of those ended, found whole: they took no time worth counting.
    kept: usize,
}

impl Progress {
    pub fn new(voice: &Voice) -> Self {
        let speaks = !voice.json && !voice.quiet;
        let terminal = std::io::stderr().is_terminal();
        let bar = if speaks && terminal {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let now = Instant::now();
        Self {
            bar,
            voice: voice.clone(),
            plain: speaks && !terminal,
            state: Mutex::new(State {
                start: now,
                told: now,
                outputs: 0,
                ended: 0,
                kept: 0,
            }),
        }
    }

    /// Says what is about to be run.
    pub fn announce(&self, plan: &Plan) {
        if self.voice.json || self.voice.quiet {
            return;
        }
        eprintln!(
            "{}: {} pictures of {} products on {} photographs, into {}",
            plan.name,
            plan.outputs(),
            plan.products.len(),
            plan.photos.len(),
            plan.folder.display()
        );
    }

    /// The page at the end, or the summary as the last JSON line.
    pub fn end(&self, summary: &Summary) -> Result<(), Exit> {
        self.bar.finish_and_clear();
        let text = if self.voice.json {
            serde_json::to_string(&serde_json::json!({ "summary": summary }))
                .map_err(|error| Exit::usage(format!("cannot print the summary: {error}")))?
                + "\n"
        } else if self.voice.quiet {
            return Ok(());
        } else {
            summary.page()
        };
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Exit::stdout(&error))
    }

    fn count(&self, kept: bool) {
        self.bar.inc(1);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended += 1;
        state.kept += usize::from(kept);
        if self.plain && state.told.elapsed() >= LINE_EVERY {
            state.told = Instant::now();
            eprintln!("{}", state.line(state.start.elapsed()));
        }
    }
}

impl State {
    fn line(&self, elapsed: Duration) -> String {
        let made = self.ended - self.kept;
        let rate = made as f64 / elapsed.as_secs_f64().max(1e-3);
        let digits = if rate < 1.0 { 2 } else { 1 };
        let mut line = format!("{} of {}, {rate:.digits$} per second", self.ended, self.outputs);
        if made > 0 {
            let left = (self.outputs - self.ended.min(self.outputs)) as f64 / rate;
            line += &format!(", {} left", crate::batch::time(left));
        }
        line
    }
}

impl Watcher for Progress {
    fn begin(&self, outputs: usize) {
        self.bar.set_length(outputs as u64);
        self.bar.reset_eta();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *state = State {
            start: now,
            told: now,
            outputs,
            ended: 0,
            kept: 0,
        };
    }

    fn output(&self, record: &Record, kept: bool) {
        if self.voice.json {
            let line = serde_json::json!({ "kept": kept, "output": record });
            // A reader that went away does not stop the run; the manifest has it all.
            writeln!(std::io::stdout(), "{line}").ok();
        } else if let Some(told) = told(record, self.voice.quiet) {
            self.bar.suspend(|| eprintln!("{told}"));
        }
        self.count(kept);
    }
}

/// What is said of an output beyond its being counted.
fn told(record: &Record, quiet: bool) -> Option<String> {
    let why = record
        .detail
        .as_deref()
        .or(record.reason.as_deref())
        .unwrap_or_default();
    let path = &record.path;
    match record.status {
        Status::Failed => Some(format!("error: {path}: {why}")),
        Status::Done => None,
        _ if quiet => None,
        Status::Unfit => Some(format!("{path}: no picture: {why}")),
        Status::Rejected => Some(format!("{path}: rejected: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_does_not_count_as_speed() {
        let now = Instant::now();
        let state = State {
            start: now,
            told: now,
            outputs: 100,
            ended: 60,
            kept: 40,
        };
        assert_eq!(
            state.line(Duration::from_secs(10)),
            "60 of 100, 2.0 per second, 20.0 s left"
        );
    }
}
