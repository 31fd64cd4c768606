//! The running demo app: opened on a port, told of as visitors come, drained when it is cancelled.
//!
//! Depends on `demo` and `domain`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::jobs::{Context, cancelled, ended};
use super::{Event, Outcome};
use crate::demo::{App, Listening, Options, Watch, Widget};
use crate::domain::failure::{Code, Failure};
use crate::domain::origin::Origin;
use crate::domain::settings::Serving;

/// What the demo app is opened with.
#[derive(Clone, Debug, PartialEq)]
pub struct Stand {
    /// What it works with.
    pub serving: Serving,
    /// Whether pages on the settings' origin may ask for tokens too: not when that origin is a mere
    /// default, which stands for the app's own at whatever port it gets.
    pub lists_origin: bool,
    /// Which port it takes.
    pub door: Door,
}

/// A port to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// This one or none.
    Only(u16),
    /// This one, or any when it is taken.
    OrFree(u16),
    /// Any.
    Free,
}

/// Where the demo app answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The page's address, which is the app's own origin.
    pub url: String,
    /// The port it has.
    pub port: u16,
    /// Every origin that may ask for tokens, its own first.
    pub origins: Vec<Origin>,
}

/// Serves until it is stopped, which counts as a cancellation as with every other job.
pub(super) async fn serve(
    at: &Context,
    stand: Stand,
    stop: &CancellationToken,
) -> Result<Outcome, Failure> {
    let listening = open(stand.door).await?;
    let (news, ticket) = (at.events.clone(), at.ticket);
    let watch: Watch = Arc::new(move |visit| {
        // What does not fit is dropped: a visitor must not wait for the screen.
        let _full = news.try_send(Event::Visited(ticket, visit));
    });
    let (api, ledger) = (
        Arc::clone(&at.resources.api),
        Arc::clone(&at.resources.ledger),
    );
    // It reads the ledger, and the loop has others to serve.
    let build = move || {
        let app = App::new(options(stand), &listening, api, ledger, watch);
        Ok((app, listening))
    };
    let making = tokio::task::spawn_blocking(build).await;
    let (app, listening) = ended("making the demo app", making)?;
    let opened = Opened {
        url: app.url(),
        port: listening.address().port(),
        origins: app.origins().to_vec(),
    };
    // The screen may have gone; the command channel then closes too, and that ends this.
    let _gone = at.events.send(Event::Opened(ticket, opened)).await;
    let trouble = app.trouble();
    app.serve(listening, stop.cancelled()).await;
    Err(trouble.take().unwrap_or_else(cancelled))
}

async fn open(door: Door) -> Result<Listening, Failure> {
    let bind = |port| Listening::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let bound = match door {
        Door::Only(port) => bind(port).await,
        Door::Free => bind(0).await,
        Door::OrFree(port) => match bind(port).await {
            Err(failure) if failure.code == Code::MachinePort => bind(0).await,
            bound => bound,
        },
    };
    bound.map_err(|failure| {
        failure.hint("free it, or set another PORT, and press Enter; f takes a free one now")
    })
}

fn options(stand: Stand) -> Options {
    let Serving {
        access,
        user,
        origin,
        port: _,
    } = stand.serving;
    // Offline, the vendor's script would not load.
    let widget = if access.base_url.is_loopback() {
        Widget::Own
    } else {
        Widget::Vendor
    };
    Options {
        access,
        origins: stand.lists_origin.then_some(origin).into_iter().collect(),
        user,
        user_param: false,
        widget,
        widget_hosts: Vec::new(),
        public: false,
    }
}
