//! Answers of the pages, and what the layout shows around every page. For the pages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use askama::Template;

use super::assets::Assets;
use super::error::AdminError;

/// What every handler returns.
pub(super) type Reply = Result<HttpResponse, AdminError>;

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
pub(super) struct Choice {
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
    pub workspaces: Vec<Choice>,
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
    pub fn is_in(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }

    /// Where the visitor is once another workspace was chosen: what is shown may not be in it.
    pub fn after_switch(&self) -> &'static str {
        self.section.unwrap_or(Section::Overview).path()
    }

    /// The workspace that is looked at.
    pub fn workspace(&self) -> Option<&Choice> {
        self.workspaces.iter().find(|workspace| workspace.current)
    }
}

/// 200 with a page.
pub(super) fn html(template: &impl Template) -> Reply {
    html_as(StatusCode::OK, template)
}

/// 400 with a form that has to be corrected.
pub(super) fn refused(template: &impl Template) -> Reply {
    html_as(StatusCode::BAD_REQUEST, template)
}

/// A page with some other status.
pub(super) fn html_as(status: StatusCode, template: &impl Template) -> Reply {
    let text = template.render()?;
    Ok(HttpResponse::build(status).content_type(ContentType::html()).body(text))
}

/// 303 to a page, after an action.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A path of this site that was sent as the place to go on to. Anything that could lead elsewhere
/// is not one.
pub(super) fn local(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let plain = |b: u8| b.is_ascii_graphic() && b != b'\\';
    (!rest.starts_with('/') && path.bytes().all(plain)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_site_is_gone_on_to() {
        for path in ["/", "/admin", "/customers?q=a%20b&status=active"] {
            assert_eq!(local(path), Some(path));
        }
        for path in ["", "admin", "//host", "/\\host", "https://host", "/a b", "/a\r\nb", "/ä"] {
            assert_eq!(local(path), None, "{path}");
        }
    }
}
