//! From what happened to what to do: pure, synchronous, and never failing.
//!
//! Depends on `model`, `message`, the screens and the prompt. Keys that hold everywhere are looked
//! up first; answers whose ticket is not open any more change nothing.

use ratatui::crossterm::event::KeyEvent;

use super::keys::{ANYWHERE, Anywhere, OUTSIDE, OnRail, Outside, RAIL, find};
use super::message::{Effect, Message};
use super::model::{Errand, Focus, Model, Setup, Work};
use super::prompt::{self, Prompt, Question, Review};
use super::rows::{MOVES, Move};
use super::screen::Screen;
use super::theme::Role;
use super::{
    activity, customer, data, mouse, outage, palette, paste, prerequisites, preview, privacy,
    template, tokens,
};
use crate::client::{Command, Event, Outcome, Ticket};
use crate::domain::exchange::Exchange;
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::text::with_line_feeds;

/// Takes a fact in and returns what to do about it.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let tells_nothing = matches!(message, Message::Ticked(_) | Message::Resized(..));
    let mut effects = take_in(model, message);
    effects.extend(tokens::resume(model));
    if !model.is_busy() && !model.preview.is_running() {
        // Whose try was to come has ended or was given up.
        model.wire.retry_at = None;
    }
    if !tells_nothing {
        let starts = |effect: &Effect| matches!(effect, Effect::Send(Command::Start(..)));
        privacy::learn(model, effects.iter().any(starts));
    }
    effects
}

fn take_in(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Begun => tokens::recall(model),
        Message::Ticked(now) => {
            model.now = now;
            ticked(model)
        }
        Message::Pressed(key) => press(model, key),
        Message::Clicked(column, row) => mouse::click(model, column, row),
        Message::Wheeled { up } => mouse::wheel(model, up),
        Message::Pasted(text) => pasted(model, text.expose()),
        Message::Resized(width, height) => {
            model.size = (width, height);
            Vec::new()
        }
        Message::Answered(event) => answered(model, event),
        Message::Kept(what, kept) => {
            told_of_copy(model, &what, kept);
            Vec::new()
        }
        Message::Refused(command) => refused(model, &command),
        Message::ClientEnded(place) => {
            outage::ended(model, place);
            Vec::new()
        }
        Message::Stumbled(place) => {
            outage::stumbled(model, &place);
            Vec::new()
        }
        Message::NotSuspended => {
            model.say(
                Role::Warn,
                "Not suspended: no shell waits behind this program",
            );
            Vec::new()
        }
        Message::Signalled(exit) => vec![Effect::Quit(exit)],
    }
}

/// Says where a copy is that the terminal's clipboard could not be trusted with.
fn told_of_copy(model: &mut Model, what: &str, kept: Result<String, String>) {
    match kept {
        Ok(path) => model.say(
            Role::Good,
            format!("{what} is in {path}, readable by you alone"),
        ),
        Err(why) => model.say(Role::Bad, format!("✖ {what} was not copied: {why}")),
    }
}

fn ticked(model: &mut Model) -> Vec<Effect> {
    if model
        .form
        .revealed_until
        .is_some_and(|until| until.uptime <= model.now.uptime)
    {
        model.form.revealed_until = None;
    }
    tokens::renew(model)
}

/// Takes a key.
pub fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    model.notice = None;
    if let Some(action) = find(ANYWHERE, key) {
        return anywhere(model, action);
    }
    if let Some(palette) = model.palette.take() {
        return palette::press(model, palette, key);
    }
    if let Some(scroll) = model.help {
        return press_help(model, key, scroll);
    }
    if let Some(prompt) = model.prompt.take() {
        return prompt::press(model, prompt, key);
    }
    if model.form.policy.is_some() {
        let known = prerequisites::policy::press(model, key);
        return known.unwrap_or_else(|| press_list(model, key));
    }
    match model.focus {
        Focus::Rail(_) => press_rail(model, key),
        Focus::Body => press_screen(model, key),
    }
}

/// Does what holds everywhere.
pub fn anywhere(model: &mut Model, action: Anywhere) -> Vec<Effect> {
    match action {
        Anywhere::Help => {
            model.palette = None;
            model.help = match model.help {
                Some(_) => None,
                None => Some(0),
            };
            Vec::new()
        }
        Anywhere::Palette => {
            model.help = None;
            model.palette = match model.palette {
                Some(_) => None,
                None => Some(palette::Palette::default()),
            };
            Vec::new()
        }
        Anywhere::Privacy => {
            privacy::toggle(model);
            Vec::new()
        }
        Anywhere::Mouse => {
            model.mouse = !model.mouse;
            model.say(
                Role::Quiet,
                if model.mouse {
                    "The mouse clicks and scrolls here; F2 gives it back to the terminal"
                } else {
                    "The mouse is the terminal's: it selects text again"
                },
            );
            vec![Effect::Mouse(model.mouse)]
        }
        Anywhere::Screen(number) => match Screen::numbered(number) {
            Some(screen) => go(model, screen),
            None => Vec::new(),
        },
        Anywhere::Quit => vec![Effect::Quit(Exit::Done)],
        Anywhere::Suspend => vec![Effect::Suspend],
        Anywhere::Redraw => vec![Effect::Redraw],
        Anywhere::Restart => outage::restart(model),
    }
}

/// Help scrolls as lists do; every other key closes it.
fn press_help(model: &mut Model, key: KeyEvent, scroll: usize) -> Vec<Effect> {
    let (page, overflow) = super::view::help_page(model);
    let step = find(MOVES, key);
    model.help = step.map(|step| step.lead(scroll, overflow, page));
    Vec::new()
}

/// Does what the rail's keys do.
pub fn on_rail(model: &mut Model, action: OnRail) -> Vec<Effect> {
    let chosen = match model.focus {
        Focus::Rail(chosen) => chosen,
        Focus::Body => model.screen,
    };
    match action {
        OnRail::Up => model.focus = Focus::Rail(chosen.before()),
        OnRail::Down => model.focus = Focus::Rail(chosen.after()),
        OnRail::Open if chosen != model.screen => return go(model, chosen),
        OnRail::Open | OnRail::Into => {
            let effects = go(model, model.screen);
            model.focus = Focus::Body;
            return effects;
        }
    }
    Vec::new()
}

fn press_rail(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if let Some(action) = find(RAIL, key) {
        return on_rail(model, action);
    }
    if model.screen == Screen::Prerequisites
        && let Some(action) = find(prerequisites::RAIL_KEYS, key)
    {
        return prerequisites::act(model, action);
    }
    press_outside(model, key)
}

fn press_screen(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let known = match model.screen {
        Screen::Prerequisites => return prerequisites::press(model, key),
        Screen::Template => template::press(model, key),
        Screen::Tokens => tokens::press(model, key),
        Screen::Preview => preview::press(model, key),
        Screen::Data => data::press(model, key),
        Screen::Activity => activity::press(model, key),
    };
    known.unwrap_or_else(|| press_list(model, key))
}

fn press_list(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match find(MOVES, key) {
        Some(step) => go_by(model, step),
        None => press_outside(model, key),
    }
}

/// Moves through what the screen lists.
pub fn go_by(model: &mut Model, step: Move) -> Vec<Effect> {
    match model.screen {
        Screen::Prerequisites => prerequisites::policy::go_by(model, step),
        Screen::Template => template::go_by(model, step),
        Screen::Tokens => tokens::go_by(model, step),
        Screen::Preview => preview::go_by(model, step),
        Screen::Data => data::go_by(model, step),
        Screen::Activity => activity::go_by(model, step),
    }
    Vec::new()
}

fn press_outside(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    find(OUTSIDE, key).map_or_else(Vec::new, |action| outside(model, action))
}

/// Does what holds outside fields.
pub fn outside(model: &mut Model, action: Outside) -> Vec<Effect> {
    match action {
        Outside::Help => anywhere(model, Anywhere::Help),
        Outside::Palette => anywhere(model, Anywhere::Palette),
        Outside::Screen(number) => anywhere(model, Anywhere::Screen(number)),
        Outside::Quit => quit(model),
    }
}

/// Ends, after asking when something would be lost.
fn quit(model: &mut Model) -> Vec<Effect> {
    if !prompt::left(model).is_empty() {
        model.prompt = Some(Prompt::Ask(Question::Quit));
        return Vec::new();
    }
    vec![Effect::Quit(Exit::Done)]
}

/// Goes to a screen.
pub fn go(model: &mut Model, screen: Screen) -> Vec<Effect> {
    model.help = None;
    model.palette = None;
    model.prompt = None;
    model.form.revealed_until = None;
    model.form.policy = None;
    model.preview.open = None;
    model.screen = screen;
    model.focus = Focus::Body;
    if screen == Screen::Prerequisites {
        model.form.load(&model.draft);
        // Nothing is left to type there: keys that go on are not taken for text.
        if model.form.has_passed() && model.form.unusable() == 0 {
            model.focus = Focus::Rail(screen);
        }
    }
    entered(model)
}

/// Asks for what the screen that is shown needs to know.
pub fn entered(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Template => template::want_plan(model),
        Screen::Tokens => tokens::entered(model),
        Screen::Preview => preview::entered(model),
        Screen::Data => data::entered(model),
        Screen::Prerequisites | Screen::Activity => Vec::new(),
    }
}

fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    let text = &with_line_feeds(text);
    model.notice = None;
    if model.help.is_some() {
        return Vec::new();
    }
    if let Some(palette) = model.palette.take() {
        palette::paste(model, palette, text);
        return Vec::new();
    }
    if let Some(prompt) = model.prompt.take() {
        return prompt::paste(model, prompt, text);
    }
    if !model.in_field() {
        model.say(
            Role::Quiet,
            "A paste goes into a field: open Prerequisites, or a on Tokens",
        );
        return Vec::new();
    }
    let block = paste::parse(text);
    let several = text.trim().lines().count() > 1;
    let one_of_ours = block.settings.len() == 1 && block.ignored == 0;
    if (several || one_of_ours)
        && let Some(review) = Review::of(block)
    {
        if review.is_run_together() {
            return not_taken(model, RUN_TOGETHER);
        }
        model.prompt = Some(Prompt::Paste(review));
        return Vec::new();
    }
    if several {
        return not_taken(model, "several lines, and none is a setting of the form");
    }
    if prompt::holds_setting(text) {
        return not_taken(model, RUN_TOGETHER);
    }
    prerequisites::paste(model, text)
}

/// Why a paste of settings without line breaks between them is not taken.
const RUN_TOGETHER: &str = "several settings in one line; paste one a line";

fn not_taken(model: &mut Model, why: &str) -> Vec<Effect> {
    model.say(Role::Warn, format!("! Nothing taken: {why}"));
    Vec::new()
}

/// Draws the consequences of an edited setting: verdicts anew, what was proven is proven no more, a
/// question about the old settings is closed, what runs on them is given up, and the screen that is
/// shown asks anew. A creation or an adoption under way is not given up: it has been sent, and counts
/// only if the settings are those again by its end.
pub fn edited(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    model.form.judge(&model.draft);
    let about_them = |prompt: &mut Prompt| matches!(prompt, Prompt::Ask(question) if *question != Question::Quit);
    model.prompt.take_if(about_them);
    let on_the_old = |setup: &mut Setup| matches!(setup.work, Work::Check | Work::Plan);
    if let Some(setup) = model.setup.take_if(on_the_old) {
        effects.push(Effect::Send(Command::Cancel(setup.ticket)));
    }
    template::follow(model);
    let given_up = model.tokens.aim(model.target());
    effects.extend(
        given_up
            .into_iter()
            .map(|ticket| Effect::Send(Command::Cancel(ticket))),
    );
    effects.extend(data::follow(model));
    effects.extend(entered(model));
    effects
}

/// Tells the running job of the setup lane to stop; it still ends by its own answer.
pub fn stop_setup(model: &mut Model) -> Vec<Effect> {
    match &mut model.setup {
        Some(setup) if !setup.stopping => {
            setup.stopping = true;
            vec![Effect::Send(Command::Cancel(setup.ticket))]
        }
        _ => Vec::new(),
    }
}

fn answered(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::RungBegun(ticket, rung) => {
            if is_setup(model, ticket) {
                model.form.begun(rung);
            }
            Vec::new()
        }
        Event::RungEnded(ticket, step) => {
            if is_setup(model, ticket) {
                model.form.ended(step);
            }
            Vec::new()
        }
        Event::Done(ticket, result) => done(model, ticket, result),
        Event::Exchanged(exchange) => {
            exchanged(model, exchange);
            Vec::new()
        }
        Event::Looked(ticket, landing) => {
            data::looked(model, ticket, landing);
            Vec::new()
        }
        Event::Opened(ticket, opened) => {
            preview::opened(model, ticket, opened);
            Vec::new()
        }
        Event::Visited(ticket, visit) => {
            preview::visited(model, ticket, visit);
            Vec::new()
        }
        Event::AccessToken(of, life, at) => {
            model.wire.access_token = Some((of, life, at));
            Vec::new()
        }
    }
}

fn is_setup(model: &Model, ticket: Ticket) -> bool {
    let setup = model.setup.as_ref();
    setup.is_some_and(|setup| setup.ticket == ticket)
}

fn exchanged(model: &mut Model, mut exchange: Exchange) {
    model.wire.retry_at = exchange.again_in.map(|wait| model.now.plus(wait));
    let record = std::mem::take(&mut exchange.record);
    model.wire.last = Some(exchange.clone());
    if !exchange.is_given_up() {
        // What a walk asks is told by its rungs, and what is tried again has not ended.
        if model.setup_work() != Some(Work::Check) && exchange.again_in.is_none() {
            model.form.heard(&exchange);
        }
        model.wire.heard = Some(exchange.clone());
    }
    model.activity.log.push(Exchange { record, ..exchange });
}

/// Takes the end of a job.
pub fn done(model: &mut Model, ticket: Ticket, result: Result<Outcome, Failure>) -> Vec<Effect> {
    if let Some(setup) = model.setup.take_if(|setup| setup.ticket == ticket) {
        model.notice.take_if(|notice| notice.role == Role::Busy);
        let mut effects = set_up(model, &setup, result);
        effects.extend(template::want_plan(model));
        return effects;
    }
    if let Some(errand) = model.errands.remove(&ticket) {
        return ran(model, errand, result);
    }
    if model.data.ticket() == Some(ticket) {
        data::done(model, result);
        return Vec::new();
    }
    if model.preview.ticket() == Some(ticket) {
        preview::done(model, result);
        return Vec::new();
    }
    let minted = match result {
        Ok(Outcome::Minted(minted)) => Ok(minted),
        Ok(
            Outcome::Checked(_)
            | Outcome::Planned(_)
            | Outcome::Created(..)
            | Outcome::Unproved(..)
            | Outcome::Recalled(_)
            | Outcome::Landed(_)
            | Outcome::Played(_)
            | Outcome::Offered(_)
            | Outcome::Browsed
            | Outcome::Forgotten
            | Outcome::Users(_)
            | Outcome::Saved(_)
            | Outcome::Reloaded(..),
        ) => Err(mismatch()),
        Err(failure) => Err(failure),
    };
    tokens::minted(model, ticket, minted).unwrap_or_default()
}

/// An answer of another kind than was asked for can only be a fault of ours.
pub fn mismatch() -> Failure {
    Failure::new(Code::Internal, "the answer was not to this question")
        .hint("report this as a bug in embedctl")
}

fn set_up(model: &mut Model, setup: &Setup, result: Result<Outcome, Failure>) -> Vec<Effect> {
    let work = setup.work;
    if work != Work::Check && setup.of != model.template.of {
        template::left_behind(model, result);
        return Vec::new();
    }
    let result = match (work, result) {
        (Work::Check, Ok(Outcome::Checked(steps))) => {
            for step in steps {
                model.form.ended(step);
            }
            model.form.abandon();
            return checked(model);
        }
        (Work::Plan | Work::Adopt, Ok(Outcome::Planned(plan))) => {
            model.template.scroll = 0;
            model.template.plan = Some(*plan);
            if work == Work::Adopt {
                // What was in doubt is settled.
                model.template.failure = None;
                model.template.unproved = None;
            }
            return Vec::new();
        }
        (Work::Create, Ok(Outcome::Created(creation, ledger))) => {
            return template::created(model, Ok((creation, ledger)));
        }
        (Work::Create, Ok(Outcome::Unproved(consent, failure))) => {
            template::unproved(model, consent, failure);
            return Vec::new();
        }
        (_, Ok(_)) => mismatch(),
        (_, Err(failure)) => failure,
    };
    match work {
        Work::Check => {
            model.form.abandon();
            if result.code == Code::Cancelled {
                model.form.stopped();
                model.say(Role::Quiet, "Check stopped");
            } else {
                model.say(Role::Bad, format!("✖ {}", result.message));
            }
            Vec::new()
        }
        Work::Plan | Work::Adopt => {
            model.template.failure = Some(result);
            Vec::new()
        }
        Work::Create => template::created(model, Err(result)),
    }
}

/// Says in one line how the check ended; the rungs say the rest.
fn checked(model: &mut Model) -> Vec<Effect> {
    match model.form.failed() {
        Some(step) => {
            let text = format!("✖ {} failed", step.rung.name());
            model.say(Role::Bad, text);
            model.form.show_failed(&model.draft);
        }
        None if model.screen == Screen::Prerequisites => {
            model.say(Role::Good, "✔ Checked");
        }
        None => {}
    }
    Vec::new()
}

fn ran(model: &mut Model, errand: Errand, result: Result<Outcome, Failure>) -> Vec<Effect> {
    match (errand, result) {
        (Errand::Recall(of), Ok(Outcome::Recalled(users))) => tokens::recalled(model, of, users),
        (Errand::Forget(user), Ok(Outcome::Forgotten)) => {
            model.tokens.remove(&user);
            model.say(Role::Good, format!("Forgot {user}"));
        }
        (Errand::Users, Ok(Outcome::Users(list))) => tokens::listed(model, *list),
        (Errand::Save(_, _, Some(path)), Err(failure)) => {
            prerequisites::not_saved_to(model, &path, failure);
        }
        (Errand::Save(keys, written, _), Ok(Outcome::Saved(file))) => {
            prerequisites::saved(model, &keys, *written, &file);
        }
        (Errand::Reload, Ok(Outcome::Reloaded(fresh, warnings))) => {
            return prerequisites::reloaded(model, &fresh, &warnings);
        }
        (Errand::Catalogue(of), told) => preview::offered(model, of, told),
        (Errand::Play(user), result) => return customer::played(model, &user, result),
        // What was said while it opened goes; that its address was copied stays.
        (Errand::Browse(_), Ok(Outcome::Browsed)) => {
            model.notice.take_if(|notice| notice.role == Role::Busy);
        }
        (Errand::Browse(rest), Err(failure)) => {
            let because = failure.because.map_or(String::new(), |b| format!(" ({b})"));
            let text = format!("✖ {}{because}: {rest}", failure.message);
            model.say(Role::Bad, text);
        }
        (Errand::Recall(_), Err(failure)) => failed(model, "Users known from before: ", failure),
        (_, Err(failure)) => failed(model, "", failure),
        (_, Ok(_)) => failed(model, "", mismatch()),
    }
    Vec::new()
}

/// Says in one line what failed, and why.
pub fn failed(model: &mut Model, what: &str, failure: Failure) {
    let because = failure.because.map_or(String::new(), |b| format!(": {b}"));
    model.say(Role::Bad, format!("✖ {what}{}{because}", failure.message));
}

/// An order that the full channel did not take ends as if the task had failed it.
fn refused(model: &mut Model, command: &Command) -> Vec<Effect> {
    match command {
        Command::Start(ticket, _) => {
            let failure = Failure::new(Code::Internal, "too many orders are waiting")
                .because("the background task does not keep up")
                .hint("wait a moment, then press the key again");
            done(model, *ticket, Err(failure))
        }
        Command::Cancel(_) | Command::Leave(_) => Vec::new(),
    }
}
