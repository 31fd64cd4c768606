//! `embedctl sandbox`: the stand-in as a server of its own.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Home, Running};

fn start(home: &Home, line: &str) -> (Running, String) {
    let running = home.call(line.split_whitespace()).start();
    let first = running.line();
    (running, first)
}

#[test]
fn it_says_where_it_is_and_its_env_file_reaches_it() {
    let home = Home::new();
    let (running, first) = start(&home, "sandbox --bind 127.0.0.1:0 --write-env sandbox.env");
    assert!(first.starts_with("http://127.0.0.1:"), "{first}");
    let others = home
        .run("check --env-file sandbox.env -o json")
        .expect(0)
        .json();
    assert_eq!(
        others["data"]["rungs"][5]["status"], "skip",
        "it starts empty"
    );
    home.run("template create --yes --env-file sandbox.env")
        .expect(0);
    home.run("check --env-file sandbox.env").expect(0);
    running.signal(Signal::TERM);
    let ran = running.wait().expect(143);
    assert_eq!(ran.out, first, "one line");
    insta::assert_snapshot!(ran.block(), @r"
exit 143
--- out
http://127.0.0.1:PORT
--- err
its bucket, as S3 serves one: http://127.0.0.1:PORT
a stand-in for Airbyte and its S3 bucket: an empty world of its own, forgotten at the end
its settings are in sandbox.env: embedctl check --env-file sandbox.env
");
}

#[test]
fn its_one_document_holds_all_that_reaches_it() {
    let home = Home::new();
    let (running, first) = start(&home, "sandbox --bind 127.0.0.1:0 -o json");
    let document: Value = serde_json::from_str(&first).unwrap();
    let keys: Vec<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["api_url", "s3_url", "env"]);
    assert_eq!(document["env"]["BASE_URL"], document["api_url"]);
    assert_eq!(document["env"]["S3_ENDPOINT"], document["s3_url"]);
    assert_eq!(document["env"]["EXTERNAL_USER_ID"], "user-42");
    let mut call = home.call(["check", "--only", "auth", "--only", "organization"]);
    for (name, value) in document["env"].as_object().unwrap() {
        call = call.env(name, value.as_str().unwrap());
    }
    call.run().expect(0);
    running.signal(Signal::INT);
    let ran = running.wait().expect(130);
    assert_eq!((ran.out, ran.err), (first, String::new()));
}

#[test]
fn a_seed_makes_the_same_ids() {
    let home = Home::new();
    let organization = |line: &str| {
        let (running, first) = start(&home, line);
        drop(running);
        serde_json::from_str::<Value>(&first).unwrap()["env"]["AIRBYTE_ORGANIZATION_ID"].clone()
    };
    let [a, b] = ["sandbox --bind 127.0.0.1:0 --seed 7 -o json"; 2].map(organization);
    assert_eq!(a, b);
    let [a, b] = ["sandbox --bind 127.0.0.1:0 -o json"; 2].map(organization);
    assert_ne!(a, b);
}

#[test]
fn faults_and_token_life_are_given_at_the_start() {
    let home = Home::new();
    let line = "sandbox --bind 127.0.0.1:0 --write-env .env --token-ttl 90 --fault template=status:400:no --fault organizations=status:503*1";
    let (_running, _) = start(&home, line);
    home.run("template create --yes").expect(6);
    let minted = home.run("token mint -o json").expect(0).json();
    let ttl = minted["data"]["tokens"][0]["ttl_s"].as_u64().unwrap();
    assert!((85..=90).contains(&ttl), "{ttl}");
}

#[test]
fn an_env_file_that_reaches_something_else_is_left_alone() {
    let home = Home::new();
    let theirs = "# mine\nAIRBYTE_CLIENT_SECRET=canary-secret\nBASE_URL=https://api.airbyte.com\n";
    home.write(".env", theirs);
    let ran = home
        .run("sandbox --bind 127.0.0.1:0 --write-env .env")
        .expect(8);
    assert_eq!(std::fs::read_to_string(home.path(".env")).unwrap(), theirs);
    assert!(
        !ran.err.contains("canary") && ran.err.contains("--write-env"),
        "{ran:?}"
    );
    let ran = home
        .run("sandbox --bind 127.0.0.1:0 --write-env .env -o json")
        .expect(8);
    assert_eq!(
        (&ran.json()["kind"], &ran.json()["error"]["code"]),
        (&"sandbox".into(), &"machine.disk".into())
    );
    for theirs in [
        "AWS_S3_SECRET_ACCESS_KEY=canary-key\n",
        "AWS_ACCESS_KEY=canary-key\nBASE_URL=https://api.airbyte.com\n",
        "S3_BUCKET=acme-live\n",
        "SONAR_AIRBYTE_CLIENT_SECRET=canary-secret\n",
    ] {
        home.write(".env", theirs);
        home.run("sandbox --bind 127.0.0.1:0 --write-env .env")
            .expect(8);
        assert_eq!(std::fs::read_to_string(home.path(".env")).unwrap(), theirs);
    }
    // Another sandbox's is written over, with what stands beside it kept.
    home.write(
        ".env",
        "# mine\nAIRBYTE_CLIENT_SECRET=old\nBASE_URL=http://127.0.0.1:1\n",
    );
    let (_running, _) = start(&home, "sandbox --bind 127.0.0.1:0 --write-env .env");
    let text = std::fs::read_to_string(home.path(".env")).unwrap();
    assert!(
        text.starts_with("# mine\n") && !text.contains("=old"),
        "{text}"
    );
    home.run("check --only auth").expect(0);
}

#[test]
fn it_stays_on_this_machine() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let ran = Home::new().run(&format!("sandbox --bind {address}"));
        assert_eq!(ran.code(), 2, "{ran:?}");
        assert!(ran.err.contains("stays on this machine"), "{ran:?}");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_busy_port_is_told_and_no_other_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = Home::new()
        .run(&format!("sandbox --bind {address}"))
        .expect(8);
    assert!(
        ran.err.contains(&address) && ran.err.contains("--bind"),
        "{ran:?}"
    );
    assert_eq!(ran.out, "");
    let ran = Home::new()
        .run(&format!("sandbox --bind {address} -o json"))
        .expect(8);
    assert_eq!(ran.json()["error"]["code"], "machine.port");
}
