//! The widget page, fetched as a browser would before a token is handed to it.
//!
//! Depends on `domain`, `error`, `framing`, `transport`. The page is public: no credential is sent.

use url::Url;

use super::dialect::Call;
use super::error::{Endpoint, Error, Place};
use super::framing::Framing;
use super::transport::{Answer, Request, Transport};
use crate::domain::failure::{Code, Failure};
use crate::domain::origin::Origin;
use crate::domain::redact::Redactor;

/// A widget page that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whether it is a widget page we recognise.
    pub recognised: bool,
    framing: Framing,
}

pub(super) async fn fetch(transport: &Transport, url: &Url) -> Result<Page, Failure> {
    let call = Call::get(Endpoint::Page, url.path());
    let request = Request {
        call: &call,
        url: url.clone(),
        bearer: None,
        organization: None,
        redactor: Redactor::default(),
    };
    let place = Place {
        endpoint: Endpoint::Page,
        api: None,
        target: url.origin().ascii_serialization(),
        named_by: "the address in the token",
    };
    let answer = transport
        .send(&request)
        .await
        .map_err(|error| failure(&place, error))?;
    Ok(read(&answer, url))
}

/// Words an error. What is lost on the way is the network's; whatever the host answers instead of
/// the page is this page's, and no setting mends it, since the token names the address.
fn failure(place: &Place, error: Error) -> Failure {
    let is_answer = matches!(error, Error::Status { .. } | Error::Unreadable { .. });
    let mut failure = place.failure(error);
    if is_answer {
        failure.code = Code::PageUnusable;
        let hint = match failure.retry_after {
            Some(wait) => format!("try again in {} s", wait.as_secs()),
            None if failure.retryable => "the page's host is not available: try again later".to_owned(),
            None => "the token names this address, so the service is wrong: tell Airbyte, or whoever runs it".to_owned(),
        };
        failure.hint = Some(hint);
    }
    failure
}

fn read(answer: &Answer, url: &Url) -> Page {
    let body = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    Page {
        // The vendor's page is an application whose shell names Airbyte; the sandbox's speaks the
        // protocol in plain sight.
        recognised: body.contains("<html")
            && (body.contains("airbyte") || body.contains("auth_token_request")),
        framing: Framing::read(&answer.headers, url),
    }
}

impl Page {
    /// Returns why a page on this origin may not frame the widget, or `None` when it may.
    pub fn refuses_framing_by(&self, origin: &Origin) -> Option<String> {
        self.framing.refuses(origin)
    }
}
