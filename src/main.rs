//! The `parure` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    parure::cli::main()
}
