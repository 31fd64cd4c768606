//! The bucket's port, with requests signed by hand.

#[path = "s3_signer.rs"]
mod signer;

use super::*;
use signer::{Ask, Signer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const BUCKET: &str = "acme-embedded";

/// A running bucket.
struct Shop {
    site: Site,
    url: String,
    signer: Signer,
    _served: JoinHandle<()>,
}

impl Shop {
    async fn new(faults: &[&str]) -> Self {
        Self::of(Site::new(faults).await).await
    }

    async fn of(site: Site) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = site
            .sandbox
            .clone()
            .serve_s3(listener, std::future::pending());
        let served = tokio::spawn(serving);
        let signer = Signer {
            id: site.setting("AWS_S3_ACCESS_KEY_ID"),
            secret: site.setting("AWS_S3_SECRET_ACCESS_KEY"),
            region: "us-east-1".to_owned(),
            service: "s3",
            ahead: 0,
        };
        Self {
            site,
            url,
            signer,
            _served: served,
        }
    }

    fn signer(&self, change: impl FnOnce(&mut Signer)) -> Signer {
        let mut signer = self.signer.clone();
        change(&mut signer);
        signer
    }

    async fn send(&self, signer: &Signer, ask: &Ask<'_>) -> Reply {
        let host = self.url.strip_prefix("http://").unwrap();
        self.raw(ask, signer.headers(ask, host)).await
    }

    async fn raw(&self, ask: &Ask<'_>, headers: Vec<(String, String)>) -> Reply {
        let mut request = self.site.http.request(
            ask.method.parse().unwrap(),
            format!("{}{}", self.url, ask.address()),
        );
        for (name, value) in headers.iter().filter(|(name, _)| name != "host") {
            request = request.header(name, value);
        }
        if !ask.body.is_empty() {
            request = request.body(ask.body.to_vec());
        }
        reply(request.send().await.unwrap()).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, query: &[(&str, &str)]) -> Reply {
        self.send(&self.signer, &Ask::new(method, path, query))
            .await
    }

    async fn put(&self, key: &str, body: &[u8]) -> Reply {
        let path = format!("/{BUCKET}/{key}");
        self.send(
            &self.signer,
            &Ask {
                body,
                ..Ask::new("PUT", &path, &[])
            },
        )
        .await
    }

    async fn list(&self, query: &[(&str, &str)]) -> Reply {
        let query = [&[("list-type", "2")], query].concat();
        self.ask("GET", &format!("/{BUCKET}"), &query).await
    }
}

/// The texts of all elements of a name.
fn all(document: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = document.split(&open).skip(1);
    parts
        .map(|rest| rest.split(&close).next().unwrap().to_owned())
        .collect()
}

/// Code and status, after the shape that all errors have was looked at.
fn refused(reply: &Reply) -> (u16, String) {
    let text = &reply.text;
    for name in ["Code", "Message", "Resource", "RequestId", "HostId"] {
        assert_eq!(all(text, name).len(), 1, "{name} in {text}");
    }
    assert_eq!(all(text, "RequestId")[0], reply.header("x-amz-request-id"));
    assert_eq!(reply.header("content-type"), "application/xml");
    assert!(reply.header("date").ends_with("GMT"));
    assert_eq!(reply.header("server"), "");
    (reply.status, all(text, "Code")[0].clone())
}

fn is(reply: &Reply, status: u16, code: &str) {
    assert_eq!(refused(reply), (status, code.to_owned()), "{}", reply.text);
}

#[tokio::test]
async fn who_signs_wrongly_is_told_in_what() {
    let shop = Shop::new(&[]).await;
    let path = format!("/{BUCKET}");
    let ask = Ask::new("GET", &path, &[("list-type", "2")]);

    let unknown = shop.signer(|s| s.id = "AKIAIOSFODNN7EXAMPLE".to_owned());
    let reply = shop.send(&unknown, &ask).await;
    is(&reply, 403, "InvalidAccessKeyId");
    assert_eq!(all(&reply.text, "AWSAccessKeyId"), ["AKIAIOSFODNN7EXAMPLE"]);
    let wrong = shop.signer(|s| s.secret = "wrong".to_owned());
    is(&shop.send(&wrong, &ask).await, 403, "SignatureDoesNotMatch");
    let far = shop.signer(|s| s.region = "eu-west-1".to_owned());
    let reply = shop.send(&far, &ask).await;
    is(&reply, 400, "AuthorizationHeaderMalformed");
    assert_eq!(all(&reply.text, "Region"), ["us-east-1"]);
    assert!(
        reply
            .text
            .contains("the region 'eu-west-1' is wrong; expecting 'us-east-1'")
    );
    let other = shop.signer(|s| s.service = "sts");
    is(
        &shop.send(&other, &ask).await,
        400,
        "AuthorizationHeaderMalformed",
    );
    for (ahead, taken) in [(-1000, false), (-800, true), (800, true), (1000, false)] {
        let reply = shop.send(&shop.signer(|s| s.ahead = ahead), &ask).await;
        if taken {
            assert_eq!(reply.status, 200, "{ahead}: {}", reply.text);
            continue;
        }
        is(&reply, 403, "RequestTimeTooSkewed");
        assert_eq!(all(&reply.text, "MaxAllowedSkewMilliseconds"), ["900000"]);
        let server: jiff::Timestamp = all(&reply.text, "ServerTime")[0].parse().unwrap();
        assert!((server.as_second() - now()).abs() <= 2);
    }
    is(&shop.raw(&ask, Vec::new()).await, 403, "AccessDenied");
    for (authorization, status, code) in [
        ("Basic eDp5", 400, "InvalidArgument"),
        ("AWS id:signature", 400, "InvalidRequest"),
        (
            "AWS4-HMAC-SHA256 nonsense",
            400,
            "AuthorizationHeaderMalformed",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
            400,
            "AuthorizationHeaderMalformed",
        ),
    ] {
        let headers = vec![("authorization".to_owned(), authorization.to_owned())];
        is(&shop.raw(&ask, headers).await, status, code);
    }
    let mut headers = shop
        .signer
        .headers(&ask, shop.url.strip_prefix("http://").unwrap());
    headers.push(("x-amz-meta-late".to_owned(), "x".to_owned()));
    let reply = shop.raw(&ask, headers).await;
    is(&reply, 403, "AccessDenied");
    assert_eq!(all(&reply.text, "HeadersNotSigned"), ["x-amz-meta-late"]);
}

#[tokio::test]
async fn a_presigned_url_opens_until_it_ends() {
    let shop = Shop::new(&[]).await;
    shop.put("a%20b", b"hello").await;
    let path = format!("/{BUCKET}/a%20b");
    let host = shop.url.strip_prefix("http://").unwrap();
    let open = async |signer: &Signer, life: i64| {
        let query = signer.presigned("GET", &path, host, life);
        let url = format!("{}{path}?{query}", shop.url);
        reply(shop.site.http.get(url).send().await.unwrap())
            .await
            .unwrap()
    };
    assert_eq!(open(&shop.signer, 60).await.text, "hello");
    let reply = open(&shop.signer(|s| s.ahead = -120), 60).await;
    is(&reply, 403, "AccessDenied");
    assert_eq!(all(&reply.text, "Message"), ["Request has expired"]);
    assert_eq!(
        open(&shop.signer(|s| s.ahead = -3600), 7200).await.status,
        200
    );
    is(
        &open(&shop.signer(|s| s.secret.push('x')), 60).await,
        403,
        "SignatureDoesNotMatch",
    );
    is(
        &open(&shop.signer(|s| s.id.push('x')), 60).await,
        403,
        "InvalidAccessKeyId",
    );
    is(
        &open(&shop.signer, 604_801).await,
        400,
        "AuthorizationQueryParametersError",
    );
    let reply = open(&shop.signer(|s| s.region = "eu-west-1".to_owned()), 60).await;
    is(&reply, 400, "AuthorizationQueryParametersError");
    assert_eq!(all(&reply.text, "Region"), ["us-east-1"]);
}

#[tokio::test]
async fn a_bucket_is_here_elsewhere_or_nowhere() {
    let shop = Shop::new(&[]).await;
    let head = shop.ask("HEAD", &format!("/{BUCKET}"), &[]).await;
    assert_eq!(
        (head.status, head.header("x-amz-bucket-region")),
        (200, "us-east-1")
    );
    let reply = shop
        .ask("GET", "/somebody-elses", &[("list-type", "2")])
        .await;
    is(&reply, 404, "NoSuchBucket");
    assert_eq!(all(&reply.text, "BucketName"), ["somebody-elses"]);
    let head = shop.ask("HEAD", "/somebody-elses", &[]).await;
    assert_eq!((head.status, head.text.as_str()), (404, ""));
    is(
        &shop.ask("GET", "/Not_A_Bucket", &[]).await,
        400,
        "InvalidBucketName",
    );
    assert_eq!(all(&shop.ask("GET", "/", &[]).await.text, "Name"), [BUCKET]);

    let gone = Shop::new(&["bucket-missing"]).await;
    is(&gone.list(&[]).await, 404, "NoSuchBucket");
    is(&gone.put("k", b"x").await, 404, "NoSuchBucket");

    let moved = Shop::new(&["bucket-region:eu-west-1"]).await;
    let reply = moved.list(&[]).await;
    is(&reply, 301, "PermanentRedirect");
    assert_eq!(reply.header("x-amz-bucket-region"), "eu-west-1");
    assert_eq!(
        all(&reply.text, "Endpoint"),
        ["acme-embedded.s3.eu-west-1.amazonaws.com"]
    );
    let head = moved.ask("HEAD", &format!("/{BUCKET}"), &[]).await;
    assert_eq!(
        (head.status, head.header("x-amz-bucket-region")),
        (301, "eu-west-1")
    );
    let place = moved
        .ask("GET", &format!("/{BUCKET}"), &[("location", "")])
        .await;
    assert!(place.text.contains("eu-west-1"), "{}", place.text);
    let path = format!("/{BUCKET}");
    let ask = Ask::new("GET", &path, &[("list-type", "2")]);
    let there = moved.signer(|s| s.region = "eu-west-1".to_owned());
    assert_eq!(moved.send(&there, &ask).await.status, 200);
    let third = moved.signer(|s| s.region = "sa-east-1".to_owned());
    let reply = moved.send(&third, &ask).await;
    is(&reply, 400, "AuthorizationHeaderMalformed");
    assert_eq!(all(&reply.text, "Region"), ["eu-west-1"]);
    let head = Ask::new("HEAD", &path, &[]);
    let reply = moved.send(&third, &head).await;
    assert_eq!(
        (reply.status, reply.header("x-amz-bucket-region")),
        (400, "eu-west-1")
    );
}

#[tokio::test]
async fn a_denied_verb_is_denied_alone() {
    for (fault, list, put, get, delete) in [
        ("s3.list=deny", 403, 200, 200, 204),
        ("s3.put=deny", 200, 403, 404, 204),
        ("s3.get=deny", 200, 200, 403, 204),
        ("s3.delete=deny", 200, 200, 200, 403),
        ("s3=deny", 403, 403, 403, 403),
    ] {
        let shop = Shop::new(&[fault]).await;
        let key = format!("/{BUCKET}/k");
        let replies = [
            (shop.list(&[]).await, list, "ListBucket"),
            (shop.put("k", b"x").await, put, "PutObject"),
            (shop.ask("GET", &key, &[]).await, get, "GetObject"),
            (shop.ask("DELETE", &key, &[]).await, delete, "DeleteObject"),
        ];
        for (reply, status, permission) in replies {
            assert_eq!(reply.status, status, "{fault} {permission}: {}", reply.text);
            if status == 403 {
                is(&reply, 403, "AccessDenied");
                assert!(
                    reply
                        .text
                        .contains(&format!("perform: s3:{permission} on resource: "))
                );
            }
        }
        let wrong = shop.signer(|s| s.secret.push('x'));
        let reply = shop.send(&wrong, &Ask::new("GET", &key, &[])).await;
        is(&reply, 403, "SignatureDoesNotMatch");
    }
    let blind = Shop::new(&["s3.list=deny"]).await;
    let reply = blind.ask("GET", &format!("/{BUCKET}/none"), &[]).await;
    is(&reply, 403, "AccessDenied");
    let head = blind.ask("HEAD", &format!("/{BUCKET}"), &[]).await;
    assert_eq!(
        (head.status, head.header("x-amz-bucket-region")),
        (403, "us-east-1")
    );
    let once = Shop::new(&["s3.put=deny*1"]).await;
    is(&once.put("k", b"x").await, 403, "AccessDenied");
    assert_eq!(once.put("k", b"x").await.status, 200);
}

#[tokio::test]
async fn objects_are_written_read_and_deleted_by_path_and_by_host() {
    let shop = Shop::new(&[]).await;
    let host = shop
        .url
        .replace("http://127.0.0.1", &format!("{BUCKET}.localhost"));
    let ask = Ask {
        body: b"0123456789",
        ..Ask::new("PUT", "/dir/%C3%A9%20%2B", &[])
    };
    let mut headers = shop.signer.headers(&ask, &host);
    headers.push(("content-type".to_owned(), "text/csv".to_owned()));
    let mut request = shop
        .site
        .http
        .put(format!("{}{}", shop.url, ask.path))
        .body("0123456789");
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let written = reply(request.send().await.unwrap()).await.unwrap();
    assert_eq!(
        (written.status, written.header("etag")),
        (200, "\"781e5e245d69b566979b86e28d23f2c7\"")
    );

    let path = format!("/{BUCKET}/dir/%C3%A9%20%2B");
    let read = shop.ask("GET", &path, &[]).await;
    assert_eq!(
        (read.text.as_str(), read.header("content-type")),
        ("0123456789", "text/csv")
    );
    assert_eq!(read.header("etag"), written.header("etag"));
    let head = shop.ask("HEAD", &path, &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, "10"));
    for (range, status, text, says) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
    ] {
        let ask = Ask {
            extra: &[("range", range)],
            ..Ask::new("GET", &path, &[])
        };
        let part = shop.send(&shop.signer, &ask).await;
        assert_eq!((part.status, part.text.as_str()), (status, text));
        assert_eq!(part.header("content-range"), says);
    }
    let beyond = Ask {
        extra: &[("range", "bytes=10-")],
        ..Ask::new("GET", &path, &[])
    };
    is(&shop.send(&shop.signer, &beyond).await, 416, "InvalidRange");
    for _ in 0..2 {
        assert_eq!(shop.ask("DELETE", &path, &[]).await.status, 204);
    }
    let reply = shop.ask("GET", &path, &[]).await;
    is(&reply, 404, "NoSuchKey");
    assert_eq!(all(&reply.text, "Key"), ["dir/é +"]);
    for count in ["S3 PUT", "S3 HEAD"] {
        assert_eq!(shop.site.count(count), 1, "{count}");
    }
    assert_eq!(
        (shop.site.count("S3 GET"), shop.site.count("S3 DELETE")),
        (6, 2)
    );
}

#[tokio::test]
async fn a_body_that_is_not_what_was_signed_is_not_kept() {
    let shop = Shop::new(&[]).await;
    let path = format!("/{BUCKET}/k");
    let ask = Ask {
        body: b"signed",
        ..Ask::new("PUT", &path, &[])
    };
    let headers = shop
        .signer
        .headers(&ask, shop.url.strip_prefix("http://").unwrap());
    let other = Ask {
        body: b"forged",
        ..Ask::new("PUT", &path, &[])
    };
    is(
        &shop.raw(&other, headers).await,
        400,
        "XAmzContentSHA256Mismatch",
    );
    let md5 = Ask {
        body: b"x",
        extra: &[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")],
        ..Ask::new("PUT", &path, &[])
    };
    is(&shop.send(&shop.signer, &md5).await, 400, "BadDigest");
    is(&shop.ask("GET", &path, &[]).await, 404, "NoSuchKey");
    let large = Ask {
        extra: &[("content-length", "268435457")],
        ..Ask::new("PUT", &path, &[])
    };
    let host = shop.url.strip_prefix("http://").unwrap();
    let head = shop.signer.headers(&large, host).into_iter();
    let head: Vec<String> = head
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = head.concat();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream
        .write_all(format!("PUT {path} HTTP/1.1\r\n{head}expect: 100-continue\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut said = vec![0; 4096];
    let read = stream.read(&mut said).await.unwrap();
    let said = String::from_utf8_lossy(&said[..read]).into_owned();
    assert!(
        said.starts_with("HTTP/1.1 400") && said.contains("EntityTooLarge"),
        "{said}"
    );
}

#[tokio::test]
async fn lists_page_group_and_encode() {
    let shop = Shop::new(&[]).await;
    for key in ["a%20b%2Bc%2525", "dir/1", "dir/2", "e%40%C3%A9", "z"] {
        assert_eq!(shop.put(key, b"x").await.status, 200, "{key}");
    }
    let plain = shop.list(&[]).await;
    assert_eq!(
        all(&plain.text, "Key"),
        ["a b+c%25", "dir/1", "dir/2", "e@é", "z"]
    );
    assert_eq!(all(&plain.text, "IsTruncated"), ["false"]);
    assert!(all(&plain.text, "LastModified")[0].contains(".000Z"));
    let encoded = shop.list(&[("encoding-type", "url")]).await;
    assert_eq!(
        all(&encoded.text, "Key"),
        ["a+b%2Bc%2525", "dir/1", "dir/2", "e%40%C3%A9", "z"]
    );
    let grouped = shop
        .list(&[("delimiter", "/"), ("encoding-type", "url")])
        .await;
    assert_eq!(all(&grouped.text, "Key").len(), 3);
    assert!(
        grouped
            .text
            .contains("<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes>")
    );
    assert_eq!(all(&grouped.text, "KeyCount"), ["4"]);

    let (mut token, mut seen) = (None::<String>, Vec::new());
    loop {
        let mut query = vec![("max-keys", "2")];
        query.extend(token.as_deref().map(|token| ("continuation-token", token)));
        let page = shop.list(&query).await;
        seen.extend(all(&page.text, "Key"));
        match all(&page.text, "NextContinuationToken").pop() {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, all(&plain.text, "Key"));
    is(
        &shop.list(&[("continuation-token", "made-up")]).await,
        400,
        "InvalidArgument",
    );
    is(
        &shop.list(&[("max-keys", "-1")]).await,
        400,
        "InvalidArgument",
    );
    assert_eq!(shop.site.count("S3 LIST"), 8);
}

#[tokio::test]
async fn faults_happen_on_this_wire_too() {
    for (fault, status, code) in [
        ("s3=status:503", 503, "SlowDown"),
        ("s3.list=status:500", 500, "InternalError"),
        (
            "s3=status:503:ServiceUnavailable",
            503,
            "ServiceUnavailable",
        ),
        (
            "s3=status:400:ExpiredToken:The provided token has expired.",
            400,
            "ExpiredToken",
        ),
        ("s3=rate:3", 503, "SlowDown"),
        ("s3=echo", 400, "InvalidRequest"),
    ] {
        let shop = Shop::new(&[&format!("{fault}*1")]).await;
        is(&shop.list(&[]).await, status, code);
        assert_eq!(shop.list(&[]).await.status, 200, "{fault} happens once");
    }
    let shop = Shop::new(&[
        "s3.get=cut*1",
        "s3.get=delay:1*1",
        "s3.get=slow:0*1",
        "s3.put=commit+status:500*1",
    ])
    .await;
    let large = vec![b'x'; 3 * 1024 * 1024];
    is(&shop.put("k", &large).await, 500, "InternalError");
    let path = format!("/{BUCKET}/k");
    let ask = Ask::new("GET", &path, &[]);
    let host = shop.url.strip_prefix("http://").unwrap();
    let mut request = shop.site.http.get(format!("{}{path}", shop.url));
    for (name, value) in shop.signer.headers(&ask, host) {
        request = request.header(name, value);
    }
    let cut = request.send().await.unwrap();
    assert_eq!(cut.content_length(), Some(large.len() as u64));
    assert!(reply(cut).await.is_err());
    assert_eq!(
        shop.ask("GET", &path, &[]).await.bytes,
        large,
        "late, but carried out"
    );
    shop.put("k", b"little").await;
    assert_eq!(shop.ask("GET", &path, &[]).await.text, "little");

    let skewed = Shop::new(&["skew:3600"]).await;
    is(&skewed.list(&[]).await, 403, "RequestTimeTooSkewed");
    let api = Shop::new(&["any=status:500", "s3.list=status:503"]).await;
    assert_eq!(
        api.put("k", b"x").await.status,
        200,
        "`any` is any of the API"
    );
    assert_eq!(api.site.get("/v1/health", "").await.status, 500);
    let reset = Shop::new(&["s3=reset"]).await;
    let mut stream = tokio::net::TcpStream::connect(reset.url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"");
}

#[tokio::test]
async fn a_folder_keeps_the_objects_and_the_settings_lead_to_the_bucket() {
    let home = tempfile::tempdir().unwrap();
    let options = || Options {
        seed: Some(7),
        dir: Some(home.path().to_owned()),
        ..Options::default()
    };
    let first = Shop::of(Site::of(Sandbox::open(options()).unwrap()).await).await;
    assert_eq!(
        first
            .put("customers/user%2042/rows.jsonl", b"{}\n")
            .await
            .status,
        200
    );
    let again = Shop::of(Site::of(Sandbox::open(options()).unwrap()).await).await;
    let read = again
        .ask(
            "GET",
            &format!("/{BUCKET}/customers/user%2042/rows.jsonl"),
            &[],
        )
        .await;
    assert_eq!(read.text, "{}\n");
    assert!(
        home.path()
            .join("objects/customers/user%2042/rows.jsonl")
            .exists()
    );
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let impossible = Options {
        dir: Some(file),
        ..Options::default()
    };
    assert!(Sandbox::open(impossible).is_err());

    let settings = again.site.sandbox.settings_with_s3("http://a", "http://b");
    let at = settings
        .iter()
        .position(|(name, _)| *name == "S3_ENDPOINT")
        .unwrap();
    assert_eq!(
        (settings[at].1.as_str(), settings[at - 1].0),
        ("http://b", "S3_BUCKET_REGION")
    );
    assert_eq!(
        settings.len(),
        again.site.sandbox.settings("http://a").len() + 1
    );
}
