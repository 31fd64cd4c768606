//! Texts without what differs from run to run: ports, ids, times, spans, countdowns, tokens.

/// Replaces what chance decided by what it is.
pub(crate) fn stable(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let fresh = !out
            .chars()
            .next_back()
            .is_some_and(|c| c.is_ascii_alphanumeric());
        let found = fresh.then(|| RULES.iter().find_map(|rule| rule(rest)));
        if let Some((taken, name)) = found.flatten() {
            if name == SPAN {
                out.truncate(out.trim_end_matches(' ').len());
                out.push(' ');
            }
            out.push_str(name);
            rest = &rest[taken..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

type Rule = fn(&str) -> Option<(usize, &'static str)>;

const SPAN: &str = "SPAN";

const RULES: [Rule; 7] = [uuid, time, port, span, countdown, took, token];

/// `0` stands for a digit, `x` for a hexadecimal one, the rest for itself.
fn shaped(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(c, s)| match s {
            b'0' => c.is_ascii_digit(),
            b'x' => c.is_ascii_hexdigit(),
            _ => c == s,
        })
}

fn uuid(text: &str) -> Option<(usize, &'static str)> {
    let shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    shaped(text, shape).then_some((shape.len(), "UUID"))
}

fn time(text: &str) -> Option<(usize, &'static str)> {
    ["0000-00-00T00:00:00Z", "0000-00-00 00:00:00 UTC"]
        .iter()
        .find(|shape| shaped(text, shape))
        .map(|shape| (shape.len(), "TIME"))
}

fn port(text: &str) -> Option<(usize, &'static str)> {
    let digits = digits(text.strip_prefix("127.0.0.1:")?);
    (digits > 0).then_some(("127.0.0.1:".len() + digits, "127.0.0.1:PORT"))
}

fn span(text: &str) -> Option<(usize, &'static str)> {
    let digits = digits(text);
    let unit = [" ms", " s"].iter().find(|unit| {
        let after = text[digits..].strip_prefix(**unit);
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()))
    })?;
    (digits > 0).then_some((digits + unit.len(), SPAN))
}

/// `9:59`: minutes and seconds until something ends.
fn countdown(text: &str) -> Option<(usize, &'static str)> {
    let minutes = digits(text);
    let taken = minutes + ":00".len();
    let alone = |after: &str| !after.starts_with(|c: char| c == ':' || c.is_ascii_alphanumeric());
    (minutes > 0 && shaped(&text[minutes..], ":00") && alone(&text[taken..]))
        .then_some((taken, "COUNTDOWN"))
}

fn took(text: &str) -> Option<(usize, &'static str)> {
    let key = "duration_ms\":";
    let digits = digits(text.strip_prefix(key)?);
    (digits > 0).then_some((key.len() + digits, "duration_ms\":0"))
}

fn token(text: &str) -> Option<(usize, &'static str)> {
    let taken = text
        .bytes()
        .take_while(|c| c.is_ascii_alphanumeric() || b"+/=-_.".contains(c))
        .count();
    (taken > 100).then_some((taken, "TOKEN"))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
