//! Signals end a command in time, with what is known by then.

use rustix::process::Signal;

use crate::support::{Site, route, until};

#[test]
fn a_bulk_interrupted_in_the_middle_keeps_what_is_done() {
    let site = Site::new(&["widget=status:400:no*1", "widget=delay:0*5", "widget=hang"]);
    let home = site.home();
    let users: Vec<String> = (0..20).map(|number| format!("u{number}")).collect();
    home.write("users.txt", users.join("\n"));
    let args = ["token", "mint", "--from", "users.txt", "--jobs", "1"];
    let running = home.call(args).start();
    until("one hangs", || site.count(route::WIDGET) == 7);
    running.signal(Signal::INT);
    let ran = running.wait().expect(130);
    assert_eq!(ran.out.lines().count(), 5, "{ran:?}");
    assert!(
        ran.err
            .ends_with("stopped: 5 minted, 1 failed, 14 not finished\n"),
        "{ran:?}"
    );
    assert_eq!(site.count(route::WIDGET), 7, "nothing is sent after it");
}

#[test]
fn every_command_that_waits_ends_by_its_signal_in_one_document() {
    for (signal, exit) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        for (line, kind) in [
            ("check", "check"),
            ("template create --yes", "template.create"),
            ("token mint", "token.mint"),
        ] {
            let site = Site::new(&["any=hang"]);
            let home = site.home();
            let running = home.call(line.split(' ').chain(["-o", "json"])).start();
            until("a request hangs", || site.requests() > 0);
            running.signal(signal);
            let document = running.wait().expect(exit).json();
            assert_eq!(
                (&document["kind"], &document["exit"]),
                (&kind.into(), &exit.into()),
                "{line}"
            );
            assert_eq!(document["error"]["code"], "cancelled", "{line}");
            assert_eq!(document["ok"], false);
        }
    }
}
