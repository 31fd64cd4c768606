//! A customer who connects Sample Data: what the templates make of it, the jobs, the objects, and
//! each way for data not to arrive.

use std::io::Read as _;
use std::time::Instant;

use embedctl::domain::user::ExternalUser;
use flate2::read::GzDecoder;

use super::*;

#[path = "pipeline/api.rs"]
mod api;
#[path = "pipeline/setbacks.rs"]
mod setbacks;

const CONNECTORS: &str = "/api/v1/integrations/connectors";

impl Site {
    /// A sandbox with its own template and quick jobs.
    async fn quick(faults: &[&str]) -> Self {
        Self::with(Options {
            template: true,
            job_pace: Some(Duration::from_millis(10)),
            faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
            ..Options::default()
        })
        .await
    }

    /// The same without a template.
    async fn bare() -> Self {
        Self::with(Options {
            job_pace: Some(Duration::from_millis(10)),
            ..Options::default()
        })
        .await
    }

    async fn play(&self, user: &str, rows: u64, api: &str) -> Value {
        let reply = self
            .order(&json!({"user": user, "rows": rows, "api": api}))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    async fn order(&self, body: &Value) -> Reply {
        self.post("/__sandbox/play", "", body).await
    }

    /// Makes a template like the sandbox's own, changed.
    async fn create_with(&self, change: impl Fn(&mut Value)) -> Reply {
        let mut body = self.template_body();
        body["destinationConfiguration"]["format"]["compression"] =
            json!({"compression_type": "No Compression"});
        change(&mut body);
        self.post(TEMPLATE, &self.token().await, &body).await
    }

    /// The user's objects, by stream: key and content.
    fn landed(&self, user: &str) -> Vec<(String, Vec<u8>)> {
        let folder = ExternalUser::parse(user).unwrap().s3_safe();
        self.sandbox.objects(&format!("customers/{folder}/"))
    }
}

fn lines(content: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(content).unwrap();
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn unzipped(content: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    GzDecoder::new(content).read_to_end(&mut whole).unwrap();
    whole
}

#[tokio::test]
async fn a_customer_who_connects_has_as_many_rows_as_asked_for() {
    for api in ["v1", "agents"] {
        let site = Site::quick(&[]).await;
        site.mint("user-42").await;
        let played = site.play("user-42", 120, api).await;
        assert_eq!(
            played["rows"],
            json!({"users": 120, "products": 100, "purchases": 120})
        );
        assert_eq!(played["job"], json!({"id": 1, "status": "succeeded"}));
        assert!(played["reason"].is_null() && played["connection_id"].is_string());

        let source = played["source_id"].as_str().unwrap();
        let landed = site.landed("user-42");
        for ((key, content), (stream, rows)) in
            landed
                .iter()
                .zip([("products", 100), ("purchases", 120), ("users", 120)])
        {
            let (folder, file) = key.rsplit_once('/').unwrap();
            assert_eq!(folder, format!("customers/user-42/{source}_{stream}"));
            let parts: Vec<&str> = file.trim_end_matches("_0.jsonl").rsplitn(2, '_').collect();
            let epoch: i64 = parts[0].parse().unwrap();
            let day = jiff::Timestamp::from_millisecond(epoch).unwrap();
            assert_eq!(parts[1], day.strftime("%Y_%m_%d").to_string());
            let rows_found = lines(content);
            assert_eq!(rows_found.len(), rows, "{key}");
            for (number, row) in rows_found.iter().enumerate() {
                let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
                assert_eq!(
                    keys,
                    [
                        "_airbyte_raw_id",
                        "_airbyte_extracted_at",
                        "_airbyte_meta",
                        "_airbyte_generation_id",
                        "_airbyte_data"
                    ]
                );
                assert_eq!(row["_airbyte_data"]["id"], number + 1);
                assert_eq!(row["_airbyte_meta"], json!({"sync_id": 1, "changes": []}));
                assert_eq!(row["_airbyte_generation_id"], 0);
                assert!(row["_airbyte_extracted_at"].as_i64().unwrap() >= epoch);
            }
        }
        assert_eq!(landed.len(), 3);
        let test = site.sandbox.objects("customers/_airbyte_connection_test_");
        assert_eq!(test.len(), 1, "what the destination's check left");
        assert_eq!(site.sandbox.state()["objects"], 4);
    }
}

#[tokio::test]
async fn the_same_world_makes_the_same_rows() {
    let site = |seed| {
        Site::with(Options {
            seed: Some(seed),
            template: true,
            job_pace: Some(Duration::ZERO),
            ..Options::default()
        })
    };
    let mut found = Vec::new();
    for seed in [7, 7, 8] {
        let site = site(seed).await;
        site.mint("u").await;
        assert_eq!(site.play("u", 5, "v1").await["job"]["status"], "succeeded");
        let (_, users) = site.landed("u").pop().unwrap();
        found.push(lines(&users)[4]["_airbyte_data"]["name"].clone());
        found.push(lines(&users)[4]["_airbyte_data"]["email"].clone());
    }
    assert_eq!(found[0..2], found[2..4]);
    assert_ne!(found[0..2], found[4..6]);
}

#[tokio::test]
async fn users_with_odd_names_land_where_the_connector_puts_them() {
    let site = Site::quick(&[]).await;
    for (user, folder) in [
        ("acme GmbH", "acme_GmbH"),
        ("team/7", "team/7"),
        ("a+b", "a+b"),
        ("50%", "50_"),
        ("Zoë Müller", "Zoe_Muller"),
        ("zoe@example.com", "zoe@example.com"),
        ("日本", "__"),
    ] {
        site.mint(user).await;
        let played = site.play(user, 2, "v1").await;
        assert_eq!(played["rows"]["users"], 2, "{user}");
        let source = played["source_id"].as_str().unwrap();
        let keys = site
            .sandbox
            .objects(&format!("customers/{folder}/{source}_users/"));
        assert_eq!(keys.len(), 1, "{user}");
        assert_eq!(
            site.landed(user).len(),
            3,
            "as the console looks for them: {user}"
        );
    }
}

#[tokio::test]
async fn each_format_is_written_as_the_connector_writes_it() {
    let plain = json!({"compression_type": "No Compression"});
    let flat = "Root level flattening";
    for (format, extension) in [
        (json!({"format_type": "JSONL"}), ".jsonl.gz"),
        (
            json!({"format_type": "JSONL", "compression": plain, "flattening": flat}),
            ".jsonl",
        ),
        (json!({"format_type": "CSV", "flattening": flat}), ".csv.gz"),
        (
            json!({"format_type": "CSV", "compression": plain, "flattening": "No flattening"}),
            ".csv",
        ),
        (json!({"format_type": "Parquet"}), ".parquet"),
    ] {
        let site = Site::bare().await;
        let with = |body: &mut Value| body["destinationConfiguration"]["format"] = format.clone();
        assert_eq!(site.create_with(with).await.status, 200);
        site.mint("u").await;
        assert_eq!(site.play("u", 4, "v1").await["rows"]["purchases"], 4);
        let (key, content) = site.landed("u").pop().unwrap();
        assert!(key.ends_with(&format!("_0{extension}")), "{key}");
        let content = if content.starts_with(b"\x1f\x8b") {
            unzipped(&content)
        } else {
            content
        };
        if extension.starts_with(".jsonl") {
            let rows = lines(&content);
            let name = if extension == ".jsonl" {
                &rows[3]["name"]
            } else {
                &rows[3]["_airbyte_data"]["name"]
            };
            assert!(rows.len() == 4 && name.is_string());
        } else if extension.starts_with(".csv") {
            let text = String::from_utf8(content).unwrap();
            assert_eq!(text.lines().count(), 5, "a header and four rows");
            let own = if extension == ".csv" {
                "_airbyte_data\r\n"
            } else {
                "id,created_at,"
            };
            let head = "_airbyte_raw_id,_airbyte_extracted_at,_airbyte_meta,_airbyte_generation_id";
            assert!(text.starts_with(&format!("{head},{own}")), "{text}");
        } else {
            assert!(content.starts_with(b"PAR1") && content.ends_with(b"PAR1"));
        }
    }
}

#[tokio::test]
async fn a_second_sync_brings_all_of_it_again_unless_told_not_to() {
    for (always_updated, files) in [(true, 6), (false, 3)] {
        let site = Site::quick(&[]).await;
        let scoped = site.customer("u").await;
        let source = json!({"name": "s", "workspaceId": scoped.workspace, "configuration":
            {"sourceType": "faker", "count": 2, "always_updated": always_updated}});
        assert_eq!(
            site.post("/v1/sources", &scoped.token, &source)
                .await
                .status,
            200
        );
        let token = site.token().await;
        let first = site.ended(1).await;
        assert_eq!(
            (&first["status"], &first["rowsSynced"]),
            (&json!("succeeded"), &json!(6))
        );
        let again = json!({"connectionId": first["connectionId"], "jobType": "sync"});
        assert_eq!(
            site.post("/v1/jobs", &token, &again).await.json()["jobId"],
            2
        );
        let second = site.ended(2).await;
        assert_eq!(second["status"], "succeeded");
        let moved = if always_updated { 6 } else { 0 };
        assert_eq!(second["rowsSynced"], moved);
        assert_eq!(site.landed("u").len(), files);
    }
}

/// The person in the widget.
struct Customer {
    token: String,
    workspace: String,
}

impl Site {
    async fn customer(&self, user: &str) -> Customer {
        let inner: Value = serde_json::from_str(&unpacked(&self.mint(user).await)).unwrap();
        let token = inner["token"].as_str().unwrap().to_owned();
        let scope = &claims(&token)["io.airbyte.auth.workspace_scope"];
        let workspace = scope["workspaceId"].as_str().unwrap().to_owned();
        Customer { token, workspace }
    }

    /// The job's document when it is over.
    async fn ended(&self, id: u64) -> Value {
        let token = self.token().await;
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let job = self.get(&format!("/v1/jobs/{id}"), &token).await.json();
            if ["succeeded", "failed", "cancelled"].contains(&job["status"].as_str().unwrap()) {
                return job;
            }
            assert!(Instant::now() < deadline, "{job}");
            tokio::task::yield_now().await;
        }
    }
}
