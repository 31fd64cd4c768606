//! Files on disk: owners, modes, links, and edits of others.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use embedctl::env_file::{EnvFile, Error, Loaded, Stamp, read, write};

use crate::Folder;

fn load(path: &Path) -> Loaded {
    read(path).unwrap().expect("a file")
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn save(path: &Path, value: &str, expected: Option<&Stamp>) -> Result<Stamp, Error> {
    let mut file = EnvFile::empty();
    file.set("A", value).unwrap();
    write(path, &file, expected)
}

#[test]
fn no_file_is_no_error() {
    assert!(read(&Folder::new().path(".env")).unwrap().is_none());
}

#[test]
fn a_new_file_is_for_its_owner_only_and_leaves_no_other_behind() {
    let folder = Folder::new();
    let path = folder.path(".env");
    let stamp = save(&path, "x", None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=x\n");
    assert_eq!(
        (mode(&path), folder.names()),
        (0o600, vec![".env".to_owned()])
    );
    let loaded = load(&path);
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.stamp, stamp);
}

#[test]
fn saving_again_with_the_returned_stamp_works() {
    let folder = Folder::new();
    let path = folder.path(".env");
    let first = save(&path, "x", None).unwrap();
    let second = save(&path, "y", Some(&first)).unwrap();
    assert_ne!(first, second);
    save(&path, "z", Some(&second)).unwrap();
    assert_eq!(load(&path).file.get("A").unwrap().value, "z");
}

#[test]
fn a_file_open_to_others_is_read_with_the_command_that_closes_it_and_closed_by_saving() {
    let folder = Folder::new();
    let path = folder.with("it's.env", "A=x\n", 0o644);
    let loaded = load(&path);
    let quoted = path.display().to_string().replace('\'', "'\\''");
    assert_eq!(
        loaded.warnings,
        [format!(
            "{} is open to other users of this machine (mode 0644); run: chmod 600 '{quoted}'",
            path.display()
        )]
    );
    let command = loaded.warnings[0].split("run: ").nth(1).unwrap();
    let status = Command::new("/bin/sh")
        .args(["-c", command])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    write(&path, &loaded.file, Some(&loaded.stamp)).expect("a change of mode alone is no change");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn somebody_elses_edit_is_never_overwritten() {
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    let stamp = load(&path).stamp;
    fs::write(&path, "A=1\nB=2\n").unwrap();
    let changed = Err(Error::Changed { path: path.clone() });
    assert_eq!(save(&path, "x", Some(&stamp)), changed);
    assert_eq!(save(&path, "x", None), changed, "a file has appeared");
    fs::remove_file(&path).unwrap();
    assert_eq!(save(&path, "x", Some(&stamp)), changed, "the file is gone");
    assert!(folder.names().is_empty());
}

#[test]
fn of_many_who_write_at_once_nobody_loses_what_was_confirmed() {
    use std::sync::Barrier;
    const WRITERS: usize = 8;
    for round in 0..30 {
        let folder = Folder::new();
        let path = folder.path(".env");
        if round % 2 == 0 {
            folder.with(".env", "A=1\n", 0o600);
        }
        let barrier = Barrier::new(WRITERS);
        let confirmed: Vec<String> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|number| {
                    let (path, barrier) = (&path, &barrier);
                    scope.spawn(move || {
                        let (mut file, stamp) = match read(path).unwrap() {
                            Some(loaded) => (loaded.file, Some(loaded.stamp)),
                            None => (EnvFile::empty(), None),
                        };
                        let name = format!("KEY_{number}");
                        file.set(&name, "x").unwrap();
                        barrier.wait();
                        let written = write(path, &file, stamp.as_ref());
                        written.is_ok().then_some(name)
                    })
                })
                .collect();
            let ended = writers
                .into_iter()
                .filter_map(|writer| writer.join().unwrap());
            ended.collect()
        });
        let file = load(&path).file;
        assert!(!confirmed.is_empty());
        for name in confirmed {
            assert!(
                file.get(&name).is_some(),
                "{name} was confirmed and is lost"
            );
        }
    }
}

#[test]
fn a_file_that_another_program_holds_locked_is_not_waited_for_for_ever() {
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    let stamp = load(&path).stamp;
    let held = fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let refused = save(&path, "x", Some(&stamp)).unwrap_err();
    assert!(refused.to_string().contains("holds it locked"), "{refused}");
    held.unlock().unwrap();
    save(&path, "x", Some(&stamp)).unwrap();
}

#[test]
fn a_file_replaced_by_one_of_the_same_length_counts_as_changed() {
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    let stamp = load(&path).stamp;
    fs::rename(folder.with("new", "A=2\n", 0o600), &path).unwrap();
    assert!(matches!(
        save(&path, "x", Some(&stamp)),
        Err(Error::Changed { .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=2\n");
}

#[test]
fn the_users_own_symbolic_link_is_written_through() {
    let folder = Folder::new();
    fs::create_dir(folder.path("real")).unwrap();
    let real = folder.with("real/env", "A=1\n", 0o600);
    let link = folder.path(".env");
    symlink("second", &link).unwrap();
    symlink("real/env", folder.path("second")).unwrap();
    let stamp = load(&link).stamp;
    save(&link, "x", Some(&stamp)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "A=x\n");
    fs::remove_file(&real).unwrap();
    assert!(read(&link).unwrap().is_none());
    save(&link, "y", None).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "A=y\n");
}

#[test]
fn links_in_a_circle_are_an_error() {
    let folder = Folder::new();
    let path = folder.path(".env");
    symlink(".env", &path).unwrap();
    assert!(matches!(read(&path), Err(Error::Unreadable { .. })));
    assert!(matches!(save(&path, "x", None), Err(Error::Disk { .. })));
}

#[test]
fn a_planted_temporary_name_is_never_followed() {
    let folder = Folder::new();
    let victim = folder.with("victim", "untouched", 0o600);
    for name in [".env.tmp", ".env.new", ".env~", ".tmp.env"] {
        symlink(&victim, folder.path(name)).unwrap();
    }
    save(&folder.path(".env"), "x", None).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    assert_eq!(folder.names().len(), 6);
}

#[test]
fn what_is_no_env_file_is_refused_with_the_reason() {
    let folder = Folder::new();
    let big = folder.path("big");
    fs::write(&big, vec![b'\n'; 1024 * 1024 + 1]).unwrap();
    let file = folder.with("file", "A=1\n", 0o600);
    let pipe = folder.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let table = [
        (folder.path(""), "it is a folder"),
        (big, "it is larger than 1 MiB"),
        (pipe, "it is not a regular file"),
        (file.join(".env"), "Not a directory"),
    ];
    for (path, why) in table {
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(save(&folder.path(""), "x", None).is_err());
    assert!(save(&file.join(".env"), "x", None).is_err());
    assert!(save(&folder.path("missing/.env"), "x", None).is_err());
    assert_eq!(folder.names(), ["big", "file", "pipe"]);
}

#[test]
fn an_error_names_the_lines_and_no_value() {
    let folder = Folder::new();
    let path = folder.with(".env", &"canary\n".repeat(10), 0o600);
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.contains(".env has 10 lines that cannot be read: line 1: it is"),
        "{error}"
    );
    assert!(
        error.ends_with("; and 2 more") && !error.contains("canary"),
        "{error}"
    );
}

#[test]
fn a_failed_rename_leaves_the_old_file_and_no_temporary_one() {
    let folder = Folder::new();
    let path = folder.path(".env");
    fs::create_dir(&path).unwrap();
    let error = save(&path, "x", None).unwrap_err().to_string();
    assert!(error.contains("it is a folder"), "{error}");
    let long = folder.path(&"x".repeat(250));
    assert!(matches!(save(&long, "x", None), Err(Error::Disk { .. })));
    assert_eq!(folder.names(), [".env"]);
}

#[test]
#[ignore = "needs root, to make a file that belongs to somebody else"]
fn root_leaves_a_file_with_its_owner_and_follows_no_link_of_others() {
    use std::os::unix::fs::{MetadataExt as _, chown, lchown};
    let folder = Folder::new();
    let path = folder.with(".env", "A=1\n", 0o600);
    chown(&path, Some(12345), Some(12345)).unwrap();
    let loaded = load(&path);
    assert!(loaded.warnings[0].ends_with("belongs to another user (uid 12345)"));
    save(&path, "x", Some(&loaded.stamp)).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(
        (metadata.uid(), metadata.gid(), mode(&path)),
        (12345, 12345, 0o600)
    );
    let link = folder.path("link");
    symlink(&path, &link).unwrap();
    lchown(&link, Some(12345), None).unwrap();
    let stamp = load(&link).stamp;
    let refusal = save(&link, "y", Some(&stamp));
    assert!(matches!(refusal, Err(Error::NotOwned { owner: 12345, .. })));
}
