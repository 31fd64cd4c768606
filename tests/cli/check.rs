//! `check`: the ladder, and what it must never do.

use serde_json::Value;

use crate::support::{Home, Listener, Ran, Site, route};

/// Each rung as `id status`.
fn rungs(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let rungs = document["data"]["rungs"].as_array().unwrap();
    let word = |rung: &Value, key: &str| rung[key].as_str().unwrap().to_owned();
    rungs
        .iter()
        .map(|rung| format!("{} {}", word(rung, "id"), word(rung, "status")))
        .collect()
}

fn detail(ran: &Ran, id: &str) -> String {
    let document = ran.json();
    let rungs = document["data"]["rungs"].as_array().unwrap();
    let rung = rungs.iter().find(|rung| rung["id"] == id).unwrap();
    rung["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_private_sandbox_passes_every_rung_and_reads_no_settings() {
    let home = Home::with_env("BASE_URL=nonsense\nAIRBYTE_CLIENT_ID=theirs\n");
    let ran = home.run("check --sandbox -o json").expect(0);
    assert_eq!(
        rungs(&ran),
        [
            "config pass",
            "auth pass",
            "organization pass",
            "bucket pass",
            "template pass",
            "mint pass",
            "page pass",
            "data skip"
        ]
    );
    assert_eq!(ran.json()["target"]["sandbox"], true);
    assert_eq!(home.ledger(), "", "its state is its own");
    home.run("--sandbox check").expect(0);
}

#[test]
fn a_workspace_that_was_not_seen_is_not_said_to_be_missing() {
    let many = Listener::with_endless_workspaces();
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &many.url)]);
    for line in [
        "check --only mint -o json",
        "check --only mint --read-only -o json",
    ] {
        let told = detail(&home.run(line).expect(0), "mint");
        assert!(!told.contains("has no workspace"), "{told}");
        assert!(told.contains("not among the first 5,000"), "{told}");
    }
    let ran = home.run("token mint").expect(0);
    assert!(ran.err.contains("may make 1 workspace"), "{ran:?}");
}

#[test]
fn the_ladder_reads_as_one_line_a_rung() {
    let site = Site::new(&[]);
    let ran = site.home().run("check").expect(0);
    insta::assert_snapshot!(ran.block(), @r"
exit 0
--- out
pass  config SPAN  9 of 9 settings, and 3 with a default set
pass  auth SPAN  token lives 15 min, clock in step
pass  organization SPAN  Acme, organization_admin
pass  bucket SPAN  list, put, get, delete under customers/ in us-east-1
warn  template SPAN  destination-s3 is not known here, and this API cannot list templates; `embedctl template create` makes it
skip  mint                   no connection template is known and user-42 has no workspace yet: one made now would never get its destination; create the template first, or insist with --mint
skip  page                   needs mint
skip  data                   not asked for; --data looks for the user's objects
");
}

#[test]
fn in_an_empty_world_no_workspace_is_made_before_the_template() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home.run("check -o json").expect(0);
    assert_eq!(
        rungs(&ran)[4..],
        ["template warn", "mint skip", "page skip", "data skip"]
    );
    assert!(detail(&ran, "mint").contains("would never get its destination"));
    assert_eq!(detail(&ran, "page"), "needs mint");
    assert_eq!((site.seen("workspaces"), site.count(route::WIDGET)), (0, 0));
    // A user whose workspace exists already loses nothing by it.
    site.make_workspace("user-42");
    let ran = home.run("check -o json").expect(0);
    assert_eq!(
        rungs(&ran)[4..7],
        ["template warn", "mint pass", "page pass"]
    );
    assert_eq!(site.seen("workspaces"), 1);
}

#[test]
fn a_workspace_is_recognised_by_its_exact_name_alone() {
    let site = Site::new(&[]);
    for name in ["User-42", "user-42 ", "user-4", "user-421"] {
        site.make_workspace(name);
    }
    let ran = site.home().run("check -o json").expect(0);
    assert_eq!(rungs(&ran)[5], "mint skip");
    assert_eq!(site.count(route::WIDGET), 0);
}

#[test]
fn a_workspace_is_found_on_a_later_page() {
    let site = Site::new(&[]);
    for number in 0..230 {
        site.make_workspace(&format!("other-{number}"));
    }
    site.make_workspace("user-42");
    let ran = site.home().run("check -o json").expect(0);
    assert_eq!(rungs(&ran)[5], "mint pass");
    assert_eq!(site.count(route::WORKSPACES), 3);
}

#[test]
fn of_a_workspace_that_was_seen_it_is_not_said_that_it_may_have_been_made() {
    let site = Site::new(&[]);
    site.make_workspace("user-42");
    let home = site.home();
    let ran = home.run("check -o json").expect(0);
    let told = detail(&ran, "mint");
    assert!(told.starts_with("token for user-42 lives"), "{told}");
    assert!(!told.contains("may have been made"), "{told}");
    let told = detail(
        &home.run("check --user other --mint -o json").expect(0),
        "mint",
    );
    assert!(told.contains("may have been made"), "{told}");
}

#[test]
fn mint_insists_and_read_only_outranks_it() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home.run("check --mint --read-only -o json").expect(0);
    assert_eq!(rungs(&ran)[5], "mint skip");
    assert_eq!(site.seen("workspaces"), 0);
    let ran = home.run("check --mint -o json").expect(0);
    assert_eq!(rungs(&ran)[5], "mint pass");
    assert_eq!(site.seen("workspaces"), 1);
}

#[test]
fn read_only_makes_no_workspace_with_a_template_either() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("template create --yes").expect(0);
    let ran = home.run("check --read-only -o json").expect(0);
    assert_eq!(
        rungs(&ran)[4..7],
        ["template pass", "mint skip", "page skip"]
    );
    assert!(detail(&ran, "mint").contains("not under --read-only"));
    assert_eq!((site.seen("workspaces"), site.count(route::WIDGET)), (0, 0));
    let ran = home.run("check -o json").expect(0);
    assert_eq!(
        rungs(&ran)[4..7],
        ["template pass", "mint pass", "page pass"]
    );
    assert_eq!((site.seen("workspaces"), site.seen("destinations")), (1, 1));
    let ran = home.run("check --read-only -o json").expect(0);
    assert_eq!(rungs(&ran)[5], "mint pass", "its workspace exists now");
}

#[test]
fn an_unknown_outcome_is_no_known_template() {
    let site = Site::new(&["template=commit+reset"]);
    let home = site.home();
    home.run("template create --yes").expect(7);
    let ran = home.run("check -o json").expect(0);
    assert_eq!(rungs(&ran)[4..6], ["template warn", "mint skip"]);
    assert_eq!(site.seen("workspaces"), 0);
}

#[test]
fn another_user_can_be_named() {
    let site = Site::new(&[]);
    let home = site.home();
    home.run("check --mint --user other-7").expect(0);
    assert_eq!(site.state()["workspaces"][0]["name"], "other-7");
    home.call(["check", "--user", "a\x1bb"]).run().expect(2);
    home.call(["check", "--user", "  "]).run().expect(2);
    assert_eq!(site.seen("workspaces"), 1);
}

#[test]
fn rungs_can_be_left_out_or_singled_out() {
    let site = Site::new(&[]);
    let home = site.home();
    let ran = home
        .run("check --skip organization --skip template --skip mint -o json")
        .expect(0);
    assert_eq!(
        rungs(&ran)[..6],
        [
            "config pass",
            "auth pass",
            "organization skip",
            "bucket pass",
            "template skip",
            "mint skip"
        ]
    );
    assert_eq!(detail(&ran, "organization"), "skipped as asked");
    assert_eq!(site.count(route::ORGANIZATIONS), 0);
    let ran = home.run("check --only auth -o json").expect(0);
    assert_eq!(
        rungs(&ran)[..3],
        ["config pass", "auth pass", "organization skip"]
    );
    assert_eq!(detail(&ran, "organization"), "not asked for");
    let ran = home.run("check --only config -o json").expect(0);
    assert_eq!(rungs(&ran)[1], "auth skip");
    assert_eq!(site.count(route::TOKEN), 2);
}

#[test]
fn what_needs_a_failed_rung_is_skipped_and_not_failed() {
    let site = Site::new(&[]);
    let ran = site
        .home_with(&[("AIRBYTE_CLIENT_SECRET", "wrong")])
        .run("check -o json")
        .expect(4);
    assert_eq!(
        rungs(&ran),
        [
            "config pass",
            "auth fail",
            "organization skip",
            "bucket pass",
            "template skip",
            "mint skip",
            "page skip",
            "data skip"
        ]
    );
    assert_eq!(detail(&ran, "mint"), "needs auth");
    let ran = site
        .home_with(&[("AIRBYTE_CLIENT_SECRET", "wrong")])
        .run("check");
    insta::assert_snapshot!(ran.block(), @r"
exit 4
--- out
pass  config SPAN  9 of 9 settings, and 3 with a default set
fail  auth SPAN  Airbyte refused the client ID or secret
      because: http://127.0.0.1:PORT answered 401 (error id UUID, for Airbyte's support)
      hint: copy AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET again from Settings > Applications in Airbyte
skip  organization           needs auth
pass  bucket SPAN  list, put, get, delete under customers/ in us-east-1
skip  template               needs auth
skip  mint                   needs auth
skip  page                   needs auth
skip  data                   not asked for; --data looks for the user's objects
");
}

#[test]
fn a_customer_who_was_not_minted_for_does_not_come() {
    let home = Home::new();
    for line in ["--read-only", "--skip mint", "--only data"] {
        let ran = home
            .run(&format!("check --sandbox --data {line} -o json"))
            .expect(0);
        assert_eq!(rungs(&ran)[7], "data skip", "{line}");
        assert_eq!(detail(&ran, "data"), "needs mint", "{line}");
    }
    let ran = home.run("check --sandbox --data -o json").expect(0);
    assert_eq!(rungs(&ran)[7], "data pass");
}

#[test]
fn an_organization_of_others_is_named_as_such() {
    let site = Site::new(&[]);
    let other = "00000000-0000-4000-8000-000000000000";
    let ran = site
        .home_with(&[("AIRBYTE_ORGANIZATION_ID", other)])
        .run("check -o json")
        .expect(4);
    assert_eq!(ran.json()["error"]["code"], "auth.wrong_organization");
    assert!(
        ran.json()["error"]["because"]
            .as_str()
            .unwrap()
            .contains("Acme")
    );
    assert_eq!(
        rungs(&ran)[2..6],
        [
            "organization fail",
            "bucket pass",
            "template warn",
            "mint skip"
        ]
    );
}

#[test]
fn an_organization_in_capitals_is_the_same() {
    let site = Site::new(&[]);
    let capitals = site.setting("AIRBYTE_ORGANIZATION_ID").to_uppercase();
    site.home_with(&[("AIRBYTE_ORGANIZATION_ID", &capitals)])
        .run("check --mint")
        .expect(0);
}

#[test]
fn a_clock_out_of_step_is_a_warning_and_its_tokens_are_usable() {
    for (skew, word) in [("skew:3600", "behind"), ("skew:-3600", "ahead of")] {
        let site = Site::new(&[skew]);
        let home = site.home();
        let ran = home.run("check --mint --skip bucket -o json").expect(0);
        assert_eq!(
            rungs(&ran)[1..6],
            [
                "auth warn",
                "organization pass",
                "bucket skip",
                "template warn",
                "mint pass"
            ]
        );
        assert!(detail(&ran, "auth").contains(word), "{ran:?}");
        assert_eq!(
            site.count(route::TOKEN),
            1,
            "fresh by the service's own clock"
        );
        let ran = home.run("token mint -o json").expect(0).json();
        let ttl = ran["data"]["tokens"][0]["ttl_s"].as_u64().unwrap();
        assert!((1190..=1200).contains(&ttl), "{ttl}");
    }
}

#[test]
fn a_token_without_an_end_is_told_so() {
    let ran = Site::new(&["no-expiry"])
        .home()
        .run("check --only auth -o json")
        .expect(0);
    assert!(detail(&ran, "auth").contains("does not say how long it lives; 15 min taken"));
}

#[test]
fn a_widget_page_elsewhere_is_looked_at_there_and_only_over_https() {
    let site = Site::new(&["widget-host:http://widget.example"]);
    let ran = site.home().run("check --mint -o json").expect(6);
    assert_eq!(rungs(&ran)[5..7], ["mint pass", "page fail"]);
    assert_eq!(ran.json()["error"]["code"], "page.unusable");
    let site = Site::new(&["page=html:200"]);
    let ran = site.home().run("check --mint -o json").expect(0);
    assert_eq!(rungs(&ran)[6], "page warn", "an unknown page may be right");
}

#[test]
fn a_token_that_cannot_be_opened_fails_the_rung_and_not_the_mint() {
    for value in ["bm90IGpzb24=", "%%%", "e30="] {
        let site = Site::new(&[&format!("widget=value:token:{value}")]);
        let home = site.home();
        let ran = home.run("check --mint -o json").expect(1);
        let error = &ran.json()["error"];
        assert_eq!(error["code"], "token.malformed", "{value}");
        assert!(
            error["because"].is_string() && error["hint"].is_string(),
            "{error}"
        );
        assert_eq!(home.run("token mint").expect(0).out.trim(), value);
    }
}

#[test]
fn a_bucket_that_answers_with_a_bomb_of_entities_is_refused() {
    let level = |n: u32| format!("<!ENTITY a{} \"{}\">", n + 1, format!("&a{n};").repeat(10));
    let levels: String = (0..20).map(level).collect();
    let entities = format!("<!ENTITY a0 \"boom\">{levels}");
    let bomb = format!(
        "<!DOCTYPE r [{entities}]><ListBucketResult><Name>&a20;</Name><Prefix>&a20;</Prefix></ListBucketResult>"
    );
    for status in ["200 OK", "403 Forbidden"] {
        let bomb = bomb.clone();
        let store = Listener::start(move |_| Listener::text(status, "application/xml", &bomb));
        let site = Site::new(&[]);
        let home = site.home_with(&[("S3_ENDPOINT", &store.url)]);
        let ran = home.run("check --only bucket -o json").expect(9);
        assert!(!ran.out.contains("boom"), "{ran:?}");
    }
}
