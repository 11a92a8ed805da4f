//! `/onboardings`: the board, with a column for each phase, and moving a card to another phase. A
//! column only shows its newest cards.

use actix_web::http::StatusCode;
use askama::Template;

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::form::{Form, Kind, Shape};
use crate::admin::links::{self, card_path, is_overdue, onboarding_path, onboarding_title};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::board::{BoardFilter, Card, Column};
use crate::model::customer::{Customer, CustomerFilter};
use crate::model::onboarding::{OnboardingPatch, OnboardingRef, OwnerFilter, Phase};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::parse::params::Params;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;
use crate::store::StoreError;

/// The most cards in a column.
const CARDS: u32 = 50;
/// The most customers in the filter.
const CUSTOMERS: u32 = 500;
const MOVE: &Shape = &[("phase", Kind::Text)];

#[derive(Template)]
#[template(path = "admin/onboardings/board.html")]
struct Board {
    page: Page,
    /// The filter.
    form: Form,
    states: Vec<(&'static str, &'static str)>,
    customers: Vec<(String, String)>,
    /// Whether there are more customers than the filter lists.
    more_customers: bool,
    lanes: Vec<Lane>,
    total: i64,
    is_filtered: bool,
    /// The path of the form for a new onboarding.
    new: String,
    /// Why a card was not moved.
    move_error: Option<String>,
}

struct Lane {
    phase: &'static str,
    name: &'static str,
    total: i64,
    /// The previous and the next phase, with their labels.
    previous: Option<(&'static str, &'static str)>,
    next: Option<(&'static str, &'static str)>,
    tiles: Vec<Tile>,
}

struct Tile {
    number: i64,
    path: String,
    title: String,
    customer: String,
    customer_path: String,
    state: &'static str,
    tone: &'static str,
    launch: Option<Timestamp>,
    is_late: bool,
}

/// GET `/onboardings`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let form = visit.visitor().query_form();
    page::html(&board(&visit, form, None).await?)
}

/// POST `/onboardings/{ref}/move`
pub(in crate::admin) async fn move_card(visit: SignedInVisit) -> PageResult {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    let patch: OnboardingPatch = visit.form().parse(MOVE).map_err(AdminError::Invalid)?;
    let phase = patch.phase.ok_or_else(|| AdminError::Invalid(vec![no_phase()]))?;
    let moved = visit
        .write(move |tx| {
            let before = tx.reader().onboarding(&onboarding_ref)?.read()?;
            if before.phase == phase {
                return Ok((before, false));
            }
            Ok((tx.update_onboarding(&onboarding_ref, patch)?.resource, true))
        })
        .await;
    let (onboarding, moved) = match moved {
        Err(AdminError::NotFound(ResourceType::Onboarding)) => {
            let text = "The card was not moved because its onboarding no longer exists. It was \
                        deleted, or it belongs to another workspace.";
            let board = board(&visit, visit.form().clone(), Some(text.to_owned())).await?;
            return page::html_as(StatusCode::NOT_FOUND, &board);
        }
        moved => moved?,
    };
    let (title, phase) =
        (display::without_bidi_controls(&onboarding_title(&onboarding)), display::phase(&phase));
    visit.set_flash(match moved {
        true => format!("Moved {title} to {phase}."),
        false => format!("{title} is already in {phase}."),
    });
    Ok(see_other(&card_path(visit.form(), &onboarding)))
}

fn no_phase() -> Problem {
    Problem {
        rule: Rule::MissingField,
        message: "phase is required".to_owned(),
        field: "phase".to_owned(),
    }
}

async fn board(
    visit: &SignedInVisit,
    mut form: Form,
    move_error: Option<String>,
) -> Result<Board, AdminError> {
    let filter: BoardFilter =
        Params::parse(form.non_empty_fields()).map_err(AdminError::Invalid)?;
    let is_filtered = filter.state.is_some() || !matches!(filter.customer, OwnerFilter::Any);
    let (columns, chosen, customers) = visit
        .read(move |reader| {
            let chosen = match &filter.customer {
                OwnerFilter::One(customer_ref) => match reader.customer(customer_ref) {
                    Err(StoreError::NotFound(_)) => None,
                    found => Some(found?.read()?),
                },
                _ => None,
            };
            let page = PageRequest { limit: CUSTOMERS, before: None };
            let customers: ListPage<Customer> =
                reader.customers(&CustomerFilter::default(), &page)?;
            Ok((reader.board(&filter, CARDS)?, chosen, customers))
        })
        .await?;
    let new = match &chosen {
        Some(customer) => format!("/customers/{}/onboardings/new", customer.display_id.0),
        None => "/onboardings/new".to_owned(),
    };
    // The filter's options use the number, whatever kind of ID the query has.
    if let Some(customer) = &chosen {
        form.set("customer", customer.display_id.0.to_string());
    }
    let more_customers = customers.next.is_some();
    let now = visit.visitor().admin().store().clock().now();
    Ok(Board {
        page: visit.page("Onboardings", Section::Onboardings),
        form,
        states: display::options(Some("Any state"), display::state),
        customers: choices(customers.data, chosen),
        more_customers,
        total: columns.iter().map(|column| column.total).sum(),
        lanes: lanes(columns, now),
        is_filtered,
        new,
        move_error,
    })
}

/// Returns the customers for the filter, sorted by name, including the chosen one.
fn choices(mut customers: Vec<Customer>, chosen: Option<Customer>) -> Vec<(String, String)> {
    if let Some(chosen) = chosen
        && customers.iter().all(|customer| customer.id != chosen.id)
    {
        customers.push(chosen);
    }
    customers.sort_by_cached_key(|customer| customer.name.as_str().to_lowercase());
    let all = (String::new(), "All customers".to_owned());
    let choice = |customer: &Customer| {
        (customer.display_id.0.to_string(), customer.name.as_str().to_owned())
    };
    [all].into_iter().chain(customers.iter().map(choice)).collect()
}

fn lanes(columns: Vec<Column>, now: Timestamp) -> Vec<Lane> {
    let value_and_label = |phase: &Phase| (<&str>::from(*phase), display::phase(phase));
    let phases: Vec<_> = columns.iter().map(|column| value_and_label(&column.phase)).collect();
    let lane = |(index, column): (usize, Column)| Lane {
        phase: phases[index].0,
        name: phases[index].1,
        total: column.total,
        previous: index.checked_sub(1).and_then(|index| phases.get(index)).copied(),
        next: phases.get(index + 1).copied(),
        tiles: column.cards.into_iter().map(|card| tile(card, now)).collect(),
    };
    columns.into_iter().enumerate().map(lane).collect()
}

fn tile(card: Card, now: Timestamp) -> Tile {
    let Card { onboarding, customer } = card;
    Tile {
        number: onboarding.display_id.0,
        path: onboarding_path(&onboarding),
        title: onboarding_title(&onboarding),
        customer_path: links::customer_path_from(customer.display_id, &customer.slug),
        customer: customer.name.as_str().to_owned(),
        state: display::state(&onboarding.state),
        tone: display::state_tone(&onboarding.state),
        is_late: is_overdue(&onboarding, &now),
        launch: onboarding.target_launch_date,
    }
}
