//! A key as the pages show it: how it stands beside the twin that takes its place, and when it was
//! used. For the page of the keys.

use std::collections::HashMap;

use super::words;
use crate::model::key::{Key, KeyId, Scope, Scopes};
use crate::model::key_form::{KeyFilter, KeyState};
use crate::model::time::Timestamp;
use crate::model::workspace::Workspace;

/// A key with what has to be known of others to show it.
pub(super) struct KeyRow {
    pub key: Key,
    /// The name of its workspace.
    pub workspace: String,
    /// The newest twin that takes its place and is not revoked.
    pub twin: Option<Twin>,
    /// The prefix of the key that it takes the place of.
    pub replaces: Option<String>,
    now: Timestamp,
}

/// What there is to know of a twin.
#[derive(Clone)]
pub(super) struct Twin {
    pub prefix: String,
    made: Timestamp,
    used: bool,
}

/// Rows in the order of the keys, which is newest first.
pub(super) fn rows(keys: Vec<Key>, workspaces: &[Workspace], now: Timestamp) -> Vec<KeyRow> {
    let prefix = |key: &Key| key.prefix.to_string();
    let prefixes: HashMap<KeyId, String> =
        keys.iter().map(|key| (key.id.clone(), prefix(key))).collect();
    let mut twins: HashMap<KeyId, Twin> = HashMap::new();
    for key in keys.iter().filter(|key| key.revoked_at.is_none()) {
        if let Some(old) = &key.replaces {
            let used = key.last_used_at.is_some();
            let twin = Twin { prefix: prefix(key), made: key.created_at, used };
            twins.entry(old.clone()).or_insert(twin);
        }
    }
    let row = |key: Key| {
        let own = workspaces.iter().find(|workspace| workspace.slug == key.workspace);
        KeyRow {
            workspace: own.map_or_else(|| key.workspace.to_string(), |own| own.name.to_string()),
            twin: twins.get(&key.id).cloned(),
            replaces: key.replaces.as_ref().and_then(|old| prefixes.get(old)).cloned(),
            key,
            now,
        }
    };
    keys.into_iter().map(row).collect()
}

impl KeyRow {
    pub fn is_active(&self) -> bool {
        self.key.revoked_at.is_none()
    }

    /// Whether a twin takes its place while it can still be used.
    pub fn is_replaced(&self) -> bool {
        self.is_active() && self.twin.is_some()
    }

    /// Whether a filter lets it pass.
    pub fn passes(&self, filter: &KeyFilter) -> bool {
        let of_workspace =
            filter.workspace.as_ref().is_none_or(|workspace| *workspace == self.key.workspace);
        let in_state = match filter.state {
            None => true,
            Some(KeyState::Active) => self.is_active(),
            Some(KeyState::Replaced) => self.is_replaced(),
            Some(KeyState::Revoked) => !self.is_active(),
        };
        of_workspace && in_state
    }

    /// Whether requests came with it after its twin was made.
    pub fn is_still_used(&self) -> bool {
        let used = self.key.last_used_at;
        self.twin.as_ref().is_some_and(|twin| used.is_some_and(|used| used >= twin.made))
    }

    /// Whether it can be done without, if a twin takes its place.
    pub fn standing(&self) -> Option<String> {
        let twin = self.twin.as_ref().filter(|_| self.is_active())?;
        Some(match (self.is_still_used(), self.last_used()) {
            (true, Some(used)) => {
                format!("Still in use: last used {used}, after its twin was made.")
            }
            _ if twin.used => "Not used since its twin was made: safe to revoke.".to_owned(),
            _ => "Not used since its twin was made: safe to revoke. The twin was not used yet \
                  either."
                .to_owned(),
        })
    }

    /// When and from where it was last used: `2 minutes ago from 10.0.0.7`.
    pub fn last_used(&self) -> Option<String> {
        let ago = words::relative(&self.key.last_used_at?, &self.now);
        Some(match &self.key.last_used_ip {
            Some(address) => format!("{ago} from {address}"),
            None => ago,
        })
    }

    /// What it may do.
    pub fn scopes(&self) -> String {
        may(&self.key.scopes)
    }
}

/// Scopes for people.
pub(super) fn may(scopes: &Scopes) -> String {
    if *scopes == Scopes::all() {
        return "Everything".to_owned();
    }
    let chosen = scopes_of(scopes).map(word);
    chosen.collect::<Vec<_>>().join(", ")
}

fn scopes_of(scopes: &Scopes) -> impl Iterator<Item = Scope> {
    use strum::VariantArray;
    Scope::VARIANTS.iter().copied().filter(|&scope| scopes.allow(scope))
}

/// The scopes to choose from.
pub(super) fn scopes() -> Vec<(&'static str, String)> {
    scopes_of(&Scopes::all()).map(|scope| (scope.into(), word(scope))).collect()
}

/// `read:customers` as `Read customers`.
fn word(scope: Scope) -> String {
    let name: &str = scope.into();
    let (verb, noun) = name.split_once(':').unwrap_or((name, ""));
    let verb = if verb == "read" { "Read" } else { "Write" };
    format!("{verb} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::{Mode, Tier};
    use crate::model::key_secret::Prefix;
    use crate::model::slug::Slug;
    use crate::model::text::Name;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn key(made: i64, used: Option<i64>, replaces: Option<&Key>) -> Key {
        Key {
            id: KeyId::generate(),
            prefix: Prefix::new(Mode::Live, &format!("{made:08}")),
            name: Name::parse("Sync").unwrap(),
            mode: Mode::Live,
            workspace: Slug::parse("acme").unwrap(),
            tier: Tier::Standard,
            scopes: Scopes::all(),
            created_at: at(made),
            last_used_at: used.map(at),
            last_used_ip: used.map(|_| "10.0.0.7".to_owned()),
            request_count: 1,
            revoked_at: None,
            replaces: replaces.map(|old| old.id.clone()),
        }
    }

    /// What is said of a key that was last used at some second and whose twin was made at 100.
    fn said(used: Option<i64>, twin_used: Option<i64>) -> String {
        let old = key(1, used, None);
        let twin = key(100, twin_used, Some(&old));
        rows(vec![twin, old], &[], at(320)).remove(1).standing().unwrap()
    }

    #[test]
    fn a_key_with_a_twin_says_whether_it_is_still_in_use() {
        assert_eq!(
            said(Some(200), Some(300)),
            "Still in use: last used 2 minutes ago from 10.0.0.7, after its twin was made."
        );
        let unused = "Not used since its twin was made: safe to revoke.";
        assert_eq!(said(Some(99), Some(300)), unused);
        assert_eq!(said(None, Some(300)), unused);
        assert_eq!(said(None, None), format!("{unused} The twin was not used yet either."));
    }

    #[test]
    fn a_revoked_twin_takes_no_place() {
        let old = key(1, Some(2), None);
        let mut twin = key(100, None, Some(&old));
        twin.revoked_at = Some(at(101));
        let rows = rows(vec![twin, old], &[], at(200));
        assert!(!rows[1].is_replaced() && rows[1].standing().is_none());
        assert_eq!(rows[0].replaces.as_deref(), Some("pivotal_00000001"));
        let shown = |state| {
            let filter = KeyFilter { state: Some(state), workspace: None };
            rows.iter().map(|row| row.passes(&filter)).collect::<Vec<_>>()
        };
        assert_eq!(shown(KeyState::Revoked), [true, false]);
        assert_eq!(shown(KeyState::Active), [false, true]);
        assert_eq!(shown(KeyState::Replaced), [false, false]);
    }

    #[test]
    fn scopes_have_words() {
        assert_eq!(may(&Scopes::all()), "Everything");
        let some = Scopes::of(&[Scope::ReadCustomers, Scope::WriteContacts]);
        assert_eq!(may(&some), "Read customers, Write contacts");
        assert_eq!(scopes()[0], ("read:customers", "Read customers".to_owned()));
    }
}
