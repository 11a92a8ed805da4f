//! One request of a visitor: what a handler needs of it, and the checks that come before every
//! handler.

use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use futures_util::FutureExt;

use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::page::{self, Choice, Page, Reply, Section, see_other};
use crate::admin::pages::workspace;
use crate::admin::session::cookie::Token;
use crate::admin::session::csrf::{Origin, origin};
use crate::admin::state::Admin;
use crate::http::exchange::body_length;
use crate::http::headers::{self, Scripts};
use crate::http::request_id::RequestId;
use crate::http::{client, incoming};
use crate::model::caller::Caller;
use crate::model::event::Actor;
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::id::Ref;
use crate::model::workspace::Workspace;
use crate::service::access_log::UsedOperation;
use crate::store::{Account, Reader, StoreError, Tx, WorkspaceReader, WorkspaceTx};

/// The largest form that is taken: the longest notes, in a script whose letters take nine bytes
/// each in a form, and room for the rest.
const MAX_FORM: usize = 256 << 10;
/// The largest form of somebody who need not be signed in: a password, a code and an address.
const MAX_FORM_OF_ANYONE: usize = 16 << 10;

/// Whose forms an address takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Forms {
    /// Short ones of everybody.
    OfAnyone,
    /// Those of a session; others are not even read.
    OfSignedIn,
}

/// A visitor, signed in or not.
#[derive(Clone)]
pub(in crate::admin) struct Visitor(Rc<Arrived>);

/// What is known of a request when its handler is called.
struct Arrived {
    admin: Data<Admin>,
    request: HttpRequest,
    form: Form,
    token: Token,
    address: IpAddr,
    over_tls: bool,
    account: Option<Account>,
    signed_in: Option<SignedIn>,
}

struct SignedIn {
    workspaces: Vec<Workspace>,
    /// The place of the one that is looked at.
    current: usize,
}

/// Somebody who is signed in. A handler that takes one is never called for anybody else.
pub(in crate::admin) struct Visit {
    visitor: Visitor,
}

impl Visitor {
    /// The pages' state.
    pub fn admin(&self) -> &Data<Admin> {
        &self.0.admin
    }

    /// What was sent with a POST.
    pub fn form(&self) -> &Form {
        &self.0.form
    }

    /// Whether this is a form that was sent.
    pub fn is_post(&self) -> bool {
        self.0.request.method() == Method::POST
    }

    /// The query parameters, as a form that can be shown again.
    pub fn query_form(&self) -> Form {
        Form::sent(self.0.request.query_string().as_bytes())
    }

    /// The admin's account, once there is a password.
    pub fn account(&self) -> Option<&Account> {
        self.0.account.as_ref()
    }

    /// The client's address.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// The token of the visitor's cookie.
    pub fn token(&self) -> &Token {
        &self.0.token
    }

    /// Gives the visitor a new token, with which nothing that was known of the old one is known.
    pub fn renew(&self, response: &mut HttpResponse) -> Result<Token, AdminError> {
        self.0.admin.sessions.close(&self.0.token);
        let token = Token::generate()?;
        token.set(response, self.0.over_tls);
        Ok(token)
    }

    /// What the layout shows, for a page of no section.
    pub fn page(&self, title: &str) -> Page {
        self.0.page(title, None)
    }

    /// The visit of somebody who is signed in.
    pub fn signed_in(self) -> Option<Visit> {
        self.0.signed_in.is_some().then_some(Visit { visitor: self })
    }

    /// The way to the sign-in, and back to the page that was asked for.
    pub fn to_sign_in(&self) -> HttpResponse {
        let request = &self.0.request;
        let asked = request.uri().path_and_query().map_or("/admin", |asked| asked.as_str());
        if request.method() == Method::POST || asked == "/admin" {
            return see_other("/admin/sign-in");
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        see_other(&format!("/admin/sign-in?{}", query.append_pair("next", asked).finish()))
    }
}

impl Visit {
    /// What was sent with a POST.
    pub fn form(&self) -> &Form {
        self.visitor.form()
    }

    /// The query parameters; those that are empty count as absent, since a browser sends every
    /// field of a form.
    pub fn query<Q: Query>(&self) -> Result<Q, AdminError> {
        Params::parse(self.visitor.query_form().given()).map_err(AdminError::Invalid)
    }

    /// A parameter of the path.
    pub fn part(&self, name: &str) -> &str {
        self.visitor.0.request.match_info().get(name).unwrap_or_default()
    }

    /// The resource that the path names as `{ref}`: by its id, or by its number, after which a
    /// hyphen and any words may stand for people to read.
    pub fn named<R>(&self, resource: ResourceType) -> Result<Ref<R>, AdminError> {
        let text = self.part("ref");
        let name = text.split_once('-').map_or(text, |(name, _)| name);
        Ref::parse(name).ok_or(AdminError::NotFound(resource))
    }

    /// All workspaces, in the order of their creation.
    pub fn workspaces(&self) -> &[Workspace] {
        self.visitor.0.signed_in.as_ref().map_or(&[], |signed_in| &signed_in.workspaces)
    }

    /// The workspace that is looked at.
    pub fn workspace(&self) -> Result<&Workspace, AdminError> {
        let signed_in = self.visitor.0.signed_in.as_ref();
        let current = signed_in.and_then(|found| found.workspaces.get(found.current));
        current.ok_or(AdminError::NoWorkspace)
    }

    /// Reads from the workspace that is looked at, off the web workers.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let workspace = workspace::meant(self)?.no;
        self.read_all(move |reader| read(&reader.of(workspace))).await
    }

    /// Reads what belongs to no workspace, or to all of them.
    pub async fn read_all<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        blocking_read(&self.visitor.0.admin, read).await
    }

    /// Changes something in the workspace that is looked at.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&WorkspaceTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let caller = self.caller()?;
        self.write_all(move |tx| change(&tx.by(&caller))).await
    }

    /// Changes what belongs to no workspace, or to another one than that which is looked at.
    pub async fn write_all<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        Ok(self.visitor.0.admin.store().write(change).await?)
    }

    /// What the layout shows.
    pub fn page(&self, title: &str, section: Section) -> Page {
        self.visitor.0.page(title, Some(section))
    }

    /// Keeps a sentence that the next page shall tell, for an action that ends in a redirect.
    pub fn tell(&self, notice: impl Into<String>) {
        self.visitor.0.admin.sessions.tell(&self.visitor.0.token, notice.into());
    }

    /// The visitor.
    pub fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    fn caller(&self) -> Result<Caller, AdminError> {
        let workspace = workspace::meant(self)?.clone();
        Ok(Caller { workspace, actor: Actor::admin_page(), livemode: true })
    }
}

impl Arrived {
    fn page(&self, title: &str, section: Option<Section>) -> Page {
        let workspaces = self.signed_in.iter().flat_map(|signed_in| {
            signed_in.workspaces.iter().enumerate().map(|(place, workspace)| Choice {
                slug: workspace.slug.to_string(),
                name: workspace.name.to_string(),
                current: place == signed_in.current,
            })
        });
        Page {
            workspaces: workspaces.collect(),
            signed_in: self.signed_in.is_some(),
            csrf: self.admin.seal.csrf(&self.token),
            notice: self.admin.sessions.told(&self.token),
            section,
            ..bare_page(&self.admin, title)
        }
    }
}

/// The page of somebody of whom nothing is known.
fn bare_page(admin: &Admin, title: &str) -> Page {
    Page {
        title: title.to_owned(),
        section: None,
        signed_in: false,
        csrf: String::new(),
        workspaces: Vec::new(),
        notice: None,
        assets: admin.assets.clone(),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Answers a request: checks it, and gives it to its handler.
pub(in crate::admin) async fn dispatch<F: Future<Output = Reply>>(
    request: HttpRequest,
    payload: Payload,
    operation: &'static str,
    forms: Forms,
    handler: impl FnOnce(Visitor) -> F,
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
        (Err(error), Some(Visitor(arrived))) => {
            tell(&request, &error, |title| arrived.page(title, None))
        }
        (Err(error), None) => refuse(&request, error),
    };
    // Every visitor has a token, so that the first form can be sent.
    if let Some(Visitor(arrived)) = &visitor
        && Token::of(request.headers(), arrived.over_tls).is_none()
        && !response.headers().contains_key(SET_COOKIE)
    {
        arrived.token.set(&mut response, arrived.over_tls);
    }
    headers::add(&mut response, Scripts::AskNothing);
    response
}

/// The page of an error for somebody of whom nothing is known.
pub(in crate::admin) fn refuse(request: &HttpRequest, error: AdminError) -> HttpResponse {
    let Some(admin) = request.app_data::<Data<Admin>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    let mut response = tell(request, &error, |title| bare_page(admin, title));
    headers::add(&mut response, Scripts::AskNothing);
    response
}

/// The page of an error, after logging it when it is ours.
fn tell(
    request: &HttpRequest,
    error: &AdminError,
    page: impl FnOnce(&'static str) -> Page,
) -> HttpResponse {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map_or("-", RequestId::as_str);
    if error.is_ours() {
        log::error!("request_id={id} {error}");
    }
    error.respond(page, id)
}

#[derive(Template)]
#[template(path = "admin/arrival.html")]
struct Arrival {
    page: Page,
    address: String,
}

async fn answer<F: Future<Output = Reply>>(
    request: &HttpRequest,
    payload: Payload,
    forms: Forms,
    visitor: &mut Option<Visitor>,
    handler: impl FnOnce(Visitor) -> F,
) -> Reply {
    let headers = request.headers();
    if !incoming::headers_fit(headers) {
        return Err(AdminError::HeadersTooLarge);
    }
    let admin = request.app_data::<Data<Admin>>().cloned();
    let admin = admin.ok_or_else(|| AdminError::Internal("the pages have no state".to_owned()))?;
    let peer = request.peer_addr().map(|peer| peer.ip());
    let peer = peer.ok_or_else(|| AdminError::Internal("the peer has no address".to_owned()))?;
    let trusted = &admin.service.settings.trusted_proxies;

    let over_tls = client::came_over_tls(peer, headers, trusted);
    let sent = Token::of(headers, over_tls);
    let is_post = request.method() == Method::POST;
    if sent.is_none() && !is_post && origin(headers) == Origin::Foreign {
        return arrival(request, &admin);
    }
    if is_post && (sent.is_none() || origin(headers) == Origin::Foreign) {
        return Err(AdminError::ForeignForm);
    }

    let known = |reader: &Reader<'_>| Ok((reader.account()?, reader.workspaces()?));
    let (account, workspaces) = blocking_read(&admin, known).await?;
    let now = admin.store().clock().monotonic();
    let password = account.as_ref().map(|account| account.changed_at);
    let session = sent.as_ref().and_then(|token| admin.sessions.resume(token, password, now));
    let signed_in = session.map(|session| {
        let chosen = |workspace: &Workspace| session.workspace.as_ref() == Some(&workspace.id);
        let current = workspaces.iter().position(chosen).unwrap_or(0);
        SignedIn { workspaces, current }
    });
    let form = match &sent {
        Some(token) if is_post && (forms == Forms::OfAnyone || signed_in.is_some()) => {
            let limit = if signed_in.is_some() { MAX_FORM } else { MAX_FORM_OF_ANYONE };
            if signed_in.is_none() && body_length(headers).is_some_and(|sent| sent > limit as u64) {
                return Err(AdminError::TooLarge);
            }
            let connections = &admin.service.settings.connections;
            let form = Form::sent(&incoming::body(request, payload, limit, connections).await?);
            if !admin.seal.same(form.value("csrf"), &admin.seal.csrf(token)) {
                return Err(AdminError::ForeignForm);
            }
            form
        }
        // Without a session, the handler leads to the sign-in and looks at no form.
        _ => Form::default(),
    };
    let arrived = Arrived {
        address: admin.service.client_address(peer, headers),
        over_tls,
        token: sent.map_or_else(Token::generate, Ok)?,
        request: request.clone(),
        admin,
        form,
        account,
        signed_in,
    };
    handler(visitor.insert(Visitor(Rc::new(arrived))).clone()).await
}

/// A step for those who follow a link of another site. Their browser keeps the cookie back and
/// would take a new one for it, which would sign them out; from a page of this site it sends it.
fn arrival(request: &HttpRequest, admin: &Admin) -> Reply {
    let address = request.uri().path_and_query().map_or("/admin", |asked| asked.as_str());
    let address = page::local(address).unwrap_or("/admin").to_owned();
    page::html(&Arrival { page: bare_page(admin, "One moment"), address })
}

async fn blocking_read<T: Send + 'static>(
    admin: &Data<Admin>,
    read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, AdminError> {
    let service = Arc::clone(&admin.service);
    let job = move |limit| service.store.read_within(limit, read);
    Ok(admin.service.page_threads.run(job).await??)
}
