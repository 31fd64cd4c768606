//! The binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = embedctl::cli::Cli::parse();
    ExitCode::from(embedctl::run(&cli).code())
}
