//! The checks before every handler: the size of the headers, the cookie, the site a form comes
//! from, the session, the size of the form, and its CSRF token. A request that passes reaches the
//! closures in `admin/routes.rs`, which call a handler that takes a `SignedInVisit` only if there
//! is a session.

use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::http::header::{SET_COOKIE, USER_AGENT};
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use futures_util::FutureExt;

use super::error_page::{refuse, show};
use super::visitor::{Flash, Visitor};
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::forms::upload;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult};
use crate::admin::session::cookie::{CookieScope, Token};
use crate::admin::session::csrf::FetchSite;
use crate::admin::session::device::Device;
use crate::admin::session::flash;
use crate::admin::session::sessions::{Client, Now};
use crate::admin::state::Admin;
use crate::http::connection_state::body_length;
use crate::http::origin::client_used_tls;
use crate::http::peer::Peer;
use crate::http::public::mount;
use crate::http::request_limits::{self, BodyReader};
use crate::http::security_headers::{self, FetchPolicy};
use crate::model::workspace::Workspace;
use crate::service::access_log::{OperationKind, UsedOperation, UsedWorkspace};
use crate::store::{Reader, Tx, WriteScope};

/// The largest form, in bytes. Fits the longest notes in a script that takes nine bytes per
/// character when form-encoded, plus the other fields.
const MAX_FORM: usize = 256 << 10;
/// The largest form without a session, in bytes: a password, a code, and a path.
const MAX_SIGNED_OUT_FORM: usize = 16 << 10;

/// Whose forms a route reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Forms {
    /// Small forms from every visitor.
    FromAnyone,
    /// Forms from signed-in visitors. Other bodies are not even read.
    FromSignedIn,
    /// The same, with a file.
    WithFile,
}

#[derive(Template)]
#[template(path = "admin/same_site_redirect.html")]
struct SameSiteRedirect {
    page: Page,
    address: String,
}

/// Checks a request, calls its handler, and turns an error into a page.
pub(in crate::admin) async fn dispatch<F: Future<Output = PageResult>>(
    request: HttpRequest,
    payload: Payload,
    operation: &'static str,
    forms: Forms,
    handler: impl FnOnce(Rc<Visitor>) -> F,
) -> HttpResponse {
    let used = UsedOperation::new(operation, OperationKind::AdminPage);
    request.extensions_mut().insert(used);
    let mut visitor = None;
    let handling = check_and_handle(&request, payload, forms, &mut visitor, handler);
    let result = match AssertUnwindSafe(handling).catch_unwind().await {
        Ok(result) => result,
        // The panic hook has already logged it.
        Err(_) => Err(AdminError::Internal("the handler panicked".to_owned())),
    };
    let mut response = match (result, &visitor) {
        (Ok(response), _) => response,
        (Err(error), Some(visitor)) => show(&request, &error, |title| visitor.page(title)),
        (Err(error), None) => refuse(&request, error),
    };
    if let Some(visitor) = &visitor {
        set_cookies(&request, visitor, &mut response);
    }
    security_headers::add(&mut response, FetchPolicy::None);
    response
}

fn set_cookies(request: &HttpRequest, visitor: &Visitor, response: &mut HttpResponse) {
    let scope = &visitor.cookie_scope;
    // Every visitor gets a token: without one, the sign-in form could not be submitted.
    if Token::from_cookies(request.headers(), scope).is_none()
        && !response.headers().contains_key(SET_COOKIE)
    {
        visitor.token.set_cookie(response, scope);
    }
    match &*visitor.flash.borrow() {
        Flash::None | Flash::ToShow(_) => {}
        Flash::Shown => flash::clear(response, scope),
        Flash::ToSet(token, notice) => {
            flash::set(response, scope, &visitor.admin.mac_key, token, notice);
        }
    }
}

/// Records a request of a session. The request goes on if that fails, as it would on a full disk:
/// then other servers don't know of it.
async fn record(admin: &Admin, token: [u8; 32], client: Client) {
    let (address, device) = (client.address.to_string(), client.device.to_string());
    let see = move |tx: &Tx<'_>| tx.see_session(&token, &address, &device);
    if let Err(error) = admin.store().write(WriteScope::SingleRow, see).await {
        log::debug!("cannot record a request of a session: {error}");
    }
}

async fn check_and_handle<F: Future<Output = PageResult>>(
    request: &HttpRequest,
    payload: Payload,
    forms: Forms,
    visitor: &mut Option<Rc<Visitor>>,
    handler: impl FnOnce(Rc<Visitor>) -> F,
) -> PageResult {
    let headers = request.headers();
    if !request_limits::headers_fit(headers) {
        return Err(AdminError::HeadersTooLarge);
    }
    let admin = request.app_data::<Data<Admin>>().cloned();
    let admin =
        admin.ok_or_else(|| AdminError::Internal("the admin state is missing".to_owned()))?;
    let peer = Peer::of(request);
    let peer =
        peer.ok_or_else(|| AdminError::Internal("the peer address is missing".to_owned()))?;
    let trusted = &admin.service.settings.trusted_proxies;

    let cookie_scope = CookieScope {
        over_tls: client_used_tls(peer, headers, trusted) || mount::is_public_https(request),
        base_path: mount::base_path(request),
    };
    let token = Token::from_cookies(headers, &cookie_scope);
    let is_post = request.method() == Method::POST;
    if token.is_none() && !is_post && FetchSite::from_headers(headers) == FetchSite::CrossSite {
        return redirect_within_site(request, &admin);
    }
    if is_post && (token.is_none() || FetchSite::from_headers(headers) == FetchSite::CrossSite) {
        return Err(AdminError::UntrustedForm);
    }

    let digest = token.as_ref().map(Token::digest);
    let read = move |reader: &Reader<'_>| {
        let session = digest.map(|token| reader.admin_session(&token)).transpose()?.flatten();
        // Only an admin sees them.
        let workspaces = session.as_ref().map(|_| reader.workspaces()).transpose()?;
        Ok((reader.account()?, workspaces.unwrap_or_default(), session))
    };
    // Not where pages are read: many visitors at once must not keep admins from these.
    let (account, workspaces, session) = admin.service.look_up(None, read).await?;
    let password = account.as_ref().map(|account| account.changed_at);
    let address = admin.service.client_address(peer, headers);
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let device = Device::from_user_agent(user_agent.unwrap_or_default());
    let client = Client { address, device };
    let now = Now::of(admin.clock());
    let session = session.filter(|session| admin.sessions.resume(session, password, now));
    let signed_in = session.is_some();
    if let Some(session) = &session
        && admin.sessions.must_record(session, client, now)
    {
        record(&admin, session.token, client).await;
    }
    let chosen = session.and_then(|session| session.workspace);
    let chosen = |workspace: &Workspace| chosen.as_ref() == Some(&workspace.id);
    let current = workspaces.iter().position(chosen).unwrap_or(0);
    if let Some(workspace) = workspaces.get(current).filter(|_| signed_in) {
        request.extensions_mut().insert(UsedWorkspace(workspace.slug.clone()));
    }
    let connections = &admin.service.settings.connections;
    let (form, file) = match &token {
        Some(token) if is_post && forms == Forms::WithFile && upload::is_multipart(headers) => {
            let body = BodyReader::new(request, payload, upload::BODY_LIMIT, connections);
            if signed_in {
                let receiving = admin.imports.start_receiving();
                // Without a place, only the fields before the file are read.
                let accept = |form: &Form| {
                    check_csrf(&admin, token, form)?;
                    receiving.as_ref().map(drop).ok_or_else(too_many_uploads)
                };
                upload::read(headers, body, accept).await?
            } else {
                // The browser shows the sign-in page only once it has sent the file.
                upload::discard(body).await;
                (Form::default(), None)
            }
        }
        Some(token) if is_post && (forms == Forms::FromAnyone || signed_in) => {
            let limit = if signed_in { MAX_FORM } else { MAX_SIGNED_OUT_FORM };
            if !signed_in && body_length(headers).is_some_and(|length| length > limit as u64) {
                return Err(AdminError::TooLarge);
            }
            let body = request_limits::read_body(request, payload, limit, connections).await?;
            let form = Form::from_urlencoded(&body);
            check_csrf(&admin, token, &form)?;
            (form, None)
        }
        // Without a session, the route redirects to the sign-in page and never uses the form.
        _ => (Form::default(), None),
    };
    let token = token.map_or_else(Token::generate, Ok)?;
    let flash = flash::read(headers, &cookie_scope, &admin.mac_key, &token);
    let new_visitor = Visitor {
        client,
        cookie_scope,
        token,
        flash: RefCell::new(flash.map_or(Flash::None, Flash::ToShow)),
        request: request.clone(),
        admin,
        form,
        file: RefCell::new(file),
        account,
        workspaces: signed_in.then_some(workspaces),
        current,
    };
    handler(visitor.insert(Rc::new(new_visitor)).clone()).await
}

fn too_many_uploads() -> AdminError {
    AdminError::conflict(
        "Too many uploads at once",
        "Other files are being uploaded at the moment. Try again when they are complete.",
    )
}

fn check_csrf(admin: &Admin, token: &Token, form: &Form) -> Result<(), AdminError> {
    let expected = admin.mac_key.csrf_token(token);
    let is_ours = admin.mac_key.constant_time_eq(form.value("csrf"), &expected);
    if is_ours { Ok(()) } else { Err(AdminError::UntrustedForm) }
}

/// Redirects a visitor who followed a link on another site, with a page that reloads the same
/// address. The browser withholds the `SameSite=Strict` cookie from the first request, so the
/// visitor would seem signed out, and a new cookie would replace the old one. It sends the cookie
/// with the second request, which comes from a page of this site.
fn redirect_within_site(request: &HttpRequest, admin: &Admin) -> PageResult {
    let path = request.uri().path_and_query().map_or("/admin", |path| path.as_str());
    let address = links::local_path(path).unwrap_or("/admin").to_owned();
    page::html(&SameSiteRedirect { page: admin.page("Redirecting"), address })
}
