//! Responses of the pages, and the data of the layout around every page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use askama::Template;

use super::assets::Assets;
use super::error::AdminError;
use super::links::docs_path;

/// The return type of every handler.
pub(super) type PageResult = Result<HttpResponse, AdminError>;

/// An entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Customers,
    Onboardings,
    ApiKeys,
    Webhooks,
    Logs,
    Workspaces,
    Account,
}

impl Section {
    /// The entries about the current workspace.
    const MAIN: [Self; 6] = [
        Self::Overview,
        Self::Customers,
        Self::Onboardings,
        Self::ApiKeys,
        Self::Webhooks,
        Self::Logs,
    ];
    /// The entries about the server.
    const MORE: [Self; 2] = [Self::Workspaces, Self::Account];

    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Customers => "Customers",
            Self::Onboardings => "Onboardings",
            Self::ApiKeys => "API keys",
            Self::Webhooks => "Webhooks",
            Self::Logs => "Audit log",
            Self::Workspaces => "Workspaces",
            Self::Account => "Account",
        }
    }

    /// Returns the path of its first page.
    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/admin",
            Self::Customers => "/customers",
            Self::Onboardings => "/onboardings",
            Self::ApiKeys => "/admin/api-keys",
            Self::Webhooks => "/admin/webhooks",
            Self::Logs => "/admin/logs",
            Self::Workspaces => "/admin/workspaces",
            Self::Account => "/admin/account",
        }
    }
}

/// An option of the workspace switcher.
#[derive(Clone)]
pub(super) struct WorkspaceChoice {
    pub slug: String,
    pub name: String,
    pub current: bool,
}

/// The data of the layout. Every template that extends the layout has one as `page`.
#[derive(Clone)]
pub(super) struct Page {
    /// The heading, and the start of the browser's title.
    pub title: String,
    /// The navigation entry that is highlighted.
    pub section: Option<Section>,
    pub signed_in: bool,
    /// The CSRF token for the page's forms.
    pub csrf: String,
    /// All workspaces by name; empty unless the visitor is signed in.
    pub workspaces: Vec<WorkspaceChoice>,
    /// Where switching the workspace leads.
    pub path_after_switch: String,
    /// Whether the documentation is served on the same listener as the pages.
    pub has_docs: bool,
    /// The flash message of the last action.
    pub notice: Option<String>,
    /// Whether tests can change the clock and the data.
    pub test_control: bool,
    /// When a demo is reset next. `None` if the server is no demo.
    pub next_reset: Option<String>,
    pub assets: Assets,
    pub version: &'static str,
}

impl Page {
    pub fn sections(&self) -> [Section; 6] {
        Section::MAIN
    }

    pub fn more_sections(&self) -> [Section; 2] {
        Section::MORE
    }

    pub fn is_current(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }

    /// Returns the path of a page of the documentation, given by its path in `docs` without `.md`,
    /// if the documentation is served here.
    pub fn docs(&self, page: &str) -> Option<String> {
        self.has_docs.then(|| docs_path(page))
    }

    /// Returns the current workspace.
    pub fn workspace(&self) -> Option<&WorkspaceChoice> {
        self.workspaces.iter().find(|workspace| workspace.current)
    }
}

/// Renders a page with status 200.
pub(super) fn html(template: &impl Template) -> PageResult {
    html_as(StatusCode::OK, template)
}

/// Renders a form with problems, with status 400.
pub(super) fn invalid_form(template: &impl Template) -> PageResult {
    html_as(StatusCode::BAD_REQUEST, template)
}

/// Renders a page with the given status.
pub(super) fn html_as(status: StatusCode, template: &impl Template) -> PageResult {
    let text = template.render()?;
    Ok(HttpResponse::build(status).content_type(ContentType::html()).body(text))
}

/// Redirects with 303, after an action.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::forms::form::Form;
    use crate::model::parse::problem::{Problem, Rule};

    /// Uses every macro of `ui.html` once.
    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"
{%- import "admin/ui.html" as ui -%}
{% call ui::corrections(form) %}{% endcall %}
{% call ui::field(form, "name", "Name", required=true) %}{% endcall %}
{% call ui::field(form, "mrr", "Revenue", hint="A month.", kind="number") %}{% endcall %}
{% call ui::area(form, "notes", "Notes", rows=8) %}{% endcall %}
{% call ui::select(form, "plan", "Plan", plans) %}{% endcall %}
{% call ui::checkbox(form, "primary", "Primary") %}{% endcall %}
{% call ui::checkboxes(form, "scope", "Scopes", plans, hint="Any.") %}{% endcall %}
{% call ui::badge("at risk", "warn") %}{% endcall %}{% call ui::badge("none") %}{% endcall %}
{% call ui::notice("Saved.", "good") %}{% endcall %}
{% call ui::empty("Nothing here", "Make one.") %}<a href="/new">New</a>{% endcall %}
{% call ui::pager(newest, older) %}{% endcall %}
{% call ui::help(page, "guides/csv", "CSV files") %}{% endcall %}
{% call ui::copyable("secret", "Copy") %}{% endcall %}
{% call ui::confirm(page, "/x/delete", "Delete", "/x") %}<p>Really?</p>{% endcall %}
"#
    )]
    struct Components {
        page: Page,
        form: Form,
        plans: Vec<(String, &'static str)>,
        newest: Option<String>,
        older: Option<String>,
    }

    #[test]
    fn components_keep_the_input_and_show_its_problems() {
        let page = Page {
            title: "Components".to_owned(),
            section: None,
            signed_in: true,
            csrf: "token".to_owned(),
            workspaces: Vec::new(),
            path_after_switch: String::new(),
            has_docs: true,
            notice: None,
            test_control: false,
            next_reset: None,
            assets: Assets::new(),
            version: "1",
        };
        let problem = Problem {
            rule: Rule::TooSmall,
            message: "name must not be empty".to_owned(),
            field: "name".to_owned(),
        };
        let form = Form::from_values([
            ("mrr", "<12>".to_owned()),
            ("notes", "a\nb".to_owned()),
            ("plan", "b".to_owned()),
            ("primary", "true".to_owned()),
            ("scope", "a".to_owned()),
        ]);
        let components = Components {
            page,
            form: form.with_problems(vec![problem]),
            plans: vec![("a".to_owned(), "Plan A"), ("b".to_owned(), "Plan B")],
            newest: None,
            older: Some("?cursor=1&x=2".to_owned()),
        };
        let html = components.render().unwrap();
        for text in [
            r#"name="name" type="text" value="" required aria-invalid="true" aria-describedby="name-error""#,
            r#"<p class="error" id="name-error">Must not be empty.</p>"#,
            r#"type="number" value="&#60;12&#62;" aria-describedby="mrr-hint""#,
            "rows=\"8\">\na\nb</textarea>",
            r#"<option value="a">Plan A</option>"#,
            r#"<option value="b" selected>Plan B</option>"#,
            r#"name="primary" value="true" checked"#,
            r#"name="scope" value="a" checked> Plan A"#,
            r#"name="scope" value="b"> Plan B"#,
            r#"<span class="badge warn">at risk</span>"#,
            r#"<a href="/new">New</a>"#,
            r#"href="?cursor=1&#38;x=2" rel="next">Older"#,
            r#"name="csrf" value="token""#,
            "<p>Really?</p>",
            r#"<a href="/docs/guides/csv">CSV files</a>"#,
            "Not saved.",
        ] {
            assert!(html.contains(text), "{text} is not in {html}");
        }
        assert!(!html.contains("Newest"));
    }
}
