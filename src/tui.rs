//! The interactive face: the impure shell around a pure model.
//!
//! Depends on the client's types and `domain`; in it, only this file and `tui/terminal.rs` name the
//! runtime or write to the terminal. The loop sleeps until a signal, an answer, a key, or the moment
//! at which the model says something will change; it then takes in everything that is there and
//! draws once.
//!
//! ```text
//!  keys, answers, signals, time ── Message ──▶ update ── Effect ──▶ client, clipboard, terminal
//!                                               │
//!                                             Model ──▶ view ──▶ frame
//! ```

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    Event as Input, EventStream, KeyEventKind, MouseButton, MouseEventKind,
};
use ratatui::layout::Rect;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use crate::client::{Command, Event};
use crate::domain::failure::Exit;
use crate::domain::moment::Clock;
use crate::domain::secret::Secret;
use crate::domain::settings::Draft;

pub use model::Place;

pub mod action;
pub mod activity;
pub mod customer;
pub mod data;
pub mod failure;
pub mod input;
pub mod keys;
pub mod message;
pub mod model;
pub mod mouse;
pub mod moved;
pub mod operator;
pub mod outage;
pub mod palette;
pub mod paste;
pub mod pen;
pub mod prerequisites;
pub mod preview;
pub mod privacy;
pub mod prompt;
pub mod rows;
pub mod screen;
pub mod template;
mod terminal;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod tokens;
pub mod update;
pub mod veil;
pub mod view;
pub mod wake;

use message::{Effect, Message};
use model::Model;

/// How many facts are taken in before a frame is drawn, so that a flood cannot keep the screen from
/// moving.
const BATCH: usize = 512;

/// What the console starts with.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, answered by yes or no"
)]
pub struct Start {
    /// The settings with their sources.
    pub draft: Draft,
    /// Sandbox or live.
    pub place: Place,
    /// The env file, as it is shown to a person.
    pub env_file: String,
    /// What is to be said of the env file.
    pub notes: Vec<String>,
    /// False: modifiers alone, no colour code at all.
    pub color: bool,
    /// False: the terminal is known not to take what is sent to its clipboard.
    pub clipboard: bool,
    /// Whether saving asks for a path first, as it does under a private sandbox.
    pub save_asks_path: bool,
    /// Whether the person's browser is on another machine.
    pub over_ssh: bool,
}

/// Starts the client task: where it takes orders, and by what its end is seen. Every one tells its
/// events on the same channel.
pub type Launch = Box<dyn Fn() -> (Sender<Command>, JoinHandle<()>)>;

/// Returns true when there is a terminal to run the console on.
pub fn has_terminal() -> bool {
    terminal::is_there()
}

/// Runs the console until it is quit, a signal ends it, or its input does.
///
/// The terminal is given back before this returns, whichever way, and the client task ended. One that
/// a bug ends is told of on the screen, and launched again when that is asked for.
///
/// # Errors
/// When the terminal does not take its modes or cannot be written to.
pub async fn run(
    start: Start,
    launch: Launch,
    events: Receiver<Event>,
    clock: Clock,
) -> anyhow::Result<Exit> {
    let signals = Signals::listen().context("signals cannot be listened for")?;
    // crossterm would otherwise write resets of its own where colours are off.
    ratatui::crossterm::style::force_color_output(start.color);
    let guard = terminal::Guard::enter().context("the terminal cannot be prepared")?;
    let drained = Arc::new(Notify::new());
    let notify = Arc::clone(&drained);
    let (outbox, progress) = guard
        .outbox(move || notify.notify_one())
        .context("the terminal cannot be prepared")?;
    let backend = CrosstermBackend::new(outbox);
    let terminal = Terminal::new(backend).context("the terminal cannot be measured")?;
    let size = terminal.size().context("the terminal cannot be measured")?;
    let (commands, task) = launch();
    let model = Model::new(start, clock.now(), (size.width, size.height));
    let shell = Shell {
        model,
        guard,
        terminal: ManuallyDrop::new(terminal),
        launch,
        commands,
        task: AbortOnDropHandle::new(task),
        events,
        signals,
        keys: EventStream::new(),
        clock,
        progress,
        drained,
        stale: false,
        kept: Vec::new(),
        inside_tmux: std::env::var_os("TMUX").is_some_and(|value| !value.is_empty()),
        client_ended: false,
        place: None,
    };
    shell.run().await
}

struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    resume: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        // tokio names neither of the two, and their numbers differ between systems.
        let stop = rustix::process::Signal::TSTP.as_raw();
        let resume = rustix::process::Signal::CONT.as_raw();
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(stop))?,
            resume: signal(SignalKind::from_raw(resume))?,
        })
    }
}

struct Shell {
    model: Model,
    guard: terminal::Guard,
    /// Never dropped: dropping it would show the cursor once more, which the guard does, and tell
    /// of a failure on standard error, which has gone with a terminal that was closed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<terminal::Outbox>>>,
    launch: Launch,
    commands: Sender<Command>,
    task: AbortOnDropHandle<()>,
    events: Receiver<Event>,
    signals: Signals,
    /// The one stream of keys for the whole life; only ever asked for its next item.
    keys: EventStream,
    clock: Clock,
    /// How far what was drawn is on its way out.
    progress: terminal::Progress,
    drained: Arc<Notify>,
    /// Whether the model is newer than the last frame, because the one before was not out yet.
    stale: bool,
    /// Files that were written for copying.
    kept: Vec<PathBuf>,
    inside_tmux: bool,
    client_ended: bool,
    /// Where a task panicked last.
    place: Option<String>,
}

/// What woke the shell.
enum Woken {
    By(Vec<Message>),
    Stopped,
    Resumed,
    InputEnded,
}

impl Shell {
    async fn run(mut self) -> anyhow::Result<Exit> {
        self.draw()?;
        if let Some(exit) = self.take_in(vec![Message::Begun]).await? {
            return Ok(exit);
        }
        loop {
            let woken = self.wait().await;
            if self.guard.has_panicked() {
                // The outbox, say, panicked: the hook gave the terminal back and told of it.
                return Ok(Exit::Bug);
            }
            let messages = match woken {
                Woken::By(messages) => self.with_more(messages).await,
                Woken::Stopped => {
                    self.suspend().await?;
                    Vec::new()
                }
                Woken::Resumed => {
                    self.come_back()?;
                    Vec::new()
                }
                Woken::InputEnded => return Ok(Exit::Hangup),
            };
            let messages = self.with_panics(messages);
            if let Some(exit) = self.take_in(messages).await? {
                return Ok(exit);
            }
            self.draw()?;
        }
    }

    /// Sleeps until something happens. Signals come first, so that no flood of answers or keys keeps
    /// the program from ending; answers before keys, so that a key meets the newest state.
    async fn wait(&mut self) -> Woken {
        let wake = wake::next_wake(&self.model);
        tokio::select! {
            biased;
            _ = self.signals.terminate.recv() => Woken::By(vec![Message::Signalled(Exit::Terminated)]),
            _ = self.signals.hangup.recv() => Woken::By(vec![Message::Signalled(Exit::Hangup)]),
            _ = self.signals.interrupt.recv() => Woken::By(vec![Message::Signalled(Exit::Interrupted)]),
            _ = self.signals.stop.recv() => Woken::Stopped,
            _ = self.signals.resume.recv() => Woken::Resumed,
            Some(event) = self.events.recv() => Woken::By(vec![Message::Answered(event)]),
            _ended = &mut self.task, if !self.client_ended => {
                self.client_ended = true;
                self.place = self.guard.take_place().or(self.place.take());
                Woken::By(vec![Message::ClientEnded(self.place.clone())])
            }
            key = self.keys.next() => match key {
                Some(Ok(input)) => Woken::By(message(input).into_iter().collect()),
                Some(Err(_)) | None => Woken::InputEnded,
            },
            () = self.drained.notified(), if self.stale => Woken::By(Vec::new()),
            () = sleep(wake) => Woken::By(Vec::new()),
        }
    }

    /// Adds what else is there already, so that it shares one frame.
    async fn with_more(&mut self, mut messages: Vec<Message>) -> Vec<Message> {
        while messages.len() < BATCH {
            match self.events.try_recv() {
                Ok(event) => messages.push(Message::Answered(event)),
                Err(_) => break,
            }
        }
        while messages.len() < BATCH {
            // The stream keeps the waker of whoever asked it last, so it is asked from this very
            // task and never through one that wakes nobody. An end of the input is seen again by
            // the next wait.
            let key = tokio::select! {
                biased;
                key = self.keys.next() => key,
                () = std::future::ready(()) => break,
            };
            match key {
                Some(Ok(input)) => messages.extend(message(input)),
                Some(Err(_)) | None => break,
            }
        }
        messages
    }

    /// Tells of a panic of a task, after what was awaited of it. The client's own end is told by itself.
    fn with_panics(&mut self, mut messages: Vec<Message>) -> Vec<Message> {
        if let Some(place) = self.guard.take_place() {
            messages.push(Message::Stumbled(place.clone()));
            self.place = Some(place);
        }
        messages
    }

    /// Updates the model by a batch, the time first, and does what it asks for.
    async fn take_in(&mut self, messages: Vec<Message>) -> anyhow::Result<Option<Exit>> {
        let ticked = Message::Ticked(self.clock.now());
        let mut waiting: std::collections::VecDeque<Message> =
            [ticked].into_iter().chain(messages).collect();
        while let Some(message) = waiting.pop_front() {
            for effect in update::update(&mut self.model, message) {
                match effect {
                    Effect::Send(command) => waiting.extend(self.send(command)),
                    Effect::Restart => self.restart(),
                    Effect::Copy(text) => self.copy(text.expose())?,
                    Effect::Keep(what, text) => waiting.push_back(self.keep(what, &text)),
                    Effect::ClearCopies => self.clear_copies()?,
                    Effect::Mouse(on) => self
                        .guard
                        .mouse(on, self.terminal.backend_mut())
                        .context("the terminal cannot be written")?,
                    Effect::Suspend if terminal::can_be_continued() => self.suspend().await?,
                    Effect::Suspend => waiting.push_back(Message::NotSuspended),
                    Effect::Redraw => self.repaint()?,
                    Effect::Quit(exit) => {
                        self.settle().await;
                        return Ok(Some(exit));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Hands an order on without waiting.
    fn send(&mut self, command: Command) -> Option<Message> {
        match self.commands.try_send(command) {
            Err(TrySendError::Full(command)) => Some(Message::Refused(command)),
            // An end of the task is heard by itself, and ends this order with all others.
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        }
    }

    fn restart(&mut self) {
        let (commands, task) = (self.launch)();
        self.commands = commands;
        self.task = AbortOnDropHandle::new(task);
        self.client_ended = false;
    }

    fn copy(&mut self, text: &str) -> anyhow::Result<()> {
        terminal::copy(text, self.inside_tmux, self.terminal.backend_mut())
            .context("the terminal cannot be written")
    }

    fn keep(&mut self, what: String, text: &Secret) -> Message {
        let kept = terminal::keep(text.expose());
        if let Ok(path) = &kept {
            self.kept.push(path.clone());
        }
        let path = kept.map(|path| path.display().to_string());
        Message::Kept(what, path.map_err(|why| why.to_string()))
    }

    /// Takes back what was copied, as far as that can be done.
    fn clear_copies(&mut self) -> anyhow::Result<()> {
        for path in self.kept.drain(..) {
            terminal::forget(&path);
        }
        self.copy("")
    }

    /// Draws a frame, unless the one before is still on its way: then the next one has it all.
    fn draw(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.progress.is_broken(), "the terminal cannot be written");
        self.stale = !self.progress.is_done();
        if self.stale {
            return Ok(());
        }
        // Asked anew for every frame: a notice of a new size can be lost when a key comes with it.
        if let Ok(size) = self.terminal.size() {
            self.model.size = (size.width, size.height);
        }
        self.terminal
            .draw(|frame| view::view(&self.model, frame))
            .context("the terminal cannot be written")?;
        Ok(())
    }

    /// Lets what was sent last reach the terminal, a copy above all; a slow one is not waited for.
    async fn settle(&self) {
        const MOMENT: Duration = Duration::from_millis(200);
        let written = written(&self.progress, &self.drained);
        let _slow = tokio::time::timeout(MOMENT, written).await;
    }

    /// Gives the terminal back, stops, and takes it again when continued.
    async fn suspend(&mut self) -> anyhow::Result<()> {
        self.guard.restore();
        terminal::stop().context("the program cannot be suspended")?;
        // Stopping takes effect on every thread in its own time; the signal that ends it is the
        // one certain sign that it is over.
        self.signals.resume.recv().await;
        self.come_back()
    }

    /// Takes the terminal, whatever became of it meanwhile, and paints every cell.
    fn come_back(&mut self) -> anyhow::Result<()> {
        self.guard
            .take()
            .context("the terminal cannot be prepared")?;
        self.repaint()
    }

    /// Has the next frame paint every cell. Clearing by `Terminal::clear` would ask the terminal for
    /// its cursor first and wait for an answer that some never give.
    fn repaint(&mut self) -> anyhow::Result<()> {
        let size = self
            .terminal
            .size()
            .context("the terminal cannot be measured")?;
        self.terminal
            .resize(Rect::new(0, 0, size.width, size.height))
            .context("the terminal cannot be written")
    }
}

/// Turns the terminal's input into a fact. Releases of keys and everything nobody asked for are
/// dropped here; repeats stay, so that a held key edits.
fn message(input: Input) -> Option<Message> {
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Pressed(key)),
        Input::Paste(text) => Some(Message::Pasted(Secret::new(text))),
        Input::Resize(width, height) => Some(Message::Resized(width, height)),
        Input::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                Some(Message::Clicked(mouse.column, mouse.row))
            }
            MouseEventKind::ScrollUp => Some(Message::Wheeled { up: true }),
            MouseEventKind::ScrollDown => Some(Message::Wheeled { up: false }),
            MouseEventKind::Down(_)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved
            | MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight => None,
        },
        Input::Key(_) | Input::FocusGained | Input::FocusLost => None,
    }
}

/// Waits until all that was sent is written. One sign may be of an earlier frame, for which nobody waited.
async fn written(progress: &terminal::Progress, drained: &Notify) {
    while !progress.is_done() {
        drained.notified().await;
    }
}

/// Sleeps for a span, or for ever without one.
async fn sleep(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}
