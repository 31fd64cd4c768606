//! The headless face: each subcommand reads the settings, calls one job, prints, and returns an
//! exit code.
//!
//! Depends on `ops`, `demo`, `browser`, `api` (to build the client), `env_file`, `ledger`, `sandbox`, `domain`.

mod arguments;
mod aside;
mod check;
mod env;
mod export;
mod generated;
mod hints;
mod inspect;
mod junit;
mod mint;
mod print;
mod prompt;
mod requests;
mod sandbox;
mod serve;
mod session;
mod signals;
mod template;
mod verify;

use crate::cli::{Cli, Command, Token};
use crate::domain::failure::Exit;

pub use arguments::{env_file_written_over, two_addresses};
pub use print::{Printer, wrote};
pub use requests::Requests;
pub use session::{Environment, Private, Session, clients, outranking, private_sandbox};
pub use signals::LEFT_BEHIND;

/// Runs a subcommand to its end.
pub async fn run(
    cli: &Cli,
    command: &Command,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    if cli.sandbox && !matches!(command, Command::Check(_) | Command::Serve(_)) {
        return printer.usage(
            "--sandbox does not go with this command",
            "a private sandbox ends with its run, so only the console, `check` and `serve` have one",
            "leave it out for the settings' own target; `embedctl sandbox` serves one that lasts",
        );
    }
    if let Some([what, because, hint]) = arguments::env_file_written_over(cli) {
        return printer.usage(what, because, hint);
    }
    match command {
        Command::Check(args) => check::run(cli, args, environment, printer).await,
        Command::Env(args) => env::run(cli, args, environment, printer).await,
        Command::Export(args) => export::run(cli, args, environment, printer).await,
        Command::Template(args) => template::run(cli, args, environment, printer).await,
        Command::Token(Token::Mint(args)) => mint::run(cli, args, environment, printer).await,
        Command::Token(Token::Inspect { file, origin }) => {
            inspect::run(file.as_deref(), origin.as_ref(), environment, printer)
        }
        Command::Verify(args) => verify::run(cli, args, environment, printer).await,
        Command::Serve(args) => serve::run(cli, args, environment, printer).await,
        Command::Completions { shell } => generated::completions(*shell, printer),
        Command::Man { dir } => generated::man(dir.as_deref(), printer),
        Command::Sandbox(args) => sandbox::run(cli, args, environment, printer).await,
    }
}
