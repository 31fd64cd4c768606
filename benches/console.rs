//! The console behind a pseudo-terminal, beside the smallest list that ratatui can draw, in one run:
//! `cargo bench --bench console`.
//!
//! Depends on the binary. First frame, key to frame at rest and while requests hang, bytes and wake-ups
//! of an idle screen, memory. Linux: wake-ups and memory are read from `/proc`.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::indexing_slicing,
        reason = "a measurement prints, and ends where it cannot go on"
    )
)]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    if std::env::args().any(|argument| argument == linux::SMALLEST) {
        linux::smallest();
    } else {
        linux::measure(std::env::args().any(|argument| argument == "--bench"));
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::num::NonZeroU16;
    use std::path::Path;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::{Duration, Instant};

    use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

    /// Makes this very program the list to compare with.
    pub(super) const SMALLEST: &str = "--smallest";

    /// How long anything may take.
    const DEADLINE: Duration = Duration::from_secs(30);

    /// How long an idle screen is watched.
    const WATCH: Duration = Duration::from_secs(5);

    /// The smallest list: ten rows, a cursor, `q` ends it.
    pub(super) fn smallest() {
        use ratatui::crossterm::event::{KeyCode, read};
        use ratatui::widgets::{List, ListState};
        let mut terminal = ratatui::init();
        let mut state = ListState::default().with_selected(Some(0));
        loop {
            let list = List::new((1..=10).map(|i| format!("item {i}"))).highlight_symbol("> ");
            let drawn = terminal.draw(|frame| {
                frame.render_stateful_widget(list, frame.area(), &mut state);
            });
            drawn.expect("the terminal can be written");
            let event = read().expect("the terminal can be read");
            match event.as_key_press_event().map(|key| key.code) {
                Some(KeyCode::Char('q')) => break,
                Some(KeyCode::Char('j')) => state.select_next(),
                Some(KeyCode::Char('k')) => state.select_previous(),
                _ => {}
            }
        }
        ratatui::restore();
    }

    struct Terminal {
        child: Box<dyn Child + Send + Sync>,
        writer: Box<dyn Write + Send>,
        output: Receiver<(Instant, Vec<u8>)>,
        screen: vt100::Parser,
        _master: Box<dyn MasterPty + Send>,
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            // It may have ended by itself.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn cells(count: u16) -> NonZeroU16 {
        NonZeroU16::new(count).unwrap()
    }

    impl Terminal {
        fn open(
            program: &str,
            arguments: &[&str],
            folder: &Path,
            (columns, rows): (u16, u16),
        ) -> Terminal {
            let size = PtySize {
                rows,
                cols: columns,
                pixel_width: 0,
                pixel_height: 0,
            };
            let pair = native_pty_system().openpty(size).unwrap();
            let mut command = CommandBuilder::new(program);
            command.env_clear();
            command.env("HOME", folder);
            command.env("TERM", "xterm-256color");
            command.cwd(folder);
            command.args(arguments);
            let child = pair.slave.spawn_command(command).unwrap();
            drop(pair.slave);
            let mut reader = pair.master.try_clone_reader().unwrap();
            let (pieces, output) = channel();
            std::thread::spawn(move || {
                let mut buffer = vec![0; 65_536];
                while let Ok(count @ 1..) = reader.read(&mut buffer) {
                    if pieces
                        .send((Instant::now(), buffer[..count].to_vec()))
                        .is_err()
                    {
                        return;
                    }
                }
            });
            Terminal {
                child,
                writer: pair.master.take_writer().unwrap(),
                output,
                screen: vt100::Parser::new(cells(rows), cells(columns), 0),
                _master: pair.master,
            }
        }

        fn press(&mut self, keys: &str) {
            self.writer.write_all(keys.as_bytes()).unwrap();
            self.writer.flush().unwrap();
        }

        /// Reads until the screen is as wanted; returns when the last piece of it came.
        fn until(&mut self, wanted: impl Fn(&str) -> bool) -> Instant {
            let deadline = Instant::now() + DEADLINE;
            let mut at = Instant::now();
            while !wanted(&self.screen.screen().contents()) {
                let left = deadline.saturating_duration_since(Instant::now());
                match self.output.recv_timeout(left) {
                    Ok((came, piece)) => {
                        at = came;
                        self.screen.process(&piece);
                    }
                    Err(why) => panic!("{why}:\n{}", self.screen.screen().contents()),
                }
            }
            at
        }

        fn shows(&mut self, text: &str) -> Instant {
            self.until(|screen| screen.contains(text))
        }

        /// Reads until nothing more comes for a while.
        fn settle(&mut self) {
            while let Ok((_, piece)) = self.output.recv_timeout(Duration::from_millis(700)) {
                self.screen.process(&piece);
            }
        }

        /// Bytes and wake-ups a second of a screen that is left alone.
        fn idle(&mut self) -> (f64, f64) {
            let before = self.wake_ups();
            let end = Instant::now() + WATCH;
            let mut bytes = 0;
            while let Ok((_, piece)) = self
                .output
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                bytes += piece.len();
                self.screen.process(&piece);
            }
            let woken = self.wake_ups() - before;
            let seconds = WATCH.as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let rates = (bytes as f64 / seconds, woken as f64 / seconds);
            rates
        }

        /// How often the thread with the loop has slept and been woken.
        fn wake_ups(&self) -> u64 {
            let pid = self.child.process_id().unwrap();
            figure(&format!("/proc/{pid}/status"), "voluntary_ctxt_switches:")
        }

        fn memory(&self) -> u64 {
            let pid = self.child.process_id().unwrap();
            figure(&format!("/proc/{pid}/status"), "VmRSS:")
        }
    }

    fn figure(path: &str, name: &str) -> u64 {
        let text = fs::read_to_string(path).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        let figure = line.split_whitespace().next().unwrap();
        figure.parse().unwrap()
    }

    fn at(spans: &mut [Duration], hundredth: usize) -> f64 {
        spans.sort_unstable();
        let rank = (spans.len() * hundredth).div_ceil(100).max(1) - 1;
        spans[rank].as_secs_f64() * 1e3
    }

    /// How long from a start to the first frame, each in turn.
    fn first_frames(rounds: usize, folder: &Path) {
        let own = std::env::current_exe().unwrap();
        let own = own.to_str().unwrap();
        let (mut ours, mut least) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let began = Instant::now();
            let mut terminal = Terminal::open(own, &[SMALLEST], folder, (100, 28));
            least.push(terminal.shows("item 10") - began);
            drop(terminal);
            let began = Instant::now();
            let mut terminal =
                Terminal::open(env!("CARGO_BIN_EXE_embedctl"), &[], folder, (100, 28));
            ours.push(terminal.shows("Enter check") - began);
        }
        let (ours, least) = (at(&mut ours, 50), at(&mut least, 50));
        println!(
            "first frame, p50          {ours:6.1} ms   smallest list {least:.1} ms   {:.1}x",
            ours / least
        );
    }

    /// How long from a key to the frame that shows it, by turns down and up.
    fn key_to_frame(
        terminal: &mut Terminal,
        rounds: usize,
        here: impl Fn(&str, bool) -> bool,
    ) -> (f64, f64) {
        let mut spans = Vec::new();
        for round in 0..rounds {
            let down = round % 2 == 0;
            let began = Instant::now();
            terminal.press(if down { "j" } else { "k" });
            spans.push(
                terminal
                    .until(|screen| here(screen, down))
                    .saturating_duration_since(began),
            );
        }
        (at(&mut spans, 50), at(&mut spans, 95))
    }

    fn selected(screen: &str, user: &str) -> bool {
        screen.contains(&format!("▸ {user} "))
    }

    /// A service that gives access tokens, and never answers anything else.
    fn hanging() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut buffer = [0; 8_192];
                    while let Ok(count @ 1..) = stream.read(&mut buffer) {
                        if buffer[..count]
                            .windows(18)
                            .any(|part| part == b"applications/token")
                        {
                            let body = r#"{"access_token":"bearer","expires_in":900}"#;
                            let head = format!(
                                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                                body.len()
                            );
                            stream
                                .write_all(format!("{head}{body}").as_bytes())
                                .unwrap();
                        }
                    }
                });
            }
        });
        address
    }

    fn settings(base: &str) -> String {
        format!(
            "AIRBYTE_ORGANIZATION_ID=5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa\nAIRBYTE_CLIENT_ID=7d1b40c2\nAIRBYTE_CLIENT_SECRET=not-a-secret\nEXTERNAL_USER_ID=user-000\nAWS_S3_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_S3_SECRET_ACCESS_KEY=not-a-secret\nS3_BUCKET_NAME=acme\nS3_PATH_PREFIX=customers\nS3_BUCKET_REGION=us-east-1\nBASE_URL={base}\n"
        )
    }

    /// Writes a file for its owner alone, as the console wants its settings.
    fn write_own(path: &Path, text: &str) {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The board with a hundred users.
    fn board(folder: &Path) -> Terminal {
        let mut terminal = Terminal::open(env!("CARGO_BIN_EXE_embedctl"), &[], folder, (100, 28));
        terminal.shows("Enter check");
        terminal.press("\x1b3");
        terminal.shows("Widget tokens");
        let users: Vec<String> = (1..100).map(|i| format!("user-{i:03}")).collect();
        terminal.press("a");
        terminal.shows("External user IDs");
        terminal.press(&format!("\x1b[200~{}\x1b[201~", users.join("\n")));
        terminal.shows("99 pasted");
        terminal.press("\r");
        terminal.shows("Added 99 users");
        terminal.press("g");
        terminal.until(|screen| selected(screen, "user-000"));
        terminal
    }

    pub(super) fn measure(whole: bool) {
        let rounds = |many| if whole { many } else { 2 };
        let empty = tempfile::tempdir().unwrap();
        first_frames(rounds(21), empty.path());

        let mut terminal =
            Terminal::open(env!("CARGO_BIN_EXE_embedctl"), &[], empty.path(), (100, 28));
        terminal.shows("Enter check");
        terminal.settle();
        #[expect(clippy::cast_precision_loss, reason = "mebibytes")]
        let memory = terminal.memory() as f64 / 1024.0;
        println!("memory, first frame       {memory:6.1} MiB");
        let (bytes, woken) = terminal.idle();
        println!("idle, no countdown        {bytes:6.1} B/s  {woken:.1} wake-ups/s");
        drop(terminal);

        let own = std::env::current_exe().unwrap();
        let mut least = Terminal::open(own.to_str().unwrap(), &[SMALLEST], empty.path(), (100, 28));
        least.shows("item 10");
        let (half, most) = key_to_frame(&mut least, rounds(400), |screen, down| {
            screen.contains(if down { "> item 2" } else { "> item 1\n" })
        });
        println!("key to frame, smallest    p50 {half:.2} ms  p95 {most:.2} ms");
        drop(least);

        let busy = tempfile::tempdir().unwrap();
        write_own(&busy.path().join(".env"), &settings(&hanging()));
        let mut terminal = board(busy.path());
        terminal.settle();
        let here =
            |screen: &str, down| selected(screen, if down { "user-001" } else { "user-000" });
        let (half, most) = key_to_frame(&mut terminal, rounds(400), here);
        println!("key to frame, board       p50 {half:.2} ms  p95 {most:.2} ms");
        terminal.press("M");
        terminal.shows("Mint 100 tokens?");
        terminal.press("\r");
        terminal.shows("mint anyway");
        terminal.press("\r");
        terminal.shows("of 100 mints");
        let (half, most) = key_to_frame(&mut terminal, rounds(400), here);
        println!("key to frame, 100 hanging p50 {half:.2} ms  p95 {most:.2} ms");
        let (bytes, woken) = terminal.idle();
        println!("left alone, 100 hanging   {bytes:6.1} B/s  {woken:.1} wake-ups/s");
        drop(terminal);

        let mut terminal = Terminal::open(
            env!("CARGO_BIN_EXE_embedctl"),
            &["--sandbox"],
            empty.path(),
            (160, 72),
        );
        terminal.shows("Enter check");
        terminal.press("\x1b3");
        terminal.shows("Widget tokens");
        let users: Vec<String> = (1..50).map(|i| format!("user-{i:03}")).collect();
        terminal.press("a");
        terminal.shows("External user IDs");
        terminal.press(&format!("\x1b[200~{}\x1b[201~", users.join("\n")));
        terminal.shows("49 pasted");
        terminal.press("\rM");
        terminal.shows("Mint 50 tokens?");
        terminal.press("\r");
        terminal.shows("mint anyway");
        terminal.press("\r");
        terminal.until(|screen| screen.matches("✔ live").count() == 50);
        // The bulk's own end, and what it says, is not idleness.
        let _ = terminal.idle();
        let (bytes, woken) = terminal.idle();
        println!("idle, 50 countdowns       {bytes:6.1} B/s  {woken:.1} wake-ups/s");
    }
}
