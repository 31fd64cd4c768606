//! The command line: flags and subcommands, and nothing that acts on them.
//!
//! Depends on `domain` for the names of rungs and APIs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Args, Error, Parser, Subcommand, ValueEnum, ValueHint};

use clap_complete::Shell;

use crate::domain::base_url::Api;
use crate::domain::ladder::Rung;
use crate::domain::origin::Origin;
use crate::domain::text::without_steering;
use crate::domain::user::ExternalUser;
use crate::sandbox::Fault;

pub mod pages;

/// The operator console for Airbyte Embedded: from an empty .env to live widget tokens
#[derive(Debug, Parser)]
#[command(name = "embedctl", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    /// Run against a private sandbox in this process; nothing leaves the machine
    #[arg(long)]
    pub sandbox: bool,

    /// The flags that hold everywhere.
    #[command(flatten)]
    pub common: Common,

    /// What to do; the console when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// The env file where none is named.
    pub const ENV_FILE: &str = ".env";

    /// Reads the command line of the process.
    ///
    /// # Errors
    /// It asks for help, or is none. What is repeated of it steers no terminal.
    pub fn read() -> Result<Cli, Error> {
        Cli::try_parse().map_err(harmless)
    }

    /// Reads a command line that is sound.
    #[cfg(test)]
    pub(crate) fn of(line: &str) -> Cli {
        Cli::try_parse_from(line.split_whitespace()).unwrap()
    }
}

const EXAMPLES: &str = "\
Examples:
  embedctl --sandbox                 the whole walk, offline
  embedctl check                     is this setup sound?
  embedctl token mint user-42        one widget token
  embedctl token inspect token.txt   what is in it?

Without a command the console opens. Settings are read from the env file; the process \
environment outranks it, and flags outrank both. Secrets are never flags.";

/// Flags of every command.
#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct Common {
    /// The env file
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = Cli::ENV_FILE,
        help_heading = "Everywhere",
        value_hint = ValueHint::FilePath
    )]
    pub env_file: PathBuf,

    /// The API to speak
    #[arg(long, global = true, value_name = "API", value_parser = api(), help_heading = "Everywhere")]
    pub api: Option<Api>,

    /// Where the API answers
    #[arg(long, global = true, value_name = "URL", value_parser = address, help_heading = "Everywhere")]
    pub base_url: Option<String>,

    /// How results are printed: text for people, or json, exactly one document
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Everywhere"
    )]
    pub output: Output,

    /// Colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = "Everywhere"
    )]
    pub color: Color,

    /// The time limit of one request, whole
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, default_value = "30", help_heading = "Everywhere")]
    pub timeout: Duration,

    /// Certificates to trust beside the system's own
    #[arg(long, global = true, value_name = "PEM", help_heading = "Everywhere", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,

    /// Never ask; a missing confirmation is an error
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub no_input: bool,

    /// Confirm what would be asked
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub yes: bool,

    /// Only results and errors: no warnings, no progress
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Everywhere"
    )]
    pub quiet: bool,

    /// Tell each request on standard error as it happens
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub verbose: bool,

    /// Append each request to this file as a line of JSON, without bodies or secrets; at 10 MiB it becomes PATH.1
    #[arg(long, global = true, value_name = "PATH", help_heading = "Everywhere", value_hint = ValueHint::FilePath)]
    pub log_file: Option<PathBuf>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// Exactly one JSON document on stdout.
    Json,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk the ladder, rung by rung, from the settings to the widget page
    #[command(
        after_help = "Examples:\n  embedctl check --sandbox -o json\n  embedctl check --read-only --junit report.xml\n  embedctl check --only auth --only organization"
    )]
    Check(Check),
    /// The settings: look at them, write them
    #[command(
        subcommand,
        after_help = "Examples:\n  embedctl env check\n  embedctl env show\n  embedctl env set AIRBYTE_CLIENT_SECRET\n  embedctl env import sample.env"
    )]
    Env(Env),
    /// The connection template, which says where customers' data lands
    #[command(
        subcommand,
        after_help = "Examples:\n  embedctl template plan\n  embedctl template create --yes\n  embedctl template list\n  embedctl template delete destination-s3 --confirm destination-s3 --api agents"
    )]
    Template(Template),
    /// Widget tokens: mint them, open them up
    #[command(
        subcommand,
        after_help = "Examples:\n  embedctl token mint user-42\n  embedctl token mint --from users.txt --jobs 8\n  embedctl token inspect token.txt"
    )]
    Token(Token),
    /// Prove that a user's data landed, or say why not
    #[command(
        after_help = "Examples:\n  embedctl verify user-42\n  embedctl verify --wait 10m\n  embedctl verify --since 2026-01-02T03:04:05Z -o json"
    )]
    Verify(Verify),
    /// Write the embedding guide's files, corrected, for your own app
    #[command(
        after_help = "Examples:\n  embedctl export node && node --env-file=.env server.js\n  embedctl export curl --dir setup --api agents\n  embedctl export curl --dir - | less\n\nThe files hold no credential: they read your settings when they run."
    )]
    Export(Export),
    /// Serve the demo app: a page with the widget, and its tokens, until interrupted
    #[command(
        after_help = "Examples:\n  embedctl serve --sandbox --open\n  embedctl serve --user user-42\n  embedctl serve --bind 127.0.0.1:0 -o json\n\nA page that is served elsewhere may ask for tokens too when ALLOWED_ORIGIN names its origin."
    )]
    Serve(Serve),
    /// Serve the stand-in API and its bucket, until interrupted
    #[command(
        after_help = sandbox_help()
    )]
    Sandbox(Sandbox),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL", value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands
    #[command(after_help = "Examples:\n  embedctl man > embedctl.1\n  embedctl man --dir man1")]
    Man {
        /// Write a page for each subcommand into this folder
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

fn sandbox_help() -> String {
    let routes: Vec<&str> = Fault::routes().collect();
    format!(
        "Examples:\n  embedctl sandbox --write-env sandbox.env\n  embedctl sandbox --fault widget=status:503*2\n  embedctl sandbox --fault s3.put=deny\n\nA fault is [ROUTE=]ACTION[*COUNT] or SWITCH[*COUNT].\n\nRoutes: {}.\n\nActions, instead of the request or, with commit+ before one, after it: {}.\n\nActions with the request carried out: {}.\n\nSwitches: {}; so that data does not arrive: {}.",
        routes.join(", "),
        Fault::INSTEAD.join(", "),
        Fault::CARRIED_OUT.join(", "),
        Fault::SWITCHES.join(", "),
        Fault::SETBACKS.join(", "),
    )
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  embedctl completions bash > embedctl.bash
  embedctl completions zsh > _embedctl
  embedctl completions fish > embedctl.fish

bash reads it from ~/.local/share/bash-completion/completions/embedctl, zsh from a \
folder of $fpath, fish from ~/.config/fish/completions/.";

/// `check`
#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct Check {
    /// Run against a private sandbox in this process
    #[arg(long)]
    pub sandbox: bool,

    /// Write nothing: make no workspace, put no probe
    #[arg(long)]
    pub read_only: bool,

    /// Look for the user's data as well
    #[arg(long)]
    pub data: bool,

    /// Leave a rung out
    #[arg(long, value_name = "RUNG", value_parser = rung())]
    pub skip: Vec<Rung>,

    /// Walk this rung only; `config` is always walked
    #[arg(long, value_name = "RUNG", value_parser = rung())]
    pub only: Vec<Rung>,

    /// Mint for this external user instead of EXTERNAL_USER_ID
    #[arg(long, value_name = "ID", value_parser = user)]
    pub user: Option<ExternalUser>,

    /// Mint although no template is known and a workspace would be made
    #[arg(long)]
    pub mint: bool,

    /// Write the rungs as JUnit XML into this file, whatever the outcome
    #[arg(long, value_name = "FILE", value_parser = report, value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
}

/// `env …`
#[derive(Debug, Subcommand)]
pub enum Env {
    /// Tell what is missing or malformed, all at once
    #[command(
        after_help = "Examples:\n  embedctl env check\n  embedctl env check -o json --env-file staging.env"
    )]
    Check,
    /// Show every setting with its source; secrets masked
    #[command(
        after_help = "Examples:\n  embedctl env show\n  embedctl env show --env-file staging.env"
    )]
    Show,
    /// Write settings into the env file, their values asked for or piped in
    #[command(after_help = SET_EXAMPLES)]
    Set(EnvSet),
    /// Take settings over from a pasted block or another env file
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(EnvImport),
}

const SET_EXAMPLES: &str = "\
Examples:
  embedctl env set AIRBYTE_CLIENT_SECRET                 asks for it, unseen
  embedctl env set AIRBYTE_CLIENT_SECRET --from secret.txt
  embedctl env set S3_BUCKET_NAME S3_PATH_PREFIX < two-lines.txt
  embedctl env set S3_ENDPOINT --remove

A value is never an argument: other programs could read it, and the shell keeps it. \
Comments, order and unknown keys of the file stay as they are.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  embedctl env import sample.env
  embedctl env import sample.env --yes --force
  cat block.txt | embedctl env import --yes

The sample apps' names (SONAR_AIRBYTE_CLIENT_ID, S3_BUCKET and so on) are understood. \
A setting that has another value already is kept, unless --force is given or you say so \
when asked.";

/// `env set`
#[derive(Args, Debug)]
pub struct EnvSet {
    /// The settings; of several, each has a line of its own in what is piped in
    // Taken as texts and judged by the command: a value given by mistake must not be repeated.
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,

    /// Read the values from a file, one a line; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "remove")]
    pub from: Option<PathBuf>,

    /// Take the settings out of the file instead
    #[arg(long)]
    pub remove: bool,
}

/// `env import`
#[derive(Args, Debug)]
pub struct EnvImport {
    /// The block, or another env file; standard input when absent or -
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,

    /// Replace settings that have another value already
    #[arg(long)]
    pub force: bool,
}

/// `template …`
#[derive(Debug, Subcommand)]
pub enum Template {
    /// Say what `create` would send, and what exists
    #[command(
        after_help = "Examples:\n  embedctl template plan\n  embedctl template plan --api agents -o json"
    )]
    Plan,
    /// Create the template unless it exists: probe the bucket, ask, send
    #[command(
        after_help = "Examples:\n  embedctl template create --yes\n  embedctl template create --dry-run"
    )]
    Create {
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
        /// Send although one exists, differs, or may exist
        #[arg(long)]
        force: bool,
        /// Send without probing the bucket first
        #[arg(long)]
        skip_probe: bool,
    },
    /// List the templates; where the API cannot, those made from this machine
    #[command(
        after_help = "Examples:\n  embedctl template list\n  embedctl template list --api agents -o json"
    )]
    List,
    /// Delete a template, where the API can; asks for its name
    #[command(
        after_help = "Examples:\n  embedctl template delete destination-s3 --confirm destination-s3 --api agents"
    )]
    Delete {
        /// Its name or its id
        #[arg(value_name = "TEMPLATE")]
        template: String,
        /// Its name, typed again, where nobody can be asked
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
}

/// `token …`
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Mint widget tokens; a user without a workspace gets one
    #[command(
        after_help = "Examples:\n  embedctl token mint user-42\n  embedctl token mint user-42 | embedctl token inspect\n  embedctl token mint --from users.txt --jobs 8 -o json"
    )]
    Mint(Mint),
    /// Open a token up, offline, and judge it
    #[command(
        after_help = "Examples:\n  embedctl token inspect token.txt\n  embedctl token inspect token.txt --origin http://localhost:3001"
    )]
    Inspect {
        /// The file with the token; standard input when absent or -
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// The origin of the page it is meant for
        #[arg(long, value_name = "URL", value_parser = origin)]
        origin: Option<Origin>,
    },
}

/// `token mint`
#[derive(Args, Debug)]
pub struct Mint {
    /// The external users; EXTERNAL_USER_ID when none are given
    #[arg(value_name = "USER", value_parser = named_user)]
    pub users: Vec<ExternalUser>,

    /// Read the users from a file, one a line; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub from: Option<PathBuf>,

    /// The origin the tokens open on, instead of ALLOWED_ORIGIN
    #[arg(long, value_name = "URL", value_parser = origin)]
    pub origin: Option<Origin>,

    /// How many are minted at once
    #[arg(long, value_name = "N", default_value_t = crate::ops::mint::JOBS as u16, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,

    /// Print the tokens alone, one a line, on a terminal too
    #[arg(long)]
    pub raw: bool,
}

/// `verify`
#[derive(Args, Debug)]
pub struct Verify {
    /// The external user; EXTERNAL_USER_ID when absent
    #[arg(value_name = "USER", value_parser = user)]
    pub user: Option<ExternalUser>,

    /// Wait for data, at most this long: 90s, 10m, 1h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,

    /// Count only objects written after this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<jiff::Timestamp>,

    /// Show this many rows of each stream
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub sample: u16,

    /// Read every object, however much that is; else at most 256 MB as stored
    #[arg(long)]
    pub full: bool,
}

/// `export`
#[derive(Args, Debug)]
pub struct Export {
    /// What to write
    #[arg(value_name = "WHAT", value_enum)]
    pub what: Exported,

    /// The folder; - prints the file instead, of node's two the server
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Exported {
    /// A shell script of the guide's three calls: airbyte-embedded.sh
    Curl,
    /// The backend on Node alone, and the page it serves: server.js, index.html
    Node,
    /// The page: index.html
    Html,
}

/// `serve`
#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct Serve {
    /// Run against a private sandbox in this process
    #[arg(long)]
    pub sandbox: bool,

    /// Where to listen, instead of this machine at PORT; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<SocketAddr>,

    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,

    /// Mint for this external user instead of EXTERNAL_USER_ID
    #[arg(long, value_name = "ID", value_parser = user)]
    pub user: Option<ExternalUser>,

    /// Let the page choose the user, by ?user=; for this machine only
    #[arg(long)]
    pub user_param: bool,

    /// Which script makes the widget, own or vendor; own against a sandbox, else the vendor's
    #[arg(long, value_enum, hide_possible_values = true)]
    pub widget: Option<Widget>,

    /// Frame the widget from this host too; may be given again
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub widget_host: Vec<Origin>,

    /// Let in more than this machine
    #[arg(long)]
    pub public: bool,
}

/// Which script makes the widget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Widget {
    /// embedctl's own, offline.
    Own,
    /// The vendor's, from a public network of mirrors.
    Vendor,
}

/// `sandbox`
#[derive(Args, Debug)]
pub struct Sandbox {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000", value_parser = own_address)]
    pub bind: SocketAddr,

    /// Where the bucket listens; the port above the other when absent, a free one when that is 0
    #[arg(long, value_name = "ADDR", value_parser = own_address)]
    pub s3_bind: Option<SocketAddr>,

    /// Keep the bucket's objects in this folder; in memory when absent
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Make the same ids every run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// A fault to inject; may be given again
    #[arg(long, value_name = "SPEC", value_parser = fault)]
    pub fault: Vec<Fault>,

    /// How long widget tokens live, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub token_ttl: Option<Duration>,

    /// Write the settings that reach it into this file
    #[arg(long, value_name = "FILE")]
    pub write_env: Option<PathBuf>,
}

/// Takes out of an error what its arguments would do to a terminal: they may come from anywhere.
fn harmless(mut error: Error) -> Error {
    let texts = error.context().filter_map(|(kind, value)| {
        let ContextValue::String(text) = value else {
            return None;
        };
        Some((kind, ContextValue::String(without_steering(text))))
    });
    let repeated: Vec<(ContextKind, ContextValue)> = texts.collect();
    for (kind, value) in repeated {
        error.insert(kind, value);
    }
    error
}

/// Reads a name of a list, which help and completions know and which a typo is compared with.
fn named<T: Clone + Send + Sync + 'static>(
    names: impl IntoIterator<Item = &'static str>,
    read: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names).try_map(move |name| read(&name).ok_or("it is not in the list"))
}

fn address(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|wrong| {
        let meant = wrong.meant;
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}"));
        format!("it {}{meant}", wrong.why)
    })
}

fn user(text: &str) -> Result<ExternalUser, String> {
    ExternalUser::parse(text).map_err(|why| format!("it {why}"))
}

/// A dash means standard input elsewhere, and no customer is called so.
fn named_user(text: &str) -> Result<ExternalUser, String> {
    match text {
        "-" => Err("it names nobody; `--from -` reads a list from standard input".to_owned()),
        _ => user(text),
    }
}

/// Where the stand-in may listen.
fn own_address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_why| "an address such as 127.0.0.1:8000 is needed".to_owned())?;
    if !address.ip().is_loopback() {
        return Err(
            "the sandbox hands out tokens to whoever asks, so it stays on this machine; bind 127.0.0.1 or [::1]"
                .to_owned(),
        );
    }
    Ok(address)
}

/// A host is an origin without its scheme, which is https but for this machine's own.
fn host(text: &str) -> Result<Origin, String> {
    Origin::parse(text)
        .or_else(|wrong| Origin::parse(wrong.meant.as_deref().unwrap_or(text)))
        .map_err(|wrong| format!("it {}", wrong.why))
}

fn api() -> impl TypedValueParser<Value = Api> {
    named(Api::ALL.map(Api::name), Api::named)
}

fn rung() -> impl TypedValueParser<Value = Rung> {
    named(Rung::ALL.map(Rung::name), Rung::named)
}

/// Standard output has the result already.
fn report(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("standard output holds the result; name a file".to_owned()),
        _ => Ok(PathBuf::from(text)),
    }
}

fn fault(text: &str) -> Result<Fault, String> {
    Fault::from_str(text)
}

fn time(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse()
        .map_err(|_why| "a time such as 2026-01-02T03:04:05Z is needed".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a duration such as 90s, 10m or 1h is needed".to_owned();
    let (number, unit) = text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    );
    let number: u64 = number.parse().map_err(|_why| wrong())?;
    let seconds = match unit {
        "" | "s" => number,
        "m" => number.saturating_mul(60),
        "h" => number.saturating_mul(3600),
        _ => return Err(wrong()),
    };
    Some(seconds)
        .filter(|s| *s <= 86_400)
        .map(Duration::from_secs)
        .ok_or_else(|| "at most 24h".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_why| "a number of seconds is needed".to_owned())?;
    let span = Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|span| !span.is_zero());
    span.filter(|span| *span <= Duration::from_hours(24))
        .ok_or_else(|| "it must be more than 0 and at most 86400".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_an_error_repeats_steers_no_terminal() {
        let hostile = "x\u{1b}]0;owned\u{7}\u{202e}";
        for line in [
            &["check", "--user", hostile][..],
            &["check", "--only", hostile],
            &["token", "mint", hostile],
            &["verify", "u", hostile],
            &[hostile],
            &[&format!("--{hostile}")],
        ] {
            let line = ["embedctl"].iter().chain(line);
            let told = harmless(Cli::try_parse_from(line).unwrap_err());
            let told = told.render().ansi().to_string();
            assert!(told.contains("owned"), "{told:?}");
            assert!(
                !told.contains("\u{1b}]") && !told.contains(['\u{7}', '\u{202e}']),
                "{told:?}"
            );
        }
    }

    #[test]
    fn no_flag_takes_a_secret() {
        let mut commands = vec![Cli::command()];
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(
                    !name.contains("secret") && !name.contains("password"),
                    "{name}"
                );
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
