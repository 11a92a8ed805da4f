//! `/admin/account`: the sessions, and ending them.

use std::time::Duration;

use askama::Template;

use super::refuse_in_demo;
use crate::admin::display;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::session::sessions::ListedSession;
use crate::admin::visit::SignedInVisit;
use crate::model::values::time::Timestamp;

#[derive(Template)]
#[template(path = "admin/account/show.html")]
struct Account {
    page: Page,
    rows: Vec<Row>,
    password_set_at: Option<Timestamp>,
    /// All visitors of a demo share the account.
    is_demo: bool,
    idle_timeout: String,
    now: Timestamp,
}

struct Row {
    session: ListedSession,
    last_used_at: Timestamp,
}

/// GET `/admin/account`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let visitor = visit.visitor();
    let admin = visitor.admin();
    let (now, monotonic) = (admin.clock().now(), admin.clock().monotonic());
    let is_demo = admin.service.demo().is_some();
    let password_set_at = visitor.account().map(|account| account.changed_at);
    let sessions =
        password_set_at.map(|set_at| admin.sessions.list(visitor.token(), set_at, monotonic));
    let rows = sessions.into_iter().flatten().filter(|session| session.is_current || !is_demo);
    let row = |session: ListedSession| Row {
        last_used_at: now.plus_millis(-millis(session.idle)),
        session,
    };
    page::html(&Account {
        page: visit.page("Account", Section::Account),
        rows: rows.map(row).collect(),
        password_set_at,
        is_demo,
        idle_timeout: minutes(admin.service.settings.admin.idle_timeout),
        now,
    })
}

/// POST `/admin/account/sessions/{id}/end`
pub(in crate::admin) async fn end(visit: SignedInVisit) -> PageResult {
    refuse_in_demo(&visit)?;
    let visitor = visit.visitor();
    if visitor.admin().sessions.end(visit.path_param("id")) {
        log::info!("admin ended a session from {}", visitor.client_address());
        visit.set_flash("Session ended.");
    } else {
        visit.set_flash("This session has already ended.");
    }
    Ok(see_other(Section::Account.path()))
}

/// POST `/admin/account/sessions/end-others`
pub(in crate::admin) async fn end_others(visit: SignedInVisit) -> PageResult {
    refuse_in_demo(&visit)?;
    let visitor = visit.visitor();
    let admin = visitor.admin();
    let ended = admin.sessions.end_others(visitor.token(), admin.clock().monotonic());
    log::info!("admin ended {ended} other sessions from {}", visitor.client_address());
    visit.set_flash(match ended {
        0 => "There were no other sessions.".to_owned(),
        ended => format!("Ended {}.", display::count(i64::try_from(ended).unwrap_or(0), "session")),
    });
    Ok(see_other(Section::Account.path()))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(0)
}

fn minutes(duration: Duration) -> String {
    display::count(millis(duration) / 60_000, "minute")
}
