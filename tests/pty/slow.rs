//! A terminal that reads slowly, or not at all: keys are taken all the same, what was not read is
//! drawn once and not again and again, and the end does not wait for it.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{DEADLINE, cells};

/// A terminal that reads exactly as much as it is told to.
struct Slow {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    orders: Sender<usize>,
    read: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    bytes: usize,
    _master: Box<dyn MasterPty + Send>,
    _home: tempfile::TempDir,
}

impl Slow {
    fn open() -> Slow {
        let home = tempfile::tempdir().unwrap();
        let size = PtySize {
            rows: 28,
            cols: 100,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_embedctl"));
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.cwd(home.path());
        command.arg("--sandbox");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (orders, wanted) = channel::<usize>();
        let (pieces, read) = channel();
        std::thread::spawn(move || {
            while let Ok(most) = wanted.recv() {
                let mut buffer = vec![0; most];
                let count = reader.read(&mut buffer).unwrap_or(0);
                buffer.truncate(count);
                if pieces.send(buffer).is_err() || count == 0 {
                    return;
                }
            }
        });
        Slow {
            child,
            writer: pair.master.take_writer().unwrap(),
            orders,
            read,
            screen: vt100::Parser::new(cells(28), cells(100), 0),
            bytes: 0,
            _master: pair.master,
            _home: home,
        }
    }

    fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Reads so much at a time until the screen shows a text.
    fn shows(&mut self, text: &str, at_a_time: usize) {
        let deadline = Instant::now() + DEADLINE;
        while !self.screen.screen().contents().contains(text) {
            self.orders.send(at_a_time).unwrap();
            let left = deadline.saturating_duration_since(Instant::now());
            let piece = match self.read.recv_timeout(left) {
                Ok(piece) if !piece.is_empty() => piece,
                other => panic!("{other:?}:\n{}", self.screen.screen().contents()),
            };
            self.bytes += piece.len();
            self.screen.process(&piece);
        }
    }
}

#[test]
fn a_terminal_that_reads_nothing_keeps_no_key_waiting() {
    let mut slow = Slow::open();
    slow.shows("Enter check", 4096);
    // Each of these draws most of the screen anew: far more than the system holds for a terminal.
    for _ in 0..100 {
        slow.press("\x1bOP\x1b3\x1b2\x1b6\x1b1");
    }
    slow.press("\x03");
    // Nobody reads, and it ends: so every key before the last was taken.
    let deadline = Instant::now() + DEADLINE;
    let exit = loop {
        if let Some(exit) = slow.child.try_wait().unwrap() {
            break exit;
        }
        assert!(Instant::now() < deadline, "it waits for the terminal");
        std::thread::yield_now();
    };
    assert_eq!(exit.exit_code(), 0);
}

#[test]
fn a_slow_terminal_is_shown_what_holds_and_not_what_held() {
    let mut slow = Slow::open();
    slow.shows("Enter check", 4096);
    let before = slow.bytes;
    for _ in 0..100 {
        slow.press("\x1bOP\x1b3\x1b2\x1b6\x1b1");
    }
    slow.press("\x1b6");
    // A kilobyte at a time.
    slow.shows("No request yet", 1024);
    // What the system holds, and a few frames: not five hundred of them.
    let read = slow.bytes - before;
    assert!(read < 64 * 1024, "{read} bytes");
    slow.press("\x03");
    slow.child.wait().unwrap();
}
