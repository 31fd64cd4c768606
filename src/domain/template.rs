//! The connection template: where every customer's data will land, and how often.
//!
//! Depends on `secret`, `settings` for where the values come from, and `text`. The rules of the S3
//! destination follow its published connector specification; those of the schedule follow Quartz
//! and Airbyte's one-hour rule for connections.

use std::fmt;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::secret::{Secret, ends};

/// The S3 destination's definition in Airbyte's connector registry.
pub const S3_DEFINITION: &str = "4816b78f-1489-44c1-9060-4b19d5fa9362";

/// The regions that the S3 connector accepts; newer AWS regions are refused by it.
pub const REGIONS: [&str; 33] = [
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON lines.
    Jsonl,
    /// JSON lines, gzip.
    JsonlGz,
    /// Comma-separated values.
    Csv,
    /// Comma-separated values, gzip.
    CsvGz,
    /// Avro.
    Avro,
    /// Parquet.
    Parquet,
}

impl Format {
    /// Every format, in the order a person is offered them.
    pub const ALL: [Format; 6] = [
        Format::Jsonl,
        Format::JsonlGz,
        Format::Csv,
        Format::CsvGz,
        Format::Avro,
        Format::Parquet,
    ];

    /// Returns the name used in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::JsonlGz => "jsonl.gz",
            Format::Csv => "csv",
            Format::CsvGz => "csv.gz",
            Format::Avro => "avro",
            Format::Parquet => "parquet",
        }
    }

    /// Returns the format of that name.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Returns the format in words.
    pub const fn words(self) -> &'static str {
        match self {
            Format::Jsonl => "JSONL, not compressed",
            Format::JsonlGz => "JSONL, compressed with gzip",
            Format::Csv => "CSV, not compressed, columns at the root",
            Format::CsvGz => "CSV, compressed with gzip, columns at the root",
            Format::Avro => "Avro, no codec",
            Format::Parquet => "Parquet, not compressed",
        }
    }

    /// The connector's `format` object. `compression` is always said: left out, the connector
    /// compresses, which the guide's own example does not expect.
    fn configuration(self) -> Value {
        let packed =
            |gzip| json!({"compression_type": if gzip { "GZIP" } else { "No Compression" }});
        match self {
            Format::Jsonl => json!({"format_type": "JSONL", "compression": packed(false)}),
            Format::JsonlGz => json!({"format_type": "JSONL", "compression": packed(true)}),
            Format::Csv | Format::CsvGz => json!({
                "format_type": "CSV",
                "flattening": "Root level flattening",
                "compression": packed(self == Format::CsvGz),
            }),
            Format::Avro => json!({
                "format_type": "Avro",
                "compression_codec": {"codec": "no compression"},
            }),
            Format::Parquet => {
                json!({"format_type": "Parquet", "compression_codec": "UNCOMPRESSED"})
            }
        }
    }
}

/// When a customer's connection syncs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// Airbyte's default: every hour, on the hour, UTC. Nothing is sent for it.
    Hourly,
    /// Only when asked.
    Manual,
    /// A Quartz cron expression, in UTC.
    Cron(String),
}

impl Schedule {
    /// Reads `hourly`, `manual`, or a Quartz cron expression.
    ///
    /// # Errors
    /// The end of a sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        match text.trim() {
            "hourly" => Ok(Schedule::Hourly),
            "manual" => Ok(Schedule::Manual),
            cron => {
                let cron = cron.split_whitespace().collect::<Vec<_>>().join(" ");
                check_cron(&cron)?;
                Ok(Schedule::Cron(cron))
            }
        }
    }

    /// Returns the text of the setting.
    pub fn name(&self) -> &str {
        match self {
            Schedule::Hourly => "hourly",
            Schedule::Manual => "manual",
            Schedule::Cron(cron) => cron,
        }
    }

    /// Returns the schedule in words.
    pub fn words(&self) -> String {
        match self {
            Schedule::Hourly => "every hour, on the hour (UTC)".to_owned(),
            Schedule::Manual => "only when asked".to_owned(),
            Schedule::Cron(cron) => match quartz(cron) {
                Ok(parsed) => format!("{} (UTC)", parsed.describe().trim_end_matches('.')),
                Err(_) => cron.clone(),
            },
        }
    }
}

/// Refuses what Airbyte would refuse, at once or only when the first customer connects.
fn check_cron(cron: &str) -> Result<(), String> {
    let fields: Vec<&str> = cron.split(' ').collect();
    if !(6..=7).contains(&fields.len()) {
        return Err(format!(
            "has {} fields; possible are hourly, manual, or a Quartz cron of 6 or 7 fields such as 0 0 6 * * ?",
            fields.len()
        ));
    }
    if fields
        .first()
        .is_none_or(|seconds| seconds.parse::<u8>().is_err())
    {
        return Err("must name one plain second in its first field".to_owned());
    }
    let days = [fields.get(3), fields.get(5)];
    if days.iter().filter(|f| **f == Some(&"?")).count() != 1 {
        return Err("must hold ? in exactly one of its two day fields (the 4th or the 6th), as Quartz requires".to_owned());
    }
    let parsed = quartz(cron).map_err(|_why| {
        "is not a Quartz cron expression: a field holds what it cannot mean".to_owned()
    })?;
    // Any fixed start will do, as long as a year named in the expression may still come.
    let from = jiff::civil::date(2026, 1, 1)
        .to_zoned(TimeZone::UTC)
        .map_err(|e| e.to_string())?;
    let runs: Vec<i64> = parsed
        .iter_after(from)
        .take(25)
        .map(|at| at.timestamp().as_second())
        .collect();
    if runs.is_empty() {
        return Err("never runs".to_owned());
    }
    if runs
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if b - a < 3600))
    {
        return Err("runs more often than once an hour, which Airbyte refuses when the first customer connects".to_owned());
    }
    Ok(())
}

fn quartz(cron: &str) -> Result<Cron, croner::errors::CronError> {
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Optional)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build()
        .parse(cron)
}

/// Everything a connection template says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSpec {
    /// The organization it belongs to.
    pub organization: String,
    /// The destination's name in every new workspace, and the key by which it is found again.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// The folder in the bucket, without slashes at its ends.
    pub prefix: String,
    /// The bucket's region.
    pub region: String,
    /// An S3-compatible store's address, if it is not AWS.
    pub endpoint: Option<String>,
    /// How rows are written.
    pub format: Format,
    /// When connections sync.
    pub schedule: Schedule,
    /// The access key.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: Secret,
}

/// A folder in a bucket, and the keys to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The bucket.
    pub bucket: String,
    /// The folder, without slashes at its ends.
    pub prefix: String,
    /// The bucket's region.
    pub region: String,
    /// An S3-compatible store's address, if it is not AWS.
    pub endpoint: Option<String>,
    /// The access key.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: Secret,
}

/// Whether a document is for the server or for eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// With its secrets, for the request.
    Whole,
    /// With its secrets masked, for the screen and the JSON output.
    Masked,
}

impl TemplateSpec {
    /// Builds the S3 connector's configuration.
    pub fn destination(&self, shown: Shown) -> Value {
        let (id, secret) = match shown {
            Shown::Whole => (
                self.access_key_id.clone(),
                self.secret_access_key.expose().to_owned(),
            ),
            Shown::Masked => (ends(&self.access_key_id), "••••••••".to_owned()),
        };
        let mut configuration = json!({
            "access_key_id": id,
            "secret_access_key": secret,
            "s3_bucket_name": self.bucket,
            "s3_bucket_path": self.prefix,
            "s3_bucket_region": self.region,
            "format": self.format.configuration(),
        });
        if let (Some(endpoint), Some(object)) = (&self.endpoint, configuration.as_object_mut()) {
            object.insert("s3_endpoint".to_owned(), json!(endpoint));
        }
        configuration
    }

    /// Returns where it writes, and with which keys.
    pub fn storage(&self) -> Storage {
        Storage {
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
        }
    }

    /// Returns what makes it the same as another of its name.
    pub fn identity(&self) -> Identity {
        Identity {
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            endpoint: self.endpoint.clone().unwrap_or_default(),
            format: self.format.name().to_owned(),
            schedule: self.schedule.name().to_owned(),
        }
    }
}

/// What makes two templates of one name the same, spelled as the settings spell it; empty where it
/// is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The bucket's name.
    pub bucket: String,
    /// The prefix, without slashes around it.
    pub prefix: String,
    /// The address of a store that is not AWS.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// The name of the [`Format`].
    pub format: String,
    /// The name of the [`Schedule`].
    pub schedule: String,
}

impl Identity {
    /// Returns every value with its label.
    pub fn labelled(&self) -> [(&'static str, &str); 5] {
        [
            ("bucket", &self.bucket),
            ("prefix", &self.prefix),
            ("endpoint", &self.endpoint),
            ("format", &self.format),
            ("schedule", &self.schedule),
        ]
    }
}

/// Checks a destination configuration against the S3 connector's own rules, since the server stores
/// it unread and fails only when the first customer appears. Returns every problem.
pub fn destination_problems(configuration: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for key in [
        "s3_bucket_name",
        "s3_bucket_path",
        "access_key_id",
        "secret_access_key",
    ] {
        if configuration
            .get(key)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            problems.push(format!("{key} is empty, and the S3 connector requires it"));
        }
    }
    let region = configuration
        .get("s3_bucket_region")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !REGIONS.contains(&region) {
        problems.push(format!(
            "s3_bucket_region {region:?} is not one the S3 connector accepts"
        ));
    }
    let format = configuration.get("format");
    let field = |name: &str| format.and_then(|f| f.get(name));
    match field("format_type").and_then(Value::as_str) {
        Some("JSONL" | "Parquet") => {}
        Some("CSV") if field("flattening").is_some() => {}
        Some("Avro")
            if field("compression_codec")
                .and_then(|c| c.get("codec"))
                .is_some() => {}
        Some(other) => problems.push(format!(
            "format {other} lacks a field that the S3 connector requires"
        )),
        None => problems.push("format.format_type is missing".to_owned()),
    }
    problems
}

/// A template known to exist, from the API's list or from our ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Its id, where it is known.
    pub id: Option<String>,
    /// Its destination name.
    pub name: String,
    /// What it is, as far as known.
    pub identity: Identity,
    /// When it was made, RFC 3339.
    pub created_at: Option<String>,
}

/// A value in which a planned template and an existing one of its name differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which value.
    pub field: &'static str,
    /// What exists.
    pub exists: String,
    /// What would be sent.
    pub planned: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            field,
            exists,
            planned,
        } = self;
        write!(f, "{field} is {exists:?} there and {planned:?} here")
    }
}

impl Existing {
    /// Returns where it differs from what would be sent.
    pub fn differences(&self, spec: &TemplateSpec) -> Vec<Difference> {
        let planned = spec.identity();
        let pairs = self.identity.labelled().into_iter().zip(planned.labelled());
        pairs
            .filter(|((_, exists), (_, planned))| exists != planned)
            .map(|((field, exists), (_, planned))| Difference {
                field,
                exists: exists.to_owned(),
                planned: planned.to_owned(),
            })
            .collect()
    }
}

/// What `template create` would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Would {
    /// Send the request.
    Create,
    /// Nothing: it exists.
    Nothing(Existing),
    /// Refuse: one of this name has other values.
    Conflict(Existing, Vec<Difference>),
    /// Ask: it may exist.
    Ask(Doubt),
}

/// Why it is not known whether a template exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A request was sent at this time (RFC 3339), and no readable answer came.
    Sent(String),
    /// The ledger, which alone could tell, has lines that cannot be read.
    Unreadable,
}

impl std::fmt::Display for Doubt {
    /// Begins with "it" or "the".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Doubt::Sent(at) => write!(f, "it was sent at {at}"),
            Doubt::Unreadable => f.write_str("the ledger has lines that cannot be read"),
        }
    }
}

impl Would {
    /// Returns the word used in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Would::Create => "create",
            Would::Nothing(_) => "nothing",
            Would::Conflict(..) => "conflict",
            Would::Ask(_) => "ask",
        }
    }
}

/// The plan: what would be sent, beside what exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The template's name.
    pub name: String,
    /// The request's method.
    pub method: &'static str,
    /// The request's URL.
    pub url: String,
    /// The request's body, secrets masked.
    pub body: Value,
    /// What is known to exist in this organization.
    pub existing: Vec<Existing>,
    /// What `create` would do.
    pub would: Would,
    /// Whether `existing` comes from the API, or from this machine's ledger because the API cannot list.
    pub listed: bool,
}

/// Whether the operator has agreed to a second template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Send only what is certainly not there.
    OnlyIfAbsent,
    /// Send although it exists, differs, or may exist.
    SendAnyway,
}

/// Whether the bucket is proved before a template that names it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is, and a bucket that refuses keeps the template from being sent.
    First,
    /// The operator sends it unproved.
    LeftOut,
}

/// How a creation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It was made now.
    Created {
        /// The new template's id.
        id: String,
    },
    /// It existed; nothing was sent.
    Exists {
        /// Its id, where known.
        id: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn spec() -> TemplateSpec {
        TemplateSpec {
            organization: "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa".to_owned(),
            name: "destination-s3".to_owned(),
            bucket: "acme-embedded".to_owned(),
            prefix: "customers".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: None,
            format: Format::Jsonl,
            schedule: Schedule::Hourly,
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: Secret::new("a/b+c"),
        }
    }

    #[test]
    fn every_format_makes_a_configuration_the_connector_accepts() {
        for format in Format::ALL {
            let spec = TemplateSpec { format, ..spec() };
            assert_eq!(
                destination_problems(&spec.destination(Shown::Whole)),
                Vec::<String>::new()
            );
            assert_eq!(Format::named(format.name()), Some(format));
        }
    }

    #[test]
    fn an_incomplete_configuration_is_told_whole() {
        let problems = destination_problems(
            &json!({"format": {"format_type": "CSV"}, "s3_bucket_region": "mars-1"}),
        );
        assert_eq!(problems.len(), 6, "{problems:?}");
    }

    #[test]
    fn the_masked_configuration_holds_no_secret() {
        let text = spec().destination(Shown::Masked).to_string();
        assert!(
            !text.contains("a/b+c") && !text.contains("IOSFODNN7"),
            "{text}"
        );
        assert!(
            spec()
                .destination(Shown::Whole)
                .to_string()
                .contains("a/b+c")
        );
    }

    #[test]
    fn schedules_are_read_and_said() {
        assert_eq!(
            Schedule::parse("hourly").unwrap().words(),
            "every hour, on the hour (UTC)"
        );
        assert_eq!(Schedule::parse(" manual ").unwrap(), Schedule::Manual);
        let daily = Schedule::parse("0 0  6 * * ?").unwrap();
        assert_eq!(daily.name(), "0 0 6 * * ?");
        assert_eq!(daily.words(), "At 06:00 (UTC)");
        for ok in [
            "0 0 12 ? * 6",
            "0 15 2 * * ? 2030",
            "0 0 * * * ?",
            "0 0 */6 ? * MON-FRI",
        ] {
            assert!(
                Schedule::parse(ok).is_ok(),
                "{ok}: {:?}",
                Schedule::parse(ok)
            );
        }
    }

    #[test]
    fn schedules_that_airbyte_refuses_are_refused_here() {
        for bad in [
            "",
            "string",
            "* * * * *",
            "0 15 2 * * *",
            "0 * * * * ?",
            "*/5 0 * * * ?",
            "0 0,30 * * * ?",
            "0 0 25 * * ?",
            "0 0 0 ? * ?",
        ] {
            assert!(Schedule::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn differences_are_told_field_by_field() {
        let existing = Existing {
            id: Some("1".to_owned()),
            name: "destination-s3".to_owned(),
            identity: spec().identity(),
            created_at: None,
        };
        assert_eq!(existing.differences(&spec()), []);
        let other = TemplateSpec {
            prefix: "other".to_owned(),
            format: Format::Csv,
            ..spec()
        };
        let fields: Vec<_> = existing
            .differences(&other)
            .into_iter()
            .map(|d| d.field)
            .collect();
        assert_eq!(fields, ["prefix", "format"]);
    }
}
