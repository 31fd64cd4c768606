//! What the widget page calls, with the token of one customer: the platform's inner calls, and the
//! newer API's resources. Nothing reaches another customer's workspace.

use super::agents::{CONNECTORS, INFO, OTHER, SOURCES, named};
use super::*;

const TEMPLATES: &str = "/api/v1/config_templates/";
const CONFIGS: &str = "/api/v1/partial_user_configs/";

/// A customer with a widget open.
struct Customer {
    token: String,
    workspace: String,
}

impl Site {
    async fn ready() -> Self {
        Self::with(Options {
            template: true,
            job_pace: Some(Duration::ZERO),
            ..Options::default()
        })
        .await
    }

    async fn at_widget(&self, user: &str) -> Customer {
        let minted = self.mint(user).await;
        customer(&unpacked(&minted))
    }

    async fn newer_customer(&self, body: Value) -> Customer {
        let minted = self.call(Method::POST, agents::WIDGET, &body).await;
        customer(&unpacked(&minted))
    }

    /// One of the inner calls.
    async fn inner(&self, path: &str, customer: &Customer, fields: Value) -> Reply {
        let mut body = fields;
        if body.get("workspaceId").is_none() {
            body["workspaceId"] = json!(customer.workspace);
        }
        self.post(path, &customer.token, &body).await
    }

    async fn offered_sample(&self, customer: &Customer) -> Value {
        let list = self
            .inner(&format!("{TEMPLATES}list"), customer, json!({}))
            .await;
        list.json()["configTemplates"][0]["id"].clone()
    }
}

fn customer(unpacked: &str) -> Customer {
    let inner: Value = serde_json::from_str(unpacked).unwrap();
    let page = url::Url::parse(inner["widgetUrl"].as_str().unwrap()).unwrap();
    let mut query = page.query_pairs();
    Customer {
        token: inner["token"].as_str().unwrap().to_owned(),
        workspace: query
            .find(|(name, _)| name == "workspaceId")
            .unwrap()
            .1
            .into_owned(),
    }
}

// --- the platform's inner calls

#[tokio::test]
async fn a_customer_sees_the_catalogue_and_what_each_entry_asks() {
    let site = Site::ready().await;
    let customer = site.at_widget("u").await;
    let list = site
        .inner(&format!("{TEMPLATES}list"), &customer, json!({}))
        .await;
    assert_eq!(list.status, 200, "{}", list.text);
    let list = list.json()["configTemplates"].clone();
    assert_eq!(list[0]["name"], "Sample Data");
    let get = format!("{TEMPLATES}get");
    let one = site
        .inner(&get, &customer, json!({"configTemplateId": list[0]["id"]}))
        .await;
    let asked = &one.json()["configTemplateSpec"]["connectionSpecification"]["properties"];
    assert_eq!(
        asked["count"]["type"], "integer",
        "the catalogue's entry asks for all"
    );
    let unknown = site
        .inner(&get, &customer, json!({"configTemplateId": OTHER}))
        .await;
    assert_eq!(unknown.status, 500);
}

#[tokio::test]
async fn what_a_customer_saves_is_a_source_and_its_data_lands() {
    let site = Site::ready().await;
    let customer = site.at_widget("u").await;
    let template = site.offered_sample(&customer).await;
    let body = json!({"configTemplateId": template, "connectionConfiguration": {"count": 7}});
    let made = site
        .inner(&format!("{CONFIGS}create"), &customer, body)
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let made = made.json();
    assert_eq!(made["sourceName"], "Sample Data");
    assert_eq!(made["name"], format!("Sample Data {}", customer.workspace));
    assert_eq!(made["connectionConfiguration"], json!({"count": 7}));
    assert_eq!(site.seen("connections"), 1);
    let token = site.token().await;
    let job = site.get("/v1/jobs", &token).await.json()["data"][0].clone();
    assert_eq!(
        (&job["status"], &job["rowsSynced"]),
        (&json!("succeeded"), &json!(21))
    );
    assert_eq!(site.sandbox.objects("customers/u/").len(), 3);

    let id = made["sourceId"].clone();
    let listed = site
        .inner(&format!("{CONFIGS}list"), &customer, json!({}))
        .await
        .json();
    let own = &listed["partialUserConfigs"];
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(
        (&own[0]["id"], &own[0]["configTemplateId"]),
        (&id, &template)
    );

    let change = json!({"partialUserConfigId": id, "connectionConfiguration": {"count": 2}});
    let changed = site
        .inner(&format!("{CONFIGS}update"), &customer, change)
        .await;
    assert_eq!(
        changed.json()["connectionConfiguration"],
        json!({"count": 2})
    );
    let one = json!({ "partialUserConfigId": id });
    let got = site
        .inner(&format!("{CONFIGS}get"), &customer, one.clone())
        .await
        .json();
    assert_eq!(got["connectionConfiguration"], json!({"count": 2}));
    assert_eq!(got["configTemplate"]["id"], template);

    let delete = format!("{CONFIGS}delete");
    assert_eq!(
        site.inner(&delete, &customer, one.clone()).await.status,
        204
    );
    assert_eq!(site.inner(&delete, &customer, one).await.status, 403);
    let none = site
        .inner(&format!("{CONFIGS}list"), &customer, json!({}))
        .await;
    assert_eq!(none.json()["partialUserConfigs"], json!([]));
}

#[tokio::test]
async fn everything_wrong_is_said_at_once_and_nothing_is_made() {
    let site = Site::ready().await;
    let customer = site.at_widget("u").await;
    let list = site
        .inner(&format!("{TEMPLATES}list"), &customer, json!({}))
        .await
        .json();
    let stripe = list["configTemplates"].as_array().unwrap().iter();
    let stripe = stripe
        .into_iter()
        .find(|it| it["name"] == "Stripe")
        .unwrap();
    let body = json!({"configTemplateId": stripe["id"], "connectionConfiguration":
        {"lookback_window_days": -1}});
    let refused = site
        .inner(&format!("{CONFIGS}create"), &customer, body)
        .await;
    assert_eq!(refused.status, 422);
    let refused = refused.json();
    let said = refused["data"]["message"].as_str().unwrap();
    for piece in [
        "$.client_secret: is missing but it is required",
        "$.account_id: is missing but it is required",
        "$.lookback_window_days: must have a minimum value of 0",
    ] {
        assert!(said.contains(piece), "{said}");
    }
    for (given, status) in [(json!(7), 422), (Value::Null, 422)] {
        let body = json!({"configTemplateId": stripe["id"], "connectionConfiguration": given});
        let reply = site
            .inner(&format!("{CONFIGS}create"), &customer, body)
            .await;
        assert_eq!(reply.status, status);
    }
    assert_eq!(site.seen("connections"), 0);
}

#[tokio::test]
async fn a_secret_stays_when_its_mask_comes_back() {
    let site = Site::ready().await;
    let customer = site.at_widget("u").await;
    let list = site
        .inner(&format!("{TEMPLATES}list"), &customer, json!({}))
        .await
        .json();
    let all = list["configTemplates"].as_array().unwrap();
    let stripe = all.iter().find(|it| it["name"] == "Stripe").unwrap();
    let own = |secret: &str, account: &str| json!({"client_secret": secret, "account_id": account});
    let body = json!({"configTemplateId": stripe["id"],
        "connectionConfiguration": own("sk_live", "acct_1")});
    let made = site
        .inner(&format!("{CONFIGS}create"), &customer, body)
        .await;
    assert!(!made.text.contains("sk_live"));
    let id = made.json()["sourceId"].clone();
    let change = json!({"partialUserConfigId": id,
        "connectionConfiguration": own("**********", "acct_2")});
    let changed = site
        .inner(&format!("{CONFIGS}update"), &customer, change)
        .await;
    assert_eq!(changed.status, 200);
    assert_eq!(
        changed.json()["connectionConfiguration"]["account_id"],
        "acct_2"
    );
    // Nothing shows a secret, so it is the connector's judgement that tells: a mask alone would fit
    // too, but an emptied field does not.
    let emptied = json!({"partialUserConfigId": id, "connectionConfiguration": own("", "acct_2")});
    let refused = site
        .inner(&format!("{CONFIGS}update"), &customer, emptied)
        .await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn a_customer_may_touch_the_own_workspace_only() {
    let site = Site::ready().await;
    let (own, other) = (site.at_widget("u").await, site.at_widget("v").await);
    let template = site.offered_sample(&own).await;
    let body = json!({"configTemplateId": template, "connectionConfiguration": {}});
    let theirs = site
        .inner(&format!("{CONFIGS}create"), &other, body.clone())
        .await
        .json();
    let theirs = theirs["sourceId"].clone();
    let in_theirs = |mut fields: Value| {
        fields["workspaceId"] = json!(other.workspace);
        fields
    };
    let one = json!({"partialUserConfigId": theirs, "connectionConfiguration": {}});
    for (path, fields) in [
        (format!("{TEMPLATES}list"), in_theirs(json!({}))),
        (format!("{CONFIGS}list"), in_theirs(json!({}))),
        (format!("{CONFIGS}create"), in_theirs(body)),
        (format!("{CONFIGS}get"), in_theirs(one.clone())),
        (format!("{CONFIGS}get"), one.clone()),
        (format!("{CONFIGS}update"), one.clone()),
        (format!("{CONFIGS}delete"), one),
        (format!("{CONFIGS}list"), json!({"workspaceId": OTHER})),
        (format!("{CONFIGS}list"), json!({"workspaceId": "u"})),
    ] {
        let reply = site.inner(&path, &own, fields).await;
        assert_eq!(reply.status, 403, "{path}: {}", reply.text);
        assert!(
            reply.json()["type"]
                .as_str()
                .unwrap()
                .ends_with("#forbidden")
        );
    }
    let nobody = Customer {
        token: "x".to_owned(),
        ..own
    };
    let reply = site
        .inner(&format!("{CONFIGS}list"), &nobody, json!({}))
        .await;
    assert_eq!(reply.status, 401);
    assert_eq!(
        reply.json()["message"],
        "Unauthorized",
        "in the platform's words"
    );
}

// --- the newer API

#[tokio::test]
async fn a_customer_of_the_newer_api_saves_changes_and_deletes() {
    let site = Site::ready().await;
    let own = json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001"});
    let own = site.newer_customer(own).await;
    let other = json!({"workspace_name": "v", "allowed_origin": "http://localhost:3001"});
    let other = site.newer_customer(other).await;
    assert_eq!(
        site.get(INFO, &own.token).await.json()["workspace_name"],
        "u"
    );
    let offered = site.get(SOURCES, &own.token).await.json();
    let sample = offered["data"][0]["id"].clone();
    let one = format!("{SOURCES}/{}", sample.as_str().unwrap());
    assert_eq!(site.get(&one, &own.token).await.status, 200);

    let body = json!({"workspace_name": "u", "source_template_id": sample,
        "replication_config": {"count": 7}});
    assert_eq!(site.post(CONNECTORS, &other.token, &body).await.status, 403);
    let made = site.post(CONNECTORS, &own.token, &body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("{CONNECTORS}/{id}");
    let send = async |method: Method, customer: &Customer, body: Value| {
        let request = site.request(method, &path).bearer_auth(&customer.token);
        reply(request.json(&body).send().await.unwrap())
            .await
            .unwrap()
    };
    let change = json!({"name": "Mine", "replication_config": {"count": 3}});
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let theirs = send(method, &other, change.clone()).await;
        assert_eq!(theirs.status, 404, "to another it is not there");
    }
    let changed = send(Method::PUT, &own, change).await.json();
    assert_eq!(
        (&changed["name"], &changed["replication_config"]["count"]),
        (&json!("Mine"), &json!(3))
    );
    let wrong = send(
        Method::PUT,
        &own,
        json!({"replication_config": {"count": 0, "seed": "x"}}),
    )
    .await;
    assert_eq!(wrong.status, 400);
    assert_eq!(
        named(&wrong),
        ["replication_config.count", "replication_config.seed"]
    );

    for (customer, found) in [(&own, 1), (&other, 0)] {
        let listed = site.get(CONNECTORS, &customer.token).await.json();
        assert_eq!(listed["data"].as_array().unwrap().len(), found);
    }
    let deleted = send(Method::DELETE, &own, json!({})).await;
    assert_eq!(deleted.status, 202);
    assert!(deleted.json()["job_id"].is_string());
    assert_eq!(send(Method::GET, &own, json!({})).await.status, 404);
    assert_eq!(
        site.sandbox.objects("customers/u/").len(),
        3,
        "what has arrived stays"
    );
}

#[tokio::test]
async fn a_token_narrowed_by_tags_narrows_what_its_customer_is_offered() {
    let site = Site::ready().await;
    for (tags, mode, names) in [
        (
            json!(["crm", "sales"]),
            json!("any"),
            vec!["HubSpot", "Salesforce", "Stripe"],
        ),
        (
            json!(["crm", "sales"]),
            Value::Null,
            vec!["HubSpot", "Salesforce", "Stripe"],
        ),
        (json!(["crm", "sales"]), json!("all"), vec!["Salesforce"]),
        (json!(["sample"]), Value::Null, vec!["Sample Data"]),
    ] {
        let body = json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001",
            "selected_source_template_tags": tags, "selected_source_template_tags_mode": mode});
        let customer = site.newer_customer(body).await;
        let offered = site.get(SOURCES, &customer.token).await.json();
        let offered = offered["data"].as_array().unwrap().clone();
        let seen: Vec<&str> = offered
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(seen, names);
    }
    let narrowed = json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001",
        "selected_source_template_tags": ["crm"]});
    let customer = site.newer_customer(narrowed).await;
    let body = json!({"workspace_name": "u", "connector_type": "faker"});
    assert_eq!(
        site.post(CONNECTORS, &customer.token, &body).await.status,
        400
    );
    let operator = site.agents_token().await;
    assert_eq!(
        site.post(CONNECTORS, &operator, &body).await.status,
        200,
        "the operator may"
    );
}

#[tokio::test]
async fn an_organization_that_is_not_entitled_has_no_widget() {
    let site = Site::ready().await;
    let own = json!({"workspace_name": "u", "allowed_origin": "http://localhost:3001"});
    let newer = site.newer_customer(own).await;
    let customer = site.at_widget("u").await;
    site.sandbox.add_fault("not-entitled".parse().unwrap());
    let inner = site
        .inner(&format!("{TEMPLATES}list"), &customer, json!({}))
        .await;
    assert_eq!(inner.json()["type"], "error:license/entitlement");
    let listed = site.get(SOURCES, &newer.token).await;
    assert_eq!(listed.json()["errors"][0]["error_code"], "not_entitled");
}
