//! The bodies as they are sent: the guide's own, byte for byte where bytes matter.

use serde_json::{Value, json};

use crate::support::{Home, Site, route};

#[test]
fn the_template_is_the_guides_with_its_compression_said() {
    let site = Site::new(&[]);
    let home = site.home_with(&[
        // The guide's bucket is AWS's own.
        ("S3_ENDPOINT", ""),
        ("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        (
            "AWS_S3_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=",
        ),
    ]);
    home.run("template create --yes --skip-probe").expect(0);
    let sent = site.last_body(route::TEMPLATE);
    let organization = site.setting("AIRBYTE_ORGANIZATION_ID");
    // SEED: the guide's JSON, its one brace too many taken away, and `compression` said outright,
    // because the connector would otherwise compress.
    let golden = format!(
        r#"{{"destinationName":"destination-s3","organizationId":"{organization}","destinationActorDefinitionId":"4816b78f-1489-44c1-9060-4b19d5fa9362","destinationConfiguration":{{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=","s3_bucket_name":"acme-embedded","s3_bucket_path":"customers","s3_bucket_region":"us-east-1","format":{{"format_type":"JSONL","compression":{{"compression_type":"No Compression"}}}}}}}}"#
    );
    assert_eq!(sent, golden);
}

#[test]
fn the_other_two_bodies_are_the_guides() {
    let site = Site::new(&[]);
    let home = site.home_with(&[("ALLOWED_ORIGIN", "https://app.example")]);
    home.run("token mint").expect(0);
    let sent = |request: &str| serde_json::from_str::<Value>(&site.last_body(request)).unwrap();
    assert_eq!(
        sent(route::TOKEN),
        json!({
            "client_id": site.setting("AIRBYTE_CLIENT_ID"),
            "client_secret": site.setting("AIRBYTE_CLIENT_SECRET"),
            "grant-type": "client_credentials",
        })
    );
    assert_eq!(
        sent(route::WIDGET),
        json!({
            "organizationId": site.setting("AIRBYTE_ORGANIZATION_ID"),
            "allowedOrigin": "https://app.example",
            "externalUserId": "user-42",
        })
    );
}

#[test]
fn a_secret_of_any_characters_arrives_byte_for_byte() {
    let site = Site::new(&[]);
    let secret = r#"a/b+c="d'e\f$g`h#i%j&k<l>ü"#;
    let home = site.home();
    let ran = home
        .call(["template", "create", "--yes", "--skip-probe"])
        .env("AWS_S3_SECRET_ACCESS_KEY", secret)
        .run();
    ran.expect(0);
    let sent: Value = serde_json::from_str(&site.last_body(route::TEMPLATE)).unwrap();
    assert_eq!(
        sent["destinationConfiguration"]["secret_access_key"],
        secret
    );
}

#[test]
fn formats_and_schedules_are_sent_as_the_connector_and_the_service_want_them() {
    for (format, expected) in [
        (
            "jsonl.gz",
            json!({"format_type": "JSONL", "compression": {"compression_type": "GZIP"}}),
        ),
        (
            "csv",
            json!({"format_type": "CSV", "flattening": "Root level flattening", "compression": {"compression_type": "No Compression"}}),
        ),
        (
            "avro",
            json!({"format_type": "Avro", "compression_codec": {"codec": "no compression"}}),
        ),
        (
            "parquet",
            json!({"format_type": "Parquet", "compression_codec": "UNCOMPRESSED"}),
        ),
    ] {
        let site = Site::new(&[]);
        site.home_with(&[("TEMPLATE_FORMAT", format)])
            .run("template create --yes --skip-probe")
            .expect(0);
        let sent: Value = serde_json::from_str(&site.last_body(route::TEMPLATE)).unwrap();
        assert_eq!(sent["destinationConfiguration"]["format"], expected);
    }
    for (schedule, expected) in [
        ("hourly", Value::Null),
        ("manual", json!({"scheduleType": "manual"})),
        (
            "0 0 6 * * ?",
            json!({"scheduleType": "cron", "cronExpression": "0 0 6 * * ?"}),
        ),
    ] {
        let site = Site::new(&[]);
        site.home_with(&[("TEMPLATE_SCHEDULE", schedule)])
            .run("template create --yes --skip-probe")
            .expect(0);
        let sent: Value = serde_json::from_str(&site.last_body(route::TEMPLATE)).unwrap();
        assert_eq!(sent["schedule"], expected);
    }
}

#[test]
fn an_endpoint_of_ones_own_goes_into_the_template() {
    let site = Site::new(&[]);
    site.home_with(&[("S3_ENDPOINT", "http://127.0.0.1:9000")])
        .run("template create --yes --skip-probe")
        .expect(0);
    let sent: Value = serde_json::from_str(&site.last_body(route::TEMPLATE)).unwrap();
    assert_eq!(
        sent["destinationConfiguration"]["s3_endpoint"],
        "http://127.0.0.1:9000"
    );
    // A live API cannot reach this machine.
    let home = Home::with_env(site.env_with(&[
        ("S3_ENDPOINT", "http://127.0.0.1:9000"),
        ("BASE_URL", "https://api.airbyte.com"),
    ]));
    home.run("template create --yes --skip-probe").expect(3);
}

#[test]
fn a_user_is_sent_as_it_is() {
    let site = Site::new(&[]);
    let home = site.home();
    for user in ["ünïcode 🙂", "a\"b\\c", "../x", "{}%s%n<script>", "a,b"] {
        home.call(["token", "mint", "--", user]).run().expect(0);
        let sent: Value = serde_json::from_str(&site.last_body(route::WIDGET)).unwrap();
        assert_eq!(sent["externalUserId"], user);
    }
}
