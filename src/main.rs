//! The binary: parse, run, exit code.

use std::process::ExitCode;

use embedctl::cli::Cli;
use embedctl::commands::wrote;
use embedctl::domain::failure::Exit;

fn main() -> ExitCode {
    let exit = match Cli::read() {
        Ok(cli) => embedctl::run(&cli),
        Err(error) if error.use_stderr() => wrote(error.print(), Exit::Usage),
        // Help is a result as others are.
        Err(help) => wrote(help.print(), Exit::Done),
    };
    ExitCode::from(exit.code())
}
