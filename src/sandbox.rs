//! The stand-in for Airbyte: one world of made-up accounts, templates and workspaces behind the
//! published HTTP API, for people without an account and for every test that needs an answer.
//!
//! ```text
//!   listener ─▶ server ─▶ inject ─▶ v1 ─────▶ world     rules: world, destination, cron
//!               accept    count,    agents ─▶ world     things: template, workspace, source
//!               and cut   faults    page                errors: family ▶ problem, agents/error
//!                                   control ▶ world     tokens: jwt, ids
//!                                   play
//!
//!   a saved source ─▶ pipeline ─▶ jobs ─────▶ landing ─▶ store
//!                     templates   a clock     keys       objects
//!                                             faker ─▶ format
//!   listener ─▶ server ─▶ s3 ─────────────▶ store
//! ```
//!
//! Depends on nothing of this crate: it writes its JSON itself, so that it can disagree with the
//! client.

mod agents;
mod armed;
mod call;
mod caller;
mod control;
mod cron;
mod destination;
mod faker;
mod family;
mod fault;
mod format;
mod ids;
mod inject;
mod jobs;
mod jwt;
mod landing;
mod page;
mod pipeline;
mod play;
mod problem;
mod reshape;
mod rule;
mod s3;
mod server;
mod source;
mod store;
mod tags;
mod template;
mod v1;
mod widget;
mod workspace;
mod world;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpListener;

pub use fault::Fault;
use store::Store;
use world::World;

/// What a sandbox starts with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// None: random ids. Some: the same ids every run, whatever the order of the requests.
    pub seed: Option<u64>,
    /// Faults in force from the start, first added first.
    pub faults: Vec<Fault>,
    /// Life of a widget token; 20 minutes when absent.
    pub widget_token_ttl: Option<Duration>,
    /// Life of an access token; 15 minutes when absent.
    pub access_token_ttl: Option<Duration>,
    /// How long a job takes from its making to its end; half a second when absent.
    pub job_pace: Option<Duration>,
    /// Starts with a connection template made from the sandbox's own settings.
    pub template: bool,
    /// Where the bucket is going to be served, so that this template leads there.
    pub s3_url: Option<String>,
    /// The folder that keeps the bucket's objects; in memory when absent.
    pub dir: Option<PathBuf>,
}

/// A stand-in for the Airbyte API. Clones share one world.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
}

impl Sandbox {
    /// Makes a world; nothing listens until [`Sandbox::serve`]. Objects are kept in memory, whatever
    /// [`Options::dir`] says: opening a folder can fail, so [`Sandbox::open`] does it.
    pub fn new(options: Options) -> Self {
        let endpoint = options.s3_url.clone();
        let mut world = World::new(options);
        if let Some(endpoint) = endpoint {
            template::lead_to(&endpoint, &mut world.templates, &mut world.agents_templates);
        }
        Self {
            world: Arc::new(Mutex::new(world)),
        }
    }

    /// Makes a world whose bucket holds what [`Options::dir`] holds, and is kept there.
    ///
    /// # Errors
    /// The folder cannot be made, read or written.
    pub fn open(options: Options) -> std::io::Result<Self> {
        let store = options.dir.as_deref().map(Store::open).transpose()?;
        let sandbox = Self::new(options);
        if let Some(store) = store {
            sandbox.world().store = store;
        }
        Ok(sandbox)
    }

    /// The settings that reach it, as (environment variable, value), in the order in which the
    /// onboarding document introduces them. `api_url` has no path.
    pub fn settings(&self, api_url: &str) -> Vec<(&'static str, String)> {
        self.world().account.settings(api_url)
    }

    /// The same, with the bucket's own endpoint, behind what else concerns the bucket.
    pub fn settings_with_s3(&self, api_url: &str, s3_url: &str) -> Vec<(&'static str, String)> {
        let mut settings = self.settings(api_url);
        let region = settings
            .iter()
            .position(|(name, _)| *name == "S3_BUCKET_REGION");
        let place = region.map_or(settings.len(), |at| at + 1);
        settings.insert(place, ("S3_ENDPOINT", s3_url.to_owned()));
        settings
    }

    /// The template made at start, as (id, destination name); none unless [`Options::template`].
    pub fn template_made(&self) -> Option<(String, String)> {
        self.world().template_made.clone()
    }

    /// Serves until `shutdown` resolves; connections then have one second to finish and are cut.
    /// Dropping the future cuts them at once. A failed accept is retried, since it concerns one
    /// connection only.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        server::run(server::router(self), listener, shutdown).await;
    }

    /// Serves the bucket, as S3 does, on a port of its own; ends as [`Sandbox::serve`] does.
    pub async fn serve_s3(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        server::run(s3::router(self), listener, shutdown).await;
    }

    /// Every route under the published APIs, as (method, path): `("GET", "/v1/health")`. The paths
    /// of the retired template endpoints, which only say that they are gone, are not among them,
    /// nor are those of the inner API that the widget page calls, which is published nowhere.
    pub fn routes() -> Vec<(&'static str, String)> {
        let listed = |rules: &'static [rule::Rule], prefix: &'static str| {
            let line = move |rule: &rule::Rule| (rule.0.name(), format!("{prefix}{}", rule.1));
            rules.iter().map(line)
        };
        listed(v1::RULES, v1::PREFIX)
            .chain([("GET", format!("{}{}", v1::PREFIX, v1::HEALTH))])
            .chain(listed(agents::RULES, agents::PREFIX))
            .chain(listed(agents::ACCEPTED, agents::PREFIX))
            .collect()
    }

    /// Plays a customer of a user, as `POST /__sandbox/play` does, and answers when nothing is going
    /// to change any more. `api` is `v1` or `agents`.
    ///
    /// # Errors
    /// A sentence when the user has no workspace, or more than one.
    pub async fn play(&self, user: &str, api: &str) -> Result<Value, String> {
        let order = serde_json::json!({"user": user, "api": api}).to_string();
        play::play(self, &play::Order::of(order.as_bytes())?).await
    }

    /// Adds a fault behind those in force.
    pub fn add_fault(&self, fault: Fault) {
        self.world().armed.add(fault);
    }

    /// The document of `GET /__sandbox/state`.
    pub fn state(&self) -> Value {
        control::state(&self.world())
    }

    /// What is in the bucket under a prefix, as (key, content), in the order of the keys.
    pub fn objects(&self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let found = self.world().store.list(prefix, None, usize::MAX);
        let whole =
            |(key, object): (String, store::Object)| Some((key, object.bytes().ok()?.to_vec()));
        found.into_iter().filter_map(whole).collect()
    }

    /// The world, for one rule at a time, with what has ended by now settled: whoever reads the
    /// bucket must have come by here. A rule that panicked has poisoned only itself: the data is
    /// plain and every rule leaves it whole.
    fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.settle(Instant::now());
        world
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}
