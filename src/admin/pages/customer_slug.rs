//! `/customers/{slug}`: the links of the hosted product, which name a customer by its slug. They lead
//! to the customer's page.

use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::links::customer_path;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::customer::{Customer, CustomerFilter};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::store::{Reader, StoreError};

/// The customers with the slug of a link, at most one in each workspace.
pub(super) struct WithSlug {
    /// The one in the current workspace.
    current: Option<Customer>,
    /// Those in other workspaces.
    others: Vec<(Workspace, Customer)>,
}

struct Choice {
    workspace_slug: String,
    workspace: String,
    customer: String,
    path: String,
}

#[derive(Template)]
#[template(path = "admin/customers/choose_workspace.html")]
struct ChooseWorkspace {
    page: Page,
    slug: String,
    choices: Vec<Choice>,
}

/// Finds the customers with the slug in the path, in all workspaces.
pub(super) async fn find(visit: &SignedInVisit) -> Result<WithSlug, AdminError> {
    let Ok(slug) = Slug::parse(visit.path_param("ref")) else {
        return Ok(WithSlug { current: None, others: Vec::new() });
    };
    let (workspaces, current) = (visit.workspaces().to_vec(), visit.workspace()?.no);
    let read = move |reader: &Reader<'_>| {
        let mut found = WithSlug { current: None, others: Vec::new() };
        for workspace in workspaces {
            match customer_with_slug(reader, &workspace, &slug)? {
                Some(customer) if workspace.no == current => found.current = Some(customer),
                Some(customer) => found.others.push((workspace, customer)),
                None => {}
            }
        }
        Ok(found)
    };
    visit.read_all(read).await
}

fn customer_with_slug(
    reader: &Reader<'_>,
    workspace: &Workspace,
    slug: &Slug,
) -> Result<Option<Customer>, StoreError> {
    let filter = CustomerFilter { slug: Some(slug.to_string()), ..CustomerFilter::default() };
    let first = PageRequest { limit: 1, before: None };
    let found: ListPage<Customer> =
        reader.for_workspace(workspace.no).customers(&filter, &first)?;
    Ok(found.data.into_iter().next())
}

impl WithSlug {
    /// Redirects to the page of the customer in the current workspace, if there is one.
    pub fn redirect(&self) -> Option<PageResult> {
        self.current.as_ref().map(|customer| Ok(see_other(&customer_path(customer))))
    }

    /// Offers to switch to another workspace that has such a customer, if there is one. A link must
    /// not switch by itself: all tabs share the current workspace.
    pub fn choose(self, visit: &SignedInVisit) -> Option<PageResult> {
        if self.others.is_empty() {
            return None;
        }
        let choice = |(workspace, customer): (Workspace, Customer)| Choice {
            workspace_slug: workspace.slug.to_string(),
            workspace: workspace.name.to_string(),
            path: customer_path(&customer),
            customer: customer.name.to_string(),
        };
        Some(page::html(&ChooseWorkspace {
            page: visit.page("In another workspace", Section::Customers),
            slug: visit.path_param("ref").to_owned(),
            choices: self.others.into_iter().map(choice).collect(),
        }))
    }
}
