use super::*;

fn draft(pairs: &[(&str, &str)]) -> Draft {
    Draft::resolve(&[(Source::File, layer(pairs))])
}

fn layer(pairs: &[(&str, &str)]) -> Layer {
    Layer::new(
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

fn good() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "AIRBYTE_ORGANIZATION_ID",
            "5f0c3a1e-6a0e-4d0e-b1a7-0f7e5a3391aa",
        ),
        ("AIRBYTE_CLIENT_ID", "7d1b40c2"),
        ("AIRBYTE_CLIENT_SECRET", "canary"),
        ("EXTERNAL_USER_ID", "user-42"),
        ("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_S3_SECRET_ACCESS_KEY", "a/b+c=\"'\\"),
        ("S3_BUCKET_NAME", "acme-embedded"),
        ("S3_PATH_PREFIX", "customers"),
        ("S3_BUCKET_REGION", "us-east-1"),
    ]
}

fn with(key: &'static str, value: &'static str) -> Draft {
    let mut pairs = good();
    pairs.retain(|(k, _)| *k != key);
    pairs.push((key, value));
    draft(&pairs)
}

#[test]
fn the_guides_nine_are_enough() {
    let settings = draft(&good()).settings().unwrap();
    assert_eq!(settings.origin.as_str(), "http://localhost:3001");
    assert_eq!(settings.access.base_url.shown(), "https://api.airbyte.com");
    assert_eq!(settings.template.name, "destination-s3");
    assert_eq!(settings.template.secret_access_key.expose(), "a/b+c=\"'\\");
}

#[test]
fn everything_missing_is_named_at_once_in_the_guides_order() {
    let failure = draft(&[("S3_BUCKET_NAME", "   ")]).settings().unwrap_err();
    assert_eq!(failure.code, Code::ConfigMissing);
    let names: Vec<_> = good().iter().map(|(k, _)| *k).collect();
    assert_eq!(failure.because.unwrap(), names.join(", "));
}

#[test]
fn what_is_left_out_has_the_value_of_the_table_and_it_is_a_good_one() {
    let draft = draft(&good());
    for field in FIELDS {
        if let Some(value) = field.key.default_value() {
            assert_eq!(draft.text(field.key), value, "{}", field.variable);
            assert_eq!(draft.finding(field.key), Finding::Good, "{value}");
        }
    }
    assert_eq!(draft.port(), Ok(3001));
    let refused = with("PORT", "x");
    assert_eq!(refused.text(Key::AllowedOrigin), "http://localhost:3001");
    assert_eq!(refused.port().unwrap_err().code, Code::ConfigInvalid);
}

#[test]
fn each_missing_setting_is_told_alone() {
    for (key, _) in good() {
        let failure = with(key, "").settings().unwrap_err();
        assert_eq!(
            (failure.code, failure.because.as_deref()),
            (Code::ConfigMissing, Some(key))
        );
    }
}

#[test]
fn how_to_set_a_value_depends_on_where_it_comes_from() {
    let hint = |layers: &[(Source, Layer)]| {
        let all: Vec<Key> = Key::all().collect();
        let failure = Draft::resolve(layers).require(&all).unwrap_err();
        failure.hint.unwrap()
    };
    let file = (Source::File, layer(&good()));
    let wrong = |source| (source, layer(&[("BASE_URL", "ftp://x")]));
    assert_eq!(
        hint(&[file.clone(), wrong(Source::Environment)]),
        "BASE_URL comes from the environment: unset it or correct it there"
    );
    assert_eq!(
        hint(&[file.clone(), wrong(Source::Flag)]),
        "BASE_URL comes from a flag: correct it there"
    );
    let both = layer(&[("PORT", "x"), ("TEMPLATE_FORMAT", "x")]);
    let origin = (
        Source::File,
        layer(&[&good()[..], &[("ALLOWED_ORIGIN", "x")]].concat()),
    );
    assert_eq!(
        hint(&[origin, (Source::Environment, both)]),
        "PORT, TEMPLATE_FORMAT come from the environment: unset them or correct them there; \
         `embedctl env set ALLOWED_ORIGIN` asks for it, and `embedctl` opens the form"
    );
}

#[test]
fn malformed_values_are_refused() {
    let cases = [
        ("AIRBYTE_ORGANIZATION_ID", "acme"),
        ("AIRBYTE_CLIENT_ID", "a b"),
        ("AIRBYTE_CLIENT_ID", "<client_id>"),
        ("AIRBYTE_CLIENT_SECRET", "a\r\nX-Evil: 1"),
        ("EXTERNAL_USER_ID", "a\x1b[2J"),
        ("AWS_S3_ACCESS_KEY_ID", "AKIA 123"),
        ("S3_BUCKET_NAME", "Acme"),
        ("S3_BUCKET_NAME", "s3://acme"),
        ("S3_BUCKET_NAME", "ab"),
        ("S3_BUCKET_NAME", "arn:aws:s3:::acme"),
        ("S3_BUCKET_NAME", "192.168.1.1"),
        ("S3_PATH_PREFIX", "/"),
        ("S3_PATH_PREFIX", "a/../b"),
        ("S3_BUCKET_REGION", "us-esat-1"),
        ("ALLOWED_ORIGIN", "localhost:3000"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("BASE_URL", "http://api.airbyte.com"),
        ("BASE_URL", "https://api.airbyte.ai"),
        ("AIRBYTE_API", "v2"),
        ("AIRBYTE_REGION_ID", "mars"),
        ("SOURCE_TEMPLATE_TAGS", " , "),
        ("S3_ENDPOINT", "http://localhost:9000"),
        ("TEMPLATE_FORMAT", "xml"),
        ("TEMPLATE_SCHEDULE", "* * * * *"),
        ("TEMPLATE_NAME", "a\u{202e}b"),
    ];
    for (key, value) in cases {
        let failure = with(key, value).settings().unwrap_err();
        assert!(
            failure
                .because
                .as_deref()
                .unwrap_or_default()
                .starts_with(key),
            "{key}={value}: {failure:?}"
        );
        assert_eq!(failure.exit().code(), 3);
    }
}

#[test]
fn what_works_with_a_warning_is_usable() {
    let cases = [
        ("EXTERNAL_USER_ID", "0"),
        ("AWS_S3_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("S3_PATH_PREFIX", "/customers/"),
        ("ALLOWED_ORIGIN", "http://localhost:3001/"),
        ("BASE_URL", "https://airbyte.acme.example/api/public/v1"),
    ];
    for (key, value) in cases {
        let draft = with(key, value);
        let key = Key::of_variable(key).unwrap();
        assert!(matches!(draft.finding(key), Finding::Warning(_)), "{value}");
        assert!(draft.settings().is_ok(), "{value}");
    }
    assert_eq!(
        with("S3_PATH_PREFIX", "/a//b/").template().unwrap().prefix,
        "a/b"
    );
}

#[test]
fn plain_repairs_are_offered() {
    let repair = |key: &'static str, value| with(key, value).repair(Key::of_variable(key).unwrap());
    assert_eq!(
        repair("S3_BUCKET_NAME", "s3://Acme/x").as_deref(),
        Some("acme")
    );
    assert_eq!(
        repair("S3_BUCKET_REGION", "us-esat-1").as_deref(),
        Some("us-east-1")
    );
    assert_eq!(
        repair("ALLOWED_ORIGIN", "localhost:3000").as_deref(),
        Some("http://localhost:3000")
    );
    assert_eq!(repair("S3_BUCKET_REGION", "somewhere"), None);
}

#[test]
fn the_stronger_source_wins_and_the_weaker_is_named() {
    let file = layer(&[
        ("AIRBYTE_CLIENT_ID", "file"),
        ("S3_BUCKET_NAME", "same-one"),
    ]);
    let environment = layer(&[
        ("AIRBYTE_CLIENT_ID", "env"),
        ("S3_BUCKET_NAME", "same-one"),
        ("AWS_SECRET_ACCESS_KEY", "other program's"),
    ]);
    let draft = Draft::resolve(&[(Source::File, file), (Source::Environment, environment)]);
    let value = draft.value(Key::ClientId).unwrap();
    assert_eq!(
        (value.text.expose(), value.source, value.shadows.as_slice()),
        ("env", Source::Environment, &[Source::File][..])
    );
    assert!(draft.value(Key::Bucket).unwrap().shadows.is_empty());
    assert_eq!(draft.value(Key::SecretAccessKey), None);
}

#[test]
fn a_sample_apps_name_in_the_file_is_read_and_told() {
    let draft = draft(&[("S3_BUCKET", "acme-embedded")]);
    assert_eq!(draft.text(Key::Bucket), "acme-embedded");
    assert_eq!(
        draft.finding(Key::Bucket),
        Finding::Warning("was read from S3_BUCKET, a sample app's name for it".to_owned())
    );
}

#[test]
fn an_empty_environment_variable_does_not_hide_the_file() {
    let draft = Draft::resolve(&[
        (Source::Environment, layer(&[("PORT", "")])),
        (Source::File, layer(&[("PORT", "4000")])),
    ]);
    assert_eq!(draft.text(Key::AllowedOrigin), "http://localhost:4000");
}

#[test]
fn typing_remembers_what_it_hides() {
    let mut draft = draft(&good());
    draft.type_in(Key::Bucket, "other-bucket");
    let value = draft.value(Key::Bucket).unwrap();
    assert_eq!(
        (value.source, value.shadows.as_slice()),
        (Source::Typed, &[Source::File][..])
    );
    draft.type_in(Key::Bucket, "");
    assert_eq!(draft.finding(Key::Bucket), Finding::Missing);
}

#[test]
fn typing_over_what_hides_another_value_remembers_both() {
    let mut draft = Draft::resolve(&[
        (Source::File, layer(&[("PORT", "4000")])),
        (Source::Environment, layer(&[("PORT", "5000")])),
    ]);
    for text in ["6000", "7000"] {
        draft.type_in(Key::Port, text);
        let value = draft.value(Key::Port).unwrap();
        assert_eq!(value.shadows, [Source::Environment, Source::File]);
    }
    draft.mark_saved(Key::Port);
    let value = draft.value(Key::Port).unwrap();
    assert_eq!(
        (value.source, value.shadows.as_slice()),
        (Source::File, &[Source::Environment][..])
    );
}

#[test]
fn a_caution_about_the_user_ends_a_sentence_that_begins_with_the_variable() {
    for user in ["0", "user/7", "jo@acme.example", "acme GmbH"] {
        let finding = with("EXTERNAL_USER_ID", user).finding(Key::ExternalUserId);
        let verb = finding.detail().split(' ').next();
        assert!(matches!(verb, Some("is" | "has" | "holds")), "{finding:?}");
    }
}

#[test]
fn a_base_url_that_is_none_brings_no_second_problem() {
    let mut pairs = good();
    pairs.extend([
        ("BASE_URL", "localhost:3000"),
        ("S3_ENDPOINT", "http://localhost:9000"),
    ]);
    let failure = draft(&pairs).settings().unwrap_err();
    assert_eq!(
        failure.because.as_deref(),
        Some("BASE_URL has no scheme; did you mean http://localhost:3000")
    );
    let failure = with("BASE_URL", "airbyte.acme.dev").settings().unwrap_err();
    let because = failure.because.unwrap();
    assert!(
        because.ends_with("did you mean https://airbyte.acme.dev"),
        "{because}"
    );
}

#[test]
fn a_temporary_key_is_said_not_to_work() {
    let draft = with("AWS_S3_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE");
    let finding = draft.finding(Key::AccessKeyId);
    assert!(finding.detail().contains("session token"), "{finding:?}");
}

#[test]
fn the_newer_api_brings_its_own_base_url_and_selections() {
    let mut draft = with("AIRBYTE_API", "agents");
    draft.type_in(Key::AirbyteRegion, "eu");
    draft.type_in(Key::SourceTags, "crm, billing");
    let access = draft.settings().unwrap().access;
    assert_eq!(access.base_url.shown(), "https://api.airbyte.ai");
    assert_eq!(
        access.selection.region.as_deref(),
        Some("b9e48d61-f082-4a14-a8d0-799a907938cb")
    );
    assert_eq!(access.selection.source_tags, ["crm", "billing"]);
    draft.type_in(Key::TemplateSchedule, "manual");
    assert!(matches!(
        draft.finding(Key::TemplateSchedule),
        Finding::Unsupported(_)
    ));
    draft.type_in(Key::Api, "v1");
    assert!(matches!(
        draft.finding(Key::AirbyteRegion),
        Finding::Warning(_)
    ));
}

#[test]
fn turning_to_the_other_api_takes_the_vendors_base_url_along() {
    let mut draft = with("BASE_URL", "https://api.airbyte.com");
    draft.speak(Api::Agents);
    assert_eq!(
        draft.settings().unwrap().access.base_url.shown(),
        "https://api.airbyte.ai"
    );
    let mut own = with("BASE_URL", "http://127.0.0.1:8000");
    own.speak(Api::Agents);
    assert_eq!(own.text(Key::BaseUrl), "http://127.0.0.1:8000");
}
