//! `/admin/setup`: setting the first password, with the code that the server prints when it starts.

use std::rc::Rc;

use askama::Template;

use super::sign_in::{log_failure, open_session};
use crate::admin::forms::form::Form;
use crate::admin::forms::new_password::NewPassword;
use crate::admin::page::{self, Page, PageResult, see_other};
use crate::admin::visit::Visitor;
use crate::model::parse::problem::{Problem, Rule};
use crate::service::auth_limits::secret_kinds::Attempt;
use crate::store::WriteScope;

#[derive(Template)]
#[template(path = "admin/setup.html")]
struct SetupPage {
    page: Page,
    form: Form,
}

/// GET `/admin/setup`
pub(in crate::admin) async fn form(visitor: Rc<Visitor>) -> PageResult {
    if visitor.account().is_some() {
        return Ok(see_other("/admin/sign-in"));
    }
    page::html(&SetupPage { page: visitor.page("Set the admin password"), form: Form::default() })
}

/// POST `/admin/setup`
pub(in crate::admin) async fn set_up(visitor: Rc<Visitor>) -> PageResult {
    if visitor.account().is_some() {
        return Ok(see_other("/admin/sign-in"));
    }
    let admin = visitor.admin();
    let attempt = Attempt::with_password(visitor.client_address());
    admin.service.check_failure_limit(&attempt)?;
    let reject = |problems| {
        let form = visitor.form().clone().with_problems(problems);
        page::invalid_form(&SetupPage { page: visitor.page("Set the admin password"), form })
    };
    let code = visitor.form().value("code").trim();
    if !admin.mac_key.constant_time_eq(admin.setup_code.as_str(), code) {
        admin.service.record_failure(&attempt);
        log_failure(&visitor, "setup");
        return reject(vec![Problem {
            rule: Rule::InvalidString,
            message: "Wrong code. Use the one that the server printed when it started".to_owned(),
            field: "code".to_owned(),
        }]);
    }
    let NewPassword(password) = match visitor.form().parse(NewPassword::SHAPE) {
        Ok(new_password) => new_password,
        Err(problems) => return reject(problems),
    };
    let hash = admin.service.hash_secret(visitor.client_address(), move || password.hash()).await?;
    let set =
        admin.store().write(WriteScope::Database, move |tx| tx.set_first_password(&hash)).await?;
    match set {
        Some(changed_at) => {
            let notice = Some("Password set.");
            let response = open_session(&visitor, changed_at, None, "/admin", notice).await?;
            log::info!("admin password set from {}", visitor.client_address());
            Ok(response)
        }
        // A password was set on the command line in the meantime.
        None => Ok(see_other("/admin/sign-in")),
    }
}
