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

#[test]
#[expect(clippy::too_many_lines, reason = "one list of all words")]
fn every_word_is_known() {
    for text in [
        "status:200",
        "status:599:m",
        "delay:0",
        "hang",
        "reset",
        "cut",
        "slow:10",
        "rate",
        "rate:3",
        "html:502",
        "redirect:301",
        "redirect:302:/x",
        "redirect-loop",
        "esc",
        "echo",
        "bad-json",
        "cut-json",
        "empty",
        "huge:1",
        "array",
        "string",
        "bom",
        "not-utf8",
        "wrong-type",
        "dup-keys",
        "missing:a.0.b",
        "null:a",
        "blank:a",
        "type:a",
        "value:token:\u{1b}]52;c;x",
        "value:token:",
        "big-field:token:900",
    ] {
        for route in [
            "",
            "any=",
            "token=",
            "organizations=",
            "workspaces=",
            "page=",
            "destinations=",
        ] {
            assert!(
                matches!(rule(&format!("{route}{text}")), Rule::On(..)),
                "{route}{text}"
            );
            assert!(
                matches!(rule(&format!("{route}commit+{text}*3")), Rule::On(..)),
                "{text}"
            );
        }
    }
    for text in [
        "moved",
        "moved:404",
        "not-entitled",
        "not-admin",
        "skew:-3600",
        "no-expiry",
        "expired-access",
        "expires:5",
        "widget-expires:0*1",
        "widget-host:https://x.example",
        "credentials:400",
        "credentials:500",
        "older-widget-path",
        "bucket-region:eu-west-1",
        "bucket-missing",
    ] {
        assert!(matches!(rule(text), Rule::World(_)), "{text}");
    }
    for text in [
        "source=none",
        "destination=none",
        "destination=twice",
        "destination=invalid",
        "connection=none",
        "connection=manual",
        "job=queued",
        "job=pending",
        "job=running",
        "job=incomplete",
        "job=empty",
        "job=failed",
    ] {
        assert!(
            matches!(rule(text), Rule::World(Switch::Setback(_))),
            "{text}"
        );
    }
    assert_eq!(
        rule("job=failed:no = such: bucket*2"),
        Rule::World(Switch::Setback(Setback::Job(Fate::Fails(
            "no = such: bucket".to_owned()
        ))))
    );
    for route in ["s3", "s3.list", "s3.get", "s3.head", "s3.put", "s3.delete"] {
        for text in ["deny", "deny*2", "status:503:SlowDown", "hang"] {
            let fault = format!("{route}={text}");
            assert!(matches!(rule(&fault), Rule::On(..)), "{fault}");
        }
    }
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
        ("explode", "job=queued|pending"),
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
