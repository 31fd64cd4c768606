//! Reading a fault: from one line of text to a rule, or to a sentence that says what is possible.

use std::str::FromStr;
use std::time::Duration;

use super::setback::setback;
use super::{Action, Change, Fault, Instead, ROUTES, Reshape, Route, Rule, Switch, Whole};

/// Longest wait of one delay: ten minutes, longer than any client should stay.
const MAX_WAIT_MS: u64 = 600_000;
/// Largest body.
const MAX_MIB: u64 = 4096;

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let said = |why: String| format!("fault `{text}`: {why}");
        let (rest, count) = split_count(text).map_err(said)?;
        if let Some(setback) = setback(rest).map_err(said)? {
            return Ok(Self {
                text: text.to_owned(),
                rule: Rule::World(Switch::Setback(setback)),
                count,
            });
        }
        let (route, rest) = split_route(rest).map_err(said)?;
        let rule = match (route, switch(rest).map_err(said)?) {
            (None, Some(switch)) => {
                if let (Some(_), Some(why)) = (count, switch.uncountable()) {
                    return Err(said(why.to_owned()));
                }
                Rule::World(switch)
            }
            (Some(_), Some(_)) => {
                return Err(said(format!(
                    "`{rest}` concerns the whole world and takes no route"
                )));
            }
            (route, None) => {
                let (route, action) = (route.unwrap_or(Route::Any), action(rest).map_err(said)?);
                if action == Action::Deny && !route.is_bucket() {
                    let why = "`deny` takes a route of the bucket, as in s3.put=deny";
                    return Err(said(why.to_owned()));
                }
                Rule::On(route, action)
            }
        };
        Ok(Self {
            text: text.to_owned(),
            rule,
            count,
        })
    }
}

/// A `*` and digits at the end; any other `*` belongs to the argument.
fn split_count(text: &str) -> Result<(&str, Option<u32>), String> {
    let Some((rest, digits)) = text.rsplit_once('*') else {
        return Ok((text, None));
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((text, None));
    }
    match digits.parse() {
        Ok(count @ 1..) => Ok((rest, Some(count))),
        Ok(0) | Err(_) => Err(format!(
            "the count `{digits}` must be from 1 to {}",
            u32::MAX
        )),
    }
}

/// A name and `=` before anything else; a later `=` belongs to the argument.
fn split_route(text: &str) -> Result<(Option<Route>, &str), String> {
    match text.split_once('=') {
        Some((name, rest)) if !name.contains(':') => ROUTES
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(route, _, _)| (Some(*route), rest))
            .ok_or_else(|| {
                let known: Vec<&str> = Fault::routes().collect();
                format!(
                    "no route is called `{name}`; routes are {}",
                    known.join(", ")
                )
            }),
        Some(_) | None => Ok((None, text)),
    }
}

fn switch(text: &str) -> Result<Option<Switch>, String> {
    let (name, argument) = split_argument(text);
    let switch = match (name, argument) {
        ("moved", None) => Switch::Moved,
        ("moved", Some("404")) => Switch::Gone,
        ("not-entitled", None) => Switch::NotEntitled,
        ("not-admin", None) => Switch::NotAdmin,
        ("skew", Some(seconds)) => Switch::Skew(whole(name, seconds)?),
        ("no-expiry", None) => Switch::NoExpiry,
        ("expired-access", None) => Switch::ExpiredAccess,
        ("expires", Some(seconds)) => Switch::Expires(whole(name, seconds)?),
        ("widget-expires", Some(seconds)) => Switch::WidgetExpires(whole(name, seconds)?),
        ("widget-host", Some(url)) if !url.is_empty() => Switch::WidgetHost(url.to_owned()),
        ("older-widget-path", None) => Switch::OlderWidgetPath,
        ("credentials", Some("400")) => Switch::BadRequestOnCredentials,
        ("credentials", Some("500")) => Switch::ServerErrorOnCredentials,
        ("bucket-region", Some(region)) if !region.is_empty() => {
            Switch::BucketRegion(region.to_owned())
        }
        ("bucket-missing", None) => Switch::BucketMissing,
        ("bucket-region", _) => return Err("`bucket-region` takes a region".to_owned()),
        ("moved", _) => return Err("`moved` takes nothing or 404".to_owned()),
        ("credentials", _) => return Err("`credentials` takes 400 or 500".to_owned()),
        ("skew" | "expires" | "widget-expires", None) => {
            return Err(format!("`{name}` takes seconds"));
        }
        ("widget-host", _) => return Err("`widget-host` takes a URL".to_owned()),
        (
            "not-entitled" | "not-admin" | "no-expiry" | "expired-access" | "older-widget-path"
            | "bucket-missing",
            Some(_),
        ) => return Err(format!("`{name}` takes nothing")),
        _ => return Ok(None),
    };
    Ok(Some(switch))
}

fn action(text: &str) -> Result<Action, String> {
    let (commit, text) = match text.strip_prefix("commit+") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (name, argument) = split_argument(text);
    if name == "delay" {
        let wait = wait(name, argument)?;
        return Ok(Action::Delay {
            wait,
            after: commit,
        });
    }
    if name == "deny" {
        return match (argument, commit) {
            (None, false) => Ok(Action::Deny),
            (Some(_), _) => Err("`deny` takes nothing".to_owned()),
            (None, true) => Err("`deny` is never carried out".to_owned()),
        };
    }
    if let Some(reply) = instead(name, argument)? {
        return Ok(Action::Instead { reply, commit });
    }
    reshape(name, argument)?.map_or_else(
        || {
            Err(format!(
                "no action is called `{name}`; actions are {}, each also as commit+ACTION, switches are {}",
                [Fault::INSTEAD, Fault::CARRIED_OUT].concat().join(", "),
                [Fault::SWITCHES, Fault::SETBACKS].concat().join(", "),
            ))
        },
        |change| Ok(Action::Reshape(change)),
    )
}

fn instead(name: &str, argument: Option<&str>) -> Result<Option<Instead>, String> {
    let reply = match (name, argument) {
        ("status", Some(argument)) => {
            let (code, message) = split_argument(argument);
            Instead::Status(code_in(name, code, 200, 599)?, message.map(str::to_owned))
        }
        ("redirect", Some(argument)) => {
            let (code, url) = split_argument(argument);
            Instead::Redirect(code_in(name, code, 300, 399)?, url.map(str::to_owned))
        }
        ("html", Some(code)) => Instead::Html(code_in(name, code, 200, 599)?),
        ("rate", Some(seconds)) => Instead::Rate(Some(up_to(name, seconds, u64::MAX)?)),
        ("rate", None) => Instead::Rate(None),
        ("hang", None) => Instead::Hang,
        ("reset", None) => Instead::Reset,
        ("redirect-loop", None) => Instead::RedirectLoop,
        ("esc", None) => Instead::Escapes,
        ("echo", None) => Instead::Echo,
        ("status" | "redirect" | "html", None) => return Err(format!("`{name}` takes a status")),
        ("hang" | "reset" | "redirect-loop" | "esc" | "echo", Some(_)) => {
            return Err(format!("`{name}` takes nothing"));
        }
        _ => return Ok(None),
    };
    Ok(Some(reply))
}

fn reshape(name: &str, argument: Option<&str>) -> Result<Option<Reshape>, String> {
    let plain = match name {
        "bad-json" => Whole::BadJson,
        "cut-json" => Whole::CutJson,
        "empty" => Whole::Empty,
        "array" => Whole::Array,
        "string" => Whole::Text,
        "bom" => Whole::ByteOrderMark,
        "not-utf8" => Whole::NotUtf8,
        "wrong-type" => Whole::WrongType,
        "dup-keys" => Whole::DoubledKeys,
        "cut" if argument.is_none() => return Ok(Some(Reshape::Cut)),
        "cut" => return Err("`cut` takes nothing".to_owned()),
        "slow" => return Ok(Some(Reshape::Slow(wait(name, argument)?))),
        "huge" => {
            let mib = argument.ok_or_else(|| "`huge` takes MiB".to_owned())?;
            return Ok(Some(Reshape::Huge(up_to(name, mib, MAX_MIB)?)));
        }
        _ => return field(name, argument),
    };
    match argument {
        None => Ok(Some(Reshape::Whole(plain))),
        Some(_) => Err(format!("`{name}` takes nothing")),
    }
}

fn field(name: &str, argument: Option<&str>) -> Result<Option<Reshape>, String> {
    if !["missing", "null", "blank", "type", "value", "big-field"].contains(&name) {
        return Ok(None);
    }
    let (path, rest) = split_argument(argument.unwrap_or_default());
    let change = match (name, rest) {
        (_, _) if path.is_empty() => return Err(format!("`{name}` takes the name of a field")),
        ("missing", None) => Change::Missing,
        ("null", None) => Change::Null,
        ("blank", None) => Change::Blank,
        ("type", None) => Change::OtherType,
        ("value", Some(text)) => Change::Value(text.to_owned()),
        ("big-field", Some(kib)) => {
            let bytes = up_to(name, kib, MAX_MIB * 1024)?.saturating_mul(1024);
            Change::Big(usize::try_from(bytes).unwrap_or(usize::MAX))
        }
        ("value" | "big-field", None) => {
            return Err(format!(
                "`{name}` takes a field, a colon and what goes into it"
            ));
        }
        _ => return Err(format!("`{name}` takes a field and nothing more")),
    };
    Ok(Some(Reshape::Whole(Whole::Field(path.to_owned(), change))))
}

fn split_argument(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (text, None),
    }
}

fn wait(name: &str, argument: Option<&str>) -> Result<Duration, String> {
    let text = argument.ok_or_else(|| format!("`{name}` takes milliseconds"))?;
    up_to(name, text, MAX_WAIT_MS).map(Duration::from_millis)
}

fn up_to(name: &str, text: &str, most: u64) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(number) if number <= most => Ok(number),
        Ok(_) | Err(_) => Err(format!(
            "`{name}` takes a whole number up to {most}, not `{text}`"
        )),
    }
}

fn whole(name: &str, text: &str) -> Result<i64, String> {
    match text.parse::<i32>() {
        Ok(number) => Ok(i64::from(number)),
        Err(_) => Err(format!(
            "`{name}` takes a whole number of seconds, not `{text}`"
        )),
    }
}

fn code_in(name: &str, text: &str, least: u16, most: u16) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(code) if (least..=most).contains(&code) => Ok(code),
        Ok(_) | Err(_) => Err(format!(
            "`{name}` takes a status from {least} to {most}, not `{text}`"
        )),
    }
}
