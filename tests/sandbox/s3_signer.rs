//! Signature version 4, written from its description and used by these tests alone.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Who signs, and as if where and when.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) region: String,
    pub(super) service: &'static str,
    /// Seconds by which the signer's clock is ahead.
    pub(super) ahead: i64,
}

/// One request. The path is percent-encoded already.
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) extra: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: &'a str, path: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method,
            path,
            query,
            extra: &[],
            body: &[],
        }
    }

    pub(super) fn address(&self) -> String {
        match self.query {
            [] => self.path.to_owned(),
            query => format!("{}?{}", self.path, canonical(query)),
        }
    }
}

fn canonical(query: &[(&str, &str)]) -> String {
    let mut pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The day of a time.
fn day(date: &str) -> &str {
    date.split('T').next().unwrap()
}

impl Signer {
    fn date(&self) -> String {
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.ahead);
        time.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    fn scope(&self, date: &str) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            day(date),
            self.region,
            self.service
        )
    }

    fn signature(&self, date: &str, request: &str) -> String {
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{digest}", self.scope(date));
        let key = mac(format!("AWS4{}", self.secret).as_bytes(), day(date));
        let key = mac(&mac(&mac(&key, &self.region), self.service), "aws4_request");
        hex(&mac(&key, &text))
    }

    /// The headers of a signed request, `host` among them.
    pub(super) fn headers(&self, ask: &Ask<'_>, host: &str) -> Vec<(String, String)> {
        let (date, payload) = (self.date(), hex(&Sha256::digest(ask.body)));
        let mut headers = vec![
            ("host".to_owned(), host.to_owned()),
            ("x-amz-content-sha256".to_owned(), payload.clone()),
            ("x-amz-date".to_owned(), date.clone()),
        ];
        headers.extend(
            ask.extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let lines = lines.concat();
        let request = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{payload}",
            ask.method,
            ask.path,
            canonical(ask.query)
        );
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={}",
            self.id,
            self.scope(&date),
            self.signature(&date, &request)
        );
        headers.push(("authorization".to_owned(), authorization));
        headers
    }

    /// The query of a presigned URL.
    pub(super) fn presigned(&self, method: &str, path: &str, host: &str, life: i64) -> String {
        let date = self.date();
        let (credential, life) = (
            format!("{}/{}", self.id, self.scope(&date)),
            life.to_string(),
        );
        let query = canonical(&[
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &date),
            ("X-Amz-Expires", &life),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        let request = format!("{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        format!(
            "{query}&X-Amz-Signature={}",
            self.signature(&date, &request)
        )
    }
}
