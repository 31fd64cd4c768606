//! What went wrong, in the three parts every face shows: what, because, hint.
//!
//! Depends on nothing of ours. One table holds every error code, with its exit code and meaning.

use std::panic::Location;
use std::time::Duration;

/// Names the place where a bug showed itself. Dependencies name files of the machine that built the
/// program; their names suffice.
pub fn place(at: &Location<'_>) -> String {
    let file = at.file();
    format!("{}:{}", file.rsplit('/').next().unwrap_or(file), at.line())
}

/// How the process ends, by what the caller should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Ran to the end; the verdict is negative.
    Negative = 1,
    /// The command line is wrong, or a terminal or a confirmation is missing.
    Usage = 2,
    /// A setting is missing or invalid.
    Setting = 3,
    /// Authentication or permission refused.
    Refused = 4,
    /// The network: name, connection, TLS, proxy, time.
    Network = 5,
    /// The service answered with an error or with nonsense.
    Service = 6,
    /// The outcome of a creation is unknown.
    Unknown = 7,
    /// This machine refused: disk, port.
    Machine = 8,
    /// The bucket refused.
    Bucket = 9,
    /// A bug of ours.
    Bug = 70,
    /// SIGHUP.
    Hangup = 129,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// Every exit code with its meaning and what to do, as the README lists them.
    pub const TABLE: &[(Exit, &str, &str)] = &[
        (Exit::Done, "done; every rung asked for passes", "nothing"),
        (
            Exit::Negative,
            "ran to the end, and the verdict is negative",
            "look",
        ),
        (
            Exit::Usage,
            "usage, or no terminal where one is needed, or a confirmation is needed",
            "fix the command",
        ),
        (
            Exit::Setting,
            "a setting is missing or invalid",
            "fix the env file",
        ),
        (
            Exit::Refused,
            "authentication or permission refused",
            "rotate the credentials, ask Airbyte",
        ),
        (
            Exit::Network,
            "network: name, connection, TLS, proxy, time-out",
            "try again",
        ),
        (
            Exit::Service,
            "the service answered with an error or with nonsense",
            "read the message",
        ),
        (
            Exit::Unknown,
            "the outcome of a creation is unknown: it may exist",
            "look before sending again",
        ),
        (Exit::Machine, "this machine refused: disk, port", "free it"),
        (Exit::Bucket, "the bucket refused", "fix it in AWS"),
        (Exit::Bug, "a bug in embedctl", "report it"),
        (
            Exit::Hangup,
            "ended by SIGHUP, terminal restored",
            "nothing",
        ),
        (
            Exit::Interrupted,
            "ended by SIGINT, terminal restored",
            "nothing",
        ),
        (
            Exit::Terminated,
            "ended by SIGTERM, terminal restored",
            "nothing",
        ),
    ];

    /// Returns the number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $exit:ident $meaning:literal;)*) => {
        /// A failure's code: dotted, stable, listed in the README.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Code {
            /// Every code, in the order of the README's table.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// Returns the dotted name of the JSON output.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// Returns the exit code that the failure leads to.
            pub const fn exit(self) -> Exit {
                match self { $(Code::$variant => Exit::$exit,)* }
            }

            /// Returns what the code means, in one line.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    ConfigMissing "config.missing" Setting "a setting is missing";
    ConfigInvalid "config.invalid" Setting "a setting is not well formed";
    ConfigUnsupported "config.unsupported" Setting "a setting asks for something this version cannot do";
    EnvFileUnreadable "env_file.unreadable" Setting "the env file cannot be read as settings";
    EnvFileMisread "env_file.misread" Negative "other programs would read the env file differently";
    AuthRefused "auth.refused" Refused "the client id or secret is refused";
    AuthExpired "auth.expired" Refused "access tokens are refused even when new";
    AuthForbidden "auth.forbidden" Refused "these credentials lack a permission";
    AuthNotEntitled "auth.not_entitled" Refused "the organization is not entitled to Embedded";
    AuthWrongOrganization "auth.wrong_organization" Refused "the organization is not one of these credentials' own";
    NetworkDns "network.dns" Network "the host's name does not resolve";
    NetworkConnect "network.connect" Network "no connection to the host";
    NetworkTls "network.tls" Network "the host's certificate or TLS is not acceptable";
    NetworkProxy "network.proxy" Network "the proxy does not answer or refuses";
    NetworkTimeout "network.timeout" Network "no complete answer in time";
    NetworkLost "network.lost" Network "the connection was lost before a complete answer";
    ServiceRejected "service.rejected" Service "the service refuses the request";
    ServiceNotFound "service.not_found" Service "the service knows no such endpoint or thing";
    ServiceMoved "service.moved" Service "the organization's endpoint has moved to Airbyte's newer API";
    ServiceRedirect "service.redirect" Service "the service redirects, which is never followed";
    ServiceRateLimited "service.rate_limited" Service "the service asks to slow down";
    ServiceUnavailable "service.unavailable" Service "the service is not available";
    ServiceError "service.error" Service "the service failed inside";
    ServiceUnreadable "service.unreadable" Service "the answer is not what the API promises";
    TemplateConflict "template.conflict" Service "a template of this name with other values exists";
    TemplateUnknown "template.unknown" Unknown "a template may or may not have been created";
    PageUnusable "page.unusable" Service "the widget page is refused by its host, or may not be opened or framed";
    BucketKeys "bucket.keys" Bucket "the access key or its secret is refused";
    BucketDenied "bucket.denied" Bucket "the access key may not do this in the bucket";
    BucketMissing "bucket.missing" Bucket "there is no such bucket";
    BucketRegion "bucket.region" Bucket "the bucket is in another region";
    BucketClock "bucket.clock" Bucket "this machine's clock is too far off for S3";
    BucketRefused "bucket.refused" Bucket "the bucket refuses in another way";
    NoData "data.none" Negative "no data of the user has landed before the deadline";
    TokenExpired "token.expired" Negative "the token has expired";
    TokenWrongOrigin "token.wrong_origin" Negative "the token opens on another origin";
    TokenMalformed "token.malformed" Negative "the text is not a widget token";
    MachineDisk "machine.disk" Machine "a file or folder cannot be read or written";
    MachinePort "machine.port" Machine "a port cannot be bound";
    MachineBrowser "machine.browser" Machine "the browser cannot be opened";
    Cancelled "cancelled" Interrupted "cancelled before the end";
    Internal "internal" Bug "a bug in embedctl";
}

/// One failure, safe to print: no secret, no control character, no Rust type name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which failure.
    pub code: Code,
    /// What was being done and did not work, in the operator's words.
    pub message: String,
    /// Why, with the server's own message where there is one.
    pub because: Option<String>,
    /// What to do next, with the exact key or command.
    pub hint: Option<String>,
    /// The HTTP status, where one came.
    pub status: Option<u16>,
    /// Whether the same call may work later without a change.
    pub retryable: bool,
    /// The wait the service asked for.
    pub retry_after: Option<Duration>,
    /// The URL that was called, without query.
    pub url: Option<String>,
}

impl Failure {
    /// Makes a failure with a message alone.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            because: None,
            hint: None,
            status: None,
            retryable: false,
            retry_after: None,
            url: None,
        }
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because = Some(because.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the exit code.
    pub const fn exit(&self) -> Exit {
        self.code.exit()
    }

    /// Returns how grave the failure is among several users' in one run: 4, 7, 6, 5, then the rest.
    pub fn gravity(&self) -> u8 {
        match self.exit() {
            Exit::Refused => 5,
            Exit::Unknown => 4,
            Exit::Service => 3,
            Exit::Network => 2,
            Exit::Done => 0,
            Exit::Negative
            | Exit::Usage
            | Exit::Setting
            | Exit::Machine
            | Exit::Bucket
            | Exit::Bug
            | Exit::Hangup
            | Exit::Interrupted
            | Exit::Terminated => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_dotted_name() {
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn every_exit_code_of_a_failure_is_in_the_table() {
        for code in Code::ALL {
            assert!(
                Exit::TABLE.iter().any(|row| row.0 == code.exit()),
                "{code:?}"
            );
        }
    }

    #[test]
    fn bulk_failures_rank_as_documented() {
        let mut all = [
            Code::NetworkLost,
            Code::ServiceError,
            Code::TemplateUnknown,
            Code::AuthRefused,
        ]
        .map(|c| Failure::new(c, ""));
        all.sort_by_key(Failure::gravity);
        assert_eq!(all.map(|f| f.exit().code()), [5, 6, 7, 4]);
    }
}
