//! What happened, and what to do about it: the two ends of `update`.
//!
//! Depends on the client's commands and events, on `domain`. Both are plain comparable data, so
//! that a test asserts whole values.

use ratatui::crossterm::event::KeyEvent;

use crate::client::{Command, Event};
use crate::domain::failure::Exit;
use crate::domain::moment::Moment;
use crate::domain::secret::Secret;

/// A fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The first frame has been drawn.
    Begun,
    /// Time has come to this; sent before every batch of other facts.
    Ticked(Moment),
    /// A key was pressed or repeated.
    Pressed(KeyEvent),
    /// The mouse's button was pressed on this column and row.
    Clicked(u16, u16),
    /// The mouse's wheel was turned by a notch.
    Wheeled {
        /// Away from the hand, towards what is above.
        up: bool,
    },
    /// A text was pasted. It may hold secrets.
    Pasted(Secret),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// The client task told something.
    Answered(Event),
    /// A text that was to be copied stands in a file at this path, or why not.
    Kept(String, Result<String, String>),
    /// The client task had no room for this order; it was not given.
    Refused(Command),
    /// The client task has ended; with the place of the bug that ended it.
    ClientEnded(Option<String>),
    /// A bug at this place ended some other task.
    Stumbled(String),
    /// Suspending did not happen: no shell waits to take the terminal.
    NotSuspended,
    /// A signal asks for the end.
    Signalled(Exit),
}

/// An order to the shell around the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Hand this to the client task.
    Send(Command),
    /// Start the client task again; the orders that follow are for the new one.
    Restart,
    /// Send this text to the terminal's clipboard.
    Copy(Secret),
    /// Write this text into a file for its owner alone, and tell where; what it is comes first.
    Keep(String, Secret),
    /// Empty the terminal's clipboard, and remove the files that were written for copying.
    ClearCopies,
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Give the terminal back and stop until continued.
    Suspend,
    /// Paint every cell anew.
    Redraw,
    /// End with this.
    Quit(Exit),
}
