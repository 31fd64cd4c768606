//! What goes wrong, and what must then happen: one table, over real HTTP, for each API.
//!
//! A row names the faults of the sandbox, the command line, and what is promised. Every row runs in
//! text and in JSON, each time in a world of its own. An API is one entry of [`APIS`].
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what must not happen ends one"
)]

#[path = "support/support.rs"]
mod support;

#[path = "faults/agents.rs"]
mod agents;
#[path = "faults/body.rs"]
mod body;
#[path = "faults/expiry.rs"]
mod expiry;
#[path = "faults/hostile.rs"]
mod hostile;
#[path = "faults/network.rs"]
mod network;
#[path = "faults/status.rs"]
mod status;
#[path = "faults/template.rs"]
mod template;

use embedctl::sandbox::Options;
use serde_json::Value;
use support::{Ran, Site, route};

/// An API, by the requests that the rows count.
struct Api {
    name: &'static str,
    token: &'static str,
    organizations: &'static str,
    workspaces: &'static str,
    template: &'static str,
    widget: &'static str,
}

/// The APIs the table is run for.
const APIS: &[Api] = &[
    Api {
        name: "v1",
        token: route::TOKEN,
        organizations: route::ORGANIZATIONS,
        workspaces: route::WORKSPACES,
        template: route::TEMPLATE,
        widget: route::WIDGET,
    },
    Api {
        name: "agents",
        token: "POST /api/v1/account/applications/token",
        // This API has no such list: the access token's answer tells.
        organizations: "",
        workspaces: "GET /api/v1/workspaces",
        template: "POST /api/v1/integrations/templates/connections",
        widget: "POST /api/v1/account/applications/widget-token",
    },
];

/// A request whose number is promised.
#[derive(Clone, Copy)]
enum Counted {
    Token,
    Organizations,
    Workspaces,
    Template,
    Widget,
}

use Counted::{Organizations, Template, Token, Widget, Workspaces};

impl Api {
    /// Whether a row is about something that the API has: the newer one has no list of
    /// organizations, asks for workspaces by name, wants its template listed by a check, and looks
    /// again after a creation whose answer was lost, which `agents.rs` holds.
    fn has(&self, row: &Row) -> bool {
        let about = |word: &str| row.faults.iter().any(|fault| fault.starts_with(word));
        let own = ["organizations", "workspaces", "moved", "not-", "template="];
        let others = own.into_iter().any(about) || row.command.starts_with("check");
        self.name == "v1" || !others
    }

    fn request(&self, counted: Counted) -> &'static str {
        match counted {
            Token => self.token,
            Organizations => self.organizations,
            Workspaces => self.workspaces,
            Template => self.template,
            Widget => self.widget,
        }
    }
}

/// One row.
struct Row {
    /// Put in force in this order.
    faults: &'static [&'static str],
    command: &'static str,
    exit: i32,
    /// The error's code; empty when all is well.
    code: &'static str,
    /// What the message, the reason or the hint must hold.
    says: &'static str,
    counts: &'static [(Counted, u64)],
}

const CHECK: &str = "check --mint";
const MINT: &str = "token mint";
const CREATE: &str = "template create --yes";

/// A row that ends well.
const fn well(
    faults: &'static [&'static str],
    command: &'static str,
    counts: &'static [(Counted, u64)],
) -> Row {
    Row {
        faults,
        command,
        exit: 0,
        code: "",
        says: "",
        counts,
    }
}

/// A row that fails.
const fn fails(
    faults: &'static [&'static str],
    command: &'static str,
    (exit, code, says): (i32, &'static str, &'static str),
    counts: &'static [(Counted, u64)],
) -> Row {
    Row {
        faults,
        command,
        exit,
        code,
        says,
        counts,
    }
}

/// How many runs are under way at once in one test: most of them wait.
const TOGETHER: usize = 8;

/// Runs rows for every API, in text and in JSON.
fn hold(rows: &[Row]) {
    let outputs = ["json", "text"];
    let runs: Vec<_> = APIS
        .iter()
        .flat_map(|api| rows.iter().map(move |row| (api, row)))
        .filter(|(api, row)| api.has(row))
        .flat_map(|(api, row)| outputs.map(|output| (api, row, output)))
        .collect();
    for some in runs.chunks(TOGETHER) {
        std::thread::scope(|scope| {
            for (api, row, output) in some {
                scope.spawn(|| row.run(api, output));
            }
        });
    }
}

impl Row {
    #[track_caller]
    fn run(&self, api: &Api, output: &str) {
        let site = Site::with(Options {
            faults: self
                .faults
                .iter()
                .map(|fault| fault.parse().unwrap())
                .collect(),
            ..Options::default()
        });
        let home = site.home_with(&[("AIRBYTE_API", api.name)]);
        let ran = home.run(&format!("{} -o {output}", self.command));
        let place = format!(
            "{} {:?} {} -o {output}: {ran:?}",
            api.name, self.faults, self.command
        );
        assert_eq!(ran.code(), self.exit, "{place}");
        harmless(&ran, &site, &place);
        if output == "json" {
            self.judge_document(&ran.json(), &place);
        } else if self.exit != 0 {
            self.judge_text(&ran, &place);
        }
        for (counted, times) in self.counts {
            let request = api.request(*counted);
            assert_eq!(site.count(request), *times, "{request}: {place}");
        }
        assert!(site.seen("templates") <= 1, "{place}");
    }

    #[track_caller]
    fn judge_document(&self, document: &Value, place: &str) {
        assert_eq!(document["ok"], self.exit == 0, "{place}");
        if self.exit == 0 {
            return;
        }
        let error = &document["error"];
        assert_eq!(error["code"], self.code, "{place}");
        let parts: Vec<&str> = ["message", "because", "hint"]
            .iter()
            .map(|part| error[*part].as_str().unwrap_or_default())
            .collect();
        assert!(
            parts.iter().all(|part| !part.is_empty()),
            "three parts: {place}"
        );
        assert!(
            parts.concat().contains(self.says),
            "{:?}: {place}",
            self.says
        );
    }

    #[track_caller]
    fn judge_text(&self, ran: &Ran, place: &str) {
        let text = format!("{}{}", ran.out, ran.err);
        for part in ["because: ", "hint: ", self.says] {
            assert!(text.contains(part), "{part}: {place}");
        }
    }
}

/// What holds for every run, whatever the fault: nobody else's control characters, no secret.
#[track_caller]
fn harmless(ran: &Ran, site: &Site, place: &str) {
    for text in [&ran.out, &ran.err] {
        let steering = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        };
        assert!(!text.chars().any(steering), "{text:?}: {place}");
        for name in ["AIRBYTE_CLIENT_SECRET", "AWS_S3_SECRET_ACCESS_KEY"] {
            assert!(!text.contains(&site.setting(name)), "{name}: {place}");
        }
        assert!(!text.contains("panicked"), "{place}");
    }
}
