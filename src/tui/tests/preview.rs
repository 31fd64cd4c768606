//! Screen 4: starting and stopping, who comes, the catalogue; and how it is drawn.

use super::frames::not_entitled;
use super::keys::{cancels, notice};
use super::*;
use crate::client::{Door, Opened, Stand};
use crate::domain::failure::Code;
use crate::domain::source_template::{Catalogue, Request, SourceTemplate};
use crate::domain::visit::{EventKind, Visit, What, WidgetEvent};
use crate::tui::model::Focus;
use crate::tui::preview::KEPT;
use crate::tui::prompt::{Prompt, Question};

fn names() -> Vec<&'static str> {
    vec![
        "Sample Data",
        "Airtable",
        "GitHub",
        "Google Sheets",
        "HubSpot",
        "Intercom",
        "Jira",
        "MySQL",
        "Notion",
        "Postgres",
        "Salesforce",
        "Shopify",
        "Slack",
        "Stripe",
        "Zendesk Support",
    ]
}

pub(super) fn catalogue() -> Outcome {
    let template = |name: &str| SourceTemplate {
        id: name.to_lowercase(),
        name: name.to_owned(),
        connector: None,
        tags: Vec::new(),
    };
    Outcome::Offered(Box::new(Catalogue {
        templates: names().into_iter().map(template).collect(),
        own: Request {
            method: "POST",
            url: "https://api.airbyte.com/v1/config_templates/sources".to_owned(),
            body: serde_json::json!({
                "organizationId": "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
                "actorDefinitionId": "<the connector's definition id>",
                "partialDefaultConfig": {},
            }),
        },
    }))
}

/// Enters the screen and answers what it asks for.
fn enter(driver: &mut Driver) {
    driver.press("alt-4");
    let asked: Vec<u64> = driver
        .started()
        .into_iter()
        .filter(|(_, job)| matches!(job, Job::Catalogue(_)))
        .map(|(ticket, _)| ticket)
        .collect();
    for ticket in asked {
        driver.done(ticket, catalogue());
    }
}

pub(super) fn at_preview() -> Driver {
    let mut driver = Driver::at_tokens();
    enter(&mut driver);
    driver
}

fn in_sandbox() -> Driver {
    let draft = Draft::resolve(&[(Source::Sandbox, layer(&nine()))]);
    let mut driver = Driver::new(Start {
        place: Place::Sandbox,
        ..start(draft)
    });
    enter(&mut driver);
    driver
}

fn over_ssh() -> Driver {
    let draft = Draft::resolve(&[(Source::File, layer(&nine()))]);
    let mut driver = Driver::new(Start {
        over_ssh: true,
        ..start(draft)
    });
    enter(&mut driver);
    driver
}

/// The stand that the last key ordered.
fn stand(driver: &Driver) -> (u64, Stand) {
    match driver.started().as_slice() {
        [(ticket, Job::Serve(stand))] => (*ticket, (**stand).clone()),
        other => panic!("{other:?}"),
    }
}

fn opens(driver: &mut Driver, ticket: u64, port: u16) {
    let url = format!("http://localhost:{port}");
    let opened = Opened {
        origins: vec![Origin::parse(&url).unwrap()],
        url,
        port,
    };
    driver.answer(Event::Opened(Ticket(ticket), opened));
}

/// Starts it and lets it answer.
fn running_on(driver: &mut Driver) -> u64 {
    driver.press("enter");
    let (ticket, stand) = stand(driver);
    opens(driver, ticket, stand.serving.port);
    ticket
}

pub(super) fn running() -> (Driver, u64) {
    let mut driver = at_preview();
    let ticket = running_on(&mut driver);
    (driver, ticket)
}

fn visit(seconds: u64, what: What, origin: Option<&str>, refused: Option<&str>) -> Visit {
    Visit {
        at: moment(seconds).wall,
        what,
        origin: origin.map(str::to_owned),
        refused: refused.map(str::to_owned),
        hint: None,
    }
}

fn event(kind: EventKind, source: Option<&str>, error: Option<&str>) -> What {
    What::Event(WidgetEvent {
        kind,
        source: source.map(str::to_owned),
        error: error.map(str::to_owned),
    })
}

const OWN: Option<&str> = Some("http://localhost:3001");

fn story() -> Vec<Visit> {
    let token = || What::Token(user("user-42"));
    let sample = Some("Sample Data 8a1f2b70-0000-4000-8000-00000000c203");
    vec![
        visit(10, What::Page, None, None),
        visit(11, token(), None, None),
        Visit {
            hint: Some("open the page as http://localhost:3001/".to_owned()),
            ..visit(
                29,
                token(),
                Some("http://127.0.0.1:3001"),
                Some("the origin is not on the list"),
            )
        },
        visit(
            40,
            What::Other("/favicon.ico".to_owned()),
            None,
            Some("there is nothing here"),
        ),
        visit(
            51,
            event(
                EventKind::SourceCreateError,
                sample,
                Some("the password is wrong"),
            ),
            OWN,
            None,
        ),
        visit(64, event(EventKind::SourceCreated, sample, None), OWN, None),
    ]
}

/// Lets an app answer and have visitors.
pub(super) fn serves(driver: &mut Driver, ticket: u64) {
    opens(driver, ticket, 3001);
    for visit in story() {
        driver.answer(Event::Visited(Ticket(ticket), visit));
    }
}

pub(super) fn visited() -> (Driver, u64) {
    let (mut driver, ticket) = running();
    for visit in story() {
        driver.answer(Event::Visited(Ticket(ticket), visit));
    }
    (driver, ticket)
}

fn taken() -> Failure {
    Failure::new(
        Code::MachinePort,
        "the demo app cannot listen on 127.0.0.1:3001",
    )
    .because("another program listens on port 3001")
    .hint("free it, or set another PORT, and press Enter; f takes a free one now")
}

fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, "cancelled")
}

#[test]
fn enter_starts_it_on_the_settings_and_enter_stops_it() {
    let mut driver = at_preview();
    driver.press("enter");
    let (ticket, ordered) = stand(&driver);
    assert_eq!(
        ordered,
        Stand {
            serving: driver.model.draft.serving(None).unwrap(),
            lists_origin: false,
            door: Door::Only(3001),
        }
    );
    assert!(driver.frame().contains("◌ starting"), "{}", driver.frame());
    opens(&mut driver, ticket, 3001);
    let frame = driver.frame();
    assert!(
        frame.contains("✔ running at http://localhost:3001"),
        "{frame}"
    );
    assert!(frame.contains("Enter stop"), "{frame}");
    driver.press("enter");
    assert_eq!(cancels(&driver), [ticket]);
    assert!(driver.frame().contains("stopping"));
    driver.press("enter");
    assert_eq!(driver.effects, [], "it is stopping already");
    driver.fails(ticket, cancelled());
    assert!(!driver.model.preview.is_running());
    assert!(notice(&driver).contains("has stopped"));
    driver.press("enter");
    assert_ne!(stand(&driver).0, ticket);
}

#[test]
fn an_origin_that_is_named_is_listed_and_a_default_is_not() {
    for (name, value, listed) in [
        ("ALLOWED_ORIGIN", "http://localhost:3000", true),
        ("PORT", "4000", false),
    ] {
        let mut driver = Driver::with(name, value);
        driver.press("alt-4 enter");
        assert_eq!(stand(&driver).1.lists_origin, listed, "{name}");
    }
}

#[test]
fn a_port_that_is_taken_is_told_in_place_and_f_takes_a_free_one() {
    let mut driver = at_preview();
    driver.press("enter");
    let ticket = driver.ticket();
    driver.fails(ticket, taken());
    let frame = driver.frame();
    assert!(
        frame.contains("another program listens on port 3001"),
        "{frame}"
    );
    assert!(
        frame.contains("Enter try again · f take a free port"),
        "{frame}"
    );
    driver.press("f");
    let (ticket, ordered) = stand(&driver);
    assert_eq!(ordered.door, Door::Free);
    opens(&mut driver, ticket, 43_121);
    assert!(notice(&driver).contains("Port 3001 is taken"));
    assert!(driver.frame().contains("ssh -L 43121:localhost:43121"));
    // Started anew, it keeps the port that open pages know.
    driver.press("r");
    assert_eq!(stand(&driver).1.door, Door::Only(43_121));
}

#[test]
fn in_a_sandbox_another_port_will_do_unless_one_was_chosen() {
    let mut driver = in_sandbox();
    driver.press("enter");
    assert_eq!(stand(&driver).1.door, Door::OrFree(3001));
    let mut driver = in_sandbox();
    driver
        .model
        .draft
        .type_in(crate::domain::field::Key::Port, "3005");
    driver.press("enter");
    assert_eq!(stand(&driver).1.door, Door::Only(3005));
}

#[test]
fn another_user_starts_it_anew_and_the_old_ones_end_changes_nothing() {
    let (mut driver, old) = running();
    driver.press("u").type_text("user-43").press("enter");
    let (new, ordered) = stand(&driver);
    assert_eq!(ordered.serving.user, user("user-43"));
    assert_eq!(ordered.door, Door::Only(3001));
    let before = driver.model.clone();
    driver.fails(old, cancelled());
    driver.answer(Event::Visited(Ticket(old), story().remove(0)));
    assert_eq!(driver.model, before);
    opens(&mut driver, new, 3001);
    assert!(
        driver.frame().contains("Customer      user-43"),
        "{}",
        driver.frame()
    );
    driver.press("u").type_text("user-43").press("enter");
    assert_eq!(driver.effects, [], "the same one needs no start");
}

#[test]
fn settings_edited_meanwhile_are_told_and_r_takes_them() {
    let (mut driver, _) = running();
    driver.press("alt-1").type_text("0").press("alt-4");
    assert!(driver.frame().contains("runs on the old ones"));
    driver.press("r");
    assert_eq!(
        driver.model.screen,
        Screen::Prerequisites,
        "an ID that is none"
    );
    driver.press("backspace alt-4");
    assert!(!driver.frame().contains("runs on the old ones"));
    driver
        .model
        .draft
        .type_in(crate::domain::field::Key::ClientSecret, "another");
    assert!(
        driver.frame().contains("runs on the old ones"),
        "{}",
        driver.frame()
    );
    driver.press("r");
    assert_eq!(
        stand(&driver).1.serving.access.client_secret,
        Secret::new("another")
    );
    assert!(!driver.frame().contains("runs on the old ones"));
}

#[test]
fn the_newest_visits_stay_and_a_chosen_one_is_not_carried_away() {
    let (mut driver, ticket) = running();
    let come = |driver: &mut Driver, n: usize| {
        let path = format!("/visit-{n}");
        let one = visit(n as u64, What::Other(path), None, None);
        driver.answer(Event::Visited(Ticket(ticket), one));
    };
    for n in 1..=40 {
        come(&mut driver, n);
    }
    assert!(driver.frame().contains("▸ ✔"), "{}", driver.frame());
    assert!(driver.frame().contains("/visit-40"));
    driver.press("up up");
    come(&mut driver, 41);
    let selected = |driver: &Driver| {
        let frame = driver.frame();
        let line = frame
            .lines()
            .find(|line| line.contains("▸ ✔"))
            .map(str::to_owned);
        line.unwrap_or_else(|| panic!("{frame}"))
    };
    assert!(selected(&driver).contains("/visit-38"));
    driver.press("home");
    assert!(
        selected(&driver).contains("/visit-1 "),
        "{}",
        selected(&driver)
    );
    for n in 42..=KEPT + 10 {
        come(&mut driver, n);
    }
    assert!(
        selected(&driver).contains("/visit-11 "),
        "the oldest that is kept"
    );
    assert!(driver.frame().contains("510 visits"));
    driver.press("end");
    assert!(selected(&driver).contains("/visit-510"));
    come(&mut driver, 511);
    assert!(
        selected(&driver).contains("/visit-511"),
        "the newest is followed"
    );
}

#[test]
fn the_filter_leaves_the_visits_that_hold_a_text_and_esc_drops_it() {
    let mut driver = at_preview();
    driver.press("/");
    assert_eq!(driver.model.prompt, None, "there is nothing to filter yet");
    let (mut driver, ticket) = visited();
    driver.press("/").type_text("ORIGIN");
    insta::assert_snapshot!("preview_filter", driver.frames());
    driver.press("enter");
    insta::assert_snapshot!("preview_filtered", driver.frames());
    // What comes and is not shown does not move the selection; what is shown is followed.
    let refused = Some("the origin is not on the list");
    let late = visit(70, What::Other("/late".to_owned()), None, refused);
    driver.answer(Event::Visited(
        Ticket(ticket),
        visit(69, What::Page, None, None),
    ));
    driver.answer(Event::Visited(Ticket(ticket), late));
    let marked = |driver: &Driver| {
        let frame = driver.frame();
        let mut lines = frame.lines().filter(|line| line.contains("│ ▸"));
        lines.next().unwrap_or_default().to_owned()
    };
    assert!(marked(&driver).contains("/late"), "{}", driver.frame());
    assert!(driver.frame().contains("2 of 8\n"), "{}", driver.frame());
    driver.press("up");
    assert!(marked(&driver).contains("token for"), "{}", marked(&driver));
    driver.press("esc");
    assert!(marked(&driver).contains("token for"), "it stays selected");
    assert!(driver.frame().contains("8 visits"));
    assert_eq!(driver.model.focus, Focus::Body);
    driver.press("/").type_text("nowhere").press("enter");
    assert!(driver.frame().contains("No visit holds that text"));
    driver.press("c esc");
    assert!(
        driver.frame().contains("/nowhere"),
        "the catalogue closes first"
    );
    driver.press("esc esc");
    assert_eq!(driver.model.focus, Focus::Rail(Screen::Preview));
}

#[test]
fn d_leads_from_an_event_to_the_data_of_its_user() {
    let (mut driver, _) = visited();
    assert!(driver.frame().contains("d data"), "{}", driver.frame());
    driver.press("d");
    assert_eq!(driver.model.screen, Screen::Data);
    let looks = driver
        .started()
        .into_iter()
        .any(|(_, job)| matches!(job, Job::Verify(_, _, of, None) if *of == user("user-42")));
    assert!(looks);
}

#[test]
fn o_opens_the_browser_or_says_why_not() {
    let mut driver = at_preview();
    driver.press("o");
    assert_eq!(driver.effects, []);
    assert!(notice(&driver).contains("does not run"));
    let (mut driver, _) = running();
    driver.press("o");
    let (ticket, job) = driver.started().remove(0);
    assert_eq!(*job, Job::Browse("http://localhost:3001".to_owned()));
    let none = Failure::new(Code::MachineBrowser, "the browser could not be opened")
        .because("no program that opens URLs was found")
        .hint("open http://localhost:3001 yourself");
    driver.fails(ticket, none);
    let told = notice(&driver);
    assert!(told.contains("no program that opens URLs"), "{told}");
    assert!(told.contains("y copies the address"), "{told}");
    let mut driver = over_ssh();
    running_on(&mut driver);
    driver.press("o");
    assert_eq!(driver.effects, [], "a browser over there is of no use here");
    assert!(notice(&driver).contains("your side"));
    driver.press("y");
    assert_eq!(
        driver.effects,
        [Effect::Copy(Secret::new("http://localhost:3001"))]
    );
}

#[test]
fn p_plays_the_customer_in_a_sandbox_only() {
    let (mut driver, _) = running();
    driver.press("p");
    assert_eq!(driver.effects, []);
    let mut driver = in_sandbox();
    running_on(&mut driver);
    driver.press("p");
    let (ticket, job) = driver.started().remove(0);
    assert_eq!(*job, Job::Play(user("user-42")));
    assert!(crate::tui::preview::is_busy(&driver.model));
    driver.press("p");
    assert_eq!(driver.effects, [], "one customer at a time");
    driver.done(ticket, Outcome::Played(Played::Synced));
    assert!(notice(&driver).starts_with("✔ Sample Data is connected"));
    assert!(!crate::tui::preview::is_busy(&driver.model));
    driver.press("p");
    let ticket = driver.ticket();
    let why = "no template: this workspace has no destination".to_owned();
    driver.done(ticket, Outcome::Played(Played::Nothing(why)));
    assert!(notice(&driver).starts_with("! Nothing will land: no template"));
    assert!(notice(&driver).ends_with("d shows why"));
}

#[test]
fn a_played_customer_stays_told_beside_the_name() {
    let mut driver = in_sandbox();
    running_on(&mut driver);
    driver.press("p");
    let ticket = driver.ticket();
    driver.done(ticket, Outcome::Played(Played::Synced));
    for (width, height) in SIZES {
        let frame = driver.size(width, height).frame();
        assert!(
            frame.contains("user-42   ✔ played 12:30: d sees the data"),
            "{frame}"
        );
        assert!(frame.contains("Nobody has opened the page yet"), "{frame}");
        assert!(!frame.contains("p plays a customer who"), "{frame}");
    }
    driver.press("u").type_text("user-43").press("enter");
    assert!(!driver.frame().contains("played"), "{}", driver.frame());
    driver.press("p");
    let ticket = driver.ticket();
    let why = "no template".to_owned();
    driver.done(ticket, Outcome::Played(Played::Nothing(why)));
    let frame = driver.frame();
    assert!(frame.contains("! played 12:30: d shows why"), "{frame}");
}

#[test]
fn scrolling_is_offered_where_something_does_not_fit() {
    let mut driver = at_preview();
    driver.press("c");
    for (size, scrolls) in [((60, 16), true), ((200, 60), false)] {
        let frame = driver.size(size.0, size.1).frame();
        assert_eq!(frame.contains("↑↓ scroll"), scrolls, "{frame}");
    }
    driver.press("f1");
    assert!(!driver.frame().contains("scroll ·"), "{}", driver.frame());
    driver.size(60, 16);
    assert!(driver.frame().contains("↑↓ scroll"), "{}", driver.frame());
}

#[test]
fn the_catalogue_is_asked_for_once_for_each_configuration() {
    let mut driver = at_preview();
    driver.press("alt-3 alt-4");
    assert_eq!(driver.started(), []);
    driver
        .model
        .draft
        .type_in(crate::domain::field::Key::ClientId, "another");
    driver.press("alt-3 alt-4");
    let asked = |driver: &Driver| {
        let jobs = driver.started();
        jobs.iter().any(|(_, job)| matches!(job, Job::Catalogue(_)))
    };
    assert!(asked(&driver));
    assert!(
        driver.frame().contains("Catalogue     ◌ asking"),
        "{}",
        driver.frame()
    );
    let ticket = driver
        .started()
        .iter()
        .find(|(_, job)| matches!(job, Job::Catalogue(_)))
        .unwrap()
        .0;
    driver.fails(ticket, not_entitled());
    assert!(
        driver
            .frame()
            .contains("! the organization is not entitled"),
        "{}",
        driver.frame()
    );
    driver.press("c");
    assert!(asked(&driver), "a failure is asked again");
    assert!(
        driver.frame().contains("Airbyte account representative"),
        "{}",
        driver.frame()
    );
}

#[test]
fn a_start_that_fails_hides_no_visits() {
    let (mut driver, ticket) = visited();
    driver.press("enter");
    driver.fails(ticket, cancelled());
    driver.press("enter");
    let ticket = driver.ticket();
    driver.fails(ticket, taken());
    let frame = driver.frame();
    assert!(frame.contains("another program listens"), "{frame}");
    assert!(frame.contains("source_created · Sample Data"), "{frame}");
}

#[test]
fn q_asks_while_it_runs() {
    let (mut driver, _) = running();
    driver.press("q");
    assert_eq!(driver.model.prompt, Some(Prompt::Ask(Question::Quit)));
    assert!(
        driver.frame().contains("the demo app runs"),
        "{}",
        driver.frame()
    );
    driver.press("esc");
    assert_eq!(driver.model.prompt, None);
}

#[test]
fn esc_leaves_it_running() {
    let (mut driver, _) = running();
    driver.press("esc");
    assert_eq!(driver.effects, []);
    assert_eq!(driver.model.focus, Focus::Rail(Screen::Preview));
    driver.press("alt-3");
    assert!(driver.frame().contains("✔ 4 Preview"), "{}", driver.frame());
}

#[test]
fn an_end_of_the_task_is_an_end_of_the_app() {
    let (mut driver, _) = running();
    driver.tell(Message::ClientEnded(None));
    assert!(!driver.model.preview.is_running());
    driver.press("enter");
    assert_eq!(driver.effects, []);
}

#[test]
fn an_idle_app_wakes_nobody() {
    let (driver, _) = visited();
    assert_eq!(next_wake(&driver.model), None);
}

#[test]
fn a_click_selects_a_visit() {
    let (mut driver, _) = visited();
    driver.press("f2");
    let frame = driver.frame();
    let row = frame
        .lines()
        .position(|l| l.contains("http://127.0.0.1:3001"))
        .unwrap();
    driver.tell(Message::Clicked(30, u16::try_from(row).unwrap()));
    assert!(driver.frame().contains("▸ ✖"), "{}", driver.frame());
}

#[test]
fn a_visit_tells_what_became_of_it_and_a_refused_one_what_leads_on() {
    let (mut driver, _) = visited();
    driver.press("up up up");
    for (width, height) in SIZES {
        let frame = driver.size(width, height).frame();
        let reason = frame.find("✖ the origin is not on the list");
        let hint = frame.find("do  open the page as http://localhost:3001/");
        assert!(reason.is_some() && reason < hint, "{frame}");
    }
    let frame = driver.frame();
    let verdict = |what: &str| {
        let line = frame.lines().find(|line| line.contains(what));
        line.unwrap_or_else(|| panic!("{frame}")).to_owned()
    };
    assert!(verdict("page  ").ends_with("served"), "{frame}");
    assert!(verdict("✔ 12:30:11").ends_with("minted"), "{frame}");
    driver.press("/").type_text("minted").press("enter");
    assert!(driver.frame().contains("1 of 6"), "{}", driver.frame());
}

#[test]
fn a_refused_visits_reason_gives_way_to_its_hint() {
    let (mut driver, ticket) = running();
    let long = "the page that asks is not on a listed origin, ".repeat(5);
    let refused = Visit {
        hint: Some("open the page as http://localhost:3001/".to_owned()),
        ..visit(9, What::Page, OWN, Some(&long))
    };
    driver.answer(Event::Visited(Ticket(ticket), refused));
    for (width, height) in SIZES {
        let frame = driver.size(width, height).frame();
        assert!(frame.contains("do  open the page as"), "{frame}");
        assert_eq!(cut_off(&driver.model), 0, "{frame}");
    }
}

#[test]
fn a_shared_screen_shows_no_customer() {
    let (mut driver, ticket) = visited();
    let own = event(
        EventKind::SourceCreateError,
        Some("acme GmbH"),
        Some("Reda's account"),
    );
    driver.answer(Event::Visited(Ticket(ticket), visit(70, own, OWN, None)));
    let other = What::Token(user("user-43"));
    driver.answer(Event::Visited(Ticket(ticket), visit(71, other, OWN, None)));
    driver.press("f3");
    for (width, height) in SIZES {
        for key in ["end", "up", "up", "c", "c", "u", "esc"] {
            driver.size(width, height).press(key);
            let frame = driver.frame();
            for real in ["user-42", "user-43", "acme", "Reda", "5f0c3a1e"] {
                assert!(!frame.contains(real), "{real} after {key}\n{frame}");
            }
        }
    }
}

#[test]
fn without_settings_enter_leads_to_the_form() {
    let mut driver = Driver::empty();
    driver.press("alt-4");
    assert_eq!(driver.started(), []);
    driver.press("enter");
    assert_eq!(driver.model.screen, Screen::Prerequisites);
}

#[test]
fn every_state_at_every_size() {
    let mut failed = at_preview();
    failed.press("enter");
    let ticket = failed.ticket();
    failed.fails(ticket, taken());
    let mut opening = at_preview();
    opening.press("enter");
    let mut ssh = over_ssh();
    running_on(&mut ssh);
    let (mut outdated, _) = visited();
    outdated
        .model
        .draft
        .type_in(crate::domain::field::Key::ClientSecret, "another");
    outdated.press("up up up");
    let mut offered = at_preview();
    offered.press("c");
    let mut sandbox = in_sandbox();
    running_on(&mut sandbox);
    let mut empty = Driver::empty();
    empty.press("alt-4");
    let states: Vec<(&str, Driver)> = vec![
        ("incomplete", empty),
        ("stopped", at_preview()),
        ("opening", opening),
        ("running", running().0),
        ("over_ssh", ssh),
        ("sandbox", sandbox),
        ("visited", visited().0),
        ("outdated", outdated),
        ("port_taken", failed),
        ("catalogue", offered),
    ];
    for (name, mut driver) in states {
        insta::assert_snapshot!(format!("preview_{name}"), driver.frames());
    }
    let (driver, _) = visited();
    insta::assert_snapshot!("preview_visited_roles", driver.roles());
    let mut ssh = over_ssh();
    running_on(&mut ssh);
    insta::assert_snapshot!("preview_over_ssh_roles", ssh.roles());
}

#[test]
fn the_catalogue_of_other_settings_neither_blocks_the_question_nor_replaces_the_answer() {
    let asked = |driver: &Driver| {
        let mut jobs = driver.started().into_iter();
        let found = jobs.find(|(_, job)| matches!(job, Job::Catalogue(_)));
        found.map(|(ticket, _)| ticket).unwrap()
    };
    let mut driver = Driver::ready();
    driver.press("alt-4");
    let old = asked(&driver);
    driver.press("alt-1").focus(Key::OrganizationId);
    driver
        .press("ctrl-u")
        .type_text("6f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa")
        .press("alt-4");
    let new = asked(&driver);
    driver.done(new, catalogue());
    assert!(driver.frame().contains("Sample Data"));
    driver.done(old, Outcome::Browsed);
    assert!(driver.frame().contains("Sample Data"), "{}", driver.frame());
}

#[test]
fn one_up_from_the_newest_visit_leaves_the_page_full() {
    let (mut driver, ticket) = running();
    for n in 0..42 {
        let visit = visit(n, What::Page, Some("http://localhost:3001"), None);
        driver.answer(Event::Visited(Ticket(ticket), visit));
    }
    let rows = |driver: &Driver| driver.frame().matches("page  ").count();
    let before = rows(&driver);
    assert!(before > 5, "{}", driver.frame());
    driver.press("up");
    assert_eq!(rows(&driver), before, "{}", driver.frame());
}
