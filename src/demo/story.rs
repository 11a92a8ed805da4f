//! What happens to a customer, and when: the script that `stage` plays.
//!
//! Changes are the bodies that a client of the API would send.

use serde_json::{Value, json};

use super::companies::Company;
use super::dice::Dice;
use super::people::{self, Person, people};
use super::plot::Ending;
use crate::model::customer::CustomerStatus;
use crate::model::onboarding::{Phase, State};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

pub(super) const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// How many days ago the first customers were imported.
pub(super) const FIRST: i64 = 90;

/// A change at its moment.
pub(super) struct Act {
    pub at: Timestamp,
    /// Whose story it belongs to.
    pub story: usize,
    pub change: Change,
}

/// What is changed. Contacts and onboardings are numbered within their story, in the order of
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
    /// Whether it concerns an onboarding, and not the customer or its contacts.
    pub fn is_of_onboarding(&self) -> bool {
        matches!(
            self,
            Self::CreateOnboarding(_) | Self::UpdateOnboarding(..) | Self::DeleteOnboarding(_)
        )
    }
}

/// A plan with its monthly price in cents, and the orders of the shops that choose it.
type Plan = (&'static str, i64, (i64, i64));

const PLANS: [Plan; 4] = [
    ("Starter", 9_900, (80, 600)),
    ("Growth", 34_900, (600, 4_000)),
    ("Scale", 129_000, (4_000, 25_000)),
    ("Enterprise", 390_000, (25_000, 140_000)),
];

/// The property that names somebody of the team, and who can be named.
type Role = (&'static str, &'static [&'static str]);

/// The phases after the first, in their order, with who joins the team in each.
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
    "The customer sends the product feed.",
    "The customer's lawyers read the data processing agreement.",
    "We need access to the customer's shop.",
    "The customer decides on the tiers.",
];
const PAUSED: [&str; 2] =
    ["On hold until the customer's sale is over.", "On hold until the new shop is live."];
const AT_RISK: [&str; 3] = [
    "Nobody has answered for a week.",
    "The customer doubts that the date can be kept.",
    "Our contact has left; who decides now?",
];

/// A story while it is told, forwards in time.
struct Story<'s> {
    dice: &'s mut Dice,
    /// The beginning of the day on which it is told; everything happens before it.
    today: Timestamp,
    number: usize,
    company: Company,
    domain: String,
    /// Those whom the story has met are its contacts, in this order.
    people: Vec<Person>,
    acts: Vec<Act>,
    contacts: usize,
    onboardings: usize,
}

/// The whole story of a customer, oldest act first.
pub(super) fn tell(
    dice: &mut Dice,
    today: Timestamp,
    number: usize,
    company: Company,
    ending: Ending,
) -> Vec<Act> {
    let moves = PHASES.iter().position(|(phase, _)| *phase == ending.phase).map_or(0, |at| at + 1);
    let days: Vec<i64> = (0..moves).map(|_| dice.between(3, 8)).collect();
    let took: i64 = days.iter().sum();
    let done = ending.phase == Phase::Completed;
    let since = if done { dice.between(14, FIRST - 4 - took) } else { dice.between(4, 8) };
    let opened = since + took;
    let imported = number == 0 || done && dice.chance(50);
    let met = if imported { FIRST } else { opened + dice.between(1, 3) };

    let mut story = Story::new(dice, today, number, company);
    story.meet(met);
    let overdue = ending.state == State::AtRisk;
    let target = match (done, overdue) {
        (true, _) => since + story.dice.between(-4, 6),
        (false, true) => story.dice.between(1, since),
        (false, false) => -story.dice.between(6, 45),
    };
    story.widen(opened);
    let onboarding = story.open(opened, target);
    if number % 13 == 7 {
        story.open_by_mistake(opened, target);
    }
    let mut ago = opened;
    for ((phase, joins), days) in PHASES.into_iter().zip(days) {
        story.stumble(onboarding, ago, days);
        ago -= days;
        if phase == Phase::ProgramDesign {
            let channel = story.dice.id("C0", b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 9);
            let body = json!({ "slack_channel_id": channel });
            story.on(ago, Change::UpdateCustomer(body));
        }
        story.enter(onboarding, ago, phase, joins);
    }
    story.conclude(onboarding, since, ending);
    story.acts
}

/// The short story of a customer that was created a second time by mistake.
pub(super) fn tell_duplicate(
    dice: &mut Dice,
    today: Timestamp,
    number: usize,
    company: Company,
) -> Vec<Act> {
    let ago = dice.between(30, 60);
    let mut story = Story::new(dice, today, number, company);
    story.meet(ago);
    story.on(ago, Change::DeleteCustomer);
    story.acts
}

impl<'s> Story<'s> {
    fn new(dice: &'s mut Dice, today: Timestamp, number: usize, company: Company) -> Self {
        let domain = format!("{}.example", Slug::from_name(company.name));
        let people = people(dice, &domain);
        let (acts, contacts, onboardings) = (Vec::new(), 0, 0);
        Self { dice, today, number, company, domain, people, acts, contacts, onboardings }
    }

    /// A change so many days before today: in working hours, and after the one before it.
    fn on(&mut self, ago: i64, change: Change) {
        let hour = self.dice.between(8 * HOUR, 17 * HOUR);
        let pause = self.dice.between(2 * MINUTE, 20 * MINUTE);
        let earliest = self.acts.last().map(|act| act.at.plus_millis(pause));
        let at = self.today.plus_millis(hour - ago * DAY);
        let at = earliest.map_or(at, |earliest| at.max(earliest));
        self.acts.push(Act { at, story: self.number, change });
    }

    /// The customer arrives with the person who decides.
    fn meet(&mut self, ago: i64) {
        let dice = &mut *self.dice;
        let (plan, mrr, (few, many)) = dice.pick(&PLANS);
        let mut body = json!({
            "name": self.company.name,
            "domain": self.domain,
            "plan": plan,
            "mrr": mrr,
            "monthly_orders": dice.between(few, many),
            "hubspot_company_id": dice.id("", b"0123456789", 11),
            "hubspot_deal_id": dice.id("", b"0123456789", 11),
            "stripe_customer_id":
                dice.id("cus_", b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 14),
            "metadata": { "sells": self.company.sells, "country": self.company.country },
        });
        if dice.chance(40) {
            body["tags"] = json!([dice.pick(&TAGS)]);
        }
        self.on(ago, Change::CreateCustomer(body));
        let title = self.dice.pick(&people::LEADS);
        self.introduce(ago, title, true);
    }

    /// The next person becomes a contact.
    fn introduce(&mut self, ago: i64, title: &str, is_primary: bool) -> usize {
        let contact = self.contacts;
        let label = if is_primary { "decision-maker" } else { self.dice.pick(&people::LABELS) };
        let body = json!({
            "name": self.people[contact].name,
            "email": self.people[contact].email,
            "title": title,
            "is_primary": is_primary,
            "labels": [label],
        });
        self.on(ago, Change::CreateContact(body));
        self.contacts += 1;
        contact
    }

    /// An onboarding is opened, which is to be done so many days before today.
    fn open(&mut self, ago: i64, target: i64) -> usize {
        let body = json!({
            "name": self.dice.pick(&PROGRAMS),
            "template_id": self.dice.pick(&["tpl_standard", "tpl_migration"]),
            "target_launch_date": self.today.plus_millis(-target * DAY).to_string(),
            "csm_id": self.dice.pick(&people::CSMS),
            "reminder_frequency_days": self.dice.pick(&[1, 3, 7]),
        });
        self.on(ago, Change::CreateOnboarding(body));
        self.onboardings += 1;
        self.onboardings - 1
    }

    /// Somebody opens another one, and notices.
    fn open_by_mistake(&mut self, ago: i64, target: i64) {
        let second = self.open(ago, target);
        self.on(ago, Change::DeleteOnboarding(second));
    }

    /// Colleagues who do the work become contacts.
    fn widen(&mut self, ago: i64) {
        for _ in 0..self.dice.between(0, 3) {
            let title = self.dice.pick(&people::HANDS);
            self.introduce(ago, title, false);
        }
    }

    /// The onboarding enters a phase, for which somebody may join the team.
    fn enter(&mut self, onboarding: usize, ago: i64, phase: Phase, joins: Option<Role>) {
        let mut body = json!({ "phase": phase });
        if let Some((role, candidates)) = joins {
            body[role] = json!(self.dice.pick(candidates));
        }
        self.on(ago, Change::UpdateOnboarding(onboarding, body));
    }

    /// Some phases do not go smoothly, and are back on track before they end.
    fn stumble(&mut self, onboarding: usize, ago: i64, days: i64) {
        if days < 5 || !self.dice.chance(40) {
            return;
        }
        let state = self.dice.pick(&[State::Waiting, State::Waiting, State::Paused, State::AtRisk]);
        self.halt(onboarding, ago - 1, state);
        let back = json!({ "state": State::Active, "notes": null });
        let until = ago - self.dice.between(2, 4);
        self.on(until, Change::UpdateOnboarding(onboarding, back));
    }

    /// The onboarding stops being active, with a note that says why.
    fn halt(&mut self, onboarding: usize, ago: i64, state: State) {
        let notes = match state {
            State::Active => return,
            State::Waiting => self.dice.pick(&WAITING),
            State::Paused => self.dice.pick(&PAUSED),
            State::AtRisk => self.dice.pick(&AT_RISK),
        };
        let body = json!({ "state": state, "notes": notes });
        self.on(ago, Change::UpdateOnboarding(onboarding, body));
    }

    /// People come, rise and go.
    fn turn_over(&mut self, ago: i64) {
        if self.dice.chance(25) {
            let title = self.dice.pick(&people::LEADS);
            self.on(ago, Change::UpdateContact(0, json!({ "title": title })));
        }
        if self.contacts > 1 && self.dice.chance(20) {
            self.on(ago, Change::UpdateContact(1, json!({ "is_primary": true })));
        }
        if self.number.is_multiple_of(5) {
            let title = self.dice.pick(&people::HANDS);
            let short_lived = self.introduce(ago, title, false);
            self.on(ago - 2, Change::DeleteContact(short_lived));
        }
    }

    /// The last phase, entered so many days before today, and what the customer makes of it.
    fn conclude(&mut self, onboarding: usize, since: i64, ending: Ending) {
        let status = |status: CustomerStatus| Change::UpdateCustomer(json!({ "status": status }));
        if ending.phase == Phase::Completed {
            self.on(since, status(CustomerStatus::Active));
        }
        self.turn_over(since);
        self.halt(onboarding, since - 2, ending.state);
        match ending.status {
            CustomerStatus::Onboarding => {}
            CustomerStatus::Active => self.grow(since - 2),
            CustomerStatus::AtRisk | CustomerStatus::Archived => {
                self.on(since - 2, status(ending.status));
            }
            CustomerStatus::Churned => {
                self.on(since - 2, status(CustomerStatus::AtRisk));
                let left = json!({ "status": CustomerStatus::Churned, "mrr": 0 });
                self.on(since - 3, Change::UpdateCustomer(left));
            }
        }
    }

    /// An active customer sells more, and some want the next program.
    fn grow(&mut self, ago: i64) {
        let (plan, mrr, (few, many)) = self.dice.pick(&PLANS[1..]);
        if self.dice.chance(30) {
            let orders = self.dice.between(few, many);
            let body = json!({ "plan": plan, "mrr": mrr, "monthly_orders": orders });
            self.on(ago, Change::UpdateCustomer(body));
        }
        if self.number.is_multiple_of(4) {
            let onboarding = self.open(ago, -30);
            let [(phase, joins), ..] = PHASES;
            self.enter(onboarding, ago - 4, phase, joins);
        }
    }
}
