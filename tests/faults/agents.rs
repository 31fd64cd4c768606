//! What differs on the API that can list: a creation whose answer was lost is looked for.

use super::support::{Home, Site};

const CREATE: &str = "template create --yes --timeout 2 -o json";

fn home(site: &Site) -> Home {
    site.home_with(&[("AIRBYTE_API", "agents")])
}

#[test]
fn a_template_whose_answer_was_lost_is_found_again_and_adopted() {
    for fault in ["reset", "status:502", "status:500", "missing:id", "hang"] {
        let site = Site::new(&[]);
        site.fault(&format!("template=commit+{fault}*1"));
        let home = home(&site);
        let ran = home.run(CREATE).expect(0);
        assert_eq!(ran.json()["data"]["outcome"], "created", "{fault}");
        assert_eq!(site.seen("templates"), 1, "{fault}");
        assert_eq!(
            home.run(CREATE).expect(0).json()["data"]["outcome"],
            "exists"
        );
        assert_eq!(site.seen("templates"), 1, "{fault}");
    }
}

#[test]
fn one_that_the_list_does_not_show_is_unknown_and_may_be_sent_again() {
    let site = Site::new(&["template=reset*1"]);
    let home = home(&site);
    let ran = home.run(CREATE).expect(7);
    assert_eq!(ran.json()["error"]["code"], "template.unknown");
    assert_eq!(site.seen("templates"), 0);
    home.run(CREATE).expect(0);
    assert_eq!(site.seen("templates"), 1);
}

#[test]
fn a_list_that_cannot_be_read_when_it_is_needed_leaves_the_outcome_unknown() {
    for unreadable in ["status:403", "status:404", "html:200", "array"] {
        let site = Site::new(&[
            "template=commit+reset*1",
            "templates=delay:0*2",
            &format!("templates={unreadable}*1"),
        ]);
        let home = home(&site);
        let error = home.run(CREATE).expect(7).json()["error"].clone();
        let says = |part: &str, words: &str| error[part].as_str().unwrap().contains(words);
        assert!(
            says("because", "the list of templates cannot be read"),
            "{error}"
        );
        assert!(says("hint", "looks first"), "{error}");
        assert_eq!(
            home.run(CREATE).expect(0).json()["data"]["outcome"],
            "exists"
        );
        assert_eq!(site.seen("templates"), 1, "{unreadable}");
    }
}

#[test]
fn what_is_refused_is_no_unknown_outcome() {
    let cases = [
        ("not-entitled", 4, "auth.forbidden"),
        ("not-admin", 4, "auth.forbidden"),
        ("template=status:400:no", 6, "service.rejected"),
        ("template=status:404", 6, "service.not_found"),
        ("template=status:409:there", 6, "template.conflict"),
        ("template=status:422:no", 6, "service.rejected"),
    ];
    for (fault, exit, code) in cases {
        let site = Site::new(&[fault]);
        let ran = home(&site).run(CREATE).expect(exit);
        assert_eq!(ran.json()["error"]["code"], code, "{fault}");
        assert_eq!(site.seen("templates"), 0, "{fault}");
    }
}

#[test]
fn an_organization_that_has_moved_is_served_here() {
    let site = Site::new(&["moved"]);
    let v1 = site.home().run(CREATE).expect(6);
    assert_eq!(v1.json()["error"]["code"], "service.moved");
    let hint = v1.json()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("--api agents"), "{hint}");
    let agents = site.home().run(&format!("{CREATE} --api agents")).expect(0);
    assert_eq!(agents.json()["data"]["outcome"], "created");
}

#[test]
fn another_prefix_is_a_conflict_told_field_by_field() {
    let site = Site::new(&[]);
    let home = home(&site);
    home.run(CREATE).expect(0);
    let ran = home
        .call(["template", "create", "--yes", "-o", "json"])
        .env("S3_PATH_PREFIX", "other")
        .run()
        .expect(6);
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "template.conflict");
    assert_eq!(
        error["because"],
        "prefix is \"customers\" there and \"other\" here"
    );
    assert_eq!(site.seen("templates"), 1);
}

#[test]
fn a_template_is_deleted_when_its_name_is_typed() {
    let site = Site::new(&[]);
    let home = home(&site);
    home.run(CREATE).expect(0);
    home.run("template delete destination-s3 --yes").expect(2);
    home.run("template delete destination-s3 --confirm other")
        .expect(2);
    assert_eq!(site.seen("templates"), 1);
    let delete = "template delete destination-s3 --confirm destination-s3 -o json";
    let document = home.run(delete).expect(0).json();
    assert_eq!(document["kind"], "template.delete");
    assert_eq!(document["data"]["name"], "destination-s3");
    assert_eq!(site.seen("templates"), 0);
    home.run(delete).expect(6);
    let v1 = site.home().run(delete).expect(3);
    assert_eq!(v1.json()["error"]["code"], "config.unsupported");
}

#[test]
fn the_older_widget_path_is_tried_once() {
    let site = Site::new(&["older-widget-path"]);
    home(&site).run("token mint user-42").expect(0);
    assert_eq!(
        site.count("POST /api/v1/account/applications/widget-token"),
        1
    );
    assert_eq!(site.count("POST /api/v1/embedded/widget-token"), 1);
}

#[test]
fn a_private_sandbox_passes_every_rung_with_data_too() {
    for api in ["v1", "agents"] {
        let ran = Home::new()
            .run(&format!("check --sandbox --data --api {api} -o json"))
            .expect(0);
        let document = ran.json();
        let rungs = document["data"]["rungs"].as_array().unwrap();
        assert_eq!(rungs.len(), 8);
        assert!(
            rungs.iter().all(|rung| rung["status"] == "pass"),
            "{document}"
        );
        let data = rungs[7]["detail"].as_str().unwrap();
        assert!(data.starts_with("2,100 rows in 3 streams"), "{data}");
    }
}
