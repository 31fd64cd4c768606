//! `embedctl sandbox`: the stand-in API and its bucket as a server.
//!
//! Depends on `sandbox`, `env_file`, `print`.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Map, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::print::{Printer, Report};
use super::session::Environment;
use super::signals::Signals;
use crate::cli::{self, Cli};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::field::{Group, Key};
use crate::domain::origin::is_loopback;
use crate::domain::secret::Secret;
use crate::domain::text::reason;
use crate::env_file::Edit;
use crate::sandbox::{Options, Sandbox};

pub(super) async fn run(
    _cli: &Cli,
    args: &cli::Sandbox,
    _environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let mut signals = Signals::listen();
    match start(args, printer).await {
        Err(failure) => printer.finish(Report::failed("sandbox", None, &[], &failure)),
        // Nobody can reach what could not say where it is.
        Ok(_) if printer.is_cut_off() => printer.end(Exit::Machine),
        Ok(started) => {
            let ending = CancellationToken::new();
            let sandbox = started.sandbox;
            let served = async {
                let api = sandbox.clone().serve(started.api, ending.cancelled());
                tokio::join!(api, sandbox.serve_s3(started.s3, ending.cancelled()))
            };
            let asked = async {
                let exit = signals.wait().await;
                ending.cancel();
                exit
            };
            let (_, exit) = tokio::join!(served, asked);
            printer.end(exit)
        }
    }
}

/// A sandbox and the ports that it is going to answer on.
struct Started {
    sandbox: Sandbox,
    api: TcpListener,
    s3: TcpListener,
}

/// Where the bucket listens: as asked for, else on the port above the API's, else on a free one.
fn s3_bind(args: &cli::Sandbox) -> SocketAddr {
    args.s3_bind.unwrap_or_else(|| {
        let above = match args.bind.port() {
            0 => 0,
            port => port.checked_add(1).unwrap_or(0),
        };
        SocketAddr::new(args.bind.ip(), above)
    })
}

async fn bind(address: SocketAddr, flag: &str) -> Result<(TcpListener, String), Failure> {
    let busy = |e: std::io::Error| {
        Failure::new(
            Code::MachinePort,
            format!("the sandbox cannot listen on {address}"),
        )
        .because(reason(&e))
        .hint(format!(
            "choose another port with {flag}; port 0 takes a free one"
        ))
    };
    let listener = TcpListener::bind(address).await.map_err(busy)?;
    let url = format!("http://{}", listener.local_addr().map_err(busy)?);
    Ok((listener, url))
}

async fn start(args: &cli::Sandbox, printer: &mut Printer) -> Result<Started, Failure> {
    let (api, url) = bind(args.bind, "--bind").await?;
    let (s3, s3_url) = bind(s3_bind(args), "--s3-bind").await?;
    let sandbox = Sandbox::open(Options {
        seed: args.seed,
        faults: args.fault.clone(),
        widget_token_ttl: args.token_ttl,
        dir: args.dir.clone(),
        ..Options::default()
    });
    let sandbox = sandbox.map_err(|e| {
        let folder = args.dir.as_deref().unwrap_or(Path::new("")).display();
        Failure::new(
            Code::MachineDisk,
            format!("the sandbox cannot keep objects in {folder}"),
        )
        .because(reason(&e))
        .hint("name a folder that is writable with --dir, or leave it out")
    })?;
    let settings = sandbox.settings_with_s3(&url, &s3_url);
    if let Some(path) = &args.write_env {
        write_env(path, &settings)?;
    }
    if printer.is_json() {
        let env: Map<_, _> = settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), json!(v)))
            .collect();
        printer.line(&json!({"api_url": url, "s3_url": s3_url, "env": env}).to_string());
    } else {
        printer.line(&url);
        printer.note(&format!("its bucket, as S3 serves one: {s3_url}"));
        printer.note(match &args.dir {
            None => "a stand-in for Airbyte and its S3 bucket: an empty world of its own, forgotten at the end",
            Some(_) => "a stand-in for Airbyte and its S3 bucket: a world of its own, of which the objects are kept",
        });
        match &args.write_env {
            Some(path) => printer.note(&format!(
                "its settings are in {}: embedctl check --env-file {}",
                path.display(),
                path.display()
            )),
            None => printer.note("--write-env FILE writes the settings that reach it"),
        }
    }
    Ok(Started { sandbox, api, s3 })
}

/// Writes the settings into a file of its own: a file that reaches something else is left alone.
fn write_env(path: &Path, settings: &[(&'static str, String)]) -> Result<(), Failure> {
    let mut edit = Edit::open(path)?;
    let draft = edit.draft();
    let is_sandboxes = Url::parse(&draft.text(Key::BaseUrl)).is_ok_and(|url| is_loopback(&url));
    let replaced = settings
        .iter()
        .filter_map(|(name, _)| Key::of_variable(name))
        .find(|key| key.field().group != Group::Optional && draft.value(*key).is_some());
    if let Some(key) = replaced.filter(|_| !is_sandboxes) {
        return Err(Failure::new(
            Code::MachineDisk,
            format!("{} was not written", path.display()),
        )
        .because(format!(
            "it holds settings that are not a sandbox's, such as {}",
            key.variable()
        ))
        .hint("name another file with --write-env"));
    }
    let values: Vec<(Key, Secret)> = settings
        .iter()
        .filter_map(|(name, value)| Some((Key::of_variable(name)?, Secret::new(value.clone()))))
        .collect();
    edit.apply(&values)?;
    edit.save()?;
    Ok(())
}
