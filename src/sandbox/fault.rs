//! The grammar of faults: what to do wrong, where, and how often.

mod parse;
mod setback;

use std::fmt;
use std::time::Duration;

pub(super) use setback::Setback;

use super::jobs::Fate;

/// One thing the sandbox is to do wrong.
///
/// ```text
/// FAULT  = [ROUTE=]ACTION[*COUNT] | SWITCH[*COUNT]
/// ROUTE  = token | organizations | workspaces | template | templates | widget | page |
///          destinations | sources | connectors | connections | jobs | any
///          `template` is making one, `templates` everything else that concerns them,
///          `connectors` what customers save in the widget, `any` every request of the APIs
///          s3 | s3.list | s3.get | s3.head | s3.put | s3.delete
///          the bucket: `s3` is every request to it; parts of an upload are `s3.put`
/// COUNT  = how often, 1 and up; without it, for ever
///
/// ACTION, answered instead of carrying the request out ("commit+" before one: after it)
///   status:CODE[:MESSAGE]  an error of the API's own kind; with MESSAGE a problem document
///                          (the bucket: status:CODE[:NAME[:MESSAGE]], as in status:503:SlowDown)
///   hang                   no answer, the connection stays open
///   reset                  the connection ends before any byte
///   deny                   403 AccessDenied, on routes of the bucket, once the signature is checked;
///                          as with IAM, HEAD of the bucket goes with s3.list and of an object with
///                          s3.get, and a missing key is denied too where s3.list is
///   rate                   429 without Retry-After
///   rate:SECONDS           429 with Retry-After
///   html:CODE              a proxy's error page
///   redirect:CODE[:URL]    3xx with that Location, or without one
///   redirect-loop          307 back to the same address
///   esc                    a 400 problem full of terminal escapes and bidi characters
///   echo                   a 400 problem that repeats the request's body
/// ACTION, with the request carried out
///   delay:MS               waits, then carries out and answers ("commit+delay": the other way round)
///   cut                    headers and half of the body, then the connection ends
///   slow:MS                the body, one byte every MS
///   bad-json | cut-json | empty | array | string | bom | not-utf8 | wrong-type | dup-keys
///   huge:MIB               that much body
///   missing:FIELD | null:FIELD | blank:FIELD | type:FIELD
///   value:FIELD:TEXT | big-field:FIELD:KIB
///                          FIELD of the answer, as in `token` or `organizations.0.permission`
///
/// SWITCH, a state of the world; a count is used up by each answer that it changes
///   moved | moved:404      the template endpoints have moved: 301 problem, or 404
///   not-entitled           the organization may not use Embedded
///   not-admin              the credentials do not belong to an organization admin
///   skew:SECONDS           the server's clock is off by that much (no count)
///   no-expiry              access tokens say nothing about their end
///   expired-access         access tokens have ended when they are issued
///   expires:SECONDS        access tokens live that long
///   widget-expires:SECONDS widget and scoped tokens live that long
///   widget-host:URL        the widget page is said to be there
///   older-widget-path      the newer API mints at the path it had before (no count)
///   credentials:400|500    how other editions refuse bad credentials
/// SWITCH, a way for data not to arrive; no answer says so, but for the one 500 that is named here
///   source=none            the customer who plays connects nothing
///   destination=none       a new workspace gets no destination, as if older than the template
///                          (newer API: a saved source makes none)
///   destination=twice      a new workspace gets two of one name: saving a source fails with 500
///   destination=invalid    a new workspace's destination is refused: 500 once, then none
///   connection=none        a saved source leads to no connection
///   connection=manual      a saved source leads to a connection that nobody runs
///   job=queued | job=pending | job=running | job=incomplete
///                          the next sync gets there and no further
///   job=failed[:MESSAGE]   the next sync fails
///   job=empty              the next sync succeeds and writes nothing
///   bucket-region:REGION   the bucket is in that region (no count)
///   bucket-missing         there is no such bucket (no count)
/// ```
///
/// The first fault added that fits a request and has count left decides.
#[derive(Clone, Debug)]
pub struct Fault {
    text: String,
    pub(super) rule: Rule,
    pub(super) count: Option<u32>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An action on a route, or a state of the world.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    On(Route, Action),
    World(Switch),
}

/// Which requests an action concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Token,
    Organizations,
    Workspaces,
    Template,
    Templates,
    Widget,
    Page,
    Destinations,
    Sources,
    Connectors,
    Connections,
    Jobs,
    Any,
    Bucket,
    BucketList,
    BucketGet,
    BucketHead,
    BucketPut,
    BucketDelete,
}

/// Route, name in the grammar, and a piece of the path by which each API's requests are known.
/// Requests to the bucket are known by their verb: their paths are anybody's.
/// Making a template has the whole end of a path, because reading templates has it as a piece.
const ROUTES: &[(Route, &str, &[&str])] = &[
    (Route::Token, "token", &["/applications/token"]),
    (Route::Widget, "widget", &["/widget_token", "/widget-token"]),
    (Route::Template, "template", &["templates/connections"]),
    (
        Route::Templates,
        "templates",
        &[
            "templates/connections",
            "/config_templates/",
            "/templates/sources",
        ],
    ),
    (Route::Page, "page", &["/embedded-widget"]),
    (Route::Organizations, "organizations", &["/organizations"]),
    (Route::Workspaces, "workspaces", &["/workspaces"]),
    (Route::Destinations, "destinations", &["/destinations"]),
    (Route::Sources, "sources", &["/sources"]),
    (
        Route::Connectors,
        "connectors",
        &["/connectors", "/partial_user_configs/"],
    ),
    // With the version before it, since templates end so too.
    (Route::Connections, "connections", &["/v1/connections"]),
    (Route::Jobs, "jobs", &["/jobs"]),
    (Route::Any, "any", &["/"]),
    (Route::Bucket, "s3", &["s3:"]),
    (Route::BucketList, "s3.list", &["s3:list"]),
    (Route::BucketGet, "s3.get", &["s3:get"]),
    (Route::BucketHead, "s3.head", &["s3:head"]),
    (Route::BucketPut, "s3.put", &["s3:put"]),
    (Route::BucketDelete, "s3.delete", &["s3:delete"]),
];

impl Route {
    /// Whether requests to the bucket are meant.
    pub(super) fn is_bucket(self) -> bool {
        let named = ROUTES.iter().find(|(route, ..)| *route == self);
        named.is_some_and(|(_, _, pieces)| pieces.iter().any(|piece| piece.starts_with("s3:")))
    }

    /// Whether a request with this method to this path is meant.
    pub(super) fn covers(self, method: &str, path: &str) -> bool {
        let makes = method == "POST" && path.ends_with("templates/connections");
        ROUTES
            .iter()
            .any(|(route, _, pieces)| *route == self && pieces.iter().any(|p| path.contains(p)))
            && match self {
                Self::Template => makes,
                Self::Templates => !makes,
                Self::Token
                | Self::Organizations
                | Self::Workspaces
                | Self::Widget
                | Self::Page
                | Self::Destinations
                | Self::Sources
                | Self::Connectors
                | Self::Connections
                | Self::Jobs
                | Self::Any
                | Self::Bucket
                | Self::BucketList
                | Self::BucketGet
                | Self::BucketHead
                | Self::BucketPut
                | Self::BucketDelete => true,
            }
    }
}

impl Fault {
    /// What may happen instead of a request; with `commit+` before it, once it was carried out.
    pub const INSTEAD: &[&str] = &[
        "status:CODE[:MESSAGE]",
        "hang",
        "reset",
        "deny",
        "rate[:SECONDS]",
        "html:CODE",
        "redirect:CODE[:URL]",
        "redirect-loop",
        "esc",
        "echo",
    ];

    /// What may happen to a request that is carried out, and to its answer.
    pub const CARRIED_OUT: &[&str] = &[
        "delay:MS",
        "cut",
        "slow:MS",
        "bad-json",
        "cut-json",
        "empty",
        "huge:MIB",
        "array",
        "string",
        "bom",
        "not-utf8",
        "wrong-type",
        "dup-keys",
        "missing:FIELD",
        "null:FIELD",
        "blank:FIELD",
        "type:FIELD",
        "value:FIELD:TEXT",
        "big-field:FIELD:KIB",
    ];

    /// States that the world may be in.
    pub const SWITCHES: &[&str] = &[
        "moved[:404]",
        "not-entitled",
        "not-admin",
        "skew:SECONDS",
        "no-expiry",
        "expired-access",
        "expires:SECONDS",
        "widget-expires:SECONDS",
        "widget-host:URL",
        "older-widget-path",
        "credentials:400",
        "credentials:500",
        "bucket-region:REGION",
        "bucket-missing",
    ];

    /// Ways in which a customer's data may not arrive.
    pub const SETBACKS: &[&str] = setback::SETBACKS;

    /// Returns the names of the routes that an action may be held to.
    pub fn routes() -> impl Iterator<Item = &'static str> {
        ROUTES.iter().map(|(_, name, _)| *name)
    }
}

/// What happens to one request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Wait; `after` the request was carried out or before.
    Delay { wait: Duration, after: bool },
    /// Another answer; with `commit`, the request is carried out all the same.
    Instead { reply: Instead, commit: bool },
    /// The answer, changed.
    Reshape(Reshape),
    /// Refused for want of a permission.
    Deny,
}

/// Answers that have nothing to do with the request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Instead {
    Status(u16, Option<String>),
    Hang,
    Reset,
    Rate(Option<u64>),
    Html(u16),
    Redirect(u16, Option<String>),
    RedirectLoop,
    Escapes,
    Echo,
}

/// Changes to an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reshape {
    Cut,
    Slow(Duration),
    Huge(u64),
    Whole(Whole),
}

/// Changes to an answer that still arrives whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Whole {
    BadJson,
    CutJson,
    Empty,
    Array,
    Text,
    ByteOrderMark,
    NotUtf8,
    WrongType,
    DoubledKeys,
    Field(String, Change),
}

/// Changes to one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Missing,
    Null,
    Blank,
    OtherType,
    Value(String),
    Big(usize),
}

/// States of the world.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Switch {
    Moved,
    Gone,
    NotEntitled,
    NotAdmin,
    Skew(i64),
    NoExpiry,
    ExpiredAccess,
    Expires(i64),
    WidgetExpires(i64),
    WidgetHost(String),
    OlderWidgetPath,
    BadRequestOnCredentials,
    ServerErrorOnCredentials,
    Setback(Setback),
    BucketRegion(String),
    BucketMissing,
}

impl Switch {
    /// Why this switch takes no count, if it takes none: it is a state, not something that happens.
    pub(super) fn uncountable(&self) -> Option<&'static str> {
        match self {
            Self::Skew(_) => Some("`skew` takes no count, since a clock has none"),
            Self::OlderWidgetPath => {
                Some("`older-widget-path` takes no count, since a path stays where it is")
            }
            Self::BucketRegion(_) | Self::BucketMissing => {
                Some("the bucket takes no count, since it stays where it is")
            }
            Self::Moved
            | Self::Gone
            | Self::NotEntitled
            | Self::NotAdmin
            | Self::NoExpiry
            | Self::ExpiredAccess
            | Self::Expires(_)
            | Self::WidgetExpires(_)
            | Self::WidgetHost(_)
            | Self::BadRequestOnCredentials
            | Self::ServerErrorOnCredentials
            | Self::Setback(_) => None,
        }
    }

    /// Seconds that an access token lives under this switch.
    pub(super) fn life(&self) -> Option<i64> {
        if let Self::Expires(seconds) = self {
            return Some(*seconds);
        }
        None
    }

    /// Seconds that a widget token lives under this switch.
    pub(super) fn widget_life(&self) -> Option<i64> {
        if let Self::WidgetExpires(seconds) = self {
            return Some(*seconds);
        }
        None
    }

    /// How this switch has a sync end.
    pub(super) fn fate(&self) -> Option<Fate> {
        if let Self::Setback(Setback::Job(fate)) = self {
            return Some(fate.clone());
        }
        None
    }

    /// Where this switch puts the widget page.
    pub(super) fn widget_host(&self) -> Option<String> {
        if let Self::WidgetHost(url) = self {
            return Some(url.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests;
