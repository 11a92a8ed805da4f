// The journey of `test_clients.py`, with the client that openapi-to-rust makes.

mod pivotal;

use std::error::Error;

use pivotal::client::{ApiOpError, CreateCustomerApiError, GetCustomerApiError, HttpClient};
use pivotal::*;
use serde_json::json;

type Answer<T> = Result<T, Box<dyn Error>>;

/// What a refusal of an operation says, which has a type of its own for each.
fn failed<T, E: std::fmt::Debug>(answer: Result<T, ApiOpError<E>>) -> Answer<E> {
    match answer {
        Err(ApiOpError::Api(answer)) => Ok(answer.typed.ok_or(answer.body)?),
        Err(error) => Err(format!("{error:?}").into()),
        Ok(_) => Err("it was not refused".into()),
    }
}

#[tokio::main]
async fn main() -> Answer<()> {
    let pivotal = HttpClient::new()
        .with_base_url(std::env::var("PIVOTAL_BASE_URL")?)
        .with_api_key(std::env::var("PIVOTAL_API_KEY")?);
    let none = None::<&str>;

    let me = pivotal.get_me().await?;

    let key = uuid::Uuid::new_v4().to_string();
    let metadata = serde_json::from_value(json!({ "segment": "mid-market" }))?;
    let new = NewCustomer::builder("Aurora Shipping".to_owned())
        .plan("growth".to_owned())
        .metadata(metadata)
        .build();
    let aurora = pivotal.create_customer(Some(&key), new.clone()).await?;
    let again = pivotal.create_customer(Some(&key), new).await?;
    for name in ["Borealis", "Cirrus"] {
        let new = NewCustomer::builder(name.to_owned()).tags(vec!["eu".to_owned()]).build();
        pivotal.create_customer(none, new).await?;
    }

    let new = NewContact::builder("maya@aurora.example".to_owned(), "Maya Lind".to_owned())
        .is_primary(true)
        .build();
    let contact = pivotal.create_customer_contact(&aurora.id, none, new).await?;
    let customer = NewOnboardingCustomerId::String(aurora.id.clone());
    let new = NewOnboarding::builder(customer).name("EU rollout".to_owned()).build();
    let onboarding = pivotal.create_onboarding(none, new).await?;
    let patch = OnboardingPatch { phase: Some(Phase::ProgramDesign), ..Default::default() };
    let moved = pivotal.update_onboarding(&onboarding.id, patch).await?;
    // Absent would leave it, null clears it.
    let patch = CustomerPatch { plan: Some(None), ..Default::default() };
    let cleared = pivotal.update_customer(&aurora.id, patch).await?;

    let mut walked = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = pivotal
            .list_customers(None, none, none, none, none, none, Some(1), cursor.as_deref())
            .await?;
        walked.extend(page.data.into_iter().map(|customer| customer.slug));
        let Some(next) = page.next_cursor else { break };
        cursor = Some(next);
    }

    let activity = pivotal.list_customer_activity(&aurora.id, None, None, none).await?;
    let types: Vec<_> = activity.data.iter().map(|event| event.r#type.as_str()).collect();

    let new = NewCustomer::builder("Aurora".to_owned()).slug("aurora-shipping".to_owned()).build();
    let taken = match failed(pivotal.create_customer(none, new).await)? {
        CreateCustomerApiError::Status409(taken) => taken.error,
        other => return Err(format!("{other:?}").into()),
    };
    let new = NewCustomer::builder(String::new()).slug("Aurora!".to_owned()).build();
    let wrong = match failed(pivotal.create_customer(none, new).await)? {
        CreateCustomerApiError::Status400(wrong) => wrong.error.errors.unwrap_or_default(),
        other => return Err(format!("{other:?}").into()),
    };
    let deleted = pivotal.delete_customer(&aurora.id).await?;
    let gone = match failed(pivotal.get_customer(&aurora.id).await)? {
        GetCustomerApiError::Status404(gone) => gone.error,
        other => return Err(format!("{other:?}").into()),
    };

    let seen = json!({
        "workspace": me.organization.slug,
        "replayed": again.id == aurora.id,
        "metadata": aurora.metadata,
        "contact": (contact.email, contact.is_primary),
        "moved": (moved.phase, moved.started_at.is_some()),
        "plan": (aurora.plan, cleared.plan),
        "walked": walked,
        "activity": types,
        "previous": activity.data[0].data.previous_attributes,
        "taken": (taken.r#type, taken.code, taken.field),
        "wrong": wrong.into_iter().map(|problem| problem.field).collect::<Vec<_>>(),
        "deleted": deleted.deleted,
        "gone": gone.code,
    });
    println!("{seen}");
    Ok(())
}
