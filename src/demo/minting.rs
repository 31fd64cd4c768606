//! Widget tokens for the page: so many at once, the first of a user alone, none lost with the
//! client that asked for it.
//!
//! Depends on `ops::mint`, `api`, `ledger`, `refusal`, `domain`.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

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
    patience: Duration,
    firsts: Mutex<HashMap<ExternalUser, First>>,
    ending: CancellationToken,
}

/// Work that goes on in a task of its own when whoever waited for it has gone.
struct Outliving {
    work: Option<Work>,
    ending: CancellationToken,
}

type Work = Pin<Box<dyn Future<Output = Result<Minted, Failure>> + Send>>;

impl Future for Outliving {
    type Output = Result<Minted, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let minted = std::task::ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(minted)
    }
}

impl Drop for Outliving {
    fn drop(&mut self) {
        let runtime = Handle::try_current();
        if let (Some(work), Ok(runtime)) = (self.work.take(), runtime) {
            let ending = self.ending.clone();
            runtime.spawn(async move { ending.run_until_cancelled(work).await });
        }
    }
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
            patience: PATIENCE,
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
        if self.ending.is_cancelled() {
            return Err(Refusal::new(Kind::Ending));
        }
        let turn = self.turn().await?;
        let own = Arc::clone(self);
        let work = async move {
            let minted = own.mint(&origin, &user).await;
            drop(turn);
            minted
        };
        let minted = Outliving {
            work: Some(Box::pin(work)),
            ending: self.ending.clone(),
        };
        self.usable(minted.await?)
    }

    /// Waits for a turn; the semaphore is fair.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Refusal::new(Kind::Busy)
                .because(format!(
                    "{AT_ONCE} are in flight, and none has ended for a while"
                ))
                .hint("try again in a moment")
                .retry_after(COME_BACK)),
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
        let host = opened
            .widget_origin
            .ok_or_else(|| malformed(format!("names a widget page that is no URL: {text}")))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api;
    use crate::domain::moment::Clock;
    use crate::domain::settings::{Draft, Layer, Source};

    fn mint() -> Mint {
        let settings = [
            (
                "AIRBYTE_ORGANIZATION_ID",
                "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
            ),
            ("AIRBYTE_CLIENT_ID", "id"),
            ("AIRBYTE_CLIENT_SECRET", "secret"),
            ("BASE_URL", "http://127.0.0.1:1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let draft = Draft::resolve(&[(Source::File, Layer::new(settings))]);
        let api = Client::new(api::Options::quiet(), Clock::start());
        let ledger = Ledger::new(None);
        Mint::new(
            Arc::new(api),
            Arc::new(ledger),
            draft.access().unwrap(),
            Vec::new(),
        )
    }

    fn asked(mint: Mint) -> Refusal {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let origin = Origin::of_this_machine(3001);
        let user = ExternalUser::parse("user-42").unwrap();
        runtime
            .block_on(Arc::new(mint).token(origin, user))
            .unwrap_err()
    }

    #[test]
    fn who_waits_too_long_for_a_turn_is_told_when_to_come_back() {
        let refusal = asked(Mint {
            turns: Arc::new(Semaphore::new(0)),
            patience: Duration::ZERO,
            ..mint()
        });
        assert_eq!((refusal.status, refusal.code), (503, "demo.busy"));
        assert_eq!(refusal.retry_after, Some(COME_BACK));
    }

    #[test]
    fn nothing_is_sent_after_the_end() {
        let mint = mint();
        mint.end();
        let refusal = asked(mint);
        assert_eq!((refusal.status, refusal.code), (503, "demo.ending"));
    }
}
