//! `/admin/sign-in` and `/admin/sign-out`

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::admin::forms::form::Form;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, see_other};
use crate::admin::visit::{SignedInVisit, Visitor};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::password::Password;
use crate::model::values::time::Timestamp;
use crate::service::auth_limits::secret_kinds::Attempt;

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
    let attempt = Attempt::with_password(visitor.client_ip());
    // A string that cannot be a password is rejected without the expensive hash.
    let is_correct = match Password::parse(visitor.form().value("password")) {
        Ok(password) => {
            let hash = account.password.clone();
            let service = &visitor.admin().service;
            service.check_secret(attempt, move || hash.verify(&password)).await?
        }
        Err(_) => {
            visitor.admin().service.check_failure_limit(&attempt)?;
            visitor.admin().service.record_failure(&attempt);
            false
        }
    };
    if !is_correct {
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
    open_session(&visitor, account.changed_at, next, None)
}

/// POST `/admin/sign-out`
pub(in crate::admin) async fn sign_out(visit: SignedInVisit) -> PageResult {
    let mut response = see_other("/admin/sign-in");
    visit.visitor().renew_token(&mut response)?;
    Ok(response)
}

/// Signs a visitor in, with a new token to prevent session fixation.
pub(in crate::admin) fn open_session(
    visitor: &Visitor,
    password: Timestamp,
    next: &str,
    notice: Option<&str>,
) -> PageResult {
    let mut response: HttpResponse = see_other(next);
    let token = visitor.renew_token(&mut response)?;
    let admin = visitor.admin();
    admin.sessions.open(&token, password, admin.store().clock().monotonic());
    if let Some(notice) = notice {
        admin.sessions.set_flash(&token, notice.to_owned());
    }
    log::info!("admin signed in from {}", visitor.client_ip());
    Ok(response)
}

pub(in crate::admin) fn log_failure(visitor: &Visitor, action: &str) {
    log::warn!("admin {action} failed from {}", visitor.client_ip());
}
