//! The routes, behind one gate.
//!
//! Depends on `guard`, `minting`, `events`, `page`, `answer`, `refusal`, `domain`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, http};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::json;

use super::answer::{self, RequestId};
use super::guard::{Doors, Pass, Verdict};
use super::minting::Mint;
use super::refusal::{Kind, Refusal};
use super::{Watch, Widget, events, page};
use crate::domain::text::sanitize;
use crate::domain::user::ExternalUser;
use crate::domain::visit::{Visit, What};

const PAGE: &str = "/";
const TOKEN: &str = "/api/widget_token";
const EVENT: &str = "/api/embedded_response";

/// How long an event may take to arrive.
const EVENT_TIME: Duration = Duration::from_secs(5);

/// What every request needs.
pub(super) struct Shared {
    pub(super) doors: Doors,
    pub(super) mint: Arc<Mint>,
    pub(super) user: ExternalUser,
    pub(super) chooses_user: bool,
    pub(super) widget: Widget,
    pub(super) public: bool,
    pub(super) watch: Watch,
}

type App = State<Arc<Shared>>;

/// A request that has passed the gate.
#[derive(Clone)]
struct Visitor {
    id: RequestId,
    pass: Pass,
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route(PAGE, get(show))
        // Asking for a token's head alone would mint one as well.
        .route(TOKEN, get(token).head(wrong_method))
        .route(EVENT, post(event))
        .route("/healthz", get(health));
    for (path, kind, text) in page::FILES {
        let file = move || std::future::ready(answer::document(StatusCode::OK, kind, text));
        router = router.route(path, get(file));
    }
    router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&shared), gate))
        .with_state(shared)
}

/// Judges every request before it is routed, and completes every answer.
async fn gate(State(app): App, mut request: Request, next: Next) -> Response {
    let id = RequestId::fresh();
    let verdict = app
        .doors
        .judge(request.method(), request.uri(), request.headers());
    let mut response = match verdict {
        Verdict::Refused(refusal) => {
            let what = app.what(request.uri());
            app.refuse(what, origin_sent(request.headers()), id, &refusal)
        }
        Verdict::Elsewhere(place) => answer::elsewhere(&place),
        Verdict::Pass(pass) => {
            let named = pass.named.then(|| pass.origin.clone());
            let mut response = if request.method() == Method::OPTIONS {
                let asks = named.is_some()
                    && request
                        .headers()
                        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
                if asks {
                    answer::preflight(request.headers())
                } else {
                    answer::nothing()
                }
            } else {
                request.extensions_mut().insert(Visitor { id, pass });
                next.run(request).await
            };
            if let Some(origin) = named {
                answer::readable_by(response.headers_mut(), &origin);
            }
            response
        }
    };
    answer::harden(response.headers_mut(), id);
    response
}

async fn show(State(app): App, uri: Uri, headers: HeaderMap) -> Response {
    app.tell(What::Page, origin_sent(&headers));
    let user = app.user_of(&uri).unwrap_or_else(|_| app.user.clone());
    let html = page::html(&user, app.widget, app.chooses_user);
    let mut response = answer::document(StatusCode::OK, "text/html; charset=utf-8", html);
    if let Some(policy) = page::policy(app.widget, &app.mint.frames) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn token(
    State(app): App,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let sent = origin_sent(&headers);
    let user = match app.user_of(&uri) {
        Ok(user) => user,
        Err(refusal) => {
            return app.refuse(What::Token(app.user.clone()), sent, visitor.id, &refusal);
        }
    };
    let what = What::Token(user.clone());
    match app.mint.token(visitor.pass.origin, user).await {
        Ok(token) => {
            app.tell(what, sent);
            answer::token(&token)
        }
        Err(refusal) => app.refuse(what, sent, visitor.id, &refusal),
    }
}

async fn event(
    State(app): App,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let sent = origin_sent(&headers);
    let body = Limited::new(body, events::LIMIT).collect();
    let refusal = match tokio::time::timeout(EVENT_TIME, body).await {
        Ok(Ok(body)) => match events::read(&body.to_bytes()) {
            Some(event) => {
                app.tell(What::Event(event), sent);
                return answer::nothing();
            }
            None => Refusal::new(Kind::Body)
                .because("it is no JSON object with a \"message\" or a \"type\"")
                .hint("send the widget's event as it came"),
        },
        Ok(Err(e)) if e.is::<LengthLimitError>() => Refusal::new(Kind::Large)
            .because(format!(
                "more than {} KiB are not taken",
                events::LIMIT >> 10
            ))
            .hint("send the event without the source's configuration"),
        Ok(Err(_)) => Refusal::new(Kind::Body).because("it broke off before its end"),
        Err(_) => Refusal::new(Kind::Slow)
            .because(format!("{} seconds were not enough", EVENT_TIME.as_secs())),
    };
    app.refuse(What::Other(EVENT.to_owned()), sent, visitor.id, &refusal)
}

async fn health() -> Response {
    answer::json(StatusCode::OK, &json!({"status": "ok"}))
}

async fn unknown(
    State(app): App,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let refusal = Refusal::new(Kind::Path).hint(format!("the page is {}/", app.doors.own()));
    let what = What::Other(sanitize(uri.path()));
    app.refuse(what, origin_sent(&headers), visitor.id, &refusal)
}

async fn wrong_method(
    State(app): App,
    Extension(visitor): Extension<Visitor>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let takes = if uri.path() == EVENT { "POST" } else { "GET" };
    let refusal = Refusal::new(Kind::Method)
        .because(format!("it is {}", sanitize(method.as_str())))
        .hint(format!("it takes {takes}"));
    let what = What::Other(sanitize(uri.path()));
    let mut response = app.refuse(what, origin_sent(&headers), visitor.id, &refusal);
    let allow = http::HeaderValue::from_static(takes);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

impl Shared {
    /// The user is ours to choose, unless the operator leaves it to the caller.
    fn user_of(&self, uri: &Uri) -> Result<ExternalUser, Refusal> {
        let Some(query) = uri.query() else {
            return Ok(self.user.clone());
        };
        let mut named = url::form_urlencoded::parse(query.as_bytes())
            .filter_map(|(key, value)| (key == "user").then_some(value));
        let Some(user) = named.next() else {
            return Ok(self.user.clone());
        };
        if named.next().is_some() {
            return Err(Refusal::new(Kind::User).because("?user= is there more than once"));
        }
        if !self.chooses_user && user != self.user.as_str() {
            return Err(Refusal::new(Kind::User)
                .because(
                    "a caller does not choose the user: it would open any customer's workspace",
                )
                .hint("on this machine, start the demo app with --user-param to try other users"));
        }
        ExternalUser::parse(&user)
            .map_err(|why| Refusal::new(Kind::User).because(format!("the user {why}")))
    }

    fn what(&self, uri: &Uri) -> What {
        match uri.path() {
            PAGE => What::Page,
            TOKEN => What::Token(self.user.clone()),
            other => What::Other(sanitize(other)),
        }
    }

    /// Tells of a visit that was answered as asked.
    fn tell(&self, what: What, origin: Option<String>) {
        (self.watch)(self.visit(what, origin));
    }

    fn visit(&self, what: What, origin: Option<String>) -> Visit {
        Visit {
            at: self.mint.api.clock().now().wall,
            what,
            origin,
            refused: None,
            hint: None,
        }
    }

    fn refuse(
        &self,
        what: What,
        origin: Option<String>,
        id: RequestId,
        refusal: &Refusal,
    ) -> Response {
        let because = refusal.because.as_ref();
        let because = because.map_or(String::new(), |because| format!(": {because}"));
        let told = format!("{}{because} (request {id})", refusal.message);
        (self.watch)(Visit {
            refused: Some(told),
            hint: refusal.hint.clone(),
            ..self.visit(what, origin)
        });
        answer::refusal(refusal, id, self.public)
    }
}

fn origin_sent(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get(header::ORIGIN)?;
    Some(sanitize(&String::from_utf8_lossy(sent.as_bytes())))
}
