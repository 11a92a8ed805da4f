//! `/admin/workspaces`: listing, creating, and editing workspaces. `/admin/workspace`: switching to
//! another one.

use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::forms::form::{Form, Kind, Shape};
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::currency::Currency;
use crate::model::values::normalize::search_key;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::{Tx, WriteScope};

#[derive(Template)]
#[template(path = "admin/workspaces.html")]
struct Workspaces<'v> {
    page: Page,
    /// The ones that match the search, by name.
    workspaces: Vec<&'v Workspace>,
    /// Whether there are any, not counting the search.
    has_workspaces: bool,
    search: Form,
    form: Form,
}

#[derive(Template)]
#[template(path = "admin/workspace_form.html")]
struct Edit<'v> {
    page: Page,
    workspace: &'v Workspace,
    form: Form,
    action: String,
}

impl Workspaces<'_> {
    fn is_current(&self, workspace: &Workspace) -> bool {
        self.page.workspace().is_some_and(|current| current.slug == workspace.slug.as_str())
    }
}

const SHAPE: &Shape = &[("name", Kind::Text), ("slug", Kind::Text)];

/// GET `/admin/workspaces`
pub(in crate::admin) async fn list(visit: SignedInVisit) -> PageResult {
    page::html(&render(&visit, currency_form(Currency::DEFAULT)))
}

/// POST `/admin/workspaces`
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let reject = |problems| {
        page::invalid_form(&render(&visit, visit.form().clone().with_problems(problems)))
    };
    let parsed: Result<NewWorkspace, _> = visit.form().parse(SHAPE);
    // A form without the field, from before there were currencies, gets the default.
    let currency = match visit.form().has_field("currency") {
        true => parse_currency(visit.form()),
        false => Ok(Currency::DEFAULT),
    };
    let (new, currency) = match (parsed, currency) {
        (Ok(new), Ok(currency)) => (new, currency),
        (Err(problems), Ok(_)) => return reject(problems),
        (Ok(_), Err(problem)) => return reject(vec![problem]),
        (Err(problems), Err(problem)) => {
            return reject(problems.into_iter().chain([problem]).collect());
        }
    };
    let create = move |tx: &Tx<'_>| {
        let created = tx.create_workspace(new)?;
        if let Some(workspace) = &created {
            tx.set_currency(workspace.no, currency)?;
        }
        Ok(created)
    };
    let Some(created) = visit.write_all(WriteScope::Database, create).await? else {
        let message = "Another workspace already has this slug".to_owned();
        let field = "slug".to_owned();
        return reject(vec![Problem { rule: Rule::ConflictingFields, message, field }]);
    };
    let name = &created.name;
    visit.set_flash(format!(
        "Created the workspace \"\u{2068}{name}\u{2069}\". It has no API keys yet."
    ));
    Ok(see_other("/admin/workspaces"))
}

/// GET `/admin/workspaces/{slug}/edit`
pub(in crate::admin) async fn edit_form(visit: SignedInVisit) -> PageResult {
    let workspace = find(&visit)?;
    page::html(&render_edit(&visit, workspace, currency_form(workspace.currency)))
}

/// POST `/admin/workspaces/{slug}/edit`
pub(in crate::admin) async fn update(visit: SignedInVisit) -> PageResult {
    let workspace = find(&visit)?;
    let currency = match parse_currency(visit.form()) {
        Ok(currency) => currency,
        Err(problem) => {
            let form = visit.form().clone().with_problems(vec![problem]);
            return page::invalid_form(&render_edit(&visit, workspace, form));
        }
    };
    let no = workspace.no;
    visit.write_all(WriteScope::Workspace(no), move |tx| tx.set_currency(no, currency)).await?;
    let name = &workspace.name;
    visit.set_flash(format!("Amounts of \"\u{2068}{name}\u{2069}\" are now shown in {currency}."));
    Ok(see_other("/admin/workspaces"))
}

/// POST `/admin/workspace`. Ignores a workspace that does not exist.
pub(in crate::admin) async fn choose(visit: SignedInVisit) -> PageResult {
    let slug = visit.form().value("workspace");
    if let Some(chosen) = visit.workspaces().iter().find(|found| found.slug.as_str() == slug) {
        let (token, id) = (visit.visitor().token().digest(), chosen.id.clone());
        let choose = move |tx: &Tx<'_>| tx.set_session_workspace(&token, &id);
        visit.write_all(WriteScope::SingleRow, choose).await?;
    }
    Ok(see_other(links::local_path(visit.form().value("next")).unwrap_or("/admin")))
}

/// Returns the workspace in the path.
fn find(visit: &SignedInVisit) -> Result<&Workspace, AdminError> {
    let slug = visit.path_param("slug");
    let workspace = visit.workspaces().iter().find(|workspace| workspace.slug.as_str() == slug);
    workspace.ok_or(AdminError::PageNotFound)
}

fn parse_currency(form: &Form) -> Result<Currency, Problem> {
    let field = "currency";
    Currency::parse(form.value(field)).ok_or_else(|| Problem {
        rule: Rule::InvalidString,
        message: format!("{field} must be {}", Currency::REQUIREMENT),
        field: field.to_owned(),
    })
}

fn currency_form(currency: Currency) -> Form {
    Form::from_values([("currency", currency.to_string())])
}

fn render(visit: &SignedInVisit, form: Form) -> Workspaces<'_> {
    let search = visit.visitor().query_form();
    let text = search_key(search.value("q").trim());
    let matches = |found: &&Workspace| {
        search_key(found.name.as_str()).contains(&text) || found.slug.as_str().contains(&text)
    };
    let mut workspaces: Vec<_> = visit.workspaces().iter().filter(matches).collect();
    workspaces
        .sort_by_cached_key(|found| (search_key(found.name.as_str()), found.slug.to_string()));
    Workspaces {
        page: visit.page("Workspaces", Section::Workspaces),
        workspaces,
        has_workspaces: !visit.workspaces().is_empty(),
        search,
        form,
    }
}

fn render_edit<'v>(visit: &SignedInVisit, workspace: &'v Workspace, form: Form) -> Edit<'v> {
    let page = visit.page("Edit workspace", Section::Workspaces);
    let action = links::workspace_edit_path(&workspace.slug);
    Edit { page, workspace, form, action }
}
