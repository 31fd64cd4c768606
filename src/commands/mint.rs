//! `embedctl token mint`: one token, or thousands, in the order they were asked for.
//!
//! Depends on `ops::mint`, `session`, `print`.

use std::path::Path;
use std::sync::OnceLock;

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::print::{Printer, Report, Tone, target};
use super::session::{Environment, Session};
use super::signals::Signals;
use crate::api::Named;
use crate::cli::{Cli, Mint};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::moment::{countdown, rfc3339};
use crate::domain::origin::Origin;
use crate::domain::secret::ends;
use crate::domain::settings::{Access, Part};
use crate::domain::text::{counted, fit, sanitize};
use crate::domain::token::Minted;
use crate::domain::user::{ExternalUser, UserList};
use crate::ops::mint::{Roster, mint, read_users};

const KIND: &str = "token.mint";

pub(super) async fn run(
    cli: &Cli,
    args: &Mint,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let session = match Session::open(cli, environment).map(Session::with_ledger) {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(KIND, None, &[], &failure)),
    };
    printer.destination(&session, &cli.common);
    let target = target(&session.draft, false);
    let order = match order(&session, args) {
        Ok(order) => order,
        Err(failure) => {
            return printer.finish(Report::failed(
                KIND,
                Some(target),
                &session.warnings,
                &failure,
            ));
        }
    };
    let mut warnings = session.warnings.clone();
    warnings.extend(order.notes.iter().cloned());
    let roster = Roster::load(&session.ledger, &order.access);
    let mut signals = Signals::listen();
    let told = tokio::select! {
        told = prepare(&session, &order, &roster) => told,
        exit = signals.wait() => Err((exit, cancelled())),
    };
    let (exit, failure, results) = match told {
        Ok(told) => {
            warnings.extend(told);
            printer.warnings(&warnings);
            let raw = args.raw || !environment.terminal.stdout;
            let bulk = Bulk {
                session: &session,
                order: &order,
                roster: &roster,
                jobs: usize::from(args.jobs),
                raw,
            };
            let (results, stopped) = bulk.mint(printer, &mut signals).await;
            if let Some(trouble) = roster.take_trouble() {
                let text = format!(
                    "{}: {}",
                    trouble.message,
                    trouble.because.unwrap_or_default()
                );
                printer.warnings(std::slice::from_ref(&text));
                warnings.push(text);
            }
            let failure = match stopped {
                Some(_) => Some(cancelled()),
                None => gravest(&results).cloned(),
            };
            if stopped.is_some() {
                printer.aside(&tally(&order.users, &results));
            }
            let own = failure.as_ref().map_or(Exit::Done, Failure::exit);
            (stopped.unwrap_or(own), failure, results)
        }
        Err((exit, failure)) => {
            printer.warnings(&warnings);
            if !printer.is_json() {
                printer.failure(&failure);
            }
            let results = order.users.iter().map(|_| Err(failure.clone())).collect();
            (exit, Some(failure), results)
        }
    };
    if !printer.is_json() {
        return printer.end(exit);
    }
    let tokens: Vec<Value> = order
        .users
        .iter()
        .zip(&results)
        .map(|(user, result)| document(user, &order.origin, result, printer))
        .collect();
    printer.finish(Report {
        kind: KIND,
        exit,
        target: Some(target),
        warnings: &warnings,
        data: json!({"tokens": tokens}),
        failure: failure.as_ref(),
    })
}

/// Many mints, a few at a time.
struct Bulk<'a> {
    session: &'a Session,
    order: &'a Order,
    roster: &'a Roster,
    jobs: usize,
    raw: bool,
}

impl Bulk<'_> {
    /// Mints for every user, printing each result in its turn, until the end or a signal.
    async fn mint(
        &self,
        printer: &mut Printer,
        signals: &mut Signals,
    ) -> (Vec<Result<Minted, Failure>>, Option<Exit>) {
        let Order {
            access,
            origin,
            users,
            ..
        } = self.order;
        if !self.raw && !printer.is_json() {
            let heading = format!("{:<28}  {:<9}  {:>7}  token", "user", "workspace", "left");
            let heading = printer.tone(Tone::Strong, &heading);
            printer.line(&heading);
        }
        // What is refused to these credentials is refused for all: trying it again for each user
        // would look like an attack.
        let refused = OnceLock::new();
        let mut results = Vec::with_capacity(users.len());
        let mut mints = futures_util::stream::iter(users)
            .map(|user| async {
                if let Some(refused) = refused.get() {
                    return Err(Failure::clone(refused));
                }
                let result = mint(
                    &self.session.api,
                    &self.session.ledger,
                    self.roster,
                    access,
                    origin,
                    user,
                )
                .await;
                if let Err(failure) = &result
                    && is_everyones(failure.code)
                {
                    let _already = refused.set(failure.clone());
                }
                result
            })
            .buffered(self.jobs);
        let mut failed = 0;
        loop {
            if printer.is_unread() {
                // A token that nobody reads is better not made.
                return (results, None);
            }
            if users.len() > 1 {
                printer.progress(&progress(results.len(), failed, users.len()));
            }
            tokio::select! {
                biased;
                next = mints.next() => match next {
                    Some(result) => {
                        if !printer.is_json() {
                            print_result(printer, users.get(results.len()), &result, self.raw);
                        }
                        failed += usize::from(result.is_err());
                        results.push(result);
                    }
                    None => return (results, None),
                },
                exit = signals.wait() => return (results, Some(exit)),
            }
        }
    }
}

/// Whether a failure is the same for every user: the credentials are refused, or what they ask for.
fn is_everyones(code: Code) -> bool {
    matches!(
        code,
        Code::AuthRefused | Code::AuthExpired | Code::AuthForbidden | Code::AuthNotEntitled
    )
}

fn progress(ended: usize, failed: usize, all: usize) -> String {
    let failed = if failed == 0 {
        String::new()
    } else {
        format!(", {failed} failed")
    };
    format!("minting: {ended} of {all}{failed}")
}

/// What is to be minted, for whom.
struct Order {
    access: Access,
    origin: Origin,
    users: Vec<ExternalUser>,
    notes: Vec<String>,
}

fn order(session: &Session, args: &Mint) -> Result<Order, Failure> {
    let draft = &session.draft;
    let mut parts = vec![Part::Access];
    if args.origin.is_none() {
        parts.push(Part::Origin);
    }
    if args.users.is_empty() && args.from.is_none() {
        parts.push(Part::User);
    }
    draft.demand(&parts)?;
    let access = draft.access()?;
    let origin = args.origin.clone().map_or_else(|| draft.origin(), Ok)?;
    let mut list = asked_for(args)?;
    if list.users.is_empty() {
        if args.from.is_some() {
            return Err(
                Failure::new(Code::ConfigMissing, "the list of users is empty")
                    .because("it has no line with a name on it")
                    .hint("write one external user ID a line"),
            );
        }
        list.users.push(draft.user()?);
    }
    let mut notes = Vec::new();
    if !list.repeated.is_empty() {
        let names: Vec<&str> = list
            .repeated
            .iter()
            .take(5)
            .map(ExternalUser::as_str)
            .collect();
        notes.push(format!(
            "minted once although named more often: {}",
            names.join(", ")
        ));
    }
    Ok(Order {
        access,
        origin,
        users: list.users,
        notes,
    })
}

/// The users named as arguments, and those of the list.
fn asked_for(args: &Mint) -> Result<UserList, Failure> {
    let mut list = UserList::of_names(args.users.iter().map(ExternalUser::as_str));
    let mut refused: Vec<String> = Vec::new();
    if let Some(path) = &args.from {
        let read = read_users((path != Path::new("-")).then_some(path))?;
        list.append(&read);
        let name = sanitize(&path.display().to_string());
        let lines = read.refused.iter();
        refused.extend(lines.map(|(line, why)| format!("line {line} of {name} {why}")));
    }
    if refused.is_empty() {
        return Ok(list);
    }
    let message = format!(
        "{} cannot be used",
        counted(refused.len(), "external user ID")
    );
    refused.truncate(5);
    Err(Failure::new(Code::ConfigInvalid, message)
        .because(refused.join("; "))
        .hint("correct the list; nothing was minted"))
}

/// Fetches the access token, so that one refusal or one dead network ends the command instead of
/// one for each user, and says what will be made.
async fn prepare(
    session: &Session,
    order: &Order,
    roster: &Roster,
) -> Result<Option<String>, (Exit, Failure)> {
    let token = session.api.access_token(&order.access).await;
    token.map_err(|failure| (failure.exit(), failure))?;
    Ok(side_effects(session, order, roster).await)
}

fn cancelled() -> Failure {
    Signals::failure("run it again for the users that are not finished")
}

/// Says which users may get a workspace, before any is made. The API is asked only about users that
/// the ledger does not know, and once for all of them.
async fn side_effects(session: &Session, order: &Order, roster: &Roster) -> Option<String> {
    let new: Vec<&ExternalUser> = order
        .users
        .iter()
        .filter(|user| !roster.knows(user))
        .collect();
    if new.is_empty() {
        return None;
    }
    let only = match new.as_slice() {
        [user] => Some(*user),
        _ => None,
    };
    let known = session.api.workspaces(&order.access, only).await;
    let without: Vec<&ExternalUser> = match &known {
        Ok(listing) => new
            .into_iter()
            .filter(|user| !matches!(listing.named(user), Named::Found(_)))
            .collect(),
        Err(_) => new,
    };
    if without.is_empty() {
        return None;
    }
    let names: Vec<&str> = without.iter().take(3).map(|user| user.as_str()).collect();
    let more = if without.len() > names.len() {
        ", …"
    } else {
        ""
    };
    let absent = |user: &&ExternalUser| {
        let listing = known.as_ref().ok();
        listing.is_some_and(|listing| listing.named(user) == Named::Absent)
    };
    let may = if without.iter().all(absent) {
        "makes"
    } else {
        "may make"
    };
    Some(format!(
        "minting {may} {}: {}{more}",
        counted(without.len(), "workspace"),
        names.join(", ")
    ))
}

fn print_result(
    printer: &mut Printer,
    user: Option<&ExternalUser>,
    result: &Result<Minted, Failure>,
    raw: bool,
) {
    let name = user.map_or("", ExternalUser::as_str);
    match result {
        Ok(minted) if raw => printer.line(minted.token.expose()),
        Ok(minted) => {
            let left = minted.life.map_or("?".to_owned(), countdown);
            let workspace = minted.workspace_id().map_or("?".to_owned(), ends);
            let row = format!(
                "{:<28}  {workspace:<9}  {left:>7}  {} (masked; --raw prints it)",
                fit(name, 28),
                counted(minted.token.chars(), "character")
            );
            printer.line(&row);
        }
        Err(failure) => {
            printer.failure_of(name, failure);
        }
    }
}

/// The failure that decides the exit code; of equally grave ones the first.
fn gravest(results: &[Result<Minted, Failure>]) -> Option<&Failure> {
    results
        .iter()
        .filter_map(|r| r.as_ref().err())
        .rev()
        .max_by_key(|failure| failure.gravity())
}

fn tally(users: &[ExternalUser], results: &[Result<Minted, Failure>]) -> String {
    let minted = results.iter().filter(|r| r.is_ok()).count();
    let failed = results.len() - minted;
    format!(
        "stopped: {minted} minted, {failed} failed, {} not finished",
        users.len() - results.len()
    )
}

fn document(
    user: &ExternalUser,
    origin: &Origin,
    result: &Result<Minted, Failure>,
    printer: &Printer,
) -> Value {
    match result {
        Err(failure) => {
            json!({"user": user.as_str(), "ok": false, "error": printer.error(failure)})
        }
        Ok(minted) => {
            let opened = minted.opened.as_ref().ok();
            json!({
                "user": user.as_str(),
                "ok": true,
                "origin": origin.as_str(),
                "workspace_id": minted.workspace_id(),
                "expires_at": opened.and_then(|o| o.expires_at).map(rfc3339),
                "ttl_s": minted.life.map(|life| life.as_secs()),
                "widget_url": opened.and_then(|o| o.widget_url.as_deref()),
                "token": minted.token.expose(),
            })
        }
    }
}
