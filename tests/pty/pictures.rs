//! The README's pictures: the real screens, drawn as SVG, and held to what the program shows.
//!
//! `EMBEDCTL_WRITE=1 cargo test --test pty pictures` draws them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Console, DEADLINE, ask};

/// Width and height of a cell, in pixels.
const CELL: (usize, usize) = (9, 19);

#[test]
fn the_readmes_pictures_are_the_real_screens() {
    let mut console = Console::open(&[]);
    let mut walk = Walk::default();
    console.shows("Organization ID");
    walk.step("embedctl --sandbox", &mut console);
    console.press("\r").shows("Checked");
    walk.step("Enter checks", &mut console);
    hold("prerequisites", &mut console);
    console.press("\r").shows("Enter create");
    walk.step("Enter goes on to the template", &mut console);
    hold("template", &mut console);
    console.press("\r").shows("Create this template");
    walk.step("Enter creates it, and asks", &mut console);
    console.press("\r").shows("✔ Created");
    walk.step("Enter", &mut console);
    console.press("\r").shows("Widget tokens");
    console.press("\r").shows("live");
    walk.step("Enter goes on to the tokens, Enter mints", &mut console);
    hold("tokens", &mut console);
    console.press("\x1b4").shows("GitHub").shows("Enter start");
    console.press("\r").shows("running at");
    be_visited(console.demo_port());
    // The next key takes away what is said of a port that was taken.
    console
        .shows("source_created")
        .press("\x1b[F")
        .until(|screen| !screen.contents().contains("is taken"));
    hold("preview", &mut console);
    console
        .press("6")
        .shows("Enter open")
        .press("\r")
        .shows("externalUserId");
    walk.step("6, Enter opens the last request", &mut console);
    hold("activity", &mut console);
    console.press("3").shows("Enter mint anew");
    console
        .press("d")
        .shows("Data of user-42")
        .press("p")
        .shows("2,100");
    walk.step("3, d leads to the data, p plays the customer", &mut console);
    hold("data", &mut console);
    walk.ends();
}

fn writes() -> bool {
    std::env::var_os("EMBEDCTL_WRITE").is_some()
}

fn asset(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("assets")
        .join(name)
}

/// A customer opens the widget and connects a source; a page of others is turned away.
fn be_visited(port: u16) {
    let own = format!("origin: http://localhost:{port}\r\n");
    let created = r#"{"message":"source_created","data":{"name":"Sample Data"}}"#;
    ask(port, "GET /", "", "");
    ask(port, "GET /api/widget_token", "", "");
    let elsewhere = "origin: http://127.0.0.1:8080\r\n";
    ask(port, "GET /api/widget_token", elsewhere, "");
    ask(port, "POST /api/embedded_response", &own, created);
}

/// Compares a picture's text with the screen, or writes it.
fn hold(name: &str, console: &mut Console) {
    let path = asset(&format!("screens/{name}.svg"));
    if writes() {
        settle(console);
        fs::write(&path, svg(console.screen.screen())).unwrap();
        return;
    }
    let drawn = fs::read_to_string(&path).unwrap();
    let (_, kept) = drawn.split_once("<desc>").unwrap();
    let (kept, _) = kept.split_once("</desc>").unwrap();
    comes_to_be(console, &unescaped(kept));
}

/// Reads until nothing more comes: whatever belongs to the frame is out then.
fn settle(console: &mut Console) {
    while let Ok(piece) = console.output.recv_timeout(Duration::from_millis(500)) {
        console.take(&piece);
    }
}

/// Reads until the screen is like what was kept: a frame comes in pieces.
fn comes_to_be(console: &mut Console, kept: &str) {
    let kept = alike(kept);
    let deadline = Instant::now() + DEADLINE;
    while alike(&console.screen.screen().contents()) != kept {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(piece) = console.output.recv_timeout(left) else {
            break;
        };
        console.take(&piece);
    }
    assert_eq!(
        kept,
        alike(&console.screen.screen().contents()),
        "EMBEDCTL_WRITE=1 cargo test --test pty pictures"
    );
}

/// The walk as text, `assets/walk.txt`: what was pressed, and what the screen then showed.
#[derive(Default)]
struct Walk {
    text: String,
}

impl Walk {
    const MARK: &'static str = "▶ ";

    fn step(&mut self, pressed: &str, console: &mut Console) {
        if writes() {
            settle(console);
        } else {
            let whole = fs::read_to_string(asset("walk.txt")).unwrap();
            let head = format!("{}{pressed}\n", Walk::MARK);
            let (_, rest) = whole.split_once(&head).unwrap();
            let frame = rest.split(Walk::MARK).next().unwrap();
            comes_to_be(console, frame);
        }
        write!(self.text, "{}{pressed}\n\n", Walk::MARK).unwrap();
        for line in console.screen.screen().contents().lines() {
            writeln!(self.text, "{}", line.trim_end()).unwrap();
        }
        self.text.push('\n');
    }

    fn ends(&self) {
        if writes() {
            fs::write(asset("walk.txt"), &self.text).unwrap();
        }
    }
}

/// What is the same from run to run: words; not ids, keys, addresses, times, bars and blanks.
fn alike(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| {
        word.chars()
            .all(|c| c.is_alphabetic() || ",.·:".contains(c))
    });
    words
        .filter(|word| word.len() > 2 && !word.chars().all(|c| c.is_ascii_hexdigit()))
        .filter(|word| !word.starts_with("AKIA") && !["just", "now", "ago"].contains(word))
        .map(str::to_owned)
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let (width, height) = (
        CELL.0 * usize::from(columns) + 24,
        CELL.1 * usize::from(rows) + 24,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"15\">\n<desc>{}</desc>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n",
        escaped(&screen.contents())
    );
    for row in 0..rows {
        for column in 0..columns {
            let Some(cell) = screen.cell(row, column) else {
                continue;
            };
            let (mut fore, mut back) =
                (color(cell.fgcolor(), "#d6d9e0"), color(cell.bgcolor(), ""));
            if cell.inverse() {
                (fore, back) = ("#16181d", fore);
            }
            let (x, y) = (
                12 + CELL.0 * usize::from(column),
                12 + CELL.1 * usize::from(row),
            );
            if !back.is_empty() {
                writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{back}\"/>",
                    CELL.0, CELL.1
                )
                .unwrap();
            }
            let text = cell.contents();
            if text.trim().is_empty() {
                continue;
            }
            let bold = if cell.bold() {
                " font-weight=\"bold\""
            } else {
                ""
            };
            let dim = if cell.dim() { " opacity=\"0.6\"" } else { "" };
            writeln!(
                out,
                "<text x=\"{x}\" y=\"{}\" fill=\"{fore}\"{bold}{dim}>{}</text>",
                y + 15,
                escaped(text)
            )
            .unwrap();
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The terminal's own sixteen colours, as a common dark theme has them.
fn color(color: vt100::Color, default: &'static str) -> &'static str {
    const NAMED: [&str; 16] = [
        "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d6d9e0",
        "#5c6370", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff",
    ];
    match color {
        vt100::Color::Idx(index) => NAMED.get(usize::from(index)).copied().unwrap_or(default),
        vt100::Color::Default | vt100::Color::Rgb(..) => default,
    }
}
