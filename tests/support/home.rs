//! The binary, run in a home of its own: nothing of the machine's environment reaches it.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use rustix::fs::{CWD, FileType, Mode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::DEADLINE;
use super::stable::stable;

/// A person's home, state folder and working directory, all in one temporary folder.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// An empty one.
    pub(crate) fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Home { folder }
    }

    /// One with this env file.
    pub(crate) fn with_env(text: impl AsRef<[u8]>) -> Home {
        let home = Home::new();
        home.write(".env", text);
        home
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// Writes a file into the working directory, for its owner alone.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .unwrap();
        file.write_all(text.as_ref()).unwrap();
        path
    }

    /// Makes a named pipe in the working directory.
    pub(crate) fn pipe(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        path
    }

    pub(crate) fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn ledger_path(&self) -> PathBuf {
        self.state().join("embedctl/ledger.jsonl")
    }

    /// The ledger, empty when there is none.
    pub(crate) fn ledger(&self) -> String {
        fs::read_to_string(self.ledger_path()).unwrap_or_default()
    }

    /// Every file there is, but for those named, as (path, text).
    pub(crate) fn files(&self, but: &[&str]) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !but.iter().any(|name| path.ends_with(name)) {
                    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                    found.push((path, text));
                }
            }
        }
        found
    }

    /// A run that is yet to begin.
    pub(crate) fn call<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Call {
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedctl"));
        command
            .args(&args)
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_STATE_HOME", self.state())
            .env("TMPDIR", self.folder.path())
            .current_dir(self.folder.path().join("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Call {
            command,
            input: None,
            place: self.folder.path().to_owned(),
        }
    }

    /// Runs a command line, split at blanks, to its end.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.call(line.split_whitespace()).run()
    }
}

/// A run of the binary, before it begins.
pub(crate) struct Call {
    command: Command,
    input: Option<Vec<u8>>,
    place: PathBuf,
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Call {
        self.command.env_remove(name);
        self
    }

    /// What comes by standard input.
    pub(crate) fn input(mut self, text: impl AsRef<[u8]>) -> Call {
        self.input = Some(text.as_ref().to_owned());
        self.command.stdin(Stdio::piped());
        self
    }

    pub(crate) fn stdout_to(mut self, path: &str) -> Call {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        self.command.stdout(file);
        self
    }

    /// The bare command, for a test that wires its streams itself.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ran {
        self.start().wait()
    }

    /// Begins it.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        if let Some(input) = self.input {
            let mut stdin = child.stdin.take().unwrap();
            // A program that has heard enough closes its end.
            std::thread::spawn(move || stdin.write_all(&input));
        }
        let (line_seen, lines) = channel();
        let out = child.stdout.take().map(|pipe| {
            std::thread::spawn(move || {
                let mut all = Vec::new();
                let mut reader = BufReader::new(pipe);
                while reader.read_until(b'\n', &mut all).unwrap() > 0 {
                    let _nobody_waits = line_seen.send(all.clone());
                }
                all
            })
        });
        let mut pipe = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut all = Vec::new();
            pipe.read_to_end(&mut all).unwrap();
            all
        });
        Running {
            child,
            lines,
            out,
            err,
            place: self.place,
        }
    }
}

/// A run under way. Dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<Vec<u8>>,
    out: Option<JoinHandle<Vec<u8>>>,
    err: JoinHandle<Vec<u8>>,
    place: PathBuf,
}

impl Running {
    /// Waits for the next line on standard output, and returns all that came until then.
    pub(crate) fn line(&self) -> String {
        let all = self.lines.recv_timeout(DEADLINE).unwrap();
        String::from_utf8(all).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ran {
        let mut ended = None;
        super::until("the program ends", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is text");
        let out = self
            .out
            .take()
            .map_or_else(Vec::new, |out| out.join().unwrap());
        let err = std::mem::replace(&mut self.err, std::thread::spawn(Vec::new));
        Ran {
            status: ended.unwrap(),
            out: text(out),
            err: text(err.join().unwrap()),
            place: self.place.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A run that has ended.
pub(crate) struct Ran {
    status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
    place: PathBuf,
}

impl Ran {
    /// The exit code; a run that a signal ended has none.
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        match self.status.code() {
            Some(code) => code,
            None => panic!("ended by signal {:?}: {self:?}", self.status.signal()),
        }
    }

    /// Demands an exit code, and shows the whole run otherwise.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code(), code, "{self:?}");
        self
    }

    /// The one JSON document on standard output, and nothing beside it.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let mut documents = serde_json::Deserializer::from_str(&self.out).into_iter::<Value>();
        let first = documents.next();
        let Some(Ok(document)) = first else {
            panic!("no JSON document: {self:?}");
        };
        assert!(documents.next().is_none(), "two documents: {self:?}");
        assert_eq!(self.out.lines().count(), 1, "one line: {self:?}");
        document
    }

    /// Exit code, output and errors as one text without chance.
    pub(crate) fn block(&self) -> String {
        format!("{self:?}")
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.place.display().to_string();
        let clean = |text: &str| stable(&text.replace(&place, "PLACE"));
        let exit = match self.status.code() {
            Some(code) => code.to_string(),
            None => format!("by signal {:?}", self.status.signal()),
        };
        write!(f, "exit {exit}")?;
        for (name, text) in [("out", &self.out), ("err", &self.err)] {
            if !text.is_empty() {
                write!(f, "\n--- {name}\n{}", clean(text).trim_end_matches('\n'))?;
            }
        }
        Ok(())
    }
}
