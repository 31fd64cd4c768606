//! The grammar, word by word, and its refusals.

use super::*;
use crate::sandbox::jobs::Fate;

fn rule(text: &str) -> Rule {
    text.parse::<Fault>().unwrap().rule
}

fn instead(reply: Instead) -> Action {
    Action::Instead {
        reply,
        commit: false,
    }
}

#[test]
fn a_whole_fault_has_route_action_and_count() {
    let fault: Fault = " widget=status:401*2 ".parse().unwrap();
    assert_eq!(fault.count, Some(2));
    assert_eq!(
        fault.rule,
        Rule::On(Route::Widget, instead(Instead::Status(401, None)))
    );
    assert_eq!(fault.to_string(), "widget=status:401*2");
    let bare: Fault = "hang".parse().unwrap();
    assert_eq!(bare.count, None);
    assert_eq!(bare.rule, Rule::On(Route::Any, instead(Instead::Hang)));
}

#[test]
fn arguments_may_hold_the_signs_of_the_grammar() {
    assert_eq!(
        rule("template=status:400:a=b: 2*x *"),
        Rule::On(
            Route::Template,
            instead(Instead::Status(400, Some("a=b: 2*x *".to_owned())))
        )
    );
    assert_eq!(
        rule("redirect:308:http://127.0.0.1:9/x?a=b*1"),
        Rule::On(
            Route::Any,
            instead(Instead::Redirect(
                308,
                Some("http://127.0.0.1:9/x?a=b".to_owned())
            ))
        )
    );
}

#[test]
fn commit_carries_out_first() {
    assert_eq!(
        rule("template=commit+reset*1"),
        Rule::On(
            Route::Template,
            Action::Instead {
                reply: Instead::Reset,
                commit: true
            }
        )
    );
    assert_eq!(
        rule("template=commit+delay:5"),
        Rule::On(
            Route::Template,
            Action::Delay {
                wait: Duration::from_millis(5),
                after: true
            }
        )
    );
    assert_eq!(
        rule("template=commit+missing:id"),
        Rule::On(
            Route::Template,
            Action::Reshape(Reshape::Whole(Whole::Field(
                "id".to_owned(),
                Change::Missing
            )))
        )
    );
}

/// A listed form with something in the place of each capital word, without and with what is optional.
fn spellings(form: &str) -> Vec<String> {
    let words = [
        ("CODE", "302"),
        ("FIELD", "a.0.b"),
        ("KIB", "900"),
        ("MESSAGE", "no: such=x"),
        ("MIB", "1"),
        ("MS", "10"),
        ("REGION", "eu-west-1"),
        ("SECONDS", "5"),
        ("TEXT", "\u{1b}]52;c;x"),
        ("URL", "https://x.example"),
    ];
    let filled = words
        .iter()
        .fold(form.to_owned(), |text, (word, by)| text.replace(word, by));
    match filled.split_once('[') {
        Some((short, more)) => vec![
            short.to_owned(),
            format!("{short}{}", more.trim_end_matches(']')),
        ],
        None => vec![filled],
    }
}

#[test]
fn every_form_that_is_listed_is_known() {
    for text in [Fault::INSTEAD, Fault::CARRIED_OUT]
        .concat()
        .into_iter()
        .flat_map(spellings)
    {
        for route in Fault::routes() {
            // What the bucket alone can do, no other route takes, and it is never carried out.
            let known = text != "deny" || route.starts_with("s3");
            let fault = format!("{route}={text}").parse::<Fault>();
            assert_eq!(fault.is_ok(), known, "{route}={text}");
            let fault = format!("{route}=commit+{text}*3").parse::<Fault>();
            assert_eq!(fault.is_ok(), text != "deny", "{route}=commit+{text}*3");
        }
    }
    for text in Fault::SWITCHES.iter().copied().flat_map(spellings) {
        let rule = rule(&text);
        assert!(matches!(rule, Rule::World(_)), "{text}");
        assert!(!matches!(rule, Rule::World(Switch::Setback(_))), "{text}");
    }
    for text in Fault::SETBACKS.iter().copied().flat_map(spellings) {
        let rule = rule(&text);
        assert!(matches!(rule, Rule::World(Switch::Setback(_))), "{text}");
    }
}

#[test]
fn arguments_reach_as_far_as_they_may() {
    for text in [
        "status:200",
        "status:599:m",
        "delay:0",
        "redirect:302:/x",
        "value:token:",
        "skew:-3600",
        "widget-expires:0*1",
        "s3.get=deny*2",
        "s3=status:503:SlowDown",
    ] {
        assert!(text.parse::<Fault>().is_ok(), "{text}");
    }
    assert_eq!(
        rule("job=failed:no = such: bucket*2"),
        Rule::World(Switch::Setback(Setback::Job(Fate::Fails(
            "no = such: bucket".to_owned()
        ))))
    );
    assert_eq!("expired-access*1".parse::<Fault>().unwrap().count, Some(1));
}

#[test]
fn what_is_wrong_is_said_with_what_is_possible() {
    for (text, said) in [
        ("", "no action is called ``"),
        ("wodget=hang", "routes are token, widget"),
        ("explode", "actions are status:CODE"),
        ("explode", "switches are moved"),
        ("hang*0", "count `0`"),
        ("hang*99999999999", "count"),
        ("status", "takes a status"),
        ("status:99", "from 200 to 599, not `99`"),
        ("redirect:200", "from 300 to 399"),
        ("html:x", "from 200 to 599"),
        ("delay", "takes milliseconds"),
        ("delay:9999999", "up to 600000"),
        ("slow:-1", "up to 600000"),
        ("huge", "takes MiB"),
        ("huge:5000", "up to 4096"),
        ("rate:soon", "whole number"),
        ("hang:1", "takes nothing"),
        ("bom:1", "takes nothing"),
        ("missing", "name of a field"),
        ("missing:a:b", "nothing more"),
        ("value:token", "a colon and what goes"),
        ("big-field:token", "a colon and what goes"),
        ("any=moved", "takes no route"),
        ("moved:301", "nothing or 404"),
        ("skew", "takes seconds"),
        ("skew:1*2", "takes no count"),
        ("older-widget-path*1", "takes no count"),
        ("older-widget-path:x", "takes nothing"),
        ("expires:x", "whole number of seconds"),
        ("widget-expires", "takes seconds"),
        ("credentials:403", "400 or 500"),
        ("widget-host:", "takes a URL"),
        ("not-admin:1", "takes nothing"),
        ("job=late", "`job` takes queued"),
        ("job=failed:", "`job` takes queued"),
        ("source=two", "takes none"),
        ("destination=", "none, twice or invalid"),
        ("connection=", "none or manual"),
        ("explode", "job=queued, job=pending"),
        ("deny", "a route of the bucket"),
        ("template=deny", "a route of the bucket"),
        ("s3.put=deny:1", "takes nothing"),
        ("s3.put=commit+deny", "never carried out"),
        ("s3.list=bucket-missing", "takes no route"),
        ("bucket-missing*1", "takes no count"),
        ("bucket-region:", "takes a region"),
    ] {
        let why = text.parse::<Fault>().unwrap_err();
        assert!(
            why.contains(said) && why.starts_with("fault `"),
            "{text}: {why}"
        );
    }
}

#[test]
fn a_route_covers_its_requests_under_both_apis() {
    for (method, path, expected) in [
        ("POST", "/v1/applications/token", "token"),
        ("POST", "/api/v1/account/applications/token", "token"),
        ("POST", "/v1/embedded/widget_token", "widget"),
        (
            "POST",
            "/api/v1/account/applications/widget-token",
            "widget",
        ),
        ("POST", "/api/v1/embedded/widget-token", "widget"),
        ("POST", "/v1/config_templates/connections", "template"),
        ("GET", "/v1/config_templates/sources", "templates sources"),
        (
            "POST",
            "/api/v1/integrations/templates/connections",
            "template",
        ),
        (
            "GET",
            "/api/v1/integrations/templates/connections",
            "templates",
        ),
        (
            "DELETE",
            "/api/v1/integrations/templates/connections/{id}",
            "templates",
        ),
        (
            "POST",
            "/api/v1/integrations/templates/connections/cron/describe",
            "templates",
        ),
        (
            "GET",
            "/api/v1/integrations/templates/sources",
            "templates sources",
        ),
        ("GET", "/api/v1/integrations/connectors", "connectors"),
        ("POST", "/api/v1/config_templates/list", "templates"),
        ("POST", "/api/v1/partial_user_configs/create", "connectors"),
        ("GET", "/v1/embedded/organizations", "organizations"),
        ("GET", "/v1/organizations", "organizations"),
        ("GET", "/v1/workspaces/{id}", "workspaces"),
        ("GET", "/api/v1/workspaces", "workspaces"),
        ("GET", "/v1/destinations", "destinations"),
        ("GET", "/v1/connections/{id}", "connections"),
        ("POST", "/v1/jobs", "jobs"),
        ("GET", "/embedded-widget", "page"),
        ("GET", "/api/v1/account/applications/scoped-token/info", ""),
    ] {
        let covering: Vec<&str> = ROUTES
            .iter()
            .filter(|(route, ..)| route.covers(method, path) && *route != Route::Any)
            .inspect(|(route, ..)| assert!(!route.is_bucket()))
            .map(|(_, name, _)| *name)
            .collect();
        assert_eq!(covering.join(" "), expected, "{method} {path}");
        assert!(Route::Any.covers(method, path));
    }
}

#[test]
fn the_bucket_s_routes_are_its_own() {
    for (path, expected) in [
        ("s3:list", "s3 s3.list"),
        ("s3:head", "s3 s3.head"),
        ("s3:get", "s3 s3.get"),
        ("s3:put", "s3 s3.put"),
        ("s3:delete", "s3 s3.delete"),
        ("s3:location", "s3"),
    ] {
        let covering = ROUTES
            .iter()
            .filter(|(route, ..)| route.covers("", path))
            .map(|(_, name, _)| *name);
        assert_eq!(covering.collect::<Vec<_>>().join(" "), expected, "{path}");
    }
}
