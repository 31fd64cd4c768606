//! What `verify` costs: one large object, and very many small ones.
//!
//! Depends on the binary alone: `embedctl sandbox --dir` serves the bucket from a temporary folder,
//! over loopback. Times are ratios against `zcat | wc -l` of the same file, taken in turns, since a
//! machine has its moods; memory is the process's own high-water mark. Needs about 300 MB of disk
//! for a minute.
//!
//! ```sh
//! cargo bench --bench landing
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a measurement ends at what must not happen, and prints"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

/// How large the object is at least, as stored.
const STORED: u64 = 200 << 20;

/// How many objects the other user has.
const MANY: usize = 10_000;

/// How often each is run.
const ROUNDS: usize = 5;

/// The least that must be shown for nothing to be said.
const SLOWEST: f64 = 1.5;
const LARGEST: u64 = 32 << 10;

const SOURCE: &str = "0f2d5c1e-7f0b-4f5e-9d43-1f3a3c9a77b1";

fn main() {
    // Cargo asks test runners for their tests; here are none.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bucket = folder.path().join("bucket");
    let (file, rows) = one_large(&bucket);
    many_small(&bucket);
    let site = Site::start(folder.path(), &bucket);
    let large = large(&site, &file, rows);
    let many = many(&site);
    println!("{large}{many}");
}

/// The file of one object in the connector's layout.
fn place(bucket: &Path, user: &str, stream: &str, part: usize, ending: &str) -> PathBuf {
    let folder = bucket.join(format!("objects/customers/{user}/{SOURCE}_{stream}"));
    fs::create_dir_all(&folder).unwrap();
    folder.join(format!("2026_11_23_1795428000000_{part}.{ending}"))
}

/// Writes one gzip member of rows like those of Sample Data, until it is large enough.
fn one_large(bucket: &Path) -> (PathBuf, u64) {
    let path = place(bucket, "large", "users", 0, "jsonl.gz");
    let mut packed = GzEncoder::new(
        BufWriter::new(File::create(&path).unwrap()),
        Compression::default(),
    );
    let mut random = fastrand::Rng::with_seed(42);
    let (mut rows, mut line) = (0, String::new());
    while rows % 10_000 != 0 || fs::metadata(&path).unwrap().len() < STORED {
        line.clear();
        writeln!(
            line,
            "{{\"_airbyte_raw_id\":\"{:032x}\",\"_airbyte_extracted_at\":{},\"_airbyte_meta\":{{\"sync_id\":1,\"changes\":[]}},\"_airbyte_generation_id\":0,\"_airbyte_data\":{{\"id\":{rows},\"name\":\"Reda {}\",\"email\":\"user{}@example.com\",\"age\":{},\"height\":\"1.{}\",\"nationality\":\"Dutch\",\"occupation\":\"Clerk {}\",\"telephone\":\"+31 {}\",\"created_at\":\"2009-08-12T18:57:58+00:00\",\"updated_at\":\"2026-01-02T03:04:05+00:00\"}}}}",
            random.u128(..),
            1_795_428_000_000_u64 + rows,
            random.u16(..),
            random.u32(..),
            random.u8(18..90),
            random.u8(50..99),
            random.u8(..),
            random.u32(..),
        )
        .unwrap();
        packed.write_all(line.as_bytes()).unwrap();
        rows += 1;
    }
    packed.finish().unwrap().flush().unwrap();
    (path, rows)
}

fn many_small(bucket: &Path) {
    for part in 0..MANY {
        let line =
            format!("{{\"_airbyte_extracted_at\":{part},\"_airbyte_data\":{{\"id\":{part}}}}}\n");
        for (user, ending) in [("many", "jsonl"), ("listed", "parquet")] {
            fs::write(place(bucket, user, "users", part, ending), &line).unwrap();
        }
    }
    fs::create_dir_all(bucket.join("objects/customers/none")).unwrap();
}

/// The sandbox, and the env file that reaches it.
struct Site {
    child: Child,
    env_file: PathBuf,
    state: PathBuf,
}

impl Site {
    fn start(folder: &Path, bucket: &Path) -> Site {
        let env_file = folder.join("sandbox.env");
        let mut child = embedctl(folder)
            .args(["sandbox", "--bind", "127.0.0.1:0", "--dir"])
            .arg(bucket)
            .arg("--write-env")
            .arg(&env_file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut ready).unwrap();
        Site {
            child,
            env_file,
            state: folder.to_owned(),
        }
    }

    /// Verifies one user: what was said, how long it took, and the most memory in KiB.
    fn verify(&self, user: &str) -> (Value, Duration, u64) {
        let began = Instant::now();
        let mut child = embedctl(&self.state)
            .args(["verify", user, "--full", "--output", "json", "--env-file"])
            .arg(&self.env_file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            most = high_water(&status).unwrap_or(most);
            std::thread::sleep(Duration::from_millis(2));
        }
        let took = began.elapsed();
        let said = child.wait_with_output().unwrap().stdout;
        (serde_json::from_slice(&said).unwrap(), took, most)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn embedctl(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedctl"));
    command
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The most memory a process has had, in KiB.
fn high_water(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Counts the lines of a packed file as a person would; how long it took.
fn zcat(file: &Path) -> (u64, Duration) {
    let began = Instant::now();
    let counted = Command::new("sh")
        .args(["-c", "zcat \"$1\" | wc -l", "sh"])
        .arg(file)
        .output()
        .unwrap();
    let lines = String::from_utf8(counted.stdout).unwrap();
    (lines.trim().parse().unwrap(), began.elapsed())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn large(site: &Site, file: &Path, rows: u64) -> String {
    let (mut ratios, mut seconds, mut growth) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (_, _, idle) = site.verify("none");
        let (lines, theirs) = zcat(file);
        let (said, ours, most) = site.verify("large");
        assert_eq!(lines, rows);
        assert_eq!(said["data"]["streams"][0]["rows"], rows, "{said}");
        ratios.push(ours.as_secs_f64() / theirs.as_secs_f64());
        seconds.push(ours.as_secs_f64());
        growth = growth.max(most.saturating_sub(idle));
    }
    let ratio = median(ratios);
    let stored = fs::metadata(file).unwrap().len();
    let words = format!(
        "one object of {} MB, {rows} rows: {ratio:.2} x the time of zcat | wc -l ({:.1} s), {:.1} MB of memory\n",
        stored / 1_000_000,
        median(seconds),
        f64::from(u32::try_from(growth).unwrap()) / 1024.0
    );
    assert!(ratio <= SLOWEST && growth < LARGEST, "{words}");
    words
}

fn many(site: &Site) -> String {
    let mut words = String::new();
    for (user, what) in [("listed", "listed and summed"), ("many", "listed and read")] {
        let (mut seconds, mut most) = (Vec::new(), 0);
        for _ in 0..3 {
            let (said, took, memory) = site.verify(user);
            let stream = &said["data"]["streams"][0];
            assert_eq!(stream["objects"], MANY, "{said}");
            seconds.push(took.as_secs_f64());
            most = most.max(memory);
        }
        let seconds = median(seconds);
        writeln!(
            words,
            "{MANY} objects {what}: {seconds:.2} s, {} MB at most",
            most / 1024
        )
        .unwrap();
    }
    words
}
