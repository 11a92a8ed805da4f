//! Answers of the pages, and what the layout shows around every page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use askama::Template;

use super::assets::Assets;
use super::error::AdminError;

/// What every handler returns.
pub(super) type PageResult = Result<HttpResponse, AdminError>;

/// A part of the pages that the navigation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Customers,
    Onboardings,
    ApiKeys,
    Logs,
}

impl Section {
    /// In the order of the navigation.
    const ALL: [Self; 5] =
        [Self::Overview, Self::Customers, Self::Onboardings, Self::ApiKeys, Self::Logs];

    /// What the navigation calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Customers => "Customers",
            Self::Onboardings => "Onboardings",
            Self::ApiKeys => "API keys",
            Self::Logs => "Audit log",
        }
    }

    /// Where it begins.
    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/admin",
            Self::Customers => "/customers",
            Self::Onboardings => "/onboardings",
            Self::ApiKeys => "/admin/api-keys",
            Self::Logs => "/admin/logs",
        }
    }
}

/// A workspace to choose.
#[derive(Clone)]
pub(super) struct WorkspaceChoice {
    pub slug: String,
    pub name: String,
    pub current: bool,
}

/// What the layout shows. Every template that extends it has one as `page`.
#[derive(Clone)]
pub(super) struct Page {
    /// The heading, which the browser's title repeats.
    pub title: String,
    /// The part of the pages it belongs to.
    pub section: Option<Section>,
    /// Whether to show the navigation.
    pub signed_in: bool,
    /// What every form carries.
    pub csrf: String,
    /// The workspaces, if somebody is signed in.
    pub workspaces: Vec<WorkspaceChoice>,
    /// What the last action did.
    pub notice: Option<String>,
    pub assets: Assets,
    pub version: &'static str,
}

impl Page {
    /// The links of the navigation.
    pub fn sections(&self) -> [Section; 5] {
        Section::ALL
    }

    /// Whether a link leads to where the visitor is.
    pub fn is_current(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }

    /// Where the visitor is once another workspace was chosen: what is shown may not be in it.
    pub fn path_after_switch(&self) -> &'static str {
        self.section.unwrap_or(Section::Overview).path()
    }

    /// The workspace that is looked at.
    pub fn workspace(&self) -> Option<&WorkspaceChoice> {
        self.workspaces.iter().find(|workspace| workspace.current)
    }
}

/// 200 with a page.
pub(super) fn html(template: &impl Template) -> PageResult {
    html_as(StatusCode::OK, template)
}

/// 400 with a form that has to be corrected.
pub(super) fn invalid_form(template: &impl Template) -> PageResult {
    html_as(StatusCode::BAD_REQUEST, template)
}

/// A page with some other status.
pub(super) fn html_as(status: StatusCode, template: &impl Template) -> PageResult {
    let text = template.render()?;
    Ok(HttpResponse::build(status).content_type(ContentType::html()).body(text))
}

/// 303 to a page, after an action.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::forms::form::Form;
    use crate::model::parse::problem::{Problem, Rule};

    /// Every part that pages are put together from, once.
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
{% call ui::copyable("secret", "Copy") %}{% endcall %}
{% call ui::confirm(page, "/x/delete", "Delete", "/x") %}<p>Really?</p>{% endcall %}
"#
    )]
    struct Parts {
        page: Page,
        form: Form,
        plans: Vec<(String, &'static str)>,
        newest: Option<String>,
        older: Option<String>,
    }

    #[test]
    fn the_parts_show_what_was_typed_and_what_is_wrong_with_it() {
        let page = Page {
            title: "Parts".to_owned(),
            section: None,
            signed_in: true,
            csrf: "token".to_owned(),
            workspaces: Vec::new(),
            notice: None,
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
        let parts = Parts {
            page,
            form: form.with_problems(vec![problem]),
            plans: vec![("a".to_owned(), "Plan A"), ("b".to_owned(), "Plan B")],
            newest: None,
            older: Some("?cursor=1&x=2".to_owned()),
        };
        let html = parts.render().unwrap();
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
            "This was not saved.",
        ] {
            assert!(html.contains(text), "{text} is not in {html}");
        }
        assert!(!html.contains("Newest"));
    }
}
