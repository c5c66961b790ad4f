//! The command line: arguments in, exit code out. Each command has a file of its own.

mod accuracy;
mod accuracy_light;
mod accuracy_seam;
mod completions;
mod exit;
mod files;
mod how;
mod locate;
mod manifest;
mod models;
mod once;
mod ordered;
mod plan;
mod progress;
mod prune;
mod run;
mod schema;
mod signals;
mod try_on;
mod watch;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use exit::Exit;

use crate::infer::{self, Backend, Engine, InferOptions};

/// Puts jewelry on people in photographs, at true size.
#[derive(Debug, Parser)]
#[command(
    name = "parure",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 all done; 1 some jobs failed or were rejected; 2 the command or preset is wrong; \
                  75 try again (disk full, out of memory)."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// What runs the models: ONNX Runtime, the embedded engine, or whichever is found
    #[arg(long, global = true, value_enum, default_value_t = Backend::Auto, value_name = "NAME")]
    pub backend: Backend,
    /// ONNX Runtime library to use (1.24 or newer); without it ORT_DYLIB_PATH and the usual library path are tried
    #[arg(long, global = true, value_name = "FILE")]
    pub ort_lib: Option<PathBuf>,
    /// Folder with ONNX models to use instead of the embedded ones
    #[arg(long, global = true, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Say more on stderr (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

// One value of it exists in a process: its size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put one product on people in photographs
    Try(try_on::TryArgs),
    /// Find faces, ears, necks, hands and wrists, and print them
    Locate(locate::LocateArgs),
    /// Run a preset: products on photographs, in variants, exported for shops
    Run(run::RunArgs),
    /// Show what a preset would do, without opening a picture beyond its header
    Plan(plan::PlanArgs),
    /// Run a preset whenever its files change
    Watch(watch::WatchArgs),
    /// Do jobs from standard input, one JSON object per line
    Work(work::WorkArgs),
    /// Print what became of every picture of a run
    Manifest(manifest::ManifestArgs),
    /// List pictures that earlier versions of a preset made, and delete them when told to
    Prune(prune::PruneArgs),
    /// Print the JSON Schema of a format
    Schema(schema::SchemaArgs),
    /// List the models and verify their hashes
    Models(models::ModelsArgs),
    /// Measure the program against rendered people whose anatomy is known
    #[command(hide = true)]
    Accuracy(accuracy::AccuracyArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

impl Global {
    /// Opens the inference engine that the arguments ask for.
    pub fn engine(&self) -> Result<Arc<dyn Engine>, Exit> {
        let options = InferOptions {
            backend: self.backend,
            ort_lib: self.ort_lib.clone(),
            models_dir: self.models.clone(),
            ..InferOptions::default()
        };
        infer::open(&options).map_err(|error| Exit::usage(format!("cannot start the models: {error}")))
    }
}

/// Parses the command line, runs the command and turns its end into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    init_log(cli.global.verbose);
    let end = match &cli.command {
        Command::Try(args) => try_on::run(&cli.global, args),
        Command::Run(args) => run::run(&cli.global, args),
        Command::Plan(args) => plan::run(args),
        Command::Watch(args) => watch::run(&cli.global, args),
        Command::Work(args) => work::run(&cli.global, args),
        Command::Manifest(args) => manifest::run(args),
        Command::Prune(args) => prune::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Locate(args) => locate::run(&cli.global, args),
        Command::Models(args) => models::run(&cli.global, args),
        Command::Accuracy(args) => accuracy::run(&cli.global, args),
        Command::Completions(args) => completions::run(args),
    };
    exit::report(end)
}

/// Log lines go to stderr; results own stdout. `PARURE_LOG` takes a filter such as `parure=debug`.
fn init_log(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "parure=info,warn",
        _ => "parure=debug,info",
    };
    let asked = std::env::var("PARURE_LOG")
        .ok()
        .and_then(|text| text.parse().ok());
    let filter: Targets = asked.or_else(|| default.parse().ok()).unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time();
    let log = tracing_subscriber::registry().with(lines).with(filter).try_init();
    // A log that was set up before (a host program's) is the one to keep.
    drop(log);
}
