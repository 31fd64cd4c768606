//! Access tokens: kept while they are fresh, fetched once however many ask at the same time.
//!
//! Depends on `domain` and `error`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::OnceCell;

use super::error::Error;
use crate::domain::moment::{Clock, Moment};
use crate::domain::secret::Secret;
use crate::domain::settings::Access;

/// The share of its life after which a token is no longer used.
const FRESH: f64 = 0.8;

/// How long a token is taken to live when neither its JWT nor the answer says: the platform's default.
pub(super) const DEFAULT_LIFE: Duration = Duration::from_mins(15);

/// A token that opens the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The bearer.
    pub secret: Secret,
    /// How long it lived when it arrived: the shorter of the JWT's `exp` less the answer's own
    /// `Date`, and `expires_in`.
    pub life: Duration,
    /// Whether either of the two was said.
    pub life_told: bool,
    /// When it arrived.
    pub received: Moment,
    /// The organization the credentials belong to, where the answer said it.
    pub organization: Option<String>,
    /// The service's clock less this machine's, where the answer said its time.
    pub skew: Option<SignedDuration>,
}

impl AccessToken {
    fn is_fresh(&self, now: Moment) -> bool {
        now.since(self.received) < self.life.mul_f64(FRESH)
    }
}

type Flight = Arc<OnceCell<Result<AccessToken, Error>>>;

/// The cache, keyed by all that opens an API.
#[derive(Default)]
pub(super) struct Tokens {
    flights: Mutex<Vec<(Access, Flight)>>,
}

impl Tokens {
    /// Returns a fresh token, joining a fetch that is under way. All who joined a fetch share its
    /// result, a failure too, so that a refused secret is tried once and not once for each.
    pub(super) async fn get<F>(
        &self,
        access: &Access,
        clock: Clock,
        fetch: impl Fn() -> F,
    ) -> Result<AccessToken, Error>
    where
        F: Future<Output = Result<AccessToken, Error>>,
    {
        let flight = self.flight(access, clock.now());
        flight.get_or_init(fetch).await.clone()
    }

    fn flight(&self, access: &Access, now: Moment) -> Flight {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|(_, flight)| match flight.get() {
            None => true,
            Some(Ok(token)) => token.is_fresh(now),
            Some(Err(_)) => false,
        });
        if let Some((_, flight)) = flights.iter().find(|(key, _)| key == access) {
            return Arc::clone(flight);
        }
        let flight = Flight::default();
        flights.push((access.clone(), Arc::clone(&flight)));
        flight
    }

    /// Forgets the token for this access; with `refused`, only if it is still that one, so that a
    /// hundred refusals of one token lead to one fetch.
    pub(super) fn forget(&self, access: &Access, refused: Option<&Secret>) {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|(key, flight)| {
            let held = flight.get().and_then(|r| r.as_ref().ok());
            let same = match (refused, held) {
                (Some(refused), Some(held)) => held.secret == *refused,
                (Some(_), None) => false,
                (None, _) => true,
            };
            key != access || !same
        });
    }
}
