//! `/admin/account/password`: changing the password.

use askama::Template;

use super::refuse_in_demo;
use super::sessions::close_others;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::forms::new_password::NewPassword;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::pages::sign_in::{has_password, log_failure, open_session};
use crate::admin::visit::SignedInVisit;
use crate::model::parse::problem::{Problem, Rule};
use crate::store::WriteScope;

#[derive(Template)]
#[template(path = "admin/account/password.html")]
struct ChangePassword {
    page: Page,
    form: Form,
}

/// GET `/admin/account/password`
pub(in crate::admin) async fn form(visit: SignedInVisit) -> PageResult {
    refuse_in_demo(&visit)?;
    page::html(&render(&visit, Form::default()))
}

/// POST `/admin/account/password`. Ends all other sessions, and gives this one a new cookie.
pub(in crate::admin) async fn change(visit: SignedInVisit) -> PageResult {
    refuse_in_demo(&visit)?;
    let visitor = visit.visitor();
    let reject = |problem| {
        // Without the values: passwords are never sent back.
        page::invalid_form(&render(&visit, Form::default().with_problems(problem)))
    };
    // Before the expensive check of the current password, because it doesn't depend on it.
    let new = match visit.form().parse::<NewPassword>(NewPassword::SHAPE) {
        Ok(NewPassword(password)) => password,
        Err(problems) => return reject(problems),
    };
    let account = visitor.account().ok_or(AdminError::UntrustedForm)?;
    let set_at = account.changed_at;
    if !has_password(visitor, account, visit.form().value("current")).await? {
        log_failure(visitor, "password change");
        return reject(vec![problem("current", Rule::InvalidString, "Wrong password")]);
    }
    if visit.form().value("current") == visit.form().value("password") {
        let message = "Must differ from the current password";
        return reject(vec![problem("password", Rule::ConflictingFields, message)]);
    }
    let admin = visitor.admin();
    let hash = admin.service.hash_secret(visitor.client_address(), move || new.hash()).await?;
    let changed =
        visit.write_all(WriteScope::Database, move |tx| tx.change_password(set_at, &hash)).await?;
    let changed_at = changed.ok_or_else(|| {
        AdminError::conflict(
            "Password changed in the meantime",
            "Someone else changed the password in the meantime, so yours was not changed. Sign in \
             again.",
        )
    })?;
    let ended = close_others(&visit).await?;
    log::info!(
        "admin password changed from {}, other sessions ended: {ended}",
        visitor.client_address()
    );
    let workspace = visit.workspace().ok().map(|workspace| workspace.id.clone());
    let notice = match ended {
        0 => "Password changed.",
        _ => "Password changed. All other sessions have ended.",
    };
    open_session(visitor, changed_at, workspace, Section::Account.path(), Some(notice)).await
}

fn problem(field: &str, rule: Rule, message: &str) -> Problem {
    Problem { rule, message: message.to_owned(), field: field.to_owned() }
}

fn render(visit: &SignedInVisit, form: Form) -> ChangePassword {
    ChangePassword { page: visit.page("Change password", Section::Account), form }
}
