//! What makes a destination configuration valid, by the S3 connector's published schema, and how
//! it is shown: with its secrets masked.

use serde_json::Value;

/// Definition id of the S3 destination, from the connector registry.
pub(super) const S3: &str = "4816b78f-1489-44c1-9060-4b19d5fa9362";

/// The regions the connector knows; it refuses newer ones. Empty stands for "unset".
const REGIONS: &[&str] = &[
    "",
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
const SECRETS: &[&str] = &["access_key_id", "secret_access_key"];
const OPTIONAL_TEXTS: &[&str] = &[
    "access_key_id",
    "secret_access_key",
    "role_arn",
    "s3_endpoint",
    "s3_path_format",
    "file_name_pattern",
];
const FLATTENINGS: &[&str] = &["No flattening", "Root level flattening"];
const PARQUET_CODECS: &[&str] = &[
    "UNCOMPRESSED",
    "SNAPPY",
    "GZIP",
    "LZO",
    "BROTLI",
    "LZ4",
    "ZSTD",
];

/// The configuration with every secret replaced by the platform's mask.
pub(super) fn masked(configuration: &Value) -> Value {
    let mut shown = configuration.clone();
    if let Some(fields) = shown.as_object_mut() {
        for (_, value) in fields
            .iter_mut()
            .filter(|(name, _)| SECRETS.contains(&name.as_str()))
        {
            *value = Value::from("**********");
        }
    }
    shown
}

/// Judges an S3 configuration as the connector's schema does.
///
/// # Errors
/// The first thing the schema objects to.
pub(super) fn check(configuration: &Value) -> Result<(), String> {
    for name in ["s3_bucket_name", "s3_bucket_path"] {
        text(configuration, name)?;
    }
    one_of(configuration, "s3_bucket_region", REGIONS)?;
    for name in OPTIONAL_TEXTS {
        if configuration.get(name).is_some() {
            text(configuration, name)?;
        }
    }
    let format = configuration
        .get("format")
        .ok_or_else(|| required("format"))?;
    match text(format, "format_type")? {
        "JSONL" => lines(format, false),
        "CSV" => lines(format, true),
        "Avro" => avro(format),
        "Parquet" => parquet(format),
        other => Err(format!("format.format_type: {other} is no known format")),
    }
}

fn lines(format: &Value, flattening_required: bool) -> Result<(), String> {
    if flattening_required || format.get("flattening").is_some() {
        one_of(format, "flattening", FLATTENINGS)?;
    }
    match format.get("compression") {
        Some(compression) => one_of(compression, "compression_type", &["No Compression", "GZIP"]),
        None => Ok(()),
    }
}

fn avro(format: &Value) -> Result<(), String> {
    let compression = format
        .get("compression_codec")
        .ok_or_else(|| required("compression_codec"))?;
    match text(compression, "codec")? {
        "no compression" | "bzip2" | "snappy" => Ok(()),
        "Deflate" | "xz" => integer(compression, "compression_level"),
        "zstandard" => {
            integer(compression, "compression_level")?;
            match compression.get("include_checksum").map(Value::is_boolean) {
                Some(true) => Ok(()),
                Some(false) | None => Err(required("include_checksum")),
            }
        }
        other => Err(format!(
            "compression_codec.codec: {other} is no known codec"
        )),
    }
}

fn parquet(format: &Value) -> Result<(), String> {
    match format.get("compression_codec") {
        Some(_) => one_of(format, "compression_codec", PARQUET_CODECS),
        None => Ok(()),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value
        .get(name)
        .ok_or_else(|| required(name))?
        .as_str()
        .ok_or_else(|| format!("{name}: string expected"))
}

fn one_of(value: &Value, name: &str, allowed: &[&str]) -> Result<(), String> {
    let found = text(value, name)?;
    if allowed.contains(&found) {
        Ok(())
    } else {
        Err(format!(
            "{name}: does not have a value in the enumeration {allowed:?}"
        ))
    }
}

fn integer(value: &Value, name: &str) -> Result<(), String> {
    match value.get(name).map(Value::is_i64) {
        Some(true) => Ok(()),
        Some(false) => Err(format!("{name}: integer expected")),
        None => Err(required(name)),
    }
}

fn required(name: &str) -> String {
    format!("required property '{name}' not found")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(format: &Value) -> Value {
        json!({"s3_bucket_name": "b", "s3_bucket_path": "p", "s3_bucket_region": "us-east-1",
            "access_key_id": "AKIA", "secret_access_key": "s", "format": format})
    }

    #[test]
    fn each_published_format_is_valid() {
        for format in [
            json!({"format_type": "JSONL"}),
            json!({"format_type": "JSONL", "compression": {"compression_type": "No Compression"}}),
            json!({"format_type": "CSV", "flattening": "No flattening"}),
            json!({"format_type": "Avro", "compression_codec": {"codec": "snappy"}}),
            json!({"format_type": "Avro", "compression_codec": {"codec": "xz", "compression_level": 6}}),
            json!({"format_type": "Parquet"}),
            json!({"format_type": "Parquet", "compression_codec": "ZSTD"}),
        ] {
            assert_eq!(check(&with(&format)), Ok(()), "{format}");
        }
    }

    #[test]
    fn a_format_outside_the_schema_is_not() {
        for format in [
            json!(null),
            json!({}),
            json!({"format_type": "jsonl"}),
            json!({"format_type": "CSV"}),
            json!({"format_type": "CSV", "flattening": "no"}),
            json!({"format_type": "JSONL", "compression": {"compression_type": "gzip"}}),
            json!({"format_type": "JSONL", "compression": "GZIP"}),
            json!({"format_type": "Avro"}),
            json!({"format_type": "Avro", "compression_codec": {"codec": "xz"}}),
            json!({"format_type": "Avro", "compression_codec": {"codec": "zstandard", "compression_level": 1}}),
            json!({"format_type": "Parquet", "compression_codec": "zip"}),
        ] {
            assert!(check(&with(&format)).is_err(), "{format}");
        }
    }

    #[test]
    fn required_fields_regions_and_types_are_checked() {
        let whole = with(&json!({"format_type": "JSONL"}));
        for name in [
            "s3_bucket_name",
            "s3_bucket_path",
            "s3_bucket_region",
            "format",
        ] {
            let mut part = whole.clone();
            part.as_object_mut().map(|fields| fields.shift_remove(name));
            assert!(check(&part).is_err_and(|why| why.contains(name)), "{name}");
        }
        for (name, wrong) in [
            ("s3_bucket_region", json!("us-east-9")),
            ("s3_bucket_path", json!(1)),
            ("s3_endpoint", json!(null)),
        ] {
            let mut changed = whole.clone();
            changed
                .as_object_mut()
                .map(|fields| fields.insert(name.to_owned(), wrong));
            assert!(
                check(&changed).is_err_and(|why| why.contains(name)),
                "{name}"
            );
        }
        assert!(check(&json!("text")).is_err());
    }

    #[test]
    fn both_keys_are_masked_and_nothing_else() {
        let shown = masked(&with(&json!({"format_type": "JSONL"})));
        assert_eq!(shown.get("secret_access_key"), Some(&json!("**********")));
        assert_eq!(shown.get("access_key_id"), Some(&json!("**********")));
        assert_eq!(shown.get("s3_bucket_name"), Some(&json!("b")));
    }
}
