//! Widget tokens: minted, opened, recorded.
//!
//! Depends on `api`, `ledger`, `domain`. Minting is a write: the service makes a workspace named
//! like the external user if there is none.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::api::Client;
use crate::domain::failure::{Code, Failure};
use crate::domain::moment::Moment;
use crate::domain::origin::Origin;
use crate::domain::settings::Access;
use crate::domain::text::{reason, sanitize};
use crate::domain::token::{self, Minted};
use crate::domain::user::{ExternalUser, UserList};
use crate::ledger::{Entry, Ledger, Scope};

/// How many mints are in flight at once unless told otherwise. The public API's own pool of threads
/// is small (five by default), so more would only queue there.
pub const JOBS: usize = 4;

/// How long an entry in the ledger stands for later mints of the same user in this run: a page that
/// is asked for a thousand times leaves a line, not a thousand.
const STANDS: Duration = Duration::from_mins(1);

/// The most that is read of a list of users, in bytes.
const LIST_LIMIT: u64 = 16 << 20;

/// Reads a list of users, one external user ID a line, from a file, or from standard input when none
/// is named.
///
/// # Errors
/// It cannot be read, is too large, or is not text. IDs that cannot be used are told in the list.
pub fn read_users(path: Option<&Path>) -> Result<UserList, Failure> {
    let name = path.map_or("standard input".to_owned(), |path| {
        sanitize(&path.display().to_string())
    });
    let mut bytes = Vec::new();
    let read = match path {
        Some(path) => {
            File::open(path).and_then(|file| file.take(LIST_LIMIT + 1).read_to_end(&mut bytes))
        }
        None => io::stdin().take(LIST_LIMIT + 1).read_to_end(&mut bytes),
    };
    let read = read.map_err(|e| {
        Failure::new(Code::MachineDisk, "the list of users cannot be read")
            .because(format!("{name}: {}", reason(&e)))
            .hint("name a text file with one external user ID a line")
    })?;
    let unusable = |why: &str| {
        Failure::new(Code::ConfigInvalid, "the list of users cannot be used")
            .because(format!("{name} {why}"))
            .hint("write one external user ID a line; nothing was minted")
    };
    // A list cut at the limit would end in half a name.
    if read as u64 > LIST_LIMIT {
        return Err(unusable("is larger than 16 MiB"));
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(UserList::parse_lines(text)),
        Err(_) => Err(unusable("is not UTF-8 text")),
    }
}

/// The users of one scope that tokens were minted for before, kept up to date while minting.
pub struct Roster {
    scope: Scope,
    /// Each with what this run wrote of it last; none for a user that only the ledger told of.
    users: Mutex<HashMap<ExternalUser, Option<Noted>>>,
    trouble: Mutex<Option<Failure>>,
}

/// An entry that this run wrote.
struct Noted {
    workspace_id: Option<String>,
    at: Moment,
}

impl Roster {
    /// Reads the users of this access from the ledger. A ledger that cannot be read is trouble to
    /// tell of, and no reason not to mint.
    pub fn load(ledger: &Ledger, access: &Access) -> Roster {
        let scope = Scope::of(access);
        let (users, trouble) = match ledger.read() {
            Ok(book) => (
                book.users(&scope)
                    .into_iter()
                    .map(|known| (known.user, None))
                    .collect(),
                None,
            ),
            Err(failure) => (HashMap::new(), Some(failure)),
        };
        Roster {
            scope,
            users: Mutex::new(users),
            trouble: Mutex::new(trouble),
        }
    }

    /// Returns true when a token was minted for this user before, as far as this machine knows.
    pub fn knows(&self, user: &ExternalUser) -> bool {
        self.users().contains_key(user)
    }

    /// Forgets a user.
    pub fn remove(&self, user: &ExternalUser) {
        self.users().remove(user);
    }

    /// Returns why the ledger could not be used, once.
    pub fn take_trouble(&self) -> Option<Failure> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn users(&self) -> MutexGuard<'_, HashMap<ExternalUser, Option<Noted>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a mint. A user whose entry of this run still stands, with the same workspace, needs
    /// no other.
    fn add(&self, ledger: &Ledger, minted: &Minted) {
        let noted = Noted {
            workspace_id: minted.workspace_id().map(str::to_owned),
            at: minted.received,
        };
        let stands = |last: &Noted| {
            last.workspace_id == noted.workspace_id && noted.at.since(last.at) < STANDS
        };
        let mut users = self.users();
        if users
            .get(&minted.user)
            .is_some_and(|last| last.as_ref().is_some_and(stands))
        {
            return;
        }
        let entry = Entry::Mint {
            user: minted.user.as_str().to_owned(),
            workspace_id: noted.workspace_id.clone(),
        };
        users.insert(minted.user.clone(), Some(noted));
        drop(users);
        if let Err(failure) = ledger.note(&self.scope, entry, minted.received.wall) {
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        }
    }
}

/// Mints a token for a user, opens it, and records the user in the ledger.
///
/// A token that cannot be opened is still a token: what could not be read is told beside it.
pub async fn mint(
    api: &Client,
    ledger: &Ledger,
    roster: &Roster,
    access: &Access,
    origin: &Origin,
    user: &ExternalUser,
) -> Result<Minted, Failure> {
    let first_here = !roster.knows(user);
    let fresh = api.mint(access, origin, user).await?;
    let opened = token::open(fresh.token.expose());
    let expires_at = opened.as_ref().ok().and_then(|o| o.expires_at);
    let now = fresh.date.unwrap_or(fresh.received.wall);
    let life = expires_at.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
    let minted = Minted {
        user: user.clone(),
        origin: origin.clone(),
        token: fresh.token,
        opened,
        life,
        received: fresh.received,
        first_here,
    };
    roster.add(ledger, &minted);
    Ok(minted)
}
