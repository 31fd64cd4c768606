//! The console on a real terminal: the binary behind a pseudo-terminal, read through an emulator.
//!
//! Depends on the binary alone. Tests wait for what the screen shows, never for time to pass.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "pty/pictures.rs"]
mod pictures;
#[path = "pty/slow.rs"]
mod slow;
#[path = "support/support.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use embedctl::sandbox::Options;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use support::Site;

/// How long anything may take on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(30);

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    bytes: Vec<u8>,
    _home: tempfile::TempDir,
}

/// Sends a request to the demo app, as a browser on this machine would, and returns the answer.
fn ask(port: u16, line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

impl Console {
    /// One with a sandbox of its own.
    fn open(environment: &[(&str, &str)]) -> Console {
        Console::with(&["--sandbox"], environment)
    }

    /// One whose env file this is.
    fn with_env(text: &str) -> Console {
        Console::start(&[], &[], text)
    }

    fn with(arguments: &[&str], environment: &[(&str, &str)]) -> Console {
        Console::start(environment, arguments, "")
    }

    fn start(environment: &[(&str, &str)], arguments: &[&str], env_file: &str) -> Console {
        let home = tempfile::tempdir().unwrap();
        if !env_file.is_empty() {
            std::fs::write(home.path().join(".env"), env_file).unwrap();
        }
        let (rows, columns) = (28, 100);
        let pair = native_pty_system()
            .openpty(PtySize {
                rows,
                cols: columns,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_embedctl"));
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(home.path());
        command.args(arguments);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (pieces, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if pieces.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Console {
            child,
            master: pair.master,
            writer,
            output,
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            bytes: Vec::new(),
            _home: home,
        }
    }

    fn press(&mut self, keys: &str) -> &mut Console {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
        self
    }

    fn resize(&mut self, rows: u16, columns: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).unwrap();
        let screen = self.screen.screen_mut();
        screen.set_size(cells(rows.max(2)), cells(columns.max(2)));
    }

    fn take(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
        self.screen.process(piece);
    }

    /// Reads until the screen is as wanted.
    fn until(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) -> &mut Console {
        let deadline = Instant::now() + DEADLINE;
        while !wanted(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(piece) => self.take(&piece),
                Err(why) => panic!("{why}; the screen:\n{}", self.screen.screen().contents()),
            }
        }
        self
    }

    fn shows(&mut self, text: &str) -> &mut Console {
        self.until(|screen| screen.contents().contains(text))
    }

    /// Clicks on the first cell of a text that is shown.
    fn click(&mut self, text: &str) -> &mut Console {
        self.shows(text);
        let contents = self.screen.screen().contents();
        // The last of them: the key bar stands at the foot.
        let (row, line) = contents
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains(text))
            .last()
            .unwrap();
        let column = line[..line.find(text).unwrap()].chars().count();
        self.press(&format!("\x1b[<0;{};{}M", column + 1, row + 1));
        self.press(&format!("\x1b[<0;{};{}m", column + 1, row + 1))
    }

    /// Runs an action by its name.
    fn act(&mut self, name: &str) -> &mut Console {
        self.press("\x10").shows("Actions").press(name);
        self.until(|screen| {
            let contents = screen.contents();
            let typed = contents.lines().nth(3).unwrap_or_default();
            typed.trim_end().ends_with(name)
        });
        self.press("\r")
    }

    /// The port that the demo app says it has.
    fn demo_port(&self) -> u16 {
        let text = self.screen.screen().contents();
        let (_, rest) = text.split_once("running at http://localhost:").unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }

    fn signal(&mut self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Reads to the end and returns the exit code, the terminal being as it was.
    fn ends(&mut self) -> u32 {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(piece) => self.take(&piece),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("still there:\n{}", self.screen.screen().contents())
                }
            }
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "alternate screen");
        assert!(!screen.bracketed_paste(), "bracketed paste");
        assert!(!screen.hide_cursor(), "cursor");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "mouse"
        );
        self.child.wait().unwrap().exit_code()
    }

    fn until_stopped(&self) {
        support::until("it is stopped", || self.state() == 'T');
    }

    fn state(&self) -> char {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        rest.chars().next().unwrap()
    }
}

#[test]
fn enter_leads_from_the_form_to_a_live_token() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\r");
    console.shows("Enter go on to the template").press("\r");
    console.shows("Enter create").press("\r");
    console.shows("Create this template?").press("\r");
    console.shows("✔ Created").press("\r");
    console.shows("Widget tokens").shows("not yet").press("\r");
    console.shows("✔ live").shows("decoded, not verified");
    console.press("q");
    assert_eq!(console.ends(), 0);
    // Neither the screen nor what it leaves standing ever held the token.
    let bytes = String::from_utf8_lossy(&console.bytes);
    assert!(!bytes.contains("eyJ"), "{bytes}");
}

#[test]
fn the_same_walk_goes_by_the_palette_alone() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").act("check the settings");
    console.shows("✔ Checked").act("check the settings");
    console.shows("Enter create").act("create the template");
    console.shows("Create this template?");
    console.act("do what the question says");
    console.shows("✔ Created").act("go to Tokens");
    console.shows("not yet").act("mint a token");
    console.shows("✔ live").act("look at what has landed");
    console
        .shows("Data of user-42")
        .act("sandbox only: a customer");
    console.shows("2,100").act("go to Activity");
    console.shows("p95").act("quit at once");
    assert_eq!(console.ends(), 0);
}

#[test]
fn the_same_walk_goes_by_the_mouse_alone() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\x1bOQ").shows("MOUSE");
    console.until(|screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None);
    console.click("Enter check");
    console.shows("✔ Checked").click("Enter go on");
    console.click("Enter create").shows("Create this template?");
    // The question says it too, and a frame comes in pieces: the key bar is the last of them.
    console.shows("Enter create · Esc not now");
    console.click("Enter create").shows("✔ Created");
    console
        .click("3 Tokens")
        .shows("not yet")
        .click("Enter mint");
    // A click on the row takes the notice away, which leaves the key bar its room; the end of the bar
    // before is waited for, since that one had the key elsewhere.
    console.shows("M mint all · F1 help").click("✔ live");
    console.click("d data");
    console.shows("Data of user-42").click("p play");
    console.shows("2,100").click("6 Activity");
    console.shows("p95").press("\x1b[<64;60;10M").shows("✔ 200");
    // Whatever ends it gives the mouse back as well.
    console.signal(Signal::TERM);
    assert_eq!(console.ends(), 143);
}

#[test]
fn nothing_real_shows_while_it_is_private() {
    let mut console = Console::open(&[]);
    console
        .shows("Enter check")
        .press("\x1bOR")
        .shows("PRIVATE");
    console.shows("user-A1");
    let contents = console.screen.screen().contents();
    for real in ["user-42", "acme-embedded", "AKIA"] {
        assert!(!contents.contains(real), "{real} in {contents}");
    }
    console.press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn a_customer_who_is_played_leaves_data_that_is_shown() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\r");
    console.shows("Enter go on to the template").press("\r");
    console.shows("Enter create").press("\r");
    console.shows("Create this template?").press("\r");
    console.shows("✔ Created").press("\r");
    console.shows("not yet").press("\r");
    console.shows("✔ live").press("d");
    console
        .shows("Data of user-42")
        .shows("✖ Nothing has landed")
        .shows("p plays a customer");
    console.press("w");
    console.shows("waiting, 0:0").press("w");
    console.shows("Stopped waiting").press("p");
    console.shows("first rows");
    console.shows("✔ connection").shows("✔ job").shows("users");
    console.press("q");
    assert_eq!(console.ends(), 0);
}

#[test]
fn every_request_is_in_the_log_without_its_secrets() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\r");
    console.shows("Enter go on to the template").press("\x1b6");
    console.shows("p95").shows("/v1/applications/token");
    console.press("g\r").shows("Number      1");
    console.shows("\"client_secret\": \"$AIRBYTE_CLIENT_SECRET\"");
    console.shows("\"access_token\": \"••••••••\"");
    console.press("y").shows("sent to the clipboard");
    console.press("\x1b").shows("Enter open").press("e");
    console.shows("Nothing failed").press("q");
    assert_eq!(console.ends(), 0);
}

#[test]
fn a_visit_to_the_demo_app_is_seen_on_the_screen() {
    let mut console = Console::open(&[("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")]);
    console.shows("Enter check").press("\x1b4");
    console.shows("Enter start").press("\r");
    console
        .shows("running at")
        .shows("Nobody has opened the page yet");
    let port = console.demo_port();
    console.shows(&format!("ssh -L {port}:localhost:{port}"));
    assert!(ask(port, "GET /", "", "").contains("<title>"));
    console.shows("page");
    assert!(ask(port, "GET /api/widget_token", "", "").contains("\"token\""));
    console.shows("token for user-42");
    ask(
        port,
        "GET /api/widget_token",
        "origin: http://evil.example\r\n",
        "",
    );
    console.shows("http://evil.example").shows("✖");
    console.press("o");
    console.shows("browser is on your side").press("q");
    console.shows("the demo app runs").press("n").press("\r");
    console.shows("The demo app has stopped").press("q");
    assert_eq!(console.ends(), 0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn keys_are_answered_while_ten_thousand_objects_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let stream = folder.path().join("objects/customers/user-42/users");
    std::fs::create_dir_all(&stream).unwrap();
    for part in 0..10_000 {
        std::fs::write(stream.join(format!("{part}.avro")), "x").unwrap();
    }
    let site = Site::with(Options {
        dir: Some(folder.path().to_owned()),
        faults: vec!["s3.list=delay:500".parse().unwrap()],
        ..Options::default()
    });
    let mut console = Console::with_env(&site.env());
    console.shows("Enter check").press("\x1b5");
    console.shows("Data of user-42").press("\r");
    support::until("a page is listed", || site.count("S3 LIST") > 1);
    console.press("\x1bOP").shows("On Data");
    let pages = site.count("S3 LIST");
    assert!(pages < 10, "the keys were answered before the last page");
    console.press("\x1bOP").shows("10,000");
    console.press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn a_probe_that_is_left_by_ctrl_c_takes_itself_away() {
    for fault in ["s3.get=hang", "s3.put=commit+hang"] {
        let site = Site::new(&[fault]);
        let mut console = Console::with_env(&site.env());
        console.shows("Enter check").press("\r");
        let probes = || site.sandbox.objects("customers/embedctl-probe-");
        support::until("the probe is put", || !probes().is_empty());
        console.press("\x03");
        assert_eq!(console.ends(), 0);
        assert!(probes().is_empty(), "{fault}");
    }
}

#[test]
fn a_probe_that_cannot_take_itself_away_is_told_of() {
    let site = Site::new(&["s3.get=hang"]);
    let mut console = Console::with_env(&site.env());
    console.shows("Enter check").press("\r");
    let probes = || site.sandbox.objects("customers/embedctl-probe-");
    support::until("the probe is put", || !probes().is_empty());
    site.fault("s3.delete=hang");
    console.press("\x03");
    assert_eq!(console.ends(), 0);
    let text = console.screen.screen().contents();
    assert!(text.contains("may be left in the bucket"), "{text}");
}

#[test]
fn the_iam_policy_is_shown_from_the_rail() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\x1b");
    console.shows("i IAM policy").press("i");
    console.shows("s3:ListBucket").press("\x1b");
    // What comes with Esc in one piece would be another key.
    console.until(|screen| !screen.contents().contains("s3:ListBucket"));
    console.shows("i IAM policy").press("q");
    assert_eq!(console.ends(), 0);
}

#[test]
fn signals_end_it_with_the_terminal_restored() {
    let site = Site::new(&["token=hang"]);
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut idle = Console::open(&[]);
        idle.shows("Enter check");
        let mut busy = Console::with_env(&site.env());
        busy.shows("Enter check").press("\r").shows("Esc stop");
        for mut console in [idle, busy] {
            console.signal(signal);
            assert_eq!(console.ends(), code);
        }
    }
}

#[test]
fn ctrl_c_quits_from_inside_a_field() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("abc").press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn a_paste_never_submits() {
    // Most terminals send what Enter would send for the end of a line.
    for end in ["\n", "\r"] {
        let mut console = Console::open(&[]);
        let block = format!("AIRBYTE_CLIENT_ID=one{end}S3_BUCKET=two{end}");
        console
            .shows("Enter check")
            .press(&format!("\x1b[200~{block}\x1b[201~"));
        console.shows("Pasted 2 settings").press("\r");
        console.shows("not saved").shows("not checked yet");
        console.press("\x03");
        assert_eq!(console.ends(), 0);
    }
}

#[test]
fn a_paste_of_a_mebibyte_is_cut_with_a_note() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\x1b[200~");
    let piece = "p".repeat(64 << 10);
    for _ in 0..16 {
        console.press(&piece);
    }
    console.press("\x1b[201~");
    console
        .shows("The paste was longer than 4,096 characters")
        .press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn without_colour_no_colour_code_is_written() {
    let never = Console::with(&["--sandbox", "--color", "never"], &[]);
    for mut console in [Console::open(&[("NO_COLOR", "1")]), never] {
        console.shows("Enter check").press("\r");
        console.shows("Enter go on to the template").press("\x03");
        assert_eq!(console.ends(), 0);
        let text = String::from_utf8_lossy(&console.bytes);
        for piece in text.split('\x1b').filter(|piece| piece.starts_with('[')) {
            let Some((codes, _)) = piece[1..].split_once('m') else {
                continue;
            };
            for code in codes.split(';') {
                let code = code.parse::<u8>().unwrap_or(0);
                assert!(!matches!(code, 30..=49 | 90..=107), "{piece:?}");
            }
        }
    }
}

#[test]
fn a_dumb_terminal_is_refused_with_the_way_that_needs_none() {
    let mut console = Console::open(&[("TERM", "dumb")]);
    assert_eq!(console.ends(), 2);
    let text = String::from_utf8_lossy(&console.bytes);
    assert!(text.contains("the console needs a terminal"), "{text}");
    assert!(
        text.contains("embedctl check") && text.contains("Usage:"),
        "{text}"
    );
    assert!(!text.contains("\x1b[?1049h"), "{text}");
}

#[test]
fn the_glyphs_are_the_same_whatever_the_locale() {
    let mut console = Console::open(&[("LANG", "C"), ("LC_ALL", "C")]);
    console
        .shows("▸ 1 Prerequisites")
        .shows("✔ user-42")
        .press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn an_idle_screen_writes_nothing() {
    let mut console = Console::open(&[]);
    console.shows("F1 help");
    // What belongs to the first frames may still be on its way; then there is silence.
    while let Ok(piece) = console.output.recv_timeout(Duration::from_secs(1)) {
        console.take(&piece);
    }
    let silence = console.output.recv_timeout(Duration::from_secs(3));
    assert_eq!(silence, Err(RecvTimeoutError::Timeout));
    console.press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn stopped_from_outside_it_gives_the_terminal_back_and_returns() {
    let mut console = Console::open(&[]);
    console.shows("Enter check");
    console.signal(Signal::TSTP);
    console.until(|screen| !screen.alternate_screen() && !screen.hide_cursor());
    console.until_stopped();
    console.signal(Signal::CONT);
    console.until(vt100::Screen::alternate_screen);
    console.shows("Enter check").press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn stopped_unheard_it_takes_the_terminal_again_from_whoever_had_it() {
    use rustix::termios::{InputModes, LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let mut console = Console::open(&[]);
    console.shows("Enter check");
    console.signal(Signal::STOP);
    console.until_stopped();
    // As a shell does, which then has the terminal.
    let terminal = std::fs::File::open(console.master.tty_name().unwrap()).unwrap();
    let mut modes = tcgetattr(&terminal).unwrap();
    modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    modes.input_modes |= InputModes::ICRNL;
    tcsetattr(&terminal, OptionalActions::Now, &modes).unwrap();
    console.signal(Signal::CONT);
    support::until("it has the terminal again", || {
        let modes = tcgetattr(&terminal).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    });
    console
        .press("\x1bOP")
        .shows("On Prerequisites")
        .press("\x03");
    drop(terminal);
    assert_eq!(console.ends(), 0);
}

#[test]
fn ctrl_z_without_a_shell_behind_it_does_not_freeze() {
    let mut console = Console::open(&[]);
    console.shows("Enter check").press("\x1a");
    console.shows("Not suspended").press("\x03");
    assert_eq!(console.ends(), 0);
}

#[test]
fn resizing_down_to_one_cell_and_back_leaves_it_whole() {
    let mut console = Console::open(&[]);
    console.shows("Enter check");
    // Each size is waited for but the smallest, on which an emulator has nothing to show.
    for (rows, columns, shows) in [
        (9, 40, "embedctl needs"),
        (2, 2, "em"),
        (1, 1, ""),
        (16, 60, "1 Prerequisites"),
        (28, 100, "Region"),
    ] {
        console.resize(rows, columns);
        console.shows(shows);
    }
    console.press("\x03");
    assert_eq!(console.ends(), 0);
}
