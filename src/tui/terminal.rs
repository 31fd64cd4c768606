//! The terminal's modes: entered once, given back exactly once, however the program ends.
//!
//! Depends on crossterm, nix and rustix. One flag says whether the modes are on; whoever turns it off restores, so
//! that a return, an error, a panic and a signal can all ask without doing it twice.

use std::io::{self, IsTerminal as _, Write as _};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nix::unistd::{getpgid, getpgrp, getppid, getsid};
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{QueueSelector, tcflush};

use crate::domain::failure;

mod outbox;

pub(super) use outbox::{Outbox, Progress};

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// What is shared with the panic hook.
#[derive(Debug, Default)]
struct Flags {
    /// How many bytes of frames are not written yet.
    pending: AtomicUsize,
    /// Whether the terminal takes nothing any more.
    broken: AtomicBool,
    /// Whether the terminal is ours: whoever turns it off gives it back.
    entered: AtomicBool,
    mouse: AtomicBool,
    panicked: AtomicBool,
    /// Where a task panicked last.
    place: Mutex<Option<String>>,
}

impl Flags {
    fn note(&self, info: &PanicHookInfo<'_>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) =
            info.location().map(failure::place);
    }

    /// Gives the terminal back if it is held. Errors are passed over: there is nobody to tell.
    fn restore(&self) {
        if self.entered.swap(false, Ordering::SeqCst) {
            if self.pending.load(Ordering::SeqCst) > 0 {
                // What a slow terminal has not read yet of the last frame is for nobody. The first
                // byte ends a sequence that was cut off by that.
                let _ = tcflush(rustix::stdio::stdout(), QueueSelector::OFlush);
                let _ = execute!(io::stdout(), Print('\x18'));
            }
            if self.mouse.load(Ordering::SeqCst) {
                let _ = execute!(io::stdout(), DisableMouseCapture);
            }
            let _ = execute!(
                io::stdout(),
                DisableBracketedPaste,
                LeaveAlternateScreen,
                Show
            );
            let _ = disable_raw_mode();
        }
    }
}

/// Holds the terminal in the console's modes.
pub(super) struct Guard {
    flags: Arc<Flags>,
    before: Arc<Hook>,
}

impl Guard {
    /// Takes the terminal and puts a panic hook before the one that is there: the terminal is given
    /// back first, then the panic is told, unless it is a task's.
    ///
    /// # Errors
    /// When the terminal does not take its modes; it is then as it was.
    pub(super) fn enter() -> io::Result<Guard> {
        let flags = Arc::new(Flags::default());
        let hook = Arc::clone(&flags);
        let before: Arc<Hook> = Arc::from(std::panic::take_hook());
        let then = Arc::clone(&before);
        std::panic::set_hook(Box::new(move |info| {
            // A panic in a task ends that task alone, and the screen, which must not be written over,
            // tells of it. The console itself runs in no task.
            if tokio::task::try_id().is_some() {
                hook.note(info);
                return;
            }
            hook.panicked.store(true, Ordering::SeqCst);
            hook.restore();
            then(info);
        }));
        let guard = Guard { flags, before };
        guard.take()?;
        Ok(guard)
    }

    /// Takes the terminal again, after it was given back.
    ///
    /// # Errors
    /// When the terminal does not take its modes.
    pub(super) fn take(&self) -> io::Result<()> {
        // The flag comes first: half of the modes are given back as well.
        self.flags.entered.store(true, Ordering::SeqCst);
        // A stop that could not be heard leaves the terminal to a shell, which sets it as it likes: what
        // is held for on may be off, and would not be turned on again.
        let _ = disable_raw_mode();
        let result = enable_raw_mode().and_then(|()| {
            execute!(
                io::stdout(),
                EnterAlternateScreen,
                EnableBracketedPaste,
                Hide
            )
        });
        let result = result.and_then(|()| {
            if self.flags.mouse.load(Ordering::SeqCst) {
                execute!(io::stdout(), EnableMouseCapture)?;
            }
            Ok(())
        });
        if result.is_err() {
            self.flags.restore();
        }
        result
    }

    /// Opens the way for frames; `done` is called whenever everything is out.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn outbox(
        &self,
        done: impl Fn() + Send + 'static,
    ) -> io::Result<(Outbox, Progress)> {
        Outbox::open(Arc::clone(&self.flags), done)
    }

    /// Takes the mouse, or leaves it to the terminal; what is taken is given back with the rest.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub(super) fn mouse(&self, on: bool, out: &mut impl io::Write) -> io::Result<()> {
        if self.flags.mouse.swap(on, Ordering::SeqCst) == on {
            return Ok(());
        }
        if on {
            execute!(out, EnableMouseCapture)
        } else {
            execute!(out, DisableMouseCapture)
        }
    }

    /// Gives the terminal back; asked twice, the second time does nothing.
    pub(super) fn restore(&self) {
        self.flags.restore();
    }

    /// Returns where a task panicked last, once.
    pub(super) fn take_place(&self) -> Option<String> {
        let place = self.flags.place.lock();
        place.unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns true when something panicked outside of tasks: the terminal is given back by then.
    pub(super) fn has_panicked(&self) -> bool {
        self.flags.panicked.load(Ordering::SeqCst)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.flags.restore();
        // A panic that is under way keeps its hook; replacing it would panic again.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            std::panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

/// Returns true when input and output are both a terminal.
pub(super) fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Stops this process until it is continued. The caller has given the terminal back and waits for
/// SIGCONT before it takes it again.
///
/// # Errors
/// When the system refuses.
pub(super) fn stop() -> io::Result<()> {
    // SIGTSTP has a handler here, so that one sent from outside gives the terminal back as well;
    // SIGSTOP then does what the signal's default would have done.
    Ok(kill_process(getpid(), Signal::STOP)?)
}

/// Returns true when a shell of this session can continue the process after it stops. Without one it
/// would lie there for ever, which is why the system itself ignores Ctrl-Z then.
pub(super) fn can_be_continued() -> bool {
    // A parent outside this process's PID namespace is shown as 0, and so are its session and group.
    let parent = getppid();
    let (Ok(their_session), Ok(our_session)) = (getsid(Some(parent)), getsid(None)) else {
        return false;
    };
    parent.as_raw() != 0
        && their_session == our_session
        && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
}

/// Sends a text to the terminal's clipboard (OSC 52), through tmux where it stands between.
///
/// # Errors
/// When the terminal cannot be written to.
pub(super) fn copy(text: &str, inside_tmux: bool, out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(clipboard(text, inside_tmux).as_bytes())?;
    out.flush()
}

fn clipboard(text: &str, inside_tmux: bool) -> String {
    let encoded = BASE64_STANDARD.encode(text);
    let plain = format!("\x1b]52;c;{encoded}\x07");
    if inside_tmux {
        // tmux takes the plain form where it may set the clipboard, and hands the other through
        // where it may do that; which of the two cannot be asked.
        format!("{plain}\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\")
    } else {
        plain
    }
}

/// Writes a text into a file of its own that nobody else can read, and returns the path.
///
/// # Errors
/// When the system gives no file.
pub(super) fn keep(text: &str) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new()
        .prefix("embedctl-copy-")
        .suffix(".txt")
        .tempfile()?;
    file.write_all(text.as_bytes())?;
    let (_, path) = file.keep().map_err(|failed| failed.error)?;
    Ok(path)
}

/// Removes a file that was written for copying.
pub(super) fn forget(path: &Path) {
    // Whoever asked sees on the screen what is cleared; a file that is gone already is cleared.
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::RecvTimeoutError;
    use std::time::Duration;

    use tokio::sync::mpsc::channel;

    use super::*;
    use crate::client::{Command, Event, Job, Outcome};
    use crate::domain::failure::Exit;
    use crate::domain::moment::Clock;
    use crate::domain::settings::{Draft, Source};
    use crate::tui::Launch;
    use crate::tui::tests::{layer, nine, start};

    /// The console's end of the next test: takes the terminal, and panics on a thread of its own.
    #[test]
    #[ignore = "started by the next test, behind a pseudo-terminal"]
    fn panicking_in_the_terminal() {
        std::panic::set_hook(Box::new(|_| {
            let _gone = writeln!(io::stderr(), "a bug was told");
        }));
        let guard = Guard::enter().unwrap();
        let panicked = std::thread::spawn(|| panic!("canary")).join();
        assert!(panicked.is_err() && guard.has_panicked());
        drop(guard);
        writeln!(io::stdout(), "back in order").unwrap();
    }

    const DEADLINE: Duration = Duration::from_secs(30);

    /// Runs another test of this file behind a pseudo-terminal, presses each key once the screen
    /// shows the text before it, and returns all that was written.
    fn behind_a_terminal(name: &str, walk: &[(&str, &str)]) -> String {
        let size = portable_pty::PtySize {
            rows: 24,
            cols: 80,
            ..portable_pty::PtySize::default()
        };
        let pair = portable_pty::native_pty_system().openpty(size).unwrap();
        let mut command = portable_pty::CommandBuilder::new(std::env::current_exe().unwrap());
        let name = format!("tui::terminal::tests::{name}");
        command.args(["--exact", &name, "--ignored", "--nocapture"]);
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        // One that waits for what never comes is ended.
        let (done, waits) = std::sync::mpsc::channel::<()>();
        let mut killer = child.clone_killer();
        std::thread::spawn(move || {
            if waits.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
                killer.kill().unwrap();
            }
        });
        let mut bytes = Vec::new();
        let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        let mut walk = walk.iter().peekable();
        let mut keys = pair.master.take_writer().unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut piece = [0; 4096];
        // The other side's end is an error here, as a terminal that is hung up.
        while let Ok(count @ 1..) = io::Read::read(&mut reader, &mut piece) {
            bytes.extend_from_slice(&piece[..count]);
            screen.process(&piece[..count]);
            let shown = screen.screen().contents();
            if let Some((_, key)) = walk.next_if(|(text, _)| shown.contains(text)) {
                keys.write_all(key.as_bytes()).unwrap();
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        assert!(child.wait().unwrap().success(), "{text:?}");
        drop(done);
        assert_eq!(walk.next(), None, "{text:?}");
        text
    }

    #[test]
    fn a_panic_is_told_once_the_terminal_is_given_back() {
        let text = behind_a_terminal("panicking_in_the_terminal", &[]);
        let (leave, show) = ("\x1b[?1049l", "\x1b[?25h");
        assert_eq!(text.matches("\x1b[?1049h").count(), 1, "{text:?}");
        assert_eq!(text.matches(leave).count(), 1, "given back once: {text:?}");
        let told = text.find("a bug was told").unwrap();
        assert!(text.find(leave).unwrap() < told, "{text:?}");
        assert!(text.find(show).unwrap() < told, "{text:?}");
        assert!(text.contains("back in order"), "{text:?}");
        assert!(!text.contains("canary"), "{text:?}");
    }

    /// The console's end of the next test: its task panics at a check, and once launched again it
    /// answers one.
    #[test]
    #[ignore = "started by the next test, behind a pseudo-terminal"]
    fn a_console_whose_task_panics() {
        std::panic::set_hook(Box::new(|_| {
            let _gone = writeln!(io::stderr(), "a bug was told");
        }));
        let draft = Draft::resolve(&[(Source::File, layer(&nine()))]);
        let (news, events) = channel(16);
        let launches = AtomicUsize::new(0);
        let launch: Launch = Box::new(move || {
            let (commands, mut orders) = channel(16);
            let news = news.clone();
            let again = launches.fetch_add(1, Ordering::SeqCst) > 0;
            let task = tokio::spawn(async move {
                while let Some(order) = orders.recv().await {
                    if let Command::Start(ticket, Job::Check(_)) = order {
                        assert!(again, "canary");
                        let job = tokio::task::spawn_blocking(|| panic!("canary"));
                        assert!(job.await.is_err());
                        let answer = Ok(Outcome::Checked(Vec::new()));
                        news.send(Event::Done(ticket, answer)).await.unwrap();
                    }
                }
            });
            (commands, task)
        });
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let exit = runtime.block_on(crate::tui::run(
            start(draft),
            launch,
            events,
            Clock::start(),
        ));
        assert_eq!(exit.unwrap(), Exit::Done);
        writeln!(io::stdout(), "back in order").unwrap();
    }

    #[test]
    fn a_panic_of_the_task_is_told_on_the_screen_and_one_key_starts_it_again() {
        let walk = [
            ("Enter check", "\r"),
            ("a bug in embedctl at terminal.rs:", "\x1bOS"),
            ("runs again", "\r"),
            ("ended a part", "\x03"),
        ];
        let text = behind_a_terminal("a_console_whose_task_panics", &walk);
        let leave = "\x1b[?1049l";
        assert_eq!(text.matches(leave).count(), 1, "{text:?}");
        assert!(text.find(leave) < text.find("back in order"), "{text:?}");
        assert!(
            !text.contains("canary") && !text.contains("a bug was told"),
            "{text:?}"
        );
    }

    #[tokio::test]
    async fn an_earlier_frames_sign_is_not_taken_for_the_last_ones() {
        let flags = Arc::new(Flags::default());
        let (_outbox, progress) = Outbox::open(Arc::clone(&flags), || {}).unwrap();
        let drained = Arc::new(tokio::sync::Notify::new());
        drained.notify_one();
        flags.pending.store(1, Ordering::SeqCst);
        let sign = Arc::clone(&drained);
        tokio::spawn(async move {
            flags.pending.store(0, Ordering::SeqCst);
            sign.notify_one();
        });
        crate::tui::written(&progress, &drained).await;
        assert!(progress.is_done());
    }

    #[test]
    fn a_kept_copy_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = keep("token").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "token");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        forget(&path);
        assert!(!path.exists());
    }

    #[test]
    fn the_clipboard_takes_base64() {
        assert_eq!(clipboard("hi", false), "\x1b]52;c;aGk=\x07");
        assert_eq!(
            clipboard("hi", true),
            "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
        );
    }
}
