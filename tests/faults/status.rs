//! C: statuses.

use std::time::{Duration, Instant};

use super::*;
use crate::support::Listener;

#[test]
fn refused_credentials_are_tried_once() {
    let refused = (4, "auth.refused", "AIRBYTE_CLIENT_SECRET");
    hold(&[
        fails(&["token=status:401"], CHECK, refused, &[(Token, 1)]),
        fails(&["token=status:400:no"], CHECK, refused, &[(Token, 1)]),
        fails(
            &["token=status:403"],
            MINT,
            refused,
            &[(Token, 1), (Widget, 0)],
        ),
        fails(
            &["token=status:401"],
            CREATE,
            refused,
            &[(Token, 1), (Template, 0)],
        ),
    ]);
}

#[test]
fn wrong_credentials_are_refused_however_the_edition_says_it() {
    for (faults, exit, code) in [
        (&[][..], 4, "auth.refused"),
        (&["credentials:400"], 4, "auth.refused"),
        (&["credentials:500"], 6, "service.error"),
    ] {
        for (name, value) in [
            ("AIRBYTE_CLIENT_SECRET", "wrong-secret"),
            ("AIRBYTE_CLIENT_ID", "wrong-id"),
        ] {
            let site = Site::new(faults);
            let ran = site
                .home_with(&[(name, value)])
                .run("check -o json")
                .expect(exit);
            let error = &ran.json()["error"];
            assert_eq!(error["code"], code);
            assert!(
                error["hint"]
                    .as_str()
                    .unwrap()
                    .contains("AIRBYTE_CLIENT_SECRET")
            );
            assert!(!ran.out.contains("wrong-secret"));
            assert_eq!(site.count(route::TOKEN), 1);
        }
    }
}

#[test]
fn a_refused_bearer_is_renewed_once_and_no_more() {
    let expired = (4, "auth.expired", "clock");
    hold(&[
        well(&["widget=status:401*1"], MINT, &[(Widget, 2), (Token, 2)]),
        fails(
            &["widget=status:401"],
            MINT,
            expired,
            &[(Widget, 2), (Token, 2)],
        ),
        well(
            &["organizations=status:401*1"],
            CHECK,
            &[(Organizations, 2), (Token, 2)],
        ),
        fails(
            &["organizations=status:401"],
            CHECK,
            expired,
            &[(Organizations, 2), (Token, 2)],
        ),
    ]);
}

#[test]
fn a_missing_permission_is_named_and_nothing_is_renewed() {
    let forbidden = (4, "auth.forbidden", "AIRBYTE_ORGANIZATION_ID");
    hold(&[
        fails(
            &["widget=status:403"],
            MINT,
            forbidden,
            &[(Widget, 1), (Token, 1)],
        ),
        fails(&["not-admin"], MINT, forbidden, &[(Widget, 1), (Token, 1)]),
        fails(&["not-admin"], CREATE, forbidden, &[(Template, 1)]),
        fails(
            &["not-entitled"],
            MINT,
            (4, "auth.not_entitled", "entitled to Airbyte Embedded"),
            &[(Widget, 1)],
        ),
        fails(
            &["not-entitled"],
            CREATE,
            (4, "auth.not_entitled", "account representative"),
            &[(Template, 1)],
        ),
        fails(
            &["not-entitled"],
            CHECK,
            (4, "auth.wrong_organization", "AIRBYTE_ORGANIZATION_ID"),
            &[(Widget, 0)],
        ),
    ]);
}

#[test]
fn a_refusal_is_told_in_the_services_own_words() {
    hold(&[
        fails(
            &["widget=status:400:the plan is over"],
            MINT,
            (6, "service.rejected", "the plan is over"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=status:422:the origin is odd"],
            MINT,
            (6, "service.rejected", "the origin is odd"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=status:404"],
            MINT,
            (6, "service.not_found", "BASE_URL"),
            &[(Widget, 1)],
        ),
        fails(
            &["token=status:404"],
            CHECK,
            (6, "service.not_found", "BASE_URL"),
            &[(Token, 1)],
        ),
        fails(
            &["organizations=status:418"],
            CHECK,
            (6, "service.rejected", "418"),
            &[(Organizations, 1)],
        ),
    ]);
}

#[test]
fn a_service_that_is_not_available_is_tried_three_times() {
    let away = (6, "service.unavailable", "try again later");
    hold(&[
        fails(&["token=status:502"], CHECK, away, &[(Token, 3)]),
        fails(&["token=status:503"], CHECK, away, &[(Token, 3)]),
        fails(&["token=status:504"], CHECK, away, &[(Token, 3)]),
        fails(&["token=status:408"], CHECK, away, &[(Token, 3)]),
        well(&["token=status:503*2"], CHECK, &[(Token, 3)]),
        well(
            &["organizations=status:502*2"],
            CHECK,
            &[(Organizations, 3)],
        ),
    ]);
}

#[test]
fn a_failure_inside_is_not_tried_again() {
    hold(&[
        fails(
            &["token=status:500"],
            CHECK,
            (6, "service.error", "AIRBYTE_CLIENT_SECRET"),
            &[(Token, 1)],
        ),
        fails(
            &["widget=status:500"],
            MINT,
            (6, "service.error", "two workspaces of this name"),
            &[(Widget, 1)],
        ),
        fails(
            &["widget=status:501"],
            MINT,
            (6, "service.error", "501"),
            &[(Widget, 1)],
        ),
    ]);
}

#[test]
fn too_many_requests_are_slowed_down() {
    hold(&[
        well(&["widget=rate*2"], MINT, &[(Widget, 3)]),
        fails(
            &["token=rate"],
            CHECK,
            (6, "service.rate_limited", "--jobs"),
            &[(Token, 3)],
        ),
        fails(
            &["token=rate:61"],
            CHECK,
            (6, "service.rate_limited", "try again in 61 s"),
            &[(Token, 1)],
        ),
        fails(
            &["widget=rate:86400"],
            MINT,
            (6, "service.rate_limited", "try again in 86400 s"),
            &[(Widget, 1)],
        ),
    ]);
}

#[test]
fn a_wait_that_is_asked_for_is_waited() {
    let began = Instant::now();
    let site = Site::new(&["widget=rate:1*2"]);
    site.home().run(MINT).expect(0);
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(site.count(route::WIDGET), 3);
}

#[test]
fn a_page_of_a_proxy_is_told_by_its_title_alone() {
    let page = "an HTML page titled \"502 Bad Gateway\"";
    hold(&[
        fails(
            &["token=html:502"],
            CHECK,
            (6, "service.unavailable", page),
            &[(Token, 3)],
        ),
        fails(
            &["token=html:200"],
            CHECK,
            (6, "service.unreadable", "an HTML page titled"),
            &[(Token, 1)],
        ),
        fails(
            &["organizations=html:200"],
            CHECK,
            (6, "service.unreadable", "BASE_URL"),
            &[],
        ),
    ]);
    let ran = Site::new(&["token=html:502"]).home().run("check -o json");
    assert!(
        !ran.out.contains("script") && !ran.out.contains("<h1>"),
        "{ran:?}"
    );
}

#[test]
fn a_redirect_is_told_and_never_followed() {
    for code in [301, 302, 303, 307, 308] {
        for (name, command) in [
            ("token", "check"),
            ("widget", MINT),
            ("template", CREATE),
            ("page", CHECK),
        ] {
            let other = Listener::start(|_| Listener::json("200 OK", "{}"));
            let site = Site::new(&[&format!("{name}=redirect:{code}:{}/stolen?x=1", other.url)]);
            let ran = site.home().run(&format!("{command} -o json")).expect(6);
            let error = &ran.json()["error"];
            let expected = match name {
                "template" => "service.moved",
                "page" => "page.unusable",
                _ => "service.redirect",
            };
            assert_eq!(error["code"], expected, "{code} {name}: {ran:?}");
            assert!(
                error["because"].as_str().unwrap().contains(&other.url),
                "{ran:?}"
            );
            assert_eq!(other.heard().len(), 0, "{code} {name}");
        }
    }
    hold(&[
        fails(
            &["token=redirect-loop"],
            CHECK,
            (6, "service.redirect", "never followed"),
            &[(Token, 1)],
        ),
        fails(
            &["token=redirect:302"],
            CHECK,
            (6, "service.redirect", "without saying where to"),
            &[(Token, 1)],
        ),
    ]);
}

#[test]
fn a_widget_page_that_is_refused_is_not_the_base_urls_fault() {
    for (fault, says) in [
        ("page=status:404", "the token names this address"),
        ("page=redirect:302", "the token names this address"),
        ("page=status:500", "the token names this address"),
        ("page=status:503", "try again later"),
        ("page=rate:120", "try again in 120 s"),
        ("page=huge:2", "the token names this address"),
    ] {
        let site = Site::new(&[fault]);
        let ran = site.home().run("check --mint -o json").expect(6);
        let error = &ran.json()["error"];
        assert_eq!(error["code"], "page.unusable", "{fault}: {error}");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains(says), "{fault}: {hint}");
        assert!(!error.to_string().contains("BASE_URL"), "{fault}: {error}");
    }
    let site = Site::new(&["widget-host:http://127.0.0.1:9"]);
    let error = site.home().run("check --mint -o json").expect(5).json()["error"].clone();
    assert_eq!(error["code"], "network.connect", "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.ends_with("the address in the token is right"),
        "{hint}"
    );
}

#[test]
fn a_moved_endpoint_is_named_with_the_setting_that_follows_it() {
    for (fault, status) in [
        ("moved", 301),
        ("moved:404", 404),
        ("template=status:410", 410),
    ] {
        let site = Site::new(&[fault]);
        let error = site
            .home()
            .run("template create --yes -o json")
            .expect(6)
            .json()["error"]
            .clone();
        assert_eq!(
            (&error["code"], &error["status"]),
            (&"service.moved".into(), &status.into())
        );
        assert_eq!(error["retryable"], false);
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("AIRBYTE_API=agents"), "{hint}");
        assert_eq!(site.count(route::TEMPLATE), 1);
    }
}
