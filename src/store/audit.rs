//! The audit log of a workspace: all of its events, and the actors that can have caused them.

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::list::List;
use super::rows::resource::{Listed, Table};
use super::rows::row::enum_value;
use crate::model::audit::search::{SearchText, SearchedEvent};
use crate::model::audit::{AuditEntry, AuditFilter, AuditPage};
use crate::model::event::{Actor, ActorKind, Event};
use crate::model::parse::page::{Page, PageRequest};
use crate::model::values::id::Id;
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Row, ValueRef};

/// How many events are read for one page. The log is indexed only by time, so a filter that matches
/// almost nothing would otherwise read the whole log. Another index would make every write more
/// expensive.
const SCAN_LIMIT: u32 = 50_000;
/// The maximum number of entries on a page: the size of an export's batches.
const MAX_PAGE: u32 = 1000;

impl Table for AuditEntry {
    const TABLE: &'static str = Event::TABLE;
    const LISTED_WHERE: &'static str = Event::LISTED_WHERE;
}

impl Listed for AuditEntry {
    const COLUMNS: &'static str = Event::COLUMNS;
    const EXTRA_COLUMNS: &'static str =
        ", resource, resource_id, customer_id, from_phase, to_phase";

    fn from_row(row: &Row<'_>) -> engine::Result<Self> {
        let moved = !matches!(row.get_ref("from_phase")?, ValueRef::Null);
        Ok(Self {
            event: Event::from_row(row)?,
            resource: enum_value(row, "resource")?,
            resource_id: Id::from_stored(row.get("resource_id")?),
            customer_id: row.get::<_, Option<_>>("customer_id")?.map(Id::from_stored),
            phases: if moved {
                Some((enum_value(row, "from_phase")?, enum_value(row, "to_phase")?))
            } else {
                None
            },
        })
    }

    fn created_at(&self) -> Timestamp {
        self.event.created_at
    }
}

impl WorkspaceReader<'_> {
    /// Returns a page of the events of a workspace, including those of deleted resources. A page
    /// has up to 1,000 entries, whatever the limit, and reads up to 50,000 events. If it stops
    /// there, `searched_back_to` reports how far it got.
    pub fn audit(&self, filter: &AuditFilter, page: &PageRequest) -> Result<AuditPage, StoreError> {
        self.audit_with_scan_limit(filter, page, SCAN_LIMIT)
    }

    fn audit_with_scan_limit(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
        scan_limit: u32,
    ) -> Result<AuditPage, StoreError> {
        let before = match (page.before, filter.to) {
            (Some(cursor), Some(to)) => Some(cursor.min(to)),
            (cursor, to) => cursor.or(to),
        };
        let page = PageRequest { limit: page.limit.min(MAX_PAGE), before };
        let from = filter.from.map(Timestamp::as_micros);
        let kind = filter.kind.map(<&str>::from);
        let resource = filter.resource.map(<&str>::from);
        let id = filter.resource_id.as_ref().map(Id::as_str);
        let base_list = || match id {
            Some(id) => List::with_parent(self.workspace, "resource_id", id),
            None => List::in_workspace(self.workspace),
        };

        // Only these filters are tested row by row; without them, no event is skipped.
        let skips_events =
            kind.is_some() || filter.actor.is_some() || resource.is_some() || filter.text.is_some();
        let end = if skips_events {
            let mut list = base_list();
            if let Some(from) = from {
                list.created_since(from);
            }
            list.nth_created_at::<AuditEntry>(self.conn, before, scan_limit)?
        } else {
            None
        };
        // Pass a single lower bound: given two, SQLite may pick the wrong one for the index.
        let since = end.map(Timestamp::as_micros).or(from);
        let mut list = base_list();
        if let Some(since) = since {
            list.created_since(since);
        }
        if let Some(kind) = kind {
            list.filter("type", kind);
        }
        if let Some(actor) = &filter.actor {
            list.filter("actor_id", actor.as_str());
        }
        if let Some(resource) = resource {
            list.filter("resource", resource);
        }
        let Page { data: entries, next } = match &filter.text {
            Some(text) => list.page_matching(self.conn, &page, |row| contains(row, text))?,
            None => list.page(self.conn, &page)?,
        };
        let searched_back_to = end.filter(|_| next.is_none());
        Ok(AuditPage { entries, next: next.or(end), searched_back_to })
    }

    /// Returns the actors that can have caused the events of a workspace: the admin (once for the
    /// admin pages, once for the command line), then the API keys, newest first, including revoked
    /// ones.
    pub fn actors(&self) -> Result<Vec<Actor>, StoreError> {
        let sql = "SELECT id, name FROM api_keys WHERE workspace_no = ?1 ORDER BY created_at DESC";
        let mut statement = self.conn.prepare_cached(sql)?;
        let keys = statement.query_map([self.workspace.0], |row| {
            Ok(Actor { kind: ActorKind::ApiKey, id: row.get(0)?, name: row.get(1)? })
        })?;
        let mut actors = vec![Actor::admin_page(), Actor::command_line()];
        for key in keys {
            actors.push(key?);
        }
        Ok(actors)
    }
}

/// Whether an event contains a text. Reads the row without copying it.
fn contains(row: &Row<'_>, text: &SearchText) -> engine::Result<bool> {
    Ok(text.is_in(SearchedEvent {
        actor_name: row.get_ref("actor_name")?.as_str()?,
        object: row.get_ref("object")?.as_str()?,
        previous: row.get_ref("previous")?.as_str_or_null()?,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::audit::AuditFilter;
    use crate::model::caller::Caller;
    use crate::model::event::EventType;
    use crate::model::key::checksum::ChecksumSecret;
    use crate::model::key::issued::IssuedKey;
    use crate::model::key::{Mode, NewKey, Scopes, Tier};
    use crate::model::onboarding::Phase;
    use crate::model::resource::ResourceType;
    use crate::model::values::id::Ref;
    use crate::model::values::text::Name;
    use crate::store::rows::fixture::{Db, body, time_at};

    const ALL: PageRequest = PageRequest { limit: 1000, before: None };

    fn event_types(page: &AuditPage) -> Vec<&'static str> {
        page.entries.iter().map(|entry| entry.event.kind.into()).collect()
    }

    /// Returns a page of the events that match the filter, reading up to `within` events.
    fn audit_page(db: &Db, filter: &AuditFilter, page: PageRequest, within: u32) -> AuditPage {
        db.reader().audit_with_scan_limit(filter, &page, within).unwrap()
    }

    /// A customer with an onboarding and a contact, changed at seconds 1 to 5.
    fn sample_db() -> Db {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        let onboarding = db.onboarding(2, &aurora, json!({"name": "Rollout"}));
        let ada = db.contact(3, &aurora, &json!({"name": "Ada", "email": "ada@aurora.example"}));
        let moved = body(&json!({"phase": "review"}));
        db.tx(4).update_onboarding(&Ref::Id(onboarding.id), moved).unwrap();
        let page = Caller { actor: Actor::admin_page(), ..db.caller().clone() };
        db.tx_as(5, &page).delete_contact(&Ref::Id(ada.id)).unwrap();
        db
    }

    #[test]
    fn the_log_has_all_events_newest_first() {
        let db = sample_db();
        let log = audit_page(&db, &AuditFilter::default(), ALL, 9);
        assert_eq!(
            event_types(&log),
            [
                "contact.deleted",
                "onboarding.phase_changed",
                "onboarding.updated",
                "contact.created",
                "onboarding.created",
                "customer.created"
            ]
        );
        assert!(log.next.is_none() && log.searched_back_to.is_none());
        let moved = &log.entries[1];
        assert_eq!(moved.phases, Some((Phase::BeforeGettingStarted, Phase::Review)));
        assert_eq!(moved.resource, ResourceType::Onboarding);
        assert_eq!(log.entries[2].phases, None);
        let customer = &log.entries[5];
        assert_eq!(customer.customer_id.as_ref().unwrap().as_str(), customer.resource_id.as_str());
    }

    #[test]
    fn events_of_deleted_resources_can_still_be_read() {
        let db = sample_db();
        let log = audit_page(&db, &AuditFilter::default(), ALL, 9);
        assert!(log.entries[0].event.object.get().contains("ada@aurora.example"));
    }

    #[test]
    fn every_filter_is_applied() {
        let db = sample_db();
        let types = |filter: AuditFilter| event_types(&audit_page(&db, &filter, ALL, 9));
        let none = AuditFilter::default;
        let kind = Some(EventType::OnboardingCreated);
        assert_eq!(types(AuditFilter { kind, ..none() }), ["onboarding.created"]);
        let actor = Some("page".to_owned());
        assert_eq!(types(AuditFilter { actor, ..none() }), ["contact.deleted"]);
        let resource = Some(ResourceType::Contact);
        assert_eq!(
            types(AuditFilter { resource, ..none() }),
            ["contact.deleted", "contact.created"]
        );
        let contact =
            audit_page(&db, &AuditFilter { resource, ..none() }, ALL, 9).entries.remove(0);
        let resource_id = Some(contact.resource_id);
        let of_one = AuditFilter { resource_id, ..none() };
        assert_eq!(types(of_one.clone()), ["contact.deleted", "contact.created"]);
        let actor = Some("cli".to_owned());
        assert_eq!(types(AuditFilter { actor, ..of_one }), ["contact.created"]);
        let (from, to) = (Some(time_at(2)), Some(time_at(3)));
        assert_eq!(types(AuditFilter { from, to, ..none() }), ["onboarding.created"]);
    }

    #[test]
    fn a_text_is_found_in_names_and_changed_values() {
        let db = sample_db();
        let found = |text: &str, limit, within| {
            let text = SearchText::parse(text).ok();
            let filter = AuditFilter { text, ..AuditFilter::default() };
            audit_page(&db, &filter, PageRequest { limit, before: None }, within)
        };
        assert_eq!(event_types(&found("ADA@", 9, 9)), ["contact.deleted", "contact.created"]);
        let moved = ["onboarding.phase_changed", "onboarding.updated"];
        assert_eq!(event_types(&found("review", 9, 9)), moved);
        assert_eq!(event_types(&found("%", 9, 9)), [""; 0]);
        // The search is bounded like the other filters, and continues where it stopped.
        let full = found("rollout", 2, 9);
        assert_eq!((event_types(&full), full.searched_back_to), (moved.to_vec(), None));
        assert_eq!(full.next, Some(full.entries[1].event.created_at));
        let short = found("aurora", 9, 4);
        assert_eq!(event_types(&short), ["contact.deleted", "contact.created"]);
        assert_eq!(short.searched_back_to, Some(time_at(3)));
    }

    #[test]
    fn pages_have_no_gaps_between_them() {
        let db = sample_db();
        let filter = AuditFilter { to: Some(time_at(5)), ..AuditFilter::default() };
        let (mut page, mut seen) = (PageRequest { limit: 2, before: None }, Vec::new());
        loop {
            let log = audit_page(&db, &filter, page, 9);
            assert!(log.entries.len() <= 2 && log.searched_back_to.is_none());
            seen.extend(event_types(&log));
            let Some(next) = log.next else { break };
            page.before = Some(next);
        }
        assert_eq!(seen, event_types(&audit_page(&db, &filter, ALL, 9)));
        assert_eq!(seen.len(), 5);
    }

    #[test]
    fn a_rare_event_is_found_by_continuing_from_where_the_scan_stopped() {
        let db = sample_db();
        let kind = Some(EventType::CustomerCreated);
        let filter = AuditFilter { kind, ..AuditFilter::default() };
        let first = audit_page(&db, &filter, ALL, 4);
        assert!(first.entries.is_empty());
        // The fourth event, counted from the newest.
        assert_eq!(first.searched_back_to, Some(time_at(3)));
        assert_eq!(first.next, Some(time_at(3)));
        let then = audit_page(&db, &filter, PageRequest { before: first.next, ..ALL }, 4);
        assert_eq!(event_types(&then), ["customer.created"]);
        assert!(then.next.is_none() && then.searched_back_to.is_none());
    }

    #[test]
    fn a_scan_that_reaches_the_last_event_is_not_reported_as_cut_short() {
        let db = sample_db();
        let kind = Some(EventType::ApiKeyCreated);
        let filter = AuditFilter { kind, ..AuditFilter::default() };
        let log = audit_page(&db, &filter, ALL, 6);
        assert!(log.next.is_none() && log.searched_back_to.is_none());
        // Events before the start of the range do not count.
        let span = AuditFilter { from: Some(time_at(3)), ..filter };
        let log = audit_page(&db, &span, ALL, 4);
        assert!(log.next.is_none() && log.searched_back_to.is_none());
    }

    #[test]
    fn a_full_page_is_not_reported_as_cut_short() {
        let db = sample_db();
        let resource = Some(ResourceType::Onboarding);
        let filter = AuditFilter { resource, ..AuditFilter::default() };
        let full = audit_page(&db, &filter, PageRequest { limit: 1, before: None }, 4);
        assert_eq!(event_types(&full), ["onboarding.phase_changed"]);
        assert_eq!(full.next, Some(full.entries[0].event.created_at));
        assert_eq!(full.searched_back_to, None);
        // The next page has the other entry within reach and reports how far it scanned.
        let next = audit_page(&db, &filter, PageRequest { limit: 9, before: full.next }, 2);
        assert_eq!(event_types(&next), ["onboarding.updated"]);
        assert_eq!(next.searched_back_to, Some(time_at(3)));
        let last = audit_page(&db, &filter, PageRequest { limit: 9, before: next.next }, 2);
        assert_eq!(event_types(&last), ["onboarding.created"]);
        assert_eq!(last.next, None);
    }

    #[test]
    fn each_workspace_has_its_own_log() {
        let db = sample_db();
        let all = audit_page(&db, &AuditFilter::default(), ALL, 9).entries;
        let db = db.in_another_workspace();
        assert!(audit_page(&db, &AuditFilter::default(), ALL, 9).entries.is_empty());
        let resource_id = Some(all[0].resource_id.clone());
        let of_one = AuditFilter { resource_id, ..AuditFilter::default() };
        assert!(audit_page(&db, &of_one, ALL, 9).entries.is_empty());
    }

    #[test]
    fn a_page_has_at_most_a_thousand_entries() {
        let db = Db::new();
        for second in 0..1001 {
            db.customer(second, &json!({"name": "x", "slug": format!("x-{second}")}));
        }
        let unlimited = PageRequest { limit: u32::MAX, before: None };
        let log = db.reader().audit(&AuditFilter::default(), &unlimited).unwrap();
        assert_eq!(log.entries.len(), 1000);
        assert_eq!(log.next, Some(time_at(1)));
    }

    #[test]
    fn revoked_keys_are_among_the_actors() {
        let db = sample_db();
        let make = |second: i64, name: &str| {
            let name = Name::parse(name).unwrap();
            let (tier, scopes) = (Tier::Standard, Scopes::all());
            let new =
                NewKey { name, mode: Mode::Live, tier, scopes, expires_at: None, replaces: None };
            let (issued, _) = IssuedKey::issue(new, &ChecksumSecret::from_stored([7; 32])).unwrap();
            db.global_tx(second)
                .create_key(Actor::admin_page(), &db.caller().workspace, issued)
                .unwrap()
        };
        let old = make(7, "old");
        db.global_tx(8).revoke_key(Actor::admin_page(), &old.id).unwrap();
        let new = make(9, "new");
        let actors = db.reader().actors().unwrap();
        let ids: Vec<&str> = actors.iter().map(|actor| actor.id.as_str()).collect();
        assert_eq!(ids, ["page", "cli", new.id.as_str(), old.id.as_str()]);
        assert_eq!(actors[3].name, "old");
        let db = db.in_another_workspace();
        assert_eq!(db.reader().actors().unwrap().len(), 2);
    }
}
