//! What an API is made of: a table of methods, paths and rules.
//!
//! Each rule is a plain function of the world and one call; nothing in it waits.

use std::future::ready;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{MethodFilter, on};
use serde_json::Value;

use super::Sandbox;
use super::call::Call;
use super::problem::Refusal;
use super::world::World;

/// What a rule comes to. Null: done, and there is nothing to say.
pub(super) type Answer = Result<Value, Refusal>;

/// One route: method, path below the API's prefix, and the rule.
pub(super) struct Rule(
    pub(super) Method,
    pub(super) &'static str,
    pub(super) fn(&mut World, &Call) -> Answer,
);

/// The methods that the APIs use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it is on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// The rules as routes under this prefix. They are not nested: a nested request forgets the whole
/// path, which errors and page addresses repeat.
pub(super) fn routes(rules: &'static [Rule], prefix: &str) -> Router<Sandbox> {
    answering(StatusCode::OK, rules, prefix)
}

/// The same, with another status for what is carried out.
pub(super) fn answering(
    status: StatusCode,
    rules: &'static [Rule],
    prefix: &str,
) -> Router<Sandbox> {
    rules
        .iter()
        .fold(Router::new(), |router, Rule(method, path, rule)| {
            let handler = move |State(sandbox): State<Sandbox>, call: Call| {
                let answer = rule(&mut sandbox.world(), &call);
                let answer = answer.map(move |said| {
                    if said.is_null() {
                        return StatusCode::NO_CONTENT.into_response();
                    }
                    (status, axum::Json(said)).into_response()
                });
                ready(answer.into_response())
            };
            router.route(&format!("{prefix}{path}"), on(method.filter(), handler))
        })
}
