//! Who may do what: judged after the signature, as S3 does.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey, SimpleAuth};
use s3s::host::{S3Host, VirtualHost};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::refusal::BUCKET_REGION;
use super::target::bucket_of_host;

/// What faults say of one request; rides on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    /// The bucket is not there.
    pub(super) missing: bool,
    /// Where the bucket is.
    pub(super) region: String,
    /// It was addressed as if it were in another region.
    pub(super) elsewhere: bool,
    /// Who signs it may not do this; the sentence that says so.
    pub(super) denied: Option<String>,
    /// Who signs it may not list, and so is not told which keys exist.
    pub(super) blind: Option<String>,
}

/// The one key pair.
pub(super) struct Keys(SimpleAuth);

impl Keys {
    pub(super) fn new(id: &str, secret: &str) -> Self {
        Self(SimpleAuth::from_single(id, secret))
    }
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let secret = self.0.lookup(access_key).cloned();
        secret.ok_or_else(|| s3_error!(InvalidAccessKeyId))
    }
}

/// Buckets as names of hosts, when the host is one.
pub(super) struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let found = VirtualHost::new(host);
        Ok(match bucket_of_host(host) {
            Some(bucket) => found.with_bucket(bucket),
            None => found,
        })
    }
}

/// The rules of the one bucket.
pub(super) struct Access {
    bucket: String,
}

impl Access {
    pub(super) fn new(bucket: String) -> Self {
        Self { bucket }
    }
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let verdict = cx
            .extensions_mut()
            .get::<Verdict>()
            .cloned()
            .unwrap_or_default();
        let operation = cx.s3_op().name();
        let Some(bucket) = cx.s3_path().get_bucket_name() else {
            return match cx.credentials() {
                None => Err(s3_error!(AccessDenied, "Access Denied")),
                Some(_) => verdict.denied.map_or(Ok(()), |why| Err(denied(why))),
            };
        };
        if operation == "CreateBucket" {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        if verdict.missing || bucket != self.bucket {
            return Err(s3_error!(NoSuchBucket));
        }
        let located = |error| Err(at(error, &verdict.region));
        if cx.credentials().is_none() {
            return located(s3_error!(AccessDenied, "Access Denied"));
        }
        if verdict.elsewhere && operation != "GetBucketLocation" {
            let why = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
            let mut moved =
                S3Error::with_message(S3ErrorCode::Custom("PermanentRedirect".into()), why);
            moved.set_status_code(StatusCode::MOVED_PERMANENTLY);
            return located(moved);
        }
        match verdict.denied.clone() {
            Some(why) => located(denied(why)),
            None => Ok(()),
        }
    }
}

/// An error that says why, as IAM does.
pub(super) fn denied(why: String) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, why)
}

/// An error that names the bucket's region in a header.
fn at(mut error: S3Error, region: &str) -> S3Error {
    if let Ok(value) = HeaderValue::from_str(region) {
        error.set_headers(HeaderMap::from_iter([(BUCKET_REGION, value)]));
    }
    error
}
