//! Fills a database through the store, so that its rows are those that the server would have
//! written.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pivotal_server::model::caller::Caller;
use pivotal_server::model::clock::{Clock, Monotonic, SystemClock};
use pivotal_server::model::contact::NewContact;
use pivotal_server::model::customer::{CustomerRef, NewCustomer};
use pivotal_server::model::event::Actor;
use pivotal_server::model::key::issued::IssuedKey;
use pivotal_server::model::key::{Mode, NewKey, Scopes, Tier};
use pivotal_server::model::onboarding::{NewOnboarding, OnboardingPatch};
use pivotal_server::model::parse::fields::{Body, Fields};
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::text::Name;
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::model::workspace::NewWorkspace;
use pivotal_server::store::{DataDir, Store, StoreError, WorkspaceTx};
use serde_json::Value;

use crate::{Outcome, rows};

/// The workspace that holds the rows.
pub const WORKSPACE: &str = "bench";
/// The time over which the rows were created.
const HISTORY: i64 = 2 * 365 * 24 * 3600 * 1_000_000;
/// Customers that are on their way to the disk at the same time; the store takes 1,024.
const IN_FLIGHT: usize = 512;
const CONTACTS: u64 = 2;

/// Its wall time moves on by the same amount with every look.
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

/// Makes a database with so many customers.
pub fn seed(dir: &DataDir, customers: u64) -> Outcome<()> {
    let end = SystemClock.now().as_micros();
    // A look for each customer, and a few for what else there is.
    let step = HISTORY / (customers as i64 + 100);
    let clock = SeedClock { now: AtomicI64::new(end - HISTORY), step };
    let store = Store::open_or_create(dir, Arc::new(clock))?;
    let new = NewWorkspace {
        slug: Slug::parse(WORKSPACE).map_err(|fault| fault.says)?,
        name: Name::parse("Bench").map_err(|fault| fault.says)?,
    };
    let created = store.write_blocking(|tx| tx.create_workspace(new))?;
    let workspace = created.ok_or("the new database has a workspace already")?;
    let caller = Arc::new(Caller { workspace, actor: Actor::command_line(), livemode: true });
    let jobs = stream::iter(0..customers).map(|n| {
        let (store, caller) = (&store, Arc::clone(&caller));
        async move {
            let family = Family::of(n)?;
            store.write(move |tx| family.create(&tx.for_caller(&caller))).await?;
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

/// A customer with what belongs to it.
struct Family {
    customer: NewCustomer,
    contacts: Vec<NewContact>,
    onboarding: OnboardingPatch,
}

impl Family {
    fn of(n: u64) -> Outcome<Self> {
        Ok(Self {
            customer: parse(&rows::customer(n, &n.to_string()))?,
            contacts: (0..CONTACTS)
                .map(|nth| parse(&rows::contact(n, nth)))
                .collect::<Outcome<_>>()?,
            onboarding: parse(&rows::onboarding(n))?,
        })
    }

    fn create(self, tx: &WorkspaceTx<'_>) -> Result<(), StoreError> {
        let customer = tx.create_customer(self.customer)?;
        let named = CustomerRef::Id(customer.resource.id);
        for contact in self.contacts {
            tx.create_contact(&named, contact)?;
        }
        let new = NewOnboarding { customer: Some(named), properties: self.onboarding };
        tx.create_onboarding(new).map(drop)
    }
}

/// What the API makes of a body.
pub fn parse<B: Body>(body: &Value) -> Outcome<B> {
    let object = body.as_object().ok_or("a body is an object")?;
    Fields::parse(object).map_err(|problems| format!("{body}: {problems:?}").into())
}

/// Makes a key without a rate limit and returns it in clear.
pub fn make_key(dir: &DataDir) -> Outcome<String> {
    let store = Store::open(dir, Arc::new(SystemClock))?;
    let slug = Slug::parse(WORKSPACE).map_err(|fault| fault.says)?;
    let workspace = store
        .read(|reader| reader.workspace(&slug))?
        .ok_or_else(|| format!("{} has no workspace `{WORKSPACE}`", dir.path().display()))?;
    let name = Name::parse("Load").map_err(|fault| fault.says)?;
    let (tier, scopes) = (Tier::Unlimited, Scopes::all());
    let new = NewKey { name, mode: Mode::Live, tier, scopes, replaces: None };
    let (issued, secret) = IssuedKey::issue(new, store.checksum_secret())?;
    store.write_blocking(move |tx| tx.create_key(Actor::command_line(), &workspace, issued))?;
    Ok(secret.reveal().to_owned())
}
