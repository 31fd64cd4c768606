//! What a request says of who signed it, where and when: judged before the signature itself is,
//! since S3 refuses these with errors of their own.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use url::form_urlencoded;

use super::refusal::{BUCKET_REGION, Refusal};

/// How far clocks may be apart, seconds.
const MAX_SKEW: i64 = 900;
/// Longest life of a presigned URL, seconds.
const MAX_EXPIRES: i64 = 604_800;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What the server knows, to judge by.
pub(super) struct Judge<'a> {
    pub(super) access_key_id: &'a str,
    /// The region that the credential scope must name, and others that are as good.
    pub(super) regions: &'a [&'a str],
    /// The server's clock, epoch seconds.
    pub(super) now: i64,
}

/// Who signed, and where it was to be valid.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) id: String,
    pub(super) region: String,
}

/// A credential scope: `ID/20260101/us-east-1/s3/aws4_request`.
struct Scope<'a> {
    id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Scope<'a> {
    fn read(text: &'a str) -> Option<Self> {
        // From the right: nothing forbids a slash in the id.
        let (rest, "aws4_request") = text.rsplit_once('/')? else {
            return None;
        };
        let (rest, service) = rest.rsplit_once('/')?;
        let (rest, region) = rest.rsplit_once('/')?;
        let (id, date) = rest.rsplit_once('/')?;
        Some(Self {
            id,
            date,
            region,
            service,
        })
    }
}

impl Judge<'_> {
    /// Judges the claim of a request; none means anonymous.
    pub(super) fn judge(&self, parts: &Parts) -> Result<Option<Claim>, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let parameter = |name: &str| {
            let found = parameters
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let header = header(&parts.headers, "authorization");
        let by_query = parameter("X-Amz-Signature").or(parameter("X-Amz-Algorithm"));
        match (header, by_query) {
            (Some(_), Some(_)) => Err(Refusal::new(
                400,
                "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
            )),
            (Some(header), None) => self.by_header(header, &parts.headers).map(Some),
            (None, Some(_)) => self.by_query(parameter).map(Some),
            (None, None) if parameter("AWSAccessKeyId").is_some() => Err(outdated()),
            (None, None) => Ok(None),
        }
    }

    fn by_header(&self, text: &str, headers: &HeaderMap) -> Result<Claim, Refusal> {
        if text.starts_with("AWS ") {
            return Err(outdated());
        }
        let Some(fields) = text.strip_prefix(ALGORITHM) else {
            return Err(
                Refusal::new(400, "InvalidArgument", "Unsupported Authorization Type")
                    .detail("ArgumentName", "Authorization")
                    .detail("ArgumentValue", text),
            );
        };
        let malformed = |why: &str| {
            let message = format!("The authorization header is malformed; {why}");
            Refusal::new(400, "AuthorizationHeaderMalformed", message)
        };
        let field = |name: &str| {
            let mut fields = fields
                .split(',')
                .filter_map(|field| field.trim().split_once('='));
            fields.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let (Some(credential), Some(signed), Some(_)) = (
            field("Credential"),
            field("SignedHeaders"),
            field("Signature"),
        ) else {
            return Err(malformed(
                "the authorization component \"Credential, SignedHeaders, Signature\" is malformed.",
            ));
        };
        let Some(scope) = Scope::read(credential) else {
            return Err(malformed(
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
            ));
        };
        let Some(date) = header(headers, "x-amz-date") else {
            let why = "AWS authentication requires a valid Date or x-amz-date header";
            return Err(Refusal::new(403, "AccessDenied", why));
        };
        let time = moment(date).ok_or_else(|| {
            Refusal::new(
                403,
                "AccessDenied",
                "AWS authentication requires a valid Date or x-amz-date header",
            )
        })?;
        self.scope(&scope, date, malformed)?;
        if (time - self.now).abs() > MAX_SKEW {
            return Err(Refusal::known("RequestTimeTooSkewed")
                .detail("RequestTime", date)
                .detail("ServerTime", shown(self.now))
                .detail("MaxAllowedSkewMilliseconds", (MAX_SKEW * 1000).to_string()));
        }
        if header(headers, "x-amz-content-sha256").is_none() {
            let why = "Missing required header for this request: x-amz-content-sha256";
            return Err(Refusal::new(400, "InvalidRequest", why));
        }
        let is_signed = |name: &str| signed.split(';').any(|signed| signed == name);
        let unsigned: Vec<&str> = headers
            .keys()
            .map(axum::http::HeaderName::as_str)
            .filter(|name| (name.starts_with("x-amz-") || *name == "host") && !is_signed(name))
            .collect();
        if !unsigned.is_empty() {
            let why = "There were headers present in the request which were not signed";
            return Err(Refusal::new(403, "AccessDenied", why)
                .detail("HeadersNotSigned", unsigned.join(", ")));
        }
        self.id(&scope)
    }

    fn by_query<'q>(&self, parameter: impl Fn(&str) -> Option<&'q str>) -> Result<Claim, Refusal> {
        let malformed = |why: &str| Refusal::new(400, "AuthorizationQueryParametersError", why);
        let needed = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-Date",
            "X-Amz-SignedHeaders",
            "X-Amz-Expires",
        ];
        let [
            Some(algorithm),
            Some(credential),
            Some(_),
            Some(date),
            Some(_),
            Some(expires),
        ] = needed.map(&parameter)
        else {
            return Err(malformed(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            ));
        };
        if algorithm != ALGORITHM {
            return Err(malformed(
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
            ));
        }
        let Some(scope) = Scope::read(credential) else {
            return Err(malformed(
                "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
            ));
        };
        let Some(time) = moment(date) else {
            return Err(malformed(
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            ));
        };
        let life = match expires.parse::<i64>() {
            Ok(life @ 0..=MAX_EXPIRES) => life,
            Ok(life) if life < 0 => return Err(malformed("X-Amz-Expires must be non-negative")),
            Ok(_) => {
                return Err(malformed(
                    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
                ));
            }
            Err(_) => return Err(malformed("X-Amz-Expires should be a number")),
        };
        self.scope(&scope, date, |why| {
            malformed(&format!(
                "Error parsing the X-Amz-Credential parameter; {why}"
            ))
        })?;
        if time > self.now + MAX_SKEW {
            return Err(
                Refusal::new(403, "AccessDenied", "Request is not yet valid")
                    .detail("ServerTime", shown(self.now)),
            );
        }
        if time + life < self.now {
            return Err(Refusal::new(403, "AccessDenied", "Request has expired")
                .detail("X-Amz-Expires", expires)
                .detail("Expires", shown(time + life))
                .detail("ServerTime", shown(self.now)));
        }
        self.id(&scope)
    }

    fn scope(
        &self,
        scope: &Scope<'_>,
        date: &str,
        malformed: impl Fn(&str) -> Refusal,
    ) -> Result<(), Refusal> {
        if !date.starts_with(scope.date) {
            let day = date.get(..8).unwrap_or(date);
            return Err(malformed(&format!(
                "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{day}\".",
                scope.date
            )));
        }
        if scope.service != "s3" {
            return Err(malformed(&format!(
                "incorrect service \"{}\". This endpoint belongs to \"s3\".",
                scope.service
            )));
        }
        let Some(right) = self.regions.first() else {
            return Ok(());
        };
        if !self.regions.contains(&scope.region) {
            let why = format!(
                "the region '{}' is wrong; expecting '{right}'",
                scope.region
            );
            return Err(malformed(&why)
                .detail("Region", *right)
                .header(BUCKET_REGION, *right));
        }
        Ok(())
    }

    fn id(&self, scope: &Scope<'_>) -> Result<Claim, Refusal> {
        if scope.id == self.access_key_id {
            return Ok(Claim {
                id: scope.id.to_owned(),
                region: scope.region.to_owned(),
            });
        }
        Err(Refusal::known("InvalidAccessKeyId").detail("AWSAccessKeyId", scope.id))
    }
}

/// Signatures of the second version, which no bucket made since June 2020 takes.
fn outdated() -> Refusal {
    let why = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    Refusal::new(400, "InvalidRequest", why)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `20260101T000000Z` in epoch seconds.
fn moment(text: &str) -> Option<i64> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn shown(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string())
}
