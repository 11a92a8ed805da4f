//! `/admin/sign-in` and `/admin/sign-out`

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, see_other};
use crate::admin::session::sessions;
use crate::admin::visit::{SignedInVisit, Visitor};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::password::Password;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;
use crate::service::auth_limits::secret_kinds::Attempt;
use crate::store::{Account, NewAdminSession, Tx, WriteScope};

#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct SignIn {
    page: Page,
    form: Form,
}

/// GET `/admin/sign-in`
pub(in crate::admin) async fn form(visitor: Rc<Visitor>) -> PageResult {
    if visitor.account().is_none() {
        return Ok(see_other("/admin/setup"));
    }
    let form = visitor.query_form();
    if visitor.is_signed_in() {
        return Ok(see_other(links::local_path(form.value("next")).unwrap_or("/admin")));
    }
    page::html(&SignIn { page: visitor.page("Sign in"), form })
}

/// POST `/admin/sign-in`
pub(in crate::admin) async fn sign_in(visitor: Rc<Visitor>) -> PageResult {
    let Some(account) = visitor.account() else {
        return Ok(see_other("/admin/setup"));
    };
    if !has_password(&visitor, account, visitor.form().value("password")).await? {
        log_failure(&visitor, "sign-in");
        let problem = Problem {
            rule: Rule::InvalidString,
            message: "Wrong password".to_owned(),
            field: "password".to_owned(),
        };
        let form = visitor.form().clone().with_problems(vec![problem]);
        // Not 401: that requires a `WWW-Authenticate` header, which makes no sense for a form.
        return page::html_as(
            StatusCode::FORBIDDEN,
            &SignIn { page: visitor.page("Sign in"), form },
        );
    }
    let next = links::local_path(visitor.form().value("next")).unwrap_or("/admin");
    let response = open_session(&visitor, account.changed_at, None, next, None).await?;
    log::info!("admin signed in from {}", visitor.client_address());
    Ok(response)
}

/// Checks the admin's password. Failures count against the client.
pub(in crate::admin) async fn has_password(
    visitor: &Visitor,
    account: &Account,
    text: &str,
) -> Result<bool, AdminError> {
    let service = &visitor.admin().service;
    let attempt = Attempt::with_password(visitor.client_address());
    match Password::parse(text) {
        Ok(password) => {
            let hash = account.password.clone();
            Ok(service.check_secret(attempt, move || hash.verify(&password)).await?)
        }
        // A string that cannot be a password is rejected without the expensive hash.
        Err(_) => {
            service.check_failure_limit(&attempt)?;
            service.record_failure(&attempt);
            Ok(false)
        }
    }
}

/// POST `/admin/sign-out`
pub(in crate::admin) async fn sign_out(visit: SignedInVisit) -> PageResult {
    let visitor = visit.visitor();
    let token = visitor.token().digest();
    let close = move |tx: &Tx<'_>| tx.close_session(&token);
    visit.write_all(WriteScope::SingleRow, close).await?;
    let mut response = see_other("/admin/sign-in");
    visitor.renew_token(&mut response)?;
    Ok(response)
}

/// Opens a session in place of the current one, with a new token to prevent session fixation.
pub(in crate::admin) async fn open_session(
    visitor: &Visitor,
    password_set_at: Timestamp,
    workspace: Option<WorkspaceId>,
    next: &str,
    notice: Option<&str>,
) -> PageResult {
    let mut response: HttpResponse = see_other(next);
    let token = visitor.renew_token(&mut response)?;
    let new = NewAdminSession {
        token: token.digest(),
        id: sessions::new_id()?,
        password_set_at,
        address: visitor.client().address.to_string(),
        device: visitor.client().device.to_string(),
        workspace,
    };
    let replaced = visitor.is_signed_in().then(|| visitor.token().digest());
    let open = move |tx: &Tx<'_>| tx.open_session(&new, replaced.as_ref());
    visitor.admin().store().write(WriteScope::Database, open).await?;
    if let Some(notice) = notice {
        visitor.set_flash_for(token, notice);
    }
    Ok(response)
}

pub(in crate::admin) fn log_failure(visitor: &Visitor, action: &str) {
    log::warn!("admin {action} failed from {}", visitor.client_address());
}
