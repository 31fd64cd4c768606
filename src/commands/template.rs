//! `embedctl template plan|create|list|delete`.
//!
//! Depends on `ops::template`, `session`, `print`.

use serde_json::{Map, Value, json};

use super::print::{Printer, Report, Tone, target};
use super::prompt;
use super::session::{Environment, Session};
use super::signals::Signals;
use crate::cli::{Cli, Template};
use crate::domain::failure::{Code, Exit, Failure};
use crate::domain::settings::{Access, Part};
use crate::domain::template::{
    Consent, Creation, Difference, Existing, Plan, Proof, TemplateSpec, Would,
};
use crate::ops::template::{self, Uncreated};

pub(super) async fn run(
    cli: &Cli,
    args: &Template,
    environment: &Environment,
    printer: &mut Printer,
) -> Exit {
    let kind = match args {
        Template::Plan | Template::Create { dry_run: true, .. } => "template.plan",
        Template::Create { .. } => "template.create",
        Template::List => "template.list",
        Template::Delete { .. } => "template.delete",
    };
    let session = match Session::open(cli, environment).map(Session::with_ledger) {
        Ok(session) => session,
        Err(failure) => return printer.finish(Report::failed(kind, None, &[], &failure)),
    };
    printer.destination(&session, &cli.common);
    printer.warnings(&session.warnings);
    let mut job = Job {
        cli,
        environment,
        printer,
        session: &session,
        kind,
    };
    let mut signals = Signals::listen();
    let done = async {
        match args {
            Template::List => job.list().await,
            Template::Delete { template, confirm } => {
                job.delete(template, confirm.as_deref()).await
            }
            Template::Plan => job.plan(Consent::OnlyIfAbsent).await,
            Template::Create {
                dry_run: true,
                force,
                ..
            } => job.plan(consent(*force)).await,
            Template::Create {
                force, skip_probe, ..
            } => {
                let proof = if *skip_probe {
                    Proof::LeftOut
                } else {
                    Proof::First
                };
                job.create(*force, proof).await
            }
        }
    };
    let stopped = tokio::select! {
        exit = done => return exit,
        exit = signals.wait() => exit,
    };
    let hint = "`embedctl template plan` tells what is known of it";
    let failure = signals.settle(&session.bucket, hint).await;
    job.report(stopped, json!({}), Some(&failure))
}

struct Job<'a> {
    cli: &'a Cli,
    environment: &'a Environment,
    printer: &'a mut Printer,
    session: &'a Session,
    kind: &'static str,
}

impl Job<'_> {
    async fn list(&mut self) -> Exit {
        let access = match self.session.draft.access() {
            Ok(access) => access,
            Err(failure) => return self.fail(&failure),
        };
        match template::list(self.session.tools(), &access).await {
            Err(failure) => self.fail(&failure),
            Ok((templates, listed)) => {
                if !self.printer.is_json() {
                    self.print_list(&templates, listed);
                }
                let source = if listed { "api" } else { "ledger" };
                let list: Vec<Value> = templates.iter().map(existing).collect();
                self.done(json!({"source": source, "templates": list}))
            }
        }
    }

    fn print_list(&mut self, templates: &[Existing], listed: bool) {
        if templates.is_empty() {
            let text = if listed {
                "no connection templates"
            } else {
                "no connection templates were created from this machine; this API cannot list others"
            };
            self.printer.note(text);
        }
        for template in templates {
            let id = template.id.as_deref().unwrap_or("id not known");
            let at = template.created_at.as_deref().unwrap_or_default();
            self.printer.line(
                format!(
                    "{id}  {}  s3://{}/{}  {at}",
                    template.name, template.identity.bucket, template.identity.prefix
                )
                .trim_end(),
            );
        }
    }

    async fn plan(&mut self, consent: Consent) -> Exit {
        let planned = match self.settings() {
            Ok((access, spec)) => template::plan(self.session.tools(), &access, &spec).await,
            Err(failure) => Err(failure),
        };
        match planned {
            Err(failure) => self.fail(&failure),
            Ok(plan) => {
                if !self.printer.is_json() {
                    self.print_plan(&plan, consent);
                }
                self.done(plan_document(&plan, consent))
            }
        }
    }

    async fn create(&mut self, force: bool, proof: Proof) -> Exit {
        let outcome = match self.try_create(force, proof).await {
            Ok(outcome) => outcome,
            Err(Refused::Unconfirmed) => return Exit::Usage,
            Err(Refused::Failed(failure, name)) => return self.fail_creation(&failure, &name),
        };
        let (word, id, name) = match &outcome {
            (Creation::Created { id }, name) => ("created", Some(id), name),
            (Creation::Exists { id }, name) => ("exists", id.as_ref(), name),
        };
        if !self.printer.is_json() {
            let id = id.map_or(String::new(), |id| format!("  id {id}"));
            let word = self.printer.tone(Tone::Good, word);
            self.printer.line(&format!("{word}  {name}{id}"));
        }
        self.done(json!({"outcome": word, "id": id, "name": name}))
    }

    async fn try_create(
        &mut self,
        force: bool,
        mut proof: Proof,
    ) -> Result<(Creation, String), Refused> {
        let (access, spec) = self
            .settings()
            .map_err(|f| Refused::Failed(Box::new(f), String::new()))?;
        let name = spec.name.clone();
        let failed = |why: Uncreated| {
            let failure = match why {
                Uncreated::Failed(failure) => failure,
                Uncreated::Unproved(failure) => without_probe(failure),
            };
            Refused::Failed(Box::new(failure), name.clone())
        };
        let tools = self.session.tools();
        let plan = template::plan(tools, &access, &spec).await;
        let plan = plan.map_err(|failure| failed(failure.into()))?;
        let will_send = force || plan.would == Would::Create;
        if will_send && !self.cli.common.yes {
            // Proved before it is asked, so that nobody agrees to what cannot be.
            if self.can_ask() && proof == Proof::First {
                template::prove(tools, &spec).await.map_err(failed)?;
                proof = Proof::LeftOut;
            }
            self.confirm(&plan, force).await?;
        }
        let creation = template::create(tools, &access, &spec, consent(force), proof).await;
        Ok((creation.map_err(failed)?, name.clone()))
    }

    fn can_ask(&self) -> bool {
        self.environment.is_interactive(&self.cli.common)
    }

    async fn confirm(&mut self, plan: &Plan, force: bool) -> Result<(), Refused> {
        if !self.can_ask() {
            self.printer.usage(
                "creating a connection template needs a confirmation",
                "nobody is there to give it",
                "look with `embedctl template plan`, then add --yes",
            );
            return Err(Refused::Unconfirmed);
        }
        let second = if force {
            ", even if one of this name exists"
        } else {
            ""
        };
        let question = format!(
            "{} {} with the name {}{second}?",
            plan.method, plan.url, plan.name
        );
        if prompt::is_confirmed(&question).await {
            return Ok(());
        }
        self.printer.aside("nothing was sent");
        Err(Refused::Unconfirmed)
    }

    async fn delete(&mut self, which: &str, confirm: Option<&str>) -> Exit {
        let found = match self.session.draft.access() {
            Err(failure) => Err(failure),
            Ok(access) => template::find(self.session.tools(), &access, which)
                .await
                .map(|t| (access, t)),
        };
        let (access, template) = match found {
            Ok(found) => found,
            Err(failure) => return self.fail(&failure),
        };
        if !self.name_is_typed(&template, confirm).await {
            return Exit::Usage;
        }
        match template::delete(self.session.tools(), &access, &template).await {
            Err(failure) => self.fail(&failure),
            Ok(deleted_at) => {
                if !self.printer.is_json() {
                    let word = self.printer.tone(Tone::Good, "deleted");
                    let id = template.id.as_deref().unwrap_or_default();
                    self.printer
                        .line(&format!("{word}  {}  id {id}", template.name));
                }
                self.done(
                    json!({"id": template.id, "name": template.name, "deleted_at": deleted_at}),
                )
            }
        }
    }

    /// Deleting cannot be undone, so `--yes` is not enough: the name is typed.
    async fn name_is_typed(&mut self, template: &Existing, confirm: Option<&str>) -> bool {
        let name = &template.name;
        let typed = match confirm {
            Some(typed) => Some(typed.to_owned()),
            None if self.can_ask() => {
                let id = template.id.as_deref().unwrap_or_default();
                let question = format!(
                    "Delete {name} ({id}, s3://{}/{})? Type its name: ",
                    template.identity.bucket, template.identity.prefix
                );
                prompt::ask(&question).await
            }
            None => None,
        };
        if typed.as_deref() == Some(name) {
            return true;
        }
        let because = if typed.is_some() {
            "what was typed is not its name"
        } else {
            "nobody is there to type its name"
        };
        self.printer.usage(
            &format!("{name} was not deleted"),
            because,
            &format!("add --confirm {name}"),
        );
        false
    }

    fn settings(&self) -> Result<(Access, TemplateSpec), Failure> {
        let draft = &self.session.draft;
        draft.demand(&[Part::Access, Part::Template])?;
        Ok((draft.access()?, draft.template()?))
    }

    fn print_plan(&mut self, plan: &Plan, consent: Consent) {
        let id = |existing: &Existing| {
            let id = existing.id.as_ref();
            id.map_or(String::new(), |id| format!(", id {id}"))
        };
        let (tone, known) = match &plan.would {
            Would::Create => (Tone::Good, "it is not known here".to_owned()),
            Would::Nothing(existing) => (Tone::Good, format!("it exists{}", id(existing))),
            Would::Conflict(existing, _) => (
                Tone::Bad,
                format!("one of this name differs{}", id(existing)),
            ),
            Would::Ask(doubt) => (
                Tone::Warn,
                format!("{doubt}, and whether it exists is not known"),
            ),
        };
        let (tone, detail) = match (consent, &plan.would) {
            (Consent::OnlyIfAbsent, _) | (_, Would::Create) => (tone, known),
            (Consent::SendAnyway, Would::Ask(_)) => (
                Tone::Warn,
                format!("{known}; --force sends it all the same"),
            ),
            (Consent::SendAnyway, Would::Nothing(_) | Would::Conflict(..)) => {
                (Tone::Warn, format!("{known}; --force sends a second one"))
            }
        };
        let word = would(plan, consent);
        let word = self.printer.tone(tone, word);
        self.printer
            .line(&format!("{word}  {}: {detail}", plan.name));
        for difference in differences(plan) {
            self.printer.line(&format!("  {difference}"));
        }
        self.printer
            .line(&format!("\n{} {}", plan.method, plan.url));
        self.printer
            .line(&serde_json::to_string_pretty(&plan.body).unwrap_or_default());
        if !plan.listed {
            self.printer.note(
                "\nThis API cannot list templates: what is known comes from this machine's ledger.",
            );
        }
    }

    fn done(&mut self, data: Value) -> Exit {
        self.report(Exit::Done, data, None)
    }

    fn fail(&mut self, failure: &Failure) -> Exit {
        self.report(failure.exit(), json!({}), Some(failure))
    }

    fn fail_creation(&mut self, failure: &Failure, name: &str) -> Exit {
        let data = if failure.code == Code::TemplateUnknown {
            json!({"outcome": "unknown", "id": null, "name": name})
        } else {
            json!({})
        };
        self.report(failure.exit(), data, Some(failure))
    }

    fn report(&mut self, exit: Exit, data: Value, failure: Option<&Failure>) -> Exit {
        let target = Some(target(&self.session.draft, false));
        self.printer.finish(Report {
            kind: self.kind,
            exit,
            target,
            warnings: &self.session.warnings,
            data,
            failure,
        })
    }
}

const fn consent(force: bool) -> Consent {
    if force {
        Consent::SendAnyway
    } else {
        Consent::OnlyIfAbsent
    }
}

/// What `create` would do with this consent: whatever is known, one that is forced sends.
fn would(plan: &Plan, consent: Consent) -> &'static str {
    match consent {
        Consent::SendAnyway => Would::Create.name(),
        Consent::OnlyIfAbsent => plan.would.name(),
    }
}

enum Refused {
    Unconfirmed,
    Failed(Box<Failure>, String),
}

/// Adds how to send all the same.
fn without_probe(mut failure: Failure) -> Failure {
    let hint = failure.hint.take().unwrap_or_default();
    failure.hint(format!("{hint}; --skip-probe sends it all the same"))
}

fn plan_document(plan: &Plan, consent: Consent) -> Value {
    json!({
        "name": plan.name,
        "request": {"method": plan.method, "url": plan.url, "body": plan.body},
        "existing": plan.existing.iter().map(existing).collect::<Vec<_>>(),
        "would": would(plan, consent),
        "differences": differences(plan).iter().map(|d| json!({"field": d.field, "exists": d.exists, "planned": d.planned})).collect::<Vec<_>>(),
    })
}

fn differences(plan: &Plan) -> &[Difference] {
    match &plan.would {
        Would::Conflict(_, differences) => differences,
        Would::Create | Would::Nothing(_) | Would::Ask(_) => &[],
    }
}

fn existing(template: &Existing) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), json!(template.id));
    map.insert("name".into(), json!(template.name));
    for (label, value) in template.identity.labelled() {
        map.insert(label.to_owned(), json!(value));
    }
    map.insert("created_at".into(), json!(template.created_at));
    Value::Object(map)
}
