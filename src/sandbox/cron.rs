//! Whether the template endpoint takes a cron expression: Quartz, six or seven fields, UTC.
//!
//! The endpoint's own quirk is kept: the minutes are judged only when a year is given, so a
//! six-field expression may run more often than the platform will later allow.

use std::ops::RangeInclusive;

use croner::parser::{CronParser, Seconds, Year};

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The expression as it is stored: without a trailing `UTC`.
///
/// # Errors
/// A sentence for the `message` of the answer.
pub(super) fn accept(expression: &str) -> Result<String, String> {
    let bare = expression.trim();
    let bare = bare.strip_suffix("UTC").unwrap_or(bare).trim();
    let fields: Vec<&str> = bare.split_whitespace().collect();
    let (seconds, minutes, hours, day, month, weekday, year) = match *fields.as_slice() {
        [second, minute, hour, day, month, weekday] => {
            (second, minute, hour, day, month, weekday, None)
        }
        [second, minute, hour, day, month, weekday, year] => {
            (second, minute, hour, day, month, weekday, Some(year))
        }
        _ => {
            return Err(format!(
                "Cron expression contains {} parts but we expect one of [6, 7]: {expression}",
                fields.len()
            ));
        }
    };
    if !plain(seconds) || (year.is_some() && !plain(minutes)) {
        return Err(format!(
            "Cron executions must be more than 1 hour apart: {expression}"
        ));
    }
    let sound = takes(seconds, &(0..=59), &[])
        && takes(minutes, &(0..=59), &[])
        && takes(hours, &(0..=23), &[])
        && (day == "?" || takes_day(day, &(1..=31), &[]))
        && takes(month, &(1..=12), MONTHS)
        && (weekday == "?" || takes_day(weekday, &(1..=7), DAYS))
        && year.is_none_or(|year| takes(year, &(1970..=2099), &[]));
    if !sound {
        return Err(format!("Invalid cron expression: {expression}"));
    }
    if (day == "?") == (weekday == "?") {
        return Err(format!(
            "Invalid cron expression: exactly one of day-of-month and day-of-week must be '?': {expression}"
        ));
    }
    Ok(bare.to_owned())
}

/// Whether a connection may have this schedule, which the template endpoint has accepted: here the
/// minutes are judged whether a year is given or not.
///
/// # Errors
/// A sentence for the `message` of the answer.
pub(super) fn hourly(expression: &str) -> Result<(), String> {
    let minutes = expression.split_whitespace().nth(1).unwrap_or_default();
    if plain(minutes) {
        return Ok(());
    }
    Err(format!(
        "Cron executions must be more than 1 hour apart: {expression}"
    ))
}

/// An accepted expression in words; itself, where there are none for it.
pub(super) fn in_words(expression: &str) -> String {
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Optional)
        .alternative_weekdays(true)
        .build()
        .parse(expression)
        .map_or_else(|_| expression.to_owned(), |cron| cron.describe())
}

fn plain(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lists, ranges and steps over numbers and names.
fn takes(field: &str, range: &RangeInclusive<u32>, names: &[&str]) -> bool {
    field.split(',').all(|part| {
        let (span, step) = part.split_once('/').unwrap_or((part, "1"));
        let (from, to) = span.split_once('-').unwrap_or((span, span));
        plain(step) && (span == "*" || (one(from, range, names) && one(to, range, names)))
    })
}

/// As [`takes`], with the last day (`L`), the nearest weekday (`W`) and the nth weekday (`#`).
fn takes_day(field: &str, range: &RangeInclusive<u32>, names: &[&str]) -> bool {
    if let Some((day, nth)) = field.split_once('#') {
        return one(day, range, names) && one(nth, &(1..=5), &[]);
    }
    let bare = field.trim_end_matches(['L', 'W']);
    if bare != field {
        return bare.is_empty() || one(bare, range, names);
    }
    takes(field, range, names)
}

fn one(text: &str, range: &RangeInclusive<u32>, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(text))
        || (plain(text) && text.parse().is_ok_and(|number| range.contains(&number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartz_expressions_are_taken_and_lose_their_zone() {
        for good in [
            "0 0 * * * ?",
            "0 0 12 * * ? UTC",
            "0 30 2 ? * MON-FRI",
            "0 0 3 L * ?",
            "0 0 3 15W * ?",
            "0 0 3 ? * 6#3",
            "0 15 2/4 1,15 jan-mar ? 2030",
            "0 * * * * ?",
        ] {
            assert!(accept(good).is_ok(), "{good}");
        }
        assert_eq!(accept(" 0 0 12 * * ? UTC ").as_deref(), Ok("0 0 12 * * ?"));
    }

    #[test]
    fn expressions_are_said_in_words() {
        for (expression, words) in [
            ("0 0 * * * ?", "hour"),
            ("0 30 2 ? * MON-FRI", "02:30"),
            ("0 0 3 ? * 6#3", "Friday"),
            ("0 0 3 L * ?", "last"),
        ] {
            let said = in_words(expression);
            assert!(said.contains(words), "{expression}: {said}");
        }
    }

    #[test]
    fn other_expressions_are_refused() {
        for bad in [
            "",
            "0 0 * * *",
            "0 * * * * ? 2030",
            "*/5 0 * * * ?",
            "0 60 * * * ?",
            "0 0 24 * * ?",
            "0 15 2 * * *",
            "0 0 2 ? * ?",
            "0 0 2 32 * ?",
            "0 0 2 ? * FUN",
            "0 0 2 ? 13 MON",
            "0 0 2 ? * MON 1800",
            "0 0 */x * * ?",
            "string",
        ] {
            assert!(accept(bad).is_err(), "{bad}");
        }
    }
}
