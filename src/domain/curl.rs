//! A request as a `curl` command for a POSIX shell: quoted, and with a variable wherever a secret
//! stood, so that it can go into a ticket.
//!
//! Depends on `exchange`, `field`, `record`, `shell`.

use super::exchange::Exchange;
use super::field::Key;
use super::record::{BEARER, Body, Proof};
use super::shell;

/// Writes the command; what could not be kept of the request is told in a comment before it.
pub fn command(exchange: &Exchange) -> String {
    let record = &exchange.record;
    let mut parts = vec![format!("curl -X {}", exchange.method)];
    match &record.proof {
        Proof::Nothing => {}
        Proof::Bearer => parts.push(format!("-H \"Authorization: Bearer ${BEARER}\"")),
        Proof::Signature(region) => {
            parts.push(format!(
                "--aws-sigv4 {}",
                quoted(&format!("aws:amz:{region}:s3"))
            ));
            parts.push(format!(
                "--user \"${}:${}\"",
                Key::AccessKeyId.variable(),
                Key::SecretAccessKey.variable()
            ));
        }
    }
    if let Some(organization) = &record.organization {
        parts.push(format!(
            "-H {}",
            quoted(&format!("X-Organization-Id: {organization}"))
        ));
    }
    let mut comment = "";
    match &record.sent {
        Body::Nothing => {}
        Body::Text(text, left_out) => {
            parts.push("-H 'Content-Type: application/json'".to_owned());
            parts.push(format!("--data {}", quoted(text)));
            if *left_out > 0 {
                comment = "# the body was longer; its end was not kept\n";
            }
        }
        Body::Withheld(_) => comment = "# the body was not kept\n",
    }
    parts.push(quoted(&record.url));
    format!("{comment}{}", parts.join(" \\\n  "))
}

/// The variables that may stand in a request; nothing else that looks like one is expanded.
fn variables() -> [String; 3] {
    [
        Key::ClientSecret.variable(),
        Key::SecretAccessKey.variable(),
        BEARER,
    ]
    .map(|name| format!("${name}"))
}

/// Quotes a text for a POSIX shell; the variables stand in double quotes, everything else in single.
fn quoted(text: &str) -> String {
    let variables = variables();
    let literal = shell::quoted(text);
    let mut out = String::new();
    let mut rest = literal.as_str();
    while let Some(c) = rest.chars().next() {
        let variable = variables.iter().find(|name| starts_with_word(rest, name));
        let taken = if let Some(name) = variable {
            out.extend(["'\"", name, "\"'"]);
            name.len()
        } else {
            out.push(c);
            c.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

fn starts_with_word(text: &str, name: &str) -> bool {
    let after = text.strip_prefix(name);
    after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::record::Record;

    fn exchange(record: Record) -> Exchange {
        Exchange {
            to: crate::domain::exchange::To::Airbyte,
            at: jiff::Timestamp::UNIX_EPOCH,
            method: "POST",
            path: "/v1/x".to_owned(),
            status: Some(200),
            lost: None,
            took: Duration::ZERO,
            attempt: 1,
            attempts: 1,
            why: None,
            again_in: None,
            record: Box::new(record),
        }
    }

    #[test]
    fn secrets_are_variables_and_everything_else_is_literal() {
        let text = "{\"client_secret\": \"$AIRBYTE_CLIENT_SECRET\", \"user\": \"O'Brien $HOME `x` \\\\ $TOKENS\"}";
        let command = command(&exchange(Record {
            url: "https://api.example/v1/x?a=1&b='2'".to_owned(),
            proof: Proof::Bearer,
            organization: Some("5f0c".to_owned()),
            sent: Body::Text(text.to_owned(), 0),
            received: Body::Nothing,
        }));
        insta::assert_snapshot!(command, @r#"
        curl -X POST \
          -H "Authorization: Bearer $TOKEN" \
          -H 'X-Organization-Id: 5f0c' \
          -H 'Content-Type: application/json' \
          --data '{"client_secret": "'"$AIRBYTE_CLIENT_SECRET"'", "user": "O'\''Brien $HOME `x` \\ $TOKENS"}' \
          'https://api.example/v1/x?a=1&b='\''2'\'''
        "#);
    }

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let text = "it's \"$AIRBYTE_CLIENT_SECRET\" and $HOME `id` \\ \n!$TOKEN";
        let script = format!("printf %s {}", quoted(text));
        let out = std::process::Command::new("sh")
            .args(["-c", &script])
            .env("AIRBYTE_CLIENT_SECRET", "a b\"c")
            .env("TOKEN", "t")
            .output()
            .unwrap();
        let expected = text
            .replace("$AIRBYTE_CLIENT_SECRET", "a b\"c")
            .replace("$TOKEN", "t");
        assert_eq!(String::from_utf8_lossy(&out.stdout), expected);
    }

    #[test]
    fn a_bucket_is_asked_with_a_signature_of_curls_own() {
        let command = command(&exchange(Record {
            url: "https://b.s3.eu-west-1.amazonaws.com/k".to_owned(),
            proof: Proof::Signature("eu-west-1".to_owned()),
            sent: Body::Withheld("an object".to_owned()),
            ..Record::default()
        }));
        insta::assert_snapshot!(command, @r#"
        # the body was not kept
        curl -X POST \
          --aws-sigv4 'aws:amz:eu-west-1:s3' \
          --user "$AWS_S3_ACCESS_KEY_ID:$AWS_S3_SECRET_ACCESS_KEY" \
          'https://b.s3.eu-west-1.amazonaws.com/k'
        "#);
    }
}
