//! The client over real HTTP: one fetch for all who wait, shared pauses, renewal ahead of time,
//! proxies and names.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what must not happen ends one"
)]

#[path = "support/support.rs"]
mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use embedctl::api::{AccessToken, Client, NotCreated, Notice, Options};
use embedctl::domain::exchange::Exchange;
use embedctl::domain::failure::{Code, Failure};
use embedctl::domain::moment::Clock;
use embedctl::domain::settings::{Access, Draft, Layer, Settings, Source};
use embedctl::domain::user::ExternalUser;
use futures_util::future::join_all;

use support::{DEADLINE, Home, Listener, Site, route, until};

const RATE_LIMITED: Code = Code::ServiceRateLimited;

/// A client, and all that it told its observer.
struct Caller {
    client: Client,
    settings: Settings,
    told: Arc<Mutex<Vec<Exchange>>>,
}

impl Caller {
    fn of(site: &Site) -> Caller {
        Caller::with(site, &[])
    }

    fn with(site: &Site, others: &[(&str, &str)]) -> Caller {
        let mut values: Vec<(String, String)> = site
            .sandbox
            .settings(&site.url)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        values.extend(
            others
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let draft = Draft::resolve(&[(Source::File, Layer::new(values))]);
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let options = Options {
            observer: Arc::new(move |notice| {
                if let Notice::Exchanged(exchange) = notice {
                    log.lock().unwrap().push(exchange);
                }
            }),
            ..Options::quiet()
        };
        Caller {
            client: Client::new(options, Clock::start()),
            settings: draft.settings().unwrap(),
            told,
        }
    }

    /// Of a service that gives an access token, and this answer to every other request.
    fn of_answer(answer: &'static str) -> Caller {
        let listener = Listener::start(move |heard| {
            if heard.line.ends_with("/applications/token") {
                let token = r#"{"access_token":"bearer","expires_in":900}"#;
                return Listener::json("200 OK", token);
            }
            Listener::json("200 OK", answer)
        });
        Caller::with(&Site::new(&[]), &[("BASE_URL", &listener.url)])
    }

    fn access(&self) -> &Access {
        &self.settings.access
    }

    async fn token(&self) -> Result<AccessToken, Failure> {
        self.client.access_token(self.access()).await
    }

    async fn mint(&self, user: &str) -> Result<(), Failure> {
        let user = ExternalUser::parse(user).unwrap();
        self.client
            .mint(self.access(), &self.settings.origin, &user)
            .await
            .map(|_| ())
    }

    /// Mints for this many users at once.
    async fn mint_many(&self, count: usize) -> Vec<Result<(), Failure>> {
        let users: Vec<String> = (0..count).map(|number| format!("user-{number}")).collect();
        join_all(users.iter().map(|user| self.mint(user))).await
    }
}

#[tokio::test]
async fn a_hundred_cold_mints_fetch_one_access_token() {
    let site = Site::new(&["token=delay:200"]);
    let caller = Caller::of(&site);
    assert!(caller.mint_many(100).await.iter().all(Result::is_ok));
    assert_eq!(
        (site.count(route::TOKEN), site.count(route::WIDGET)),
        (1, 100)
    );
    assert_eq!(site.seen("workspaces"), 100);
}

#[tokio::test]
async fn a_hundred_cold_mints_with_a_wrong_secret_try_it_once_and_fail_alike() {
    let site = Site::new(&["token=delay:200"]);
    let caller = Caller::with(&site, &[("AIRBYTE_CLIENT_SECRET", "wrong-secret")]);
    let results = caller.mint_many(100).await;
    let first = results[0].clone().unwrap_err();
    assert_eq!(first.code, Code::AuthRefused);
    assert!(
        results
            .iter()
            .all(|result| result.as_ref().unwrap_err() == &first)
    );
    assert_eq!(
        (site.count(route::TOKEN), site.count(route::WIDGET)),
        (1, 0)
    );
}

#[tokio::test]
async fn both_apis_tell_what_customers_are_offered() {
    let site = Site::new(&[]);
    for api in ["v1", "agents"] {
        let caller = Caller::with(&site, &[("AIRBYTE_API", api)]);
        let offered = caller.client.source_templates(caller.access()).await;
        let offered = offered.unwrap();
        assert!(offered.len() >= 12, "{api}");
        assert_eq!(offered[0].name, "Sample Data");
        let connector = (api == "agents").then_some("faker");
        assert_eq!(offered[0].connector.as_deref(), connector);
    }
    let narrowed = [
        ("AIRBYTE_API", "agents"),
        ("SOURCE_TEMPLATE_TAGS", "crm,commerce"),
    ];
    let caller = Caller::with(&site, &narrowed);
    let offered = caller.client.source_templates(caller.access()).await;
    let names: Vec<String> = offered.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["HubSpot", "Salesforce", "Shopify", "Stripe"]);
}

#[tokio::test]
async fn a_catalogue_that_has_moved_or_says_nothing_readable_is_told() {
    for (fault, code) in [
        ("moved", Code::ServiceMoved),
        ("moved:404", Code::ServiceMoved),
        ("templates=array", Code::ServiceUnreadable),
        ("templates=missing:data", Code::ServiceUnreadable),
        ("templates=missing:data.0.name", Code::ServiceUnreadable),
        ("templates=status:403", Code::AuthForbidden),
        ("templates=status:500", Code::ServiceError),
    ] {
        let site = Site::new(&[fault]);
        let caller = Caller::of(&site);
        let told = caller.client.source_templates(caller.access()).await;
        let failure = told.unwrap_err();
        assert_eq!(failure.code, code, "{fault}: {failure:?}");
    }
    let site = Site::new(&["templates=status:503*2"]);
    let caller = Caller::of(&site);
    let told = caller.client.source_templates(caller.access()).await;
    assert!(told.is_ok(), "a read is tried again");
}

#[tokio::test]
async fn a_syncs_id_is_a_number_or_a_text_and_steers_nothing() {
    let id = async |answer| {
        let caller = Caller::of_answer(answer);
        let newest = caller.client.newest_job(caller.access(), "c").await;
        newest.map(|told| told.unwrap().unwrap().id)
    };
    let told = id(r#"{"data":[{"jobId":42,"status":"running"}]}"#).await;
    assert_eq!(told.unwrap(), "42");
    let hostile = r#"{"data":[{"jobId":"x\u009b2J\u202e y","status":"running"}]}"#;
    assert_eq!(id(hostile).await.unwrap(), "x 2J y");
    for nonsense in [
        r#"{"data":[{"jobId":{"a":1},"status":"running"}]}"#,
        r#"{"data":[{"status":"running"}]}"#,
    ] {
        let failure = id(nonsense).await.unwrap_err();
        assert_eq!(failure.code, Code::ServiceUnreadable);
        assert!(failure.because.unwrap().contains("field jobId"));
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept_so_the_next_call_asks_again() {
    let site = Site::new(&["token=status:401*1"]);
    let caller = Caller::of(&site);
    assert_eq!(caller.token().await.unwrap_err().code, Code::AuthRefused);
    caller.token().await.unwrap();
}

#[tokio::test]
async fn revoked_in_the_middle_all_share_one_renewal() {
    let site = Site::new(&[]);
    let caller = Caller::of(&site);
    caller.mint("first").await.unwrap();
    site.revoke();
    assert!(caller.mint_many(50).await.iter().all(Result::is_ok));
    assert_eq!(site.count(route::TOKEN), 2, "one renewal for all");
    assert_eq!(site.seen("workspaces"), 51, "everyone exactly once");
}

#[tokio::test]
async fn a_retyped_secret_takes_effect_at_once() {
    let site = Site::new(&[]);
    let right = Caller::of(&site);
    let mut wrong = right.access().clone();
    wrong.client_secret = embedctl::domain::secret::Secret::new("wrong-secret");
    right.token().await.unwrap();
    let failure = right.client.access_token(&wrong).await.unwrap_err();
    assert_eq!(failure.code, Code::AuthRefused);
    right.token().await.unwrap();
    assert_eq!(site.count(route::TOKEN), 2, "the right one was kept");
}

#[tokio::test]
async fn a_pause_that_one_is_asked_for_is_kept_by_all() {
    let site = Site::new(&["widget=rate:1*1"]);
    let caller = Caller::of(&site);
    caller.token().await.unwrap();
    let began = Instant::now();
    let first = caller.mint("first");
    let others = async {
        let end = Instant::now() + DEADLINE;
        while site.count(route::WIDGET) == 0 || caller.told.lock().unwrap().len() < 2 {
            assert!(Instant::now() < end);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        caller.mint("second").await
    };
    let (first, second) = tokio::join!(first, others);
    first.unwrap();
    second.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    let told = caller.told.lock().unwrap().clone();
    let widget: Vec<_> = told
        .iter()
        .filter(|e| e.path.ends_with("/widget_token"))
        .collect();
    assert_eq!(widget.len(), 3);
    let refused = widget[0].at;
    for later in &widget[1..] {
        let waited = later.at.duration_since(refused);
        assert!(
            waited.as_secs_f64() >= 0.95,
            "nobody sends during the pause: {waited}"
        );
    }
    assert_eq!(
        (widget[0].status, widget[0].attempt, widget[0].attempts),
        (Some(429), 1, 3)
    );
    assert!(
        widget[0].again_in.unwrap() >= Duration::from_secs(1),
        "the wait is told"
    );
}

#[tokio::test]
async fn nothing_is_sent_in_a_pause_that_is_too_long_to_wait_for_and_it_is_said() {
    let site = Site::new(&["widget=rate:86400"]);
    let caller = Caller::of(&site);
    let first = caller.mint("first").await.unwrap_err();
    assert_eq!((first.code, first.status), (RATE_LIMITED, Some(429)));
    for result in caller.mint_many(50).await {
        let failure = result.unwrap_err();
        assert_eq!((failure.code, failure.status), (RATE_LIMITED, None));
        assert!(failure.retryable);
        let left = failure.retry_after.unwrap();
        assert!(left > Duration::from_secs(86_300), "{left:?}");
        let said = format!("{:?} {:?}", failure.because, failure.hint);
        for part in [
            "nothing was sent",
            "try again in 86",
            "s on embedctl would ask",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    assert_eq!(site.count(route::WIDGET), 1);
}

#[tokio::test]
async fn a_pause_holds_though_the_request_that_was_told_of_it_is_not_repeated() {
    let site = Site::new(&["template=rate:1"]);
    let caller = Caller::of(&site);
    let refused = caller
        .client
        .create_template(caller.access(), &caller.settings.template)
        .await;
    assert!(matches!(refused, Err(NotCreated::Surely(_))), "{refused:?}");
    let began = Instant::now();
    caller.mint("first").await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(950));
}

#[tokio::test]
async fn one_service_that_asks_for_a_pause_does_not_hold_up_another() {
    let (busy, free) = (Site::new(&["any=rate:86400"]), Site::new(&[]));
    let caller = Caller::of(&busy);
    caller.token().await.unwrap_err();
    let page = url::Url::parse(&format!("{}/embedded-widget", free.url)).unwrap();
    caller.client.page(&page).await.unwrap();
}

#[tokio::test]
async fn an_access_token_is_renewed_at_eighty_percent_of_its_life() {
    let site = Site::new(&["expires:5"]);
    let caller = Caller::of(&site);
    let first = caller.token().await.unwrap();
    assert!(first.life <= Duration::from_secs(5) && first.life >= Duration::from_secs(4));
    let began = Instant::now();
    loop {
        caller.mint("user").await.unwrap();
        if caller.token().await.unwrap().secret != first.secret {
            break;
        }
        assert!(began.elapsed() < DEADLINE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let renewed = began.elapsed();
    assert!(
        renewed
            >= first
                .life
                .mul_f64(0.8)
                .saturating_sub(Duration::from_millis(200)),
        "{renewed:?}"
    );
    assert!(renewed < first.life, "{renewed:?}");
    let told = caller.told.lock().unwrap().clone();
    assert!(
        told.iter().all(|exchange| exchange.status == Some(200)),
        "no refusal was seen"
    );
}

#[test]
fn loopback_goes_through_no_proxy() {
    let site = Site::new(&[]);
    let proxy = Listener::start(|_| Listener::json("502 Bad Gateway", "{}"));
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    for url in [site.url.clone(), site.url.replace("127.0.0.1", "localhost")] {
        let home = site.home_with(&[("BASE_URL", &url)]);
        let mut call = home.call(["check", "--mint"]);
        for name in names {
            call = call.env(name, &proxy.url);
        }
        call.run().expect(0);
    }
    assert_eq!(proxy.heard().len(), 0);
}

/// A home whose API is off this machine, as far as anybody can tell; its bucket is never asked.
fn elsewhere(site: &Site) -> Home {
    site.home_with(&[("BASE_URL", "https://airbyte.invalid"), ("S3_ENDPOINT", "")])
}

#[test]
fn a_dead_proxy_is_named() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let site = Site::new(&[]);
    let home = elsewhere(&site);
    let ran = home
        .call(["check", "--skip", "bucket", "-o", "json"])
        .env("HTTPS_PROXY", format!("http://user:canary-pass@{dead}"))
        .run()
        .expect(5);
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "network.proxy");
    assert!(
        error["because"]
            .as_str()
            .unwrap()
            .contains(&dead.to_string()),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().contains("HTTPS_PROXY"));
    assert!(!ran.out.contains("canary-pass"));
    let told = format!("sending to airbyte.invalid (from .env), through the proxy {dead}\n");
    assert_eq!(ran.err, told);
}

#[test]
fn a_proxy_that_is_none_is_told_and_not_repeated() {
    let site = Site::new(&[]);
    let home = elsewhere(&site);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for (value, usable) in [
            ("ftp://canary-pass", false),
            ("http://u:canary-pass@[::", false),
            ("/canary-pass", false),
            ("proxy.example:8080", true),
            ("socks5h://proxy.example", true),
        ] {
            let ran = home
                .call(["check", "--only", "config", "-o", "json"])
                .env(name, value)
                .run()
                .expect(0);
            let warning = format!("{name} is not the address of a proxy, so it is not used");
            let told = ran.json()["warnings"].to_string().contains(&warning);
            assert_eq!(told, !usable, "{value}: {ran:?}");
            assert!(!ran.block().contains("canary-pass"));
        }
    }
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let proxy = Listener::start(|_| {
        Listener::text(
            "407 Proxy Authentication Required",
            "text/html",
            "<html>no</html>",
        )
    });
    let site = Site::new(&[]);
    let home = elsewhere(&site);
    let ran = home
        .call(["check", "--skip", "bucket", "-o", "json"])
        .env("HTTPS_PROXY", &proxy.url)
        .run()
        .expect(5);
    assert_eq!(ran.json()["error"]["code"], "network.proxy");
    let heard = proxy.heard();
    assert!(
        heard
            .iter()
            .all(|heard| heard.line.starts_with("CONNECT airbyte.invalid:443"))
    );
    assert!(
        heard.iter().all(|heard| heard.body.is_empty()),
        "no secret before TLS"
    );
}

#[test]
fn a_name_that_does_not_resolve_is_told_as_such() {
    let site = Site::new(&[]);
    let home = elsewhere(&site);
    let ran = home.run("check --skip bucket -o json").expect(5);
    let error = &ran.json()["error"];
    assert!(
        ["network.dns", "network.connect"].contains(&error["code"].as_str().unwrap()),
        "{error}"
    );
    assert!(
        error["because"]
            .as_str()
            .unwrap()
            .contains("airbyte.invalid"),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().contains("BASE_URL"));
}

#[test]
fn tls_that_is_none_is_told_and_there_is_no_way_round() {
    // A listener that answers in clear where TLS belongs.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            open.push(stream);
        }
    });
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &format!("https://{address}"))]);
    let ran = home.run("check -o json").expect(5);
    let error = &ran.json()["error"];
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&"network.tls".into(), &false.into())
    );
    assert!(error["hint"].as_str().unwrap().contains("--ca-file"));
}

/// A service behind TLS that gives any credentials an access token. Its certificate is for this
/// name and ends at this year; the authority's own comes along.
fn behind_tls(name: &str, until_year: i32, answer: fn(&mut Tls)) -> (String, String) {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until_year, 1, 1);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            std::thread::spawn(move || answer(&mut stream));
        }
    });
    (url, pem)
}

type Tls = rustls::StreamOwned<rustls::ServerConnection, std::net::TcpStream>;

/// Hears one request; `None` where whoever does not trust this service went away without one.
fn hear(stream: &mut Tls) -> Option<String> {
    use std::io::Read as _;
    let mut heard = vec![0; 16 * 1024];
    let read = stream.read(&mut heard).ok().filter(|read| *read > 0)?;
    Some(String::from_utf8_lossy(&heard[..read]).into_owned())
}

fn give_access_token(stream: &mut Tls) {
    use std::io::Write as _;
    let body = r#"{"access_token":"bearer","expires_in":900}"#;
    let _gone = stream.write_all(Listener::json("200 OK", body).as_bytes());
    let _gone = stream.flush();
}

#[test]
fn a_certificate_counts_only_from_a_trusted_authority_for_this_name_and_time() {
    let site = Site::new(&[]);
    let check = |name: &str, until_year: i32, trusted: bool, exit: i32| {
        let (url, pem) = behind_tls(name, until_year, |stream| {
            if hear(stream).is_some() {
                give_access_token(stream);
            }
        });
        let home = site.home_with(&[("BASE_URL", &url)]);
        home.write("ca.pem", pem);
        let authority = if trusted { "--ca-file ca.pem" } else { "" };
        let ran = home.run(&format!("check --only auth -o json {authority}"));
        ran.expect(exit).json()["error"].clone()
    };
    check("127.0.0.1", 2090, true, 0);
    for (name, until_year, trusted) in [
        ("127.0.0.1", 2090, false),
        ("elsewhere.example", 2090, true),
        ("127.0.0.1", 2021, true),
    ] {
        let error = check(name, until_year, trusted, 5);
        assert_eq!(error["code"], "network.tls", "{name} {until_year}: {error}");
        let because = error["because"].as_str().unwrap();
        assert!(because.contains("certificate"), "{because}");
    }
}

#[test]
fn tls_that_breaks_after_the_request_leaves_open_what_became_of_it() {
    let (url, pem) = behind_tls("127.0.0.1", 2090, |stream| {
        use std::io::Write as _;
        match hear(stream) {
            Some(heard) if heard.starts_with("POST /v1/applications/token") => {
                give_access_token(stream);
            }
            Some(_) => {
                // A record that nobody sealed.
                let spoilt = [&[23, 3, 3, 0, 32][..], &[0; 32]].concat();
                let _gone = stream.sock.write_all(&spoilt);
            }
            None => {}
        }
    });
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &url)]);
    home.write("ca.pem", pem);
    let create = "template create --yes --skip-probe --ca-file ca.pem -o json";
    let error = home.run(create).expect(7).json()["error"].clone();
    assert_eq!(error["code"], "template.unknown", "{error}");
    assert!(!home.ledger().contains("refused"), "{}", home.ledger());
    home.run(create).expect(7);
    assert_eq!(home.ledger().matches("template.intent").count(), 1);
}

#[test]
fn what_is_not_http_is_told_as_such() {
    let long = "x".repeat(500_000);
    for answer in [
        "SSH-2.0-OpenSSH_9.6\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\n".to_owned() + &"x-a: b\r\n".repeat(200) + "\r\n",
        format!("HTTP/1.1 200 OK\r\nx-a: {long}\r\n\r\n"),
    ] {
        let listener = Listener::start(move |_| answer.clone());
        let site = Site::new(&[]);
        let home = site.home_with(&[("BASE_URL", &listener.url)]);
        let error = home.run("check --only auth -o json").expect(6).json()["error"].clone();
        assert_eq!(error["code"], "service.unreadable", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("BASE_URL"));
        assert_eq!(listener.heard().len(), 1, "it is not asked again");
    }
}

#[test]
fn a_name_with_an_address_that_nobody_answers_on_is_reached_by_its_other() {
    // The sandbox answers on 127.0.0.1 alone; localhost is ::1 as well.
    let site = Site::new(&[]);
    let url = site.url.replace("127.0.0.1", "localhost");
    let home = site.home_with(&[("BASE_URL", &url)]);
    home.run("check --only auth").expect(0);
}

#[test]
fn names_below_localhost_are_this_machine_whatever_a_name_server_says() {
    let site = Site::new(&[]);
    let url = site.url.replace("127.0.0.1", "no-such-name.localhost");
    let home = site.home_with(&[("BASE_URL", &url)]);
    home.run("check --only auth").expect(0);
}

#[test]
fn a_ca_file_must_be_one() {
    let home = Home::new();
    home.run("check --ca-file none.pem").expect(8);
    let site = Site::new(&[]);
    let home = site.home();
    home.write("ca.pem", "no certificate");
    let ran = home.run("check --ca-file ca.pem");
    assert!(ran.code() != 0, "it is not passed over: {ran:?}");
    assert_eq!(site.requests(), 0);
}

#[test]
fn requests_say_who_asks_and_ask_for_nothing_compressed() {
    let listener = Listener::start(|heard| match heard.line.as_str() {
        "POST /v1/applications/token" => Listener::json(
            "200 OK",
            r#"{"access_token":"the-bearer","expires_in":900}"#,
        ),
        _ => Listener::json("200 OK", r#"{"organizations":[],"data":[],"token":"x"}"#),
    });
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &listener.url)]);
    home.run("token mint").expect(0);
    until("all came", || listener.heard().len() >= 3);
    let heard = listener.heard();
    for heard in &heard {
        let headers = heard.headers.to_ascii_lowercase();
        assert!(
            headers.contains("user-agent: embedctl/")
                && headers.contains("accept-encoding: identity"),
            "{headers}"
        );
        let bearer = headers.contains("authorization: bearer the-bearer");
        assert_eq!(
            bearer,
            !heard.line.ends_with("/applications/token"),
            "{}",
            heard.line
        );
    }
}

#[test]
fn an_answer_compressed_unasked_is_not_inflated() {
    let listener = Listener::start(|_| {
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\nconnection: close\r\n\r\n\x1f\x08xx".to_owned()
    });
    let site = Site::new(&[]);
    let home = site.home_with(&[("BASE_URL", &listener.url)]);
    let ran = home.run("check -o json").expect(6);
    assert!(
        ran.json()["error"]["because"]
            .as_str()
            .unwrap()
            .contains("compressed"),
        "{ran:?}"
    );
}
