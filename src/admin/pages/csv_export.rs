//! `/admin/customers.csv` and `/admin/contacts.csv`: all customers that match the filter of their
//! list, and all contacts, newest first. They hold no database connection between batches.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use super::download::{self, CSV, Part};
use crate::admin::error::AdminError;
use crate::admin::page::PageResult;
use crate::admin::visit::SignedInVisit;
use crate::model::contact::Contact;
use crate::model::customer::{Customer, CustomerFilter};
use crate::model::parse::page::{Page, PageRequest};
use crate::model::values::id::Ref;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::service::Service;
use crate::store::{ReadLimit, Reader, StoreError, WorkspaceReader};
use crate::transfer::csv::{CsvExport, CsvType};

/// Customers or contacts per batch.
const BATCH: u32 = 200;

/// The state of an export between two batches.
struct Export {
    service: Arc<Service>,
    workspace: WorkspaceNo,
    filter: CustomerFilter,
    csv: CsvExport<Buffer>,
    buffer: Buffer,
    /// Where the next page of customers starts.
    customers: Position,
    contacts: Option<Contacts>,
}

#[derive(Clone, Copy)]
enum Position {
    /// Before this time; `None` means at the newest.
    Before(Option<Timestamp>),
    End,
}

/// The customers whose contacts come next.
#[derive(Default)]
struct Contacts {
    of: VecDeque<Customer>,
    /// Where the next page of the first customer's contacts starts.
    before: Option<Timestamp>,
}

/// Text that was written and not sent.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

/// GET `/admin/customers.csv`
pub(in crate::admin) async fn customers(visit: SignedInVisit) -> PageResult {
    let mut filter: CustomerFilter = visit.query()?;
    filter.q = filter.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    export(visit, CsvType::Customers, filter).await
}

/// GET `/admin/contacts.csv`
pub(in crate::admin) async fn contacts(visit: SignedInVisit) -> PageResult {
    export(visit, CsvType::Contacts, CustomerFilter::default()).await
}

async fn export(visit: SignedInVisit, csv_type: CsvType, filter: CustomerFilter) -> PageResult {
    let workspace = visit.workspace()?;
    let service = Arc::clone(&visit.visitor().admin().service);
    let now = service.store().clock().now().to_compact();
    let name = format!("{}-{}-{now}.csv", <&str>::from(csv_type), workspace.slug);
    let buffer = Buffer::default();
    let contacts = (csv_type == CsvType::Contacts).then(Contacts::default);
    let export = Export {
        workspace: workspace.no,
        filter,
        csv: CsvExport::new(buffer.clone(), csv_type).map_err(internal)?,
        buffer,
        customers: Position::Before(None),
        contacts,
        service,
    };
    download::stream(name, CSV, export, Export::next).await
}

impl Export {
    /// Returns the next part of the file. There is always a first one, which has the header.
    async fn next(mut self) -> Result<Part<Self>, AdminError> {
        while !self.is_complete() {
            let service = Arc::clone(&self.service);
            self = service.page_threads.run(move |limit| self.write_batch(limit)).await??;
            let bytes = self.buffer.take();
            if !bytes.is_empty() {
                return Ok(Some((bytes.into(), self)));
            }
        }
        Ok(None)
    }

    fn is_complete(&self) -> bool {
        let has_open = self.contacts.as_ref().is_some_and(|contacts| !contacts.of.is_empty());
        matches!(self.customers, Position::End) && !has_open
    }

    /// Reads and formats a batch, on the same thread: web workers must stay free.
    fn write_batch(mut self, limit: ReadLimit) -> Result<Self, AdminError> {
        let service = Arc::clone(&self.service);
        let workspace = self.workspace;
        let written = service.store().read_within(limit, |reader: &Reader<'_>| {
            let reader = reader.for_workspace(workspace);
            match self.contacts.take() {
                None => self.write_customers(&reader),
                Some(contacts) => self.write_contacts(&reader, contacts),
            }
        })?;
        written.and_then(|()| self.csv.flush()).map_err(internal)?;
        Ok(self)
    }

    fn write_customers(
        &mut self,
        reader: &WorkspaceReader<'_>,
    ) -> Result<io::Result<()>, StoreError> {
        let customers = self.next_customers(reader)?;
        Ok(customers.iter().try_for_each(|customer| self.csv.customer(customer)))
    }

    /// Writes about a batch of contacts, of no more customers than a batch.
    fn write_contacts(
        &mut self,
        reader: &WorkspaceReader<'_>,
        mut contacts: Contacts,
    ) -> Result<io::Result<()>, StoreError> {
        if contacts.of.is_empty() {
            contacts.of = self.next_customers(reader)?.into();
        }
        let mut left = BATCH as usize;
        let mut written = Ok(());
        while left > 0
            && written.is_ok()
            && let Some(customer) = contacts.of.front()
        {
            let page = PageRequest { limit: BATCH, before: contacts.before };
            let page: Page<Contact> = match reader.contacts_of(&Ref::Id(customer.id.clone()), &page)
            {
                Ok(page) => page,
                Err(StoreError::NotFound(_)) => {
                    // The customer was deleted since the last batch.
                    contacts.before = None;
                    contacts.of.pop_front();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let slug = customer.slug.as_str();
            written = page.data.iter().try_for_each(|contact| self.csv.contact(contact, slug));
            left = left.saturating_sub(page.data.len());
            contacts.before = page.next;
            if page.next.is_none() {
                contacts.of.pop_front();
            }
        }
        self.contacts = Some(contacts);
        Ok(written)
    }

    fn next_customers(
        &mut self,
        reader: &WorkspaceReader<'_>,
    ) -> Result<Vec<Customer>, StoreError> {
        let Position::Before(before) = self.customers else { return Ok(Vec::new()) };
        let page = PageRequest { limit: BATCH, before };
        let page: Page<Customer> = reader.customers(&self.filter, &page)?;
        self.customers = page.next.map_or(Position::End, |next| Position::Before(Some(next)));
        Ok(page.data)
    }
}

impl Buffer {
    fn take(&self) -> Vec<u8> {
        take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn internal(error: io::Error) -> AdminError {
    AdminError::Internal(format!("cannot format CSV: {error}"))
}
