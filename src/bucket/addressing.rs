//! Where a bucket and its keys are.
//!
//! Depends on `answer`'s encoding and `domain`.

use super::answer;
use crate::domain::template::Storage;

/// Returns the URL of a key: path style at an endpoint of one's own, and where a bucket's name has
/// dots, which AWS's certificate does not cover; else the bucket's own host.
pub(super) fn base(storage: &Storage, key: &str) -> String {
    let key = answer::encode(key);
    if let Some(endpoint) = &storage.endpoint {
        return format!(
            "{}/{}/{key}",
            endpoint.trim_end_matches('/'),
            storage.bucket
        );
    }
    let region = &storage.region;
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    if storage.bucket.contains('.') {
        format!("https://s3.{region}.{domain}/{}/{key}", storage.bucket)
    } else {
        format!("https://{}.s3.{region}.{domain}/{key}", storage.bucket)
    }
}

/// Returns the URL of a page of a listing.
pub(super) fn listing_url(
    storage: &Storage,
    prefix: &str,
    after: Option<&str>,
    limit: u16,
) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("list-type", "2")
        .append_pair("encoding-type", "url")
        .append_pair("max-keys", &limit.to_string())
        .append_pair("prefix", prefix);
    if let Some(after) = after {
        query.append_pair("continuation-token", after);
    }
    // The signer and S3 want a blank as %20; the form's plus would be a plus to them.
    format!(
        "{}?{}",
        base(storage, ""),
        query.finish().replace('+', "%20")
    )
}

#[cfg(test)]
mod tests {
    use super::super::storage;
    use super::*;

    #[test]
    fn buckets_are_addressed_as_s3_wants_them() {
        assert_eq!(
            base(&storage(), "p/a b"),
            "https://acme.s3.us-east-1.amazonaws.com/p/a%20b"
        );
        let dotted = Storage {
            bucket: "a.b".to_owned(),
            ..storage()
        };
        assert_eq!(base(&dotted, ""), "https://s3.us-east-1.amazonaws.com/a.b/");
        let china = Storage {
            region: "cn-north-1".to_owned(),
            ..storage()
        };
        assert_eq!(
            base(&china, ""),
            "https://acme.s3.cn-north-1.amazonaws.com.cn/"
        );
        let own = Storage {
            endpoint: Some("http://localhost:9000/".to_owned()),
            ..storage()
        };
        assert_eq!(base(&own, "k"), "http://localhost:9000/acme/k");
    }
}
