//! The rule of each setting.
//!
//! Depends on `base_url`, `field`, `origin`, `template`, `text`, `user`.

use url::Url;
use uuid::Uuid;

use super::{Draft, Finding};
use crate::domain::base_url::{Api, BaseUrl};
use crate::domain::field::Key;
use crate::domain::origin::{Origin, is_link_local, is_loopback};
use crate::domain::template::{Format, REGIONS, Schedule};
use crate::domain::text::is_steering;
use crate::domain::user::ExternalUser;

/// Judges one value beside the others.
pub(super) fn judge(draft: &Draft, key: Key) -> Finding {
    let text = draft.text(key);
    if text.is_empty() {
        return if key.field().default.is_some() {
            Finding::Good
        } else {
            Finding::Missing
        };
    }
    match key {
        Key::OrganizationId => organization(&text),
        Key::ClientId | Key::ClientSecret => credential(&text),
        Key::ExternalUserId => match ExternalUser::parse(&text) {
            Ok(user) => user.caution().map_or(Finding::Good, Finding::Warning),
            Err(why) => Finding::Invalid(why),
        },
        Key::AccessKeyId => access_key(&text),
        Key::SecretAccessKey => blank_free(&text),
        Key::Bucket => bucket(&text),
        Key::Prefix => prefix(&text),
        Key::Region => region(&text),
        Key::AllowedOrigin => allowed_origin(&text),
        Key::Port => match text.parse::<u16>() {
            Ok(port) if port > 0 => Finding::Good,
            _ => Finding::Invalid("is not a port number from 1 to 65535".to_owned()),
        },
        Key::BaseUrl => base_url(draft, &text),
        Key::Api => match Api::named(&text) {
            Some(_) => Finding::Good,
            None => Finding::Invalid("is neither v1 nor agents".to_owned()),
        },
        Key::Endpoint => endpoint(draft, &text),
        Key::TemplateName => {
            if text.chars().any(is_steering) {
                Finding::Invalid("holds a control or invisible character".to_owned())
            } else {
                Finding::Good
            }
        }
        Key::TemplateFormat => {
            if Format::named(&text).is_some() {
                Finding::Good
            } else {
                Finding::Invalid(format!(
                    "is none of {}",
                    Format::ALL.map(Format::name).join(", ")
                ))
            }
        }
        Key::TemplateSchedule => match Schedule::parse(&text) {
            Ok(Schedule::Manual) if api(draft) == Api::Agents => Finding::Unsupported(
                "is manual, which the agents API cannot express; name a cron".to_owned(),
            ),
            Ok(_) => Finding::Good,
            Err(why) => Finding::Invalid(why),
        },
        Key::AirbyteRegion if region_id(&text).is_none() => {
            Finding::Invalid("is neither us, nor eu, nor a region's UUID".to_owned())
        }
        Key::SourceTags | Key::ConnectionTags if tags(&text).is_empty() => {
            Finding::Invalid("names no tag; separate tags by commas".to_owned())
        }
        Key::AirbyteRegion | Key::SourceTags | Key::ConnectionTags => match api(draft) {
            Api::Agents => Finding::Good,
            Api::V1 => Finding::Warning("is not used: the v1 API cannot take it".to_owned()),
        },
    }
}

/// Returns the repaired text where a repair is plain.
pub(super) fn repair(draft: &Draft, key: Key) -> Option<String> {
    type Repair = fn(&str) -> Option<String>;
    let repairs: [(Key, Repair); 4] = [
        (Key::Bucket, bare_bucket),
        (Key::Prefix, |text| Some(normal_prefix(text))),
        (Key::Region, nearest_region),
        (Key::AllowedOrigin, |text| Origin::parse(text).err()?.meant),
    ];
    let text = draft.text(key);
    let (_, repair) = repairs.iter().find(|(k, _)| *k == key)?;
    repair(&text).filter(|repaired| !repaired.is_empty() && *repaired != text)
}

/// Cuts what is often pasted around a bucket's name.
fn bare_bucket(text: &str) -> Option<String> {
    let name = text
        .trim_start_matches("s3://")
        .split('/')
        .next()?
        .to_lowercase();
    (bucket(&name) == Finding::Good).then_some(name)
}

fn api(draft: &Draft) -> Api {
    Api::named(&draft.text(Key::Api)).unwrap_or(Api::V1)
}

/// Returns the id of a region of Airbyte's, by the short name of the two that are published or by
/// its UUID.
pub(super) fn region_id(text: &str) -> Option<String> {
    match text {
        "us" => Some("645a183f-b12b-4c6e-8ad3-99e165603450".to_owned()),
        "eu" => Some("b9e48d61-f082-4a14-a8d0-799a907938cb".to_owned()),
        _ => Uuid::try_parse(text).ok().map(|id| id.to_string()),
    }
}

/// Splits a list of tags.
pub(super) fn tags(text: &str) -> Vec<String> {
    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

fn organization(text: &str) -> Finding {
    if Uuid::try_parse(text).is_ok() && text.len() == 36 {
        Finding::Good
    } else {
        Finding::Invalid("is not a UUID such as 5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa".to_owned())
    }
}

fn blank_free(text: &str) -> Finding {
    if text.chars().any(|c| c.is_whitespace() || is_steering(c)) {
        Finding::Invalid("holds white space, a line break or a control character".to_owned())
    } else {
        Finding::Good
    }
}

fn credential(text: &str) -> Finding {
    let placeholder = text.starts_with('<') && text.ends_with('>');
    if placeholder {
        return Finding::Invalid("is still the placeholder in angle brackets".to_owned());
    }
    blank_free(text)
}

fn access_key(text: &str) -> Finding {
    let form = blank_free(text);
    if form != Finding::Good {
        return form;
    }
    if text.starts_with("ASIA") {
        return Finding::Warning(
            "is a temporary key, which AWS refuses without its session token; there is no setting for that, and a template has no place for it"
                .to_owned(),
        );
    }
    if text.starts_with("AKIA") && text.chars().count() != 20 {
        return Finding::Warning(format!(
            "has {} characters; AWS issues 20",
            text.chars().count()
        ));
    }
    Finding::Good
}

fn bucket(text: &str) -> Finding {
    let invalid = |why: &str| Finding::Invalid(why.to_owned());
    if text.starts_with("s3://") {
        return invalid("starts with s3://; give the bucket's name alone");
    }
    if text.starts_with("arn:") {
        return invalid("is an ARN; give the bucket's name alone");
    }
    if !(3..=63).contains(&text.chars().count()) {
        return Finding::Invalid(format!(
            "has {} characters; bucket names have 3 to 63",
            text.chars().count()
        ));
    }
    if text.chars().any(|c| c.is_ascii_uppercase()) {
        return invalid("has capital letters; bucket names are lower case");
    }
    if !text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
    {
        return invalid("may hold only letters, digits, dots and hyphens");
    }
    if text.starts_with(['.', '-']) || text.ends_with(['.', '-']) || text.contains("..") {
        return invalid("must begin and end with a letter or digit and hold no two dots in a row");
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return invalid("looks like an IP address, which S3 refuses");
    }
    if text.starts_with("xn--") || text.ends_with("-s3alias") {
        return invalid("has a beginning or ending that S3 keeps for itself");
    }
    if text.contains('.') {
        return Finding::Warning("has dots, which S3's own certificate does not cover".to_owned());
    }
    Finding::Good
}

/// Cuts slashes at the ends, and doubled ones, as the connector does.
pub(super) fn normal_prefix(text: &str) -> String {
    text.split('/')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/")
}

fn prefix(text: &str) -> Finding {
    let normal = normal_prefix(text);
    if normal.is_empty() {
        return Finding::Invalid(
            "is the whole bucket: overwriting syncs would delete everything in it".to_owned(),
        );
    }
    if normal.split('/').any(|part| part == ".." || part == ".") {
        return Finding::Invalid("holds . or .. as a folder".to_owned());
    }
    if normal.chars().any(is_steering) {
        return Finding::Invalid("holds a control or invisible character".to_owned());
    }
    if normal.contains("${") {
        return Finding::Warning(
            "holds a path variable: data cannot be found by prefix alone".to_owned(),
        );
    }
    if normal != text {
        return Finding::Warning(format!("is sent as {normal}"));
    }
    Finding::Good
}

fn nearest_region(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    REGIONS
        .iter()
        .map(|region| (strsim::damerau_levenshtein(region, &text), *region))
        .filter(|(distance, _)| *distance <= 4)
        .min()
        .map(|(_, region)| region.to_owned())
}

fn region(text: &str) -> Finding {
    if REGIONS.contains(&text) {
        return Finding::Good;
    }
    let nearest =
        nearest_region(text).map_or(String::new(), |near| format!("; did you mean {near}"));
    Finding::Invalid(format!(
        "is not a region that the S3 connector accepts{nearest}"
    ))
}

fn allowed_origin(text: &str) -> Finding {
    match Origin::parse(text) {
        Ok(origin) if origin.as_str() != text => Finding::Warning(format!("is sent as {origin}")),
        Ok(_) => Finding::Good,
        Err(wrong) => {
            let meant = wrong
                .meant
                .map_or(String::new(), |m| format!("; did you mean {m}"));
            Finding::Invalid(format!("{}{meant}", wrong.why))
        }
    }
}

fn base_url(draft: &Draft, text: &str) -> Finding {
    match BaseUrl::parse(text, api(draft)) {
        Ok(base) if base.is_loopback() || base.is_vendor() => Finding::Good,
        Ok(base) => Finding::Warning(format!(
            "is not Airbyte's own: the client secret goes to {}",
            base.shown()
        )),
        Err(why) => Finding::Invalid(why),
    }
}

fn endpoint(draft: &Draft, text: &str) -> Finding {
    let invalid = |why: &str| Finding::Invalid(why.to_owned());
    let Ok(url) = Url::parse(text) else {
        return invalid("is not a URL such as https://minio.example:9000");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return invalid("must start with https://");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return invalid("must be a plain address, without user or query");
    }
    if is_link_local(&url) {
        return invalid("is an address for this machine's own services");
    }
    if is_loopback(&url) {
        // Of an API that is nowhere yet nothing follows.
        let base = BaseUrl::parse(&draft.text(Key::BaseUrl), api(draft));
        if base.is_ok_and(|base| !base.is_loopback()) {
            return invalid("is on this machine, where Airbyte cannot write");
        }
        return Finding::Good;
    }
    if url.scheme() == "http" {
        return Finding::Warning(
            "is plain http: data and keys cross the network in clear".to_owned(),
        );
    }
    Finding::Good
}
