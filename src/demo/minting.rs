//! Widget tokens for the page: so many at once, the first of a user alone, none lost with the
//! client that asked for it.
//!
//! Depends on `ops::mint`, `api`, `ledger`, `refusal`, `domain`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::refusal::{Kind, Refusal};
use crate::api::Client;
use crate::domain::failure::{Code, Failure};
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::settings::Access;
use crate::domain::token::Minted;
use crate::domain::user::ExternalUser;
use crate::ledger::Ledger;
use crate::ops::mint::{Roster, mint};

/// How many tokens are minted at once; other requests wait.
const AT_ONCE: usize = 128;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// When to come back after that.
const COME_BACK: Duration = Duration::from_secs(5);

/// Mints for the page.
pub(super) struct Mint {
    pub(super) api: Arc<Client>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) roster: Roster,
    pub(super) access: Access,
    /// The origins that the page may frame a widget from.
    pub(super) frames: Vec<Origin>,
    turns: Arc<Semaphore>,
    firsts: Mutex<HashMap<ExternalUser, First>>,
    ending: CancellationToken,
}

/// The first mint of a user that is not known here, and what became of it.
type First = Arc<OnceCell<Result<(), Failure>>>;

impl Mint {
    pub(super) fn new(
        api: Arc<Client>,
        ledger: Arc<Ledger>,
        access: Access,
        frames: Vec<Origin>,
    ) -> Mint {
        Mint {
            roster: Roster::load(&ledger, &access),
            api,
            ledger,
            access,
            frames,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            firsts: Mutex::default(),
            ending: CancellationToken::new(),
        }
    }

    /// Ends what is under way, for good.
    pub(super) fn end(&self) {
        self.ending.cancel();
    }

    /// Returns a token that opens on an origin for a user. The work goes on when whoever asked has
    /// gone: the access token it may be fetching is shared, and a workspace that it may be making
    /// belongs into the ledger.
    pub(super) async fn token(
        self: &Arc<Self>,
        origin: Origin,
        user: ExternalUser,
    ) -> Result<Secret, Refusal> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            return Err(Refusal::new(Kind::Busy)
                .because(format!(
                    "{AT_ONCE} are in flight, and none has ended for a while"
                ))
                .hint("try again in a moment")
                .retry_after(COME_BACK));
        };
        let own = Arc::clone(self);
        let work = tokio::spawn(async move {
            let minted = own
                .ending
                .run_until_cancelled(own.mint(&origin, &user))
                .await;
            drop(turn);
            minted
        });
        match work.await {
            Ok(Some(minted)) => Ok(self.usable(minted?)?),
            Ok(None) => Err(Refusal::new(Kind::Ending)),
            Err(_) => Err(Failure::new(Code::Internal, "could not mint a widget token").into()),
        }
    }

    /// Two first mints of one user at once can make two workspaces, so the others wait for one. Its
    /// failure is theirs too; its token is its own.
    async fn mint(&self, origin: &Origin, user: &ExternalUser) -> Result<Minted, Failure> {
        if !self.roster.knows(user) {
            let first = self.first(user);
            let mut own = None;
            let ended = first
                .get_or_init(|| async {
                    self.send(origin, user)
                        .await
                        .map(|minted| own = Some(minted))
                })
                .await
                .clone();
            self.forget_first(user, &first);
            ended?;
            if let Some(minted) = own {
                return Ok(minted);
            }
        }
        self.send(origin, user).await
    }

    async fn send(&self, origin: &Origin, user: &ExternalUser) -> Result<Minted, Failure> {
        mint(
            &self.api,
            &self.ledger,
            &self.roster,
            &self.access,
            origin,
            user,
        )
        .await
    }

    fn first(&self, user: &ExternalUser) -> First {
        let mut firsts = self.firsts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(firsts.entry(user.clone()).or_default())
    }

    fn forget_first(&self, user: &ExternalUser, ended: &First) {
        let mut firsts = self.firsts.lock().unwrap_or_else(PoisonError::into_inner);
        if firsts
            .get(user)
            .is_some_and(|first| Arc::ptr_eq(first, ended))
        {
            firsts.remove(user);
        }
    }

    /// A token that the page could do nothing with is a failure here, where it can be explained.
    fn usable(&self, minted: Minted) -> Result<Secret, Refusal> {
        let malformed = |why: String| {
            Failure::new(
                Code::TokenMalformed,
                "Airbyte's answer holds no usable widget token",
            )
            .because(format!("the token {why}"))
            .hint("`embedctl token mint` and `embedctl token inspect` show what it is")
        };
        let opened = minted.opened.map_err(malformed)?;
        let text = opened
            .widget_url
            .ok_or_else(|| malformed("names no widget page".to_owned()))?;
        let url = Url::parse(&text)
            .map_err(|_why| malformed(format!("names a widget page that is no URL: {text}")))?;
        let host = url.origin().ascii_serialization();
        if self.frames.iter().any(|frame| frame.as_str() == host) {
            return Ok(minted.token);
        }
        Err(Refusal::new(Kind::WidgetHost)
            .because(format!("the widget is on {host}"))
            .hint(format!(
                "if that is your Airbyte, start the demo app with --widget-host {host}"
            )))
    }
}
