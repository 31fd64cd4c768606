//! The ways in which a customer's data does not arrive, each under a word of its own.

use crate::sandbox::jobs::Fate;

/// Something on the way from a source to the bucket that goes wrong. Unlike an action, it changes
/// no answer: every request succeeds, and the data is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Setback {
    /// The customer who plays connects nothing.
    NoSource,
    /// A new workspace gets no destination, as if it were older than the template.
    NoDestination,
    /// A new workspace gets each destination twice, as if the template had been made twice.
    TwoDestinations,
    /// A new workspace's destination is refused, once.
    InvalidDestination,
    /// A saved source leads to no connection.
    NoConnection,
    /// A saved source leads to a connection that is run by hand only.
    ManualConnection,
    /// The next sync goes this way.
    Job(Fate),
}

/// What a job says that fails without a message.
const FAILURE: &str = "Something went wrong in the connector.";

/// Every word, for who has used another one.
pub(super) const SETBACKS: &[&str] = &[
    "source=none",
    "destination=none",
    "destination=twice",
    "destination=invalid",
    "connection=none",
    "connection=manual",
    "job=queued",
    "job=pending",
    "job=running",
    "job=incomplete",
    "job=empty",
    "job=failed[:MESSAGE]",
];

/// Reads a setback; none when the text begins like no such thing.
pub(super) fn setback(text: &str) -> Result<Option<Setback>, String> {
    let Some((subject, how)) = text.split_once('=') else {
        return Ok(None);
    };
    let setback = match (subject, how) {
        ("source", "none") => Setback::NoSource,
        ("destination", "none") => Setback::NoDestination,
        ("destination", "twice") => Setback::TwoDestinations,
        ("destination", "invalid") => Setback::InvalidDestination,
        ("connection", "none") => Setback::NoConnection,
        ("connection", "manual") => Setback::ManualConnection,
        ("job", how) => Setback::Job(fate(how)?),
        ("source", _) => return Err("`source` takes none".to_owned()),
        ("destination", _) => return Err("`destination` takes none, twice or invalid".to_owned()),
        ("connection", _) => return Err("`connection` takes none or manual".to_owned()),
        _ => return Ok(None),
    };
    Ok(Some(setback))
}

fn fate(text: &str) -> Result<Fate, String> {
    match text {
        "queued" => Ok(Fate::Queued),
        "pending" => Ok(Fate::Pending),
        "running" => Ok(Fate::Running),
        "incomplete" => Ok(Fate::Incomplete),
        "empty" => Ok(Fate::Empty),
        "failed" => Ok(Fate::Fails(FAILURE.to_owned())),
        _ => match text.strip_prefix("failed:") {
            Some(message) if !message.is_empty() => Ok(Fate::Fails(message.to_owned())),
            Some(_) | None => Err(
                "`job` takes queued, pending, running, incomplete, empty or failed[:MESSAGE]"
                    .to_owned(),
            ),
        },
    }
}
