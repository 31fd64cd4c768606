//! Where the S3 connector puts things: the keys it makes, the objects of one sync, and what it says
//! when the bucket will not have it.

use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::faker::{Faker, STREAMS, Stream, mixed};
use super::format::{Format, GENERATION, Sync};
use super::ids::Id;
use super::store::Store;
use super::world::Account;

/// The connector's own layout, when the configuration names none.
const PATH_FORMAT: &str = "${NAMESPACE}/${STREAM_NAME}/${YEAR}_${MONTH}_${DAY}_${EPOCH}_";
const FILE_PATTERN: &str = "{part_number}{format_extension}";

/// Rows and bytes that a sync has moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Landed {
    /// By stream, without the prefix.
    pub(super) rows: Vec<(&'static str, u64)>,
    /// Of the rows' data as JSON, whatever they were written as.
    pub(super) bytes: u64,
}

impl Landed {
    /// Rows of all streams.
    pub(super) fn total(&self) -> u64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }
}

/// One sync of the Sample Data source.
pub(super) struct Delivery<'a> {
    /// The destination's; null when Airbyte hosts it, which is not in this bucket.
    pub(super) configuration: &'a Value,
    pub(super) namespace: &'a str,
    pub(super) prefix: &'a str,
    pub(super) source: Id,
    pub(super) faker: Faker,
    pub(super) job: u64,
    /// When the sync began, by which keys are made, and when its rows were read.
    pub(super) began: Timestamp,
    pub(super) extracted_at: Timestamp,
}

impl Delivery<'_> {
    /// Writes one object for each stream.
    pub(super) fn land(&self, store: &Store) -> Landed {
        let mut landed = Landed::default();
        for stream in STREAMS {
            let (file, bytes) = self.file(stream);
            landed.rows.push((stream.name(), self.faker.rows(stream)));
            landed.bytes += bytes;
            if !self.configuration.is_null() {
                let generation = ("ab-generation-id".to_owned(), GENERATION.to_string());
                store.put(&self.key(stream), file, vec![generation]);
            }
        }
        landed
    }

    fn file(&self, stream: Stream) -> (Vec<u8>, u64) {
        let sync = Sync {
            id: self.job,
            extracted_at: self.extracted_at,
        };
        let seed = mixed(self.source.number(), stream as u64, self.job);
        let mut rng = Rng::with_seed(seed);
        let mut file = Format::of(self.configuration).file(stream.fields());
        let mut bytes = 0;
        for number in 1..=self.faker.rows(stream) {
            let row = self.faker.row(stream, number, self.extracted_at);
            bytes += file.row(sync, &mut rng, &row);
        }
        (file.finish(), bytes)
    }

    fn key(&self, stream: Stream) -> String {
        let name = format!("{}{}", self.prefix, stream.name());
        let text = |field, default| {
            let found = self.configuration.get(field).and_then(Value::as_str);
            found.filter(|text| !text.is_empty()).unwrap_or(default)
        };
        let path = format!(
            "{}/{}",
            text("s3_bucket_path", "").trim_end_matches('/'),
            text("s3_path_format", PATH_FORMAT)
        );
        let path = self.path(&path, &safe(&name));
        let file = text("file_name_pattern", FILE_PATTERN)
            .replace("{date:yyyy_MM}", &self.calendar("%Y_%m"))
            .replace("{date}", &self.calendar("%Y_%m_%d"))
            .replace(
                "{timestamp}",
                &self.extracted_at.as_millisecond().to_string(),
            )
            .replace("{part_number}", "0")
            .replace("{sync_id}", &self.job.to_string())
            .replace(
                "{format_extension}",
                Format::of(self.configuration).extension(),
            );
        single_slashes(&format!("{path}{file}"))
    }

    /// Fills in the variables of a path; an unknown one stays as text.
    fn path(&self, path: &str, stream: &str) -> String {
        let epoch = self.began.as_millisecond();
        let values = [
            ("${NAMESPACE}", safe(self.namespace)),
            ("${STREAM_NAME}", stream.to_owned()),
            ("${YEAR}", self.calendar("%Y")),
            ("${MONTH}", self.calendar("%m")),
            ("${DAY}", self.calendar("%d")),
            ("${HOUR}", self.calendar("%H")),
            ("${MINUTE}", self.calendar("%M")),
            ("${SECOND}", self.calendar("%S")),
            ("${MILLISECOND}", format!("{:04}", epoch.rem_euclid(1000))),
            ("${EPOCH}", epoch.to_string()),
            ("${UUID}", self.source.to_string()),
        ];
        // A value cannot hold a variable: the braces are not safe.
        values.iter().fold(path.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        })
    }

    /// The sync's beginning, in UTC.
    fn calendar(&self, format: &str) -> String {
        let began = self.began.to_zoned(TimeZone::UTC);
        began.strftime(format).to_string()
    }
}

/// Decomposed, combining marks dropped, and `_` for every character outside the safe set.
fn safe(text: &str) -> String {
    text.nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .map(|letter| {
            let kept = letter.is_ascii_alphanumeric() || "/!_.*')(&$@=;:+,?-".contains(letter);
            if kept { letter } else { '_' }
        })
        .collect()
}

fn single_slashes(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != '/' || !(key.is_empty() || key.ends_with('/')) {
            key.push(letter);
        }
    }
    key
}

/// Leaves behind what the connector's check of a new destination writes. It is written beside the
/// users' folders, and the check that was cut short never removed it.
pub(super) fn leave_test(store: &Store, configuration: &Value, id: Id) {
    let path = configuration
        .get("s3_bucket_path")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let name = format!("{path}/_airbyte_connection_test_{}", id.digits());
    store.put(
        &single_slashes(&name),
        b"check-content".to_vec(),
        Vec::new(),
    );
}

/// Why the bucket refuses a destination, in the words in which its connector fails.
pub(super) fn refusal(account: &Account, configuration: &Value) -> Option<String> {
    if configuration.is_null() {
        return None;
    }
    let text = |name| configuration.get(name).and_then(Value::as_str);
    let (Some(key), Some(secret)) = (text("access_key_id"), text("secret_access_key")) else {
        return Some(
            "Unable to load credentials from any of the providers in the chain.".to_owned(),
        );
    };
    let (status, why) = if key != account.access_key_id {
        (
            403,
            "The AWS Access Key Id you provided does not exist in our records.".to_owned(),
        )
    } else if secret != account.secret_access_key {
        (
            403,
            "The request signature we calculated does not match the signature you provided. \
             Check your key and signing method."
                .to_owned(),
        )
    } else if text("s3_bucket_name") != Some(Account::BUCKET) {
        (404, "The specified bucket does not exist".to_owned())
    } else if text("s3_bucket_region").is_some_and(|it| !["", Account::REGION].contains(&it)) {
        let region = text("s3_bucket_region").unwrap_or_default();
        let right = Account::REGION;
        (
            400,
            format!(
                "The authorization header is malformed; the region '{region}' is wrong; expecting '{right}'"
            ),
        )
    } else {
        return None;
    };
    Some(format!("{why} (Service: S3, Status Code: {status})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(configuration: &Value, namespace: &str) -> Vec<String> {
        let began = Timestamp::from_millisecond(1_795_428_000_007).unwrap();
        let delivery = Delivery {
            configuration,
            namespace,
            prefix: "src_",
            source: Id::NONE,
            faker: Faker::of(&json!({"count": 3}), Id::NONE),
            job: 9,
            began,
            extracted_at: began,
        };
        let store = Store::default();
        let landed = delivery.land(&store);
        assert_eq!(
            landed.rows,
            [("users", 3), ("products", 3), ("purchases", 3)]
        );
        assert_eq!(landed.total(), 9);
        let objects = store.list("", None, 10);
        assert!(objects.iter().all(
            |(_, object)| object.metadata == [("ab-generation-id".to_owned(), "0".to_owned())]
        ));
        objects.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn keys_are_the_connectors_own() {
        let path = |path| json!({"s3_bucket_path": path, "format": {"format_type": "JSONL"}});
        let file = "2026_11_23_1795428000007_0.jsonl.gz";
        for (user, folder) in [
            ("user-42", "customers/user-42"),
            ("acme GmbH", "customers/acme_GmbH"),
            ("a/b", "customers/a/b"),
            ("/a//b/", "customers/a/b"),
            ("50%+x", "customers/50_+x"),
            ("Zoë", "customers/Zoe"),
            ("x@y.example", "customers/x@y.example"),
            ("日本", "customers/__"),
            ("${YEAR}", "customers/$_YEAR_"),
            ("", "customers"),
        ] {
            assert_eq!(
                keys(&path("customers/"), user),
                ["products", "purchases", "users"].map(|s| format!("{folder}/src_{s}/{file}")),
                "{user}"
            );
        }
    }

    #[test]
    fn a_layout_of_ones_own_is_followed() {
        let configuration = json!({"s3_bucket_path": "in/${YEAR}",
            "s3_path_format": "${STREAM_NAME}-${HOUR}${MINUTE}${SECOND}${MILLISECOND}-${OTHER}",
            "file_name_pattern": "-{date}-{sync_id}-{timestamp}-{part_number}{format_extension}",
            "format": {"format_type": "Avro"}});
        assert_eq!(
            keys(&configuration, "u").last().unwrap(),
            "in/2026/src_users-1000000007-${OTHER}-2026_11_23-9-1795428000007-0.avro"
        );
    }

    #[test]
    fn airbytes_own_storage_is_elsewhere() {
        assert!(keys(&Value::Null, "u").is_empty());
    }
}
