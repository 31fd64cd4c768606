//! The connection template: planned, created once, adopted, listed.
//!
//! Depends on `api`, `ledger`, `domain`. Two templates of one name break every new customer, and
//! the API offers no key to make a creation repeatable; so a creation is announced in the ledger
//! before it is sent, never repeated by itself, and an outcome that is not known stays "unknown"
//! until the operator says otherwise.

use std::time::Duration;

use jiff::Timestamp;

use super::Tools;
use crate::api::{Client, NotCreated};
use crate::domain::failure::{Code, Failure};
use crate::domain::moment::rfc3339;
use crate::domain::settings::Access;
use crate::domain::template::{
    Consent, Creation, Difference, Doubt, Existing, Plan, Proof, Schedule, Shown, TemplateSpec,
    Would, destination_problems,
};
use crate::domain::text::sanitize;
use crate::ledger::{Attempt, Book, Entry, Fate, Ledger, Lock, Scope};

/// How long is waited until a held lock is looked at again.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// How often it is looked at, in all for a minute.
const LOCK_LOOKS: u32 = 1_200;

/// Why nothing was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncreated {
    /// The bucket was not proved, so nothing was sent.
    Unproved(Failure),
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for Uncreated {
    fn from(failure: Failure) -> Uncreated {
        Uncreated::Failed(failure)
    }
}

/// Says what creating the template would do: what would be sent, and what is known to exist.
pub async fn plan(tools: Tools<'_>, access: &Access, spec: &TemplateSpec) -> Result<Plan, Failure> {
    refuse_what_the_connector_would(spec)?;
    refuse_what_the_scheduler_would(tools, access, spec).await?;
    let (method, url, body) = Client::template_request(access, spec, Shown::Masked);
    let listed = tools.api.templates(access).await?;
    let is_listed = listed.is_some();
    let (existing, would) = match listed {
        Some(existing) => {
            let would = compare(existing.iter().filter(|e| e.name == spec.name), spec);
            (existing, would)
        }
        None => by_ledger(&tools.ledger.read()?, &Scope::of(access), spec),
    };
    Ok(Plan {
        name: spec.name.clone(),
        method,
        url,
        body,
        existing,
        would,
        listed: is_listed,
    })
}

/// Proves that the bucket takes what a template of this kind has the connector do there.
///
/// # Errors
/// It does not; the failure says that nothing was sent for that.
pub async fn prove(tools: Tools<'_>, spec: &TemplateSpec) -> Result<(), Uncreated> {
    let probed = tools.bucket.probe(&spec.storage(), false).await;
    probed.map(|_proved| ()).map_err(|mut failure| {
        failure.message.push_str(", so nothing was sent");
        Uncreated::Unproved(failure)
    })
}

/// Creates the template, unless it exists, conflicts or may exist and `consent` does not cover that.
/// The bucket is proved before anything is sent or written down, unless `proof` leaves that out.
///
/// The request is sent at most once. When no readable answer comes, the failure is
/// [`Code::TemplateUnknown`], and stays so on every later run until the operator consents to
/// sending again or says that it is there. Dropping the future does not undo a request that the
/// service has received; the ledger then says that its outcome is unknown.
pub async fn create(
    tools: Tools<'_>,
    access: &Access,
    spec: &TemplateSpec,
    consent: Consent,
    proof: Proof,
) -> Result<Creation, Uncreated> {
    let scope = Scope::of(access);
    let lock = lock(tools.ledger).await?;
    // Planned again under the lock: another console may have been quicker.
    let plan = plan(tools, access, spec).await?;
    if consent == Consent::OnlyIfAbsent {
        match plan.would {
            Would::Create => {}
            Would::Nothing(existing) => return Ok(Creation::Exists { id: existing.id }),
            Would::Conflict(existing, differences) => {
                let list: Vec<String> = differences.iter().map(Difference::to_string).collect();
                let id = existing
                    .id
                    .map_or(String::new(), |id| format!(" (id {id})"));
                return Err(Failure::new(Code::TemplateConflict, format!("a connection template named {} exists{id} and differs", spec.name))
                    .because(list.join("; "))
                    .hint("set TEMPLATE_NAME to another name, or the values to those that exist; --force sends a second one, and two of one name break new customers")
                    .into());
            }
            Would::Ask(doubt) => return Err(unknown(&doubt, None).into()),
        }
    }
    // A token is fetched first, so that an intent is written only when the request can follow, and
    // a probe put only then.
    tools.api.access_token(access).await?;
    if proof == Proof::First {
        prove(tools, spec).await?;
    }
    let sent_at = tools.api.clock().now().wall;
    let (intent, entry) = Entry::intent(spec);
    tools.ledger.append(&scope, entry, sent_at)?;
    let mut outcome = tools.api.create_template(access, spec).await;
    if let Err(NotCreated::Perhaps(cause)) = outcome {
        outcome = match found_again(tools, access, spec, &plan).await {
            Ok(Some(id)) => Ok(id),
            Ok(None) if plan.listed => {
                let unseen = "the list of templates does not show it";
                Err(NotCreated::Perhaps(still_unknown(sent_at, &cause, unseen)))
            }
            Ok(None) => {
                let doubt = Doubt::Sent(rfc3339(sent_at));
                Err(NotCreated::Perhaps(unknown(&doubt, Some(cause))))
            }
            Err(failure) => {
                let why = failure.because.unwrap_or(failure.message);
                let unread = format!("the list of templates cannot be read: {why}");
                Err(NotCreated::Perhaps(still_unknown(sent_at, &cause, &unread)))
            }
        };
    }
    let now = tools.api.clock().now().wall;
    let record = |entry| tools.ledger.append(&scope, entry, now);
    let result = match outcome {
        Ok(id) => match record(Entry::Made {
            intent,
            id: id.clone(),
        }) {
            Ok(()) => Ok(Creation::Created { id }),
            Err(mut failure) => {
                failure.message = format!(
                    "the template was created with id {id}, and this could not be recorded"
                );
                failure.hint =
                    Some("note the id; this machine will take the outcome for unknown".to_owned());
                Err(failure)
            }
        },
        Err(NotCreated::Surely(mut failure)) => {
            if let Err(unrecorded) = record(Entry::Refused { intent }) {
                let told = failure.because.take().unwrap_or_default();
                let why = unrecorded.because.unwrap_or(unrecorded.message);
                let then =
                    "this could not be recorded, so this machine will take the outcome for unknown";
                failure.because = Some(format!("{told}; {then}: {why}"));
            }
            Err(failure)
        }
        Err(NotCreated::Perhaps(failure)) => Err(failure),
    };
    drop(lock);
    result.map_err(Uncreated::Failed)
}

/// Waits for the lock that allows one creation at a time.
///
/// # Errors
/// It is held for longer than any creation should take, or there can be none.
async fn lock(ledger: &Ledger) -> Result<Lock, Failure> {
    for _look in 0..LOCK_LOOKS {
        if let Some(lock) = ledger.try_lock()? {
            return Ok(lock);
        }
        tokio::time::sleep(LOCK_POLL).await;
    }
    let waited = (LOCK_POLL * LOCK_LOOKS).as_secs();
    Err(Failure::new(
        Code::MachineDisk,
        "another embedctl is creating a connection template, so nothing was sent",
    )
    .because(format!(
        "it has held {} for {waited} s",
        ledger.shown_lock()
    ))
    .hint("let it end, or end it if it was stopped, and run this again"))
}

/// Looks, where the API can list, for a template that was not there before and is what was sent.
///
/// # Errors
/// The list cannot be read.
async fn found_again(
    tools: Tools<'_>,
    access: &Access,
    spec: &TemplateSpec,
    before: &Plan,
) -> Result<Option<String>, Failure> {
    let listed = tools.api.templates(access).await?.unwrap_or_default();
    let is_new = |t: &Existing| !before.existing.iter().any(|old| old.id == t.id);
    let is_ours = |t: &Existing| t.name == spec.name && t.differences(spec).is_empty();
    let ours = listed.into_iter().find(|t| is_new(t) && is_ours(t));
    Ok(ours.and_then(|t| t.id))
}

/// Finds one template by its id or its name.
///
/// # Errors
/// The API cannot list, there is none, or several have the name.
pub async fn find(tools: Tools<'_>, access: &Access, which: &str) -> Result<Existing, Failure> {
    let Some(templates) = tools.api.templates(access).await? else {
        return Err(cannot_delete());
    };
    let fits = |t: &Existing| t.id.as_deref() == Some(which) || t.name == which;
    let mut found: Vec<Existing> = templates.into_iter().filter(fits).collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Failure::new(
            Code::TemplateConflict,
            "several connection templates have this name",
        )
        .because(format!("{} are named {}", found.len() + 1, sanitize(which)))
        .hint("name one by its id: `embedctl template list` shows them")),
        (None, _) => Err(Failure::new(
            Code::ServiceNotFound,
            "there is no such connection template",
        )
        .because(format!("none has the name or id {}", sanitize(which)))
        .hint("`embedctl template list` shows those that exist")),
    }
}

/// Deletes a template and returns when, as the API says it. Workspaces keep the destinations that
/// were made from it.
pub async fn delete(
    tools: Tools<'_>,
    access: &Access,
    template: &Existing,
) -> Result<String, Failure> {
    let id = template.id.as_deref().unwrap_or_default();
    tools
        .api
        .delete_template(access, id)
        .await?
        .ok_or_else(cannot_delete)
}

fn cannot_delete() -> Failure {
    Failure::new(
        Code::ConfigUnsupported,
        "connection templates cannot be deleted through the v1 API",
    )
    .because("it has no such call, and no list of templates")
    .hint("delete it in Airbyte; an organization that has moved can with --api agents")
}

/// Records that the template whose outcome was unknown is there, and returns the new plan.
///
/// # Errors
/// There is no open attempt of this name, or the ledger cannot be written.
pub async fn adopt(
    tools: Tools<'_>,
    access: &Access,
    spec: &TemplateSpec,
) -> Result<Plan, Failure> {
    let scope = Scope::of(access);
    let book = tools.ledger.read()?;
    let attempts = book.attempts(&scope);
    let open = attempts
        .iter()
        .rev()
        .find(|a| a.existing.name == spec.name && a.fate != Fate::Made);
    let now = tools.api.clock().now().wall;
    let intent = match open {
        Some(open) => open.intent.clone(),
        None if book.is_incomplete() => {
            // What told of it cannot be read any more.
            let (intent, entry) = Entry::intent(spec);
            tools.ledger.append(&scope, entry, now)?;
            intent
        }
        None => {
            return Err(Failure::new(
                Code::TemplateConflict,
                "there is no template whose outcome is unknown",
            )
            .hint("`embedctl template plan` tells what is known"));
        }
    };
    tools
        .ledger
        .append(&scope, Entry::Adopted { intent }, now)?;
    plan(tools, access, spec).await
}

/// What is known of a template of the settings' name, without asking the operator anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knowledge {
    /// What `create` would do.
    pub would: Would,
    /// Whether it comes from the API's own list.
    pub listed: bool,
}

impl Knowledge {
    /// Returns true when new workspaces get a destination of this name.
    pub fn is_known(&self) -> bool {
        matches!(self.would, Would::Nothing(_) | Would::Conflict(..))
    }
}

/// Tells what is known of the template.
pub async fn look(
    tools: Tools<'_>,
    access: &Access,
    spec: &TemplateSpec,
) -> Result<Knowledge, Failure> {
    let plan = plan(tools, access, spec).await?;
    Ok(Knowledge {
        would: plan.would,
        listed: plan.listed,
    })
}

/// Lists the templates: the API's where it can, else those our ledger knows. The flag says which.
pub async fn list(tools: Tools<'_>, access: &Access) -> Result<(Vec<Existing>, bool), Failure> {
    if let Some(templates) = tools.api.templates(access).await? {
        return Ok((templates, true));
    }
    Ok((made(&tools.ledger.read()?, &Scope::of(access)), false))
}

fn made(book: &Book, scope: &Scope) -> Vec<Existing> {
    book.attempts(scope)
        .into_iter()
        .filter(|a| a.fate == Fate::Made)
        .map(|a| a.existing)
        .collect()
}

fn refuse_what_the_connector_would(spec: &TemplateSpec) -> Result<(), Failure> {
    let problems = destination_problems(&spec.destination(Shown::Whole));
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Code::ConfigInvalid, "the S3 connector would refuse this destination")
        .because(problems.join("; "))
        .hint("correct the settings; Airbyte stores a template unread and fails only when the first customer appears"))
}

/// A schedule is asked about where the API can be asked; where it cannot, our own reading stands.
async fn refuse_what_the_scheduler_would(
    tools: Tools<'_>,
    access: &Access,
    spec: &TemplateSpec,
) -> Result<(), Failure> {
    let Schedule::Cron(cron) = &spec.schedule else {
        return Ok(());
    };
    match tools.api.describe_cron(access, cron).await? {
        Some(words) if !words.is_valid => Err(Failure::new(
            Code::ConfigInvalid,
            "Airbyte would refuse this schedule",
        )
        .because(format!("TEMPLATE_SCHEDULE {cron}: {}", words.description))
        .hint("set TEMPLATE_SCHEDULE to hourly or to another Quartz cron")),
        Some(_) | None => Ok(()),
    }
}

fn by_ledger(book: &Book, scope: &Scope, spec: &TemplateSpec) -> (Vec<Existing>, Would) {
    let existing = made(book, scope);
    let attempts = book.attempts(scope);
    let last = attempts.iter().rev().find(|a| a.existing.name == spec.name);
    if let Some(Attempt {
        fate: Fate::Open { sent_at },
        ..
    }) = last
    {
        return (existing, Would::Ask(Doubt::Sent(sent_at.clone())));
    }
    let mut would = compare(existing.iter().filter(|e| e.name == spec.name), spec);
    if would == Would::Create && book.is_incomplete() {
        would = Would::Ask(Doubt::Unreadable);
    }
    (existing, would)
}

fn compare<'e>(same_name: impl Iterator<Item = &'e Existing>, spec: &TemplateSpec) -> Would {
    let mut compared: Vec<_> = same_name
        .map(|e| (e.clone(), e.differences(spec)))
        .collect();
    if let Some(place) = compared
        .iter()
        .position(|(_, differences)| differences.is_empty())
    {
        return Would::Nothing(compared.swap_remove(place).0);
    }
    match compared.pop() {
        Some((existing, differences)) => Would::Conflict(existing, differences),
        None => Would::Create,
    }
}

/// An unknown outcome where the API can list, and looking there settled nothing.
fn still_unknown(sent_at: Timestamp, cause: &Failure, list: &str) -> Failure {
    let because = cause.because.as_deref().unwrap_or("no answer came");
    let sent_at = rfc3339(sent_at);
    let mut failure = Failure::new(Code::TemplateUnknown, UNKNOWN)
        .because(format!("it was sent at {sent_at}, {because}, and {list}"))
        .hint("wait a moment and run `embedctl template create` again: it looks first, and sends only what is not there");
    failure.status = cause.status;
    failure.url.clone_from(&cause.url);
    failure
}

/// What is said of a template that may exist.
const UNKNOWN: &str = "whether the connection template exists is not known";

fn unknown(doubt: &Doubt, cause: Option<Failure>) -> Failure {
    let because = match (doubt, &cause) {
        (_, Some(failure)) => {
            let why = failure.because.as_deref().unwrap_or("no answer came");
            format!("{doubt}, and {why}")
        }
        (Doubt::Sent(_), None) => {
            format!("{doubt} and no readable answer came; nothing was sent again")
        }
        (Doubt::Unreadable, None) => {
            format!("{doubt}, and only it could tell; nothing was sent")
        }
    };
    let mut failure = Failure::new(Code::TemplateUnknown, UNKNOWN)
        .because(because)
        .hint("look in Airbyte under Connection templates; if it is there, say so in the console (screen 2, key a); if not, `embedctl template create --force` sends it again");
    if let Some(cause) = cause {
        failure.status = cause.status;
        failure.url = cause.url;
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_never_given_back_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(Some(folder.path().to_owned()));
        let held = lock(&ledger).await.unwrap();
        let failure = lock(&ledger).await.unwrap_err();
        assert_eq!(failure.code, Code::MachineDisk);
        let because = failure.because.unwrap();
        assert!(
            because.contains("create.lock") && because.ends_with("60 s"),
            "{because}"
        );
        drop(held);
        assert!(lock(&ledger).await.is_ok());
    }
}
