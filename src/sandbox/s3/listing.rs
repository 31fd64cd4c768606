//! Lists of keys, in both versions of the call.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object as Listed, ObjectStorageClass, Owner,
};
use s3s::{S3Result, s3_error};

use super::content::timestamp;
use crate::sandbox::store::{After, Object, Page, Store};

/// Most keys on a page.
const MAX_KEYS: i32 = 1000;

pub(super) fn second(store: &Store, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    let ways = Ways::new(input.encoding_type, input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let after = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => read(token)?,
        (None, Some(key)) => After::Key(key.clone()),
        (None, None) => After::Nothing,
    };
    let page = store.page(&prefix, input.delimiter.as_deref(), &after, ways.limit());
    let owned = input.fetch_owner == Some(true);
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        key_count: i32::try_from(page.objects.len() + page.groups.len()).ok(),
        max_keys: Some(ways.max_keys),
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.as_ref().map(token),
        continuation_token: input.continuation_token,
        contents: Some(ways.contents(&page, owned)),
        common_prefixes: Some(ways.groups(&page)),
        prefix: Some(ways.shown(&prefix)),
        delimiter: input.delimiter.map(|text| ways.shown(&text)),
        start_after: input.start_after.map(|text| ways.shown(&text)),
        encoding_type: ways.encoding,
        ..ListObjectsV2Output::default()
    })
}

pub(super) fn first(store: &Store, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
    let ways = Ways::new(input.encoding_type, input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let after = match (&input.marker, &input.delimiter) {
        (Some(marker), Some(delimiter))
            if !delimiter.is_empty() && marker.ends_with(delimiter.as_str()) =>
        {
            After::Group(marker.clone())
        }
        (Some(marker), _) => After::Key(marker.clone()),
        (None, _) => After::Nothing,
    };
    let page = store.page(&prefix, input.delimiter.as_deref(), &after, ways.limit());
    let next = page.next.as_ref().filter(|_| input.delimiter.is_some());
    Ok(ListObjectsOutput {
        name: Some(input.bucket),
        max_keys: Some(ways.max_keys),
        is_truncated: Some(page.next.is_some()),
        next_marker: next.and_then(|next| match next {
            After::Key(text) | After::Group(text) => Some(ways.shown(text)),
            After::Nothing => None,
        }),
        contents: Some(ways.contents(&page, true)),
        common_prefixes: Some(ways.groups(&page)),
        prefix: Some(ways.shown(&prefix)),
        marker: Some(ways.shown(&input.marker.unwrap_or_default())),
        delimiter: input.delimiter.map(|text| ways.shown(&text)),
        encoding_type: ways.encoding,
        ..ListObjectsOutput::default()
    })
}

/// How a list is to look.
struct Ways {
    encoding: Option<EncodingType>,
    max_keys: i32,
}

impl Ways {
    fn new(encoding: Option<EncodingType>, max_keys: Option<i32>) -> S3Result<Self> {
        if encoding
            .as_ref()
            .is_some_and(|encoding| encoding.as_str() != EncodingType::URL)
        {
            return Err(s3_error!(
                InvalidArgument,
                "Invalid Encoding Method specified in Request"
            ));
        }
        let max_keys = max_keys.unwrap_or(MAX_KEYS);
        if max_keys < 0 {
            return Err(s3_error!(
                InvalidArgument,
                "Argument maxKeys must be an integer between 0 and 2147483647"
            ));
        }
        Ok(Self {
            encoding,
            max_keys: max_keys.min(MAX_KEYS),
        })
    }

    fn limit(&self) -> usize {
        usize::try_from(self.max_keys).unwrap_or_default()
    }

    /// A key or a part of one, as this list shows it.
    fn shown(&self, text: &str) -> String {
        if self.encoding.is_some() {
            encoded(text)
        } else {
            text.to_owned()
        }
    }

    fn contents(&self, page: &Page, owned: bool) -> Vec<Listed> {
        let line = |(key, object): &(String, Object)| Listed {
            key: Some(self.shown(key)),
            size: i64::try_from(object.size).ok(),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object)),
            storage_class: Some(ObjectStorageClass::from_static(
                ObjectStorageClass::STANDARD,
            )),
            owner: owned.then(owner),
            ..Listed::default()
        };
        page.objects.iter().map(line).collect()
    }

    fn groups(&self, page: &Page) -> Vec<CommonPrefix> {
        let line = |group: &String| CommonPrefix {
            prefix: Some(self.shown(group)),
        };
        page.groups.iter().map(line).collect()
    }
}

/// The owner of everything: an id of the form that canonical users have.
pub(super) fn owner() -> Owner {
    Owner {
        display_name: None,
        id: Some("acme".repeat(16)),
    }
}

/// Keys under `encoding-type=url`, as S3 writes them: a space is a plus sign, slashes stay.
fn encoded(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => shown.push('+'),
            b'/' | b'-' | b'_' | b'.' | b'*' => shown.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => shown.push(char::from(byte)),
            byte => {
                // Writing to a String does not fail.
                let _ = write!(shown, "%{byte:02X}");
            }
        }
    }
    shown
}

/// A place in a list, closed to those who would look into it.
fn token(after: &After) -> String {
    URL_SAFE_NO_PAD.encode(match after {
        After::Nothing => String::new(),
        After::Key(key) => format!("k{key}"),
        After::Group(group) => format!("g{group}"),
    })
}

fn read(token: &str) -> S3Result<After> {
    let text = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let after = text.as_deref().and_then(|text| {
        let key = text.strip_prefix('k').map(|key| After::Key(key.to_owned()));
        key.or_else(|| {
            text.strip_prefix('g')
                .map(|group| After::Group(group.to_owned()))
        })
    });
    after.ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "The continuation token provided is incorrect"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_forms_are_but_for_slashes() {
        assert_eq!(encoded("a b/c+d%e@é*~"), "a+b/c%2Bd%25e%40%C3%A9*%7E");
    }

    #[test]
    fn a_token_is_read_back_and_a_made_up_one_is_not() {
        for after in [After::Key("k/é".to_owned()), After::Group("g/".to_owned())] {
            assert_eq!(read(&token(&after)).unwrap(), after);
        }
        for made_up in ["", "x", "bm90", "%%"] {
            assert!(read(made_up).is_err(), "{made_up}");
        }
    }
}
