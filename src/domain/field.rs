//! The one table of settings. The form, validation, `check`, `assets/env.example` and the README
//! all derive from it.
//!
//! Depends on `text`; the rules of each value are in `settings`.

use super::text::{counted, sanitize};

/// Names a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `AIRBYTE_ORGANIZATION_ID`
    OrganizationId,
    /// `AIRBYTE_CLIENT_ID`
    ClientId,
    /// `AIRBYTE_CLIENT_SECRET`
    ClientSecret,
    /// `EXTERNAL_USER_ID`
    ExternalUserId,
    /// `AWS_S3_ACCESS_KEY_ID`
    AccessKeyId,
    /// `AWS_S3_SECRET_ACCESS_KEY`
    SecretAccessKey,
    /// `S3_BUCKET_NAME`
    Bucket,
    /// `S3_PATH_PREFIX`
    Prefix,
    /// `S3_BUCKET_REGION`
    Region,
    /// `ALLOWED_ORIGIN`
    AllowedOrigin,
    /// `PORT`
    Port,
    /// `BASE_URL`
    BaseUrl,
    /// `AIRBYTE_API`
    Api,
    /// `S3_ENDPOINT`
    Endpoint,
    /// `TEMPLATE_NAME`
    TemplateName,
    /// `TEMPLATE_FORMAT`
    TemplateFormat,
    /// `TEMPLATE_SCHEDULE`
    TemplateSchedule,
    /// `AIRBYTE_REGION_ID`
    AirbyteRegion,
    /// `SOURCE_TEMPLATE_TAGS`
    SourceTags,
    /// `CONNECTION_TEMPLATE_TAGS`
    ConnectionTags,
}

/// The groups in which a form shows the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// What Airbyte hands out.
    Airbyte,
    /// The bucket.
    S3,
    /// What has a default.
    Optional,
}

impl Group {
    /// Every group, in order.
    pub const ALL: [Group; 3] = [Group::Airbyte, Group::S3, Group::Optional];

    /// Returns the group's heading.
    pub const fn title(self) -> &'static str {
        match self {
            Group::Airbyte => "Airbyte",
            Group::S3 => "Amazon S3",
            Group::Optional => "With defaults",
        }
    }
}

/// What holds of a setting that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// This value.
    Value(&'static str),
    /// What these words say: a value that depends on other settings, or none at all.
    Words(&'static str),
}

impl DefaultValue {
    /// Returns it as it is told.
    pub const fn told(self) -> &'static str {
        match self {
            DefaultValue::Value(text) | DefaultValue::Words(text) => text,
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Field {
    /// Which setting.
    pub key: Key,
    /// The variable that holds it.
    pub variable: &'static str,
    /// Its label on the form.
    pub label: &'static str,
    /// Its group.
    pub group: Group,
    /// Whether it is never shown.
    pub secret: bool,
    /// What holds when it is left out; none for what may not be.
    pub default: Option<DefaultValue>,
    /// Names under which the vendor's sample apps have it.
    pub aliases: &'static [&'static str],
    /// A value that would be accepted, for the example file; empty for secrets.
    pub example: &'static str,
    /// What it is and where it comes from, in one line.
    pub help: &'static str,
}

impl Key {
    /// Every setting, in the order of the table.
    pub fn all() -> impl Iterator<Item = Key> {
        FIELDS.iter().map(|f| f.key)
    }

    /// Returns the setting's row.
    pub fn field(self) -> &'static Field {
        let row = FIELDS.iter().find(|f| f.key == self);
        row.unwrap_or_else(|| unreachable!("every key has its row in the table"))
    }

    /// Returns the variable that holds it.
    pub fn variable(self) -> &'static str {
        self.field().variable
    }

    /// Returns the value that holds when it is left out, if that is one of its own.
    pub fn default_value(self) -> Option<&'static str> {
        match self.field().default {
            Some(DefaultValue::Value(text)) => Some(text),
            Some(DefaultValue::Words(_)) | None => None,
        }
    }

    /// Returns a value as it may be shown: of a secret how long it is, of an address nothing that
    /// stands before its host, even if it is no address yet.
    pub fn shown(self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        if self.field().secret {
            return format!("•••••••• ({})", counted(text.chars().count(), "character"));
        }
        if matches!(self, Key::AllowedOrigin | Key::BaseUrl | Key::Endpoint) {
            return sanitize(&without_user(text));
        }
        sanitize(text)
    }

    /// Returns the setting a variable holds, by its own name.
    pub fn of_variable(variable: &str) -> Option<Key> {
        FIELDS
            .iter()
            .find(|f| f.variable == variable)
            .map(|f| f.key)
    }

    /// Returns the setting that a sample app has under this name.
    pub fn of_alias(alias: &str) -> Option<Key> {
        FIELDS
            .iter()
            .find(|f| f.aliases.contains(&alias))
            .map(|f| f.key)
    }
}

/// Cuts a user name and password out of an address. It is not read as a URL first: what is refused
/// as one, for want of a scheme or because of the password's own slash, is shown as well.
fn without_user(text: &str) -> String {
    let Some((user, host)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        let start = user.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    format!("{}{host}", scheme.unwrap_or_default())
}

/// The table.
pub const FIELDS: &[Field] = &[
    Field {
        key: Key::OrganizationId,
        variable: "AIRBYTE_ORGANIZATION_ID",
        label: "Organization ID",
        group: Group::Airbyte,
        secret: false,
        default: None,
        aliases: &[
            "ORGANIZATION_ID",
            "SONAR_AIRBYTE_ORGANIZATION_ID",
            "SONAR_ORGANIZATION_ID",
        ],
        example: "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
        help: "Your organization in Airbyte, a UUID: from your account representative, or Settings in Airbyte.",
    },
    Field {
        key: Key::ClientId,
        variable: "AIRBYTE_CLIENT_ID",
        label: "Client ID",
        group: Group::Airbyte,
        secret: false,
        default: None,
        aliases: &["SONAR_AIRBYTE_CLIENT_ID", "SONAR_CLIENT_ID"],
        example: "7d1b40c2-52f6-4c1a-9d5e-3b0b6c9d1f20",
        help: "The application's client ID: from your account representative, or Settings > Applications in Airbyte.",
    },
    Field {
        key: Key::ClientSecret,
        variable: "AIRBYTE_CLIENT_SECRET",
        label: "Client secret",
        group: Group::Airbyte,
        secret: true,
        default: None,
        aliases: &["SONAR_AIRBYTE_CLIENT_SECRET", "SONAR_CLIENT_SECRET"],
        example: "",
        help: "The application's client secret, shown beside the client ID when the application is made.",
    },
    Field {
        key: Key::ExternalUserId,
        variable: "EXTERNAL_USER_ID",
        label: "External user ID",
        group: Group::Airbyte,
        secret: false,
        default: None,
        aliases: &["SONAR_EXTERNAL_USER_ID"],
        example: "user-42",
        help: "Your own name for one customer. It becomes a workspace in Airbyte and a folder in the bucket.",
    },
    Field {
        key: Key::AccessKeyId,
        variable: "AWS_S3_ACCESS_KEY_ID",
        label: "Access key ID",
        group: Group::S3,
        secret: false,
        default: None,
        aliases: &[
            "AWS_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "SONAR_AWS_ACCESS_KEY",
        ],
        example: "AKIAIOSFODNN7EXAMPLE",
        help: "An access key that may list, read, write and delete in the bucket: from IAM in AWS.",
    },
    Field {
        key: Key::SecretAccessKey,
        variable: "AWS_S3_SECRET_ACCESS_KEY",
        label: "Secret access key",
        group: Group::S3,
        secret: true,
        default: None,
        aliases: &["AWS_SECRET_ACCESS_KEY", "SONAR_AWS_SECRET_ACCESS_KEY"],
        example: "",
        help: "The access key's secret, shown once by AWS when the key is made.",
    },
    Field {
        key: Key::Bucket,
        variable: "S3_BUCKET_NAME",
        label: "Bucket",
        group: Group::S3,
        secret: false,
        default: None,
        aliases: &["S3_BUCKET", "SONAR_S3_BUCKET"],
        example: "acme-embedded",
        help: "The bucket that customers' data is written to: its name alone, without s3://.",
    },
    Field {
        key: Key::Prefix,
        variable: "S3_PATH_PREFIX",
        label: "Path prefix",
        group: Group::S3,
        secret: false,
        default: None,
        aliases: &["S3_BUCKET_PREFIX", "SONAR_S3_BUCKET_PREFIX"],
        example: "customers",
        help: "The folder in the bucket that Airbyte writes below. Overwriting syncs delete everything in it.",
    },
    Field {
        key: Key::Region,
        variable: "S3_BUCKET_REGION",
        label: "Region",
        group: Group::S3,
        secret: false,
        default: None,
        aliases: &["SONAR_S3_BUCKET_REGION"],
        example: "us-east-1",
        help: "The bucket's region, one that Airbyte's S3 connector accepts.",
    },
    Field {
        key: Key::AllowedOrigin,
        variable: "ALLOWED_ORIGIN",
        label: "Allowed origin",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Words("http://localhost:PORT")),
        aliases: &["SONAR_ALLOWED_ORIGIN"],
        example: "http://localhost:3001",
        help: "The one origin that widget tokens open on: scheme://host[:port], exactly as browsers send it.",
    },
    Field {
        key: Key::Port,
        variable: "PORT",
        label: "Demo app port",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Value("3001")),
        aliases: &[],
        example: "3001",
        help: "The port of the demo app on this machine.",
    },
    Field {
        key: Key::BaseUrl,
        variable: "BASE_URL",
        label: "Base URL",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Words("https://api.airbyte.com")),
        aliases: &["SONAR_BASE_URL"],
        example: "https://api.airbyte.com",
        help: "Where Airbyte's API answers. Plain http is for this machine only.",
    },
    Field {
        key: Key::Api,
        variable: "AIRBYTE_API",
        label: "API",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Value("v1")),
        aliases: &[],
        example: "v1",
        help: "Which of Airbyte's APIs is spoken: v1, the embedding guide's, or agents, where organizations are moved to.",
    },
    Field {
        key: Key::Endpoint,
        variable: "S3_ENDPOINT",
        label: "S3 endpoint",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Words("AWS")),
        aliases: &[],
        example: "",
        help: "The address of an S3-compatible store; left empty for AWS.",
    },
    Field {
        key: Key::TemplateName,
        variable: "TEMPLATE_NAME",
        label: "Template name",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Value("destination-s3")),
        aliases: &[],
        example: "destination-s3",
        help: "The destination's name in every customer's workspace. Two templates of one name break new customers.",
    },
    Field {
        key: Key::TemplateFormat,
        variable: "TEMPLATE_FORMAT",
        label: "Format",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Value("jsonl")),
        aliases: &[],
        example: "jsonl",
        help: "How rows are written: jsonl, jsonl.gz, csv, csv.gz, avro or parquet.",
    },
    Field {
        key: Key::TemplateSchedule,
        variable: "TEMPLATE_SCHEDULE",
        label: "Schedule",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Value("hourly")),
        aliases: &[],
        example: "hourly",
        help: "When connections sync: hourly, manual, or a Quartz cron in UTC such as 0 0 6 * * ?",
    },
    Field {
        key: Key::AirbyteRegion,
        variable: "AIRBYTE_REGION_ID",
        label: "Airbyte region",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Words("Airbyte's own choice")),
        aliases: &[],
        example: "eu",
        help: "Where new workspaces are made: us, eu, or a region's UUID. The agents API alone takes it.",
    },
    Field {
        key: Key::SourceTags,
        variable: "SOURCE_TEMPLATE_TAGS",
        label: "Source tags",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Words("every source template")),
        aliases: &[],
        example: "crm,billing",
        help: "Only source templates with one of these tags are offered. The agents API alone takes it.",
    },
    Field {
        key: Key::ConnectionTags,
        variable: "CONNECTION_TEMPLATE_TAGS",
        label: "Connection tags",
        group: Group::Optional,
        secret: false,
        default: Some(DefaultValue::Words("every connection template")),
        aliases: &[],
        example: "production",
        help: "Only connection templates with one of these tags are applied. The agents API alone takes it.",
    },
];

/// Writes the example file from the table.
pub fn example_file() -> String {
    let head = "# Settings of embedctl. Copy to .env and fill in; `embedctl env check` tells what is missing.\n";
    let groups = Group::ALL.map(|group| {
        let fields = FIELDS.iter().filter(|f| f.group == group);
        let rows: String = fields.map(example_lines).collect();
        format!("\n# --- {} ---\n{rows}", group.title())
    });
    format!("{head}{}", groups.concat())
}

/// What may be left out stands there as a comment, with an example.
fn example_lines(field: &Field) -> String {
    match field.default {
        Some(_) => format!("# {}\n#{}={}\n", field.help, field.variable, field.example),
        None => format!("# {}\n{}=\n", field.help, field.variable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_keys() {
        for (i, field) in FIELDS.iter().enumerate() {
            assert_eq!(field.key as usize, i, "{}", field.variable);
            assert_eq!(field.key.field().variable, field.variable);
        }
    }

    #[test]
    fn what_may_be_a_password_is_not_shown() {
        for (text, shown) in [
            ("https://api.airbyte.com", "https://api.airbyte.com"),
            (
                "https://u:canary@api.airbyte.com",
                "https://api.airbyte.com",
            ),
            (
                "HTTP://u:canary@api.airbyte.com/v1",
                "http://api.airbyte.com/v1",
            ),
            ("admin:canary@api.airbyte.com", "api.airbyte.com"),
            ("canary://x@api.airbyte.com", "api.airbyte.com"),
            ("https://u:canary@:443", "https://:443"),
            (
                "https://u:can/ary@api.airbyte.com",
                "https://api.airbyte.com",
            ),
            (
                "https://u:1/canary@api.airbyte.com",
                "https://api.airbyte.com",
            ),
            (
                "https://u:can@ary@api.airbyte.com",
                "https://api.airbyte.com",
            ),
            ("https:/u:canary@api.airbyte.com", "api.airbyte.com"),
        ] {
            for key in [Key::AllowedOrigin, Key::BaseUrl, Key::Endpoint] {
                assert_eq!(key.shown(text), shown, "{text}");
            }
        }
        assert_eq!(
            Key::ExternalUserId.shown("jo@acme.example"),
            "jo@acme.example"
        );
        assert_eq!(Key::ClientSecret.shown("canary"), "•••••••• (6 characters)");
        assert_eq!(Key::ClientSecret.shown(""), "");
    }

    #[test]
    fn no_name_stands_for_two_settings() {
        let mut names: Vec<_> = FIELDS
            .iter()
            .flat_map(|f| f.aliases.iter().chain([&f.variable]))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
