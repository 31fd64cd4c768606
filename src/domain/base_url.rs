//! Which API is spoken, and where it answers.
//!
//! Depends on `origin`. The table of base URLs follows Airbyte's published documents: the public
//! API at `https://api.airbyte.com/v1` and, on an installation of one's own,
//! `<host>/api/public/v1`; the newer API at `https://api.airbyte.ai/api/v1`.

use std::fmt;

use url::Url;

use super::origin::{is_link_local, is_loopback};

/// An API the console can be told to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// The public API that the embedding guide describes.
    V1,
    /// The newer API that organizations are being moved to.
    Agents,
}

impl Api {
    /// Every API.
    pub const ALL: [Api; 2] = [Api::V1, Api::Agents];

    /// Returns the name used in settings, flags and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Api::V1 => "v1",
            Api::Agents => "agents",
        }
    }

    /// Returns the API of that name.
    pub fn named(name: &str) -> Option<Api> {
        Api::ALL.into_iter().find(|api| api.name() == name)
    }

    /// Returns the base URL where the vendor offers it.
    pub const fn vendor_url(self) -> &'static str {
        match self {
            Api::V1 => "https://api.airbyte.com",
            Api::Agents => "https://api.airbyte.ai",
        }
    }

    const fn vendor_host(self) -> &'static str {
        match self {
            Api::V1 => "api.airbyte.com",
            Api::Agents => "api.airbyte.ai",
        }
    }

    /// Returns the path below which the API answers when the base URL names none.
    pub const fn root(self) -> &'static str {
        self.roots().0
    }

    /// The path below which the API answers when the base URL names none, and the other paths that
    /// are kept as they are.
    const fn roots(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Api::V1 => ("/v1", &["/v1", "/api/public/v1"]),
            Api::Agents => ("/api/v1", &["/api/v1"]),
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A normalised base URL: never ends in a slash, always names the API's root path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    root: Url,
    shown: String,
    loopback: bool,
}

impl BaseUrl {
    /// Reads a base URL for an API.
    ///
    /// # Errors
    /// A sentence's end that says what is wrong: another scheme, plain http off loopback, user
    /// information, a metadata address, an unknown path, or the other API's vendor host.
    pub fn parse(text: &str, api: Api) -> Result<BaseUrl, String> {
        let text = text.trim();
        if !text.contains("://") {
            // What stands before an @ may be a password.
            let plain = format!("http://{text}");
            let meant = if text.contains('@') {
                String::new()
            } else if Url::parse(&plain).is_ok_and(|url| is_loopback(&url)) {
                format!("; did you mean {plain}")
            } else {
                format!("; did you mean https://{text}")
            };
            return Err(format!("has no scheme{meant}"));
        }
        // No path that is possible holds an @. What the rest of a password would be taken for, as in
        // https://user:12/34@host, is not told.
        if text.contains('@') {
            return Err("must not hold a user name or password".to_owned());
        }
        let url = Url::parse(text).map_err(|e| format!("is not a URL ({e})"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("must start with https://".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end after the path".to_owned());
        }
        if is_link_local(&url) {
            return Err("is an address for this machine's own services, not an API's".to_owned());
        }
        let loopback = is_loopback(&url);
        if url.scheme() == "http" && !loopback {
            return Err("must be https: credentials would cross the network in clear".to_owned());
        }
        if let Some(other) = Api::ALL
            .into_iter()
            .find(|a| *a != api && url.host_str() == Some(a.vendor_host()))
        {
            return Err(format!(
                "is the host of the {other} API, and AIRBYTE_API is {api}; credentials never go to the wrong host"
            ));
        }
        let (root, kept) = api.roots();
        let host = url.origin().ascii_serialization();
        let path = url.path().trim_end_matches('/');
        if path.is_empty() {
            let mut url = url;
            url.set_path(root);
            return Ok(BaseUrl {
                root: url,
                shown: host,
                loopback,
            });
        }
        if !kept.contains(&path) {
            return Err(format!(
                "has the path {path}; possible are none or {}",
                kept.join(" or ")
            ));
        }
        let shown = if path == root {
            host.clone()
        } else {
            format!("{host}{path}")
        };
        let path = path.to_owned();
        let mut root = url;
        root.set_path(&path);
        Ok(BaseUrl {
            root,
            shown,
            loopback,
        })
    }

    /// Returns the URL of a path below the API's root; `path` starts with a slash and may have a
    /// query.
    pub fn join(&self, path: &str) -> Url {
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.root.clone();
        url.set_path(&format!("{}{path}", self.root.path()));
        url.set_query(query);
        url
    }

    /// Returns the form that is shown and recorded: without the API's usual root path.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns true when it points at this machine, so no proxy may be asked.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Returns where the vendor's operator UI shows a workspace's pipeline. Another host has none
    /// that is known, and what is no workspace's id has none at all.
    pub fn operator_url(&self, workspace: &str) -> Option<String> {
        let id = uuid::Uuid::try_parse(workspace).ok()?;
        self.is_vendor()
            .then(|| format!("https://cloud.airbyte.com/workspaces/{id}/connections"))
    }

    /// Returns true when it is the vendor's own host.
    pub fn is_vendor(&self) -> bool {
        Api::ALL.iter().any(|api| self.shown == api.vendor_url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_path_is_added_once() {
        let cases = [
            (
                "https://api.airbyte.com",
                "https://api.airbyte.com/v1/x",
                "https://api.airbyte.com",
            ),
            (
                "https://api.airbyte.com/",
                "https://api.airbyte.com/v1/x",
                "https://api.airbyte.com",
            ),
            (
                "https://api.airbyte.com/v1/",
                "https://api.airbyte.com/v1/x",
                "https://api.airbyte.com",
            ),
            (
                "https://air.example/api/public/v1",
                "https://air.example/api/public/v1/x",
                "https://air.example/api/public/v1",
            ),
            (
                "http://127.0.0.1:8000",
                "http://127.0.0.1:8000/v1/x",
                "http://127.0.0.1:8000",
            ),
            (
                "http://[::1]:8000",
                "http://[::1]:8000/v1/x",
                "http://[::1]:8000",
            ),
        ];
        for (text, joined, shown) in cases {
            let base = BaseUrl::parse(text, Api::V1).unwrap();
            assert_eq!((base.join("/x").as_str(), base.shown()), (joined, shown));
        }
        let agents = BaseUrl::parse("https://api.airbyte.ai", Api::Agents).unwrap();
        assert_eq!(
            agents.join("/x").as_str(),
            "https://api.airbyte.ai/api/v1/x"
        );
    }

    #[test]
    fn unsafe_base_urls_are_refused() {
        for text in [
            "file:///etc/passwd",
            "https://u:p@api.airbyte.com",
            "http://api.airbyte.com",
            "http://169.254.169.254",
            "api.airbyte.com",
            "https://api.airbyte.com/v2",
            "https://api.airbyte.com/v1/v1",
            "https://api.airbyte.com?x",
            "ftp://a",
            "https://",
        ] {
            assert!(BaseUrl::parse(text, Api::V1).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in [
            "https://u:canary@api.airbyte.com",
            "https://u:1/canary@api.airbyte.com",
            "https://u:canary@:443",
            "u:canary@api.airbyte.com",
        ] {
            let why = BaseUrl::parse(text, Api::V1).unwrap_err();
            assert!(!why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn a_vendor_host_never_meets_the_other_api() {
        let why = BaseUrl::parse("https://api.airbyte.ai", Api::V1).unwrap_err();
        assert!(why.contains("agents API"), "{why}");
        assert!(BaseUrl::parse("https://api.airbyte.com", Api::Agents).is_err());
    }
}
