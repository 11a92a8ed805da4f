//! `/admin/account`: the sessions, and ending them.

use std::time::Duration;

use askama::Template;

use super::refuse_in_demo;
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::session::sessions::{ListedSession, Now};
use crate::admin::visit::SignedInVisit;
use crate::model::values::time::Timestamp;
use crate::store::{Tx, WriteScope};

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
    let is_demo = admin.service.demo().is_some();
    let password_set_at = visitor.account().map(|account| account.changed_at);
    let rows = open_sessions(&visit).await?;
    let now = admin.clock().now();
    let rows = rows.into_iter().filter(|session| session.is_current || !is_demo);
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

/// Returns the open sessions, the current one first.
pub(super) async fn open_sessions(visit: &SignedInVisit) -> Result<Vec<ListedSession>, AdminError> {
    let visitor = visit.visitor();
    let Some(account) = visitor.account() else { return Ok(Vec::new()) };
    let all = visit.read_all(|reader| reader.admin_sessions()).await?;
    let admin = visitor.admin();
    let (current, now) = (visitor.token().digest(), Now::of(admin.clock()));
    Ok(admin.sessions.list(all, &current, account.changed_at, now))
}

/// Ends all sessions but the current one, and returns how many were open.
pub(super) async fn close_others(visit: &SignedInVisit) -> Result<usize, AdminError> {
    let open = open_sessions(visit).await?;
    let current = visit.visitor().token().digest();
    let end = move |tx: &Tx<'_>| tx.end_other_sessions(&current);
    visit.write_all(WriteScope::Database, end).await?;
    Ok(open.iter().filter(|session| !session.is_current).count())
}

/// POST `/admin/account/sessions/{id}/end`
pub(in crate::admin) async fn end(visit: SignedInVisit) -> PageResult {
    refuse_in_demo(&visit)?;
    let visitor = visit.visitor();
    let id = visit.path_param("id").to_owned();
    let end = move |tx: &Tx<'_>| tx.end_session(&id);
    if visit.write_all(WriteScope::SingleRow, end).await? {
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
    let ended = close_others(&visit).await?;
    log::info!("admin ended {ended} other sessions from {}", visit.visitor().client_address());
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
