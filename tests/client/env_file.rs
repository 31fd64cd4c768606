//! The env file: written, and read again.

use crate::*;

fn edits(desk: &Desk, edits: &[(Key, &str)], path: Option<PathBuf>) -> (PathBuf, Job) {
    let edits = edits.iter().map(|(key, text)| (*key, Secret::new(*text)));
    (
        desk.folder.path().join(".env"),
        Job::Save(edits.collect(), path),
    )
}

#[tokio::test]
async fn saving_writes_what_was_edited_and_keeps_the_rest() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (path, job) = edits(
        &desk,
        &[
            (Key::Bucket, " new-bucket "),
            (Key::Prefix, ""),
            (Key::SecretAccessKey, "a b'c"),
        ],
        None,
    );
    let before = "# mine\r\nexport OTHER=1\r\nS3_BUCKET_NAME=old # where\r\nS3_PATH_PREFIX=p\r\n";
    std::fs::write(&path, before).unwrap();
    let ticket = desk.start(job).await;
    assert_eq!(
        desk.done(ticket).await,
        Ok(Outcome::Saved(path.display().to_string()))
    );
    let after = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        after,
        "# mine\r\nexport OTHER=1\r\nS3_BUCKET_NAME=new-bucket # where\r\nAWS_S3_SECRET_ACCESS_KEY=\"a b'c\"\r\n"
    );
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // Another file, when one is named, and nothing but the edits in it.
    let other = desk.folder.path().join("other.env");
    let (_, job) = edits(&desk, &[(Key::Region, "us-east-1")], Some(other.clone()));
    let ticket = desk.start(job).await;
    desk.done(ticket).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(other).unwrap(),
        "S3_BUCKET_REGION=us-east-1\n"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
}

#[tokio::test]
async fn a_new_file_replaces_nothing() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let used = desk.folder.path().join("used.env");
    std::fs::write(&used, "S3_BUCKET_REGION=eu-west-1\n").unwrap();
    let link = desk.folder.path().join("link.env");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    for taken in [&used, &link] {
        let (_, job) = edits(&desk, &[(Key::Region, "us-east-1")], Some(taken.clone()));
        let ticket = desk.start(job).await;
        let failure = desk.done(ticket).await.unwrap_err();
        let because = failure.because.unwrap();
        assert!(because.contains("is there already"), "{because}");
    }
    assert_eq!(
        std::fs::read_to_string(used).unwrap(),
        "S3_BUCKET_REGION=eu-west-1\n"
    );
    assert!(!desk.folder.path().join("nowhere").exists());
}

#[tokio::test]
async fn the_file_is_read_again_below_what_outranks_it() {
    let site = Site::new(&[]);
    let region = ("S3_BUCKET_REGION".to_owned(), "eu-west-1".to_owned());
    let mut desk = Desk::with(&site, vec![region]);
    let path = desk.folder.path().join(".env");
    let ticket = desk.start(Job::Reload).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::MachineDisk, "there is none yet");
    let text = site.env_with(&[("AIRBYTE_CLIENT_SECRET", "rotated")]);
    std::fs::write(
        &path,
        format!("{text}S3_BUCKET_NAME=twice\nS3_BUCKET_NAME=told\n"),
    )
    .unwrap();
    let ticket = desk.start(Job::Reload).await;
    let Ok(Outcome::Reloaded(draft, warnings)) = desk.done(ticket).await else {
        panic!("{:?}", desk.told);
    };
    assert_eq!(draft.text(Key::ClientSecret), "rotated");
    assert_eq!(draft.source(Key::ClientSecret), Source::File);
    assert_eq!(draft.text(Key::Region), "eu-west-1");
    assert_eq!(draft.source(Key::Region), Source::Environment);
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("S3_BUCKET_NAME"))
    );
    std::fs::write(&path, "no setting\n").unwrap();
    let ticket = desk.start(Job::Reload).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::EnvFileUnreadable);
}

#[tokio::test]
async fn credentials_that_are_left_have_their_access_token_forgotten() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let fetched = || site.count("POST /v1/applications/token");
    for expected in [1, 1] {
        let ticket = desk.start(desk.mint("user-42")).await;
        desk.done(ticket).await.unwrap();
        assert_eq!(fetched(), expected, "held while it is good");
    }
    let leave = Command::Leave(Box::new(desk.settings.access.clone()));
    desk.commands.send(leave).await.unwrap();
    let ticket = desk.start(desk.mint("user-42")).await;
    desk.done(ticket).await.unwrap();
    assert_eq!(fetched(), 2);
}

#[tokio::test]
async fn refused_credentials_that_the_file_no_longer_has_lead_to_reading_it() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let path = desk.folder.path().join(".env");
    let old = [("AIRBYTE_CLIENT_SECRET", "rotated-away")];
    let own = site.sandbox.settings_with_s3(&site.url, &site.s3_url);
    let others = old.map(|(name, value)| (name, value.to_owned()));
    let values = own.into_iter().chain(others);
    let values = values.map(|(name, value)| (name.to_owned(), value));
    let draft = Draft::resolve(&[(Source::File, Layer::new(values))]);
    desk.settings = draft.settings().unwrap();
    let hint = async |desk: &mut Desk, job| {
        let ticket = desk.start(job).await;
        let failure = match desk.done(ticket).await {
            Ok(Outcome::Checked(steps)) => steps[0].failure.clone().unwrap(),
            other => other.unwrap_err(),
        };
        assert_eq!(failure.code, Code::AuthRefused);
        failure.hint.unwrap()
    };
    // The file has what was sent: reading it again would not help.
    std::fs::write(&path, site.env_with(&old)).unwrap();
    let mint = desk.mint("user-42");
    assert!(!hint(&mut desk, mint.clone()).await.contains("F5"));
    std::fs::write(&path, site.env()).unwrap();
    for job in [mint, desk.create(), Job::Check(draft)] {
        assert!(hint(&mut desk, job).await.contains("F5"));
    }
}

#[tokio::test]
async fn what_no_spelling_carries_is_refused_and_nothing_written() {
    let site = Site::new(&[]);
    let mut desk = Desk::of(&site);
    let (path, job) = edits(
        &desk,
        &[
            (Key::Bucket, "new-bucket"),
            (Key::SecretAccessKey, "canary'\"$`"),
        ],
        None,
    );
    let ticket = desk.start(job).await;
    let failure = desk.done(ticket).await.unwrap_err();
    assert_eq!(failure.code, Code::ConfigInvalid);
    assert!(!format!("{failure:?}").contains("canary"));
    assert!(!path.exists());
    // A folder in the file's place is this machine's refusal.
    std::fs::create_dir(&path).unwrap();
    let (_, job) = edits(&desk, &[(Key::Bucket, "new-bucket")], None);
    let ticket = desk.start(job).await;
    assert!(desk.done(ticket).await.is_err());
}
