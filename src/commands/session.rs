//! What a command starts from: the settings with their sources, the API client, and the ledger.
//!
//! Depends on `api`, `env_file`, `ledger`, `sandbox`, `domain`. The process environment enters as
//! an argument.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::aside::Aside;
use super::requests::Requests;
use crate::api::{self, Client, Detail, Observer};
use crate::bucket;
use crate::cli::{Cli, Command, Common};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::{FIELDS, Key};
use crate::domain::landing::Played;
use crate::domain::moment::Clock;
use crate::domain::settings::{Draft, Finding, Layer, Source};
use crate::domain::text::{reason, sanitize};
use crate::env_file::{self, EnvFile};
use crate::http::{self, Http};
use crate::ledger::{Entry, Ledger, Scope};
use crate::ops::{Customer, Tools};
use crate::sandbox::{Options, Sandbox};

/// The process environment and the terminal, read once at the start.
#[derive(Clone)]
pub struct Environment {
    variables: HashMap<String, String>,
    /// Whether standard input, output and error are terminals.
    pub terminal: Terminal,
    /// Standard error.
    pub aside: Aside,
}

/// Which of the standard streams are terminals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

impl fmt::Debug for Environment {
    /// Of the variables the names only: a value may be anybody's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: BTreeSet<&String> = self.variables.keys().collect();
        f.debug_struct("Environment")
            .field("variables", &names)
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}

impl Environment {
    /// Reads the process environment; variables that are not text are passed over.
    pub fn of_process() -> Environment {
        let variables = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let environment = Environment {
            variables: variables.collect(),
            terminal: Terminal {
                stdin: std::io::stdin().is_terminal(),
                stdout: std::io::stdout().is_terminal(),
                stderr: std::io::stderr().is_terminal(),
            },
            aside: Aside::default(),
        };
        Environment {
            aside: Aside::new(environment.wants_ascii()),
            ..environment
        }
    }

    /// Returns a variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// Returns true when someone is there to answer a question.
    pub fn is_interactive(&self, common: &Common) -> bool {
        self.terminal.stdin && !common.no_input && self.is_watched()
    }

    /// Returns true when someone looks at standard error on a terminal that can redraw a line.
    pub fn is_watched(&self) -> bool {
        let ci = self.get("CI").is_some_and(|v| v != "false" && v != "0");
        self.terminal.stderr && !ci && self.get("TERM") != Some("dumb")
    }

    /// Returns true when the locale names another character set than UTF-8. One that names none
    /// says nothing about the terminal.
    pub fn wants_ascii(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|n| self.get(n));
        locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            !locale.contains("utf-8") && !locale.contains("utf8")
        })
    }

    /// Returns the state folder: `$XDG_STATE_HOME/embedctl`, else `~/.local/state/embedctl`, else none.
    pub fn state_folder(&self) -> Option<PathBuf> {
        let given = self
            .get("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|p| p.is_absolute());
        let home = || {
            self.get("HOME")
                .map(|home| Path::new(home).join(".local/state"))
        };
        given.or_else(home).map(|state| state.join("embedctl"))
    }
}

/// Everything a command works with.
pub struct Session {
    /// The settings, with their sources.
    pub draft: Draft,
    /// The API client.
    pub api: Arc<Client>,
    /// The bucket's client.
    pub bucket: bucket::Client,
    /// The record of what we created.
    pub ledger: Arc<Ledger>,
    /// What is to be told about the env file and the state folder.
    pub warnings: Vec<String>,
    /// The env file, if there is one.
    pub env_file: Option<EnvFile>,
    /// The private sandbox of this run, which ends with it.
    pub private: Option<Private>,
}

impl Session {
    /// Reads the settings and builds the client. Nothing is connected.
    ///
    /// # Errors
    /// The env file cannot be read as settings, or the CA file cannot be read.
    pub fn open(cli: &Cli, environment: &Environment) -> Result<Session, Failure> {
        let common = &cli.common;
        let outranking = outranking(common, environment);
        let resolved = env_file::resolve(&common.env_file, &outranking)?;
        let mut warnings = resolved.warnings;
        if resolved.file.is_none() {
            let name = sanitize(&common.env_file.display().to_string());
            // The console makes the file.
            if common.env_file.as_os_str() != Cli::ENV_FILE && cli.command.is_some() {
                return Err(Failure::new(
                    Code::EnvFileUnreadable,
                    "the env file cannot be read",
                )
                .because(format!("there is no file {name} here"))
                .hint("name one that is there with --env-file; `embedctl env set NAME` makes it"));
            }
            // What is exported holds no setting that may be missing.
            let needs_all = !matches!(cli.command, Some(Command::Export(_)));
            let is_missing = |key| resolved.draft.finding(key) == Finding::Missing;
            if needs_all && Key::all().any(is_missing) {
                warnings.push(format!("there is no {name} here"));
            }
        }
        warnings.extend(unusable_proxies(environment));
        let ledger = Ledger::new(environment.state_folder());
        if !ledger.is_kept() {
            warnings.push(
                "neither XDG_STATE_HOME nor HOME is set: what is created will not be remembered"
                    .to_owned(),
            );
        }
        let requests = Requests::open(common, &environment.aside)?;
        let clients = build(
            common,
            requests.of_api(),
            Detail::Line,
            requests.of_bucket(),
        )?;
        Ok(Session {
            draft: resolved.draft,
            api: clients.api,
            bucket: clients.bucket,
            ledger: Arc::new(ledger),
            warnings,
            env_file: resolved.file,
            private: None,
        })
    }

    /// Starts a private sandbox, with the template made, and reads its settings alone.
    ///
    /// # Errors
    /// No loopback port can be bound, or no temporary folder made.
    pub async fn private(cli: &Cli, environment: &Environment) -> Result<Session, Failure> {
        let private = private_sandbox(true, &cli.common).await?;
        let requests = Requests::open(&cli.common, &environment.aside)?;
        let clients = build(
            &cli.common,
            requests.of_api(),
            Detail::Line,
            requests.of_bucket(),
        )?;
        let session = Session {
            draft: private.draft.clone(),
            api: clients.api,
            bucket: clients.bucket,
            ledger: Arc::new(Ledger::new(Some(private.folder.path().to_owned()))),
            warnings: Vec::new(),
            env_file: None,
            private: None,
        };
        if let Some((id, _name)) = private.sandbox.template_made() {
            let access = session.draft.access()?;
            let scope = Scope::of(&access);
            let (intent, entry) = Entry::intent(&session.draft.template()?);
            let now = session.api.clock().now().wall;
            session.ledger.append(&scope, entry, now)?;
            session
                .ledger
                .append(&scope, Entry::Made { intent, id }, now)?;
        }
        Ok(Session {
            private: Some(private),
            ..session
        })
    }

    /// Returns where credentials are about to go, unless that is the vendor's own or, on this machine,
    /// was written down together with the secret: an env file that came with a folder may name any
    /// host.
    pub fn destination(&self, common: &Common) -> Option<String> {
        let base = self.draft.access().ok()?.base_url;
        let from = self.draft.source(Key::BaseUrl);
        let is_borrowed = from == Source::File && self.draft.source(Key::ClientSecret) != from;
        if base.is_vendor() || (base.is_loopback() && !is_borrowed) {
            return None;
        }
        let from = match from {
            Source::File => common.env_file.display().to_string(),
            Source::Flag => "--base-url".to_owned(),
            Source::Typed | Source::Sandbox | Source::Environment | Source::Default => {
                format!("the {from}")
            }
        };
        let shown = base.shown();
        let host = shown.split_once("://").map_or(shown, |(_, host)| host);
        let proxy = http::proxy_for(shown);
        let through = proxy.map_or_else(String::new, |p| format!(", through the proxy {p}"));
        Some(sanitize(&format!(
            "sending to {host} (from {from}){through}"
        )))
    }

    /// Adds what is to be told about the ledger, for commands that use it. One that cannot be read
    /// at all is told by the job that needs it.
    #[must_use]
    pub fn with_ledger(mut self) -> Session {
        if let Ok(book) = self.ledger.read() {
            self.warnings.extend(book.warnings);
        }
        self
    }

    /// Returns what jobs work with.
    pub fn tools(&self) -> Tools<'_> {
        Tools {
            api: &self.api,
            bucket: &self.bucket,
            ledger: &self.ledger,
        }
    }
}

/// Tells of proxies that the environment names and nothing can be sent through. Their addresses,
/// which may hold a password, are not repeated.
fn unusable_proxies(environment: &Environment) -> impl Iterator<Item = String> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let is_unusable = |name: &&str| {
        let value = environment.get(name);
        value.is_some_and(|value| !http::is_proxy(value))
    };
    names
        .into_iter()
        .filter(is_unusable)
        .map(|name| format!("{name} is not the address of a proxy, so it is not used"))
}

/// Builds the one HTTP stack.
///
/// # Errors
/// The CA file cannot be read.
pub(super) fn http(common: &Common) -> Result<Arc<Http>, Failure> {
    let ca_file = match &common.ca_file {
        None => None,
        Some(path) => Some(std::fs::read(path).map_err(|e| {
            Failure::new(Code::MachineDisk, "the CA file cannot be read")
                .because(format!("{}: {}", path.display(), reason(&e)))
                .hint("--ca-file names a file with certificates in PEM")
        })?),
    };
    Ok(Arc::new(Http::new(http::Options {
        timeout: common.timeout,
        ca_file,
        ..http::Options::default()
    })))
}

/// The clients of the network, over one HTTP stack.
pub struct Clients {
    /// Airbyte's.
    pub api: Arc<Client>,
    /// The bucket's.
    pub bucket: bucket::Client,
}

/// Builds the clients, each with who is told of its requests and of all that is said in them.
///
/// # Errors
/// The CA file cannot be read.
pub fn clients(
    common: &Common,
    observer: Observer,
    bucket_observer: bucket::Observer,
) -> Result<Clients, Failure> {
    build(common, observer, Detail::Record, bucket_observer)
}

fn build(
    common: &Common,
    observer: Observer,
    detail: Detail,
    bucket_observer: bucket::Observer,
) -> Result<Clients, Failure> {
    let http = http(common)?;
    let bucket = bucket::Client::new(Arc::clone(&http), bucket_observer);
    let options = api::Options {
        http,
        observer,
        detail,
    };
    Ok(Clients {
        api: Arc::new(Client::new(options, Clock::start())),
        bucket,
    })
}

/// A sandbox for this one run.
pub struct Private {
    /// The settings that reach it, from nowhere else.
    pub draft: Draft,
    /// Where this run keeps its state; removed when dropped.
    pub folder: tempfile::TempDir,
    sandbox: Sandbox,
}

/// Starts a sandbox on two free loopback ports. Of the flags, the API alone is the caller's to choose.
///
/// # Errors
/// No loopback port can be bound, or no temporary folder made.
pub async fn private_sandbox(template: bool, common: &Common) -> Result<Private, Failure> {
    let folder = tempfile::tempdir().map_err(|e| {
        Failure::new(Code::MachineDisk, "no temporary folder for the sandbox")
            .because(reason(&e))
            .hint("set TMPDIR to a folder that is writable")
    })?;
    let failed = |e: std::io::Error| {
        Failure::new(Code::MachinePort, "no loopback port for the sandbox")
            .because(reason(&e))
            .hint("free a port, or allow binding 127.0.0.1")
    };
    let bind = || tokio::net::TcpListener::bind("127.0.0.1:0");
    let (api, s3) = (bind().await.map_err(failed)?, bind().await.map_err(failed)?);
    let url = format!("http://{}", api.local_addr().map_err(failed)?);
    let s3_url = format!("http://{}", s3.local_addr().map_err(failed)?);
    let sandbox = Sandbox::new(Options {
        template,
        s3_url: Some(s3_url.clone()),
        ..Options::default()
    });
    let values = sandbox
        .settings_with_s3(&url, &s3_url)
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v));
    let draft = Draft::resolve(&[
        (Source::Sandbox, Layer::new(values)),
        (Source::Flag, flags(common)),
    ]);
    // Both answer until the process ends.
    tokio::spawn(sandbox.clone().serve(api, std::future::pending()));
    tokio::spawn(sandbox.clone().serve_s3(s3, std::future::pending()));
    Ok(Private {
        draft,
        folder,
        sandbox,
    })
}

impl Private {
    /// Returns a customer who connects Sample Data, over the API that is spoken.
    pub fn customer(&self) -> Customer {
        let sandbox = self.sandbox.clone();
        let api = self.draft.text(Key::Api);
        Arc::new(move |user| {
            let (sandbox, api) = (sandbox.clone(), api.clone());
            Box::pin(async move {
                let played = sandbox.play(user.as_str(), &api).await.map_err(|why| {
                    Failure::new(Code::ServiceRejected, "the customer could not connect")
                        .because(why)
                        .hint("mint a token for the user first")
                })?;
                let reason = played.get("reason").and_then(serde_json::Value::as_str);
                Ok(reason.map_or(Played::Synced, |why| Played::Nothing(why.to_owned())))
            })
        })
    }
}

/// Returns what outranks the env file: the command line, and the process environment.
pub fn outranking(common: &Common, environment: &Environment) -> Vec<(Source, Layer)> {
    vec![
        (Source::Flag, flags(common)),
        (Source::Environment, process(environment)),
    ]
}

fn flags(common: &Common) -> Layer {
    let api = common
        .api
        .map(|api| (Key::Api.variable().to_owned(), api.name().to_owned()));
    let base = common
        .base_url
        .as_ref()
        .map(|url| (Key::BaseUrl.variable().to_owned(), url.clone()));
    Layer::new(api.into_iter().chain(base))
}

fn process(environment: &Environment) -> Layer {
    let known = FIELDS.iter().filter_map(|f| {
        Some((
            f.variable.to_owned(),
            environment.get(f.variable)?.to_owned(),
        ))
    });
    Layer::new(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_variables_names_alone() {
        let environment = Environment {
            variables: HashMap::from([("TOKEN".to_owned(), "canary".to_owned())]),
            terminal: Terminal::default(),
            aside: Aside::default(),
        };
        let shown = format!("{environment:?}");
        assert!(
            shown.contains("TOKEN") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
