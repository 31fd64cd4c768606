//! Screen 3: the board of widget tokens, one row per external user.
//!
//! Depends on `tokens::board` for the rows, on `model`, `keys`, `prompt`; on `domain`. Decides when a
//! token is asked for: by a key, in bulk through a queue, or because a renewal is due.

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::input::Line;
use super::keys::{Binding, Hint, OUTSIDE, Outside, bare, find, hint, hint_as, letter};
use super::message::Effect;
use super::model::{Errand, Focus, Model, Work};
use super::outage::NOBODY;
use super::prompt::{Prompt, Question, Wanted};
use super::rows::Move;
use super::screen::Screen;
use super::template::want_plan;
use super::theme::Role;
use super::update::go;
use super::{data, operator};
use crate::client::{Command, Job, KnownUser, Ticket};
use crate::domain::failure::{Code, Failure};
use crate::domain::secret::Secret;
use crate::domain::text::{counted, grouped};
use crate::domain::token::Minted;
use crate::domain::user::{ExternalUser, UserList};

mod board;
pub mod view;

pub use board::{AUTO_LIMIT, Board, Row, State, Wish};

/// How many mints are handed to the client at once; the rest waits here, in order, so that the
/// channel to the client never fills up.
pub const OPEN_LIMIT: usize = 64;

/// Minting all asks first when it means more than this.
const ASK_ABOVE: usize = 20;

/// What can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Mint for the selected user.
    Mint,
    /// Add users.
    Add,
    /// Mint for everyone shown without a live token.
    MintAll,
    /// Renew the selected user's token by itself.
    Auto,
    /// Copy the selected user's token.
    Copy,
    /// Take the selected user off the board.
    Forget,
    /// Show only some users.
    Filter,
    /// Look at the selected user's data.
    Data,
    /// Show the selected user's workspace in the operator UI.
    Operator,
    /// Take back what was copied.
    Clear,
    /// Stop what is being minted.
    Stop,
    /// To the rail, or drop the filter.
    Back,
}

/// The keys of this screen.
pub const KEYS: &[Binding<Action>] = &[
    Binding {
        keys: &[bare(KeyCode::Enter)],
        action: Action::Mint,
        verb: "mint",
        help: "mint a token for the selected user",
    },
    Binding {
        keys: &[letter('a')],
        action: Action::Add,
        verb: "add",
        help: "add external users: typed, pasted as a list, or from a file as @path",
    },
    Binding {
        keys: &[letter('M')],
        action: Action::MintAll,
        verb: "mint all",
        help: "mint for every user shown without a live token",
    },
    Binding {
        keys: &[letter('r')],
        action: Action::Auto,
        verb: "auto-renew",
        help: "renew this user's token by itself at 80 % of its life, on any screen",
    },
    Binding {
        keys: &[letter('y')],
        action: Action::Copy,
        verb: "copy",
        help: "send the token to the terminal's clipboard",
    },
    Binding {
        keys: &[letter('/')],
        action: Action::Filter,
        verb: "filter",
        help: "show only the users whose ID holds a text",
    },
    Binding {
        keys: &[letter('x')],
        action: Action::Forget,
        verb: "forget",
        help: "take the user off this board; its workspace stays in Airbyte",
    },
    Binding {
        keys: &[letter('d')],
        action: Action::Data,
        verb: "data",
        help: "look at what has landed in the bucket for this user",
    },
    Binding {
        keys: &[letter('O')],
        action: Action::Operator,
        verb: "in Airbyte",
        help: "copy and open the address of the workspace in Airbyte",
    },
    Binding {
        keys: &[letter('C')],
        action: Action::Clear,
        verb: "clear",
        help: "empty the clipboard, and remove the files that copies were put into",
    },
    Binding {
        keys: &[letter('c')],
        action: Action::Stop,
        verb: "stop minting",
        help: "stop minting, and its renewal; what is done is kept",
    },
    Binding {
        keys: &[bare(KeyCode::Esc)],
        action: Action::Back,
        verb: "rail",
        help: "drop the filter, or to the rail",
    },
];

/// Returns the key bar.
pub fn hints(model: &Model) -> Vec<Hint> {
    let board = &model.tokens;
    let Some(row) = board.selected() else {
        let go = if model.target().is_some() {
            hint(KEYS, Action::Add)
        } else {
            hint_as(KEYS, Action::Mint, "fill in the form")
        };
        let drop =
            hint_as(KEYS, Action::Back, "drop the filter").filter(|_| board.filter().is_on());
        return go.into_iter().chain(drop).collect();
    };
    let mint = match board.state(row, model.now) {
        State::Live | State::Ageing | State::Expired | State::Unreadable => {
            hint_as(KEYS, Action::Mint, "mint anew")
        }
        State::Failed => hint_as(KEYS, Action::Mint, "try again"),
        State::NotYet => hint(KEYS, Action::Mint),
        State::Queued | State::Minting | State::Renewing => hint(KEYS, Action::Stop),
    };
    let rest = [
        Action::Add,
        Action::MintAll,
        Action::Auto,
        Action::Copy,
        Action::Data,
        Action::Filter,
        Action::Forget,
    ]
    .map(|action| {
        let hint = if action == Action::MintAll && board.filter().is_on() {
            hint_as(KEYS, action, "mint those shown")
        } else {
            hint(KEYS, action)
        };
        hint.filter(|_| why_not(model, action).is_none())
    });
    let live = matches!(board.state(row, model.now), State::Live | State::Ageing);
    let preview = hint_as(OUTSIDE, Outside::Screen(4), "preview")
        .filter(|_| live && !model.preview.was_started());
    let drop = hint_as(KEYS, Action::Back, "drop the filter").filter(|_| board.filter().is_on());
    [mint, drop, preview]
        .into_iter()
        .chain(rest)
        .flatten()
        .collect()
}

/// Takes a key; `None` when this screen does not know it.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    find(KEYS, key).map(|action| act(model, action))
}

/// Moves through the rows.
pub fn go_by(model: &mut Model, step: Move) {
    let page = view::page_rows(model);
    let board = &mut model.tokens;
    let last = board.shown_len().saturating_sub(1);
    board.select(step.lead(board.cursor(), last, page));
}

/// Selects a row, as a click does.
pub fn point(model: &mut Model, at: usize) {
    model.tokens.select(at);
}

/// Returns why an action cannot be done now.
pub fn why_not(model: &Model, action: Action) -> Option<&'static str> {
    let board = &model.tokens;
    match action {
        Action::Mint | Action::MintAll if model.target().is_none() => {
            Some("the settings are not complete")
        }
        Action::Auto | Action::Copy | Action::Forget | Action::Data
            if board.selected().is_none() =>
        {
            Some("no user is selected")
        }
        Action::Operator if board.selected().is_none_or(|row| row.workspace.is_none()) => {
            Some("the workspace is not known yet")
        }
        Action::Stop if board.under_way() == 0 => Some("nothing is being minted"),
        Action::Mint
        | Action::Add
        | Action::MintAll
        | Action::Auto
        | Action::Copy
        | Action::Forget
        | Action::Filter
        | Action::Data
        | Action::Operator
        | Action::Clear
        | Action::Stop
        | Action::Back => None,
    }
}

/// Does what a key stands for.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let board = &mut model.tokens;
    match action {
        Action::Mint => return mint_selected(model),
        Action::Add => {
            model.prompt = Some(Prompt::Line(
                Wanted::Users(Vec::new()),
                Line::default(),
                None,
            ));
        }
        Action::MintAll => return mint_all(model),
        Action::Auto => auto(model),
        Action::Copy => return copy(model),
        Action::Forget => {
            if let Some(user) = board.selected().map(|row| row.user.clone()) {
                model.prompt = Some(Prompt::Ask(Question::Forget(user)));
            }
        }
        Action::Data => {
            if let Some(user) = board.selected().map(|row| row.user.clone()) {
                return data::open(model, user);
            }
        }
        Action::Operator => return in_airbyte(model),
        Action::Filter => model.prompt = Some(Prompt::filter(Screen::Tokens, board.filter())),
        Action::Clear => {
            model.say(
                Role::Quiet,
                "The terminal was asked to empty its clipboard; files of copies are removed",
            );
            return vec![Effect::ClearCopies];
        }
        Action::Stop => return stop(model),
        Action::Back => {
            if board.filter().is_on() {
                board.set_filter("");
            } else {
                model.focus = Focus::Rail(Screen::Tokens);
            }
        }
    }
    Vec::new()
}

/// Does what entering the screen asks for: the settings' own user, those known from before, and
/// whether there is a template.
pub fn entered(model: &mut Model) -> Vec<Effect> {
    if let Ok(user) = model.draft.user() {
        model.tokens.own(user);
    }
    let mut effects = recall(model);
    effects.extend(want_plan(model));
    effects
}

/// Asks for the users known from before, once per configuration.
pub fn recall(model: &mut Model) -> Vec<Effect> {
    let Some(access) = model.access() else {
        return Vec::new();
    };
    let asked = |e: &Errand| matches!(e, Errand::Recall(of) if *of == access);
    if model.tokens.is_recalled(&access) || model.errands.values().any(asked) {
        return Vec::new();
    }
    model.send_out(Errand::Recall(access.clone()), Job::Recall(access))
}

/// Takes the users known from before.
pub fn recalled(model: &mut Model, of: crate::domain::settings::Access, users: Vec<KnownUser>) {
    if model.access().as_ref() == Some(&of) {
        if let Ok(user) = model.draft.user() {
            model.tokens.own(user);
        }
        model.tokens.recall(of, users);
    }
}

/// Puts users on the board and says how many are new.
pub fn added(model: &mut Model, users: Vec<ExternalUser>) {
    let many = users.len();
    let filter = model.tokens.filter();
    if users.iter().any(|user| !filter.leaves(user.as_str())) {
        // What was just added is there to be seen.
        model.tokens.set_filter("");
    }
    let new = model.tokens.add(users);
    let told = match many - new {
        0 => format!("Added {}; Enter mints one, M all", counted(new, "user")),
        1 => format!("Added {}; 1 was there already", counted(new, "user")),
        known => format!(
            "Added {}; {} were there already",
            counted(new, "user"),
            grouped(known as u64)
        ),
    };
    model.say(Role::Good, told);
}

/// Takes the users of a file.
pub fn listed(model: &mut Model, list: UserList) {
    let refused = list.refused.first().cloned();
    let left_out = list.refused.len();
    if list.users.is_empty() && refused.is_none() {
        model.say(Role::Warn, "! The file names no user");
        return;
    }
    added(model, list.users);
    if let (Some((line, why)), Some(notice)) = (refused, &mut model.notice) {
        notice.role = Role::Warn;
        let left_out = counted(left_out, "line");
        let told = notice.text.trim_start_matches("✔ ");
        notice.text = format!("! {told}; left out {left_out}: {line} {why}");
    }
}

fn mint_selected(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.tokens.selected() else {
        if model.target().is_none() {
            return go(model, Screen::Prerequisites);
        }
        return act(model, Action::Add);
    };
    let user = row.user.clone();
    if row.is_at_work() {
        model.say(
            Role::Busy,
            format!("Already minting for {user}; one at a time"),
        );
        return Vec::new();
    }
    mint(model, vec![Wish::of(user)])
}

fn mint_all(model: &mut Model) -> Vec<Effect> {
    let users = model.tokens.without_token(model.now);
    if users.is_empty() {
        model.say(
            Role::Quiet,
            "Everyone shown has a live token, or one under way",
        );
        return Vec::new();
    }
    if users.len() > ASK_ABOVE {
        model.prompt = Some(Prompt::Ask(Question::MintAll(users.len())));
        return Vec::new();
    }
    mint_everyone(model)
}

/// Mints for everyone shown without a live token, as was confirmed.
pub fn mint_everyone(model: &mut Model) -> Vec<Effect> {
    let users = model.tokens.without_token(model.now);
    mint(model, users.into_iter().map(Wish::of).collect())
}

/// Asks for tokens, unless it would spring the trap: a workspace that is made before the template
/// never gets its destination.
pub fn mint(model: &mut Model, wishes: Vec<Wish>) -> Vec<Effect> {
    if model.wire.ended.is_some() {
        model.say(Role::Bad, NOBODY);
        return Vec::new();
    }
    if model.target().is_none() {
        model.say(
            Role::Bad,
            "The settings are not complete: Alt-1 leads to the form",
        );
        return Vec::new();
    }
    let risky = !model.tokens.trap_accepted
        && !model.template.is_known()
        && wishes.iter().any(|w| !model.tokens.is_known(&w.user));
    if risky && is_template_at_work(model) {
        model.say(Role::Busy, "Looking for the template first");
        model.tokens.wait(wishes);
        return Vec::new();
    }
    if risky {
        model.prompt = Some(Prompt::Ask(Question::MintUnknown(wishes)));
        return Vec::new();
    }
    enqueue(model, wishes)
}

/// Returns true while it is being found out whether there is a template.
fn is_template_at_work(model: &Model) -> bool {
    model.setup_work().is_some_and(|work| work != Work::Check)
}

/// Goes on with what waited for the template to be looked for, once nothing stands in its way: it may
/// have to ask, so the board has to be on screen and no other question open.
pub fn resume(model: &mut Model) -> Vec<Effect> {
    let held = is_template_at_work(model) || model.prompt.is_some();
    if held || model.screen != Screen::Tokens || !model.tokens.is_waiting() {
        return Vec::new();
    }
    let wishes = model.tokens.take_waiting();
    mint(model, wishes)
}

/// Queues wishes and hands on as many as may be open.
fn enqueue(model: &mut Model, wishes: Vec<Wish>) -> Vec<Effect> {
    let template_is_known = model.template.is_known();
    for wish in wishes {
        model.tokens.asked(&wish.user, template_is_known);
        model.tokens.enqueue(wish);
    }
    pump(model)
}

fn pump(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let Some((access, origin)) = model.target() else {
        return effects;
    };
    while model.tokens.open_count() < OPEN_LIMIT {
        let Some(user) = model.tokens.next_queued() else {
            break;
        };
        let job = Job::Mint(access.clone(), origin.clone(), user.clone());
        let Some((ticket, effect)) = model.order(job) else {
            break;
        };
        model.tokens.opened(ticket, &user);
        effects.push(effect);
    }
    effects
}

/// Takes the end of a mint; `None` when the ticket is not one of ours.
pub fn minted(
    model: &mut Model,
    ticket: Ticket,
    result: Result<Box<Minted>, Failure>,
) -> Option<Vec<Effect>> {
    let Wish { user, copy } = model.tokens.close(ticket)?;
    let mut effects = Vec::new();
    match result {
        Ok(minted) => {
            let token = minted.token.clone();
            let had_one = model.tokens.row(&user);
            let had_one = had_one.is_some_and(|row| model.tokens.usable(row, model.now).is_some());
            model.tokens.arrived(&user, *minted);
            if copy {
                effects.extend(copy_token(model, &user, token));
            } else if !had_one {
                show_the_way_on(model, &user);
            }
        }
        Err(failure) if failure.code == Code::Cancelled => {}
        Err(failure) => model.tokens.failed(&user, failure, model.now),
    }
    effects.extend(pump(model));
    Some(effects)
}

/// Names the next place of the walk, once a token is there that a page could be opened with.
fn show_the_way_on(model: &mut Model, user: &ExternalUser) {
    let selected = model.tokens.selected().is_some_and(|row| row.user == *user);
    let here = model.screen == Screen::Tokens && model.prompt.is_none();
    if here && selected && model.tokens.under_way() == 0 && !model.preview.was_started() {
        model.say(Role::Good, "✔ Minted: 4 opens the demo app");
    }
}

/// Asks anew for the tokens whose renewal is due.
pub fn renew(model: &mut Model) -> Vec<Effect> {
    if model.wire.ended.is_some() {
        return Vec::new();
    }
    let due = model.tokens.due(model.now);
    if due.is_empty() {
        return Vec::new();
    }
    enqueue(model, due.into_iter().map(Wish::of).collect())
}

fn auto(model: &mut Model) {
    let now = model.now;
    match model.tokens.toggle_auto() {
        Some(true) => {
            let state = model
                .tokens
                .selected()
                .map(|row| model.tokens.state(row, now));
            let text = match state {
                Some(State::Expired) => "Renewed by itself from now on, beginning at once",
                Some(State::Live | State::Ageing | State::Renewing) => {
                    "Renewed by itself at 80 % of its life"
                }
                _ => "Renewed by itself once it is minted",
            };
            model.say(Role::Good, text);
        }
        Some(false) => {}
        None => model.say(
            Role::Warn,
            format!("{AUTO_LIMIT} rows renew themselves already; r on one of them stops it"),
        ),
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.tokens.selected() else {
        return Vec::new();
    };
    let user = row.user.clone();
    if let Some(minted) = model.tokens.usable(row, model.now) {
        let token = minted.token.clone();
        return copy_token(model, &user, token);
    }
    model.prompt = Some(Prompt::Ask(Question::MintToCopy(user)));
    Vec::new()
}

/// A token opens a workspace to whoever has it, so clearing is offered with it.
fn copy_token(model: &mut Model, user: &ExternalUser, token: Secret) -> Vec<Effect> {
    let effects = model.copy(&format!("Token of {user}"), token);
    if let Some(notice) = &mut model.notice {
        notice.text.push_str(" · C clears");
    }
    effects
}

/// Shows where the selected user's workspace is in the operator UI.
fn in_airbyte(model: &mut Model) -> Vec<Effect> {
    let Some(workspace) = model.tokens.selected().map(|row| row.workspace.clone()) else {
        return Vec::new();
    };
    let Some(workspace) = workspace else {
        let text = "Its workspace is not known here: Enter mints a token, which names it";
        model.say(Role::Quiet, text);
        return Vec::new();
    };
    let address = model
        .access()
        .and_then(|access| access.base_url.operator_url(&workspace));
    let Some(address) = address else {
        model.say(Role::Warn, operator::UNKNOWN);
        return Vec::new();
    };
    operator::open(model, &address)
}

/// Takes users off the list of those known from before, as was confirmed.
pub fn forget(model: &mut Model, user: &ExternalUser) -> Vec<Effect> {
    let Some(access) = model.access() else {
        model.tokens.remove(user);
        return Vec::new();
    };
    let forget = model.send_out(
        Errand::Forget(user.clone()),
        Job::Forget(access, user.clone()),
    );
    if forget.is_empty() {
        return Vec::new();
    }
    // What mints for the user is given up first, so that it writes nothing of it afterwards.
    let open = model.tokens.drop_work_of(user).into_iter();
    open.map(|ticket| Effect::Send(Command::Cancel(ticket)))
        .chain(forget)
        .collect()
}

/// Stops what is being minted.
fn stop(model: &mut Model) -> Vec<Effect> {
    let renewals = model.tokens.end_renewals_at_work();
    for user in model.tokens.open_for_the_first_time() {
        let failure = Failure::new(Code::Cancelled, "stopped; it may have been sent by then")
            .because("what has been sent is done: the workspace may exist")
            .hint("Enter mints again; a workspace of this name is found, not made twice");
        model.tokens.stopped(&user, failure, model.now);
    }
    let (tickets, queued) = model.tokens.stop();
    if tickets.is_empty() && queued == 0 {
        model.say(Role::Quiet, "Nothing is being minted");
        return Vec::new();
    }
    let stopped = counted(tickets.len() + queued, "mint");
    let renewed = match renewals {
        0 => String::new(),
        1 => "; 1 row renews itself no more".to_owned(),
        n => format!("; {n} rows renew themselves no more"),
    };
    let text = format!("Stopped {stopped}; what is done is kept{renewed}");
    model.say(Role::Warn, text);
    tickets
        .into_iter()
        .map(|ticket| Effect::Send(Command::Cancel(ticket)))
        .collect()
}
