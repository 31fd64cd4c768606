//! How a call is sent: over the one HTTP stack, with time limits, a cap on what is read, retries
//! where repeating is harmless, and a word to the observer for every try.
//!
//! Depends on `http`, `domain`, `dialect`'s call, `error`, `pause`, `problem`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue,
};
use serde_json::{Map, Value};
use url::{Position, Url};

use super::access::{AccessToken, DEFAULT_LIFE};
use super::dialect::Call;
use super::error::{Endpoint, Error};
use super::pause::Pauses;
use super::problem::Problem;
use crate::domain::exchange::{Exchange, GIVEN_UP, To};
use crate::domain::failure::Code;
use crate::domain::moment::{Clock, Moment};
use crate::domain::record::{Body, Proof, Record, address};
use crate::domain::redact::Redactor;
use crate::domain::secret::Secret;
use crate::domain::settings::Access;
use crate::domain::text::sanitize;
use crate::domain::token::jwt_expiry;
use crate::http::{ATTEMPTS, GivenUp, Http, PATIENCE, header_date, location, retry_after};

/// The most that is read of an answer.
pub(super) const BODY_LIMIT: usize = 1 << 20;

/// The least wait before a mint whose answer was lost is tried again: the first may still be making
/// the workspace, and two at once can make two of one name.
const AFTER_LOST_MINT: Duration = Duration::from_secs(1);

/// What the client is made of.
#[derive(Clone)]
pub struct Options {
    /// The HTTP stack.
    pub http: Arc<Http>,
    /// Told of every try of every request, and of every new access token.
    pub observer: Observer,
    /// How much it is told.
    pub detail: Detail,
}

/// How much of a request an observer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What it was, and what became of it.
    Line,
    /// What was said on both sides as well, without secrets; that takes longer than sending it.
    Record,
}

/// Is told what goes over the wire. It must not wait.
pub type Observer = Arc<dyn Fn(Notice) + Send + Sync>;

impl Options {
    /// The documented time limits, nobody watching.
    pub fn quiet() -> Options {
        Options {
            http: Arc::new(Http::new(crate::http::Options::default())),
            observer: Arc::new(|_| {}),
            detail: Detail::Line,
        }
    }
}

/// What an observer is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A request was tried.
    Exchanged(Exchange),
    /// A new access token is held for these credentials: how long it lives, from when.
    AccessToken(Box<Access>, Duration, Moment),
}

/// One request, ready to be sent.
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) url: Url,
    pub(super) bearer: Option<&'a Secret>,
    /// For the header `X-Organization-Id`.
    pub(super) organization: Option<&'a str>,
    pub(super) redactor: Redactor,
}

/// A 2xx answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) url: String,
    pub(super) date: Option<Timestamp>,
    pub(super) received: Moment,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    redactor: Redactor,
}

pub(super) struct Transport {
    options: Options,
    clock: Clock,
    /// Set by every 429 or 503 that names a wait, kept by all calls.
    pauses: Pauses,
}

impl Transport {
    pub(super) fn new(options: Options, clock: Clock) -> Transport {
        Transport {
            options,
            clock,
            pauses: Pauses::default(),
        }
    }

    pub(super) fn tell(&self, notice: Notice) {
        (self.options.observer)(notice);
    }

    /// Sends a request, and sends it again where that is harmless and may help.
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let attempts = if request.call.repeatable { ATTEMPTS } else { 1 };
        let mut attempt = 1;
        loop {
            self.sit_out_pause(&request.url).await?;
            let began = self.clock.now();
            let mut received = Body::Nothing;
            let tries = (attempt, attempts);
            let underway = GivenUp::unless_ended(|| {
                self.tell(Notice::Exchanged(Exchange {
                    lost: Some(Code::Cancelled),
                    why: Some(GIVEN_UP.to_owned()),
                    ..self.exchange(request, began, tries, Body::Nothing)
                }));
            });
            let result = self.try_once(request, &mut received).await;
            underway.ended();
            let wait = match &result {
                Err(error) if attempt < attempts => {
                    self.wait_before_retry(error, request.call.endpoint, attempt)
                }
                _ => None,
            };
            let failed = result.as_ref().err();
            self.tell(Notice::Exchanged(Exchange {
                status: result
                    .as_ref()
                    .map_or_else(Error::status, |answer| Some(answer.status)),
                lost: failed.and_then(Error::lost_as),
                why: failed.map(Error::brief),
                again_in: wait,
                ..self.exchange(request, began, tries, received)
            }));
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return result,
            }
            attempt += 1;
        }
    }

    fn wait_before_retry(
        &self,
        error: &Error,
        endpoint: Endpoint,
        attempt: u32,
    ) -> Option<Duration> {
        if !error.is_worth_retrying() {
            return None;
        }
        let asked = error.retry_after();
        if asked.is_some_and(|asked| asked > PATIENCE) {
            return None;
        }
        let backoff = self.options.http.backoff(attempt);
        let mut wait = backoff.max(asked.unwrap_or_default());
        if endpoint == Endpoint::WidgetToken && error.may_have_been_done() {
            wait = wait.max(AFTER_LOST_MINT);
        }
        Some(wait)
    }

    /// Waits until the service may be called again. A pause may be moved meanwhile by another call;
    /// whoever would wait longer than [`PATIENCE`] in all is told so, and sends nothing.
    async fn sit_out_pause(&self, url: &Url) -> Result<(), Error> {
        let began = self.clock.now();
        loop {
            let now = self.clock.now();
            let Some(left) = self.pauses.left(url, now) else {
                return Ok(());
            };
            if now.since(began) + left.kept > PATIENCE {
                return Err(Error::Paused {
                    asked: left.asked,
                    kept: left.kept,
                    url: without_query(url).to_owned(),
                });
            }
            tokio::time::sleep(left.kept).await;
        }
    }

    /// What is told of a request that has got no answer so far.
    fn exchange(
        &self,
        request: &Request<'_>,
        began: Moment,
        (attempt, attempts): (u32, u32),
        received: Body,
    ) -> Exchange {
        let record = match self.options.detail {
            Detail::Line => Record::default(),
            Detail::Record => record(request, received),
        };
        Exchange {
            to: To::Airbyte,
            at: began.wall,
            method: request.call.method,
            path: request.url.path().to_owned(),
            status: None,
            lost: None,
            took: self.clock.now().since(began),
            attempt,
            attempts,
            why: None,
            again_in: None,
            record: Box::new(record),
        }
    }

    fn lost(&self, error: &reqwest::Error, shown: &str) -> Error {
        Error::lost(self.options.http.lost(error, shown), shown)
    }

    async fn try_once(&self, request: &Request<'_>, received: &mut Body) -> Result<Answer, Error> {
        let url = &request.url;
        let shown = without_query(url).to_owned();
        let client = self
            .options
            .http
            .client(url)
            .map_err(|loss| Error::lost(loss, &shown))?;
        let url = url.clone();
        let mut builder = match request.call.method {
            "GET" => client.get(url),
            "DELETE" => client.delete(url),
            _ => client.post(url),
        };
        builder = builder
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity");
        if let Some(bearer) = request.bearer {
            let value = HeaderValue::from_str(&format!("Bearer {}", bearer.expose()));
            let mut value = value.map_err(|_why| {
                Error::unreadable(None, "the access token cannot be put into a header", &shown)
            })?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(organization) = request.organization {
            builder = builder.header("X-Organization-Id", organization);
        }
        if let Some(body) = &request.call.body {
            builder = builder.json(body);
        }
        let response = builder.send().await.map_err(|e| self.lost(&e, &shown))?;
        self.read(response, request, &shown, received).await
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        request: &Request<'_>,
        shown: &str,
        kept: &mut Body,
    ) -> Result<Answer, Error> {
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let now = self.clock.now();
        let retry_after = retry_after(&headers, now.wall);
        if let (429 | 503, Some(span)) = (status, retry_after) {
            self.pauses.ask(&request.url, span, now);
        }
        if headers
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding != "identity")
        {
            return Err(Error::unreadable(
                Some(status),
                "it is compressed, which was not asked for",
                shown,
            ));
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => {
                    return Err(Error::unreadable(
                        Some(status),
                        "it is larger than 1 MiB",
                        shown,
                    ));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(e) => return Err(self.lost(&e, shown)),
            }
        }
        let received = self.clock.now();
        if self.options.detail == Detail::Record {
            *kept = Body::of_answer(&body, &request.redactor);
        }
        if !(200..300).contains(&status) {
            return Err(Error::Status {
                status,
                problem: Box::new(Problem::read(&body, &request.redactor)),
                retry_after,
                location: location(&headers, &request.url),
                url: shown.to_owned(),
            });
        }
        Ok(Answer {
            status,
            url: shown.to_owned(),
            date: header_date(&headers),
            received,
            headers,
            body,
            redactor: request.redactor.clone(),
        })
    }
}

fn without_query(url: &Url) -> &str {
    &url[..Position::AfterPath]
}

/// What is kept of a request and of the answer's body.
fn record(request: &Request<'_>, received: Body) -> Record {
    Record {
        url: address(request.url.as_str(), &request.redactor),
        proof: match request.bearer {
            Some(_) => Proof::Bearer,
            None => Proof::Nothing,
        },
        organization: request.organization.map(str::to_owned),
        sent: Body::of_request(request.call.body.as_ref(), &request.redactor),
        received,
    }
}

impl Answer {
    /// Makes the error of an answer that is not what it should be; `why` may quote it.
    pub(super) fn unreadable(&self, why: &str) -> Error {
        Error::unreadable(Some(self.status), &self.redactor.redact(why), &self.url)
    }

    /// Reads the body as a JSON object. A byte-order mark is passed over and the content type is
    /// not looked at; of equal keys the last holds.
    pub(super) fn object(&self) -> Result<Value, Error> {
        let body = self
            .body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(self.unreadable("it is empty"));
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(map)) => Ok(Value::Object(map)),
            Ok(Value::Array(_)) => Err(self.unreadable("it is a list where an object belongs")),
            Ok(_) => Err(self.unreadable("it is a single value where an object belongs")),
            Err(_) if Problem::looks_like_html(body) => {
                Err(self.unreadable(&Problem::html_words(body)))
            }
            Err(e) => Err(self.unreadable(&format!(
                "it is not JSON (line {}, column {})",
                e.line(),
                e.column()
            ))),
        }
    }

    /// Returns a field that must be a text with something in it.
    pub(super) fn text<'v>(&self, value: &'v Value, field: &str) -> Result<&'v str, Error> {
        match value.get(field) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            Some(Value::String(_)) => Err(self.unreadable(&format!("its field {field} is blank"))),
            Some(Value::Null) => Err(self.unreadable(&format!("its field {field} is null"))),
            Some(_) => Err(self.unreadable(&format!("its field {field} is not a text"))),
            None => Err(self.unreadable(&format!("it has no field {field}"))),
        }
    }

    /// Returns a field that must be an id, which is a text or a number; sanitized.
    pub(super) fn id(&self, value: &Value, field: &str) -> Result<String, Error> {
        match value.get(field) {
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => self.text(value, field).map(sanitize),
        }
    }

    /// Takes a field out that must be a text with something in it, and leaves no copy of it.
    pub(super) fn secret(&self, value: &mut Value, field: &str) -> Result<Secret, Error> {
        self.text(value, field)?;
        match value.get_mut(field).map(Value::take) {
            Some(Value::String(text)) => Ok(Secret::new(text)),
            _ => Err(self.unreadable(&format!("its field {field} is not a text"))),
        }
    }

    /// Returns a field that must be a list.
    pub(super) fn list<'v>(&self, value: &'v Value, field: &str) -> Result<&'v [Value], Error> {
        match value.get(field) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.unreadable(&format!("its field {field} is not a list"))),
            None => Err(self.unreadable(&format!("it has no field {field}"))),
        }
    }

    /// Takes a token out of the body: characters that can be seen and nothing else, so that it goes
    /// whole into a header, onto a line and through a terminal. `wrong` says of another what it is.
    pub(super) fn token(
        &self,
        body: &mut Value,
        field: &str,
        wrong: &str,
    ) -> Result<Secret, Error> {
        let secret = self.secret(body, field)?;
        if secret.expose().chars().all(|c| c.is_ascii_graphic()) {
            Ok(secret)
        } else {
            Err(self.unreadable(&format!("its field {field} {wrong}")))
        }
    }

    /// Makes an access token of the bearer and of what both APIs say about its life.
    pub(super) fn access_token(&self, body: &mut Value) -> Result<AccessToken, Error> {
        let wrong = "holds characters that no header can carry";
        let secret = self.token(body, "access_token", wrong)?;
        let now = self.date.unwrap_or(self.received.wall);
        let until =
            |exp: Timestamp| Duration::try_from(exp.duration_since(now)).unwrap_or_default();
        let by_jwt = jwt_expiry(secret.expose()).map(until);
        let by_answer = body
            .get("expires_in")
            .and_then(Value::as_u64)
            .map(Duration::from_secs);
        let life = match (by_jwt, by_answer) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Ok(AccessToken {
            secret,
            life: life.unwrap_or(DEFAULT_LIFE),
            life_told: life.is_some(),
            received: self.received,
            organization: None,
            skew: self
                .date
                .map(|date| date.duration_since(self.received.wall)),
        })
    }
}

/// Reads a JSON object leniently; for error bodies, where nothing is owed.
pub(super) fn lenient_object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_that_is_moved_while_it_is_sat_out_is_sat_out_to_its_new_end() {
        let clock = Clock::start();
        let transport = Transport::new(Options::quiet(), clock);
        let url = Url::parse("https://api.example/").unwrap();
        let ask = |milliseconds| {
            let span = Duration::from_millis(milliseconds);
            transport.pauses.ask(&url, span, clock.now());
        };
        ask(50);
        let move_it = async {
            tokio::time::sleep(Duration::from_millis(25)).await;
            ask(200);
        };
        let (sat_out, ()) = tokio::join!(transport.sit_out_pause(&url), move_it);
        sat_out.unwrap();
        assert!(clock.now().uptime >= Duration::from_millis(225));
        ask(50);
        let too_long = async {
            tokio::time::sleep(Duration::from_millis(25)).await;
            ask(90_000);
        };
        let (given_up, ()) = tokio::join!(transport.sit_out_pause(&url), too_long);
        assert!(matches!(given_up, Err(Error::Paused { .. })));
    }
}
