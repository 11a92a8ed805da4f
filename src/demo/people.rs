//! The people at the shops and the team that onboards them, all fictional.

use super::rng::Rng;
use crate::model::values::slug::Slug;

const GIVEN: [&str; 36] = [
    "Adaeze", "Amélie", "Anders", "Beatriz", "Bram", "Camila", "Chidi", "Daniela", "Emre", "Farah",
    "Femke", "Gábor", "Hana", "Ingrid", "Jamal", "Joaquín", "Kaito", "Keira", "Lars", "Leila",
    "Linnea", "Malik", "Mateus", "Mei", "Nadia", "Niamh", "Oskar", "Priya", "Rafael", "Rosa",
    "Sanna", "Théo", "Tove", "Viktor", "Yusuf", "Zofia",
];

const FAMILY: [&str; 36] = [
    "Abara",
    "Almeida",
    "Bergström",
    "Bianchi",
    "Brandt",
    "Castellano",
    "Chandra",
    "Demir",
    "Dubois",
    "Eriksen",
    "Fairweather",
    "Farouk",
    "Gallagher",
    "Haddad",
    "Hofer",
    "Ibarra",
    "Jansen",
    "Kaur",
    "Kowalczyk",
    "Laurent",
    "Lindqvist",
    "Mbeki",
    "Moreau",
    "Nakamura",
    "Novák",
    "Okafor",
    "Petrenko",
    "Quinn",
    "Rossi",
    "Sandoval",
    "Tanaka",
    "Underwood",
    "Varga",
    "Wójcik",
    "Yilmaz",
    "Zeller",
];

/// Job titles of decision-makers.
pub(super) const LEADS: [&str; 5] =
    ["Founder", "Head of E-commerce", "Chief Operating Officer", "Managing Director", "VP Growth"];
/// Job titles of everyone else.
pub(super) const STAFF: [&str; 7] = [
    "Developer",
    "Marketing Manager",
    "Operations Manager",
    "Finance Lead",
    "Support Lead",
    "Brand Designer",
    "Warehouse Manager",
];

pub(super) const LABELS: [&str; 5] =
    ["champion", "technical", "billing", "newsletter", "decision-maker"];

// IDs of the team's members, by role.
pub(super) const CSMS: [&str; 4] = ["maren.holt", "jonas.weber", "aisha.rahman", "tomas.silva"];
pub(super) const ENGINEERS: [&str; 3] = ["lena.fischer", "diego.paz", "ruth.okoye"];
pub(super) const DESIGNERS: [&str; 2] = ["noor.visser", "elio.conti"];
pub(super) const PRODUCT_OPS: [&str; 2] = ["sam.whitlock", "yara.nasser"];

/// A person at a company.
pub(super) struct Person {
    pub name: String,
    pub email: String,
}

/// The maximum number of contacts that a customer's timeline creates.
const MAX_PEOPLE: usize = 5;

/// Generates people at a company. Their email addresses are unique, because no two people share a
/// given name.
pub(super) fn people(rng: &mut Rng, domain: &str) -> Vec<Person> {
    let given = rng.shuffled(&GIVEN);
    let person = |given: &str| {
        let name = format!("{given} {}", rng.pick(&FAMILY));
        let local = Slug::from_name(&name).as_str().replace('-', ".");
        Person { name, email: format!("{local}@{domain}") }
    };
    given.into_iter().take(MAX_PEOPLE).map(person).collect()
}
