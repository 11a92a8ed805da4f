//! The context of a request: who sent it, and access to the database for its handler.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::forms::upload::UploadedFile;
use crate::admin::page::{Page, Section, WorkspaceChoice, see_other};
use crate::admin::session::cookie::{CookieScope, Token};
use crate::admin::session::sessions::Client;
use crate::admin::state::Admin;
use crate::http::public::base_url::BaseUrl;
use crate::model::caller::Caller;
use crate::model::client_address::ClientAddress;
use crate::model::event::Actor;
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::currency::Currency;
use crate::model::values::id::Ref;
use crate::model::values::normalize::search_key;
use crate::model::workspace::Workspace;
use crate::store::{Account, Reader, StoreError, Tx, WorkspaceReader, WorkspaceTx, WriteScope};

/// The flash message of a request.
pub(super) enum Flash {
    None,
    /// An earlier request has set it.
    ToShow(String),
    Shown,
    /// For the next page of the browser with this token.
    ToSet(Token, String),
}

/// The sender of a request, signed in or not, with the request's data.
pub(in crate::admin) struct Visitor {
    pub(super) admin: Data<Admin>,
    pub(super) request: HttpRequest,
    pub(super) form: Form,
    /// The file of the form, until a handler takes it.
    pub(super) file: RefCell<Option<UploadedFile>>,
    pub(super) token: Token,
    pub(super) client: Client,
    pub(super) cookie_scope: CookieScope,
    pub(super) flash: RefCell<Flash>,
    pub(super) account: Option<Account>,
    /// All workspaces, for a visitor who is signed in.
    pub(super) workspaces: Option<Vec<Workspace>>,
    /// The index of the selected workspace.
    pub(super) current: usize,
}

/// A request from a signed-in visitor. Handlers that take one cannot run without a session.
pub(in crate::admin) struct SignedInVisit(Rc<Visitor>);

impl Visitor {
    pub fn admin(&self) -> &Data<Admin> {
        &self.admin
    }

    /// Returns the submitted form; empty unless this is a POST.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Takes the file that was uploaded with the form, if any.
    pub fn take_file(&self) -> Option<UploadedFile> {
        self.file.take()
    }

    pub fn is_post(&self) -> bool {
        self.request.method() == Method::POST
    }

    /// Returns the query parameters as a form.
    pub fn query_form(&self) -> Form {
        Form::from_urlencoded(self.request.query_string().as_bytes())
    }

    /// Returns the admin account, or `None` until the first password is set.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    pub fn client_address(&self) -> ClientAddress {
        self.client.address
    }

    /// Returns where the request comes from.
    pub fn client(&self) -> Client {
        self.client
    }

    /// Returns the base URL of the API as clients reach it. `None` if the API has another listener
    /// than the pages and no setting says where clients reach it.
    pub fn api_base_url(&self) -> Option<String> {
        let settings = &self.admin.service.settings;
        let server = match (&settings.public_url, &settings.admin.listen) {
            (Some(public), _) => format!("{}{}", public.origin(), public.path()),
            (None, None) => BaseUrl::of_request(&self.request).to_string(),
            (None, Some(_)) => return None,
        };
        Some(format!("{server}/api/v1"))
    }

    /// Returns the token of the session cookie.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Gives the browser a new token, and discards what belongs to the old one, except its session.
    pub fn renew_token(&self, response: &mut HttpResponse) -> Result<Token, AdminError> {
        self.admin.imports.held.discard_all(&self.token);
        let token = Token::generate()?;
        token.set_cookie(response, &self.cookie_scope);
        Ok(token)
    }

    /// Sets the flash message that the next page shows to the browser with this token.
    pub fn set_flash_for(&self, token: Token, notice: impl Into<String>) {
        self.flash.replace(Flash::ToSet(token, notice.into()));
    }

    /// Takes the flash message, so that it is shown once.
    fn take_flash(&self) -> Option<String> {
        let mut flash = self.flash.borrow_mut();
        if !matches!(*flash, Flash::ToShow(_)) {
            return None;
        }
        match std::mem::replace(&mut *flash, Flash::Shown) {
            Flash::ToShow(notice) => Some(notice),
            _ => None,
        }
    }

    /// Returns the layout for a page outside the navigation.
    pub fn page(&self, title: &str) -> Page {
        self.layout(title, None)
    }

    pub fn is_signed_in(&self) -> bool {
        self.workspaces.is_some()
    }

    /// Redirects to the sign-in page, which then leads back to the requested page.
    pub fn redirect_to_sign_in(&self) -> HttpResponse {
        let request = &self.request;
        let path = request.uri().path_and_query().map_or("/admin", |path| path.as_str());
        if request.method() == Method::POST || path == "/admin" {
            return see_other("/admin/sign-in");
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        see_other(&format!("/admin/sign-in?{}", query.append_pair("next", path).finish()))
    }

    /// Returns where switching the workspace leads: to the same page, unless it shows something
    /// that the other workspace may not have. Then it leads to the start of the section.
    fn path_after_switch(&self, section: Option<Section>) -> String {
        let pattern = self.request.match_pattern().unwrap_or_default();
        let is_page = self.request.method() == Method::GET && !pattern.contains('{');
        if is_page && !pattern.is_empty() {
            return self.request.path().to_owned();
        }
        section.unwrap_or(Section::Overview).path().to_owned()
    }

    fn layout(&self, title: &str, section: Option<Section>) -> Page {
        let workspaces = self.workspaces.iter().flatten().enumerate();
        let choices = workspaces.map(|(index, workspace)| WorkspaceChoice {
            slug: workspace.slug.to_string(),
            name: workspace.name.to_string(),
            current: index == self.current,
        });
        let mut choices: Vec<_> = choices.collect();
        choices.sort_by_cached_key(|choice| (search_key(&choice.name), choice.slug.clone()));
        Page {
            path_after_switch: self.path_after_switch(section),
            workspaces: choices,
            signed_in: self.is_signed_in(),
            csrf: self.admin.mac_key.csrf_token(&self.token),
            notice: self.take_flash(),
            section,
            ..self.admin.page(title)
        }
    }
}

impl SignedInVisit {
    /// Returns `None` unless the visitor is signed in.
    pub fn new(visitor: Rc<Visitor>) -> Option<Self> {
        visitor.is_signed_in().then_some(Self(visitor))
    }

    /// Returns the submitted form; empty unless this is a POST.
    pub fn form(&self) -> &Form {
        self.0.form()
    }

    /// Parses the query parameters. Empty ones count as absent, because browsers send every field
    /// of a form.
    pub fn query<Q: Query>(&self) -> Result<Q, AdminError> {
        Params::parse(self.0.query_form().non_empty_fields()).map_err(AdminError::Invalid)
    }

    /// Returns a path parameter.
    pub fn path_param(&self, name: &str) -> &str {
        self.0.request.match_info().get(name).unwrap_or_default()
    }

    /// Parses the `{ref}` path parameter: a resource's ID or its number. Anything after a hyphen is
    /// ignored, as in `12-aurora`.
    pub fn path_ref<R>(&self, resource: ResourceType) -> Result<Ref<R>, AdminError> {
        let text = self.path_param("ref");
        let id = text.split_once('-').map_or(text, |(id, _)| id);
        Ref::parse(id).ok_or(AdminError::NotFound(resource))
    }

    /// Returns all workspaces, oldest first.
    pub fn workspaces(&self) -> &[Workspace] {
        self.0.workspaces.as_deref().unwrap_or_default()
    }

    /// Returns the current workspace.
    pub fn workspace(&self) -> Result<&Workspace, AdminError> {
        self.workspaces().get(self.0.current).ok_or(AdminError::NoWorkspace)
    }

    /// Returns the currency of the current workspace.
    pub fn currency(&self) -> Result<Currency, AdminError> {
        Ok(self.workspace()?.currency)
    }

    /// Returns the current workspace after checking that the submitted form belongs to it.
    ///
    /// All tabs of a browser share the current workspace, and every workspace numbers its resources
    /// from 1. Without the check, a form loaded before another tab switched workspaces would change
    /// the resource with the same number in the other workspace.
    pub fn checked_workspace(&self) -> Result<&Workspace, AdminError> {
        let workspace = self.workspace()?;
        let slug = self.form().value("in");
        if !self.0.is_post() || workspace.slug.as_str() == slug {
            return Ok(workspace);
        }
        let current = display::without_bidi_controls(workspace.name.as_str());
        let of_form = self.workspaces().iter().find(|found| found.slug.as_str() == slug);
        let of_form = of_form.map(|found| display::without_bidi_controls(found.name.as_str()));
        let message = match of_form {
            Some(of_form) => format!(
                "This form belongs to the workspace “{of_form}”, but you have since switched to \
                 “{current}”, maybe in another tab. Nothing was changed. Switch back to \
                 “{of_form}”, go back to the form, and submit it again."
            ),
            None => format!(
                "This form doesn't belong to the current workspace, “{current}”. Nothing was \
                 changed. Reload the page and submit the form again."
            ),
        };
        Err(AdminError::conflict("Form of another workspace", message))
    }

    /// Reads from the current workspace, not on a web worker.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let workspace = self.checked_workspace()?.no;
        self.read_all(move |reader| read(&reader.for_workspace(workspace))).await
    }

    /// Reads data of the whole server or of any workspace.
    pub async fn read_all<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.0.admin.read(read).await
    }

    /// Runs a write transaction in the current workspace.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&WorkspaceTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let caller = self.caller()?;
        let scope = WriteScope::Workspace(caller.workspace.no);
        self.write_all(scope, move |tx| change(&tx.for_caller(&caller))).await
    }

    /// Runs a write transaction for what belongs to the current workspace but is no resource of it:
    /// its keys and webhook endpoints.
    pub async fn write_current<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let scope = WriteScope::Workspace(self.checked_workspace()?.no);
        self.write_all(scope, change).await
    }

    /// Runs a write transaction for data of the whole server or of any workspace.
    pub async fn write_all<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        Ok(self.0.admin.store().write(scope, change).await?)
    }

    /// Returns the layout for a page of a section.
    pub fn page(&self, title: &str, section: Section) -> Page {
        self.0.layout(title, Some(section))
    }

    /// Sets the flash message that the next page shows, for an action that ends in a redirect.
    pub fn set_flash(&self, notice: impl Into<String>) {
        self.0.set_flash_for(self.0.token.clone(), notice);
    }

    pub fn visitor(&self) -> &Visitor {
        &self.0
    }

    pub(super) fn caller(&self) -> Result<Caller, AdminError> {
        let workspace = self.checked_workspace()?.clone();
        Ok(Caller { workspace, actor: Actor::admin_page(), livemode: true })
    }
}
