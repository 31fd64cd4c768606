//! embedctl, the operator console for Airbyte Embedded.
//!
//! One core with two faces. Every job is one async function in [`ops`]; the console reaches it
//! through the background task of [`client`], the subcommands of [`commands`] call it directly.
//!
//! ```text
//!             main ─► lib ─► cli
//!                      │
//!         ┌────────────┴─────────────┐
//!         ▼                          ▼
//!        tui                      commands            the faces
//!         │ types only               │    │
//!         ▼                          ▼    ▼
//!       client ──────► demo ─────► ops   sandbox      the task, the demo app, the jobs, the stand-in
//!                                    │
//!                                    ▼
//!             api · bucket · http · env_file · ledger  the world
//!                                    │
//!                                    ▼
//!                                 domain              pure values
//! ```
//!
//! Arrows point one way, and `tests/rules.rs` holds them to it. `sandbox` uses nothing of ours, so
//! that it can disagree with the client.

pub mod api;
pub mod bucket;
pub mod cli;
pub mod client;
pub mod commands;
pub mod demo;
pub mod domain;
pub mod env_file;
pub mod http;
pub mod ledger;
pub mod ops;
pub mod sandbox;
pub mod tui;

mod browser;
mod console;
mod process;

use cli::Cli;
use commands::{Environment, Printer};
use domain::failure::Exit;

/// Runs the command line to its end and returns how the process shall exit.
pub fn run(cli: &Cli) -> Exit {
    process::protect();
    let environment = Environment::of_process();
    let mut printer = Printer::new(&cli.common, &environment);
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let runtime = match process::runtime() {
            Ok(runtime) => runtime,
            Err(failure) => {
                printer.failure(&failure);
                return failure.exit();
            }
        };
        let exit = runtime.block_on(async {
            match &cli.command {
                Some(command) => commands::run(cli, command, &environment, &mut printer).await,
                None => console::run(cli, &environment, &mut printer).await,
            }
        });
        // A task that hangs, such as a name that is being looked up, does not delay the end.
        runtime.shutdown_background();
        exit
    }));
    ran.unwrap_or(Exit::Bug)
}
