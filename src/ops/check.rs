//! The walk up the ladder.
//!
//! Depends on `api`, `ops::template`, `ops::mint`, `domain`. It must not spring the trap it guards
//! against: a workspace made before the template never gets its destination, so without a known
//! template it mints only for a user whose workspace exists.

use std::time::Duration;

use jiff::SignedDuration;

use super::mint::{Roster, mint};
use super::template::{Knowledge, look};
use super::verify;
use super::{Customer, Tools};
use crate::api::{Named, Standing};
use crate::domain::failure::{Code, Failure};
use crate::domain::ladder::{Rung, Status, Step};
use crate::domain::moment::span;
use crate::domain::settings::{Draft, Settings};
use crate::domain::template::Would;
use crate::domain::text::{counted, grouped};
use crate::domain::token::{Minted, Verdict};
use crate::domain::user::ExternalUser;

/// A difference between the clocks up to this is none.
const STEP: SignedDuration = SignedDuration::from_secs(60);

/// What to walk.
#[derive(Clone, Default)]
pub struct Walk {
    /// Only these rungs, if any are named; `config` is always walked, since every other needs it.
    pub only: Vec<Rung>,
    /// Not these rungs.
    pub skip: Vec<Rung>,
    /// Write nothing: no workspace is made, no probe put.
    pub read_only: bool,
    /// Mint although no template is known and a workspace would be made.
    pub insist: bool,
    /// Look for the user's data as well.
    pub data: bool,
    /// A customer who connects Sample Data before data is looked for.
    pub customer: Option<Customer>,
    /// For this user instead of the settings' own.
    pub user: Option<ExternalUser>,
}

/// What is told while walking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A rung has begun.
    Begun(Rung),
    /// A rung has ended.
    Ended(Step),
}

/// Walks the ladder and returns every rung, in order. A rung that fails does not end the walk; those
/// that need it are skipped.
pub async fn walk(
    tools: Tools<'_>,
    draft: &Draft,
    walk: &Walk,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Vec<Step> {
    let mut climber = Climber {
        tools,
        draft,
        walk,
        settings: None,
        knowledge: None,
        minted: None,
    };
    let mut steps: Vec<Step> = Vec::new();
    for rung in Rung::ALL {
        let step = if let Some(why) = climber.reason_to_skip(rung, &steps) {
            Step::skipped(rung, why)
        } else {
            tell(Progress::Begun(rung));
            let began = tools.api.clock().now();
            let found = climber.climb(rung).await;
            found.step(rung, tools.api.clock().now().since(began))
        };
        tell(Progress::Ended(step.clone()));
        steps.push(step);
    }
    steps
}

/// How a rung ended, before it is timed.
enum Found {
    Pass(String),
    Warn(String),
    Skip(String),
    Fail(Failure),
}

impl Found {
    fn step(self, rung: Rung, took: Duration) -> Step {
        let (status, detail, failure) = match self {
            Found::Pass(detail) => (Status::Pass, detail, None),
            Found::Warn(detail) => (Status::Warn, detail, None),
            Found::Skip(detail) => return Step::skipped(rung, detail),
            Found::Fail(failure) => (Status::Fail, failure.message.clone(), Some(failure)),
        };
        Step {
            rung,
            status,
            took,
            detail,
            failure,
        }
    }
}

impl From<Failure> for Found {
    fn from(failure: Failure) -> Found {
        Found::Fail(failure)
    }
}

struct Climber<'a> {
    tools: Tools<'a>,
    draft: &'a Draft,
    walk: &'a Walk,
    settings: Option<Settings>,
    knowledge: Option<Knowledge>,
    minted: Option<Minted>,
}

impl Climber<'_> {
    fn reason_to_skip(&self, rung: Rung, steps: &[Step]) -> Option<String> {
        if rung != Rung::Config {
            if self.walk.skip.contains(&rung) {
                return Some("skipped as asked".to_owned());
            }
            if !self.walk.only.is_empty() && !self.walk.only.contains(&rung) {
                return Some("not asked for".to_owned());
            }
        }
        if rung == Rung::Data && !self.walk.data {
            return Some("not asked for; --data looks for the user's objects".to_owned());
        }
        let failed = steps
            .iter()
            .find(|s| s.status == Status::Fail && rung.needs().contains(&s.rung));
        if let Some(step) = failed {
            return Some(format!("needs {}", step.rung.name()));
        }
        if rung == Rung::Page && self.minted.is_none() {
            return Some("needs mint".to_owned());
        }
        None
    }

    async fn climb(&mut self, rung: Rung) -> Found {
        let result = match rung {
            Rung::Config => Ok(self.config()),
            Rung::Auth => self.auth().await,
            Rung::Organization => self.organization().await,
            Rung::Template => self.template().await,
            Rung::Mint => self.mint().await,
            Rung::Page => self.page().await,
            Rung::Bucket => self.bucket().await,
            Rung::Data => self.data().await,
        };
        result.unwrap_or_else(Found::Fail)
    }

    fn config(&mut self) -> Found {
        match self.draft.settings() {
            Ok(settings) => self.settings = Some(settings),
            Err(failure) => return Found::Fail(failure),
        }
        Found::Pass(self.draft.told())
    }

    fn settings(&self) -> Result<&Settings, Failure> {
        self.settings
            .as_ref()
            .ok_or_else(|| Failure::new(Code::Internal, "the settings were not read"))
    }

    async fn auth(&self) -> Result<Found, Failure> {
        let token = self
            .tools
            .api
            .access_token(&self.settings()?.access)
            .await?;
        let life = if token.life_told {
            format!("token lives {}", span(token.life))
        } else {
            format!(
                "token does not say how long it lives; {} taken",
                span(token.life)
            )
        };
        Ok(match token.skew {
            Some(skew) if skew.abs() > STEP => {
                let way = if skew.is_positive() {
                    "behind"
                } else {
                    "ahead of"
                };
                let by = span(skew.unsigned_abs());
                Found::Warn(format!(
                    "{life}; this machine's clock is {by} {way} Airbyte's"
                ))
            }
            Some(_) => Found::Pass(format!("{life}, clock in step")),
            None => Found::Pass(format!("{life}; the answer does not say its time")),
        })
    }

    async fn organization(&self) -> Result<Found, Failure> {
        let access = &self.settings()?.access;
        Ok(match self.tools.api.organization(access).await? {
            Standing::Member {
                name,
                permission: None,
            } => Found::Pass(format!("the credentials belong to {name}")),
            Standing::Member {
                name,
                permission: Some(permission),
            } if permission.ends_with("_admin") => Found::Pass(format!("{name}, {permission}")),
            Standing::Member {
                name,
                permission: Some(permission),
            } => Found::Warn(format!(
                "{name}, {permission}: creating templates and minting need organization_admin"
            )),
            Standing::NotAmong { others } => {
                let seen = match others.len() {
                    0 => "they see no organization that may use Embedded".to_owned(),
                    n => format!(
                        "they see {}: {}",
                        counted(n, "organization"),
                        first_few(&others)
                    ),
                };
                Found::Fail(
                    Failure::new(Code::AuthWrongOrganization, "these credentials cannot use Embedded for this organization")
                        .because(format!("{seen}, and not the one in AIRBYTE_ORGANIZATION_ID"))
                        .hint("check AIRBYTE_ORGANIZATION_ID; if it is right, ask Airbyte for the entitlement or for the organization_admin role"),
                )
            }
            Standing::Untold => Found::Warn(
                "this API does not tell which organization the credentials belong to".to_owned(),
            ),
        })
    }

    async fn bucket(&self) -> Result<Found, Failure> {
        let storage = self.settings()?.template.storage();
        let probed = self
            .tools
            .bucket
            .probe(&storage, self.walk.read_only)
            .await?;
        let verbs: Vec<&str> = probed.verbs.iter().map(|verb| verb.name()).collect();
        let only = if self.walk.read_only {
            "; nothing else was tried under --read-only"
        } else {
            ""
        };
        Ok(Found::Pass(format!(
            "{} under {}/ in {}{only}",
            verbs.join(", "),
            storage.prefix,
            storage.region
        )))
    }

    async fn data(&self) -> Result<Found, Failure> {
        let settings = self.settings()?;
        let user = self.walk.user.as_ref().unwrap_or(&settings.user);
        if let Some(customer) = &self.walk.customer {
            // Who has no workspace cannot connect anything.
            if self.minted.is_none() {
                return Ok(Found::Skip("needs mint".to_owned()));
            }
            customer(user.clone()).await?;
        }
        let target = verify::Target {
            access: &settings.access,
            spec: &settings.template,
            user,
        };
        let look = verify::Look::default();
        let landing = verify::verify(self.tools, &target, &look, &mut |_| {}).await?;
        Ok(match verify::nothing(&landing, &look) {
            None => Found::Pass(verify::summary(&landing)),
            Some(failure) => Found::Fail(failure),
        })
    }

    async fn template(&mut self) -> Result<Found, Failure> {
        let knowledge = self.look().await?;
        let name = &self.settings()?.template.name;
        let place = if knowledge.listed {
            "in Airbyte"
        } else {
            "by this machine's ledger"
        };
        Ok(match &knowledge.would {
            Would::Nothing(existing) => {
                let id = existing
                    .id
                    .as_ref()
                    .map_or(String::new(), |id| format!(", id {id}"));
                Found::Pass(format!("{name} exists, {place}{id}"))
            }
            Would::Conflict(_, differences) => {
                let fields: Vec<&str> = differences.iter().map(|d| d.field).collect();
                Found::Warn(format!(
                    "{name} exists, {place}, with another {}",
                    fields.join(", ")
                ))
            }
            Would::Ask(doubt) => {
                Found::Warn(format!("whether {name} exists is not known: {doubt}"))
            }
            Would::Create if knowledge.listed => Found::Fail(
                Failure::new(
                    Code::ServiceNotFound,
                    format!("there is no connection template named {name}"),
                )
                .because("Airbyte's list does not have it")
                .hint("`embedctl template create` makes it"),
            ),
            Would::Create => Found::Warn(format!(
                "{name} is not known here, and this API cannot list templates; `embedctl template create` makes it"
            )),
        })
    }

    async fn look(&mut self) -> Result<Knowledge, Failure> {
        if let Some(knowledge) = &self.knowledge {
            return Ok(knowledge.clone());
        }
        let settings = self.settings()?;
        let knowledge = look(self.tools, &settings.access, &settings.template).await?;
        self.knowledge = Some(knowledge.clone());
        Ok(knowledge)
    }

    async fn mint(&mut self) -> Result<Found, Failure> {
        let knowledge = self.look().await?;
        let settings = self.settings()?;
        let access = &settings.access;
        let user = self.walk.user.as_ref().unwrap_or(&settings.user).clone();
        let careful = self.walk.read_only || (!knowledge.is_known() && !self.walk.insist);
        if careful {
            let listing = self.tools.api.workspaces(access, Some(&user)).await?;
            let none = match listing.named(&user) {
                Named::Found(_) => None,
                Named::Absent => Some(format!("{user} has no workspace yet")),
                Named::NotAmong(some) => Some(format!(
                    "{user} is not among the first {} workspaces and may have none yet",
                    grouped(some as u64)
                )),
            };
            if let Some(none) = none {
                return Ok(Found::Skip(if self.walk.read_only {
                    format!("{none}, and minting would make one: not under --read-only")
                } else {
                    format!(
                        "no connection template is known and {none}: one made now would never get its destination; create the template first, or insist with --mint"
                    )
                }));
            }
        }
        let roster = Roster::load(self.tools.ledger, access);
        let mut minted = mint(
            self.tools.api,
            self.tools.ledger,
            &roster,
            access,
            &settings.origin,
            &user,
        )
        .await?;
        // Who looked first has seen the workspace.
        minted.first_here &= !careful;
        let found = judge(&minted);
        if matches!(found, Found::Pass(_)) {
            self.minted = Some(minted);
        }
        Ok(found)
    }

    async fn page(&self) -> Result<Found, Failure> {
        let settings = self.settings()?;
        let opened = self.minted.as_ref().and_then(|m| m.opened.as_ref().ok());
        let unusable = |because: String| {
            Failure::new(Code::PageUnusable, "the widget page is not usable").because(because)
        };
        let Some(url) = opened.and_then(crate::domain::token::Opened::safe_widget_url) else {
            let shown = opened
                .and_then(|o| o.widget_url.clone())
                .unwrap_or_default();
            return Err(unusable(format!(
                "the token's widget URL is not one that may be opened: {shown:?}"
            ))
            .hint("only https is opened, or http on this machine"));
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let page = self.tools.api.page(&url).await?;
        if let Some(why) = page.refuses_framing_by(&settings.origin) {
            return Err(unusable(format!("{host} may not be framed by {}: {why}", settings.origin))
                .hint("set ALLOWED_ORIGIN to the origin your page is served from, and ask Airbyte if it stays refused"));
        }
        Ok(if page.recognised {
            Found::Pass(format!(
                "{host} answers and may be framed by {}",
                settings.origin
            ))
        } else {
            Found::Warn(format!(
                "{host} answers, and it is not a widget page we recognise"
            ))
        })
    }
}

/// Judges a fresh token: it opens, is for the origin that was asked for, and has time left.
fn judge(minted: &Minted) -> Found {
    let failure = |code: Code, because: String| {
        let hint = if code == Code::TokenMalformed {
            "check that BASE_URL is Airbyte's API; `embedctl token mint` prints the token as it came"
        } else {
            "what was sent is right, so the service is wrong: tell Airbyte, or whoever runs it"
        };
        Found::Fail(
            Failure::new(code, "the widget token is not usable")
                .because(because)
                .hint(hint),
        )
    };
    let opened = match &minted.opened {
        Ok(opened) => opened,
        Err(why) => return failure(Code::TokenMalformed, format!("it {why}")),
    };
    let left = minted.life.unwrap_or_default();
    let as_of = opened
        .expires_at
        .and_then(|at| at.checked_sub(left).ok())
        .unwrap_or(minted.received.wall);
    match opened.judge(as_of, Some(&minted.origin)) {
        Verdict::Malformed => failure(Code::TokenMalformed, opened.sentence(as_of, None)),
        Verdict::Expired => failure(
            Code::TokenExpired,
            "it has expired already, by the service's own clock".to_owned(),
        ),
        Verdict::WrongOrigin => failure(
            Code::TokenWrongOrigin,
            opened.sentence(as_of, Some(&minted.origin)),
        ),
        Verdict::Usable if opened.origin.is_none() => failure(
            Code::TokenMalformed,
            "it does not name the origin it opens on".to_owned(),
        ),
        Verdict::Usable => {
            let made = if minted.first_here {
                "; a workspace may have been made"
            } else {
                ""
            };
            Found::Pass(format!(
                "token for {} lives {}, opens on {}{made}",
                minted.user,
                span(left),
                minted.origin
            ))
        }
    }
}

fn first_few(names: &[String]) -> String {
    let mut list: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    if names.len() > 3 {
        list.push("…");
    }
    list.join(", ")
}
