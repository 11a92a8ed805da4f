//! `/admin/api-keys`: the API keys of all workspaces. A new key's secret appears only in the
//! response to the form that created it.

use std::sync::Arc;

use askama::Template;

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::form::{Form, Kind, Shape};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::views::key_row::{self, KeyRow};
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::submit_once::{self, Submission};
use crate::model::event::Actor;
use crate::model::key::form::{KeyFilter, KeyForm};
use crate::model::key::issued::IssuedKey;
use crate::model::key::secret::KeySecret;
use crate::model::key::{Key, Mode, NewKey, Tier};
use crate::model::parse::params::Params;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::resource::ResourceType;
use crate::model::values::id::Id;
use crate::store::{Tx, WriteScope};

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "admin/api_keys/list.html")]
struct List {
    page: Page,
    form: Form,
    workspaces: Options,
    rows: Vec<KeyRow>,
    /// Whether there are keys at all, not counting the filter.
    has_keys: bool,
    once: String,
}

#[derive(Template)]
#[template(path = "admin/api_keys/new.html")]
struct New {
    page: Page,
    form: Form,
    workspaces: Options,
    modes: Vec<(&'static str, &'static str)>,
    tiers: Vec<(&'static str, &'static str)>,
    scopes: Vec<(&'static str, String)>,
    once: String,
}

#[derive(Template)]
#[template(path = "admin/api_keys/created.html")]
struct Created {
    page: Page,
    key: Key,
    scopes: String,
    secret: KeySecret,
    /// The key that was rotated. It works until it is revoked.
    old: Option<Key>,
}

#[derive(Template)]
#[template(path = "admin/api_keys/revoke.html")]
struct Revoke {
    page: Page,
    row: KeyRow,
    action: String,
}

const ALREADY_SUBMITTED: &str = "The key is in the list of API keys, but its secret can't be shown \
     again. If you didn't copy it, revoke the key and create another one.";

const SHAPE: &Shape = &[
    ("workspace", Kind::Text),
    ("name", Kind::Text),
    ("mode", Kind::Text),
    ("tier", Kind::Text),
    ("scopes", Kind::Checked),
    ("expires_at", Kind::Time),
];

/// GET `/admin/api-keys`
pub(in crate::admin) async fn list(visit: SignedInVisit) -> PageResult {
    let form = visit.visitor().query_form();
    let filter = Params::parse::<KeyFilter>(form.non_empty_fields());
    let all = load_rows(&visit).await?;
    let has_keys = !all.is_empty();
    let once = submit_once::new_token()?;
    let mut workspaces = vec![(String::new(), "All workspaces".to_owned())];
    workspaces.extend(options(&visit));
    let page = visit.page("API keys", Section::ApiKeys);
    match filter {
        Ok(filter) => {
            let rows = all.into_iter().filter(|row| row.matches(&filter)).collect();
            page::html(&List { page, form, workspaces, rows, has_keys, once })
        }
        Err(problems) => {
            let (form, rows) = (form.with_problems(problems), Vec::new());
            page::invalid_form(&List { page, form, workspaces, rows, has_keys, once })
        }
    }
}

/// GET `/admin/api-keys/new`
pub(in crate::admin) async fn form(visit: SignedInVisit) -> PageResult {
    let query = visit.visitor().query_form();
    let workspace = match query.value("workspace") {
        "" => visit.workspace()?.slug.to_string(),
        slug => slug.to_owned(),
    };
    let mut values = vec![
        ("workspace", workspace),
        ("mode", <&str>::from(Mode::default()).to_owned()),
        ("tier", <&str>::from(Tier::default()).to_owned()),
    ];
    values.extend(
        key_row::scope_options().into_iter().map(|(scope, _)| ("scopes", scope.to_owned())),
    );
    page::html(&new_page(&visit, Form::from_values(values))?)
}

/// POST `/admin/api-keys`
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let reject = |problems| {
        page::invalid_form(&new_page(&visit, visit.form().clone().with_problems(problems))?)
    };
    let submitted: KeyForm = match visit.form().parse(SHAPE) {
        Ok(submitted) => submitted,
        Err(problems) => return reject(problems),
    };
    let workspace =
        visit.workspaces().iter().find(|found| found.slug == submitted.workspace).cloned();
    let Some(workspace) = workspace else {
        let message = "workspace must be one that exists".to_owned();
        let field = "workspace".to_owned();
        return reject(vec![Problem { rule: Rule::InvalidEnumValue, message, field }]);
    };
    let now = visit.visitor().admin().service.store().clock().now();
    if submitted.new.expires_at.is_some_and(|at| at <= now) {
        let message = "expires_at must be in the future".to_owned();
        let field = "expires_at".to_owned();
        return reject(vec![Problem { rule: Rule::TooSmall, message, field }]);
    }
    let submission = Submission::begin(&visit, "create", ALREADY_SUBMITTED).await?;
    let (issued, secret) = issue(&visit, submitted.new).await?;
    let scope = WriteScope::Workspace(workspace.no);
    let create = move |tx: &Tx<'_>| tx.create_key(Actor::admin_page(), &workspace, issued);
    let key = submission.write(scope, create).await?;
    created_page(&visit, "API key created", key, secret, None)
}

/// POST `/admin/api-keys/{id}/rotate`
pub(in crate::admin) async fn rotate(visit: SignedInVisit) -> PageResult {
    let id = visit.path_param("id").to_owned();
    let submission = Submission::begin(&visit, &format!("rotate {id}"), ALREADY_SUBMITTED).await?;
    let old = rotatable(find_row(&visit).await?)?;
    let now = visit.visitor().admin().service.store().clock().now();
    let (issued, secret) = issue(&visit, NewKey::replacement_for(&old, now)).await?;
    let id = old.id.clone();
    let create = move |tx: &Tx<'_>| tx.create_replacement_key(Actor::admin_page(), &id, issued);
    let Some(key) = submission.write(scope_of(&visit, &old), create).await? else {
        // The key was rotated or revoked while the new secret was hashed.
        let error = rotatable(find_row(&visit).await?).err();
        return Err(error.unwrap_or(AdminError::UntrustedForm));
    };
    created_page(&visit, "Replacement key created", key, secret, Some(old))
}

/// GET `/admin/api-keys/{id}/revoke`
pub(in crate::admin) async fn confirm(visit: SignedInVisit) -> PageResult {
    let row = revocable(find_row(&visit).await?)?;
    let action = format!("/admin/api-keys/{}/revoke", row.key.id);
    page::html(&Revoke { page: visit.page("Revoke API key", Section::ApiKeys), row, action })
}

/// POST `/admin/api-keys/{id}/revoke`
pub(in crate::admin) async fn revoke(visit: SignedInVisit) -> PageResult {
    let row = revocable(find_row(&visit).await?)?;
    let (id, scope) = (row.key.id.clone(), scope_of(&visit, &row.key));
    let revoke = move |tx: &Tx<'_>| tx.revoke_key(Actor::admin_page(), &id);
    let revoked = visit.write_all(scope, revoke).await?;
    let key = revoked.ok_or(AdminError::NotFound(ResourceType::ApiKey))?;
    visit
        .set_flash(format!("Revoked the key {}. Its next request is rejected.", quoted_name(&key)));
    Ok(see_other("/admin/api-keys"))
}

/// Returns all keys, including the uses that are not written to the database yet.
async fn load_rows(visit: &SignedInVisit) -> Result<Vec<KeyRow>, AdminError> {
    let service = &visit.visitor().admin().service;
    // Uses are written to the database every few seconds. If that happens during the read, try
    // again: otherwise some requests are counted twice.
    let mut tries = 3;
    let keys = loop {
        let unwritten = service.key_usage.pending();
        let mut keys = visit.read_all(|reader| reader.keys(None)).await?;
        tries -= 1;
        if tries == 0 || service.key_usage.is_current(&unwritten) {
            keys.iter_mut().for_each(|key| unwritten.add_to(key));
            break keys;
        }
    };
    Ok(key_row::rows(keys, visit.workspaces(), service.store().clock().now()))
}

/// Returns the key in the path.
async fn find_row(visit: &SignedInVisit) -> Result<KeyRow, AdminError> {
    let missing = || AdminError::NotFound(ResourceType::ApiKey);
    let id = Id::parse(visit.path_param("id")).ok_or_else(missing)?;
    load_rows(visit).await?.into_iter().find(|row| row.key.id == id).ok_or_else(missing)
}

/// Returns what changes of a key touch: its workspace, which need not be the current one.
fn scope_of(visit: &SignedInVisit, key: &Key) -> WriteScope {
    let workspace = visit.workspaces().iter().find(|found| found.slug == key.workspace);
    workspace.map_or(WriteScope::Database, |workspace| WriteScope::Workspace(workspace.no))
}

fn rotatable(row: KeyRow) -> Result<Key, AdminError> {
    let key = quoted_name(&row.key);
    if row.is_expired() {
        let message =
            format!("The key {key} has expired and can't be rotated. Create a new key instead.");
        return Err(AdminError::conflict("Key has expired", message));
    }
    if !row.is_active() {
        let message =
            format!("The key {key} is revoked and can't be rotated. Create a new key instead.");
        return Err(AdminError::conflict("Key is revoked", message));
    }
    match row.replacement {
        Some(replacement) => Err(AdminError::conflict(
            "Key already rotated",
            format!(
                "The key {key} already has a replacement: {}. If you lost its secret, revoke the \
                 replacement and rotate this key again.",
                replacement.prefix
            ),
        )),
        None => Ok(row.key),
    }
}

fn revocable(row: KeyRow) -> Result<KeyRow, AdminError> {
    match row.key.revoked_at {
        None => Ok(row),
        Some(at) => Err(AdminError::conflict(
            "Key already revoked",
            format!(
                "The key {} was already revoked on {}.",
                quoted_name(&row.key),
                display::date_time(&at)
            ),
        )),
    }
}

/// Formats a key's name and prefix for a sentence. Bidirectional isolates keep control characters
/// in the name from reversing the rest.
fn quoted_name(key: &Key) -> String {
    format!("\"\u{2068}{}\u{2069}\" ({})", key.name, key.prefix)
}

/// Creates a secret and hashes it, not on a web worker.
async fn issue(visit: &SignedInVisit, new: NewKey) -> Result<(IssuedKey, KeySecret), AdminError> {
    let visitor = visit.visitor();
    let service = &visitor.admin().service;
    let issuing = Arc::clone(service);
    let issue = move || IssuedKey::issue(new, issuing.store().checksum_secret());
    Ok(service.hash_secret(visitor.client_address(), issue).await?)
}

fn created_page(
    visit: &SignedInVisit,
    title: &str,
    key: Key,
    secret: KeySecret,
    old: Option<Key>,
) -> PageResult {
    let (page, scopes) = (visit.page(title, Section::ApiKeys), key_row::scope_labels(&key.scopes));
    page::html(&Created { page, key, scopes, secret, old })
}

fn new_page(visit: &SignedInVisit, form: Form) -> Result<New, AdminError> {
    Ok(New {
        page: visit.page("Create API key", Section::ApiKeys),
        form,
        workspaces: options(visit).collect(),
        modes: display::options(None, display::mode),
        tiers: display::options(None, display::tier),
        scopes: key_row::scope_options(),
        once: submit_once::new_token()?,
    })
}

fn options(visit: &SignedInVisit) -> impl Iterator<Item = (String, String)> {
    let workspaces = visit.workspaces().iter();
    workspaces.map(|workspace| (workspace.slug.to_string(), workspace.name.to_string()))
}
