//! The bucket, over S3's own protocol: listed, read, and proved with a probe object.
//!
//! Depends on `http`, `domain`. With the very keys that go into the template, so that what works
//! here works for the connector; over the project's one HTTP stack, so that proxy, certificates and
//! time limits are the same.

mod addressing;
mod answer;
mod error;
mod sign;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::ACCEPT_ENCODING;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use crate::domain::exchange::{Exchange, GIVEN_UP, To};
use crate::domain::failure::{Code, Failure};
use crate::domain::field::Key;
use crate::domain::moment::Clock;
use crate::domain::record::{Body, Proof, Record, address};
use crate::domain::redact::Redactor;
use crate::domain::template::Storage;
use crate::domain::text::sanitize;
use crate::http::{ATTEMPTS, GivenUp, Http, Loss, Lost};

pub use answer::Object;

use addressing::{base, listing_url};
use answer::refusal;
use error::{attempt, lost, may_pass, refused};

/// The most that is read of an answer that is not an object: a page of a thousand long keys.
const ANSWER_LIMIT: usize = 8 << 20;

/// How the probe object's name begins.
const PROBE: &str = "embedctl-probe-";

/// How long the end of the program waits for a probe that is under way.
const SETTLING: Duration = Duration::from_secs(2);

/// The time limit of an object that is read piece by piece: each piece has its own.
const NO_LIMIT: Duration = Duration::from_hours(24 * 365);

/// Is told of every request. It must not wait.
pub type Observer = Arc<dyn Fn(Exchange) + Send + Sync>;

/// The bucket's client. The keys travel in each call.
#[derive(Clone)]
pub struct Client {
    http: Arc<Http>,
    observer: Observer,
    clock: Clock,
    /// Probes that are under way, whoever waits for them.
    probes: TaskTracker,
    /// Tells them that the program is about to end.
    ending: CancellationToken,
}

/// A request.
struct Request<'a> {
    storage: &'a Storage,
    verb: Verb,
    url: &'a str,
    body: &'a [u8],
    /// Whether the answer is read piece by piece, without a limit for the whole.
    streams: bool,
}

/// Why a request was not done.
enum Undone {
    /// There is no object of this key.
    NoSuchKey(Failure),
    /// For any other reason.
    Otherwise(Failure),
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Undone {
        Undone::Otherwise(failure)
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Failure {
        match undone {
            Undone::NoSuchKey(failure) | Undone::Otherwise(failure) => failure,
        }
    }
}

/// An object that is being read.
pub struct Reading {
    response: reqwest::Response,
    http: Arc<Http>,
    key: String,
}

impl Reading {
    /// Returns the next piece; `None` at the end. A service that says nothing for the time limit of
    /// one request is given up, however much it has sent before.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        let loss = match timeout(self.http.timeout(), self.response.chunk()).await {
            Ok(Ok(piece)) => return Ok(piece),
            Ok(Err(error)) => self.http.lost(&error, self.response.url().as_str()),
            Err(_silent) => self.http.silent(self.response.url().as_str()),
        };
        let mut failure = lost(Verb::Get, &self.origin(), &loss);
        failure.because = Some(format!(
            "{}, in the middle of {}",
            loss.why,
            sanitize(&self.key)
        ));
        Err(failure)
    }

    fn origin(&self) -> String {
        self.response.url().origin().ascii_serialization()
    }
}

/// What is done in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Listing keys.
    List,
    /// Writing an object.
    Put,
    /// Reading an object.
    Get,
    /// Deleting an object.
    Delete,
}

impl Verb {
    /// Every verb that the connector needs.
    pub const ALL: [Verb; 4] = [Verb::List, Verb::Put, Verb::Get, Verb::Delete];

    /// Returns the verb's name.
    pub const fn name(self) -> &'static str {
        match self {
            Verb::List => "list",
            Verb::Put => "put",
            Verb::Get => "get",
            Verb::Delete => "delete",
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Verb::List | Verb::Get => "GET",
            Verb::Put => "PUT",
            Verb::Delete => "DELETE",
        }
    }

    const fn permission(self) -> &'static str {
        match self {
            Verb::List => "s3:ListBucket on the bucket",
            Verb::Put => "s3:PutObject on the folder",
            Verb::Get => "s3:GetObject on the folder",
            Verb::Delete => "s3:DeleteObject on the folder",
        }
    }
}

/// What a probe proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The verbs that work.
    pub verbs: Vec<Verb>,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The objects, in the order of their keys.
    pub objects: Vec<Object>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

impl Client {
    /// Makes the client. Nothing is connected before the first call.
    pub fn new(http: Arc<Http>, observer: Observer) -> Client {
        Client {
            http,
            observer,
            clock: Clock::start(),
            probes: TaskTracker::new(),
            ending: CancellationToken::new(),
        }
    }

    /// Has the probes that are under way take themselves away, and waits for it, though not long.
    /// Returns false when one may be left behind. To be called before the program ends.
    pub async fn settle(&self) -> bool {
        self.ending.cancel();
        self.probes.close();
        timeout(SETTLING, self.probes.wait()).await.is_ok()
    }

    /// Lists a page of the keys with a prefix.
    pub async fn list(
        &self,
        storage: &Storage,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Listing, Failure> {
        let url = listing_url(storage, prefix, after, limit);
        let body = self.whole(storage, Verb::List, &url, &[]).await?;
        let page = answer::page(&body).map_err(|why| {
            Failure::new(Code::BucketRefused, "the bucket's answer cannot be read")
                .because(why)
                .hint("check that S3_ENDPOINT is an S3-compatible store, or leave it empty for AWS")
        })?;
        Ok(Listing {
            objects: page.objects,
            next: page.next,
        })
    }

    /// Opens an object for reading, piece by piece; `None` where there is no object of this key, as
    /// when a sync replaced it after it was listed.
    pub async fn open(&self, storage: &Storage, key: &str) -> Result<Option<Reading>, Failure> {
        let request = Request {
            storage,
            verb: Verb::Get,
            url: &base(storage, key),
            body: &[],
            streams: true,
        };
        match self.send(&request).await {
            Ok(response) => Ok(Some(Reading {
                response,
                http: Arc::clone(&self.http),
                key: key.to_owned(),
            })),
            Err(Undone::NoSuchKey(_)) => Ok(None),
            Err(Undone::Otherwise(failure)) => Err(failure),
        }
    }

    /// Proves that the keys can do what the connector does: list, put, get and delete below the
    /// prefix. With `read_only` it lists alone and writes nothing.
    ///
    /// No probe object is left behind: deleting is tried before anything is put, and what was put is
    /// deleted even if this future is dropped; [`Client::settle`] waits for that.
    pub async fn probe(&self, storage: &Storage, read_only: bool) -> Result<Probed, Failure> {
        self.list(storage, &format!("{}/", storage.prefix), None, 1)
            .await?;
        if read_only {
            return Ok(Probed {
                verbs: vec![Verb::List],
            });
        }
        let key = format!("{}/{PROBE}{}", storage.prefix, Uuid::new_v4());
        // S3 answers the deletion of what is not there as it would that of what is.
        self.whole(storage, Verb::Delete, &base(storage, &key), &[])
            .await?;
        let (client, storage) = (self.clone(), storage.clone());
        // A task of its own, so that giving up does not leave the probe behind.
        let task = self
            .probes
            .spawn(async move { client.put_and_get(&storage, &key).await });
        task.await.unwrap_or_else(|_ended| {
            Err(Failure::new(Code::Internal, "the probe ended unexpectedly"))
        })?;
        Ok(Probed {
            verbs: Verb::ALL.to_vec(),
        })
    }

    async fn put_and_get(&self, storage: &Storage, key: &str) -> Result<(), Failure> {
        let url = base(storage, key);
        let content = key.as_bytes();
        let put_and_get = async {
            self.whole(storage, Verb::Put, &url, content).await?;
            self.whole(storage, Verb::Get, &url, &[]).await
        };
        let got = tokio::select! {
            got = put_and_get => got,
            () = self.ending.cancelled() => Err(Failure::new(Code::Cancelled, "the probe of the bucket was given up")),
        };
        // A put whose answer was lost may have been carried out.
        let deleted = self.whole(storage, Verb::Delete, &url, &[]).await;
        let left = |mut failure: Failure| {
            if deleted.is_err() {
                let because = failure.because.take().unwrap_or_default();
                failure.because = Some(format!(
                    "{because}; the probe object {key} may be left in the bucket"
                ));
            }
            failure
        };
        let got = got.map_err(left)?;
        if got != content {
            return Err(left(
                Failure::new(
                    Code::BucketRefused,
                    "the bucket gives back something else than was put",
                )
                .because(format!(
                    "{} bytes were put and {} came back",
                    content.len(),
                    got.len()
                ))
                .hint("look for a proxy or a gateway between here and the bucket"),
            ));
        }
        match &deleted {
            Ok(_) => Ok(()),
            Err(failure) => Err(left(failure.clone())),
        }
    }

    /// Sends a request, again where that may help: every request to a bucket can be repeated.
    async fn send(&self, request: &Request<'_>) -> Result<reqwest::Response, Undone> {
        let mut attempt = 1;
        loop {
            let began = self.clock.now();
            let told = |status, lost, why, again_in| {
                (self.observer)(Exchange {
                    to: To::Bucket,
                    at: began.wall,
                    method: request.verb.method(),
                    path: sanitize(Url::parse(request.url).as_ref().map_or("", Url::path)),
                    status,
                    lost,
                    took: self.clock.now().since(began),
                    attempt,
                    attempts: ATTEMPTS,
                    why,
                    again_in,
                    record: Box::new(record(request.storage, request.verb, request.url)),
                });
            };
            let underway = GivenUp::unless_ended(|| {
                told(None, Some(Code::Cancelled), Some(GIVEN_UP.to_owned()), None);
            });
            let sent = self.try_once(request).await;
            underway.ended();
            let status = sent
                .as_ref()
                .ok()
                .map(|response| response.status().as_u16());
            let how = sent.as_ref().err().and_then(|(_, how)| *how);
            let retry = match status {
                Some(status) => may_pass(status),
                None => how.is_some_and(Lost::is_worth_retrying),
            };
            let wait = (retry && attempt < ATTEMPTS).then(|| self.http.backoff(attempt));
            let why = how.map(|how| how.brief().to_owned());
            told(status, how.map(Lost::code), why, wait);
            let Some(wait) = wait else {
                let response = sent.map_err(|(failure, _)| failure)?;
                return self.accepted(request, response).await;
            };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn try_once(
        &self,
        request: &Request<'_>,
    ) -> Result<reqwest::Response, (Failure, Option<Lost>)> {
        let &Request {
            storage,
            verb,
            url,
            body,
            streams,
        } = request;
        let shown = url.split('?').next().unwrap_or_default();
        let unsent = |why: String| {
            let failure = Failure::new(Code::BucketRefused, attempt(verb)).because(why);
            (failure.hint("check the S3 settings"), None)
        };
        let place = Url::parse(url).map_err(|e| unsent(format!("the address is no URL: {e}")))?;
        let lost = |loss: Loss| {
            let target = place.origin().ascii_serialization();
            (lost(verb, &target, &loss), Some(loss.how))
        };
        let client = self.http.client(&place).map_err(lost)?;
        let now = std::time::SystemTime::from(self.clock.now().wall);
        let signed = sign::headers(storage, verb.method(), url, body, now).map_err(unsent)?;
        let mut builder = match verb {
            Verb::List | Verb::Get => client.get(place.clone()),
            Verb::Put => client.put(place.clone()).body(body.to_vec()),
            Verb::Delete => client.delete(place.clone()),
        };
        builder = builder.header(ACCEPT_ENCODING, "identity");
        for (name, value) in signed {
            builder = builder.header(name, value);
        }
        if streams {
            builder = builder.timeout(NO_LIMIT);
        }
        match timeout(self.http.timeout(), builder.send()).await {
            Ok(sent) => sent.map_err(|e| lost(self.http.lost(&e, shown))),
            Err(_silent) => Err(lost(self.http.silent(shown))),
        }
    }

    async fn accepted(
        &self,
        request: &Request<'_>,
        response: reqwest::Response,
    ) -> Result<reqwest::Response, Undone> {
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = timeout(self.http.timeout(), self.drain(response, request.verb)).await;
        let body = body
            .unwrap_or_else(|_silent| Ok(Vec::new()))
            .unwrap_or_default();
        let failure = refused(request.storage, request.verb, status, &headers, &body);
        Err(if refusal(&body).code == "NoSuchKey" {
            Undone::NoSuchKey(failure)
        } else {
            Undone::Otherwise(failure)
        })
    }

    async fn whole(
        &self,
        storage: &Storage,
        verb: Verb,
        url: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let request = Request {
            storage,
            verb,
            url,
            body,
            streams: false,
        };
        let response = self.send(&request).await?;
        self.drain(response, verb).await
    }

    async fn drain(&self, mut response: reqwest::Response, verb: Verb) -> Result<Vec<u8>, Failure> {
        let shown = response.url().origin().ascii_serialization();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_LIMIT => {
                    return Err(Failure::new(Code::BucketRefused, attempt(verb))
                        .because("the answer is larger than 8 MiB")
                        .hint("check that S3_ENDPOINT is an S3-compatible store"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(e) => {
                    return Err(lost(verb, &shown, &self.http.lost(&e, &shown)));
                }
            }
        }
    }
}

/// What is kept of a request: never a body, since objects are the customers'.
fn record(storage: &Storage, verb: Verb, url: &str) -> Record {
    let secret = (Key::SecretAccessKey.variable(), &storage.secret_access_key);
    let withheld = |what: &str| Body::Withheld(format!("{what}, which is never kept"));
    Record {
        url: address(url, &Redactor::new([secret])),
        proof: Proof::Signature(storage.region.clone()),
        organization: None,
        sent: match verb {
            Verb::Put => withheld("an object"),
            Verb::List | Verb::Get | Verb::Delete => Body::Nothing,
        },
        received: match verb {
            Verb::List => withheld("what the bucket answered"),
            Verb::Get => withheld("an object"),
            Verb::Put | Verb::Delete => Body::Nothing,
        },
    }
}

/// A bucket for tests.
#[cfg(test)]
fn storage() -> Storage {
    Storage {
        bucket: "acme".to_owned(),
        prefix: "p".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: None,
        access_key_id: "AKIA".to_owned(),
        secret_access_key: crate::domain::secret::Secret::new("canary-secret"),
    }
}
