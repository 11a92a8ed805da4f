//! Who made a request, and what its handler can do with it.

use std::net::IpAddr;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::page::{Page, Section, WorkspaceChoice, see_other};
use crate::admin::session::cookie::Token;
use crate::admin::state::Admin;
use crate::model::caller::Caller;
use crate::model::event::Actor;
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::id::Ref;
use crate::model::workspace::Workspace;
use crate::store::{Account, Reader, StoreError, Tx, WorkspaceReader, WorkspaceTx};

/// Whoever sent the request, signed in or not, and what its handler knows of it.
pub(in crate::admin) struct Visitor {
    pub(super) admin: Data<Admin>,
    pub(super) request: HttpRequest,
    pub(super) form: Form,
    pub(super) token: Token,
    pub(super) client_ip: IpAddr,
    pub(super) over_tls: bool,
    pub(super) account: Option<Account>,
    /// All workspaces, for a visitor who is signed in.
    pub(super) workspaces: Option<Vec<Workspace>>,
    /// The index of the selected workspace.
    pub(super) current: usize,
}

/// Proof that the visitor is signed in: a handler that takes one runs for nobody else.
pub(in crate::admin) struct Visit(Rc<Visitor>);

impl Visitor {
    /// The pages' state.
    pub fn admin(&self) -> &Data<Admin> {
        &self.admin
    }

    /// What was sent with a POST.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Whether this is a form that was sent.
    pub fn is_post(&self) -> bool {
        self.request.method() == Method::POST
    }

    /// The query parameters, as a form that can be shown again.
    pub fn query_form(&self) -> Form {
        Form::from_urlencoded(self.request.query_string().as_bytes())
    }

    /// The admin's account, once there is a password.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// The client's address.
    pub fn client_ip(&self) -> IpAddr {
        self.client_ip
    }

    /// The token of the visitor's cookie.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Gives the visitor a new token, with which nothing that was known of the old one is known.
    pub fn renew_token(&self, response: &mut HttpResponse) -> Result<Token, AdminError> {
        self.admin.sessions.close(&self.token);
        let token = Token::generate()?;
        token.set_cookie(response, self.over_tls);
        Ok(token)
    }

    /// What the layout shows, for a page of no section.
    pub fn page(&self, title: &str) -> Page {
        self.layout(title, None)
    }

    /// Whether the visitor is signed in.
    pub fn is_signed_in(&self) -> bool {
        self.workspaces.is_some()
    }

    /// The way to the sign-in, and back to the page that was asked for.
    pub fn redirect_to_sign_in(&self) -> HttpResponse {
        let request = &self.request;
        let asked = request.uri().path_and_query().map_or("/admin", |asked| asked.as_str());
        if request.method() == Method::POST || asked == "/admin" {
            return see_other("/admin/sign-in");
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        see_other(&format!("/admin/sign-in?{}", query.append_pair("next", asked).finish()))
    }

    fn layout(&self, title: &str, section: Option<Section>) -> Page {
        let workspaces = self.workspaces.iter().flatten().enumerate();
        let choices = workspaces.map(|(index, workspace)| WorkspaceChoice {
            slug: workspace.slug.to_string(),
            name: workspace.name.to_string(),
            current: index == self.current,
        });
        Page {
            workspaces: choices.collect(),
            signed_in: self.is_signed_in(),
            csrf: self.admin.mac_key.csrf_token(&self.token),
            notice: self.admin.sessions.take_flash(&self.token),
            section,
            ..self.admin.page(title)
        }
    }
}

impl Visit {
    /// Returns the visit, if the visitor is signed in.
    pub fn if_signed_in(visitor: Rc<Visitor>) -> Option<Self> {
        visitor.is_signed_in().then_some(Self(visitor))
    }

    /// What was sent with a POST.
    pub fn form(&self) -> &Form {
        self.0.form()
    }

    /// The query parameters; those that are empty count as absent, since a browser sends every
    /// field of a form.
    pub fn query<Q: Query>(&self) -> Result<Q, AdminError> {
        Params::parse(self.0.query_form().non_empty_fields()).map_err(AdminError::Invalid)
    }

    /// A parameter of the path.
    pub fn path_param(&self, name: &str) -> &str {
        self.0.request.match_info().get(name).unwrap_or_default()
    }

    /// The resource that the path names as `{ref}`: by its id, or by its number, after which a
    /// hyphen and any words may stand for people to read.
    pub fn path_ref<R>(&self, resource: ResourceType) -> Result<Ref<R>, AdminError> {
        let text = self.path_param("ref");
        let name = text.split_once('-').map_or(text, |(name, _)| name);
        Ref::parse(name).ok_or(AdminError::NotFound(resource))
    }

    /// All workspaces, in the order of their creation.
    pub fn workspaces(&self) -> &[Workspace] {
        self.0.workspaces.as_deref().unwrap_or_default()
    }

    /// The workspace that is looked at.
    pub fn workspace(&self) -> Result<&Workspace, AdminError> {
        self.workspaces().get(self.0.current).ok_or(AdminError::NoWorkspace)
    }

    /// The workspace that is looked at, if what was sent is meant for it. All tabs of a browser
    /// look at the same one and numbers are given anew in each: a form that was loaded before
    /// another tab chose another workspace would be done to what has the same number there.
    pub fn checked_workspace(&self) -> Result<&Workspace, AdminError> {
        let workspace = self.workspace()?;
        let slug = self.form().value("in");
        if !self.0.is_post() || workspace.slug.as_str() == slug {
            return Ok(workspace);
        }
        let now = display::without_bidi_controls(workspace.name.as_str());
        let of = self.workspaces().iter().find(|found| found.slug.as_str() == slug);
        Err(AdminError::Conflict(
            match of.map(|of| display::without_bidi_controls(of.name.as_str())) {
                Some(of) => format!(
                    "This form is of the workspace “{of}”, but meanwhile “{now}” was chosen, maybe in \
                 another tab. Nothing was changed. Switch back to “{of}” with the choice in the \
                 header, go back to the form, and send it again."
                ),
                None => format!(
                    "This form does not say that it is of the workspace “{now}”, which is looked at. \
                 Nothing was changed. Load the page again and send it once more."
                ),
            },
        ))
    }

    /// Reads from the workspace that is looked at, off the web workers.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let workspace = self.checked_workspace()?.no;
        self.read_all(move |reader| read(&reader.for_workspace(workspace))).await
    }

    /// Reads what belongs to no workspace, or to all of them.
    pub async fn read_all<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.0.admin.read(read).await
    }

    /// Changes something in the workspace that is looked at.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&WorkspaceTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let caller = self.caller()?;
        self.write_all(move |tx| change(&tx.for_caller(&caller))).await
    }

    /// Changes what belongs to no workspace, or to another one than that which is looked at.
    pub async fn write_all<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        Ok(self.0.admin.store().write(change).await?)
    }

    /// What the layout shows.
    pub fn page(&self, title: &str, section: Section) -> Page {
        self.0.layout(title, Some(section))
    }

    /// Keeps a sentence that the next page shall tell, for an action that ends in a redirect.
    pub fn set_flash(&self, notice: impl Into<String>) {
        self.0.admin.sessions.set_flash(&self.0.token, notice.into());
    }

    /// The visitor.
    pub fn visitor(&self) -> &Visitor {
        &self.0
    }

    fn caller(&self) -> Result<Caller, AdminError> {
        let workspace = self.checked_workspace()?.clone();
        Ok(Caller { workspace, actor: Actor::admin_page(), livemode: true })
    }
}
