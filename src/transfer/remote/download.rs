//! Downloads a workspace from another server into a staging file, continuing where an earlier run
//! stopped.

use std::sync::Arc;

use super::client::Client;
use super::error::RemoteError;
use super::kind::Kind;
use super::page::{self, Item};
use super::staging::{Mark, Position, Staging};
use super::watch::{Estimate, RemoteWatch, Step};

/// How often new customers are looked for at the end. Each round is short, so a source that creates
/// customers faster than this is not expected.
const MAX_ROUNDS: usize = 20;

pub(super) struct Download<'d> {
    pub client: &'d mut Client,
    pub staging: &'d mut Staging,
    pub watch: &'d Arc<dyn RemoteWatch>,
}

impl Download<'_> {
    /// Downloads everything that isn't in the file yet. Onboardings come before contacts, which
    /// take a request per customer: a key that can't read onboardings fails early.
    pub fn run(&mut self) -> Result<(), RemoteError> {
        if self.staging.index().customers != Position::Start {
            self.estimate(self.staging.index().customers_without_contacts().len() as u64);
        }
        self.read_list(Kind::Customer)?;
        self.read_list(Kind::Onboarding)?;
        self.read_contacts()?;
        for _ in 0..MAX_ROUNDS {
            if !self.read_news()? {
                break;
            }
            self.read_contacts()?;
        }
        Ok(())
    }

    /// Reads a list from where it was left to its end.
    fn read_list(&mut self, kind: Kind) -> Result<(), RemoteError> {
        loop {
            let index = self.staging.index();
            let position = match kind {
                Kind::Customer => &index.customers,
                Kind::Contact | Kind::Onboarding => &index.onboardings,
            };
            let cursor = match position {
                Position::Start => None,
                Position::At(cursor) => Some(cursor.clone()),
                Position::End => break,
            };
            let page = self.fetch(kind, cursor.as_deref())?;
            if kind == Kind::Customer && cursor.is_none() {
                self.estimate(largest_count(&page));
            }
            let mark = match kind {
                Kind::Customer => Mark::Customers { next: page.next },
                Kind::Contact | Kind::Onboarding => Mark::Onboardings { next: page.next },
            };
            self.append(page.items, kind, mark)?;
            self.watch.on_progress(step(kind), self.staging.index().count(kind), None);
        }
        Ok(())
    }

    /// Announces how many requests are left, if the server limits them: one per customer for its
    /// contacts, and two lists of about the same length.
    fn estimate(&self, customers: u64) {
        if let Some(per_minute) = self.client.requests_per_minute() {
            let requests = customers + 2 * customers.div_ceil(100);
            self.watch.on_estimate(&Estimate { requests, per_minute });
        }
    }

    fn read_contacts(&mut self) -> Result<(), RemoteError> {
        let total = self.staging.index().count(Kind::Customer);
        let open = self.staging.index().customers_without_contacts();
        let mut done = total - open.len() as u64;
        for (customer, cursor) in open {
            self.read_contacts_of(&customer, cursor)?;
            done += 1;
            self.watch.on_progress(Step::Contacts, done, Some(total));
        }
        Ok(())
    }

    fn read_contacts_of(
        &mut self,
        customer: &str,
        mut cursor: Option<String>,
    ) -> Result<(), RemoteError> {
        let path = format!("/customers/{customer}/contacts");
        loop {
            let found = page::fetch(self.client, &path, Kind::Contact, cursor.as_deref())?;
            let customer = customer.to_owned();
            let Some(page) = found else {
                return self.staging.append(Vec::new(), Mark::Gone { customer });
            };
            cursor = page.next.clone();
            self.append(page.items, Kind::Contact, Mark::Contacts { customer, next: page.next })?;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads what was created since the lists were read: their newest pages, up to an object that
    /// is known. Returns whether there are new customers. Onboardings come first, so that their
    /// customers can't be missing.
    fn read_news(&mut self) -> Result<bool, RemoteError> {
        let onboardings = self.newer_than_known(Kind::Onboarding)?;
        let customers = self.newer_than_known(Kind::Customer)?;
        let has_customers = !customers.is_empty();
        if has_customers || !onboardings.is_empty() {
            let tagged = |kind| move |item| (kind, item);
            let news = customers.into_iter().map(tagged(Kind::Customer));
            let news = news.chain(onboardings.into_iter().map(tagged(Kind::Onboarding)));
            // In one piece: after half of it, the next run would find a known object and stop.
            self.staging.append(news.collect(), Mark::News)?;
        }
        Ok(has_customers)
    }

    fn newer_than_known(&mut self, kind: Kind) -> Result<Vec<Item>, RemoteError> {
        let mut news = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.fetch(kind, cursor.as_deref())?;
            for item in page.items {
                if self.staging.index().contains(kind, &item.head.id) {
                    return Ok(news);
                }
                news.push(item);
            }
            self.watch.on_progress(Step::News, news.len() as u64, None);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(news);
            }
        }
    }

    fn fetch(&mut self, kind: Kind, cursor: Option<&str>) -> Result<page::Page, RemoteError> {
        let path = match kind {
            Kind::Customer => "/customers",
            Kind::Contact | Kind::Onboarding => "/onboardings",
        };
        page::fetch(self.client, path, kind, cursor)?.ok_or_else(|| RemoteError::Unexpected {
            request: format!("GET {path}"),
            reason: "the list doesn't exist".to_owned(),
        })
    }

    fn append(&mut self, items: Vec<Item>, kind: Kind, mark: Mark) -> Result<(), RemoteError> {
        self.staging.append(items.into_iter().map(|item| (kind, item)).collect(), mark)
    }
}

/// Returns the largest number of customers that a list can have, from its first page. Display IDs
/// start at 1 and are never reused.
fn largest_count(first: &page::Page) -> u64 {
    match (&first.next, first.items.first()) {
        (Some(_), Some(newest)) => u64::try_from(newest.head.display_id).unwrap_or(0),
        _ => first.items.len() as u64,
    }
}

fn step(kind: Kind) -> Step {
    match kind {
        Kind::Customer => Step::Customers,
        Kind::Contact => Step::Contacts,
        Kind::Onboarding => Step::Onboardings,
    }
}
