//! Listings, and what a folder keeps.

use super::*;

fn keys(store: &Store) -> Vec<String> {
    let listed = store.list("", None, usize::MAX).into_iter();
    listed.map(|(key, _)| key).collect()
}

#[test]
fn a_listing_goes_on_after_a_key() {
    let store = Store::default();
    for key in ["a", "p/1", "p/2", "p/3", "q"] {
        store.put(key, Vec::new(), Vec::new());
    }
    let keys = |after, limit| -> Vec<String> {
        store
            .list("p/", after, limit)
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    };
    assert_eq!(keys(None, 2), ["p/1", "p/2"]);
    assert_eq!(keys(Some("p/2"), 2), ["p/3"]);
    assert_eq!(keys(Some("a"), 9), ["p/1", "p/2", "p/3"]);
}

#[test]
fn groups_are_counted_once_and_paged_over() {
    let store = Store::default();
    for key in ["a", "b/1", "b/2", "c", "d/1", "d/\u{10FFFF}/2", "e"] {
        store.put(key, Vec::new(), Vec::new());
    }
    let (mut seen, mut after) = (Vec::new(), After::Nothing);
    loop {
        let page = store.page("", Some("/"), &after, 1);
        let objects = page.objects.into_iter().map(|(key, _)| key);
        seen.extend(objects.chain(page.groups));
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(seen, ["a", "b/", "c", "d/", "e"]);
    let nothing = store.page("", None, &After::Nothing, 0);
    assert!(nothing.objects.is_empty() && nothing.next.is_none());
}

#[test]
fn any_key_survives_a_restart_and_stays_below_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("bucket");
    let long = "é".repeat(511);
    let awkward = [
        "plain.txt",
        "a",
        "a/b",
        "a/b/c",
        "a//b",
        "/a",
        "a/",
        "../../up",
        "a/../b",
        ".",
        "..",
        ".hidden",
        "a b+c%20d.json",
        "%aside/x",
        "%",
        "x\u{0}y",
        "naïve@é.example/√",
        "CON",
        "A",
        &long,
    ];
    let store = Store::open(&root).unwrap();
    for key in awkward {
        store.put(
            key,
            key.as_bytes().to_vec(),
            vec![("k".to_owned(), key.to_owned())],
        );
    }
    store.put("gone/deep/er", b"x".to_vec(), Vec::new());
    assert!(store.delete("gone/deep/er") && !store.delete("gone/deep/er"));
    store.put("a", b"again".to_vec(), Vec::new());
    let before = store.list("", None, usize::MAX);

    let reopened = Store::open(&root).unwrap();
    assert_eq!(keys(&reopened), keys(&store));
    assert_eq!(reopened.get("a").unwrap().bytes().unwrap(), "again");
    for (key, object) in before {
        let found = reopened.get(&key).unwrap();
        assert!(
            matches!(&found.content, Content::File(path) if path.starts_with(&root)),
            "{key}"
        );
        assert_eq!(
            (found.modified, &found.etag),
            (object.modified, &object.etag),
            "{key}"
        );
        assert_eq!(found.metadata, object.metadata, "{key}");
        assert!(
            key == "a" || found.bytes().unwrap() == key.as_bytes(),
            "{key}"
        );
    }
    assert!(!root.join("objects/gone").exists());
    assert!(!home.path().join("up").exists());
}

#[test]
fn a_file_put_there_by_hand_is_an_object() {
    let home = tempfile::tempdir().unwrap();
    drop(Store::open(home.path()).unwrap());
    let folder = home.path().join("objects/customers/user 1");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("rows.jsonl"), "{}\n").unwrap();
    let store = Store::open(home.path()).unwrap();
    let found = store.get("customers/user 1/rows.jsonl").unwrap();
    assert_eq!(
        (found.size, found.bytes().unwrap()),
        (3, Bytes::from("{}\n"))
    );
    assert!(store.delete("customers/user 1/rows.jsonl"));
    assert!(
        Store::open(home.path())
            .unwrap()
            .list("", None, 9)
            .is_empty()
    );
}

#[test]
fn the_entity_tag_is_the_md5() {
    let store = Store::default();
    store.put("k", b"hello".to_vec(), Vec::new());
    let object = store.get("k").unwrap();
    assert_eq!(object.etag, "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(object.size, 5);
}

#[test]
fn a_folder_that_holds_other_things_keeps_them() {
    let home = tempfile::tempdir().unwrap();
    let foreign = home.path().join("incoming/letter.txt");
    std::fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    std::fs::write(&foreign, "precious").unwrap();
    drop(Store::open(home.path()).unwrap());
    // A body whose arrival ended with the program.
    let left = home.path().join("records/.incoming-x");
    std::fs::write(&left, "half").unwrap();
    assert!(keys(&Store::open(home.path()).unwrap()).is_empty());
    assert_eq!(std::fs::read_to_string(&foreign).unwrap(), "precious");
    assert!(!left.exists());
}
