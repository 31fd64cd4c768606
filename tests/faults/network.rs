//! B: the network.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn silence_ends_at_the_time_limit_and_is_not_tried_again() {
    let late = (5, "network.timeout", "--timeout");
    hold(&[
        fails(&["token=hang"], "check --timeout 1", late, &[(Token, 1)]),
        fails(
            &["organizations=hang"],
            "check --timeout 1",
            late,
            &[(Organizations, 1)],
        ),
        fails(
            &["widget=hang"],
            "token mint --timeout 1",
            late,
            &[(Widget, 1)],
        ),
    ]);
}

#[test]
fn a_body_that_drips_counts_against_the_same_limit() {
    let late = (5, "network.timeout", "no complete answer within");
    hold(&[
        fails(
            &["widget=slow:200"],
            "token mint --timeout 1",
            late,
            &[(Widget, 1)],
        ),
        fails(
            &["token=delay:5000"],
            "check --timeout 1",
            late,
            &[(Token, 1)],
        ),
    ]);
}

#[test]
fn a_lost_connection_is_tried_three_times_where_that_is_harmless() {
    let lost = (
        5,
        "network.lost",
        "ended the connection before a complete answer",
    );
    hold(&[
        fails(&["token=reset"], CHECK, lost, &[(Token, 3)]),
        fails(&["token=cut"], CHECK, lost, &[(Token, 3)]),
        fails(&["organizations=reset"], CHECK, lost, &[(Organizations, 3)]),
        fails(&["page=cut"], CHECK, lost, &[]),
        well(&["token=reset*2"], CHECK, &[(Token, 3)]),
        well(&["organizations=cut*2"], CHECK, &[(Organizations, 3)]),
    ]);
}

#[test]
fn a_mint_that_was_lost_waits_a_second_and_gives_no_half_token() {
    let lost = (
        5,
        "network.lost",
        "ended the connection before a complete answer",
    );
    hold(&[fails(&["widget=cut"], MINT, lost, &[(Widget, 3)])]);
    let began = Instant::now();
    hold(&[well(&["widget=commit+reset*1"], MINT, &[(Widget, 2)])]);
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_closed_port_is_told_soon_by_host_and_port() {
    // Bound and given up: nobody listens there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let site = Site::new(&[]);
    for (command, output) in [
        (CHECK, "json"),
        (MINT, "text"),
        (CREATE, "json"),
        ("token mint a b c d e f g h", "json"),
    ] {
        let home = site.home_with(&[("BASE_URL", &format!("http://{gone}"))]);
        let began = Instant::now();
        let ran = home.run(&format!("{command} -o {output}")).expect(5);
        // Far below the time limit of one request, on a machine that is busy too.
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{command}: {:?}",
            began.elapsed()
        );
        let text = format!("{}{}", ran.out, ran.err);
        assert!(
            text.contains(&gone.to_string()) && text.contains("BASE_URL"),
            "{ran:?}"
        );
        if output == "json" {
            assert_eq!(ran.json()["error"]["code"], "network.connect");
            assert_eq!(ran.json()["error"]["retryable"], true);
        }
    }
}
