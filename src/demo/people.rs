//! The people at the shops, and the team that onboards them: all invented.

use super::dice::Dice;
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

/// Titles of those who decide, and of those who do the work.
pub(super) const LEADS: [&str; 5] =
    ["Founder", "Head of E-commerce", "Chief Operating Officer", "Managing Director", "VP Growth"];
pub(super) const HANDS: [&str; 7] = [
    "Developer",
    "Marketing Manager",
    "Operations Manager",
    "Finance Lead",
    "Support Lead",
    "Brand Designer",
    "Warehouse Manager",
];

/// What contacts are labelled with.
pub(super) const LABELS: [&str; 5] =
    ["champion", "technical", "billing", "newsletter", "decision-maker"];

/// The team's ids, by what they do.
pub(super) const CSMS: [&str; 4] = ["maren.holt", "jonas.weber", "aisha.rahman", "tomas.silva"];
pub(super) const ENGINEERS: [&str; 3] = ["lena.fischer", "diego.paz", "ruth.okoye"];
pub(super) const DESIGNERS: [&str; 2] = ["noor.visser", "elio.conti"];
pub(super) const PRODUCT_OPS: [&str; 2] = ["sam.whitlock", "yara.nasser"];

/// Somebody at a company.
pub(super) struct Person {
    pub name: String,
    pub email: String,
}

/// The most people whom a story meets at one company.
const MOST: usize = 5;

/// People at a company, no two of whom share an address.
pub(super) fn people(dice: &mut Dice, domain: &str) -> Vec<Person> {
    let given = dice.shuffled(&GIVEN);
    let person = |given: &str| {
        let name = format!("{given} {}", dice.pick(&FAMILY));
        let local = Slug::from_name(&name).as_str().replace('-', ".");
        Person { name, email: format!("{local}@{domain}") }
    };
    given.into_iter().take(MOST).map(person).collect()
}
