//! Mints: one a user, four at once, and the users known from before.

use crate::*;

#[tokio::test]
async fn a_user_asked_for_twice_is_minted_once_and_both_are_told() {
    let site = Site::new(&["widget=delay:200"]);
    let mut desk = Desk::of(&site);
    let first = desk.start(desk.mint("a")).await;
    let second = desk.start(desk.mint("a")).await;
    let (Ok(Outcome::Minted(one)), Ok(Outcome::Minted(two))) =
        (desk.done(first).await, desk.done(second).await)
    else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(one.token, two.token);
    assert_eq!(site.count(route::WIDGET), 1);
    // Cancelling one of two keeps the other's.
    let first = desk.start(desk.mint("b")).await;
    let second = desk.start(desk.mint("b")).await;
    desk.cancel(first).await;
    assert!(cancelled(&desk.done(first).await));
    assert!(desk.done(second).await.is_ok());
    assert_eq!(site.count(route::WIDGET), 2);
    assert!(desk.close().await.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_mint_asked_for_right_after_it_was_cancelled_is_minted() {
    let site = Site::new(&["widget=hang*1"]);
    let mut desk = Desk::of(&site);
    let first = desk.start(desk.mint("a")).await;
    until("it hangs", || site.count(route::WIDGET) == 1).await;
    desk.cancel(first).await;
    let second = desk.start(desk.mint("a")).await;
    assert!(cancelled(&desk.done(first).await));
    assert!(desk.done(second).await.is_ok());
    assert_eq!(desk.close().await, HashMap::from([(first, 1), (second, 1)]));
}

#[tokio::test]
async fn a_request_that_is_given_up_is_told_like_any_other() {
    let site = Site::new(&["widget=hang", "s3.list=hang"]);
    let mut desk = Desk::of(&site);
    let mint = desk.start(desk.mint("a")).await;
    until("the mint hangs", || site.count(route::WIDGET) == 1).await;
    let check = desk.start(Job::Check(desk.draft.clone())).await;
    until("the check hangs", || site.count("S3 LIST") == 1).await;
    desk.cancel(mint).await;
    desk.cancel(check).await;
    let mut given_up = Vec::new();
    while given_up.len() < 2 {
        if let Event::Exchanged(exchange) = desk.event().await
            && exchange.is_given_up()
        {
            assert_eq!(exchange.status, None);
            given_up.push(exchange.to);
        }
    }
    assert!(given_up.contains(&To::Airbyte) && given_up.contains(&To::Bucket));
}

#[tokio::test]
async fn a_bulk_keeps_to_its_four_places() {
    let site = Site::new(&["widget=hang*4"]);
    let mut desk = Desk::of(&site);
    let mut tickets = Vec::new();
    for number in 0..20 {
        tickets.push(desk.start(desk.mint(&format!("user-{number}"))).await);
    }
    until("four hang", || site.count(route::WIDGET) == 4).await;
    // Whatever else the task does meanwhile, no fifth is sent; a place that is given up is taken.
    let look = desk.start(Job::Recall(desk.settings.access.clone())).await;
    desk.done(look).await.unwrap();
    assert_eq!(site.count(route::WIDGET), 4);
    for ticket in &tickets[..4] {
        desk.cancel(*ticket).await;
    }
    for ticket in &tickets[4..] {
        assert!(desk.done(*ticket).await.is_ok());
    }
    assert_eq!(site.count(route::WIDGET), 20);
    assert!(desk.close().await.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_hanging_mint_delays_no_check() {
    let site = Site::new(&["widget=hang"]);
    let mut desk = Desk::of(&site);
    for number in 0..8 {
        desk.start(desk.mint(&format!("user-{number}"))).await;
    }
    let check = desk.start(Job::Check(desk.draft.clone())).await;
    assert!(desk.done(check).await.is_ok());
}

#[tokio::test]
async fn users_are_recalled_and_forgotten() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    for user in ["b", "a", "b"] {
        let ticket = desk.start(desk.mint(user)).await;
        desk.done(ticket).await.unwrap();
    }
    let access = desk.settings.access.clone();
    let names = |outcome| match outcome {
        Ok(Outcome::Recalled(known)) => {
            let known: Vec<client::KnownUser> = known;
            assert!(
                known
                    .iter()
                    .all(|k| k.workspace_id.is_some() && k.minted_at.is_some())
            );
            known
                .iter()
                .map(|k| k.user.as_str().to_owned())
                .collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let ticket = desk.start(Job::Recall(access.clone())).await;
    assert_eq!(names(desk.done(ticket).await), ["b", "a"]);
    let user = ExternalUser::parse("b").unwrap();
    let ticket = desk.start(Job::Forget(access.clone(), user)).await;
    assert_eq!(desk.done(ticket).await, Ok(Outcome::Forgotten));
    let ticket = desk.start(Job::Recall(access)).await;
    assert_eq!(names(desk.done(ticket).await), ["a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_another_program_holds_keeps_nothing_else_waiting() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let first = desk.start(desk.mint("a")).await;
    desk.done(first).await.unwrap();
    let path = desk.folder.path().join("state/ledger.jsonl");
    let held = std::fs::File::open(path).unwrap();
    held.lock().unwrap();
    let access = desk.settings.access.clone();
    let user = ExternalUser::parse("a").unwrap();
    let forget = desk.start(Job::Forget(access.clone(), user)).await;
    let recall = desk.start(Job::Recall(access)).await;
    let mint = desk.start(desk.mint("b")).await;
    let serve = Job::Serve(Box::new(desk.stand(Door::Free)));
    let serve = desk.start(serve).await;
    let check = desk.start(Job::Check(desk.draft.clone())).await;
    let opened = |event: &Event| matches!(event, Event::Opened(of, _) if *of == serve);
    while !desk.told.iter().any(opened) {
        desk.event().await;
    }
    assert!(desk.done(check).await.is_ok());
    let ended = |event: &Event| match event {
        // A mint knows who was forgotten before it.
        Event::Done(done, _) => [forget, recall, mint].contains(done),
        _ => false,
    };
    assert!(!desk.told.iter().any(ended));
    drop(held);
    assert!(desk.done(mint).await.is_ok());
    assert_eq!(desk.done(forget).await, Ok(Outcome::Forgotten));
    let Ok(Outcome::Recalled(known)) = desk.done(recall).await else {
        panic!("{:?}", desk.told);
    };
    assert!(known.iter().all(|known| known.user.as_str() != "a"));
}

#[tokio::test]
async fn what_is_asked_of_the_ledger_is_done_in_that_order() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let first = desk.start(desk.mint("a")).await;
    desk.done(first).await.unwrap();
    let access = desk.settings.access.clone();
    let user = ExternalUser::parse("a").unwrap();
    desk.start(Job::Forget(access.clone(), user)).await;
    let recall = desk.start(Job::Recall(access.clone())).await;
    let again = desk.start(desk.mint("a")).await;
    assert_eq!(desk.done(recall).await, Ok(Outcome::Recalled(Vec::new())));
    let Ok(Outcome::Minted(minted)) = desk.done(again).await else {
        panic!("{:?}", desk.told);
    };
    assert!(minted.first_here, "it was forgotten");
    let recall = desk.start(Job::Recall(access)).await;
    let Ok(Outcome::Recalled(known)) = desk.done(recall).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(known.len(), 1);
}

#[tokio::test]
async fn users_are_read_from_a_file_one_a_line() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let path = desk.folder.path().join("users.txt");
    std::fs::write(&path, "user-1\r\nAcme, Inc.\n\nuser-1\n\u{202e}bad\n").unwrap();
    let ticket = desk.start(Job::Users(path.clone())).await;
    let Ok(Outcome::Users(list)) = desk.done(ticket).await else {
        panic!("no list");
    };
    let names: Vec<&str> = list.users.iter().map(ExternalUser::as_str).collect();
    assert_eq!(names, ["user-1", "Acme, Inc."]);
    assert_eq!(list.refused[0].0, 5);
    std::fs::write(&path, b"caf\xe9\n").unwrap();
    let latin = desk.start(Job::Users(path.clone())).await;
    let failure = desk.done(latin).await.unwrap_err();
    assert_eq!(failure.code, Code::ConfigInvalid);
    let missing = desk.start(Job::Users(path.join("not"))).await;
    let failure = desk.done(missing).await.unwrap_err();
    assert_eq!(failure.code, Code::MachineDisk);
    assert_eq!(desk.close().await[&ticket], 1);
}

#[tokio::test]
async fn another_origin_is_another_token() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let user = ExternalUser::parse("a").unwrap();
    let origin = Origin::parse("https://other.example").unwrap();
    let job = Job::Mint(desk.settings.access.clone(), origin.clone(), user);
    let ticket = desk.start(job).await;
    let Ok(Outcome::Minted(minted)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(
        minted.opened.unwrap().origin.as_deref(),
        Some(origin.as_str())
    );
}
