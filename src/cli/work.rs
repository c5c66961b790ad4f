//! Jobs from any engine: NDJSON on standard input, one NDJSON result per job on standard output, logs on stderr.

use std::io::{BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::how::{How, Runner};
use super::once::Once;
use super::{Exit, Global, plan};
use crate::batch::{Base, Record, Status, Summary, Watcher};
use crate::preset::{self, Options, Plan};

#[derive(Debug, Args)]
pub struct WorkArgs {
    #[command(flatten)]
    how: How,
}

/// Longest line of a job, bytes.
const LONGEST: u64 = 4 << 20;

/// One job: a line on standard input.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Comes back in the result.
    #[serde(default)]
    pub id: Value,
    /// The preset's file, or the preset itself as an object; paths in the latter are relative to where the program
    /// runs.
    #[schemars(with = "Value")]
    pub preset: Once,
    /// Output folder in place of the preset's.
    pub output: Option<PathBuf>,
    /// Only this look, or this product worn alone.
    pub look: Option<String>,
    /// Only this model.
    pub model: Option<String>,
}

/// What became of a job: a line on standard output.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobResult {
    pub id: Value,
    pub status: JobStatus,
    /// Why it was refused or is to be tried again.
    pub error: Option<String>,
    /// Where the pictures are.
    pub folder: Option<String>,
    /// One record per picture, as in the manifest.
    pub outputs: Vec<Record>,
}

/// The worst of a job's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    Done,
    /// Some pieces cannot be worn on some photographs.
    Unfit,
    /// Some pictures miss their tier.
    Rejected,
    /// Some pictures failed.
    Failed,
    /// The job itself is wrong; trying again does not help.
    Refused,
    /// The machine could not (disk full, ended on request): give it to another, or again.
    TryAgain,
}

impl From<Status> for JobStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::Done,
            Status::Unfit => Self::Unfit,
            Status::Rejected => Self::Rejected,
            Status::Failed => Self::Failed,
        }
    }
}

pub fn run(global: &Global, args: &WorkArgs) -> Result<(), Exit> {
    let runner = Runner::new(global, &args.how)?;
    let stop = super::signals::stop_on_signals()?;
    let lines = Mutex::new(read_lines());
    let all_read = AtomicBool::new(false);
    let worst = Mutex::new(JobStatus::Done);
    let mute = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..runner.jobs() {
            scope.spawn(|| {
                while let Some(line) = next(&lines, &stop, &all_read) {
                    let result = result(&runner, line, &stop);
                    raise(&worst, result.status);
                    if let Err(error) = tell(&result) {
                        // Nobody hears the results: work for nobody is not begun.
                        mute.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                        stop.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    if let Some(exit) = mute.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(exit);
    }
    if !all_read.load(Ordering::SeqCst) {
        // Whoever feeds the jobs must not take those without a result for done.
        raise(&worst, JobStatus::TryAgain);
    }
    match worst.into_inner().unwrap_or_else(PoisonError::into_inner) {
        JobStatus::Done | JobStatus::Unfit => Ok(()),
        JobStatus::Rejected | JobStatus::Failed | JobStatus::Refused => Err(Exit::SomeFailed),
        JobStatus::TryAgain => Err(Exit::TryAgain("some jobs are to be tried again".into())),
    }
}

fn raise(worst: &Mutex<JobStatus>, status: JobStatus) {
    let mut worst = worst.lock().unwrap_or_else(PoisonError::into_inner);
    *worst = status.max(*worst);
}

/// A line with its number, counted from 1, or why there is none.
type Line = (u64, Result<Vec<u8>, String>);

/// Lines of standard input, read by a thread of its own: a wait for the next job must not outlast a request to end.
fn read_lines() -> Receiver<Line> {
    // No queue: a job that is not begun is left to whoever else reads the same pipe.
    let (sender, receiver) = sync_channel(0);
    std::thread::spawn(move || send_lines(&mut std::io::stdin().lock(), &sender));
    receiver
}

fn send_lines(input: &mut impl BufRead, sender: &SyncSender<Line>) {
    for number in 1.. {
        let mut line = Vec::new();
        let read = input.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line);
        let line = match read {
            Ok(0) => return,
            Ok(n) if n as u64 > LONGEST && !line.ends_with(b"\n") => {
                // The rest of the line is passed over, so that the next job is read from its start.
                if skip_line(input).is_err() {
                    return;
                }
                Err(format!("a job of more than {LONGEST} bytes is not read"))
            }
            Ok(_) if line.trim_ascii().is_empty() => continue,
            Ok(_) => Ok(line),
            Err(error) => {
                sender
                    .send((number, Err(format!("standard input: {error}"))))
                    .ok();
                return;
            }
        };
        if sender.send((number, line)).is_err() {
            return;
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        match buffer.iter().position(|b| *b == b'\n') {
            Some(at) => {
                input.consume(at + 1);
                return Ok(());
            }
            None if buffer.is_empty() => return Ok(()),
            None => {
                let length = buffer.len();
                input.consume(length);
            }
        }
    }
}

/// The next job; `None` when the end is asked for, or when there is none, which is told.
fn next(lines: &Mutex<Receiver<Line>>, stop: &AtomicBool, all_read: &AtomicBool) -> Option<Line> {
    loop {
        if stop.load(Ordering::SeqCst) {
            return None;
        }
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => return Some(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                all_read.store(true, Ordering::SeqCst);
                return None;
            }
        }
    }
}

fn tell(result: &JobResult) -> Result<(), Exit> {
    let mut line =
        serde_json::to_vec(result).map_err(|error| Exit::usage(format!("cannot print a result: {error}")))?;
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&line)
        .and_then(|()| out.flush())
        .map_err(|error| Exit::stdout(&error))
}

fn result(runner: &Runner, (number, line): Line, stop: &AtomicBool) -> JobResult {
    let ended = |id: Value, status: JobStatus, error: String| JobResult {
        id,
        status,
        error: Some(error),
        folder: None,
        outputs: Vec::new(),
    };
    let refused = |id: Value, error: String| ended(id, JobStatus::Refused, format!("line {number}: {error}"));
    let line = match line {
        Ok(line) => line,
        Err(error) => return refused(Value::Null, error),
    };
    let job: Job = match serde_json::from_slice(&line) {
        Ok(job) => job,
        Err(error) => {
            // The id is told even when the rest is wrong, so that the engine knows which job it was.
            let id = serde_json::from_slice::<Value>(&line)
                .map(|v| v["id"].clone())
                .unwrap_or_default();
            return refused(id, format!("not a job: {error}"));
        }
    };
    // A panic in one job is that job's failure, and not that of the results still to come.
    let work = || match plan_of(&job) {
        Ok(plan) => make(runner, &job, &plan, stop),
        Err(error) => refused(job.id.clone(), error),
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        ended(
            job.id.clone(),
            JobStatus::Failed,
            "internal error: see the log".into(),
        )
    })
}

fn plan_of(job: &Job) -> Result<Plan, String> {
    let options = Options {
        folder: job.output.clone(),
    };
    let (path, plan) = match &job.preset.0 {
        Value::String(path) => (Path::new(path), preset::plan(Path::new(path), &options)),
        // JSON is YAML. Its errors name this place, and its paths are relative to here.
        inline @ Value::Object(_) => {
            let path = Path::new("job");
            (path, preset::plan_text(&inline.to_string(), path, &options))
        }
        _ => return Err("`preset` is a file name or an object".into()),
    };
    let plan = plan.map_err(|issues| plan::refused(path, &issues))?;
    if plan
        .bases
        .iter()
        .any(|base| chosen(job, &base.look, model(&plan, base.photo)))
    {
        Ok(plan)
    } else {
        Err("the preset has no such look on such a model".into())
    }
}

fn model(plan: &Plan, photo: usize) -> &str {
    plan.photos.get(photo).map_or("", |photo| photo.id.as_str())
}

fn chosen(job: &Job, look: &str, model: &str) -> bool {
    job.look.as_deref().is_none_or(|wanted| wanted == look)
        && job.model.as_deref().is_none_or(|wanted| wanted == model)
}

fn make(runner: &Runner, job: &Job, plan: &Plan, stop: &AtomicBool) -> JobResult {
    let records = Records::default();
    let only = |base: &Base| {
        let labels = base.outputs.first().map(|output| &output.labels);
        labels.is_some_and(|labels| chosen(job, &labels.look, &labels.model))
    };
    let end = runner.make(plan, &only, stop, &records);
    let mut outputs = records.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    outputs.sort_by(|a, b| a.path.cmp(&b.path));
    let worst = outputs.iter().map(|r| JobStatus::from(r.status)).max();
    let (status, error) = match end {
        Ok(end) => halted(&end.summary, worst),
        Err(exit @ (Exit::TryAgain(_) | Exit::Busy(_))) => (JobStatus::TryAgain, exit.message()),
        Err(exit) => (JobStatus::Refused, exit.message()),
    };
    JobResult {
        id: job.id.clone(),
        status,
        error,
        folder: Some(plan.folder.display().to_string()),
        outputs,
    }
}

fn halted(summary: &Summary, worst: Option<JobStatus>) -> (JobStatus, Option<String>) {
    match (&summary.halted, worst) {
        (Some(why), _) => (JobStatus::TryAgain, Some(why.clone())),
        (None, Some(worst)) => (worst, None),
        (None, None) => (JobStatus::TryAgain, Some("nothing was made".into())),
    }
}

#[derive(Default)]
struct Records(Mutex<Vec<Record>>);

impl Watcher for Records {
    fn begin(&self, _: usize) {}

    fn output(&self, record: &Record, _: bool) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `text` as jobs are read, and why others are not.
    fn lines(text: &[u8]) -> Vec<Line> {
        let (sender, receiver) = sync_channel(100);
        send_lines(&mut &text[..], &sender);
        drop(sender);
        receiver.iter().collect()
    }

    #[test]
    fn a_line_too_long_costs_itself_alone() {
        let long = |bytes: u64| vec![b'x'; bytes as usize];
        for (bytes, whole) in [
            (LONGEST - 1, true),
            (LONGEST, true),
            (LONGEST + 1, false),
            (3 * LONGEST, false),
        ] {
            let text = [&long(bytes)[..], b"\n{}\n"].concat();
            let found = lines(&text);
            assert_eq!(found.len(), 2, "{bytes}");
            assert_eq!(found[0].1.is_ok(), whole, "{bytes}");
            assert_eq!(found[1], (2, Ok(b"{}\n".to_vec())), "{bytes}");
        }
    }

    #[test]
    fn empty_lines_are_passed_over_and_a_last_half_line_is_a_job() {
        let found = lines(b"\n  \r\n{}\r\n\n{\"pre");
        assert_eq!(found, [(3, Ok(b"{}\r\n".to_vec())), (5, Ok(b"{\"pre".to_vec()))]);
        assert!(lines(b"").is_empty());
    }
}
