//! Request bodies for the bench's resources. The same number always gives the same body.

use serde_json::{Value, json};

const FIRST: [&str; 32] = [
    "Aurora",
    "Borealis",
    "Cascade",
    "Delta",
    "Ember",
    "Fjord",
    "Granite",
    "Harbor",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Meridian",
    "Northwind",
    "Opal",
    "Pinnacle",
    "Quarry",
    "Ridge",
    "Summit",
    "Tidal",
    "Umbra",
    "Vertex",
    "Willow",
    "Xenon",
    "Yarrow",
    "Zephyr",
    "Atlas",
    "Beacon",
    "Cobalt",
    "Drift",
    "Elm",
    "Falcon",
];
const SECOND: [&str; 24] = [
    "Shipping",
    "Foods",
    "Robotics",
    "Textiles",
    "Outfitters",
    "Optics",
    "Bicycles",
    "Pharma",
    "Logistics",
    "Furniture",
    "Coffee",
    "Cosmetics",
    "Toys",
    "Publishing",
    "Instruments",
    "Apparel",
    "Gardens",
    "Ceramics",
    "Audio",
    "Sports",
    "Pets",
    "Jewelry",
    "Hardware",
    "Paper",
];
const PEOPLE: [&str; 16] = [
    "Maya", "Jonas", "Priya", "Luca", "Sofia", "Tariq", "Hanna", "Diego", "Aiko", "Noah", "Zofia",
    "Kwame", "Elif", "Mateo", "Ingrid", "Ravi",
];
const FAMILIES: [&str; 16] = [
    "Lind", "Weber", "Sharma", "Rossi", "Costa", "Haddad", "Virtanen", "Ortega", "Tanaka", "Berg",
    "Nowak", "Mensah", "Yildiz", "Silva", "Dahl", "Iyer",
];
/// Most customers are active, as in a workspace that has been in use for a while.
const STATUSES: [&str; 8] =
    ["active", "active", "active", "active", "onboarding", "at_risk", "churned", "archived"];
const PLANS: [&str; 4] = ["starter", "growth", "scale", "enterprise"];
const PHASES: [&str; 7] = [
    "before_getting_started",
    "program_design",
    "review",
    "program_buildout",
    "internal_qa",
    "launch",
    "completed",
];
const STATES: [&str; 5] = ["active", "active", "active", "paused", "at_risk"];
const TITLES: [&str; 4] = ["Head of Operations", "CTO", "Program Manager", "E-Commerce Lead"];

/// Returns the body for customer number `n`. Its name ends with `mark`, which must make the slug
/// unique.
pub fn customer(n: u64, mark: &str) -> Value {
    let mut rng = Rng::new(n);
    let (first, second) = (rng.pick(&FIRST), rng.pick(&SECOND));
    let mut body = json!({
        "name": format!("{first} {second} {mark}"),
        "domain": domain(n),
        "status": rng.pick(&STATUSES),
        "plan": rng.pick(&PLANS),
        "mrr": 10_000 + rng.below(2_000_000),
        "monthly_orders": rng.below(200_000),
        "hubspot_company_id": (7_000_000_000 + n).to_string(),
        "tags": ["dtc", rng.pick(&["emea", "amer", "apac"])],
        "metadata": { "region": rng.pick(&["eu-west", "us-east", "ap-south"]), "seats": rng.below(500) },
    });
    if rng.below(3) > 0 {
        body["stripe_customer_id"] = format!("cus_{:014x}", rng.next()).into();
    }
    body
}

/// The number of different bodies of customers that the database doesn't contain yet.
pub const NEW: u64 = 2000;
/// The number of the first of them.
const FIRST_NEW: u64 = 1 << 40;

/// Returns one of these bodies.
pub fn new_customer(n: u64, mark: &str) -> Value {
    customer(FIRST_NEW + n, mark)
}

/// Returns the domain of customer number `n`. Every domain belongs to two customers.
pub fn domain(n: u64) -> String {
    let mut rng = Rng::new(n / 2);
    let name = format!("{}-{}", rng.pick(&FIRST), rng.pick(&SECOND)).to_lowercase();
    format!("{name}-{}.example", n / 2)
}

/// Returns the body for a contact of customer number `n`. The first contact is the primary one.
pub fn contact(n: u64, nth: u64) -> Value {
    let mut rng = Rng::new(n ^ (nth + 1) << 40);
    let (person, family) = (rng.pick(&PEOPLE), rng.pick(&FAMILIES));
    let mailbox = format!("{person}.{family}.{nth}").to_lowercase();
    json!({
        "name": format!("{person} {family}"),
        "email": format!("{mailbox}@{}", domain(n)),
        "title": rng.pick(&TITLES),
        "is_primary": nth == 0,
        "labels": if rng.below(2) == 0 { vec!["decision-maker"] } else { vec![] },
    })
}

/// Returns the body for the onboarding of customer number `n`, without `customer_id`.
pub fn onboarding(n: u64) -> Value {
    let mut rng = Rng::new(!n);
    json!({
        "name": "Rollout",
        "phase": rng.pick(&PHASES),
        "state": rng.pick(&STATES),
        "target_launch_date": format!("2027-{:02}-{:02}", 1 + rng.below(12), 1 + rng.below(28)),
        "csm_id": format!("usr_{}", rng.below(40)),
        "notes": "Kick-off held; data import and brand assets are with the customer.",
    })
}

/// A deterministic pseudorandom number generator (splitmix64, from Steele, Lea, and Flood: "Fast
/// splittable pseudorandom number generators", 2014).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number from 0 to `end`, exclusive.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }
}
