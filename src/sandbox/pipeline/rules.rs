//! What the templates say when a customer saves a source. Each API has its own rules: the public
//! one finds the destinations that came with the workspace, by name; the newer one makes them now.

use serde_json::{Value, json};

use super::{Connection, Namespace, Plan, Saved};
use crate::sandbox::faker;
use crate::sandbox::fault::{Setback, Switch};
use crate::sandbox::ids::Id;
use crate::sandbox::jobs::Kind;
use crate::sandbox::source::{Connector, Source};
use crate::sandbox::template::{Hosting, Template};
use crate::sandbox::world::{Destination, World};
use crate::sandbox::{cron, destination, landing};

/// The schedule of a template that names none.
const HOURLY: &str = "0 0 * * * ?";

/// Whose templates apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Api {
    V1,
    Agents,
}

/// What saving a source led to.
#[derive(Default)]
pub(in crate::sandbox) struct Outcome {
    pub(in crate::sandbox) connections: Vec<Id>,
    pub(in crate::sandbox) jobs: Vec<u64>,
    /// Why a template came to nothing; the platform only logs it.
    pub(in crate::sandbox) skipped: Vec<String>,
    /// What ended it with a server error. The source is there all the same.
    pub(in crate::sandbox) failure: Option<String>,
}

/// One connection to be made.
struct Step {
    destination: Id,
    name: String,
    plan: Plan,
    sync: bool,
}

impl World {
    /// Makes a source and nothing else.
    pub(in crate::sandbox) fn make_source(
        &mut self,
        name: &str,
        workspace: Id,
        connector: &'static Connector,
        template: Option<Id>,
        configuration: Value,
    ) -> Id {
        let id = self.ids.make("source", &format!("{workspace}/{name}"));
        let created_at = self.now();
        self.pipeline.sources.push(Saved {
            id,
            name: name.to_owned(),
            workspace,
            connector,
            template,
            configuration,
            created_at,
            updated_at: created_at,
            deleted: false,
        });
        id
    }

    /// Applies the templates to a source that a customer has saved.
    pub(in crate::sandbox) fn connect(&mut self, source: Id, api: Api) -> Outcome {
        let mut outcome = Outcome::default();
        let mut sources = self.pipeline.sources.iter();
        let found = sources.find(|found| found.id == source);
        let Some((workspace, name)) = found.map(|found| (found.workspace, found.name.clone()))
        else {
            return outcome;
        };
        if self.armed.is(&Switch::Setback(Setback::NoConnection)) {
            let why = "the connection was not made, or somebody has deleted it";
            outcome.skipped.push(why.to_owned());
            return outcome;
        }
        let steps = match api {
            Api::V1 => self.found(workspace, &mut outcome),
            Api::Agents => self.made(workspace, &mut outcome),
        };
        for mut step in steps {
            if let Some(Err(why)) = step.plan.cron.as_deref().map(cron::hourly) {
                outcome.failure = Some(why);
                return outcome;
            }
            if self.armed.is(&Switch::Setback(Setback::ManualConnection)) {
                (step.plan.cron, step.sync) = (None, false);
            }
            let title = format!("{name} -> {}", step.name);
            let connection = self.make_connection(title, source, step.destination, step.plan);
            outcome.connections.push(connection);
            if step.sync {
                outcome.jobs.push(self.start_job(connection, Kind::Sync));
            }
        }
        outcome
    }

    /// The public API's way: each template finds its destination by name in the workspace.
    fn found(&self, workspace: Id, outcome: &mut Outcome) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.templates.is_empty() {
            outcome.skipped.push(NO_TEMPLATE.to_owned());
        }
        for template in &self.templates {
            let name = &template.name;
            let mut named = self
                .destinations
                .iter()
                .filter(|found| found.workspace == workspace && found.name == *name);
            match (named.next(), named.next()) {
                (None, _) => outcome.skipped.push(format!(
                    "the workspace has no destination called {name}: it was made before the \
                     template, or its configuration was refused"
                )),
                (Some(only), None) => steps.push(Step {
                    destination: only.id,
                    name: name.clone(),
                    plan: self.plan(template, workspace),
                    sync: template.option("syncOnCreate").as_bool().unwrap_or(true),
                }),
                (Some(_), Some(_)) => {
                    outcome.failure = Some(format!("more than one destination is called {name}"));
                    break;
                }
            }
        }
        steps
    }

    fn plan(&self, template: &Template, workspace: Id) -> Plan {
        let text = |name| template.option(name).as_str().map(str::to_owned);
        let word = |name| text(name).unwrap_or_default().to_ascii_lowercase();
        Plan {
            cron: template.cron.clone(),
            namespace: match word("namespaceDefinitionType").as_str() {
                "source" => Namespace::Source,
                "destination" => Namespace::Destination,
                _ => Namespace::Custom(
                    text("namespaceFormat").unwrap_or_else(|| self.workspace_name(workspace)),
                ),
            },
            prefix: text("prefix"),
            on_change: on_change(&word("nonBreakingChangesPreference")),
        }
    }

    /// The newer API's way: each template's destination is made when it is first needed.
    fn made(&mut self, workspace: Id, outcome: &mut Outcome) -> Vec<Step> {
        if self.armed.is(&Switch::Setback(Setback::NoDestination)) {
            let why = "the workspace has no destination, and none was made";
            outcome.skipped.push(why.to_owned());
            return Vec::new();
        }
        if self.agents_templates.is_empty() {
            outcome.skipped.push(NO_TEMPLATE.to_owned());
        }
        let namespace = Namespace::Custom(self.workspace_name(workspace));
        let templates: Vec<(String, Value, Step)> = self
            .agents_templates
            .iter()
            .map(|template| {
                let (configuration, change, sync) = match &template.hosting {
                    Hosting::Airbyte => (Value::Null, "ignore", true),
                    Hosting::User(own) => {
                        (own.configuration.clone(), own.on_change, own.sync_on_create)
                    }
                };
                let step = Step {
                    destination: Id::NONE,
                    name: template.name.clone(),
                    plan: Plan {
                        cron: Some(template.cron.clone().unwrap_or_else(|| HOURLY.to_owned())),
                        namespace: namespace.clone(),
                        prefix: None,
                        on_change: on_change(change),
                    },
                    sync,
                };
                (template.name.clone(), configuration, step)
            })
            .collect();
        let made = templates.into_iter();
        made.map(|(name, configuration, step)| Step {
            destination: self.destination_for(workspace, &name, configuration),
            ..step
        })
        .collect()
    }

    /// The workspace's destination of this name and configuration, made when there is none.
    fn destination_for(&mut self, workspace: Id, name: &str, configuration: Value) -> Id {
        let found = self.destinations.iter().find(|found| {
            found.workspace == workspace
                && found.name == name
                && found.configuration == configuration
        });
        match found {
            Some(found) => found.id,
            None => self.make_destination(workspace, name, configuration),
        }
    }

    /// Makes a destination. Its check leaves an object behind where the bucket takes one.
    fn make_destination(&mut self, workspace: Id, name: &str, configuration: Value) -> Id {
        let id = self.ids.make("destination", &format!("{workspace}/{name}"));
        let fits = landing::refusal(&self.account, &configuration).is_none();
        if fits && !configuration.is_null() {
            let test = self.ids.make("connection test", &id.to_string());
            landing::leave_test(&self.store, &configuration, test);
        }
        let created_at = self.now();
        self.destinations.push(Destination {
            id,
            name: name.to_owned(),
            workspace,
            configuration,
            created_at,
        });
        id
    }

    /// Gives a new workspace the public API's destinations, one for each template.
    ///
    /// # Errors
    /// A sentence about the first configuration that does not fit the connector's schema.
    pub(in crate::sandbox) fn make_destinations(&mut self, workspace: Id) -> Result<(), String> {
        if self.armed.is(&Switch::Setback(Setback::NoDestination)) {
            return Ok(());
        }
        if self.armed.is(&Switch::Setback(Setback::InvalidDestination)) {
            return destination::check(&json!({}));
        }
        let twice = self.armed.is(&Switch::Setback(Setback::TwoDestinations));
        let templates = self.templates.iter();
        let templates: Vec<(String, Value)> = templates
            .map(|template| (template.name.clone(), template.configuration.clone()))
            .collect();
        for (name, configuration) in templates {
            destination::check(&configuration)?;
            if twice {
                self.make_destination(workspace, &name, configuration.clone());
            }
            self.make_destination(workspace, &name, configuration);
        }
        Ok(())
    }

    /// Makes a connection.
    pub(in crate::sandbox) fn make_connection(
        &mut self,
        name: String,
        source: Id,
        destination: Id,
        plan: Plan,
    ) -> Id {
        let place = format!("{source}/{destination}");
        let id = self.ids.make("connection", &place);
        let mut sources = self.pipeline.sources.iter();
        let workspace = sources
            .find(|found| found.id == source)
            .map_or(Id::NONE, |found| found.workspace);
        let created_at = self.now();
        self.pipeline.connections.push(Connection {
            id,
            name,
            source,
            destination,
            workspace,
            plan,
            paused: false,
            created_at,
            deleted: false,
        });
        id
    }

    fn workspace_name(&self, id: Id) -> String {
        let mut workspaces = self.workspaces.iter();
        let found = workspaces.find(|workspace| workspace.id == id);
        found.map_or_else(String::new, |workspace| workspace.name.clone())
    }

    /// The catalogue's entry for the source that a customer plays with.
    pub(in crate::sandbox) fn sample_data(&self) -> Option<&Source> {
        let mut sources = self.sources.iter();
        sources.find(|source| source.connector.slug == faker::CONNECTOR)
    }
}

const NO_TEMPLATE: &str = "the organization has no connection template";

/// A template's preference in the words of the connections API.
fn on_change(preference: &str) -> &'static str {
    match preference {
        "disable" => "disable_connection",
        "propagate_columns" => "propagate_columns",
        "propagate_fully" => "propagate_fully",
        _ => "ignore",
    }
}
