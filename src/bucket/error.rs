//! What a failure of S3 means to the operator.
//!
//! Depends on `answer`, `http` and `domain`.

use reqwest::header::HeaderMap;

use super::{Verb, answer};
use crate::domain::failure::{Code, Failure};
use crate::domain::template::Storage;
use crate::domain::text::sanitize;
use crate::http::Loss;

/// Words a request that was lost.
pub(super) fn lost(verb: Verb, target: &str, loss: &Loss) -> Failure {
    let mut failure = Failure::new(loss.how.code(), attempt(verb))
        .because(loss.why.as_str())
        .hint(loss.how.hint(target, "S3_ENDPOINT"));
    failure.retryable = loss.how.may_pass();
    failure
}

/// Returns true when the same request may succeed later without a change.
pub(super) const fn may_pass(status: u16) -> bool {
    matches!(status, 429 | 500 | 502..=504)
}

/// What was being done when it failed.
pub(super) const fn attempt(verb: Verb) -> &'static str {
    match verb {
        Verb::List => "could not list the bucket",
        Verb::Put => "could not put an object into the bucket",
        Verb::Get => "could not get an object from the bucket",
        Verb::Delete => "could not delete an object from the bucket",
    }
}

/// Words a refusal of S3: which verb, why, and what to do.
pub(super) fn refused(
    storage: &Storage,
    verb: Verb,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Failure {
    let refusal = answer::refusal(body);
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(sanitize)
    };
    let region = refusal
        .region
        .clone()
        .or_else(|| header("x-amz-bucket-region"));
    let said = match (refusal.code.as_str(), refusal.message.as_str()) {
        ("", _) => String::new(),
        (code, "") => format!(": {code}"),
        (code, message) => format!(": {code}, {message}"),
    };
    let because = format!(
        "{} of {} answered {status}{said}",
        verb.name(),
        storage.bucket
    );
    let elsewhere = region.filter(|r| *r != storage.region);
    let (code, hint) = match (refusal.code.as_str(), status, elsewhere) {
        (_, 301 | 307 | 400, Some(region)) => (
            Code::BucketRegion,
            format!("the bucket is in {region}: set S3_BUCKET_REGION={region}"),
        ),
        (
            "PermanentRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException",
            _,
            _,
        ) => (
            Code::BucketRegion,
            "S3_BUCKET_REGION is not the bucket's region; AWS's console shows it beside the bucket"
                .to_owned(),
        ),
        ("InvalidAccessKeyId", _, _) => (
            Code::BucketKeys,
            "S3 does not know this key: copy AWS_S3_ACCESS_KEY_ID again, or make a new key in IAM"
                .to_owned(),
        ),
        ("SignatureDoesNotMatch", _, _) => (
            Code::BucketKeys,
            "the secret does not belong to the key: copy AWS_S3_SECRET_ACCESS_KEY again".to_owned(),
        ),
        ("RequestTimeTooSkewed", _, _) => (
            Code::BucketClock,
            "set this machine's clock; S3 allows 15 minutes".to_owned(),
        ),
        ("NoSuchBucket", _, _) => (
            Code::BucketMissing,
            format!(
                "there is no bucket named {}: check S3_BUCKET_NAME, or make it",
                storage.bucket
            ),
        ),
        (_, 404, _) if verb == Verb::List => (
            Code::BucketMissing,
            format!(
                "there is no bucket named {}: check S3_BUCKET_NAME, or make it",
                storage.bucket
            ),
        ),
        (_, 401 | 403, _) => (
            Code::BucketDenied,
            format!("allow the key {}", verb.permission()),
        ),
        ("", ..) => (
            Code::BucketRefused,
            "this is not how S3 answers: check S3_ENDPOINT, and look for a proxy in between"
                .to_owned(),
        ),
        _ => (
            Code::BucketRefused,
            "the message is S3's own; try again later if it is a passing one".to_owned(),
        ),
    };
    let mut failure = Failure::new(code, attempt(verb))
        .because(because)
        .hint(hint);
    failure.status = Some(status);
    failure.retryable = may_pass(status);
    failure
}

#[cfg(test)]
mod tests {
    use super::super::storage;
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let refused = |status, code: &str, region: &str| {
            let body = format!("<Error><Code>{code}</Code><Message>m</Message>{region}</Error>");
            super::refused(
                &storage(),
                Verb::Put,
                status,
                &HeaderMap::new(),
                body.as_bytes(),
            )
        };
        assert_eq!(
            refused(403, "InvalidAccessKeyId", "").code,
            Code::BucketKeys
        );
        assert_eq!(
            refused(403, "SignatureDoesNotMatch", "").code,
            Code::BucketKeys
        );
        assert_eq!(refused(403, "AccessDenied", "").code, Code::BucketDenied);
        assert_eq!(
            refused(403, "RequestTimeTooSkewed", "").code,
            Code::BucketClock
        );
        assert_eq!(refused(404, "NoSuchBucket", "").code, Code::BucketMissing);
        assert_eq!(refused(503, "SlowDown", "").code, Code::BucketRefused);
        let region = refused(
            400,
            "AuthorizationHeaderMalformed",
            "<Region>eu-west-1</Region>",
        );
        assert_eq!(region.code, Code::BucketRegion);
        assert_eq!(
            region.hint.as_deref(),
            Some("the bucket is in eu-west-1: set S3_BUCKET_REGION=eu-west-1")
        );
        assert!(
            refused(403, "AccessDenied", "")
                .hint
                .unwrap()
                .contains("s3:PutObject")
        );
    }
}
