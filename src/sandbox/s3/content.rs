//! The content of objects on its way in and out, and what is stored with it.

use std::collections::HashMap;
use std::ops::Range;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};
use s3s::dto::{StreamingBlob, Timestamp};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, s3_error};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::MAX_OBJECT;
use crate::sandbox::store::{About, Content, Draft, Object, Store};

/// Bytes read from a file at once.
const PIECE: u64 = 64 * 1024;

/// Reads a body into a draft, within the limit.
pub(super) async fn receive(
    store: &Store,
    body: Option<StreamingBlob>,
    length: Option<i64>,
    md5: Option<&str>,
) -> S3Result<Draft> {
    let too_large = || {
        s3_error!(
            EntityTooLarge,
            "Your proposed upload exceeds the maximum allowed size: this sandbox keeps objects of up to {} MiB",
            MAX_OBJECT / 1024 / 1024
        )
    };
    if length.is_some_and(|length| u64::try_from(length).is_ok_and(|length| length > MAX_OBJECT)) {
        return Err(too_large());
    }
    let mut draft = store.draft().map_err(S3Error::internal_error)?;
    if let Some(mut body) = body {
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|failed| arrival(&*failed))?;
            if draft.size() + piece.len() as u64 > MAX_OBJECT {
                return Err(too_large());
            }
            draft.write(&piece).map_err(S3Error::internal_error)?;
        }
    }
    if let Some(md5) = md5 {
        let said = STANDARD
            .decode(md5)
            .ok()
            .filter(|digest| digest.len() == 16);
        let said = said.ok_or_else(|| s3_error!(InvalidDigest))?;
        if said != draft.md5() {
            return Err(s3_error!(BadDigest));
        }
    }
    Ok(draft)
}

/// Why a body did not arrive.
fn arrival(failed: &(dyn std::error::Error + Send + Sync)) -> S3Error {
    let said = failed.to_string();
    if said.contains("Sha256Mismatch") {
        let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
        let mut error = S3Error::new(code);
        error.set_status_code(StatusCode::BAD_REQUEST);
        error
    } else if said.contains("SignatureMismatch") {
        s3_error!(SignatureDoesNotMatch)
    } else {
        s3_error!(IncompleteBody)
    }
}

/// When an object was written.
pub(super) fn timestamp(object: &Object) -> Timestamp {
    Timestamp::from(SystemTime::from(object.modified))
}

pub(super) fn number(size: u64) -> Option<i64> {
    i64::try_from(size).ok()
}

/// The pieces of a part of an object.
pub(super) fn pieces(
    object: &Object,
    file: Option<std::fs::File>,
    part: Range<u64>,
) -> StreamingBlob {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    match (&object.content, file) {
        (Content::Memory(bytes), _) => {
            let part = bytes.slice(place(part.start)..place(part.end));
            StreamingBlob::from(Body::from(part))
        }
        (Content::File(_), None) => StreamingBlob::from(Body::empty()),
        (Content::File(_), Some(file)) => {
            let first = (tokio::fs::File::from_std(file), part, true);
            StreamingBlob::wrap(stream::try_unfold(
                first,
                |(mut file, part, fresh)| async move {
                    if part.is_empty() {
                        return Ok::<_, std::io::Error>(None);
                    }
                    if fresh {
                        file.seek(std::io::SeekFrom::Start(part.start)).await?;
                    }
                    let mut piece = vec![
                        0;
                        usize::try_from(PIECE.min(part.end - part.start))
                            .unwrap_or_default()
                    ];
                    file.read_exact(&mut piece).await?;
                    let left = part.start + piece.len() as u64..part.end;
                    Ok(Some((Bytes::from(piece), (file, left, false))))
                },
            ))
        }
    }
}

/// The stored headers of an object, for an answer.
pub(super) fn stored(object: &Object) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // What S3 says of content whose type nobody named.
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("binary/octet-stream"),
    );
    for (name, value) in &object.headers {
        if let (Ok(name), Ok(value)) = (
            name.parse::<header::HeaderName>(),
            HeaderValue::from_str(value),
        ) {
            headers.insert(name, value);
        }
    }
    headers
}

pub(super) fn metadata(object: &Object) -> Option<HashMap<String, String>> {
    (!object.metadata.is_empty()).then(|| object.metadata.iter().cloned().collect())
}

/// What is stored beside the content.
pub(super) fn about(headers: &HeaderMap, metadata: Option<HashMap<String, String>>) -> About {
    let kept = [
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::CONTENT_DISPOSITION,
        header::CONTENT_LANGUAGE,
        header::CACHE_CONTROL,
        header::EXPIRES,
    ];
    let text = |name: &header::HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        // How the body was sent is not what it is.
        let codings = value
            .split(',')
            .map(str::trim)
            .filter(|coding| *coding != "aws-chunked");
        let value = if *name == header::CONTENT_ENCODING {
            codings.collect::<Vec<_>>().join(",")
        } else {
            value.to_owned()
        };
        (!value.is_empty()).then(|| (name.to_string(), value))
    };
    let mut metadata: Vec<(String, String)> = metadata.unwrap_or_default().into_iter().collect();
    metadata.sort();
    About {
        metadata,
        headers: kept.iter().filter_map(text).collect(),
        etag: None,
    }
}

pub(super) fn unsatisfiable(object: &Object) -> S3Error {
    let mut error = s3_error!(InvalidRange);
    if let Ok(size) = HeaderValue::from_str(&format!("bytes */{}", object.size)) {
        error.set_headers(HeaderMap::from_iter([(header::CONTENT_RANGE, size)]));
    }
    error
}
