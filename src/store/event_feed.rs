//! Reads the event feed of a workspace, in both directions.
//!
//! Events are committed in the order of `created_at`, even if the clock is set back: there is a
//! single writer, and `rows/sequences.rs` gives each event of a workspace a later time than the one
//! before. So a client that continues after the last event it has seen can't miss one that is
//! committed later. `rows/backfill.rs` writes earlier times, but only before a workspace has its
//! first event in the feed.

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::resource::{Listed, Table};
use crate::model::event::{Event, EventType, ReadableTypes};
use crate::model::event_feed::{After, EventFeedPage, EventFeedQuery, Position, Walk, is_in_feed};
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, OptionalExtension, Row, params};

/// The most events that are examined for one page. Without a limit, a filter that few events match
/// would read the whole table, and an index by type would make every change more expensive.
const EXAMINED: u32 = 10_000;

/// The statements of the two directions. They read only short columns at the start of the row, so that
/// an event that doesn't match is cheap.
const OLDER: &str = "SELECT id, created_at, type FROM events
                     WHERE workspace_no = ?1 AND created_at < ?2
                     ORDER BY created_at DESC LIMIT ?3";
const NEWER: &str = "SELECT id, created_at, type FROM events
                     WHERE workspace_no = ?1 AND created_at > ?2
                     ORDER BY created_at LIMIT ?3";

struct Match {
    id: String,
    created_at: Timestamp,
}

/// What was found for one page.
#[derive(Default)]
struct Scan {
    matches: Vec<Match>,
    /// The time of the last event that was examined.
    last: Option<Timestamp>,
    /// The ID of the last one that was examined and has a type that the feed shows.
    last_in_feed: Option<String>,
    end: End,
}

/// Why a scan ended.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum End {
    /// There are no more events.
    #[default]
    NoMore,
    /// Another event matches, but the page is full.
    Full,
    /// The limit of examined events was reached. There are more, and some may match.
    Examined,
}

impl WorkspaceReader<'_> {
    /// Reads a page of the feed, with the events of the resources that the key can read.
    ///
    /// # Errors
    /// [`StoreError::UnknownEvent`] if `after` is the ID of an event that isn't in the feed.
    pub fn event_feed(
        &self,
        query: &EventFeedQuery,
        readable: ReadableTypes,
    ) -> Result<EventFeedPage, StoreError> {
        self.event_feed_within(query, readable, EXAMINED)
    }

    fn event_feed_within(
        &self,
        query: &EventFeedQuery,
        readable: ReadableTypes,
        examined: u32,
    ) -> Result<EventFeedPage, StoreError> {
        let types = query.types_for(readable);
        let limit = query.limit as usize;
        let scan = |sql, from| self.scan(sql, from, &types, limit, examined);
        let (found, next) = match &query.walk {
            Walk::Backward { before } => {
                let found = scan(OLDER, before.map_or(i64::MAX, Timestamp::as_micros))?;
                let next = match found.end {
                    End::NoMore => None,
                    End::Full => found.matches.last().map(|event| event.created_at),
                    End::Examined => found.last,
                };
                (found, next.map(Timestamp::to_cursor))
            }
            Walk::Forward(after) => {
                let found = scan(NEWER, self.position(after)?.as_micros())?;
                let next = found.next_after(after);
                (found, Some(next))
            }
        };
        let mut events = Vec::with_capacity(found.matches.len());
        for event in &found.matches {
            events.extend(self.event(&event.id)?);
        }
        Ok(EventFeedPage { events, has_more: found.end != End::NoMore, next })
    }

    /// Examines events until the page is full, the limit is reached, or there are no more.
    fn scan(
        &self,
        sql: &str,
        from: i64,
        types: &[EventType],
        limit: usize,
        examined: u32,
    ) -> Result<Scan, StoreError> {
        let mut scan = Scan::default();
        let mut statement = self.conn.prepare_cached(sql)?;
        let (mut from, mut count) = (from, 0);
        // PostgreSQL sends all rows of a batch. Without a filter, the first one fills the page.
        let mut batch = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1);
        loop {
            let asked = batch.min(examined - count + 1);
            let mut rows = statement.query(params![self.workspace.0, from, asked])?;
            let mut found = 0;
            while let Some(row) = rows.next()? {
                found += 1;
                let kind = feed_type(&row, 2)?;
                let is_match = kind.is_some_and(|kind| types.contains(&kind));
                if is_match && scan.matches.len() == limit {
                    scan.end = End::Full;
                    return Ok(scan);
                }
                if count == examined {
                    scan.end = End::Examined;
                    return Ok(scan);
                }
                count += 1;
                from = row.get(1)?;
                let created_at = Timestamp::from_micros(from);
                scan.last = Some(created_at);
                if kind.is_some() {
                    let id: String = row.get(0)?;
                    if is_match {
                        scan.matches.push(Match { id: id.clone(), created_at });
                    }
                    scan.last_in_feed = Some(id);
                }
            }
            if found < asked {
                return Ok(scan);
            }
            batch = batch.saturating_mul(4);
        }
    }

    /// The time after which to read forward.
    fn position(&self, after: &After) -> Result<Timestamp, StoreError> {
        if let Position::Time(time) = after.position {
            return Ok(time);
        }
        let sql = "SELECT created_at, type FROM events WHERE id = ?1 AND +workspace_no = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement.query_row(params![after.given, self.workspace.0], |row| {
            Ok((Timestamp::from_micros(row.get(0)?), feed_type(row, 1)?.is_some()))
        });
        match found.optional()? {
            Some((created_at, true)) => Ok(created_at),
            _ => Err(StoreError::UnknownEvent),
        }
    }

    /// Reads an event. None if it was purged after the scan.
    fn event(&self, id: &str) -> Result<Option<Event>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE id = ?1 AND +workspace_no = ?2",
            Event::COLUMNS,
            Event::TABLE
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_row(params![id, self.workspace.0], Event::from_row).optional()?)
    }
}

/// Reads a type. None if the feed doesn't show it, which includes types that this version doesn't
/// know.
fn feed_type(row: &Row<'_>, column: usize) -> engine::Result<Option<EventType>> {
    let kind = row.get_ref(column)?.as_str()?.parse().ok();
    Ok(kind.filter(|&kind| is_in_feed(kind)))
}

impl Scan {
    /// The `after` of the next page.
    fn next_after(&self, after: &After) -> String {
        let last_match = self.matches.last().map(|event| event.id.clone());
        let next = match self.end {
            End::Full => last_match,
            End::NoMore => self.last_in_feed.clone(),
            // If the feed shows none of these events, there is no ID that `after` accepts.
            End::Examined => {
                self.last_in_feed.clone().or_else(|| self.last.map(Timestamp::to_cursor))
            }
        };
        next.unwrap_or_else(|| after.given.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::event::Actor;
    use crate::model::key::checksum::ChecksumSecret;
    use crate::model::key::issued::IssuedKey;
    use crate::model::key::{Mode, NewKey, Scope, Scopes, Tier};
    use crate::model::parse::params::Params;
    use crate::model::values::id::Ref;
    use crate::model::values::text::Name;
    use crate::store::rows::fixture::{Db, body, time_at};

    fn query(pairs: &[(&str, &str)]) -> EventFeedQuery {
        Params::parse(pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect()).unwrap()
    }

    fn read(db: &Db, pairs: &[(&str, &str)]) -> EventFeedPage {
        db.reader().event_feed(&query(pairs), ReadableTypes::ALL).unwrap()
    }

    fn kinds(page: &EventFeedPage) -> Vec<&'static str> {
        page.events.iter().map(|event| event.kind.into()).collect()
    }

    /// Walks to the end with one of the two parameters, examining so many events for each page.
    fn walk(
        db: &Db,
        (parameter, start): (&str, Option<&str>),
        filter: &[(&str, &str)],
        examined: u32,
    ) -> (Vec<String>, usize, Option<String>) {
        let (mut ids, mut pages) = (Vec::new(), 0);
        let mut next = start.map(str::to_owned);
        loop {
            let mut pairs = filter.to_vec();
            pairs.extend(next.as_deref().map(|next| (parameter, next)));
            let page = db
                .reader()
                .event_feed_within(&query(&pairs), ReadableTypes::ALL, examined)
                .unwrap();
            ids.extend(page.events.into_iter().map(|event| event.id));
            pages += 1;
            next = page.next;
            if !page.has_more {
                return (ids, pages, next);
            }
        }
    }

    fn make_key(db: &Db, second: i64) {
        let (name, tier) = (Name::parse("key").unwrap(), Tier::Standard);
        let (mode, scopes) = (Mode::Live, Scopes::all());
        let new = NewKey { name, mode, tier, scopes, expires_at: None, replaces: None };
        let (issued, _) = IssuedKey::issue(new, &ChecksumSecret::from_stored([7; 32])).unwrap();
        let workspace = &db.caller().workspace;
        db.global_tx(second).create_key(Actor::admin_page(), workspace, issued).unwrap();
    }

    /// Customer, key, onboarding, contact, key, key, and an onboarding's move of two events.
    fn story() -> Db {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        make_key(&db, 2);
        let onboarding = db.onboarding(3, &aurora, json!({"name": "Rollout"}));
        db.contact(4, &aurora, &json!({"name": "Ada", "email": "ada@aurora.example"}));
        make_key(&db, 5);
        make_key(&db, 6);
        let moved = body(&json!({"phase": "review"}));
        db.tx(7).update_onboarding(&Ref::Id(onboarding.id), moved).unwrap();
        db
    }

    const FORWARD: [&str; 5] = [
        "customer.created",
        "onboarding.created",
        "contact.created",
        "onboarding.updated",
        "onboarding.phase_changed",
    ];

    #[test]
    fn both_walks_show_every_event_but_those_of_keys() {
        let db = story();
        let forward = read(&db, &[("after", "2000-01-01")]);
        assert_eq!(kinds(&forward), FORWARD);
        assert_eq!(forward.next.as_ref(), Some(&forward.events[4].id));
        let mut backward = read(&db, &[]);
        assert_eq!((backward.has_more, backward.next.take()), (false, None));
        backward.events.reverse();
        assert_eq!(kinds(&backward), FORWARD);
    }

    #[test]
    fn every_page_size_and_every_bound_gives_the_same_walk() {
        let db = story();
        let all: Vec<String> =
            read(&db, &[("after", "2000-01-01")]).events.into_iter().map(|one| one.id).collect();
        for limit in ["1", "2", "3", "5", "100"] {
            for examined in 1..10 {
                let filter = [("limit", limit)];
                let (found, _, next) = walk(&db, ("after", Some("2000-01-01")), &filter, examined);
                assert_eq!(found, all, "{limit} {examined}");
                assert_eq!(next.as_deref(), all.last().map(String::as_str));
                let (mut found, _, next) = walk(&db, ("cursor", None), &filter, examined);
                found.reverse();
                assert_eq!((found, next), (all.clone(), None), "{limit} {examined}");
            }
        }
    }

    #[test]
    fn a_filter_that_matches_nothing_still_moves_on() {
        let db = story();
        let filter = [("type", "customer.churned")];
        let newest = read(&db, &[("limit", "1")]).events.remove(0).id;
        // The two keys after the contact are examined twice: a page goes on from the last event that
        // can be named.
        let (found, pages, next) = walk(&db, ("after", Some("2000-01-01")), &filter, 3);
        assert_eq!((found.len(), pages, next.as_ref()), (0, 4, Some(&newest)));
        let (found, pages, next) = walk(&db, ("cursor", None), &filter, 3);
        assert_eq!((found.len(), pages, next), (0, 3, None));
        // The same for a key that may not read what there is.
        let query = query(&[("type", "contact.*"), ("after", "2000-01-01")]);
        let readable = ReadableTypes::from_scopes(&Scopes::new_or_all(&[Scope::ReadCustomers]));
        let page = db.reader().event_feed(&query, readable).unwrap();
        assert_eq!((page.events.len(), page.has_more, page.next), (0, false, Some(newest)));
    }

    #[test]
    fn events_without_an_id_that_can_be_named_are_passed_by_their_times() {
        let db = Db::new();
        for second in 1..=5 {
            make_key(&db, second);
        }
        let reader = db.reader();
        let start = query(&[("after", "2000-01-01")]);
        let page = reader.event_feed_within(&start, ReadableTypes::ALL, 2).unwrap();
        assert_eq!((page.events.len(), page.has_more), (0, true));
        assert_eq!(page.next, Some(time_at(2).to_cursor()));
        let (_, pages, next) = walk(&db, ("after", Some("2000-01-01")), &[], 2);
        assert_eq!((pages, next), (3, Some(time_at(4).to_cursor())));
    }

    #[test]
    fn what_was_given_comes_back_when_there_is_nothing_newer() {
        let db = story();
        let newest = read(&db, &[("limit", "1")]).events.remove(0).id;
        for after in [newest.as_str(), "2026-01-01T07:00:09+07:00", "2999-01-01"] {
            let page = read(&db, &[("after", after)]);
            let expected = (0, false, Some(after.to_owned()));
            assert_eq!((page.events.len(), page.has_more, page.next), expected);
        }
    }

    #[test]
    fn a_time_is_exact_to_the_microsecond() {
        let db = story();
        let all = read(&db, &[("after", "2000-01-01")]).events;
        for (number, event) in all.iter().enumerate() {
            let time = event.created_at.to_cursor();
            assert_eq!(kinds(&read(&db, &[("after", &time)])), FORWARD[number + 1..]);
            let before = Timestamp::from_micros(event.created_at.as_micros() - 1).to_cursor();
            assert_eq!(kinds(&read(&db, &[("after", &before)])), FORWARD[number..]);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_hides_no_event() {
        let db = Db::new();
        db.customer(1000, &json!({"name": "Aurora"}));
        let seen = read(&db, &[("after", "2000-01-01")]).next.unwrap();
        db.customer(5, &json!({"name": "Borealis"}));
        db.customer(900, &json!({"name": "Cirrus"}));
        let newer = read(&db, &[("after", &seen)]);
        let texts: Vec<&str> = newer.events.iter().map(|event| event.object.get()).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].contains("Borealis") && texts[1].contains("Cirrus"));
    }

    #[test]
    fn only_an_event_in_the_feed_of_the_workspace_is_a_position() {
        let db = story();
        let reader = db.reader();
        let id = |sql: &str| -> String { db.conn().query_row(sql, [], |row| row.get(0)).unwrap() };
        let key = id("SELECT id FROM events WHERE type = 'api_key.created'");
        let purged = id("SELECT id FROM events WHERE type = 'contact.created'");
        db.conn().execute_batch("DROP TRIGGER events_are_not_deleted").unwrap();
        db.conn().execute("DELETE FROM events WHERE id = ?1", [&purged]).unwrap();
        let never = crate::model::event::new_event_id();
        for after in [&key, &purged, &never] {
            let found = reader.event_feed(&query(&[("after", after)]), ReadableTypes::ALL);
            assert!(matches!(found, Err(StoreError::UnknownEvent)), "{after}");
        }
        // What a purge leaves is walked as before.
        let (ids, _, _) = walk(&db, ("after", Some("2000-01-01")), &[("limit", "1")], 2);
        assert_eq!(ids.len(), FORWARD.len() - 1);
        let first = ids[0].clone();
        let elsewhere = db.in_another_workspace();
        let found = elsewhere.reader().event_feed(&query(&[("after", &first)]), ReadableTypes::ALL);
        assert!(matches!(found, Err(StoreError::UnknownEvent)));
        assert!(read(&elsewhere, &[]).events.is_empty());
    }
}
