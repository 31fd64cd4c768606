//! `completions` and `man`: what is generated from the definition of the command line.

use crate::support::Home;

#[test]
fn each_shell_has_its_script() {
    let home = Home::new();
    for (shell, word) in [
        ("bash", "complete -F _embedctl"),
        ("zsh", "#compdef embedctl"),
        ("fish", "complete -c embedctl"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = home.run(&format!("completions {shell}")).expect(0);
        assert!(ran.out.contains(word), "{shell}");
        for name in ["junit", "inspect"] {
            assert!(ran.out.contains(name), "{name} in {shell}");
        }
    }
    let ran = home.run("completions bash -o json").expect(0);
    let data = &ran.json()["data"];
    assert_eq!(data["shell"], "bash");
    assert!(data["script"].as_str().unwrap().contains("_embedctl"));
    let ran = home.run("completions bsh").expect(2);
    assert!(
        ran.err.contains("a similar value exists: 'bash'"),
        "{ran:?}"
    );
}

#[test]
fn the_manual_is_one_page_or_one_for_each_command() {
    let home = Home::new();
    let ran = home.run("man").expect(0);
    assert!(ran.out.contains(".TH embedctl 1") && ran.out.contains("embedctl\\-check(1)"));
    let ran = home.run("man --dir pages/man1 -o json").expect(0);
    let data = ran.json()["data"].clone();
    let files: Vec<&str> = data["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file.as_str().unwrap())
        .collect();
    assert_eq!(files[0], "pages/man1/embedctl.1");
    for file in files {
        let page = std::fs::read_to_string(home.path(file)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{file}");
    }
    let page = std::fs::read_to_string(home.path("pages/man1/embedctl-env-set.1")).unwrap();
    assert!(page.contains("two\\-lines.txt"), "its examples: {page}");
    home.write("file", "");
    let ran = home.run("man --dir file").expect(8);
    assert!(ran.err.contains("--dir"), "{ran:?}");
}
