//! G: the creation of the template, whose request is never sent twice.

use super::*;

#[test]
fn an_outcome_that_is_not_known_is_exit_seven() {
    let unknown = (7, "template.unknown", "look in Airbyte");
    hold(&[
        fails(
            &["template=commit+reset"],
            CREATE,
            unknown,
            &[(Template, 1)],
        ),
        fails(&["template=reset"], CREATE, unknown, &[(Template, 1)]),
        fails(
            &["template=commit+hang"],
            "template create --yes --timeout 1",
            unknown,
            &[(Template, 1)],
        ),
        fails(
            &["template=commit+status:408"],
            CREATE,
            unknown,
            &[(Template, 1)],
        ),
        fails(
            &["template=commit+status:500"],
            CREATE,
            unknown,
            &[(Template, 1)],
        ),
        fails(
            &["template=commit+status:502"],
            CREATE,
            unknown,
            &[(Template, 1)],
        ),
        fails(
            &["template=commit+status:504"],
            CREATE,
            unknown,
            &[(Template, 1)],
        ),
        fails(&["template=missing:id"], CREATE, unknown, &[(Template, 1)]),
        fails(&["template=cut"], CREATE, unknown, &[(Template, 1)]),
    ]);
}

#[test]
fn a_refusal_is_no_unknown_outcome() {
    hold(&[
        fails(
            &["template=status:400:Access Denied"],
            CREATE,
            (6, "service.rejected", "Access Denied"),
            &[(Template, 1)],
        ),
        fails(
            &["template=status:409:taken"],
            CREATE,
            (6, "template.conflict", "taken"),
            &[(Template, 1)],
        ),
        fails(
            &["template=status:429"],
            CREATE,
            (6, "service.rate_limited", "try again"),
            &[(Template, 1)],
        ),
        fails(
            &["template=status:404"],
            CREATE,
            (6, "service.moved", "newer API"),
            &[(Template, 1)],
        ),
        fails(
            &["moved"],
            CREATE,
            (6, "service.moved", "newer API"),
            &[(Template, 1)],
        ),
        well(
            &["template=status:401*1"],
            CREATE,
            &[(Template, 2), (Token, 2)],
        ),
    ]);
}
