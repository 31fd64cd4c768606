//! The demo app: the embedding guide's page and server in one process, on one origin.
//!
//! Depends on `ops`, `api`, `ledger`, `domain`. A page that shows the widget, and the endpoint that
//! mints its tokens. Whoever may ask that endpoint holds a customer's workspace in hand, so nearly
//! all of this is about who may ask.
//!
//! ```text
//!  connection ─► gate ─────────► routes ─► minting ─► ops::mint
//!   so many,      guard: Host,    page,     one access token, the first mint of a user alone,
//!   heads in      Origin, site    token,    128 at once, failures as 502, 503, 504
//!   time          (pure)          event
//! ```
//!
//! The page runs on one spelling of the app's address: a widget token opens on exactly one origin,
//! compared character by character.

use std::sync::Arc;

use axum::Router;

use crate::api::Client;
use crate::domain::failure::Failure;
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::user::ExternalUser;
use crate::domain::visit::Visit;
use crate::ledger::Ledger;

mod answer;
mod connections;
mod events;
mod guard;
mod listening;
mod minting;
mod page;
mod refusal;
mod routes;

pub use listening::Listening;
pub use refusal::Kind;

use guard::Doors;
use minting::Mint;
use routes::Shared;

/// Is told of everything that reaches the app, from any task, and must not wait.
pub type Watch = Arc<dyn Fn(Visit) + Send + Sync>;

/// Which script makes the widget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Widget {
    /// Ours, from this binary.
    Own,
    /// The vendor's, in a pinned version, from a public network of mirrors.
    Vendor,
}

/// What the app is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// What opens the API.
    pub access: Access,
    /// Origins that may ask for tokens, beside the app's own.
    pub origins: Vec<Origin>,
    /// For whom tokens are minted.
    pub user: ExternalUser,
    /// Whether `?user=` chooses another one. Never where more than this machine is let in.
    pub user_param: bool,
    /// Which script makes the widget.
    pub widget: Widget,
    /// Hosts that the widget may be framed from, beside the vendor's and the API's own.
    pub widget_hosts: Vec<Origin>,
    /// Whether more than this machine is let in.
    pub public: bool,
}

/// The demo app, ready to serve.
pub struct App {
    shared: Arc<Shared>,
    router: Router,
}

impl App {
    /// Makes the app for the ports that were bound for it. Reads the ledger, and nothing else.
    pub fn new(
        options: Options,
        at: &Listening,
        api: Arc<Client>,
        ledger: Arc<Ledger>,
        watch: Watch,
    ) -> App {
        let frames = page::frames(options.access.base_url.shown(), &options.widget_hosts);
        let shared = Arc::new(Shared {
            doors: Doors::new(at.address(), &options.origins, options.public),
            mint: Arc::new(Mint::new(api, ledger, options.access, frames)),
            user: options.user,
            chooses_user: options.user_param && !options.public,
            widget: options.widget,
            public: options.public,
            watch,
        });
        App {
            router: routes::router(Arc::clone(&shared)),
            shared,
        }
    }

    /// Returns the app's own origin, where its page is at home. `http://localhost:3001` for either
    /// loopback address.
    pub fn origin(&self) -> &Origin {
        self.shared.doors.own()
    }

    /// Returns the URL of the page.
    pub fn url(&self) -> String {
        self.origin().to_string()
    }

    /// Returns every origin that may ask for tokens, the app's own first.
    pub fn origins(&self) -> &[Origin] {
        self.shared.doors.origins()
    }

    /// Returns where the ledger's trouble is told: why it could not be read or written, once each.
    pub fn trouble(&self) -> Trouble {
        Trouble(Arc::clone(&self.shared.mint))
    }

    /// Serves until `shutdown` resolves; requests then have one second to finish. Dropping the
    /// future ends them at once.
    pub async fn serve(self, at: Listening, shutdown: impl Future<Output = ()> + Send) {
        let mint = Arc::clone(&self.shared.mint);
        // What was being minted for a client that has gone ends with us.
        let _end = EndOnDrop(mint);
        connections::run(self.router, at.listeners, shutdown).await;
    }
}

/// Tells why the ledger could not be used.
pub struct Trouble(Arc<Mint>);

impl Trouble {
    /// Returns the last trouble, once.
    pub fn take(&self) -> Option<Failure> {
        self.0.roster.take_trouble()
    }
}

struct EndOnDrop(Arc<Mint>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}
