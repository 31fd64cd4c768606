//! Signatures of S3 requests: version 4, in headers, as the connector itself signs.
//!
//! Depends on `domain`. Some bucket policies refuse signatures in the query, and AWS answers those
//! with other errors; so what is proved here is what the connector will meet.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;

use crate::domain::template::Storage;

/// Returns the headers that sign a request.
///
/// # Errors
/// The URL or a key cannot be signed; a sentence's end.
pub(super) fn headers(
    storage: &Storage,
    method: &str,
    url: &str,
    body: &[u8],
    at: SystemTime,
) -> Result<Vec<(String, String)>, String> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let secret = storage.secret_access_key.expose();
    let identity = Credentials::new(&storage.access_key_id, secret, None, None, "settings").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&storage.region)
        .name("s3")
        .time(at)
        .settings(settings)
        .build()
        .map_err(|_why| "the request cannot be signed with these settings".to_owned())?
        .into();
    let request = SignableRequest::new(method, url, std::iter::empty(), SignableBody::Bytes(body))
        .map_err(|_why| "the address cannot be signed".to_owned())?;
    let signed =
        sign(request, &parameters).map_err(|_why| "the request cannot be signed".to_owned())?;
    let (instructions, _signature) = signed.into_parts();
    let headers = instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(headers.collect())
}

#[cfg(test)]
mod tests {
    use super::super::storage;
    use super::*;

    #[test]
    fn a_signature_holds_no_secret() {
        let at = SystemTime::UNIX_EPOCH;
        let signed = headers(
            &storage(),
            "GET",
            "https://acme.s3.us-east-1.amazonaws.com/p/a%20b?list-type=2",
            b"",
            at,
        )
        .unwrap();
        let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
        assert!(
            names.contains(&"authorization") && names.contains(&"x-amz-content-sha256"),
            "{names:?}"
        );
        assert!(signed.iter().all(|(_, value)| !value.contains("canary")));
    }
}
