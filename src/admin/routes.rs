//! The route table: every page and action, with its method, path, operation name in the access log,
//! and whether it requires a sign-in. No other code makes access decisions by path.

use std::future::Future;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::error::AdminError;
use super::page::PageResult;
use super::pages::{
    account, api_keys, asset, contacts, csv_export, customer_form, customers, export, imports,
    logs, onboardings, overview, purge, setup, sign_in, webhooks, workspaces,
};
use super::visit::{Forms, SignedInVisit, Visitor, dispatch, refuse};
use crate::http::routing::build_resources;

/// A route: a method and a path.
pub struct Entry {
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Whether it requires a sign-in.
    pub signed_in: bool,
    route: Route,
}

/// Returns the route table. A fixed path must come before a path with parameters that also matches
/// it.
#[rustfmt::skip]
#[must_use]
pub fn entries() -> Vec<Entry> {
    let (get, post) = (Method::GET, Method::POST);
    vec![
        public(&get,     "/",                 "admin-root",          overview::root),
        public(&get,     "/admin/sign-in",    "admin-sign-in-form",  sign_in::form),
        public(&post,    "/admin/sign-in",    "admin-sign-in",       sign_in::sign_in),
        public(&get,     "/admin/setup",      "admin-setup-form",    setup::form),
        public(&post,    "/admin/setup",      "admin-setup",         setup::set_up),
        entry(&get, "/admin/assets/{hash}/{name}", false, web::to(asset::show)),
        signed_in(&post, "/admin/sign-out",   "admin-sign-out",      sign_in::sign_out),
        signed_in(&post, "/admin/workspace",  "admin-workspace",     workspaces::choose),
        signed_in(&get,  "/admin",            "admin-overview",      overview::show),
        signed_in(&get,  "/admin/account",    "admin-account",       account::sessions::show),
        signed_in(&get,  "/admin/account/password", "admin-password-form", account::password::form),
        signed_in(&post, "/admin/account/password", "admin-password",      account::password::change),
        signed_in(&post, "/admin/account/sessions/end-others", "admin-sessions-end", account::sessions::end_others),
        signed_in(&post, "/admin/account/sessions/{id}/end",   "admin-session-end",  account::sessions::end),
        signed_in(&get,  "/contacts/{ref}",               "admin-contact",           contacts::show),
        signed_in(&get,  "/contacts/{ref}/delete",        "admin-contact-confirm",   contacts::confirm),
        signed_in(&post, "/contacts/{ref}/delete",        "admin-contact-delete",    contacts::delete),
        signed_in(&get,  "/contacts/{ref}/edit",          "admin-contact-edit",      contacts::edit),
        signed_in(&post, "/contacts/{ref}/edit",          "admin-contact-update",    contacts::update),
        signed_in(&get,  "/contacts/{ref}/purge",         "admin-contact-purge-form", purge::confirm_contact),
        signed_in(&post, "/contacts/{ref}/purge",         "admin-contact-purge",     purge::purge_contact),
        signed_in(&get,  "/customers",                    "admin-customers",         customers::list),
        signed_in(&post, "/customers",                    "admin-customer-create",   customer_form::create),
        signed_in(&get,  "/customers/new",                "admin-customer-new",      customer_form::new),
        signed_in(&get,  "/customers/{ref}",              "admin-customer",          customers::show),
        signed_in(&post, "/customers/{ref}/contacts",     "admin-contact-create",    contacts::create),
        signed_in(&get,  "/customers/{ref}/contacts/new", "admin-contact-new",       contacts::new),
        signed_in(&get,  "/customers/{ref}/delete",       "admin-customer-confirm",  customer_form::confirm),
        signed_in(&post, "/customers/{ref}/delete",       "admin-customer-delete",   customer_form::delete),
        signed_in(&get,  "/customers/{ref}/edit",         "admin-customer-edit",     customer_form::edit),
        signed_in(&post, "/customers/{ref}/edit",         "admin-customer-update",   customer_form::update),
        signed_in(&get,  "/admin/api-keys",   "admin-keys",          api_keys::list),
        signed_in(&post, "/admin/api-keys",   "admin-key-create",    api_keys::create),
        signed_in(&get,  "/admin/api-keys/new", "admin-key-form",    api_keys::form),
        signed_in(&post, "/admin/api-keys/{id}/rotate", "admin-key-rotate", api_keys::rotate),
        signed_in(&get,  "/admin/api-keys/{id}/revoke", "admin-key-revoke-form", api_keys::confirm),
        signed_in(&post, "/admin/api-keys/{id}/revoke", "admin-key-revoke", api_keys::revoke),
        signed_in(&get,  "/admin/contacts.csv",  "admin-contacts-csv",  csv_export::contacts),
        signed_in(&get,  "/admin/customers.csv", "admin-customers-csv", csv_export::customers),
        signed_in(&get,  "/admin/import",     "admin-import-form",   imports::upload::form),
        with_file(&post, "/admin/import",     "admin-import-upload", imports::upload::upload),
        signed_in(&get,  "/admin/import/{id}",                "admin-import",            imports::show::show),
        signed_in(&post, "/admin/import/{id}/preview",        "admin-import-preview",    imports::preview::update),
        signed_in(&post, "/admin/import/{id}/run",            "admin-import-run",        imports::preview::import),
        signed_in(&post, "/admin/import/{id}/discard",        "admin-import-discard",    imports::preview::discard),
        signed_in(&get,  "/admin/import/{id}/rejected.csv",   "admin-import-rejected",   imports::rejected::download),
        signed_in(&get,  "/admin/logs",       "admin-logs",          logs::show),
        signed_in(&get,  "/admin/logs.csv",   "admin-logs-csv",      export::csv),
        signed_in(&get,  "/admin/logs.json",  "admin-logs-json",     export::json),
        signed_in(&get,  "/admin/webhooks",   "admin-webhooks",      webhooks::list::list),
        signed_in(&post, "/admin/webhooks",   "admin-webhook-create", webhooks::form::create),
        signed_in(&get,  "/admin/webhooks/new", "admin-webhook-new", webhooks::form::new),
        signed_in(&get,  "/admin/webhooks/{id}", "admin-webhook",    webhooks::endpoint::show),
        signed_in(&get,  "/admin/webhooks/{id}/edit", "admin-webhook-edit", webhooks::form::edit),
        signed_in(&post, "/admin/webhooks/{id}/edit", "admin-webhook-update", webhooks::form::update),
        signed_in(&get,  "/admin/webhooks/{id}/rotate", "admin-webhook-rotate-form", webhooks::actions::confirm_rotate),
        signed_in(&post, "/admin/webhooks/{id}/rotate", "admin-webhook-rotate", webhooks::actions::rotate),
        signed_in(&post, "/admin/webhooks/{id}/enable", "admin-webhook-enable", webhooks::actions::enable),
        signed_in(&post, "/admin/webhooks/{id}/disable", "admin-webhook-disable", webhooks::actions::disable),
        signed_in(&get,  "/admin/webhooks/{id}/delete", "admin-webhook-confirm", webhooks::actions::confirm_delete),
        signed_in(&post, "/admin/webhooks/{id}/delete", "admin-webhook-delete", webhooks::actions::delete),
        signed_in(&post, "/admin/webhooks/{id}/ping", "admin-webhook-ping", webhooks::actions::ping),
        signed_in(&get,  "/admin/webhooks/{id}/test", "admin-webhook-test-form", webhooks::test_event::form),
        signed_in(&post, "/admin/webhooks/{id}/test", "admin-webhook-test", webhooks::test_event::send),
        signed_in(&post, "/admin/webhooks/{id}/replay", "admin-webhook-replay", webhooks::replay::replay),
        signed_in(&get,  "/admin/webhooks/{id}/deliveries/{delivery}", "admin-delivery", webhooks::delivery::show),
        signed_in(&post, "/admin/webhooks/{id}/deliveries/{delivery}/replay", "admin-delivery-replay", webhooks::delivery::replay),
        signed_in(&get,  "/admin/workspaces", "admin-workspaces",    workspaces::list),
        signed_in(&post, "/admin/workspaces", "admin-workspace-create", workspaces::create),
        signed_in(&get,  "/admin/workspaces/{slug}/edit", "admin-workspace-edit", workspaces::edit_form),
        signed_in(&post, "/admin/workspaces/{slug}/edit", "admin-workspace-update", workspaces::update),
        signed_in(&get,  "/customers/{ref}/purge",             "admin-customer-purge-form",    purge::confirm_customer),
        signed_in(&post, "/customers/{ref}/purge",             "admin-customer-purge",         purge::purge_customer),
        signed_in(&get,  "/onboardings",                       "admin-board",                  onboardings::board::show),
        signed_in(&get,  "/onboardings/new",                   "admin-onboardings-choose",     onboardings::form::choose),
        signed_in(&get,  "/onboardings/{ref}",                 "admin-onboarding",             onboardings::show::show),
        signed_in(&post, "/onboardings/{ref}/move",            "admin-onboardings-move",       onboardings::board::move_card),
        signed_in(&post, "/onboardings/{ref}/progress",        "admin-onboarding-progress",    onboardings::show::update_progress),
        signed_in(&get,  "/onboardings/{ref}/edit",            "admin-onboardings-edit-form",  onboardings::form::edit_form),
        signed_in(&post, "/onboardings/{ref}/edit",            "admin-onboardings-edit",       onboardings::form::edit),
        signed_in(&get,  "/onboardings/{ref}/delete",          "admin-onboardings-delete-form", onboardings::delete::confirm),
        signed_in(&post, "/onboardings/{ref}/delete",          "admin-onboardings-delete",     onboardings::delete::delete),
        signed_in(&get,  "/customers/{ref}/onboardings/new",   "admin-onboardings-new",        onboardings::form::new),
        signed_in(&post, "/customers/{ref}/onboardings",       "admin-onboardings-create",     onboardings::form::create),
    ]
}

/// Unknown paths in these scopes get the 404 page.
const NOT_FOUND_SCOPES: [&str; 4] =
    ["/admin/{rest:.*}", "/customers/{rest:.*}", "/contacts/{rest:.*}", "/onboardings/{rest:.*}"];

/// A route for everyone.
fn public<F: Future<Output = PageResult> + 'static>(
    method: &Method,
    path: &'static str,
    operation: &'static str,
    handler: fn(Rc<Visitor>) -> F,
) -> Entry {
    let service = move |request: HttpRequest, payload: Payload| {
        dispatch(request, payload, operation, Forms::FromAnyone, handler)
    };
    entry(method, path, false, web::to(service))
}

/// A route that requires a sign-in. Other visitors are redirected to the sign-in page.
fn signed_in<F: Future<Output = PageResult> + 'static>(
    method: &Method,
    path: &'static str,
    operation: &'static str,
    handler: fn(SignedInVisit) -> F,
) -> Entry {
    guarded(method, path, operation, Forms::FromSignedIn, handler)
}

/// Like [`signed_in`], for a form with a file.
fn with_file<F: Future<Output = PageResult> + 'static>(
    method: &Method,
    path: &'static str,
    operation: &'static str,
    handler: fn(SignedInVisit) -> F,
) -> Entry {
    guarded(method, path, operation, Forms::WithFile, handler)
}

fn guarded<F: Future<Output = PageResult> + 'static>(
    method: &Method,
    path: &'static str,
    operation: &'static str,
    forms: Forms,
    handler: fn(SignedInVisit) -> F,
) -> Entry {
    let guarded = move |visitor: Rc<Visitor>| async move {
        match SignedInVisit::new(Rc::clone(&visitor)) {
            Some(visit) => handler(visit).await,
            None => Ok(visitor.redirect_to_sign_in()),
        }
    };
    let service = move |request: HttpRequest, payload: Payload| {
        dispatch(request, payload, operation, forms, guarded)
    };
    entry(method, path, true, web::to(service))
}

fn entry(method: &Method, path: &'static str, signed_in: bool, route: Route) -> Entry {
    Entry { method: method.clone(), path, signed_in, route }
}

/// Registers the pages.
pub fn configure(config: &mut ServiceConfig) {
    let refuse_method =
        |request: &HttpRequest, allowed| refuse(request, AdminError::MethodNotAllowed(allowed));
    let routes = entries().into_iter().map(|entry| (entry.method, entry.path, entry.route));
    for resource in build_resources(routes, refuse_method) {
        config.service(resource);
    }
    for scope in NOT_FOUND_SCOPES {
        config.route(scope, web::to(no_page));
    }
}

/// Responds with the 404 page.
pub async fn no_page(request: HttpRequest) -> HttpResponse {
    refuse(&request, AdminError::PageNotFound)
}
