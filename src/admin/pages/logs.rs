//! `/admin/logs`: the audit log of the current workspace, newest first.

use std::collections::HashMap;

use askama::Template;
use url::form_urlencoded::Serializer;

use crate::admin::display;
use crate::admin::forms::form::Form;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::diff::{Diff, diff};
use crate::admin::visit::SignedInVisit;
use crate::model::audit::{AuditEntry, AuditFilter};
use crate::model::event::{Actor, ActorKind};
use crate::model::key::Key;
use crate::model::parse::page::PageRequest;
use crate::model::parse::params::Params;
use crate::model::parse::problem::Problem;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader};

const FIELDS: [&str; 7] = ["q", "actor", "type", "resource", "id", "from", "to"];
/// The query parameters: the ones that the pager keeps.
const PARAMETERS: [&str; 8] = ["q", "actor", "type", "resource", "id", "from", "to", "cursor"];

#[derive(Template)]
#[template(path = "admin/logs.html")]
struct Logs {
    page: Page,
    form: Form,
    /// The filter as a query string, for the exports and the pager.
    query: String,
    is_filtered: bool,
    actors: Vec<(String, String)>,
    kinds: Vec<(&'static str, &'static str)>,
    resources: Vec<(&'static str, &'static str)>,
    entries: Vec<Entry>,
    newest: Option<String>,
    older: Option<String>,
    searched_back_to: Option<Timestamp>,
}

struct Entry {
    event: AuditEntry,
    diff: Diff,
    /// The name of the resource at the time of the event.
    name: String,
    /// The path of the resource, also of a deleted one.
    resource: Option<String>,
    /// The path of the API key that acted.
    actor: Option<String>,
    customer: Option<Link>,
}

struct Link {
    path: String,
    name: String,
}

impl Entry {
    fn time(&self) -> String {
        display::date_time(&self.event.event.created_at)
    }
}

/// GET `/admin/logs`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let query_form = visit.visitor().query_form();
    let fields = FIELDS.map(|name| (name, filter_value(name, query_form.value(name))));
    let mut query = Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    let (query, form) = (query.finish(), Form::from_values(fields));
    let is_filtered = !query.is_empty();
    let mut logs = Logs {
        page: visit.page("Audit log", Section::Logs),
        query,
        is_filtered,
        actors: Vec::new(),
        kinds: display::options(Some("Any event"), display::event),
        resources: display::options(Some("Any type"), display::resource),
        entries: Vec::new(),
        newest: None,
        older: None,
        searched_back_to: None,
        form,
    };
    if visit.workspace().is_err() {
        return page::html(&logs);
    }
    let parsed: Result<(AuditFilter, PageRequest), Vec<Problem>> =
        Params::parse(query_form.non_empty_fields_in(&PARAMETERS));
    let (filter, page) = match parsed {
        Ok((filter, page)) => (Some(filter), page),
        Err(problems) => {
            logs.form = logs.form.with_problems(problems);
            (None, PageRequest::default())
        }
    };
    let read = move |reader: &WorkspaceReader<'_>| {
        let (actors, keys) = (reader.actors()?, reader.keys()?);
        let Some(filter) = filter else { return Ok((actors, keys, None)) };
        let found = reader.audit(&filter, &page)?;
        let customers = customers(reader, &found.entries)?;
        Ok((actors, keys, Some((found, customers))))
    };
    let (actors, keys, found) = visit.read(read).await?;
    logs.actors = choices(&actors, &keys, logs.form.value("actor"));
    let Some((found, customers)) = found else { return page::invalid_form(&logs) };
    let entries = found.entries.into_iter().map(|event| entry(event, &customers));
    logs.entries = entries.collect();
    logs.newest = page.before.map(|_| logs.path(None));
    logs.older = found.next.map(|next| logs.path(Some(next)));
    logs.searched_back_to = found.searched_back_to;
    page::html(&logs)
}

impl Logs {
    fn path(&self, cursor: Option<Timestamp>) -> String {
        let mut query = Serializer::new(self.query.clone());
        if let Some(cursor) = cursor {
            query.append_pair("cursor", &cursor.to_cursor());
        }
        let query = query.finish();
        if query.is_empty() { "/admin/logs".to_owned() } else { format!("/admin/logs?{query}") }
    }
}

/// Formats a value for a field of the filter. Times get the format of `datetime-local` inputs.
fn filter_value(name: &str, value: &str) -> String {
    let is_time = matches!(name, "from" | "to");
    match Timestamp::parse_lenient(value).filter(|_| is_time) {
        Some(time) => time.to_string().trim_end_matches('Z').trim_end_matches(".000").to_owned(),
        None => value.trim().to_owned(),
    }
}

/// Returns links to the customers of the events, by customer ID, for the events of other resources.
/// Deleted customers have none.
fn customers(
    reader: &WorkspaceReader<'_>,
    entries: &[AuditEntry],
) -> Result<HashMap<String, Link>, StoreError> {
    let mut found = HashMap::new();
    for id in entries.iter().filter_map(|entry| entry.customer_id.as_ref()) {
        if found.contains_key(id.as_str()) {
            continue;
        }
        let link = match reader.customer(&Ref::Id(id.clone())) {
            Ok(customer) => {
                let customer = customer.read()?;
                Some(Link {
                    path: links::customer_path(&customer),
                    name: customer.name.to_string(),
                })
            }
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        found.insert(id.as_str().to_owned(), link);
    }
    Ok(found.into_iter().filter_map(|(id, link)| Some((id, link?))).collect())
}

fn entry(event: AuditEntry, customers: &HashMap<String, Link>) -> Entry {
    let previous = event.event.previous_attributes.as_ref().map(|previous| previous.get());
    let object = event.event.object.get();
    let snapshot: Snapshot = serde_json::from_str(object).unwrap_or_default();
    let customer = event.customer_id.as_ref().and_then(|id| customers.get(id.as_str()));
    let number = snapshot.display_id.map(DisplayId);
    let id = event.resource_id.as_str();
    let resource = match event.resource {
        ResourceType::Customer => match customer {
            Some(link) => Some(link.path.clone()),
            // The page says that the customer was deleted.
            None => number.map(|number| format!("/customers/{}", number.0)),
        },
        ResourceType::Contact => number.map(links::contact_path),
        ResourceType::Onboarding => number.map(links::onboarding_path_from),
        ResourceType::WebhookEndpoint => Some(links::endpoint_path(id)),
        ResourceType::ApiKey => Some(links::key_path(id)),
    };
    let actor = &event.event.actor;
    let actor = (actor.kind == ActorKind::ApiKey).then(|| links::key_path(&actor.id));
    let customer = customer
        .filter(|_| event.resource != ResourceType::Customer)
        .map(|link| Link { path: link.path.clone(), name: link.name.clone() });
    Entry { diff: diff(object, previous), name: snapshot.name(), resource, actor, customer, event }
}

/// What an entry shows of the resource at the time of the event.
#[derive(Default, serde::Deserialize)]
struct Snapshot {
    name: Option<String>,
    /// Webhook endpoints have a URL and no name.
    url: Option<String>,
    display_id: Option<i64>,
}

impl Snapshot {
    fn name(self) -> String {
        let name = self.name.or(self.url).filter(|name| !name.is_empty());
        match (name, self.display_id) {
            (Some(name), _) => name,
            (None, Some(number)) => format!("number {number}"),
            (None, None) => "(no name)".to_owned(),
        }
    }
}

/// Returns the options of the actor filter. Keys can share a name, so their prefixes are included.
fn choices(actors: &[Actor], keys: &[Key], chosen: &str) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), "Anyone".to_owned())];
    for actor in actors {
        let key = Id::parse(&actor.id).and_then(|id| keys.iter().find(|key| key.id == id));
        let label = match key {
            Some(key) if key.revoked_at.is_some() => {
                format!("{} ({}, revoked)", display::actor(actor), key.prefix)
            }
            Some(key) => format!("{} ({})", display::actor(actor), key.prefix),
            None => display::actor(actor),
        };
        choices.push((actor.id.clone(), label));
    }
    if choices.iter().all(|(id, _)| id != chosen) {
        choices.push((chosen.to_owned(), format!("Unknown actor ({chosen})")));
    }
    choices
}
