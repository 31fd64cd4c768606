//! The page, its files, and what every answer carries.

use crate::ask::{Demo, EVENT, TOKEN};
use crate::support::Site;

#[test]
fn the_page_and_its_files_are_served_and_nothing_else() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let page = demo.get("/").send().expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for id in ["open-widget", "status", "events"] {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}");
    }
    for (path, kind) in [
        ("/demo.js", "text/javascript; charset=utf-8"),
        ("/embedded-widget.js", "text/javascript; charset=utf-8"),
        ("/demo.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        assert!(
            page.body.contains(&format!("\"{path}\"")),
            "{path} is on the page"
        );
        let file = demo.get(path).send().expect(200);
        assert_eq!(file.header("content-type"), Some(kind));
        let head = demo.ask("HEAD", path).send().expect(200);
        assert_eq!(head.body, "");
        assert_eq!(head.header("content-length"), file.header("content-length"));
    }
    assert_eq!(
        demo.get("/healthz").send().expect(200).body,
        r#"{"status":"ok"}"#
    );
    for path in [
        "/.env",
        "/../.env",
        "/index.html",
        "/demo.js/",
        "//",
        "/%2e%2e/.env",
        "/api",
    ] {
        let answer = demo.get(path).send().expect(404);
        assert_eq!(answer.code(), "request.path", "{path}");
    }
    assert_eq!(site.requests(), 0);
}

#[test]
fn a_path_takes_its_methods_and_mints_for_no_other() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    for (method, path, allow) in [
        ("POST", "/", "get"),
        ("DELETE", "/demo.js", "get"),
        ("POST", TOKEN, "get"),
        ("HEAD", TOKEN, "get"),
        ("PROPFIND", TOKEN, "get"),
        ("GET", EVENT, "post"),
    ] {
        let answer = demo.ask(method, path).send().expect(405);
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer.code(), "request.method");
        }
    }
    demo.ask("OPTIONS", TOKEN).send().expect(204);
    assert_eq!(site.requests(), 0);
}

#[test]
fn every_answer_is_hardened() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "");
    let answers = [
        demo.get("/").send(),
        demo.get("/demo.js").send(),
        demo.get(TOKEN).send(),
        demo.get("/none").send(),
        demo.ask("DELETE", "/").send(),
        demo.get("/").host("evil.example").send(),
        demo.get("/")
            .host(&format!("127.0.0.1:{}", demo.port))
            .send(),
        demo.ask("OPTIONS", TOKEN).send(),
    ];
    for answer in &answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("x-frame-options", "deny"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{answer:?}");
        assert_eq!(answer.header("server"), None);
        assert_eq!(answer.header("x-request-id").unwrap().len(), 16);
    }
}

#[test]
fn the_page_frames_the_widgets_host_and_no_other() {
    let site = Site::new(&[]);
    let demo = Demo::before(
        &site,
        "--widget-host airbyte.acme.example --widget-host http://localhost:9",
    );
    let page = demo.get("/").send();
    let policy = page.header("content-security-policy").unwrap();
    let frames = policy
        .split("frame-src ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert_eq!(
        frames,
        format!(
            "https://cloud.airbyte.com https://app.airbyte.ai {} https://airbyte.acme.example http://localhost:9",
            site.url
        )
    );
}

#[test]
fn the_vendors_script_is_pinned_and_the_own_one_needs_no_network() {
    let site = Site::new(&[]);
    let own = Demo::before(&site, "").get("/").send();
    assert!(!own.body.contains("https://"), "{}", own.body);
    assert!(
        !own.header("content-security-policy")
            .unwrap()
            .contains("unsafe")
    );
    let vendor = Demo::before(&site, "--widget vendor").get("/").send();
    let script = "https://cdn.jsdelivr.net/npm/@airbyte-embedded/airbyte-embedded-widget@0.4.5";
    assert!(
        vendor
            .body
            .contains(&format!("<script src=\"{script}\" defer>"))
    );
    let policy = vendor.header("content-security-policy").unwrap();
    assert!(
        policy.contains(&format!("script-src 'self' {script};")),
        "{policy}"
    );
}

#[test]
fn the_users_name_is_text() {
    let site = Site::new(&[]);
    let demo = Demo::before(&site, "--user-param");
    let page = demo
        .get("/?user=%3Cscript%3Ealert(1)%3C/script%3E")
        .send()
        .expect(200);
    assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.body.contains("<script>"));
    assert!(page.body.contains("data-chooses-user=\"yes\""));
}
