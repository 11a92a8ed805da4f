//! `/admin`: where everybody who has signed in arrives.

use askama::Template;

use super::page::{self, Page, Reply, Section, see_other};
use super::visit::{Visit, Visitor};
use crate::model::workspace::Workspace;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    page: Page,
    workspaces: Vec<Workspace>,
}

/// GET `/`
pub(super) async fn root(_: Visitor) -> Reply {
    Ok(see_other("/admin"))
}

/// GET `/admin`
pub(super) async fn show(visit: Visit) -> Reply {
    let workspaces = visit.read_all(|reader| reader.workspaces()).await?;
    page::html(&Overview { page: visit.page("Overview", Section::Overview), workspaces })
}
