use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit};

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to complete for
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: &CompletionsArgs) -> Result<(), Exit> {
    clap_complete::generate(args.shell, &mut Cli::command(), "parure", &mut std::io::stdout());
    Ok(())
}
