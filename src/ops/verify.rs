//! Has the user's data landed? The objects in the bucket, and the chain that leads there, so that
//! "no data" comes with its reason.
//!
//! Depends on `api`, `bucket`, `ops::verify::objects`, `domain`. A chain that cannot be read never
//! hides the objects.

use std::time::Duration;

use jiff::Timestamp;

use super::Tools;
use crate::api::{Contents, Named, Part};
use crate::domain::failure::{Code, Failure};
use crate::domain::landing::{ChainLink, Landing, Link, LinkStatus};
use crate::domain::moment::{rfc3339, span};
use crate::domain::settings::Access;
use crate::domain::shell;
use crate::domain::template::{Schedule, TemplateSpec};
use crate::domain::text::{counted, grouped};
use crate::domain::user::ExternalUser;

mod objects;
mod rows;

use objects::Found;

/// The wait before the second look; it doubles with each, up to [`SLOWEST`].
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between two looks.
const SLOWEST: Duration = Duration::from_secs(10);

/// The wait that is advised first: a first sync takes some minutes.
const USUAL_WAIT: Duration = Duration::from_mins(10);

/// The longest wait that can be asked for.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Whose data is looked for, and where.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// What opens the API.
    pub access: &'a Access,
    /// The template, which names the bucket, the folder and the destination.
    pub spec: &'a TemplateSpec,
    /// The user.
    pub user: &'a ExternalUser,
}

/// How to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// How long to wait for data; zero looks once.
    pub wait: Duration,
    /// Only objects written after this.
    pub since: Option<Timestamp>,
    /// How many rows of each stream to keep.
    pub sample: usize,
    /// Read every object, however much that is.
    pub full: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            wait: Duration::ZERO,
            since: None,
            sample: 5,
            full: false,
        }
    }
}

/// Looks for the user's data, once or until there is some or the time is up; while a sync replaces
/// what was listed, it is looked for again. What is found while waiting is told. No data is a landing with a reason, not a failure.
pub async fn verify(
    tools: Tools<'_>,
    target: &Target<'_>,
    look: &Look,
    tell: &mut (dyn FnMut(&Landing) + Send),
) -> Result<Landing, Failure> {
    let began = tools.api.clock().now();
    let mut pause = FIRST_WAIT;
    loop {
        let (landing, is_settled) = look_once(tools, target, look).await?;
        let waited = tools.api.clock().now().since(began);
        if (landing.has_data() && is_settled) || waited >= look.wait {
            return Ok(landing);
        }
        tell(&landing);
        tokio::time::sleep(pause.min(look.wait.saturating_sub(waited))).await;
        pause = (pause * 2).min(SLOWEST);
    }
}

/// Looks once; also tells whether all that was listed was still there to be read.
async fn look_once(
    tools: Tools<'_>,
    target: &Target<'_>,
    look: &Look,
) -> Result<(Landing, bool), Failure> {
    let folder = format!("{}/{}/", target.spec.prefix, target.user.s3_safe());
    // Both at once: neither needs the other.
    let (found, chain) = tokio::join!(
        objects::read(tools.bucket, target.spec, &folder, look),
        chain(tools, target)
    );
    let found = found?;
    let reason = if found.streams.is_empty() {
        Some(reason(&chain, &folder, look.since, &found))
    } else {
        None
    };
    let is_settled = found.gone == 0;
    // What is being replaced will be there in a moment.
    let advice = chain.advice.filter(|_| is_settled && reason.is_some());
    let landing = Landing {
        user: target.user.clone(),
        folder,
        chain: chain.links,
        advice,
        reason,
        streams: found.streams,
        complete: found.complete,
        sample: found.sample,
        operator_url: chain.operator_url,
    };
    Ok((landing, is_settled))
}

/// Says what landed, in one line.
pub fn summary(landing: &Landing) -> String {
    let rows = grouped(landing.rows());
    let streams = counted(landing.streams.len(), "stream");
    let partly = if landing.complete {
        ""
    } else {
        ", not all objects read"
    };
    format!("{rows} rows in {streams} for {}{partly}", landing.user)
}

/// Makes the failure of a user without data, after a look of this kind; `None` when there is some.
pub fn nothing(landing: &Landing, look: &Look) -> Option<Failure> {
    let reason = landing.reason.as_deref()?;
    let hint = landing.advice.clone();
    Some(
        Failure::new(Code::NoData, "no data of the user has landed")
            .because(reason)
            .hint(hint.unwrap_or_else(|| how_to_wait(landing, look))),
    )
}

/// Names the command that waits for the same data, longer than was waited.
fn how_to_wait(landing: &Landing, look: &Look) -> String {
    let user = shell::word(landing.user.as_str());
    let since = look
        .since
        .map_or_else(String::new, |since| format!(" --since {}", rfc3339(since)));
    let wait = (look.wait * 2).clamp(USUAL_WAIT, LONGEST_WAIT);
    let minutes = wait.as_secs() / 60;
    let command = format!("`embedctl verify {user}{since} --wait {minutes}m`");
    if look.wait.is_zero() {
        format!("{command} waits for it")
    } else {
        format!("{command} waits longer")
    }
}

/// The chain as it was read, and why it ends where it ends.
struct Chained {
    links: Vec<ChainLink>,
    /// Where the first link is that is not well.
    why: Option<String>,
    /// What has to be done, where waiting does not help.
    advice: Option<String>,
    operator_url: Option<String>,
}

impl Chained {
    fn new() -> Chained {
        Chained {
            links: Vec::new(),
            why: None,
            advice: None,
            operator_url: None,
        }
    }

    fn add(&mut self, link: Link, status: LinkStatus, detail: impl Into<String>) {
        self.links.push(ChainLink {
            link,
            status,
            detail: detail.into(),
        });
    }

    /// Says what has to be done.
    fn advise(mut self, advice: &str) -> Chained {
        self.advice = Some(advice.to_owned());
        self
    }

    /// Ends at a link that could not be read. What mends that is the failure's own advice.
    fn unread(self, link: Link, failure: Failure) -> Chained {
        let detail = format!("could not be read: {}", failure.message);
        let because = failure.because.unwrap_or_default();
        let why = format!("the chain {detail}, {because}");
        let ended = self.end(link, LinkStatus::Unknown, &detail, why);
        Chained {
            advice: failure.hint,
            ..ended
        }
    }

    /// Adds a link that is not well, and why; the links after it are not known.
    fn end(
        mut self,
        link: Link,
        status: LinkStatus,
        detail: &str,
        why: impl Into<String>,
    ) -> Chained {
        self.add(link, status, detail);
        self.why = Some(why.into());
        for later in Link::ALL.into_iter().filter(|l| *l > link) {
            self.add(later, LinkStatus::Unknown, "");
        }
        self
    }
}

async fn chain(tools: Tools<'_>, target: &Target<'_>) -> Chained {
    let chained = Chained::new();
    let listing = match tools.api.workspaces(target.access, Some(target.user)).await {
        Ok(listing) => listing,
        Err(failure) => return chained.unread(Link::Workspace, failure),
    };
    let workspace = match listing.named(target.user) {
        Named::Found(workspace) => workspace,
        Named::Absent => {
            let why = format!(
                "no workspace is named {}: no widget token was ever minted for this user, or the workspace was renamed",
                target.user
            );
            let ended = chained.end(
                Link::Workspace,
                LinkStatus::Missing,
                "none of this name",
                why,
            );
            return ended.advise("mint a token for this user: the first one makes its workspace");
        }
        Named::NotAmong(some) => {
            let among = format!("not among the first {}", grouped(some as u64));
            let why = format!(
                "the workspace of {} is {among} of this organization, and no more are read",
                target.user
            );
            let ended = chained.end(Link::Workspace, LinkStatus::Unknown, &among, why);
            return ended.advise("look in Airbyte for a workspace of this name, and what it holds");
        }
    };
    let mut chained = chained;
    chained.add(Link::Workspace, LinkStatus::Ok, workspace.id.clone());
    chained.operator_url = target.access.base_url.operator_url(&workspace.id);
    match tools
        .api
        .workspace_contents(target.access, &workspace.id)
        .await
    {
        Err(failure) => chained.unread(Link::Source, failure),
        Ok(Some(contents)) => follow(tools, target, &contents, chained).await,
        Ok(None) => follow_connectors(tools, target, chained).await,
    }
}

/// Follows the chain on an API that tells of sources alone.
async fn follow_connectors(tools: Tools<'_>, target: &Target<'_>, mut chained: Chained) -> Chained {
    match tools.api.connectors(target.access, target.user).await {
        Ok(Some(connectors)) if connectors.is_empty() => chained.end(
            Link::Source,
            LinkStatus::Missing,
            "none yet",
            "the customer has not connected a source yet",
        ),
        Ok(Some(connectors)) => {
            let names: Vec<&str> = connectors.iter().map(|c| c.name.as_str()).collect();
            chained.add(Link::Source, LinkStatus::Ok, first_of(&names));
            chained.end(Link::Destination, LinkStatus::Unknown, "this API does not tell", "a source is connected, and this API does not tell what became of it; a first sync takes some minutes")
        }
        Ok(None) => chained.end(
            Link::Source,
            LinkStatus::Unknown,
            "this API does not tell",
            "this API does not tell of sources",
        ),
        Err(failure) => chained.unread(Link::Source, failure),
    }
}

async fn follow(
    tools: Tools<'_>,
    target: &Target<'_>,
    contents: &Contents,
    mut chained: Chained,
) -> Chained {
    let name = &target.spec.name;
    if contents.sources.is_empty() {
        return chained.end(
            Link::Source,
            LinkStatus::Missing,
            "none yet",
            "the customer has not connected a source yet",
        );
    }
    let sources: Vec<&str> = contents.sources.iter().map(|s| s.name.as_str()).collect();
    chained.add(Link::Source, LinkStatus::Ok, first_of(&sources));
    let named: Vec<&Part> = contents
        .destinations
        .iter()
        .filter(|d| d.exact_name == *name)
        .collect();
    let destination = match named.as_slice() {
        [one] => *one,
        [] => {
            let why = format!(
                "the workspace has no destination named {name}: it was made before the template, or Airbyte refused the configuration"
            );
            let none = format!("none named {name}");
            let ended = chained.end(Link::Destination, LinkStatus::Missing, &none, why);
            return ended.advise("mint for a new external user ID, or add the destination by hand");
        }
        several => {
            let why = format!(
                "the workspace has {} destinations named {name}, from as many templates of one name: Airbyte then refuses every new source",
                several.len()
            );
            let several = format!("{} named {name}", several.len());
            let ended = chained.end(Link::Destination, LinkStatus::Failed, &several, why);
            return ended.advise("delete all but one of them, and all but one template");
        }
    };
    chained.add(Link::Destination, LinkStatus::Ok, name.clone());
    let connection = contents
        .connections
        .iter()
        .find(|c| c.destination_id.as_deref() == Some(&destination.id));
    let Some(connection) = connection else {
        let why = "source and destination are there, and no connection joins them: the source was saved when the destination was not there yet";
        let ended = chained.end(Link::Connection, LinkStatus::Missing, "none", why);
        return ended.advise("save the source again in the widget");
    };
    match connection.status.as_deref() {
        None | Some("active") => chained.add(
            Link::Connection,
            LinkStatus::Ok,
            if connection.scheduled {
                "scheduled"
            } else {
                "manual"
            },
        ),
        Some(status) => {
            let why = format!("the connection is {status}, so it does not sync");
            let ended = chained.end(Link::Connection, LinkStatus::Failed, status, why);
            return ended.advise("switch the connection on in Airbyte");
        }
    }
    job(tools, target, connection, chained).await
}

async fn job(
    tools: Tools<'_>,
    target: &Target<'_>,
    connection: &Part,
    mut chained: Chained,
) -> Chained {
    let newest = match tools.api.newest_job(target.access, &connection.id).await {
        Ok(Some(newest)) => newest,
        Ok(None) => {
            return chained.end(
                Link::Job,
                LinkStatus::Unknown,
                "this API does not tell",
                "this API does not tell of syncs",
            );
        }
        Err(failure) => {
            return chained.end(
                Link::Job,
                LinkStatus::Unknown,
                "could not be read",
                failure.message,
            );
        }
    };
    let Some(job) = newest else {
        let end = |why| chained.end(Link::Job, LinkStatus::Missing, "none yet", why);
        return if connection.scheduled && target.spec.schedule != Schedule::Manual {
            end("the connection has never synced: its next sync comes with its schedule")
        } else {
            end("the connection has never synced, and its schedule is manual")
                .advise("start a sync in Airbyte")
        };
    };
    let detail = format!("{} {}", job.id, job.status);
    match job.status.as_str() {
        "succeeded" => {
            let rows = job.rows.map_or(String::new(), |rows| {
                format!(", {} rows by its own count", grouped(rows))
            });
            chained.add(Link::Job, LinkStatus::Ok, detail);
            chained.why = Some(format!(
                "the newest sync, {}, succeeded{rows}, and nothing of it is in this folder: the source is empty, or the template writes to another bucket or prefix than these settings name",
                job.id
            ));
            chained
        }
        "pending" | "queued" | "running" => {
            let why = format!("sync {} is {}: look again in a moment", job.id, job.status);
            chained.end(Link::Job, LinkStatus::Unknown, &detail, why)
        }
        "incomplete" => {
            let why = format!(
                "sync {} is incomplete: an attempt failed, and Airbyte may try again",
                job.id
            );
            chained.end(Link::Job, LinkStatus::Failed, &detail, why)
        }
        status => {
            let why = format!(
                "sync {} ended as {status}: its log in Airbyte says why",
                job.id
            );
            let ended = chained.end(Link::Job, LinkStatus::Failed, &detail, why);
            ended.advise("read the sync's log in Airbyte, and start it again when it is mended")
        }
    }
}

fn first_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, others @ ..] => format!("{one}, and {} more", others.len()),
    }
}

fn reason(chain: &Chained, folder: &str, since: Option<Timestamp>, found: &Found) -> String {
    let objects = |count: u64| counted(usize::try_from(count).unwrap_or(usize::MAX), "object");
    if found.gone > 0 {
        let gone = objects(found.gone);
        return format!(
            "a sync is replacing what is under {folder}: {gone} went away before being read"
        );
    }
    let (Some(since), older @ 1..) = (since, found.older) else {
        let nothing = || format!("there are no objects under {folder}");
        return chain.why.clone().unwrap_or_else(nothing);
    };
    let old = format!(
        "{} under {folder}, none written after {}",
        objects(older),
        rfc3339(since)
    );
    let synced = chain
        .links
        .iter()
        .any(|l| l.link == Link::Job && l.status == LinkStatus::Ok);
    match &chain.why {
        // That sync is the one which wrote them.
        Some(_) if synced => format!("{old}: there has been no sync since that brought anything"),
        Some(why) => format!("{old}; {why}"),
        None => old,
    }
}

/// Says how long ago the newest record was read from its source.
pub fn newest(landing: &Landing, now: Timestamp) -> Option<String> {
    let at = landing.streams.iter().filter_map(|s| s.newest).max()?;
    let ago = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    Some(format!("{} ago", span(ago)))
}
