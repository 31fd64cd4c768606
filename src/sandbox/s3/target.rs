//! What a request is about: the bucket, the key and the verb, by method, host and query.

use axum::http::request::Parts;
use axum::http::{Method, header};
use url::form_urlencoded;

/// What is done, as faults, counts and permissions tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Buckets,
    Location,
    List,
    HeadBucket,
    Head,
    Get,
    Put,
    Delete,
    /// What this endpoint does not do.
    Other,
}

impl Verb {
    /// Its name in the counts, behind `S3`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Buckets => "BUCKETS",
            Self::Location => "LOCATION",
            Self::List => "LIST",
            Self::HeadBucket | Self::Head => "HEAD",
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Other => "OTHER",
        }
    }

    /// By what the routes of faults know it.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Buckets => "s3:buckets",
            Self::Location => "s3:location",
            Self::List => "s3:list",
            Self::HeadBucket | Self::Head => "s3:head",
            Self::Get => "s3:get",
            Self::Put => "s3:put",
            Self::Delete => "s3:delete",
            Self::Other => "s3:other",
        }
    }

    /// The verb whose permission it needs, where that is another's: IAM has none for HEAD.
    pub(super) fn leans_on(self) -> Self {
        match self {
            Self::HeadBucket => Self::List,
            Self::Head => Self::Get,
            Self::Buckets
            | Self::Location
            | Self::List
            | Self::Get
            | Self::Put
            | Self::Delete
            | Self::Other => self,
        }
    }

    /// The permission, as IAM names it.
    pub(super) fn permission(self) -> &'static str {
        match self {
            Self::Buckets => "s3:ListAllMyBuckets",
            Self::Location => "s3:GetBucketLocation",
            Self::List | Self::HeadBucket => "s3:ListBucket",
            Self::Head | Self::Get => "s3:GetObject",
            Self::Put => "s3:PutObject",
            Self::Delete => "s3:DeleteObject",
            Self::Other => "s3:CreateBucket",
        }
    }
}

/// What a request is about.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) verb: Verb,
    pub(super) bucket: Option<String>,
    pub(super) key: Option<String>,
    /// Bucket and key as a path, as errors name it.
    pub(super) resource: String,
    /// HEAD is answered without a body.
    pub(super) head: bool,
}

/// Questions about a bucket or an object that are neither its list nor its content.
const OTHER: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
];

impl Target {
    pub(super) fn of(parts: &Parts) -> Self {
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let path = parts.uri.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, key) = if let Some(bucket) = host.and_then(bucket_of_host) {
            (Some(bucket.to_owned()), path)
        } else {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            ((!bucket.is_empty()).then(|| percent_decoded(bucket)), key)
        };
        let key = (!key.is_empty()).then(|| percent_decoded(key));
        let query = parts.uri.query().unwrap_or_default();
        let has = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name);
        let resource = match (&bucket, &key) {
            (None, _) => "/".to_owned(),
            (Some(bucket), None) => format!("/{bucket}"),
            (Some(bucket), Some(key)) => format!("/{bucket}/{key}"),
        };
        let other = OTHER.iter().any(|name| has(name));
        let method = &parts.method;
        let verb = match (&bucket, &key) {
            (None, _) if method == Method::GET => Verb::Buckets,
            (None, _) => Verb::Other,
            (Some(_), None) => match *method {
                Method::POST if has("delete") => Verb::Delete,
                _ if other => Verb::Other,
                Method::GET if has("location") => Verb::Location,
                Method::GET => Verb::List,
                Method::HEAD => Verb::HeadBucket,
                _ => Verb::Other,
            },
            (Some(_), Some(_)) => match *method {
                Method::POST if has("uploads") || has("uploadId") => Verb::Put,
                _ if other => Verb::Other,
                Method::GET if has("uploadId") => Verb::Other,
                Method::GET => Verb::Get,
                Method::HEAD => Verb::Head,
                Method::PUT => Verb::Put,
                Method::DELETE => Verb::Delete,
                _ => Verb::Other,
            },
        };
        Self {
            verb,
            bucket,
            key,
            resource,
            head: method == Method::HEAD,
        }
    }

    /// The bucket as IAM names it.
    pub(super) fn bucket_arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.bucket.as_deref().unwrap_or("*"))
    }

    /// The resource as IAM names it.
    pub(super) fn arn(&self) -> String {
        let bucket = self.bucket_arn();
        match (&self.key, self.verb) {
            (Some(key), _) => format!("{bucket}/{key}"),
            (None, Verb::Delete) => format!("{bucket}/*"),
            (None, _) => bucket,
        }
    }
}

/// The bucket that a virtual host names: every name of one label before `.localhost`, which
/// resolvers take to this machine. A bucket whose name has dots is found by its path.
pub(super) fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    name.strip_suffix(".localhost")
        .filter(|bucket| !bucket.is_empty())
}

/// A path with its percent signs resolved; what is no UTF-8 is refused elsewhere.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).filter(|_| *first == b'%');
        let value = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(method: &str, host: &str, uri: &str) -> Target {
        let request = axum::http::Request::builder().method(method).uri(uri);
        let (parts, ()) = request.header("host", host).body(()).unwrap().into_parts();
        Target::of(&parts)
    }

    #[test]
    fn verbs_are_known_by_path_and_by_host() {
        for (method, path, verb) in [
            ("GET", "", Verb::List),
            ("GET", "?list-type=2&prefix=a", Verb::List),
            ("GET", "?location", Verb::Location),
            ("GET", "?acl", Verb::Other),
            ("GET", "?versions", Verb::Other),
            ("HEAD", "", Verb::HeadBucket),
            ("POST", "?delete", Verb::Delete),
            ("PUT", "", Verb::Other),
            ("PUT", "k%20", Verb::Put),
            ("PUT", "k%20?partNumber=1&uploadId=x", Verb::Put),
            ("POST", "k%20?uploads", Verb::Put),
            ("GET", "k%20", Verb::Get),
            ("HEAD", "k%20", Verb::Head),
            ("DELETE", "k%20", Verb::Delete),
            ("GET", "k%20?tagging", Verb::Other),
        ] {
            let by_path = target(method, "127.0.0.1:9", &format!("/acme/{path}"));
            let by_host = target(method, "acme.localhost:9", &format!("/{path}"));
            for target in [by_path, by_host] {
                assert_eq!(target.verb, verb, "{method} {path}");
                assert_eq!(target.bucket.as_deref(), Some("acme"));
                let key = path.starts_with('k').then_some("k ");
                assert_eq!(target.key.as_deref(), key, "{method} {path}");
            }
        }
        assert_eq!(target("GET", "localhost:9", "/").verb, Verb::Buckets);
        assert_eq!(
            target("GET", "x", "/b/a%2Fb%zz%").key.as_deref(),
            Some("a/b%zz%")
        );
    }
}
