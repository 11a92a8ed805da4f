//! Generates a customer's timeline: the changes that `replay` makes, and their times.
//!
//! A change contains the body that an API client would send.

use serde_json::{Value, json};

use super::companies::Company;
use super::outcomes::Outcome;
use super::people::{self, Person, people};
use super::rng::Rng;
use crate::model::customer::CustomerStatus;
use crate::model::onboarding::{Phase, State};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

pub(super) const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// The number of days since the first customers were imported.
pub(super) const FIRST_IMPORT: i64 = 90;

/// A change and its time.
pub(super) struct TimedChange {
    pub at: Timestamp,
    /// The number of the customer whose timeline it belongs to.
    pub timeline: usize,
    pub change: Change,
}

/// A change of a resource. Contacts and onboardings are numbered within a timeline, in the order of
/// their creation.
pub(super) enum Change {
    CreateCustomer(Value),
    UpdateCustomer(Value),
    DeleteCustomer,
    CreateContact(Value),
    UpdateContact(usize, Value),
    DeleteContact(usize),
    CreateOnboarding(Value),
    UpdateOnboarding(usize, Value),
    DeleteOnboarding(usize),
}

impl Change {
    /// Returns whether it changes an onboarding, rather than the customer or a contact.
    pub fn is_onboarding_change(&self) -> bool {
        matches!(
            self,
            Self::CreateOnboarding(_) | Self::UpdateOnboarding(..) | Self::DeleteOnboarding(_)
        )
    }
}

/// A plan: its name, its monthly price in cents, and the range of monthly orders of shops that use
/// it.
type Plan = (&'static str, i64, (i64, i64));

const PLANS: [Plan; 4] = [
    ("Starter", 9_900, (80, 600)),
    ("Growth", 34_900, (600, 4_000)),
    ("Scale", 129_000, (4_000, 25_000)),
    ("Enterprise", 390_000, (25_000, 140_000)),
];

/// A field for a team member's ID, and the candidates for it.
type Role = (&'static str, &'static [&'static str]);

/// The phases after the first, in order, with the role that joins the team in each.
const PHASES: [(Phase, Option<Role>); 6] = [
    (Phase::ProgramDesign, Some(("designer_id", &people::DESIGNERS))),
    (Phase::Review, None),
    (Phase::ProgramBuildout, Some(("se_id", &people::ENGINEERS))),
    (Phase::InternalQa, Some(("product_ops_id", &people::PRODUCT_OPS))),
    (Phase::Launch, None),
    (Phase::Completed, None),
];

const PROGRAMS: [&str; 5] =
    ["Loyalty program", "Returns portal", "Subscriptions", "Store launch", "Referral program"];
const TAGS: [&str; 5] = ["priority", "migration", "multi-currency", "reference", "seasonal"];

const WAITING: [&str; 4] = [
    "Waiting for the product feed.",
    "The customer's lawyers are reviewing the data processing agreement.",
    "Waiting for access to the customer's shop.",
    "The customer still has to decide on the tiers.",
];
const PAUSED: [&str; 2] =
    ["On hold until the customer's sale is over.", "On hold until the new shop is live."];
const AT_RISK: [&str; 3] = [
    "No reply from the customer for a week.",
    "The customer doubts that we can meet the launch date.",
    "Our contact has left, and we don't know who decides now.",
];

/// A timeline while it is being generated, in chronological order.
struct Timeline<'r> {
    rng: &'r mut Rng,
    /// The start of the current day. Everything happens before it.
    today: Timestamp,
    number: usize,
    company: Company,
    domain: String,
    /// They become contacts in this order.
    people: Vec<Person>,
    changes: Vec<TimedChange>,
    contacts: usize,
    onboardings: usize,
}

/// Generates the timeline of a customer, oldest change first.
pub(super) fn customer_timeline(
    rng: &mut Rng,
    today: Timestamp,
    number: usize,
    company: Company,
    outcome: Outcome,
) -> Vec<TimedChange> {
    let phase_count =
        PHASES.iter().position(|(phase, _)| *phase == outcome.phase).map_or(0, |at| at + 1);
    let days: Vec<i64> = (0..phase_count).map(|_| rng.between(3, 8)).collect();
    let duration: i64 = days.iter().sum();
    let done = outcome.phase == Phase::Completed;
    let since = if done { rng.between(14, FIRST_IMPORT - 4 - duration) } else { rng.between(4, 8) };
    let opened = since + duration;
    let imported = number == 0 || done && rng.chance(50);
    let created = if imported { FIRST_IMPORT } else { opened + rng.between(1, 3) };

    let mut timeline = Timeline::new(rng, today, number, company);
    timeline.create_customer(created);
    let overdue = outcome.state == State::AtRisk;
    let target = match (done, overdue) {
        (true, _) => since + timeline.rng.between(-4, 6),
        (false, true) => timeline.rng.between(1, since),
        (false, false) => -timeline.rng.between(6, 45),
    };
    timeline.add_staff(opened);
    let onboarding = timeline.open_onboarding(opened, target);
    if number % 13 == 7 {
        timeline.open_by_mistake(opened, target);
    }
    let mut ago = opened;
    for ((phase, joins), days) in PHASES.into_iter().zip(days) {
        timeline.maybe_stall(onboarding, ago, days);
        ago -= days;
        if phase == Phase::ProgramDesign {
            let channel = timeline.rng.id("C0", b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 9);
            let body = json!({ "slack_channel_id": channel });
            timeline.push(ago, Change::UpdateCustomer(body));
        }
        timeline.enter_phase(onboarding, ago, phase, joins);
    }
    timeline.finish(onboarding, since, outcome);
    timeline.changes
}

/// Generates the timeline of a customer that was created twice by mistake: it is deleted on the
/// same day.
pub(super) fn duplicate_timeline(
    rng: &mut Rng,
    today: Timestamp,
    number: usize,
    company: Company,
) -> Vec<TimedChange> {
    let ago = rng.between(30, 60);
    let mut timeline = Timeline::new(rng, today, number, company);
    timeline.create_customer(ago);
    timeline.push(ago, Change::DeleteCustomer);
    timeline.changes
}

impl<'r> Timeline<'r> {
    fn new(rng: &'r mut Rng, today: Timestamp, number: usize, company: Company) -> Self {
        let domain = format!("{}.example", Slug::from_name(company.name));
        let people = people(rng, &domain);
        let (changes, contacts, onboardings) = (Vec::new(), 0, 0);
        Self { rng, today, number, company, domain, people, changes, contacts, onboardings }
    }

    /// Adds a change `ago` days before today, during working hours and after the previous change.
    fn push(&mut self, ago: i64, change: Change) {
        let hour = self.rng.between(8 * HOUR, 17 * HOUR);
        let pause = self.rng.between(2 * MINUTE, 20 * MINUTE);
        let earliest = self.changes.last().map(|last| last.at.plus_millis(pause));
        let at = self.today.plus_millis(hour - ago * DAY);
        let at = earliest.map_or(at, |earliest| at.max(earliest));
        self.changes.push(TimedChange { at, timeline: self.number, change });
    }

    /// Creates the customer, with a decision-maker as its first contact.
    fn create_customer(&mut self, ago: i64) {
        let rng = &mut *self.rng;
        let (plan, mrr, (few, many)) = rng.pick(&PLANS);
        let mut body = json!({
            "name": self.company.name,
            "domain": self.domain,
            "plan": plan,
            "mrr": mrr,
            "monthly_orders": rng.between(few, many),
            "hubspot_company_id": rng.id("", b"0123456789", 11),
            "hubspot_deal_id": rng.id("", b"0123456789", 11),
            "stripe_customer_id":
                rng.id("cus_", b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 14),
            "metadata": { "sells": self.company.sells, "country": self.company.country },
        });
        if rng.chance(40) {
            body["tags"] = json!([rng.pick(&TAGS)]);
        }
        self.push(ago, Change::CreateCustomer(body));
        let title = self.rng.pick(&people::LEADS);
        self.add_contact(ago, title, true);
    }

    /// Makes the next person a contact.
    fn add_contact(&mut self, ago: i64, title: &str, is_primary: bool) -> usize {
        let contact = self.contacts;
        let label = if is_primary { "decision-maker" } else { self.rng.pick(&people::LABELS) };
        let body = json!({
            "name": self.people[contact].name,
            "email": self.people[contact].email,
            "title": title,
            "is_primary": is_primary,
            "labels": [label],
        });
        self.push(ago, Change::CreateContact(body));
        self.contacts += 1;
        contact
    }

    /// Opens an onboarding. `target` is the planned launch in days before today.
    fn open_onboarding(&mut self, ago: i64, target: i64) -> usize {
        let body = json!({
            "name": self.rng.pick(&PROGRAMS),
            "template_id": self.rng.pick(&["tpl_standard", "tpl_migration"]),
            "target_launch_date": self.today.plus_millis(-target * DAY).to_string(),
            "csm_id": self.rng.pick(&people::CSMS),
            "reminder_frequency_days": self.rng.pick(&[1, 3, 7]),
        });
        self.push(ago, Change::CreateOnboarding(body));
        self.onboardings += 1;
        self.onboardings - 1
    }

    /// Opens a second onboarding by mistake and deletes it.
    fn open_by_mistake(&mut self, ago: i64, target: i64) {
        let second = self.open_onboarding(ago, target);
        self.push(ago, Change::DeleteOnboarding(second));
    }

    /// Adds up to three more contacts.
    fn add_staff(&mut self, ago: i64) {
        for _ in 0..self.rng.between(0, 3) {
            let title = self.rng.pick(&people::STAFF);
            self.add_contact(ago, title, false);
        }
    }

    /// Moves the onboarding to a phase, in which a role may join the team.
    fn enter_phase(&mut self, onboarding: usize, ago: i64, phase: Phase, joins: Option<Role>) {
        let mut body = json!({ "phase": phase });
        if let Some((role, candidates)) = joins {
            body[role] = json!(self.rng.pick(candidates));
        }
        self.push(ago, Change::UpdateOnboarding(onboarding, body));
    }

    /// Makes some longer phases stall for a while before they end.
    fn maybe_stall(&mut self, onboarding: usize, ago: i64, days: i64) {
        if days < 5 || !self.rng.chance(40) {
            return;
        }
        let state = self.rng.pick(&[State::Waiting, State::Waiting, State::Paused, State::AtRisk]);
        self.stall(onboarding, ago - 1, state);
        let back = json!({ "state": State::Active, "notes": null });
        let until = ago - self.rng.between(2, 4);
        self.push(until, Change::UpdateOnboarding(onboarding, back));
    }

    /// Changes the onboarding's state to one that isn't active, with a note that explains why.
    fn stall(&mut self, onboarding: usize, ago: i64, state: State) {
        let notes = match state {
            State::Active => return,
            State::Waiting => self.rng.pick(&WAITING),
            State::Paused => self.rng.pick(&PAUSED),
            State::AtRisk => self.rng.pick(&AT_RISK),
        };
        let body = json!({ "state": state, "notes": notes });
        self.push(ago, Change::UpdateOnboarding(onboarding, body));
    }

    /// Changes some contacts: new titles, a new primary contact, a contact that is soon deleted.
    fn change_contacts(&mut self, ago: i64) {
        if self.rng.chance(25) {
            let title = self.rng.pick(&people::LEADS);
            self.push(ago, Change::UpdateContact(0, json!({ "title": title })));
        }
        if self.contacts > 1 && self.rng.chance(20) {
            self.push(ago, Change::UpdateContact(1, json!({ "is_primary": true })));
        }
        if self.number.is_multiple_of(5) {
            let title = self.rng.pick(&people::STAFF);
            let short_lived = self.add_contact(ago, title, false);
            self.push(ago - 2, Change::DeleteContact(short_lived));
        }
    }

    /// Adds what happened since the last phase began, `since` days before today.
    fn finish(&mut self, onboarding: usize, since: i64, outcome: Outcome) {
        let status = |status: CustomerStatus| Change::UpdateCustomer(json!({ "status": status }));
        if outcome.phase == Phase::Completed {
            self.push(since, status(CustomerStatus::Active));
        }
        self.change_contacts(since);
        self.stall(onboarding, since - 2, outcome.state);
        match outcome.status {
            CustomerStatus::Onboarding => {}
            CustomerStatus::Active => self.expand(since - 2),
            CustomerStatus::AtRisk | CustomerStatus::Archived => {
                self.push(since - 2, status(outcome.status));
            }
            CustomerStatus::Churned => {
                self.push(since - 2, status(CustomerStatus::AtRisk));
                let left = json!({ "status": CustomerStatus::Churned, "mrr": 0 });
                self.push(since - 3, Change::UpdateCustomer(left));
            }
        }
    }

    /// Upgrades some active customers, and opens another onboarding for some.
    fn expand(&mut self, ago: i64) {
        let (plan, mrr, (few, many)) = self.rng.pick(&PLANS[1..]);
        if self.rng.chance(30) {
            let orders = self.rng.between(few, many);
            let body = json!({ "plan": plan, "mrr": mrr, "monthly_orders": orders });
            self.push(ago, Change::UpdateCustomer(body));
        }
        if self.number.is_multiple_of(4) {
            let onboarding = self.open_onboarding(ago, -30);
            let [(phase, joins), ..] = PHASES;
            self.enter_phase(onboarding, ago - 4, phase, joins);
        }
    }
}
