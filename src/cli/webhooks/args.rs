//! The arguments of `webhooks`.

use clap::Subcommand;

use super::super::args::parse_slug;
use crate::model::event::EventType;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::values::time::Timestamp;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::webhook::subscription::{DELIVERED, FieldName};
use crate::model::webhook::url::EndpointUrl;

#[derive(Subcommand)]
pub enum Webhooks {
    /// Create an endpoint, print its signing secret once, and send it a ping
    Create {
        /// The slug of the workspace
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Slug,
        #[command(flatten)]
        endpoint: EndpointArgs,
        /// The URL that receives the events
        #[arg(long, value_parser = url)]
        url: EndpointUrl,
        /// Receive the events of test keys instead of those of live keys and admins
        #[arg(long)]
        test: bool,
        /// Use your own signing secret, read from the first line of standard input: `--secret -`
        #[arg(long, value_name = "-", value_parser = ["-"])]
        secret: Option<String>,
    },
    /// List endpoints
    List {
        /// Only those of the workspace with this slug
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Option<Slug>,
    },
    /// Show an endpoint
    Show { id: EndpointArg },
    /// Change an endpoint; what you don't pass stays as it is
    Update {
        id: EndpointArg,
        /// The URL that receives the events
        #[arg(long, value_parser = url)]
        url: Option<EndpointUrl>,
        #[command(flatten)]
        endpoint: EndpointArgs,
        /// Receive all event types
        #[arg(long, conflicts_with = "events")]
        all_events: bool,
        /// Receive `*.updated` events whatever changed
        #[arg(long, conflicts_with = "fields")]
        all_fields: bool,
    },
    /// Enable an endpoint and send it a ping
    Enable { id: EndpointArg },
    /// Disable an endpoint; its events are kept as skipped and can be replayed
    Disable { id: EndpointArg },
    /// Delete an endpoint and its delivery log
    Delete { id: EndpointArg },
    /// Create a new signing secret and print it once; the old one stays valid for 24 hours
    Rotate { id: EndpointArg },
    /// Send a `webhook.ping` event
    Ping { id: EndpointArg },
    /// List the deliveries of an endpoint, newest first
    Deliveries {
        id: EndpointArg,
        /// Only failed and skipped ones
        #[arg(long)]
        failed: bool,
        /// Only those of events since this time: a date, or a time in ISO 8601
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<Timestamp>,
        /// How many to list
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Send deliveries again: one, or those of an endpoint since a time
    Replay {
        /// The delivery to send again
        #[arg(required_unless_present = "endpoint", value_parser = delivery)]
        delivery: Option<DeliveryId>,
        /// Replay the failed and skipped deliveries of this endpoint
        #[arg(long, value_name = "ID", value_parser = endpoint, conflicts_with = "delivery", requires = "since")]
        endpoint: Option<EndpointId>,
        /// Only those of events since this time: a date, or a time in ISO 8601
        #[arg(long, value_name = "TIME", value_parser = time, requires = "endpoint")]
        since: Option<Timestamp>,
        /// Only failed ones
        #[arg(long, requires = "endpoint", conflicts_with = "all")]
        failed: bool,
        /// Delivered ones too
        #[arg(long, requires = "endpoint")]
        all: bool,
    },
    /// Verify the signature of a request: its headers and body, as received, on standard input
    Verify {
        /// The signing secret of the endpoint
        #[arg(long, env = "PIVOTAL_WEBHOOK_SECRET", hide_env_values = true)]
        secret: String,
        /// Accept a timestamp of any age
        #[arg(long)]
        any_time: bool,
    },
}

/// What create and update have in common.
#[derive(clap::Args)]
pub struct EndpointArgs {
    /// An event type to receive; may be repeated [default: all types]
    #[arg(long = "event", value_name = "TYPE", value_parser = event)]
    pub events: Vec<EventType>,
    /// Receive `*.updated` events only if this field changed; may be repeated
    #[arg(long = "field", value_name = "FIELD", value_parser = field)]
    pub fields: Vec<FieldName>,
    /// What people call it
    #[arg(long, value_name = "TEXT", value_parser = description)]
    pub description: Option<Line>,
}

/// The id of an endpoint.
#[derive(Clone)]
pub struct EndpointArg(pub EndpointId);

impl std::str::FromStr for EndpointArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        endpoint(text).map(Self)
    }
}

fn endpoint(text: &str) -> Result<EndpointId, String> {
    let wrong = || "must be the ID of an endpoint (ep_…); `webhooks list` shows them".to_owned();
    EndpointId::parse(text).ok_or_else(wrong)
}

fn delivery(text: &str) -> Result<DeliveryId, String> {
    let wrong =
        || "must be the ID of a delivery (msg_…); `webhooks deliveries` shows them".to_owned();
    DeliveryId::parse(text).ok_or_else(wrong)
}

fn url(text: &str) -> Result<EndpointUrl, String> {
    EndpointUrl::parse(text).map_err(|fault| fault.requirement)
}

fn event(text: &str) -> Result<EventType, String> {
    let known = text.parse().ok().filter(|kind| DELIVERED.contains(kind));
    let names: Vec<&str> = DELIVERED.iter().map(|&kind| kind.into()).collect();
    known.ok_or_else(|| format!("must be one of {}", names.join(", ")))
}

fn field(text: &str) -> Result<FieldName, String> {
    FieldName::parse(text).map_err(|fault| fault.requirement)
}

fn description(text: &str) -> Result<Line, String> {
    Line::parse(text).map_err(|fault| fault.requirement)
}

fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = "must be a date, such as 2026-11-26, or a time, such as 2026-11-26T08:00:00Z";
    Timestamp::parse(text).ok_or_else(|| wrong.to_owned())
}
