//! The setup lane: checks, plans, creations; one at a time, and the newest holds.

use crate::*;

#[tokio::test]
async fn a_check_tells_each_rung_as_it_ends() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(Job::Check(desk.draft.clone())).await;
    let Ok(Outcome::Checked(steps)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    let seen: Vec<_> = steps
        .iter()
        .map(|step| (step.rung.name(), step.status))
        .collect();
    assert_eq!(
        seen,
        [
            ("auth", Status::Pass),
            ("organization", Status::Pass),
            ("bucket", Status::Pass)
        ]
    );
    let ended: Vec<_> = desk
        .told
        .iter()
        .filter_map(|event| match event {
            Event::RungEnded(of, step) if *of == ticket => Some(step.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ended, steps);
    assert!(
        desk.told
            .iter()
            .any(|event| matches!(event, Event::AccessToken(..)))
    );
}

#[tokio::test]
async fn what_told_of_a_template_may_be_lost_and_the_operator_says_that_it_is_there() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let ledger = desk.folder.path().join("state/ledger.jsonl");
    std::fs::create_dir_all(ledger.parent().unwrap()).unwrap();
    std::fs::write(&ledger, "nonsense\n").unwrap();
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let ticket = desk.start(Job::Plan(access.clone(), spec.clone())).await;
    let Ok(Outcome::Planned(plan)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(plan.would, Would::Ask(Doubt::Unreadable));
    let ticket = desk.start(Job::Adopt(access, spec)).await;
    let Ok(Outcome::Planned(plan)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert!(matches!(plan.would, Would::Nothing(_)), "{plan:?}");
}

#[tokio::test]
async fn the_newest_of_the_setup_lane_supersedes() {
    let site = Site::new(&["token=hang*1"]);
    let mut desk = Desk::of(&site);
    let old = desk.start(Job::Check(desk.draft.clone())).await;
    until("the first hangs", || site.count(route::TOKEN) == 1).await;
    let new = desk.start(Job::Check(desk.draft.clone())).await;
    assert!(cancelled(&desk.done(old).await));
    assert!(desk.done(new).await.is_ok());
    assert_eq!(desk.close().await, HashMap::from([(old, 1), (new, 1)]));
}

#[tokio::test]
async fn a_cancelled_job_is_done_once() {
    let site = Site::new(&["any=hang"]);
    let mut desk = Desk::of(&site);
    let check = desk.start(Job::Check(desk.draft.clone())).await;
    let mint = desk.start(desk.mint("a")).await;
    until("one hangs", || site.requests() > 0).await;
    for ticket in [check, mint] {
        desk.cancel(ticket).await;
        desk.cancel(ticket).await;
        assert!(cancelled(&desk.done(ticket).await));
    }
    desk.cancel(Ticket(99)).await;
    assert_eq!(desk.close().await, HashMap::from([(check, 1), (mint, 1)]));
}

#[tokio::test]
async fn a_closed_channel_ends_the_task_whatever_hangs() {
    let site = Site::new(&["any=hang"]);
    let mut desk = Desk::of(&site);
    desk.start(Job::Check(desk.draft.clone())).await;
    desk.start(desk.mint("a")).await;
    until("they hang", || site.requests() > 0).await;
    desk.close().await;
}

#[tokio::test]
async fn a_template_is_planned_created_and_found_again() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(desk.create()).await;
    let Ok(Outcome::Created(Creation::Created { id }, place)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(site.state()["templates"][0]["id"], id.as_str());
    assert!(place.ends_with("ledger.jsonl"));
    let again = desk.start(desk.create()).await;
    assert!(
        matches!(desk.done(again).await, Ok(Outcome::Created(Creation::Exists { id: Some(found) }, _)) if found == id)
    );
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let plan = desk.start(Job::Plan(access, spec)).await;
    assert!(
        matches!(desk.done(plan).await, Ok(Outcome::Planned(plan)) if matches!(plan.would, Would::Nothing(_)))
    );
    assert_eq!(site.count(route::TEMPLATE), 1);
}

#[tokio::test]
async fn a_lost_creation_is_adopted_or_sent_again_on_request() {
    for adopt in [true, false] {
        let site = Site::new(&["template=commit+reset*1"]);
        let mut desk = Desk::of(&site);
        for _ in 0..2 {
            let ticket = desk.start(desk.create()).await;
            assert_eq!(
                desk.done(ticket).await.unwrap_err().code,
                Code::TemplateUnknown
            );
        }
        assert_eq!(site.count(route::TEMPLATE), 1);
        let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
        let job = if adopt {
            Job::Adopt(access, spec)
        } else {
            Job::Create(access, spec, Consent::SendAnyway, Proof::First)
        };
        let ticket = desk.start(job).await;
        let outcome = desk.done(ticket).await.unwrap();
        match outcome {
            Outcome::Planned(plan) => assert!(adopt && matches!(plan.would, Would::Nothing(_))),
            other => {
                assert!(!adopt && matches!(other, Outcome::Created(Creation::Created { .. }, _)));
            }
        }
        assert_eq!(site.seen("templates"), if adopt { 1 } else { 2 });
        let ticket = desk.start(desk.create()).await;
        assert!(matches!(
            desk.done(ticket).await,
            Ok(Outcome::Created(Creation::Exists { .. }, _))
        ));
    }
}

#[tokio::test]
async fn a_bucket_that_refuses_is_an_outcome_and_can_be_passed_over() {
    let site = Site::new(&["s3.put=deny"]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(desk.create()).await;
    match desk.done(ticket).await.unwrap() {
        Outcome::Unproved(Consent::OnlyIfAbsent, failure) => {
            assert_eq!(failure.code, Code::BucketDenied);
            assert!(failure.message.ends_with("nothing was sent"), "{failure:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.seen("templates"), 0);
    assert!(!desk.folder.path().join("state/ledger.jsonl").exists());
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let job = Job::Create(access, spec, Consent::OnlyIfAbsent, Proof::LeftOut);
    let ticket = desk.start(job).await;
    assert!(matches!(
        desk.done(ticket).await,
        Ok(Outcome::Created(Creation::Created { .. }, _))
    ));
}

#[tokio::test]
async fn a_probe_that_was_given_up_takes_itself_away() {
    let site = Site::new(&["s3.get=delay:300"]);
    let mut desk = Desk::of(&site);
    let ticket = desk.start(desk.create()).await;
    until("the probe is put", || site.count("S3 PUT") == 1).await;
    desk.cancel(ticket).await;
    assert!(cancelled(&desk.done(ticket).await));
    until("it is deleted", || site.count("S3 DELETE") == 2).await;
    until("nothing is left", || site.sandbox.objects("").is_empty()).await;
    assert_eq!(site.seen("templates"), 0);
}

#[tokio::test]
async fn a_long_look_delays_nothing_else() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    site.fault("s3.list=hang");
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let user = desk.settings.user.clone();
    let look = desk.start(Job::Verify(access, spec, user, None)).await;
    until("it lists", || site.count("S3 LIST") == 1).await;
    let mint = desk.start(desk.mint("user-43")).await;
    assert!(matches!(desk.done(mint).await, Ok(Outcome::Minted(_))));
    desk.cancel(look).await;
    assert!(cancelled(&desk.done(look).await));
}

#[tokio::test]
async fn a_superseded_creation_leaves_its_intent() {
    let site = Site::new(&["template=commit+delay:600000"]);
    let mut desk = Desk::of(&site);
    let create = desk.start(desk.create()).await;
    until("it is made", || site.seen("templates") == 1).await;
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let plan = desk.start(Job::Plan(access, spec)).await;
    assert!(cancelled(&desk.done(create).await));
    assert!(
        matches!(desk.done(plan).await, Ok(Outcome::Planned(plan)) if matches!(plan.would, Would::Ask(_)))
    );
}

#[tokio::test]
async fn a_task_that_panicked_is_replaced_by_one_with_the_same_resources() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (app, opened) = desk.serve(desk.stand(Door::Free)).await;
    let ticket = desk.start(desk.create()).await;
    desk.done(ticket).await.unwrap();
    site.fault("widget=hang*1");
    let lost = desk.start(desk.mint("user-42")).await;
    until("the mint is asked for", || site.count(route::WIDGET) == 1).await;
    desk.panic().await;
    until("the port is free", || !is_reachable(opened.port)).await;
    // What the first one had done is known, and what it held is free.
    let (access, spec) = (desk.settings.access.clone(), desk.settings.template.clone());
    let ticket = desk.start(Job::Plan(access, spec)).await;
    let Ok(Outcome::Planned(plan)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert!(matches!(plan.would, Would::Nothing(_)), "{:?}", plan.would);
    let ticket = desk.start(desk.mint("user-42")).await;
    desk.done(ticket).await.unwrap();
    let (_, again) = desk.serve(desk.stand(Door::Only(opened.port))).await;
    assert_eq!(again, opened);
    assert_eq!(site.count("POST /v1/applications/token"), 1, "still held");
    let times = desk.close().await;
    assert!(!times.contains_key(&lost) && !times.contains_key(&app));
}
