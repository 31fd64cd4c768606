//! `embedctl serve` as a command: what it prints, what it refuses, how it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::json;

use crate::ask::{Demo, END, TOKEN};
use crate::support::{Home, Site, route, until};

#[test]
fn it_prints_its_url_and_tells_of_each_visit() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    assert!(demo.url.starts_with("http://localhost:"), "{}", demo.url);
    demo.get("/").send().expect(200);
    demo.get(TOKEN).send().expect(200);
    demo.get(TOKEN)
        .origin("https://evil.example")
        .send()
        .expect(403);
    demo.get("/demo.js").send().expect(200);
    demo.get("/a%0d%0aforged\x1b").send();
    demo.get("/a%0d%0aforged").send().expect(404);
    let (url, port) = (demo.url.clone(), demo.port.to_string());
    let ran = demo.end();
    assert_eq!(ran.out, format!("{url}\n"), "one line");
    let told = ran.block().replace(&port, "PORT");
    let told = without_ids(&told);
    insta::assert_snapshot!(told, @r#"
exit 143
--- out
http://localhost:PORT
--- err
warning: no connection template is known here, and a workspace made for user-42 without one never gets its destination; `embedctl template create` makes it
the demo app for user-42, with embedctl's own script; Ctrl-C ends it
tokens open on http://localhost:PORT
TIME  page  no Origin  ok
TIME  token for user-42  no Origin  ok
TIME  token for user-42  https://evil.example  refused: the page that asks is not on a listed origin: its origin is "https://evil.example" (request ID)
TIME  /a%0d%0aforged  no Origin  refused: there is no such path (request ID)
"#);
}

/// Takes the request ids out.
fn without_ids(text: &str) -> String {
    text.split("(request ")
        .enumerate()
        .map(|(i, part)| match part.split_once(')') {
            Some((_, rest)) if i > 0 => format!("ID){rest}"),
            _ => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("(request ")
}

#[test]
fn json_is_one_document() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("ALLOWED_ORIGIN", "")]);
    let running = home
        .call("serve --bind 127.0.0.1:0 -o json".split(' '))
        .start();
    let first = running.line();
    let document: serde_json::Value = serde_json::from_str(&first).unwrap();
    let url = document["url"].as_str().unwrap();
    assert_eq!(document, json!({ "url": url }));
    running.signal(Signal::INT);
    let ran = running.wait().expect(130);
    assert_eq!(ran.out, first);
}

#[test]
fn quiet_is_the_url_alone() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "-q");
    demo.get(TOKEN).send().expect(200);
    demo.get(TOKEN).origin("null").send().expect(403);
    let url = demo.url.clone();
    let ran = demo.end();
    assert_eq!((ran.out, ran.err), (format!("{url}\n"), String::new()));
}

#[test]
fn a_private_sandbox_needs_nothing_and_leaves_nothing() {
    let home = Home::with_env("AIRBYTE_CLIENT_SECRET=not-used\nBASE_URL=https://api.airbyte.com\n");
    let demo = Demo::at_home(home, "--sandbox");
    let (user, origin) = demo.get(TOKEN).send().opened();
    assert_eq!((user.as_str(), &origin), ("user-42", &demo.url));
    let page = demo.get("/").send();
    assert!(page.body.contains("/embedded-widget.js"), "its own script");
    demo.signal(Signal::TERM);
    let (ran, home) = demo.wait();
    let ran = ran.expect(143);
    assert!(!ran.err.contains("warning"), "{ran:?}");
    assert_eq!(home.ledger(), "");
}

#[test]
fn the_port_is_that_of_the_settings() {
    let site = Site::new(&[]);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let home = site.home_with(&[("ALLOWED_ORIGIN", ""), ("PORT", &free.to_string())]);
    let running = home.call(["serve"]).start();
    assert_eq!(running.line(), format!("http://localhost:{free}\n"));
}

#[test]
fn a_port_that_is_taken_is_told_and_not_changed() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let site = Site::new(&[]);
    let home = site.home_with(&[("PORT", &port)]);
    let ran = home.run("serve").expect(8);
    assert_eq!(ran.out, "");
    assert!(
        ran.err.contains(&port) && ran.err.contains("PORT"),
        "{ran:?}"
    );
    let ran = home.run("serve -o json").expect(8).json();
    assert_eq!(
        (&ran["kind"], &ran["error"]["code"]),
        (&json!("serve"), &json!("machine.port"))
    );
}

#[test]
fn a_port_that_is_taken_on_the_other_loopback_address_is_taken() {
    // Browsers take localhost for either; who sits on the other one would be shown in our place.
    let Ok(taken) = TcpListener::bind("[::1]:0") else {
        return;
    };
    let port = taken.local_addr().unwrap().port();
    let site = Site::new(&[]);
    let ran = site
        .home()
        .run(&format!("serve --bind 127.0.0.1:{port}"))
        .expect(8);
    assert!(ran.err.contains("[::1]"), "{ran:?}");
}

#[test]
fn more_than_this_machine_is_a_decision() {
    let site = Site::new(&[]);
    let home = site.home();
    for line in [
        "serve --bind 0.0.0.0:0",
        "serve --bind [::]:0",
        "serve --bind 192.0.2.1:0",
        "serve --public --user-param --bind 127.0.0.1:0",
        "serve --sandbox --base-url http://127.0.0.1:1",
        "serve --widget other",
        "serve --widget-host *.example.com",
    ] {
        let ran = home.run(&format!("{line} -o json")).expect(2);
        assert_eq!(ran.out, "", "{line}");
        assert!(ran.err.starts_with("error: "), "{line}: {ran:?}");
    }
    let demo = Demo::at_home(site.home(), "--public");
    let told = demo.end().err;
    assert!(
        told.contains("warning: whoever reaches 127.0.0.1:"),
        "{told}"
    );
}

#[test]
fn all_settings_that_are_wrong_are_named_at_once() {
    let home = Home::with_env("AIRBYTE_ORGANIZATION_ID=x\nPORT=0\nALLOWED_ORIGIN=*\n");
    let ran = home.run("serve").expect(3);
    for name in [
        "AIRBYTE_ORGANIZATION_ID",
        "AIRBYTE_CLIENT_ID",
        "AIRBYTE_CLIENT_SECRET",
        "EXTERNAL_USER_ID",
        "PORT",
        "ALLOWED_ORIGIN",
    ] {
        assert!(ran.err.contains(name), "{name}: {ran:?}");
    }
    assert!(
        !ran.err.contains("S3_BUCKET_NAME"),
        "the bucket is not its business"
    );
    let ran = home.run("serve --user someone").expect(3);
    assert!(!ran.err.contains("EXTERNAL_USER_ID"), "{ran:?}");
}

#[test]
fn a_workspace_without_a_template_is_warned_of() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("template create --yes").expect(0);
    let told = Demo::at_home(home, "").end().err;
    assert!(!told.contains("warning"), "{told}");
    let told = Demo::at_home(site.home(), "").end().err;
    assert!(
        told.contains("warning: no connection template is known here"),
        "{told}"
    );
}

#[test]
fn it_ends_in_time_while_a_request_hangs_and_frees_its_port() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let site = Site::new(&["widget=hang"]);
        let demo = Demo::before(&site, "");
        let mut hanging = demo.connect();
        write!(
            hanging,
            "GET {TOKEN} HTTP/1.1\r\nhost: localhost:{}\r\n\r\n",
            demo.port
        )
        .unwrap();
        let mut slow = demo.connect();
        slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        until("the token is being minted", || {
            site.count(route::WIDGET) == 1
        });
        let port = demo.port;
        let asked = Instant::now();
        demo.signal(signal);
        let (ran, _) = demo.wait();
        let took = asked.elapsed();
        assert!(took < END, "{signal:?} took {took:?}");
        assert!([129, 130, 143].contains(&ran.code()), "{ran:?}");
        TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
}

#[test]
fn the_page_that_is_served_elsewhere_works_as_the_guide_has_it() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("ALLOWED_ORIGIN", "http://localhost:3000")]);
    let demo = Demo::at_home(home, "");
    let answer = demo
        .get(TOKEN)
        .origin("http://localhost:3000")
        .header("sec-fetch-site", "same-site")
        .send();
    assert_eq!(answer.opened().1, "http://localhost:3000");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    let told = demo.end().err;
    assert!(told.contains("and http://localhost:3000"), "{told}");
    assert!(
        told.contains("token for user-42  http://localhost:3000  ok"),
        "{told}"
    );
}

#[test]
fn a_browser_that_is_not_there_is_no_reason_to_stop() {
    let site = Site::new(&[]);
    let home = site.home();
    let told = home.write("told", "");
    let mut running = home
        .call("serve --bind 127.0.0.1:0 --open".split(' '))
        .env("PATH", "/nonexistent")
        .into_command()
        .stderr(std::fs::File::create(&told).unwrap())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(running.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let url = first.trim();
    let said = |text: &str| std::fs::read_to_string(&told).unwrap().contains(text);
    until("it is told", || said(&format!("open {url} yourself")));
    assert!(said("the browser could not be opened"));
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn the_browser_gets_the_url_and_no_setting_of_ours() {
    let site = Site::new(&[]);
    let home = site.home();
    let opener = home.write(
        "bin-xdg-open",
        "#!/bin/sh\necho \"$1\" > opened.url\n/usr/bin/env > opened.env\nmv opened.env opened\n",
    );
    let bin = home.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::rename(opener, bin.join("xdg-open")).unwrap();
    home.chmod("bin/xdg-open", 0o700);
    let running = home
        .call("serve --bind 127.0.0.1:0 --open".split(' '))
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env(
            "AIRBYTE_CLIENT_SECRET",
            site.setting("AIRBYTE_CLIENT_SECRET"),
        )
        .env("DISPLAY", ":7")
        .start();
    let url = running.line();
    until("the opener has run", || home.path("opened").exists());
    assert_eq!(
        std::fs::read_to_string(home.path("opened.url")).unwrap(),
        url
    );
    let environment = std::fs::read_to_string(home.path("opened")).unwrap();
    assert!(environment.contains("DISPLAY=:7"), "{environment}");
    assert!(!environment.contains("AIRBYTE"), "{environment}");
}
