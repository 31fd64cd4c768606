//! Faults on S3 requests: what `inject` does for the API, in this wire's own shapes.

use std::future::pending;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::access::Verdict;
use super::refusal::Refusal;
use super::target::{Target, Verb};
use super::{Endpoint, Exchange, region};
use crate::sandbox::control;
use crate::sandbox::fault::{Action, Instead, Switch};
use crate::sandbox::inject::{html, redirect};
use crate::sandbox::reshape::reshape;
use crate::sandbox::server::Cut;
use crate::sandbox::world::World;

/// Whom the keys belong to, as IAM names them in its refusals.
const USER: &str = "arn:aws:iam::123456789012:user/acme-embedded";

/// Counts one request.
pub(super) fn note(world: &mut World, verb: Verb, query: Option<&str>) {
    control::note(world, &format!("S3 {}", verb.name()), query, &[]);
}

/// What the state of the world makes of a request that gets through. A denial is no answer of its
/// own: it waits until the signature has been checked.
pub(super) fn verdict(
    world: &mut World,
    action: Option<Action>,
    target: &Target,
) -> (Option<Action>, Verdict) {
    let denial = |verb: Verb, resource: &str| {
        let permission = verb.permission();
        format!(
            "User: {USER} is not authorized to perform: {permission} on resource: \"{resource}\" because no identity-based policy allows the {permission} action"
        )
    };
    let is_denied = action == Some(Action::Deny);
    let leans_on = target.verb.leans_on();
    // HEAD needs the permission of another verb, and is refused with it.
    let is_denied_too = leans_on != target.verb && world.armed.denies(leans_on.path());
    let blind = world.armed.denies(Verb::List.path());
    let verdict = Verdict {
        missing: world.armed.stands(&Switch::BucketMissing),
        region: region(world),
        elsewhere: false,
        denied: (is_denied || is_denied_too).then(|| denial(target.verb, &target.arn())),
        blind: blind.then(|| denial(Verb::List, &target.bucket_arn())),
    };
    (action.filter(|_| !is_denied), verdict)
}

/// Does what a fault says.
pub(super) async fn act(
    action: Action,
    endpoint: &Endpoint,
    exchange: &Exchange,
    request: Request,
) -> Response {
    match action {
        Action::Delay { wait, after: false } => {
            tokio::time::sleep(wait).await;
            endpoint.carry_out(exchange, request).await
        }
        Action::Delay { wait, after: true } => {
            let response = endpoint.carry_out(exchange, request).await;
            tokio::time::sleep(wait).await;
            response
        }
        Action::Reshape(change) => {
            reshape(endpoint.carry_out(exchange, request).await, change).await
        }
        Action::Instead { reply, commit } => {
            let address = request.uri().to_string();
            if commit {
                endpoint.carry_out(exchange, request).await;
            }
            instead(reply, exchange, &address).await
        }
        Action::Deny => endpoint.carry_out(exchange, request).await,
    }
}

async fn instead(reply: Instead, exchange: &Exchange, address: &str) -> Response {
    match reply {
        Instead::Hang => pending().await,
        Instead::Reset => {
            let mut response = StatusCode::OK.into_response();
            response.extensions_mut().insert(Cut);
            response
        }
        Instead::Status(code, said) => exchange.refuse(&status(code, said.as_deref())),
        Instead::Rate(seconds) => {
            let slow = Refusal::known("SlowDown");
            exchange.refuse(&match seconds {
                Some(seconds) => slow.header(header::RETRY_AFTER, seconds.to_string()),
                None => slow,
            })
        }
        Instead::Html(code) => html(code),
        Instead::Redirect(code, url) => redirect(code, url.as_deref()),
        Instead::RedirectLoop => redirect(307, Some(address)),
        Instead::Escapes => {
            let message = "\u{1b}]0;owned\u{7}\u{1b}[31mred\u{9b}2J\u{202e}desrever\r\nsecond line";
            exchange.refuse(&Refusal::new(400, "Invalid\u{1b}[7mRequest", message))
        }
        Instead::Echo => exchange.refuse(&Refusal::new(
            400,
            "InvalidRequest",
            format!("Could not process {address}"),
        )),
    }
}

/// `status:CODE[:NAME[:MESSAGE]]`: a name alone keeps the sentence that goes with it.
fn status(code: u16, said: Option<&str>) -> Refusal {
    let Some(said) = said else {
        return Refusal::usual(code);
    };
    let (name, message) = match said.split_once(':') {
        Some((name, message)) => (name, Some(message)),
        None => (said, None),
    };
    let known = Refusal::known(name);
    Refusal {
        status: code,
        message: message.map_or_else(|| known.message.clone(), str::to_owned),
        ..known
    }
}
