//! No state is told by its colour alone: where a verdict's colour is, its glyph is; and every state of
//! every screen is drawn at the sizes that count.

use super::*;
use crate::domain::failure::Code;
use crate::tui::tests::frames::{board, checked, planned, refused};
use crate::tui::tests::preview::{at_preview, running, visited};

/// Every screen in every state that differs, by name.
fn states() -> Vec<(&'static str, Driver)> {
    let mut states = vec![("first_run", Driver::empty()), ("filled", Driver::ready())];
    let mut missing = Driver::empty();
    missing.press("enter");
    states.push(("missing", missing));
    states.push(("bad_bucket", Driver::with("S3_BUCKET_NAME", "s3://Acme")));
    states.push((
        "caution",
        Driver::with("EXTERNAL_USER_ID", "jane@acme.example"),
    ));
    states.push(("checked", checked()));
    let mut failed = Driver::ready();
    failed.press("enter");
    let mut steps = steps();
    steps[0].status = Status::Fail;
    steps[0].failure = Some(refused());
    steps[1] = Step::skipped(Rung::Organization, "needs auth");
    steps[2].status = Status::Warn;
    failed.answer(Event::Exchanged(exchange(
        "/v1/applications/token",
        Some(401),
    )));
    failed.done(1, Outcome::Checked(steps));
    states.push(("check_failed", failed));
    let mut rail = checked();
    rail.press("esc");
    states.push(("rail", rail));
    let mut policy = checked();
    policy.press("esc i");
    states.push(("policy", policy));
    states.push(("template_ready", planned(|_| Would::Create)));
    states.push((
        "template_exists",
        planned(|driver| Would::Nothing(known(driver))),
    ));
    let mut conflict = planned(|driver| {
        let mut other = known(driver);
        other.identity.prefix = "elsewhere".to_owned();
        let differences = other.differences(&driver.model.draft.template().unwrap());
        Would::Conflict(other, differences)
    });
    conflict.press("F");
    states.push(("template_conflict", conflict));
    let unknown = planned(|_| Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())));
    states.push(("template_unknown", unknown));
    let mut plan_failed = checked();
    plan_failed.press("enter");
    let ticket = plan_failed.ticket();
    plan_failed.fails(ticket, refused());
    states.push(("template_failed", plan_failed));
    states.extend(later_states());
    states
}

/// Those of the board, the data, and what lies over a screen.
fn later_states() -> Vec<(&'static str, Driver)> {
    let mut states = Vec::new();
    states.push(("board", board()));
    let mut failed = board();
    failed.press("end up");
    states.push(("board_failed", failed));
    let mut expired = board();
    expired.press("/").type_text("expired").press("enter");
    states.push(("board_expired", expired));
    states.push(("preview", at_preview()));
    states.push(("preview_running", running().0));
    states.push(("preview_visited", visited().0));
    let mut data = board();
    data.press("home d");
    states.push(("data_looking", data));
    let mut landed = board();
    landed.press("home d");
    let ticket = landed.ticket();
    let found = landing(&landed, "user-42");
    landed.done(ticket, Outcome::Landed(Box::new(found)));
    states.push(("data_landed", landed));
    let mut broken = board();
    broken.press("home d");
    let ticket = broken.ticket();
    let why = (
        "none named destination-s3",
        "the workspace is older than the template",
    );
    let found = nothing(
        &broken,
        "user-42",
        Link::Destination,
        LinkStatus::Missing,
        why,
    );
    broken.done(ticket, Outcome::Landed(Box::new(found)));
    states.push(("data_broken", broken));
    let mut cut = board();
    cut.press("home d");
    let ticket = cut.ticket();
    cut.fails(
        ticket,
        Failure::new(Code::NetworkTimeout, "no answer in time").because("30 s passed"),
    );
    states.push(("data_failed", cut));
    let mut retrying = Driver::ready();
    retrying.press("enter");
    let mut lost = exchange("/v1/applications/token", None);
    lost.again_in = Some(Duration::from_millis(2_500));
    retrying.answer(Event::Exchanged(lost));
    states.push(("retrying", retrying));
    let mut ended = board();
    ended.tell(Message::ClientEnded(None));
    states.push(("ended", ended));
    let mut palette = board();
    palette.press("ctrl-p");
    states.push(("palette", palette));
    states
}

/// The glyphs that a verdict's colour may stand with.
fn glyphs(role: char) -> &'static [&'static str] {
    match role {
        'G' => &["✔", "●", "▓"],
        'W' => &["!", "typed"],
        'B' => &["✖"],
        _ => &["◌", "◔", "◑", "◕"],
    }
}

#[test]
fn no_state_is_told_by_colour_alone() {
    for (name, mut driver) in states() {
        for (width, height) in SIZES {
            driver.size(width, height);
            // A notice is a whole sentence that says how it ended.
            driver.model.notice = None;
            let (frame, roles) = (driver.frame(), driver.roles());
            let mut above = String::new();
            for (row, (text, roles)) in frame.lines().zip(roles.lines()).enumerate() {
                // The last request tells its status in figures.
                if row + 1 == usize::from(height) {
                    continue;
                }
                for role in ['G', 'W', 'B', '~']
                    .into_iter()
                    .filter(|r| roles.contains(*r))
                {
                    let told = glyphs(role).iter().any(|glyph| text.contains(glyph));
                    // A sentence that goes on from the line above.
                    assert!(
                        told || above.contains(role),
                        "{name} {width}: {role} in {text:?}"
                    );
                }
                roles.clone_into(&mut above);
            }
        }
    }
}
