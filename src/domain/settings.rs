//! Settings: where each value comes from, what is wrong with it, and all of them as typed values.
//!
//! Depends on `base_url`, `failure`, `field`, `origin`, `secret`, `template`, `text`, `user`.

use std::fmt;

use super::base_url::{Api, BaseUrl};
use super::failure::{Code, Failure};
use super::field::{FIELDS, Field, Group, Key};
use super::origin::Origin;
use super::secret::Secret;
use super::template::{Format, Schedule, TemplateSpec};
use super::text::counted;
use super::user::ExternalUser;

mod rules;

/// Where a value comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Typed or pasted into the form, not saved yet.
    Typed,
    /// A private sandbox started for this run.
    Sandbox,
    /// The command line.
    Flag,
    /// The process environment.
    Environment,
    /// The env file.
    File,
    /// Nothing was given.
    Default,
}

impl Source {
    /// Returns the word used in JSON. A private sandbox is asked for by a flag.
    pub const fn name(self) -> &'static str {
        match self {
            Source::Typed | Source::Flag | Source::Sandbox => "flag",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Typed => "not saved",
            Source::Sandbox => "sandbox",
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        })
    }
}

/// The values of one source, as (variable, value).
#[derive(Clone, Debug, Default)]
pub struct Layer {
    values: Vec<(String, Secret)>,
}

impl Layer {
    /// Takes (variable, value) pairs; of equal variables the last wins.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Layer {
        Layer {
            values: values
                .into_iter()
                .map(|(k, v)| (k, Secret::new(v)))
                .collect(),
        }
    }

    fn get(&self, variable: &str) -> Option<&Secret> {
        self.values
            .iter()
            .rev()
            .find(|(k, v)| k == variable && !v.expose().trim().is_empty())
            .map(|(_, v)| v)
    }

    fn find(&self, field: &Field, with_aliases: bool) -> Option<(&Secret, Option<&'static str>)> {
        let own = self.get(field.variable).map(|v| (v, None));
        let aliases = field.aliases.iter().filter(|_| with_aliases);
        own.or_else(|| {
            aliases
                .copied()
                .find_map(|alias| Some((self.get(alias)?, Some(alias))))
        })
    }
}

/// One setting's value and its story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text as given.
    pub text: Secret,
    /// Where it comes from.
    pub source: Source,
    /// The sample apps' name under which it was found.
    pub alias: Option<&'static str>,
    /// The other sources that have a value too, and another one: weaker ones, and the environment
    /// where the value was typed over it.
    pub shadows: Vec<Source>,
}

/// What is to be said of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing.
    Good,
    /// It works, and the operator should know this.
    Warning(String),
    /// It is needed and not there.
    Missing,
    /// It is not well formed; the end of a sentence.
    Invalid(String),
    /// It asks for something this version cannot do; the end of a sentence.
    Unsupported(String),
}

impl Finding {
    /// Returns true when the settings can be used with it.
    pub const fn is_usable(&self) -> bool {
        matches!(self, Finding::Good | Finding::Warning(_))
    }

    /// Returns the word used in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Finding::Good => "ok",
            Finding::Warning(_) => "warn",
            Finding::Missing => "missing",
            Finding::Invalid(_) | Finding::Unsupported(_) => "invalid",
        }
    }

    /// Returns what is to be said, as the end of a sentence that begins with the variable.
    pub fn detail(&self) -> &str {
        match self {
            Finding::Good => "",
            Finding::Missing => "is missing",
            Finding::Warning(t) | Finding::Invalid(t) | Finding::Unsupported(t) => t,
        }
    }
}

/// The settings that open the API.
const ACCESS: [Key; 8] = [
    Key::OrganizationId,
    Key::ClientId,
    Key::ClientSecret,
    Key::BaseUrl,
    Key::Api,
    Key::AirbyteRegion,
    Key::SourceTags,
    Key::ConnectionTags,
];

/// The settings of the connection template.
const TEMPLATE: [Key; 11] = [
    Key::OrganizationId,
    Key::AccessKeyId,
    Key::SecretAccessKey,
    Key::Bucket,
    Key::Prefix,
    Key::Region,
    Key::Endpoint,
    Key::TemplateName,
    Key::TemplateFormat,
    Key::TemplateSchedule,
    Key::Api,
];

/// What a job works with, each as the method of [`Draft`] of the same name returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`Draft::access()`].
    Access,
    /// [`Draft::place()`].
    Place,
    /// [`Draft::delivery()`].
    Delivery,
    /// [`Draft::origin()`].
    Origin,
    /// [`Draft::user()`].
    User,
    /// [`Draft::template()`].
    Template,
}

impl Part {
    const fn keys(self) -> &'static [Key] {
        match self {
            Part::Access => &ACCESS,
            Part::Place => &[
                Key::BaseUrl,
                Key::Api,
                Key::AirbyteRegion,
                Key::SourceTags,
                Key::ConnectionTags,
            ],
            Part::Delivery => &[Key::TemplateFormat, Key::TemplateSchedule, Key::Api],
            Part::Origin => &[Key::AllowedOrigin, Key::Port],
            Part::User => &[Key::ExternalUserId],
            Part::Template => &TEMPLATE,
        }
    }
}

/// All settings as texts, complete or not: what the form edits.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Draft {
    values: Vec<(Key, Value)>,
}

impl Draft {
    /// Merges layers, given with their sources in any order; the stronger source wins. The sample
    /// apps' names are read from the env file alone: in a process environment some of them belong
    /// to other programs.
    pub fn resolve(layers: &[(Source, Layer)]) -> Draft {
        let mut layers: Vec<_> = layers.iter().collect();
        layers.sort_by_key(|(source, _)| *source);
        let mut draft = Draft::default();
        for key in Key::all() {
            let field = key.field();
            let mut found = layers.iter().filter_map(|(source, layer)| {
                let (text, alias) = layer.find(field, *source == Source::File)?;
                Some((*source, text, alias))
            });
            if let Some((source, text, alias)) = found.next() {
                let shadows = found
                    .filter(|(_, other, _)| *other != text)
                    .map(|(s, _, _)| s)
                    .collect();
                draft.values.push((
                    key,
                    Value {
                        text: text.clone(),
                        source,
                        alias,
                        shadows,
                    },
                ));
            }
        }
        draft
    }

    /// Returns the value of a setting, if one was given.
    pub fn value(&self, key: Key) -> Option<&Value> {
        self.values.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// Returns the text that holds: what was given, or the default, or nothing.
    pub fn text(&self, key: Key) -> String {
        match self.value(key) {
            Some(value) => value.text.expose().trim().to_owned(),
            None => self.default_text(key),
        }
    }

    /// Returns a setting's text as it may be shown.
    pub fn shown(&self, key: Key) -> String {
        key.shown(&self.text(key))
    }

    /// Returns where the API answers, as it may be shown: in its usual form once it can be used.
    pub fn shown_base_url(&self) -> String {
        self.access().map_or_else(
            |_| self.shown(Key::BaseUrl),
            |access| access.base_url.shown().to_owned(),
        )
    }

    /// Returns what holds of a setting that is left out: of two it depends on others, and the table
    /// has the rest.
    fn default_text(&self, key: Key) -> String {
        if key == Key::AllowedOrigin {
            // A port that cannot be one is told at the port, not here as well.
            let port = self.port().ok().map(|port| port.to_string());
            let port = port.or(Key::Port.default_value().map(str::to_owned));
            format!("http://localhost:{}", port.unwrap_or_default())
        } else if key == Key::BaseUrl {
            let api = Api::named(&self.text(Key::Api)).unwrap_or(Api::V1);
            api.vendor_url().to_owned()
        } else {
            key.default_value().unwrap_or_default().to_owned()
        }
    }

    /// Returns where the value that holds comes from.
    pub fn source(&self, key: Key) -> Source {
        self.value(key).map_or(Source::Default, |v| v.source)
    }

    /// Sets a value by hand. A blank text takes the value away.
    pub fn type_in(&mut self, key: Key, text: &str) {
        let shadows = match self.value(key) {
            Some(old) if old.source == Source::Typed => old.shadows.clone(),
            Some(old) => std::iter::once(old.source)
                .chain(old.shadows.iter().copied())
                .collect(),
            None => Vec::new(),
        };
        self.values.retain(|(k, _)| *k != key);
        if !text.trim().is_empty() {
            let value = Value {
                text: Secret::new(text),
                source: Source::Typed,
                alias: None,
                shadows,
            };
            self.values.push((key, value));
        }
    }

    /// Turns to an API, and takes a base URL along that is the vendor's own for another one.
    pub fn speak(&mut self, api: Api) {
        self.type_in(Key::Api, api.name());
        let base = self.text(Key::BaseUrl);
        let is_anothers = |other: &Api| *other != api && base.starts_with(other.vendor_url());
        if self.value(Key::BaseUrl).is_some() && Api::ALL.iter().any(is_anothers) {
            self.type_in(Key::BaseUrl, api.vendor_url());
        }
    }

    /// Takes one setting over from another draft, with its source, or its absence.
    pub fn take_from(&mut self, other: &Draft, key: Key) {
        self.values.retain(|(k, _)| *k != key);
        if let Some(value) = other.value(key) {
            self.values.push((key, value.clone()));
        }
    }

    /// Keeps a setting's text, or its absence, as typed by hand over what another draft has.
    pub fn keep_over(&mut self, other: &Draft, key: Key) {
        let text = self.value(key).map(|value| value.text.clone());
        self.take_from(other, key);
        self.type_in(key, text.unwrap_or_default().expose());
    }

    /// Marks a typed value as written to the env file.
    pub fn mark_saved(&mut self, key: Key) {
        for (k, value) in &mut self.values {
            if *k == key && value.source == Source::Typed {
                value.source = Source::File;
                value.shadows.retain(|source| *source != Source::File);
            }
        }
    }

    /// Judges one value beside the others.
    pub fn finding(&self, key: Key) -> Finding {
        let found = rules::judge(self, key);
        match (found, self.value(key)) {
            (
                Finding::Good,
                Some(Value {
                    alias: Some(alias), ..
                }),
            ) => Finding::Warning(format!("was read from {alias}, a sample app's name for it")),
            (found, _) => found,
        }
    }

    /// Returns the repaired text where a repair is plain: `s3://` cut, a scheme added, the nearest region.
    pub fn repair(&self, key: Key) -> Option<String> {
        rules::repair(self, key)
    }

    /// Returns every setting with its finding, in the order of the table.
    pub fn findings(&self) -> Vec<(Key, Finding)> {
        Key::all().map(|key| (key, self.finding(key))).collect()
    }

    /// Returns what the rung `config` says of settings that can be used.
    pub fn told(&self) -> String {
        let own = FIELDS.iter().filter(|f| f.group != Group::Optional).count();
        let optional = FIELDS.iter().filter(|f| f.group == Group::Optional);
        let more = match optional.filter(|f| self.value(f.key).is_some()).count() {
            0 => String::new(),
            given => format!(", and {given} with a default set"),
        };
        let warned = self
            .findings()
            .into_iter()
            .map(|(key, finding)| match finding {
                Finding::Warning(text) => format!("; {} {text}", key.variable()),
                Finding::Good
                | Finding::Missing
                | Finding::Invalid(_)
                | Finding::Unsupported(_) => String::new(),
            });
        format!(
            "{own} of {own} settings{more}{}",
            warned.collect::<String>()
        )
    }

    /// Returns what opens the API.
    ///
    /// # Errors
    /// One failure that names every setting among these that is missing or invalid.
    pub fn access(&self) -> Result<Access, Failure> {
        self.demand(&[Part::Access])?;
        let (api, base_url, selection) = self.place()?;
        Ok(Access {
            api,
            base_url,
            organization: self.text(Key::OrganizationId).to_lowercase(),
            client_id: self.text(Key::ClientId),
            client_secret: Secret::new(self.text(Key::ClientSecret)),
            selection,
        })
    }

    /// Returns where the API answers, and which it is, with what widget tokens are narrowed to; these
    /// hold no credential.
    ///
    /// # Errors
    /// One failure that names every setting among these that is invalid.
    pub fn place(&self) -> Result<(Api, BaseUrl, Selection), Failure> {
        self.demand(&[Part::Place])?;
        let invalid = || self.unusable(Key::BaseUrl);
        let api = Api::named(&self.text(Key::Api)).ok_or_else(invalid)?;
        let base_url = BaseUrl::parse(&self.text(Key::BaseUrl), api).map_err(|_why| invalid())?;
        Ok((api, base_url, self.selection()))
    }

    fn selection(&self) -> Selection {
        Selection {
            region: rules::region_id(&self.text(Key::AirbyteRegion)),
            source_tags: rules::tags(&self.text(Key::SourceTags)),
            connection_tags: rules::tags(&self.text(Key::ConnectionTags)),
        }
    }

    /// Returns how rows are written and when connections sync.
    ///
    /// # Errors
    /// One failure that names every setting among these that is invalid.
    pub fn delivery(&self) -> Result<(Format, Schedule), Failure> {
        self.demand(&[Part::Delivery])?;
        let format = Format::named(&self.text(Key::TemplateFormat))
            .ok_or_else(|| self.unusable(Key::TemplateFormat))?;
        let schedule = Schedule::parse(&self.text(Key::TemplateSchedule))
            .map_err(|_why| self.unusable(Key::TemplateSchedule))?;
        Ok((format, schedule))
    }

    /// Returns the origin that tokens open on.
    ///
    /// # Errors
    /// A failure when it is no origin.
    pub fn origin(&self) -> Result<Origin, Failure> {
        self.demand(&[Part::Origin])?;
        Origin::parse(&self.text(Key::AllowedOrigin))
            .map_err(|_why| self.unusable(Key::AllowedOrigin))
    }

    /// Returns the demo app's port.
    ///
    /// # Errors
    /// A failure when it is no port.
    pub fn port(&self) -> Result<u16, Failure> {
        self.require(&[Key::Port])?;
        let port = self.text(Key::Port).parse();
        port.map_err(|_why| self.unusable(Key::Port))
    }

    /// Returns the external user of the settings.
    ///
    /// # Errors
    /// A failure when it is missing or cannot be a name.
    pub fn user(&self) -> Result<ExternalUser, Failure> {
        self.demand(&[Part::User])?;
        ExternalUser::parse(&self.text(Key::ExternalUserId))
            .map_err(|_why| self.unusable(Key::ExternalUserId))
    }

    /// Returns what the demo app works with, for a user given by hand or that of the settings.
    ///
    /// # Errors
    /// One failure that names every setting among these that is missing or invalid.
    pub fn serving(&self, user: Option<ExternalUser>) -> Result<Serving, Failure> {
        let mut parts = vec![Part::Access, Part::Origin];
        if user.is_none() {
            parts.push(Part::User);
        }
        self.demand(&parts)?;
        Ok(Serving {
            access: self.access()?,
            user: user.map_or_else(|| self.user(), Ok)?,
            origin: self.origin()?,
            port: self.port()?,
        })
    }

    /// Returns the connection template that the settings describe.
    ///
    /// # Errors
    /// One failure that names every setting among the template's that is missing or invalid.
    pub fn template(&self) -> Result<TemplateSpec, Failure> {
        self.demand(&[Part::Template])?;
        let (format, schedule) = self.delivery()?;
        let endpoint = self.text(Key::Endpoint);
        Ok(TemplateSpec {
            organization: self.text(Key::OrganizationId).to_lowercase(),
            name: self.text(Key::TemplateName),
            bucket: self.text(Key::Bucket),
            prefix: rules::normal_prefix(&self.text(Key::Prefix)),
            region: self.text(Key::Region),
            endpoint: (!endpoint.is_empty()).then_some(endpoint),
            format,
            schedule,
            access_key_id: self.text(Key::AccessKeyId),
            secret_access_key: Secret::new(self.text(Key::SecretAccessKey)),
        })
    }

    /// Returns all settings, typed.
    ///
    /// # Errors
    /// One failure that names every setting that is missing or invalid, in the table's order.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let all: Vec<Key> = Key::all().collect();
        self.require(&all)?;
        Ok(Settings {
            access: self.access()?,
            user: self.user()?,
            origin: self.origin()?,
            template: self.template()?,
        })
    }

    /// Demands all that a job works with, before any part of it is taken.
    ///
    /// # Errors
    /// As of [`Draft::require()`].
    pub fn demand(&self, parts: &[Part]) -> Result<(), Failure> {
        let keys: Vec<Key> = parts.iter().flat_map(|part| part.keys()).copied().collect();
        self.require(&keys)
    }

    /// Demands that these settings can be used.
    ///
    /// # Errors
    /// One failure that names every one of them that is missing or invalid, in the table's order.
    pub fn require(&self, keys: &[Key]) -> Result<(), Failure> {
        let problems: Vec<Problem> = Key::all()
            .filter(|key| keys.contains(key))
            .map(|key| self.problem(key))
            .filter(|problem| !problem.finding.is_usable())
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems_failure(&problems))
        }
    }

    fn unusable(&self, key: Key) -> Failure {
        problems_failure(&[self.problem(key)])
    }

    fn problem(&self, key: Key) -> Problem {
        Problem {
            key,
            finding: self.finding(key),
            source: self.source(key),
        }
    }
}

/// A setting that cannot be used.
struct Problem {
    key: Key,
    finding: Finding,
    source: Source,
}

/// Makes one failure of all problems: it names every variable. Of the values it tells what their
/// findings tell, which is a host, a path or an origin and never a secret.
fn problems_failure(problems: &[Problem]) -> Failure {
    let missing = problems.iter().all(|p| p.finding == Finding::Missing);
    let unsupported = problems
        .iter()
        .all(|p| matches!(p.finding, Finding::Unsupported(_)));
    let (code, verb) = match (missing, unsupported, problems.len()) {
        (true, _, 1) => (Code::ConfigMissing, "is missing"),
        (true, _, _) => (Code::ConfigMissing, "are missing"),
        (_, true, _) => (Code::ConfigUnsupported, "cannot be used"),
        (_, _, 1) => (Code::ConfigInvalid, "needs attention"),
        _ => (Code::ConfigInvalid, "need attention"),
    };
    let list: Vec<String> = problems
        .iter()
        .map(|problem| {
            let detail = if missing {
                ""
            } else {
                problem.finding.detail()
            };
            format!("{} {detail}", problem.key.variable())
                .trim_end()
                .to_owned()
        })
        .collect();
    Failure::new(
        code,
        format!("{} {verb}", counted(problems.len(), "setting")),
    )
    .because(list.join(if missing { ", " } else { "; " }))
    .hint(how_to_set(problems))
}

/// Says what puts it right, which depends on where a value comes from: what outranks the env file is
/// not mended by writing there.
fn how_to_set(problems: &[Problem]) -> String {
    let of = |wanted: fn(Source) -> bool| -> Vec<&str> {
        let those = problems.iter().filter(|problem| wanted(problem.source));
        those.map(|problem| problem.key.variable()).collect()
    };
    let elsewhere = |names: &[&str], place: &str, what: fn(&str) -> String| {
        let (come, them) = match names.len() {
            0 => return None,
            1 => ("comes", "it"),
            _ => ("come", "them"),
        };
        let names = names.join(", ");
        Some(format!("{names} {come} from {place}: {}", what(them)))
    };
    let environment = of(|source| source == Source::Environment);
    let flag = of(|source| source == Source::Flag);
    let rest = of(|source| !matches!(source, Source::Environment | Source::Flag));
    let told = [
        elsewhere(&environment, "the environment", |them| {
            format!("unset {them} or correct {them} there")
        }),
        elsewhere(&flag, "a flag", |them| format!("correct {them} there")),
        (!rest.is_empty()).then(|| how_to_write(&rest)),
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Names the command that writes settings; of many the form is the shorter way.
fn how_to_write(names: &[&str]) -> String {
    if names.len() > 3 {
        return "run `embedctl` to fill in the form, or `embedctl env set NAME` for each"
            .to_owned();
    }
    let them = if names.len() == 1 { "it" } else { "them" };
    format!(
        "`embedctl env set {}` asks for {them}, and `embedctl` opens the form",
        names.join(" ")
    )
}

/// What opens the API: the endpoint, the organization, and the credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Which API is spoken.
    pub api: Api,
    /// Where it answers.
    pub base_url: BaseUrl,
    /// The organization's ID.
    pub organization: String,
    /// The application's client ID.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// What widget tokens are narrowed to, where the API takes it.
    pub selection: Selection,
}

/// What a widget token is narrowed to; empty means no narrowing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The id of the region in which new workspaces are made.
    pub region: Option<String>,
    /// Source templates with one of these tags.
    pub source_tags: Vec<String>,
    /// Connection templates with one of these tags.
    pub connection_tags: Vec<String>,
}

/// What the demo app works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// What opens the API.
    pub access: Access,
    /// The user whom tokens are minted for.
    pub user: ExternalUser,
    /// The origin of the settings.
    pub origin: Origin,
    /// The port of the settings.
    pub port: u16,
}

/// All settings, well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What opens the API.
    pub access: Access,
    /// The external user to test with.
    pub user: ExternalUser,
    /// The origin that widget tokens open on.
    pub origin: Origin,
    /// The connection template.
    pub template: TemplateSpec,
}

#[cfg(test)]
mod tests;
