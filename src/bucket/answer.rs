//! What S3 answers: listings and errors, in XML.
//!
//! Depends on `domain`.

use percent::decode;
use quick_xml::de::from_reader;
use serde::Deserialize;

use crate::domain::text::sanitize;

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key, as it is; it may hold anything, so it is sanitized where it is shown.
    pub key: String,
    /// Its size as stored, in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Option<jiff::Timestamp>,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult {
    #[serde(default)]
    next_continuation_token: Option<String>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    encoding_type: Option<String>,
    #[serde(default)]
    contents: Vec<Contents>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contents {
    key: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    last_modified: Option<String>,
}

/// An error of S3. Every text is sanitized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) region: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    region: Option<String>,
}

/// Reads a page of a listing.
///
/// # Errors
/// It is not what S3 promises; a sentence's end.
pub(super) fn page(body: &[u8]) -> Result<Page, String> {
    let result: ListBucketResult =
        from_reader(body).map_err(|_why| "the listing cannot be read as S3's XML".to_owned())?;
    let encoded = result.encoding_type.as_deref() == Some("url");
    let objects = result.contents.into_iter().map(|item| Object {
        key: if encoded { decode(&item.key) } else { item.key },
        size: item.size,
        modified: item.last_modified.and_then(|at| at.parse().ok()),
    });
    Ok(Page {
        objects: objects.collect(),
        next: result
            .next_continuation_token
            .filter(|_| result.is_truncated),
    })
}

/// Reads an error body; what cannot be read says nothing.
pub(super) fn refusal(body: &[u8]) -> Refusal {
    let Ok(error) = from_reader::<_, ErrorBody>(body) else {
        return Refusal::default();
    };
    Refusal {
        code: sanitize(&error.code),
        message: sanitize(&error.message),
        region: error.region.map(|r| sanitize(&r)).filter(|r| !r.is_empty()),
    }
}

mod percent {
    //! Percent-encoding of keys, as S3 has it.

    /// Encodes a key for a path: everything but letters, digits, `-._~` and the slash.
    pub(in super::super) fn encode(key: &str) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        key.bytes()
            .map(|b| {
                if plain(b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect()
    }

    /// Decodes a key of a listing, in which `+` is a blank.
    pub(super) fn decode(text: &str) -> String {
        let mut query = url::form_urlencoded::parse(text.as_bytes());
        // `=` and `&` are encoded in a listing, so the whole text is one name.
        query
            .next()
            .map_or_else(String::new, |(name, _)| name.into_owned())
    }
}

pub(super) use percent::encode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_with_odd_keys() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
            <IsTruncated>true</IsTruncated><NextContinuationToken>abc==</NextContinuationToken>
            <EncodingType>url</EncodingType>
            <Contents><Key>p/a+b%2Bc%2520d%C3%A9%3D%26</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>
            <Contents><Key>p/2</Key><Size>0</Size></Contents></ListBucketResult>"#;
        let page = page(body).unwrap();
        assert_eq!(page.next.as_deref(), Some("abc=="));
        assert_eq!(page.objects[0].key, "p/a b+c%20d\u{e9}=&");
        assert_eq!((page.objects[0].size, page.objects.len()), (7, 2));
        assert!(page.objects[0].modified.is_some() && page.objects[1].modified.is_none());
    }

    #[test]
    fn an_error_names_its_code_and_region() {
        let body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong\x1b[31m</Message><Region>eu-west-1</Region></Error>";
        let refusal = refusal(body);
        assert_eq!(refusal.code, "AuthorizationHeaderMalformed");
        assert_eq!(refusal.region.as_deref(), Some("eu-west-1"));
        assert!(!refusal.message.contains('\x1b'));
    }

    #[test]
    fn what_is_no_xml_is_said_to_be_none() {
        assert!(page(b"<html>").is_err());
        assert!(page(b"").is_err());
        assert_eq!(
            refusal(b"<!DOCTYPE x [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>").code,
            ""
        );
    }

    #[test]
    fn keys_survive_the_way_there_and_back() {
        for key in ["a b", "a+b", "a%20b", "é/日本", "a@b=c&d"] {
            assert_eq!(decode(&encode(key)), key);
        }
    }
}
