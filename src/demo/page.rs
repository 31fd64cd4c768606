//! The page, its two scripts and its style, all in the binary; and what the page may load.
//!
//! Depends on `domain`.

use axum::http::HeaderValue;

use super::Widget;
use crate::domain::origin::Origin;
use crate::domain::user::ExternalUser;

/// The page, with places to fill in.
const PAGE: &str = include_str!("../../assets/demo/index.html");

/// The vendor's script in a version that does not change. Its hash is not in the page, since we have
/// no copy of it to compute one from: the policy allows this one address instead.
const VENDOR_SCRIPT: &str =
    "https://cdn.jsdelivr.net/npm/@airbyte-embedded/airbyte-embedded-widget@0.4.5";

/// Our script with the vendor's interface.
const OWN_SCRIPT: &str = "/embedded-widget.js";

/// Where the vendor serves the widget's page, past and present.
const VENDOR_FRAMES: [&str; 2] = ["https://cloud.airbyte.com", "https://app.airbyte.ai"];

/// A file of the page: its path, its type, its text.
pub(super) const FILES: [(&str, &str, &str); 4] = [
    (
        "/demo.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/demo/demo.js"),
    ),
    (
        OWN_SCRIPT,
        "text/javascript; charset=utf-8",
        include_str!("../../assets/demo/embedded-widget.js"),
    ),
    (
        "/demo.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/demo/demo.css"),
    ),
    (
        "/icon.svg",
        "image/svg+xml",
        include_str!("../../assets/demo/icon.svg"),
    ),
];

/// Returns the page for a user.
pub(super) fn html(user: &ExternalUser, widget: Widget, chooses_user: bool) -> String {
    let (script, kind) = match widget {
        Widget::Own => (OWN_SCRIPT, "own"),
        Widget::Vendor => (VENDOR_SCRIPT, "vendor"),
    };
    fill(
        PAGE,
        &[
            ("user", user.as_str()),
            ("widget", kind),
            ("script", script),
            ("chooses-user", if chooses_user { "yes" } else { "no" }),
        ],
    )
}

/// Puts values into the places of a text, once, so that a value is never taken for a place.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut pieces = text.split("{{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        out.push_str(&value.map_or(String::new(), |(_, value)| escaped(value)));
        out.push_str(rest);
    }
    out
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

/// Returns the origins that the page may frame a widget from: the vendor's, the API's own host, and
/// those named.
pub(super) fn frames(base_url: &str, named: &[Origin]) -> Vec<Origin> {
    let known = VENDOR_FRAMES
        .into_iter()
        .filter_map(|text| Origin::parse(text).ok());
    let api = url::Url::parse(base_url)
        .ok()
        .and_then(|url| Origin::parse(&url.origin().ascii_serialization()).ok());
    let mut frames: Vec<Origin> = Vec::new();
    for origin in known.chain(api).chain(named.iter().cloned()) {
        if !frames.contains(&origin) {
            frames.push(origin);
        }
    }
    frames
}

/// Returns the page's policy. The vendor's script puts a style of its own into the page.
pub(super) fn policy(widget: Widget, frames: &[Origin]) -> Option<HeaderValue> {
    let (script, style) = match widget {
        Widget::Own => (String::new(), ""),
        Widget::Vendor => (format!(" {VENDOR_SCRIPT}"), " 'unsafe-inline'"),
    };
    let frames: Vec<&str> = frames.iter().map(Origin::as_str).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'{script}; style-src 'self'{style}; img-src 'self'; \
         connect-src 'self'; frame-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        frames.join(" ")
    );
    HeaderValue::try_from(policy).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::parse(text).unwrap()
    }

    #[test]
    fn a_users_name_is_text_on_the_page() {
        let user = ExternalUser::parse("<script>alert(1)</script>\"'&{{script}}").unwrap();
        let page = html(&user, Widget::Own, false);
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{script}}"));
    }

    #[test]
    fn every_place_is_filled() {
        let user = ExternalUser::parse("user-42").unwrap();
        for widget in [Widget::Own, Widget::Vendor] {
            let page = html(&user, widget, true);
            assert!(!page.contains("{{") && !page.contains("}}"));
        }
        let named: Vec<&str> = PAGE
            .split("{{")
            .skip(1)
            .filter_map(|p| Some(p.split_once("}}")?.0))
            .collect();
        for name in ["user", "widget", "script", "chooses-user"] {
            assert!(named.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_page_has_nothing_inline() {
        assert!(!PAGE.contains("<style") && !PAGE.contains("style="));
        assert!(!PAGE.contains(" on") || !PAGE.contains("=\"javascript"));
        for script in PAGE.split("<script").skip(1) {
            assert!(script.trim_start().starts_with("src=") && script.contains("></script>"));
        }
    }

    #[test]
    fn frames_are_a_fixed_list_without_repeats() {
        let frames = frames(
            "http://127.0.0.1:8000/v1",
            &[
                origin("https://airbyte.acme.example"),
                origin("https://cloud.airbyte.com"),
            ],
        );
        let texts: Vec<&str> = frames.iter().map(Origin::as_str).collect();
        assert_eq!(
            texts,
            [
                "https://cloud.airbyte.com",
                "https://app.airbyte.ai",
                "http://127.0.0.1:8000",
                "https://airbyte.acme.example"
            ]
        );
    }

    #[test]
    fn only_the_vendors_widget_loads_from_elsewhere() {
        let own = policy(Widget::Own, &[]).unwrap();
        let own = own.to_str().unwrap();
        assert!(
            own.contains("script-src 'self';")
                && !own.contains("unsafe")
                && !own.contains("https:")
        );
        let vendor = policy(Widget::Vendor, &[]).unwrap();
        assert!(vendor.to_str().unwrap().contains("widget@0.4.5;"));
    }
}
