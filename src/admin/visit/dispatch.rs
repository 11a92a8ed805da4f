//! The checks before every handler: the size of the headers, the cookie, where a form comes from,
//! the session, the size of the form and its seal. Only what passes them reaches `admin/routes.rs`,
//! which calls the handler of a `Visit` only for a visitor with a session.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use futures_util::FutureExt;

use super::error_page::{refuse, show};
use super::visitor::Visitor;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult};
use crate::admin::session::cookie::Token;
use crate::admin::session::csrf::FetchSite;
use crate::admin::state::Admin;
use crate::http::exchange::body_length;
use crate::http::headers::{self, Scripts};
use crate::http::incoming;
use crate::http::origin::came_over_tls;
use crate::model::workspace::Workspace;
use crate::service::access_log::UsedOperation;
use crate::store::Reader;

/// The largest form that is taken: the longest notes, in a script whose letters take nine bytes
/// each in a form, and room for the rest.
const MAX_FORM: usize = 256 << 10;
/// The largest form of somebody who need not be signed in: a password, a code and an address.
const MAX_FORM_OF_ANYONE: usize = 16 << 10;

/// Whose forms an address takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Forms {
    /// Short ones of everybody.
    FromAnyone,
    /// Those of a session; others are not even read.
    FromSignedIn,
}

#[derive(Template)]
#[template(path = "admin/same_site_redirect.html")]
struct SameSiteRedirect {
    page: Page,
    address: String,
}

/// Answers a request: checks it, and gives it to its handler.
pub(in crate::admin) async fn dispatch<F: Future<Output = PageResult>>(
    request: HttpRequest,
    payload: Payload,
    operation: &'static str,
    forms: Forms,
    handler: impl FnOnce(Rc<Visitor>) -> F,
) -> HttpResponse {
    request.extensions_mut().insert(UsedOperation(operation));
    let mut visitor = None;
    let checked = answer(&request, payload, forms, &mut visitor, handler);
    let reply = match AssertUnwindSafe(checked).catch_unwind().await {
        Ok(reply) => reply,
        // The panic itself was logged where it happened.
        Err(_) => Err(AdminError::Internal("the handler ended with a panic".to_owned())),
    };
    let mut response = match (reply, &visitor) {
        (Ok(response), _) => response,
        (Err(error), Some(visitor)) => show(&request, &error, |title| visitor.page(title)),
        (Err(error), None) => refuse(&request, error),
    };
    // Every visitor has a token, so that the first form can be sent.
    if let Some(visitor) = &visitor
        && Token::from_cookies(request.headers(), visitor.over_tls).is_none()
        && !response.headers().contains_key(SET_COOKIE)
    {
        visitor.token.set_cookie(&mut response, visitor.over_tls);
    }
    headers::add(&mut response, Scripts::AskNothing);
    response
}

async fn answer<F: Future<Output = PageResult>>(
    request: &HttpRequest,
    payload: Payload,
    forms: Forms,
    visitor: &mut Option<Rc<Visitor>>,
    handler: impl FnOnce(Rc<Visitor>) -> F,
) -> PageResult {
    let headers = request.headers();
    if !incoming::headers_fit(headers) {
        return Err(AdminError::HeadersTooLarge);
    }
    let admin = request.app_data::<Data<Admin>>().cloned();
    let admin = admin.ok_or_else(|| AdminError::Internal("the pages have no state".to_owned()))?;
    let peer = request.peer_addr().map(|peer| peer.ip());
    let peer = peer.ok_or_else(|| AdminError::Internal("the peer has no address".to_owned()))?;
    let trusted = &admin.service.settings.trusted_proxies;

    let over_tls = came_over_tls(peer, headers, trusted);
    let sent = Token::from_cookies(headers, over_tls);
    let is_post = request.method() == Method::POST;
    if sent.is_none() && !is_post && FetchSite::from_headers(headers) == FetchSite::CrossSite {
        return redirect_within_site(request, &admin);
    }
    if is_post && (sent.is_none() || FetchSite::from_headers(headers) == FetchSite::CrossSite) {
        return Err(AdminError::UntrustedForm);
    }

    let known = |reader: &Reader<'_>| Ok((reader.account()?, reader.workspaces()?));
    let (account, workspaces) = admin.read(known).await?;
    let now = admin.store().clock().monotonic();
    let password = account.as_ref().map(|account| account.changed_at);
    let session = sent.as_ref().and_then(|token| admin.sessions.resume(token, password, now));
    let signed_in = session.is_some();
    let chosen = session.and_then(|session| session.workspace);
    let chosen = |workspace: &Workspace| chosen.as_ref() == Some(&workspace.id);
    let current = workspaces.iter().position(chosen).unwrap_or(0);
    let form = match &sent {
        Some(token) if is_post && (forms == Forms::FromAnyone || signed_in) => {
            let limit = if signed_in { MAX_FORM } else { MAX_FORM_OF_ANYONE };
            if !signed_in && body_length(headers).is_some_and(|sent| sent > limit as u64) {
                return Err(AdminError::TooLarge);
            }
            let connections = &admin.service.settings.connections;
            let form =
                Form::from_urlencoded(&incoming::body(request, payload, limit, connections).await?);
            if !admin.mac_key.constant_time_eq(form.value("csrf"), &admin.mac_key.csrf_token(token))
            {
                return Err(AdminError::UntrustedForm);
            }
            form
        }
        // Without a session, the handler leads to the sign-in and looks at no form.
        _ => Form::default(),
    };
    let arrived = Visitor {
        client_ip: admin.service.client_address(peer, headers),
        over_tls,
        token: sent.map_or_else(Token::generate, Ok)?,
        request: request.clone(),
        admin,
        form,
        account,
        workspaces: signed_in.then_some(workspaces),
        current,
    };
    handler(visitor.insert(Rc::new(arrived)).clone()).await
}

/// A step for those who follow a link of another site. Their browser keeps the cookie back and
/// would take a new one for it, which would sign them out; from a page of this site it sends it.
fn redirect_within_site(request: &HttpRequest, admin: &Admin) -> PageResult {
    let address = request.uri().path_and_query().map_or("/admin", |asked| asked.as_str());
    let address = links::local_path(address).unwrap_or("/admin").to_owned();
    page::html(&SameSiteRedirect { page: admin.page("One moment"), address })
}
