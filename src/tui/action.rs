//! Every action of the console, by the tables that bind keys to them: what help lists, what the
//! palette runs, and what a table's key does are the same rows.
//!
//! Depends on the key tables, on the screens. A screen says for each of its actions why it cannot be
//! done now; whoever asks by a key is told by the action itself.

use super::keys::{ANYWHERE, Anywhere, Binding, OUTSIDE, OnRail, Outside, RAIL};
use super::message::Effect;
use super::model::{Focus, Model};
use super::prompt::Answer;
use super::rows::{MOVES, Move};
use super::screen::Screen;
use super::{activity, data, prerequisites, preview, prompt, template, tokens, update};

/// An action, whichever table it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Holds everywhere.
    Anywhere(Anywhere),
    /// Holds outside fields.
    Outside(Outside),
    /// Holds on the rail.
    Rail(OnRail),
    /// Answers a prompt.
    Answer(Answer),
    /// Moves through what the screen lists.
    Move(Move),
    /// Of the form.
    Form(prerequisites::Action),
    /// Of the IAM policy.
    Policy(prerequisites::policy::Action),
    /// Of the template's page.
    Template(template::Action),
    /// Of the board.
    Tokens(tokens::Action),
    /// Of the demo app's page.
    Preview(preview::Action),
    /// Of the data's page.
    Data(data::Action),
    /// Of the log.
    Activity(activity::Action),
}

macro_rules! acts {
    ($($variant:ident: $action:ty),+ $(,)?) => {
        $(impl From<$action> for Act {
            fn from(action: $action) -> Act {
                Act::$variant(action)
            }
        })+
    };
}

acts! {
    Anywhere: Anywhere,
    Outside: Outside,
    Rail: OnRail,
    Answer: Answer,
    Move: Move,
    Form: prerequisites::Action,
    Policy: prerequisites::policy::Action,
    Template: template::Action,
    Tokens: tokens::Action,
    Preview: preview::Action,
    Data: data::Action,
    Activity: activity::Action,
}

/// A row of a table: its keys, what they do, and the action behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The keys.
    pub keys: String,
    /// What they do: the name by which help and palette know the action.
    pub name: &'static str,
    /// The same in one word or two.
    pub verb: &'static str,
    /// The action.
    pub act: Act,
    /// The screen that it is done on, when that is another than the one that is shown.
    pub screen: Option<Screen>,
}

/// Returns the rows of a table that have a name.
pub fn entries<A: Copy + Into<Act>>(table: &[Binding<A>]) -> Vec<Entry> {
    let named = table.iter().filter(|row| !row.help.is_empty());
    named
        .map(|row| Entry {
            keys: row
                .keys
                .iter()
                .map(|chord| chord.name())
                .collect::<Vec<_>>()
                .join(" "),
            name: row.help,
            verb: row.verb,
            act: row.action.into(),
            screen: None,
        })
        .collect()
}

/// Returns the rows of a screen's own tables.
pub fn of_screen(screen: Screen) -> Vec<Entry> {
    let own = match screen {
        Screen::Prerequisites => return prerequisites::entries(),
        Screen::Template => entries(template::KEYS),
        Screen::Tokens => entries(tokens::KEYS),
        Screen::Preview => entries(preview::KEYS),
        Screen::Data => entries(data::KEYS),
        Screen::Activity => [entries(activity::KEYS), entries(activity::DETAIL_KEYS)].concat(),
    };
    [own, entries(MOVES)].concat()
}

/// Returns what can be asked for by name now: the answers of what has the keys, or the screen's own
/// rows and those of the rail where it has the keys; then what holds everywhere. Each action once.
pub fn offered(model: &Model) -> Vec<Entry> {
    let own = if let Some(asked) = &model.prompt {
        entries(prompt::keys(asked))
    } else if model.form.policy.is_some() {
        [entries(prerequisites::policy::KEYS), entries(MOVES)].concat()
    } else {
        let own = if model.screen == Screen::Activity {
            [entries(activity::table(model)), entries(MOVES)].concat()
        } else {
            of_screen(model.screen)
        };
        let rail = matches!(model.focus, Focus::Rail(_)).then(|| entries(RAIL));
        own.into_iter().chain(rail.unwrap_or_default()).collect()
    };
    let quit = entries(OUTSIDE)
        .into_iter()
        .filter(|entry| model.prompt.is_none() && entry.act == Act::Outside(Outside::Quit));
    let mut offered: Vec<Entry> = Vec::new();
    let policy = |act: &Act| matches!(act, Act::Policy(_)) && model.form.policy.is_none();
    let all = own.into_iter().chain(quit).chain(entries(ANYWHERE));
    for entry in all.filter(|entry| !policy(&entry.act)) {
        if entry.act != Act::Anywhere(Anywhere::Palette)
            && !offered.iter().any(|known| known.act == entry.act)
        {
            offered.push(entry);
        }
    }
    offered
}

/// Returns what could be asked for by name on the other screens; nothing while something else has
/// the keys.
pub fn elsewhere(model: &Model) -> Vec<Entry> {
    if model.prompt.is_some() || model.form.policy.is_some() {
        return Vec::new();
    }
    let others = Screen::ALL.into_iter().filter(|s| *s != model.screen);
    others
        .flat_map(|screen| {
            // The rows of one request belong to the one that is open.
            let own = if screen == Screen::Activity {
                entries(activity::KEYS)
            } else {
                of_screen(screen)
            };
            own.into_iter().map(move |entry| Entry {
                screen: Some(screen),
                ..entry
            })
        })
        .filter(|entry| !matches!(entry.act, Act::Policy(_) | Act::Move(_)))
        .collect()
}

/// Returns why an action cannot be done now, as the end of a sentence; `None` when it can.
pub fn why_not(model: &Model, act: Act) -> Option<&'static str> {
    match act {
        Act::Form(action) => prerequisites::why_not(model, action),
        Act::Template(action) => template::why_not(model, action),
        Act::Tokens(action) => tokens::why_not(model, action),
        Act::Preview(action) => preview::why_not(model, action),
        Act::Data(action) => data::why_not(model, action),
        Act::Activity(action) => activity::why_not(model, action),
        Act::Anywhere(Anywhere::Restart) if model.wire.ended.is_none() => {
            Some("the background task runs")
        }
        Act::Anywhere(_)
        | Act::Outside(_)
        | Act::Rail(_)
        | Act::Answer(_)
        | Act::Move(_)
        | Act::Policy(_) => None,
    }
}

/// Does what a row stands for, on its own screen.
pub fn run_entry(model: &mut Model, entry: &Entry) -> Vec<Effect> {
    let mut effects = match entry.screen {
        Some(screen) => update::go(model, screen),
        None => Vec::new(),
    };
    effects.extend(run(model, entry.act));
    effects
}

/// Does an action, whatever has the keys.
pub fn run(model: &mut Model, act: Act) -> Vec<Effect> {
    if matches!(
        act,
        Act::Template(_) | Act::Tokens(_) | Act::Preview(_) | Act::Data(_) | Act::Activity(_)
    ) {
        model.focus = Focus::Body;
    }
    match act {
        Act::Anywhere(action) => update::anywhere(model, action),
        Act::Outside(action) => update::outside(model, action),
        Act::Rail(action) => update::on_rail(model, action),
        Act::Answer(answer) => prompt::answer(model, answer),
        Act::Move(step) => {
            if model.form.policy.is_none() {
                model.focus = Focus::Body;
            }
            update::go_by(model, step)
        }
        Act::Form(action) => prerequisites::act(model, action),
        Act::Policy(action) => prerequisites::policy::act(model, action),
        Act::Template(action) => template::act(model, action),
        Act::Tokens(action) => tokens::act(model, action),
        Act::Preview(action) => preview::act(model, action),
        Act::Data(action) => data::act(model, action),
        Act::Activity(action) => activity::act(model, action),
    }
}
