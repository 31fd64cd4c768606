//! Frames on their way to the terminal: written by a thread of their own, so that a terminal that reads
//! slowly never keeps a key waiting.
//!
//! Depends on rustix for the one question whether the terminal takes more. A frame is drawn only when
//! the one before is out; whatever happened meanwhile shares it. What is under way when the terminal is
//! given back is dropped.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Flags;

/// How much is written at once: little, so that giving the terminal back never waits for much.
const PIECE: usize = 512;

/// How long one look at the terminal waits, before it is looked whether it is still ours.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// The end into which frames are written.
pub(in crate::tui) struct Outbox {
    bytes: Vec<u8>,
    queue: Sender<Vec<u8>>,
    flags: Arc<Flags>,
}

/// Tells how far the frames are.
#[derive(Clone)]
pub(in crate::tui) struct Progress {
    flags: Arc<Flags>,
}

impl Progress {
    /// Returns true when all that was sent is written.
    pub(in crate::tui) fn is_done(&self) -> bool {
        self.flags.pending.load(Ordering::SeqCst) == 0
    }

    /// Returns true when the terminal takes nothing any more.
    pub(in crate::tui) fn is_broken(&self) -> bool {
        self.flags.broken.load(Ordering::SeqCst)
    }
}

impl Outbox {
    /// Starts the thread that writes; `done` is called whenever everything is out.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn open(
        flags: Arc<Flags>,
        done: impl Fn() + Send + 'static,
    ) -> io::Result<(Outbox, Progress)> {
        let (queue, waiting) = channel();
        let progress = Progress {
            flags: Arc::clone(&flags),
        };
        let writer = Arc::clone(&flags);
        thread::Builder::new()
            .name("terminal".to_owned())
            .spawn(move || deliver(&waiting, &writer, done))?;
        let outbox = Outbox {
            bytes: Vec::new(),
            queue,
            flags,
        };
        Ok((outbox, progress))
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.flags.pending.fetch_add(bytes.len(), Ordering::SeqCst);
        self.queue
            .send(bytes)
            .map_err(|_gone| io::ErrorKind::BrokenPipe.into())
    }
}

fn deliver(waiting: &Receiver<Vec<u8>>, flags: &Flags, done: impl Fn()) {
    while let Ok(bytes) = waiting.recv() {
        for piece in bytes.chunks(PIECE) {
            if write(piece, flags).is_err() {
                flags.broken.store(true, Ordering::SeqCst);
            }
        }
        let before = flags.pending.fetch_sub(bytes.len(), Ordering::SeqCst);
        if before == bytes.len() {
            done();
        }
    }
}

/// Writes a piece once the terminal takes it; drops it when the terminal is not ours any more.
fn write(piece: &[u8], flags: &Flags) -> io::Result<()> {
    let terminal = rustix::stdio::stdout();
    loop {
        if !flags.entered.load(Ordering::SeqCst) {
            return Ok(());
        }
        let mut asked = [PollFd::new(&terminal, PollFlags::OUT)];
        match poll(&mut asked, Some(&LOOK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => break,
            Err(why) => return Err(why.into()),
        }
    }
    // Under the lock: whoever gives the terminal back takes it too, and has the last word.
    let mut out = io::stdout().lock();
    if flags.entered.load(Ordering::SeqCst) {
        out.write_all(piece)?;
        out.flush()?;
    }
    Ok(())
}
