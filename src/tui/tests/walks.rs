//! Random walks: whatever is pressed at whatever size, nothing panics and nothing is sent twice.

use super::*;
use crate::domain::failure::Code;
use crate::tui::model::Work;

/// A small generator of our own, so that a walk is the same on every machine.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.throw(from.len())]
    }
}

const KEYS: &[&str] = &[
    "enter",
    "enter",
    "enter",
    "esc",
    "tab",
    "backtab",
    "up",
    "down",
    "left",
    "right",
    "pgdn",
    "pgup",
    "home",
    "end",
    "backspace",
    "space",
    "ctrl-s",
    "ctrl-r",
    "ctrl-f",
    "ctrl-u",
    "ctrl-k",
    "ctrl-w",
    "ctrl-y",
    "ctrl-l",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "ctrl-p",
    "ctrl-p",
    ":",
    "e",
    "alt-1",
    "alt-2",
    "alt-3",
    "alt-4",
    "alt-5",
    "5",
    "d",
    "w",
    "u",
    "p",
    "O",
    "m",
    "i",
    "alt-6",
    "a",
    "M",
    "r",
    "y",
    "x",
    "/",
    "f",
    "s",
    "n",
    "F",
    "c",
    "?",
    "1",
    "2",
    "3",
    "j",
    "k",
    "é",
    "日",
];

const PASTES: &[&str] = &[
    "one",
    "user-1\nuser-2\nuser-1\n\u{202e}bad",
    "S3_BUCKET=a\nAIRBYTE_CLIENT_ID=x",
    "\u{1b}[31m",
    "日本語 text",
    "",
];

fn answer(driver: &mut Driver, dice: &mut Dice, ticket: u64, job: &Job) {
    if dice.throw(4) == 0 {
        let code = [
            Code::Cancelled,
            Code::AuthRefused,
            Code::TemplateUnknown,
            Code::NetworkTimeout,
        ][dice.throw(4)];
        let failure = Failure {
            retryable: true,
            ..Failure::new(code, "it did not work 日本語")
                .because("of a long reason ".repeat(12))
                .hint("try again")
        };
        driver.fails(ticket, failure);
        return;
    }
    let outcome = match job {
        Job::Serve(_) => {
            preview::serves(driver, ticket);
            if dice.throw(2) == 0 {
                driver.fails(ticket, Failure::new(Code::Cancelled, "cancelled"));
            }
            return;
        }
        Job::Catalogue(_) => preview::catalogue(),
        Job::Reload => {
            let draft = match dice.throw(3) {
                0 => Draft::default(),
                1 => driver.model.saved.clone(),
                _ => Draft::resolve(&[(Source::File, layer(&nine()))]),
            };
            Outcome::Reloaded(Box::new(draft), Vec::new())
        }
        Job::Browse(_) => Outcome::Browsed,
        Job::Check(_) => Outcome::Checked(steps()),
        Job::Plan(..) | Job::Adopt(..) => {
            let Ok(_) = driver.model.draft.template() else {
                driver.fails(ticket, Failure::new(Code::Cancelled, "cancelled"));
                return;
            };
            let would = match dice.throw(4) {
                0 => Would::Create,
                1 => Would::Nothing(known(driver)),
                2 => Would::Conflict(known(driver), Vec::new()),
                _ => Would::Ask(Doubt::Sent("2026-01-02T12:31:07Z".to_owned())),
            };
            Outcome::Planned(Box::new(plan(driver, would)))
        }
        Job::Create(_, _, consent, _) => match dice.throw(2) {
            0 => Outcome::Created(Creation::Exists { id: None }, "ledger".to_owned()),
            _ => Outcome::Unproved(*consent, Failure::new(Code::BucketDenied, "refused")),
        },
        Job::Mint(_, _, user) => Outcome::Minted(Box::new(token(driver, user.as_str()))),
        Job::Verify(_, _, user, _) => {
            let mut landing = match dice.throw(3) {
                0 => nothing(
                    driver,
                    user.as_str(),
                    Link::Source,
                    LinkStatus::Missing,
                    ("none", "nobody connected"),
                ),
                _ => landing(driver, user.as_str()),
            };
            landing.complete = dice.throw(2) == 0;
            Outcome::Landed(Box::new(landing))
        }
        Job::Play(_) => Outcome::Played(Played::Synced),
        Job::Recall(_) => Outcome::Recalled(Vec::new()),
        Job::Forget(..) => Outcome::Forgotten,
        Job::Users(_) => Outcome::Users(Box::default()),
        Job::Save(..) => Outcome::Saved(".env".to_owned()),
    };
    driver.done(ticket, outcome);
}

#[test]
fn no_walk_panics_or_has_two_setup_jobs_open() {
    for seed in 1..=24_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut driver = match seed % 3 {
            0 => Driver::empty(),
            1 => Driver::with("S3_BUCKET_NAME", "s3://Acme"),
            _ => Driver::ready(),
        };
        let mut open: Vec<(u64, Job)> = Vec::new();
        let mut seconds = 0;
        for _ in 0..120 {
            match dice.throw(12) {
                0 => {
                    driver.paste(dice.pick(PASTES));
                }
                1 => {
                    seconds += dice.throw(700) as u64;
                    driver.tick(seconds);
                }
                2 | 3 if !open.is_empty() => {
                    let (ticket, job) = open.remove(dice.throw(open.len()));
                    answer(&mut driver, &mut dice, ticket, &job);
                }
                5 if dice.throw(4) == 0 => {
                    outage::ends(&mut driver);
                    open.clear();
                }
                4 => {
                    let width = u16::try_from(1 + dice.throw(120)).unwrap();
                    let height = u16::try_from(1 + dice.throw(40)).unwrap();
                    driver.size(width, height);
                }
                _ => {
                    driver.press(dice.pick(KEYS));
                }
            }
            let cancelled: Vec<u64> = driver
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Send(Command::Cancel(ticket)) => Some(ticket.0),
                    _ => None,
                })
                .collect();
            let started: Vec<(u64, Job)> = driver
                .started()
                .into_iter()
                .map(|(ticket, job)| (ticket, job.clone()))
                .collect();
            // What is told to stop ends by itself; the lane is free for the next job only then, or
            // because the console has given the old one up.
            open.retain(|(ticket, job)| !cancelled.contains(ticket) || ends_later(job));
            open.extend(started);
            let current = driver.model.setup.as_ref().map(|setup| setup.ticket.0);
            let creating = open
                .iter()
                .filter(|(_, job)| matches!(job, Job::Create(..)))
                .count();
            assert!(creating <= 1, "seed {seed}");
            if creating == 1 {
                assert_eq!(driver.model.setup_work(), Some(Work::Create));
            }
            assert!(current.is_none_or(|ticket| open.iter().any(|(t, _)| *t == ticket)));
            if driver.model.wire.ended.is_some() {
                assert!(started_nothing(&driver) && !driver.model.is_busy());
            }
            let _ = next_wake(&driver.model);
            let revealed = driver.model.form.revealed_until.is_some();
            let frame = driver.frame();
            assert!(revealed || !frame.contains(CANARY), "seed {seed}\n{frame}");
            let debug = format!("{:?} {:?}", driver.model, driver.effects);
            assert!(!debug.contains(CANARY), "seed {seed}");
        }
    }
}

fn started_nothing(driver: &Driver) -> bool {
    let sent = |effect: &Effect| matches!(effect, Effect::Send(_));
    !driver.effects.iter().any(sent)
}

fn ends_later(job: &Job) -> bool {
    matches!(
        job,
        Job::Check(_) | Job::Plan(..) | Job::Create(..) | Job::Adopt(..) | Job::Serve(_)
    )
}

#[test]
fn every_size_draws() {
    for width in (1..=120).step_by(7).chain([59, 60, 79, 80]) {
        for height in (1..=40).step_by(3).chain([15, 16, 17]) {
            let mut driver = Driver::ready();
            driver.size(width, height);
            driver.frame();
        }
    }
    let mut driver = Driver::at_tokens();
    driver.press("enter");
    for (width, height) in [(1, 1), (2, 3), (60, 16), (79, 16), (80, 16), (500, 200)] {
        driver.size(width, height);
        driver.frame();
    }
}
