//! What can go wrong with a call, and what that means to the operator.
//!
//! Depends on `domain`, `problem`. [`Error`] stays inside `api`; what leaves is a [`Failure`].

use std::time::Duration;

use super::problem::Problem;
use crate::domain::base_url::Api;
use crate::domain::failure::{Code, Failure};
use crate::domain::settings::Access;
use crate::domain::text::sanitize;
use crate::http::{Loss, Lost};

/// The things that are called; an error's words depend on which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Where credentials become an access token.
    AccessToken,
    /// The organizations of these credentials.
    Organizations,
    /// The workspaces.
    Workspaces,
    /// Connection templates: created.
    Template,
    /// Connection templates: listed.
    Templates,
    /// Connection templates: deleted.
    DeleteTemplate,
    /// The integrations that customers are offered.
    SourceTemplates,
    /// The meaning of a schedule.
    Cron,
    /// What a workspace holds.
    Chain,
    /// The connectors of a user.
    Connectors,
    /// Widget tokens.
    WidgetToken,
    /// The widget page itself.
    Page,
}

impl Endpoint {
    /// Returns what was being done when it failed.
    const fn attempt(self) -> &'static str {
        match self {
            Endpoint::AccessToken => "could not get an access token",
            Endpoint::Organizations => "could not read the organizations of these credentials",
            Endpoint::Workspaces => "could not list the workspaces",
            Endpoint::Template => "could not create the connection template",
            Endpoint::Templates => "could not list the connection templates",
            Endpoint::DeleteTemplate => "could not delete the connection template",
            Endpoint::SourceTemplates => {
                "could not list the integrations that customers are offered"
            }
            Endpoint::Cron => "could not ask what the schedule means",
            Endpoint::Chain => "could not read what the workspace holds",
            Endpoint::Connectors => "could not list the user's connectors",
            Endpoint::WidgetToken => "could not mint a widget token",
            Endpoint::Page => "could not read the widget page",
        }
    }
}

/// An error of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No complete answer came.
    #[error("{why}")]
    Lost {
        /// How it was lost.
        how: Lost,
        /// Why, sanitized.
        why: String,
        /// Whether the service may have received the request.
        sent: bool,
        /// The URL, without query.
        url: String,
    },
    /// The service answered with another status than 2xx.
    #[error("status {status}")]
    Status {
        /// The status.
        status: u16,
        /// What the body says.
        problem: Box<Problem>,
        /// The wait it asks for.
        retry_after: Option<Duration>,
        /// The host it points to.
        location: Option<String>,
        /// The URL, without query.
        url: String,
    },
    /// The service answered, and the answer is not what the API promises.
    #[error("{why}")]
    Unreadable {
        /// The status.
        status: Option<u16>,
        /// What is wrong with it; begins with "it".
        why: String,
        /// The URL, without query.
        url: String,
    },
    /// The call was not sent, because the service had asked for a pause.
    #[error("paused")]
    Paused {
        /// What is left of the pause it asked for.
        asked: Duration,
        /// What is left of the part of it that is kept.
        kept: Duration,
        /// The URL, without query.
        url: String,
    },
    /// The access token was over when it arrived, twice.
    #[error("stale access token")]
    StaleAccessToken,
    /// The call was not sent, because there was no access token for it.
    #[error("no access token")]
    AccessToken(Box<Error>),
}

impl Error {
    pub(super) fn lost(loss: Loss, url: &str) -> Error {
        Error::Lost {
            how: loss.how,
            why: loss.why,
            sent: loss.sent,
            url: url.to_owned(),
        }
    }

    pub(super) fn unreadable(status: Option<u16>, why: &str, url: &str) -> Error {
        Error::Unreadable {
            status,
            why: sanitize(why),
            url: url.to_owned(),
        }
    }

    pub(super) fn in_access_token(self) -> Error {
        Error::AccessToken(Box::new(self))
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Error::Status { status, .. } => Some(*status),
            Error::Unreadable { status, .. } => *status,
            Error::Lost { .. }
            | Error::Paused { .. }
            | Error::StaleAccessToken
            | Error::AccessToken(_) => None,
        }
    }

    /// Returns what it means that no complete answer came, if none did.
    pub(super) fn lost_as(&self) -> Option<Code> {
        match self {
            Error::Lost { how, .. } => Some(how.code()),
            Error::Unreadable { status: None, .. } => Some(Code::ServiceUnreadable),
            Error::Unreadable { .. }
            | Error::Status { .. }
            | Error::Paused { .. }
            | Error::StaleAccessToken
            | Error::AccessToken(_) => None,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Status { retry_after, .. } => *retry_after,
            Error::Lost { .. }
            | Error::Unreadable { .. }
            | Error::Paused { .. }
            | Error::StaleAccessToken
            | Error::AccessToken(_) => None,
        }
    }

    /// Returns true when the same request may succeed if it is sent again soon.
    pub(super) fn is_worth_retrying(&self) -> bool {
        match self {
            Error::Lost { how, .. } => how.is_worth_retrying(),
            Error::Status { status, .. } => may_pass(*status),
            Error::Unreadable { .. }
            | Error::Paused { .. }
            | Error::StaleAccessToken
            | Error::AccessToken(_) => false,
        }
    }

    /// Returns true when the service may have carried the request out.
    pub(super) fn may_have_been_done(&self) -> bool {
        match self {
            Error::Lost { sent, .. } => *sent,
            Error::Status { status, .. } => matches!(status, 408 | 500..),
            Error::Unreadable { .. } => true,
            Error::Paused { .. } | Error::StaleAccessToken | Error::AccessToken(_) => false,
        }
    }

    /// Returns true when a creation was certainly not carried out.
    pub(super) fn is_surely_undone(&self) -> bool {
        !self.may_have_been_done()
    }

    /// Returns why, in a few words, for the log of requests.
    pub(super) fn brief(&self) -> String {
        match self {
            Error::Lost { how, .. } => how.brief().to_owned(),
            Error::Status { problem, .. } => {
                let kind = problem
                    .kind
                    .as_deref()
                    .map(|k| k.trim_start_matches("error:"));
                kind.filter(|k| !k.starts_with("http"))
                    .or(problem.message.as_deref())
                    .unwrap_or_default()
                    .to_owned()
            }
            Error::Unreadable { .. } => "unreadable answer".to_owned(),
            Error::Paused { .. } => "held back".to_owned(),
            Error::StaleAccessToken => "stale access token".to_owned(),
            Error::AccessToken(_) => "no access token".to_owned(),
        }
    }

    /// Words the error for the operator.
    pub(super) fn failure(self, endpoint: Endpoint, access: &Access) -> Failure {
        let place = Place {
            endpoint,
            api: Some(access.api),
            target: access.base_url.shown().to_owned(),
            named_by: "BASE_URL",
        };
        place.failure(self)
    }
}

/// Returns true when the same request may succeed later without a change.
const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 502..=504)
}

/// Where an error came up: what was called, and at whose address.
pub(super) struct Place {
    pub(super) endpoint: Endpoint,
    /// Which API was spoken, if any.
    pub(super) api: Option<Api>,
    pub(super) target: String,
    /// What names that address: a setting, or something else.
    pub(super) named_by: &'static str,
}

impl Place {
    pub(super) fn failure(&self, error: Error) -> Failure {
        let attempt = self.endpoint.attempt();
        match error {
            Error::AccessToken(inner) => Place {
                endpoint: Endpoint::AccessToken,
                api: self.api,
                target: self.target.clone(),
                named_by: self.named_by,
            }
            .failure(*inner),
            Error::StaleAccessToken => Failure::new(
                Code::AuthExpired,
                Endpoint::AccessToken.attempt(),
            )
            .because("the service's access tokens have expired by its own clock when they arrive")
            .hint("its clock or its token life is wrong: tell Airbyte, or whoever runs it"),
            Error::Lost { how, why, url, .. } => {
                let mut failure = Failure::new(how.code(), attempt)
                    .because(why)
                    .hint(how.hint(&self.target, self.named_by));
                failure.retryable = how.may_pass();
                failure.url = Some(url);
                failure
            }
            Error::Unreadable { status, why, url } => {
                let mut failure = Failure::new(Code::ServiceUnreadable, attempt)
                    .because(format!("the answer cannot be read: {why}"))
                    .hint(self.base_url_hint());
                failure.status = status;
                failure.url = Some(url);
                failure
            }
            Error::Paused { asked, kept, url } => {
                let mut failure = self.paused(asked, kept);
                failure.retry_after = Some(asked);
                failure.retryable = true;
                failure.url = Some(url);
                failure
            }
            Error::Status {
                status,
                problem,
                retry_after,
                location,
                url,
            } => {
                let mut failure =
                    self.status_failure(status, &problem, location.as_deref(), retry_after);
                failure.status = Some(status);
                failure.retry_after = retry_after;
                failure.retryable = may_pass(status);
                failure.url = Some(url);
                failure
            }
        }
    }

    fn paused(&self, asked: Duration, kept: Duration) -> Failure {
        // Rounded up: a second too early is refused again.
        let seconds = |span: Duration| span.as_secs() + u64::from(span.subsec_nanos() > 0);
        let left = seconds(asked);
        let early = (kept < asked).then(|| {
            let kept = seconds(kept);
            format!("; from {kept} s on embedctl would ask whether that still holds")
        });
        Failure::new(Code::ServiceRateLimited, self.endpoint.attempt())
            .because(format!(
                "{} asked for a pause, of which {left} s are left; nothing was sent",
                self.target
            ))
            .hint(format!(
                "try again in {left} s{}",
                early.unwrap_or_default()
            ))
    }

    fn base_url_hint(&self) -> String {
        format!(
            "check that BASE_URL ({}) is Airbyte's API and not a page or a proxy",
            self.target
        )
    }

    fn status_failure(
        &self,
        status: u16,
        problem: &Problem,
        location: Option<&str>,
        retry_after: Option<Duration>,
    ) -> Failure {
        let attempt = self.endpoint.attempt();
        let because = format!("{} answered {status}{}", self.target, problem.words());
        let failure = |code: Code| Failure::new(code, attempt).because(because.clone());
        // Both kinds of template have left this API.
        let templates = [Endpoint::Template, Endpoint::SourceTemplates].contains(&self.endpoint);
        let gone = templates && matches!(status, 300..400 | 404 | 410);
        if self.api == Some(Api::V1) && (problem.is_moved() || gone) {
            return moved(&because, location);
        }
        match status {
            300..400 => {
                let target = location.map_or_else(|| "without saying where to".to_owned(), |to| format!("to {to}"));
                Failure::new(Code::ServiceRedirect, attempt)
                    .because(format!("{because}, a redirect {target}; redirects are never followed"))
                    .hint("set BASE_URL to the API's own address")
            }
            400 | 401 | 403 if self.endpoint == Endpoint::AccessToken && !problem.html => {
                Failure::new(Code::AuthRefused, "Airbyte refused the client ID or secret")
                    .because(because)
                    .hint("copy AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET again from Settings > Applications in Airbyte")
            }
            500 if self.endpoint == Endpoint::AccessToken => failure(Code::ServiceError)
                .hint("some Airbyte editions answer 500 to a wrong client ID or secret: check AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET"),
            401 => failure(Code::AuthExpired)
                .hint("the access token was new: check this machine's clock, and that the application still exists"),
            403 if problem.is_not_entitled() => Failure::new(Code::AuthNotEntitled, attempt)
                .because(because)
                .hint("the organization is not entitled to Airbyte Embedded: ask your Airbyte account representative"),
            403 => failure(Code::AuthForbidden).hint(
                "the application's owner must be an admin of the organization in AIRBYTE_ORGANIZATION_ID; a wrong ID is refused in the same way",
            ),
            404 | 410 => failure(Code::ServiceNotFound).hint(self.base_url_hint()),
            409 if self.endpoint == Endpoint::Template => {
                let id = problem.id.as_ref().map_or(String::new(), |id| format!(" (id {id})"));
                Failure::new(Code::TemplateConflict, format!("Airbyte says that this connection template exists{id}"))
                    .because(because)
                    .hint("look in Airbyte under Connection templates")
            }
            429 => {
                let slower = "wait a little and try again; `embedctl token mint --jobs 1` asks for one at a time";
                let hint = retry_after.map_or(slower.to_owned(), |after| {
                    format!("try again in {} s", after.as_secs())
                });
                failure(Code::ServiceRateLimited).hint(hint)
            }
            _ if may_pass(status) => failure(Code::ServiceUnavailable).hint("the service is not available: try again later"),
            500.. => failure(Code::ServiceError).hint(error_hint(self.endpoint)),
            _ => failure(Code::ServiceRejected).hint(problem.field.as_ref().map_or_else(
                || "the message is Airbyte's own; `embedctl check` tells which step it belongs to".to_owned(),
                |field| format!("the field {field} is refused"),
            )),
        }
    }
}

fn error_hint(endpoint: Endpoint) -> &'static str {
    if endpoint == Endpoint::WidgetToken {
        "two workspaces of this name, or a template whose S3 settings Airbyte refuses, end like this: look in Airbyte, then mint for a new external user ID"
    } else {
        "tell Airbyte's support the error id, if there is one"
    }
}

fn moved(because: &str, location: Option<&str>) -> Failure {
    let to = location.map_or(String::new(), |to| format!(", and points to {to}"));
    Failure::new(
        Code::ServiceMoved,
        "this organization has moved to Airbyte's newer API",
    )
    .because(format!("{because}{to}"))
    .hint("set AIRBYTE_API=agents, or give --api agents; nothing was sent anywhere else")
}
