//! The headless commands on a terminal: questions, what is typed unseen, progress, and tables.

use std::io::{Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::termios::LocalModes;

use crate::support::{DEADLINE, Home, Site};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// A command whose three streams are one terminal, 80 columns wide.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn std::io::Write + Send>,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(home: &Home, line: &str) -> Terminal {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_embedctl"));
        command.args(line.split_whitespace());
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path("."));
        command.env("XDG_STATE_HOME", home.state());
        command.cwd(home.path("."));
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, pieces) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal {
            child,
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            pieces,
            seen: String::new(),
        }
    }

    #[track_caller]
    fn until(&mut self, text: &str) -> &mut Terminal {
        while !self.seen.contains(text) {
            match self.pieces.recv_timeout(DEADLINE) {
                Ok(piece) => self.seen += &String::from_utf8_lossy(&piece),
                Err(why) => panic!("{why}: no {text:?} in {:?}", self.seen),
            }
        }
        self
    }

    fn type_in(&mut self, keys: &str) -> &mut Terminal {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self
    }

    fn echoes(&self) -> bool {
        let modes = self.master.get_termios().unwrap();
        modes.local_flags.bits() & LocalModes::ECHO.bits() != 0
    }

    /// Waits for the end; returns all that was seen, and the exit code.
    fn end(mut self) -> (String, u32) {
        let code = self.child.wait().unwrap().exit_code();
        drop((self.writer, self.master));
        while let Ok(piece) = self.pieces.recv_timeout(DEADLINE) {
            self.seen += &String::from_utf8_lossy(&piece);
        }
        (self.seen, code)
    }
}

/// What a person reads in the end: lines with what was cleared taken away.
fn left_standing(seen: &str) -> String {
    let lines = seen.split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        line.rsplit("\r\x1b[K").next().unwrap()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_secret_is_typed_unseen_and_anything_else_is_seen() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, "env set S3_BUCKET_NAME AIRBYTE_CLIENT_SECRET");
    terminal
        .until("S3_BUCKET_NAME: ")
        .type_in("acme-embedded\n");
    terminal.until("AIRBYTE_CLIENT_SECRET: ");
    assert!(!terminal.echoes());
    terminal.type_in("hunter2hunter2\n").until("in .env");
    assert!(terminal.echoes());
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("acme-embedded") && !seen.contains("hunter2"));
    assert_eq!(
        std::fs::read_to_string(home.path(".env")).unwrap(),
        "S3_BUCKET_NAME=acme-embedded\nAIRBYTE_CLIENT_SECRET=hunter2hunter2\n"
    );
}

#[test]
fn a_question_that_is_interrupted_leaves_the_terminal_as_it_was() {
    let site = Site::new(&[]);
    let home = site.home();
    let mut terminal = Terminal::start(&home, "env set AIRBYTE_CLIENT_SECRET");
    terminal.until("AIRBYTE_CLIENT_SECRET: ").type_in(CTRL_C);
    terminal.until("nothing was written");
    assert!(terminal.echoes());
    assert_eq!(terminal.end().1, 130);
    let mut terminal = Terminal::start(&home, "template create");
    terminal.until("[y/N] ").type_in(CTRL_C);
    assert_eq!(terminal.end().1, 130);
    assert_eq!(site.seen("templates"), 0);
}

#[test]
fn a_pasted_block_is_unseen_and_asked_about() {
    let home = Home::with_env("S3_PATH_PREFIX=old\n");
    let mut terminal = Terminal::start(&home, "env import");
    terminal.until("paste the settings");
    terminal.type_in("S3_PATH_PREFIX=new\nAWS_SECRET_ACCESS_KEY=geheim\nPORT=3005\n");
    terminal.type_in(CTRL_D);
    terminal
        .until("Write 2 settings into .env? [y/N] ")
        .type_in("y\n");
    terminal.until("Replace 1 differing value as well? [y/N] ");
    terminal.type_in("n\n");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("geheim"), "{seen}");
    assert_eq!(
        std::fs::read_to_string(home.path(".env")).unwrap(),
        "S3_PATH_PREFIX=old\nAWS_S3_SECRET_ACCESS_KEY=geheim\nPORT=3005\n"
    );
    let mut terminal = Terminal::start(&home, "env import");
    terminal
        .until("paste the settings")
        .type_in("S3_PATH_PREFIX=new\n\x04");
    terminal.until("as well? [y/N] ").type_in("y\n");
    assert_eq!(terminal.end().1, 0);
    let written = std::fs::read_to_string(home.path(".env")).unwrap();
    assert!(written.starts_with("S3_PATH_PREFIX=new\n"), "{written}");
}

#[test]
fn progress_is_shown_while_it_lasts_and_the_table_stays() {
    let site = Site::new(&[]);
    let home = site.home();
    let names: Vec<String> = (0..200)
        .map(|number| format!("customer-{number}"))
        .collect();
    home.write("users.txt", names.join("\n"));
    let (seen, code) = Terminal::start(&home, "token mint --from users.txt").end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("minting: 100 of 200"), "{seen}");
    let standing = left_standing(&seen);
    assert!(!standing.contains("minting: "), "{standing}");
    let users: Vec<&str> = standing
        .lines()
        .filter(|line| line.starts_with("customer-"))
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(users, names);
    assert!(!seen.contains("eyJ"), "a terminal is shown no token");
    let (seen, _) = Terminal::start(&home, "token mint --from users.txt -q").end();
    assert!(!seen.contains("minting"), "{seen}");
    let (seen, _) = Terminal::start(&home, "token mint --from users.txt -o json").end();
    assert!(!seen.contains('\x1b'), "one document and nothing else");
}

#[test]
fn waiting_for_data_shows_how_long_it_may_take() {
    let site = Site::new(&[]);
    let home = site.home();
    let mut terminal = Terminal::start(&home, "verify user-42 --wait 1h");
    terminal.until("waiting, 59:5").type_in(CTRL_C);
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert!(!left_standing(&seen).contains("waiting"), "{seen}");
}
