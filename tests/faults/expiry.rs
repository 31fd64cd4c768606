//! E: tokens that end, clocks that differ.

use super::*;

#[test]
fn an_access_token_that_is_over_when_it_comes_is_fetched_once_more_and_not_used() {
    hold(&[
        fails(
            &["expired-access"],
            MINT,
            (4, "auth.expired", "expired by its own clock"),
            &[(Token, 2), (Widget, 0)],
        ),
        well(&["expired-access*1"], MINT, &[(Token, 2), (Widget, 1)]),
    ]);
}

/// S3 refuses a clock that is off, as it must: the bucket is another test's.
const OFF: &str = "check --mint --skip bucket";

#[test]
fn a_clock_that_is_off_does_not_end_tokens() {
    hold(&[
        well(&["skew:3600"], OFF, &[(Token, 1), (Widget, 1)]),
        well(&["skew:-3600"], OFF, &[(Token, 1), (Widget, 1)]),
        well(&["no-expiry"], CHECK, &[(Token, 1), (Widget, 1)]),
    ]);
}

#[test]
fn a_secret_that_is_refused_in_the_middle_is_not_tried_for_each_user() {
    hold(&[fails(
        &[
            "token=delay:0*1",
            "token=status:401",
            "widget=delay:0*3",
            "widget=status:401",
        ],
        "token mint a b c d e f g h i j k l --jobs 1",
        (4, "auth.refused", "AIRBYTE_CLIENT_SECRET"),
        &[(Token, 2), (Widget, 4)],
    )]);
}
