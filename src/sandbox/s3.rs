//! The bucket as S3 serves it: the wire, the refusals, the faults.
//!
//! ```text
//!   request ─▶ target ─▶ inject ─▶ claim ───────▶ s3s ───────▶ access ─▶ bucket ─▶ store
//!              verb,     counts,   who, where,    signature,   whose,    listing
//!              key       faults    when           XML          denied    uploads
//!   answer  ◀─ dressed: request ids, date; every error in S3's own words ◀─┘
//! ```
//!
//! The signature and the XML are the s3s crate's; which requests are refused, and how, is decided
//! here, since that is what a client must tell apart.

mod access;
mod bucket;
mod claim;
mod content;
mod inject;
mod listing;
mod refusal;
mod target;
mod uploads;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use uuid::Uuid;

use super::Sandbox;
use super::inject::date;
use super::world::World;
use access::{Access, Hosts, Keys, Verdict};
use bucket::Bucket;
use claim::{Claim, Judge};
use refusal::{Refusal, element, known};
use target::Target;

/// The region of this endpoint; the bucket's, unless a fault moves it.
const HOME: &str = "us-east-1";
/// Largest object, in bytes.
const MAX_OBJECT: u64 = 256 * 1024 * 1024;
/// Bodies up to this size are read before anything is refused, so that a client that sends before
/// it listens hears the refusal.
const READ_FIRST: u64 = 1024 * 1024;
/// Largest of our own error documents.
const MAX_ERROR: usize = 64 * 1024;

/// The endpoint of one sandbox.
#[derive(Clone)]
struct Endpoint {
    sandbox: Sandbox,
    service: S3Service,
    access_key_id: Arc<str>,
}

/// Everything that is served on the bucket's port.
pub(super) fn router(sandbox: Sandbox) -> Router {
    let settings = sandbox.settings("");
    let setting = |name: &str| {
        let found = settings.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (id, secret) = (
        setting("AWS_S3_ACCESS_KEY_ID"),
        setting("AWS_S3_SECRET_ACCESS_KEY"),
    );
    let store = sandbox.world().store.clone();
    let mut service = S3ServiceBuilder::new(Bucket::new(
        sandbox.clone(),
        store,
        setting("S3_BUCKET_NAME"),
    ));
    service.set_auth(Keys::new(&id, &secret));
    service.set_access(Access::new(setting("S3_BUCKET_NAME")));
    service.set_host(Hosts);
    let mut config = S3Config::default();
    // The clock is judged here, by the sandbox's own, which a fault may have set wrong.
    config.presigned_url_max_skew_time_secs = u32::MAX;
    service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    let endpoint = Endpoint {
        sandbox,
        service: service.build(),
        access_key_id: id.into(),
    };
    Router::new().fallback(answer).with_state(endpoint)
}

/// The region in which the bucket is.
fn region(world: &World) -> String {
    world.armed.bucket_region().unwrap_or(HOME).to_owned()
}

/// Ids of one exchange, as support would be told them.
struct Ids {
    request: String,
    host: String,
}

impl Ids {
    fn new() -> Self {
        let request = Uuid::new_v4().simple().to_string().to_ascii_uppercase();
        Self {
            request: request.chars().take(16).collect(),
            host: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
        }
    }
}

async fn answer(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let exchange = Exchange {
        target: Target::of(&parts),
        ids: Ids::new(),
    };
    let (action, verdict) = {
        let mut world = endpoint.sandbox.world();
        inject::note(&mut world, exchange.target.verb, parts.uri.query());
        let action = world
            .armed
            .take_action(parts.method.as_str(), exchange.target.verb.path());
        inject::verdict(&mut world, action, &exchange.target)
    };
    let mut request = Request::from_parts(parts, read_first(body).await);
    request.extensions_mut().insert(verdict);
    let mut response = match action {
        None => endpoint.carry_out(&exchange, request).await,
        Some(action) => inject::act(action, &endpoint, &exchange, request).await,
    };
    let headers = response.headers_mut();
    for (name, id) in [
        ("x-amz-request-id", &exchange.ids.request),
        ("x-amz-id-2", &exchange.ids.host),
    ] {
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(name, id);
        }
    }
    if let Some(date) = date(&endpoint.sandbox.world()) {
        headers.insert(header::DATE, date);
    }
    response
}

/// A small body, read; a larger one as it comes.
async fn read_first(body: Body) -> Body {
    let size = axum::body::HttpBody::size_hint(&body).exact();
    match size {
        Some(1..=READ_FIRST) => to_bytes(body, usize::MAX).await.map_or_else(
            |_| {
                Body::from_stream(futures_util::stream::once(async {
                    Err::<axum::body::Bytes, _>(std::io::Error::from(
                        std::io::ErrorKind::UnexpectedEof,
                    ))
                }))
            },
            Body::from,
        ),
        Some(_) | None => body,
    }
}

/// One request and what is said of it in the answer.
struct Exchange {
    target: Target,
    ids: Ids,
}

impl Exchange {
    fn refuse(&self, refusal: &Refusal) -> Response {
        refusal.answer(&self.target, &self.ids.request, &self.ids.host)
    }
}

impl Endpoint {
    /// Does what a request asks, or refuses it as S3 would.
    async fn carry_out(&self, exchange: &Exchange, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let (now, region) = {
            let world = self.sandbox.world();
            (world.now(), region(&world))
        };
        let judge = Judge {
            access_key_id: &self.access_key_id,
            regions: &[&region, HOME],
            now,
        };
        let claim = match judge.judge(&parts) {
            Ok(claim) => claim,
            Err(refusal) => return exchange.refuse(&refusal),
        };
        if let Some(verdict) = parts.extensions.get_mut::<Verdict>() {
            verdict.elsewhere = claim.as_ref().is_some_and(|claim| claim.region != region);
        }
        let range = parts.headers.get(header::RANGE).cloned();
        let request = s3s::HttpRequest::from_parts(parts, s3s::Body::http_body_unsync(body));
        let response = match self.service.call(request).await {
            Ok(response) => response.map(Body::new),
            Err(_) => return exchange.refuse(&Refusal::known("InternalError")),
        };
        let status = response.status();
        if status.is_success() || status == 304 {
            return response;
        }
        let refusal = self.worded(exchange, response, claim).await;
        let refusal = match range {
            Some(range) if refusal.code == "InvalidRange" => {
                refusal.detail("RangeRequested", String::from_utf8_lossy(range.as_bytes()))
            }
            Some(_) | None => refusal,
        };
        exchange.refuse(&refusal)
    }

    /// An error of the wire or of our own rules, in S3's words and with what S3 adds to it.
    async fn worded(
        &self,
        exchange: &Exchange,
        response: Response,
        claim: Option<Claim>,
    ) -> Refusal {
        let (parts, body) = response.into_parts();
        let document = to_bytes(body, MAX_ERROR).await.unwrap_or_default();
        let document = String::from_utf8_lossy(&document);
        let code = element(&document, "Code").unwrap_or_else(|| "InternalError".to_owned());
        let said = element(&document, "Message").filter(|text| !text.is_empty());
        let message = said.or_else(|| known(&code).map(|(_, text)| text.to_owned()));
        let status = known(&code).map_or(parts.status.as_u16(), |(status, _)| status);
        let mut refusal = Refusal::new(status, &code, message.unwrap_or_default());
        for name in [&refusal::BUCKET_REGION, &header::CONTENT_RANGE] {
            if let Some(value) = parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
            {
                refusal = refusal.header(name.clone(), value);
            }
        }
        let target = &exchange.target;
        let bucket = target.bucket.clone().unwrap_or_default();
        match code.as_str() {
            "SignatureDoesNotMatch" => match claim {
                Some(claim) => refusal.detail("AWSAccessKeyId", claim.id),
                None => refusal,
            },
            "NoSuchBucket" | "InvalidBucketName" => refusal.detail("BucketName", bucket),
            "NoSuchKey" => refusal.detail("Key", target.key.clone().unwrap_or_default()),
            "PermanentRedirect" => {
                let region = region(&self.sandbox.world());
                let place = format!("{bucket}.s3.{region}.amazonaws.com");
                refusal.detail("Endpoint", place).detail("Bucket", bucket)
            }
            "EntityTooLarge" => refusal.detail("MaxSizeAllowed", MAX_OBJECT.to_string()),
            _ => refusal,
        }
    }
}
