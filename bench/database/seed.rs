//! Fills a database through the store, so that its rows are the same as if the server had written
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pivotal_server::model::caller::Caller;
use pivotal_server::model::clock::{Clock, Monotonic, SystemClock};
use pivotal_server::model::contact::NewContact;
use pivotal_server::model::customer::{CustomerRef, NewCustomer};
use pivotal_server::model::event::Actor;
use pivotal_server::model::onboarding::{NewOnboarding, OnboardingPatch};
use pivotal_server::model::parse::fields::{Body, Fields};
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::text::Name;
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::model::workspace::NewWorkspace;
use pivotal_server::store::{DataDir, Store, StoreError, WorkspaceTx, WriteScope};
use serde_json::Value;

use super::bodies;
use crate::Outcome;

pub const WORKSPACE: &str = "bench";
/// The time span over which the rows were created, in microseconds.
const HISTORY: i64 = 2 * 365 * 24 * 3600 * 1_000_000;
/// The number of customers that are being written at the same time. The store's limit is 1,024.
const IN_FLIGHT: usize = 512;
const CONTACTS: u64 = 2;

/// A clock whose wall time advances by a fixed step every time it is read.
struct SeedClock {
    now: AtomicI64,
    step: i64,
}

impl Clock for SeedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.fetch_add(self.step, Ordering::Relaxed))
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }

    fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()> {
        SystemClock.sleep_until(deadline)
    }
}

/// Creates a database with this many customers.
pub fn seed(dir: &DataDir, customers: u64) -> Outcome<()> {
    let end = SystemClock.now().as_micros();
    // The clock is read once per customer, and a few more times.
    let step = HISTORY / (customers as i64 + 100);
    let clock = SeedClock { now: AtomicI64::new(end - HISTORY), step };
    let store = Store::open_or_create(dir, Arc::new(clock))?;
    let new = NewWorkspace {
        slug: Slug::parse(WORKSPACE).map_err(|fault| fault.requirement)?,
        name: Name::parse("Bench").map_err(|fault| fault.requirement)?,
    };
    let created = store.write_blocking(WriteScope::Database, |tx| tx.create_workspace(new))?;
    let workspace = created.ok_or("the new database already has a workspace")?;
    let caller = Arc::new(Caller { workspace, actor: Actor::command_line(), livemode: true });
    let jobs = stream::iter(0..customers).map(|n| {
        let (store, caller) = (&store, Arc::clone(&caller));
        async move {
            let tree = CustomerTree::generate(n)?;
            let scope = WriteScope::Workspace(caller.workspace.no);
            store.write(scope, move |tx| tree.create(&tx.for_caller(&caller))).await?;
            Outcome::Ok(n)
        }
    });
    let done = jobs.buffer_unordered(IN_FLIGHT).try_fold(0, |done, _| async move {
        let done = done + 1;
        if done % 200_000 == 0 {
            eprintln!("  {done} of {customers} customers");
        }
        Ok(done)
    });
    actix_web::rt::System::new().block_on(done)?;
    Ok(())
}

/// A customer with its contacts and onboarding.
struct CustomerTree {
    customer: NewCustomer,
    contacts: Vec<NewContact>,
    onboarding: OnboardingPatch,
}

impl CustomerTree {
    fn generate(n: u64) -> Outcome<Self> {
        Ok(Self {
            customer: parse(&bodies::customer(n, &n.to_string()))?,
            contacts: (0..CONTACTS)
                .map(|nth| parse(&bodies::contact(n, nth)))
                .collect::<Outcome<_>>()?,
            onboarding: parse(&bodies::onboarding(n))?,
        })
    }

    fn create(self, tx: &WorkspaceTx<'_>) -> Result<(), StoreError> {
        let customer = tx.create_customer(self.customer)?;
        let customer_ref = CustomerRef::Id(customer.resource.id);
        for contact in self.contacts {
            tx.create_contact(&customer_ref, contact)?;
        }
        let new = NewOnboarding { customer: Some(customer_ref), fields: self.onboarding };
        tx.create_onboarding(new).map(drop)
    }
}

/// Parses a body like the API.
pub fn parse<B: Body>(body: &Value) -> Outcome<B> {
    let object = body.as_object().ok_or("the body is not an object")?;
    Fields::parse(object).map_err(|problems| format!("{body}: {problems:?}").into())
}
