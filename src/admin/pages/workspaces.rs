//! `/admin/workspaces`: listing and creating workspaces. `/admin/workspace`: switching to another
//! one.

use askama::Template;

use crate::admin::forms::form::{Form, Kind, Shape};
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::workspace::{NewWorkspace, Workspace};

#[derive(Template)]
#[template(path = "admin/workspaces.html")]
struct Workspaces<'v> {
    page: Page,
    workspaces: &'v [Workspace],
    form: Form,
}

const SHAPE: &Shape = &[("name", Kind::Text), ("slug", Kind::Text)];

/// GET `/admin/workspaces`
pub(in crate::admin) async fn list(visit: SignedInVisit) -> PageResult {
    page::html(&render(&visit, Form::default()))
}

/// POST `/admin/workspaces`
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let reject = |problems| {
        page::invalid_form(&render(&visit, visit.form().clone().with_problems(problems)))
    };
    let new: NewWorkspace = match visit.form().parse(SHAPE) {
        Ok(new) => new,
        Err(problems) => return reject(problems),
    };
    let Some(created) = visit.write_all(move |tx| tx.create_workspace(new)).await? else {
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

/// POST `/admin/workspace`. Ignores a workspace that does not exist.
pub(in crate::admin) async fn choose(visit: SignedInVisit) -> PageResult {
    let slug = visit.form().value("workspace");
    if let Some(chosen) = visit.workspaces().iter().find(|found| found.slug.as_str() == slug) {
        let visitor = visit.visitor();
        visitor.admin().sessions.set_workspace(visitor.token(), chosen.id.clone());
    }
    Ok(see_other(links::local_path(visit.form().value("next")).unwrap_or("/admin")))
}

fn render(visit: &SignedInVisit, form: Form) -> Workspaces<'_> {
    let page = visit.page("Workspaces", Section::ApiKeys);
    Workspaces { page, workspaces: visit.workspaces(), form }
}
