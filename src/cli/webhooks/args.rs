//! The arguments of `webhooks`.

use std::path::PathBuf;

use clap::Subcommand;

use super::super::value_parsers::{parse_one_of, parse_slug};
use crate::model::event::EventType;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::values::time::Timestamp;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::webhook::subscription::{DELIVERED, FieldName};
use crate::model::webhook::url::EndpointUrl;

const REPLAY_USAGE: &str = "\
pivotal-server webhooks replay [OPTIONS] <DELIVERY>
       pivotal-server webhooks replay [OPTIONS] --endpoint <ID> --since <TIME> [--failed | --all]";

#[derive(Subcommand)]
pub enum Webhooks {
    /// Create an endpoint and print its signing secret
    ///
    /// The secret is printed only once; you won't be able to see it again. A `webhook.ping` event
    /// is sent to the endpoint. A URL that leads to a private or reserved address is refused unless
    /// the server's settings allow it.
    ///
    /// With `--json`: `id`, `workspace`, `url`, `mode`, `events` (an empty array means all event
    /// types), `fields`, `description`, `enabled`, `disabled_at`, `disabled_reason`, `failures`
    /// (failed deliveries since the last success), `old_secret_expires_at`, `created_at`, and
    /// `secret`.
    #[command(verbatim_doc_comment)]
    Create {
        /// Slug of the workspace
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Slug,
        /// URL to send events to
        #[arg(long, value_parser = parse_url)]
        url: EndpointUrl,
        /// Send events from test keys instead of live keys and admins
        #[arg(long)]
        test: bool,
        /// Event type to send; repeat the flag for several [default: all]
        #[arg(long = "event", value_name = "TYPE", value_parser = parse_event)]
        events: Vec<EventType>,
        /// Send `*.updated` events only if this field changed; repeat the flag for several
        /// [default: all]
        #[arg(long = "field", value_name = "FIELD", value_parser = parse_field)]
        fields: Vec<FieldName>,
        /// Free-text note
        #[arg(long, value_name = "TEXT", value_parser = parse_description)]
        description: Option<Line>,
        /// Use your own signing secret; `-` reads it from the first line of stdin
        #[arg(long, value_name = "SOURCE", value_parser = ["-"], hide_possible_values = true)]
        secret: Option<String>,
    },
    /// List endpoints
    ///
    /// With `--json`: an array of endpoints, each as `webhooks show` prints it.
    #[command(verbatim_doc_comment)]
    List {
        /// List only the endpoints of this workspace [default: all workspaces]
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Option<Slug>,
    },
    /// Show an endpoint
    ///
    /// With `--json`: the fields of `webhooks create` without `secret`, which is never shown again.
    #[command(verbatim_doc_comment)]
    Show(EndpointArg),
    /// Change an endpoint
    ///
    /// Settings that you don't pass stay the same.
    ///
    /// With `--json`: the endpoint, as `webhooks show` prints it.
    #[command(verbatim_doc_comment)]
    Update {
        #[command(flatten)]
        endpoint: EndpointArg,
        /// URL to send events to
        #[arg(long, value_parser = parse_url)]
        url: Option<EndpointUrl>,
        /// Event type to send; repeat the flag for several
        #[arg(long = "event", value_name = "TYPE", value_parser = parse_event)]
        events: Vec<EventType>,
        /// Send all event types
        #[arg(long, conflicts_with = "events")]
        all_events: bool,
        /// Send `*.updated` events only if this field changed; repeat the flag for several
        #[arg(long = "field", value_name = "FIELD", value_parser = parse_field)]
        fields: Vec<FieldName>,
        /// Send `*.updated` events for changes to any field
        #[arg(long, conflicts_with = "fields")]
        all_fields: bool,
        /// Free-text note
        #[arg(long, value_name = "TEXT", value_parser = parse_description)]
        description: Option<Line>,
    },
    /// Enable an endpoint
    ///
    /// A `webhook.ping` event is sent first. Events that occurred while the endpoint was disabled
    /// are not sent unless you replay them.
    ///
    /// With `--json`: the endpoint, as `webhooks show` prints it.
    #[command(verbatim_doc_comment)]
    Enable(EndpointArg),
    /// Disable an endpoint
    ///
    /// Until you enable it again, its events are logged as skipped. You can replay them afterwards.
    ///
    /// With `--json`: the endpoint, as `webhooks show` prints it.
    #[command(verbatim_doc_comment)]
    Disable(EndpointArg),
    /// Delete an endpoint and its delivery log
    ///
    /// You can't undo this.
    ///
    /// With `--json`: `id` and `deleted` (true).
    #[command(verbatim_doc_comment)]
    Delete(EndpointArg),
    /// Create a new signing secret for an endpoint and print it
    ///
    /// The secret is printed only once. For 24 hours, requests are signed with both the new and the
    /// previous secret.
    ///
    /// With `--json`: the endpoint with its new `secret`, as `webhooks create` prints it.
    #[command(verbatim_doc_comment)]
    Rotate(EndpointArg),
    /// Send a `webhook.ping` event to an endpoint
    ///
    /// With `--json`: `queued` (1).
    #[command(verbatim_doc_comment)]
    Ping(EndpointArg),
    /// Send a test event to an endpoint
    ///
    /// Sends an example, or your own data. Test events have `livemode: false`, and appear in the
    /// delivery log but not in activity lists. They are sent even if the endpoint doesn't receive
    /// events of their type.
    ///
    /// With `--json`: `queued` (1).
    #[command(verbatim_doc_comment)]
    SendTest {
        #[command(flatten)]
        endpoint: EndpointArg,
        /// Event type
        #[arg(long, value_name = "TYPE", value_parser = parse_event)]
        event: EventType,
        /// File with the JSON object to send as `data.object`, up to 1 MiB, or `-` for stdin.
        /// To set previous attributes too, use
        /// `{"object": {…}, "previous_attributes": {…}}` [default: an example]
        #[arg(long, value_name = "FILE")]
        data: Option<PathBuf>,
    },
    /// List an endpoint's deliveries
    ///
    /// With `--json`: an array of deliveries, newest first, each with its `id`, `event_id`, `type`,
    /// `status` (pending, delivered, failed, or skipped), `attempts`, `created_at`,
    /// `next_attempt_at`, `held` (true while it is on hold after a restore), and `last_attempt`: its
    /// `number`, `started_at`, `duration_ms`, `url`, `status`, `error`, and `response`.
    #[command(verbatim_doc_comment)]
    Deliveries {
        #[command(flatten)]
        endpoint: EndpointArg,
        /// List only failed and skipped deliveries
        #[arg(long)]
        failed: bool,
        /// List only deliveries of events created at or after this time (a date or an
        /// ISO 8601 time)
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        since: Option<Timestamp>,
        /// Maximum number of deliveries, up to 10000
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = parse_limit)]
        limit: u32,
    },
    /// Send deliveries again
    ///
    /// Replays one delivery, or the failed and skipped deliveries of an endpoint since a time. A
    /// replay sends the same event ID and the same body.
    ///
    /// With `--json`: `queued`, the number of deliveries.
    #[command(verbatim_doc_comment, override_usage = REPLAY_USAGE)]
    Replay {
        /// Delivery ID
        #[arg(required_unless_present = "endpoint", value_parser = parse_delivery)]
        delivery: Option<DeliveryId>,
        /// ID of the endpoint whose deliveries to replay
        #[arg(long, value_name = "ID", value_parser = parse_endpoint, conflicts_with = "delivery", requires = "since")]
        endpoint: Option<EndpointId>,
        /// Replay only deliveries of events created at or after this time (a date or an
        /// ISO 8601 time)
        #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "endpoint")]
        since: Option<Timestamp>,
        /// Replay only failed deliveries
        #[arg(long, requires = "endpoint", conflicts_with = "all")]
        failed: bool,
        /// Replay all deliveries, including successful ones
        #[arg(long, requires = "endpoint")]
        all: bool,
    },
    /// Print events as a running server sends them
    ///
    /// Use it while you develop a receiver. It creates a temporary endpoint for test events, prints
    /// each event, and forwards it to your receiver. Requests are forwarded as the server signed
    /// them, so the receiver can verify them with the secret that is printed first. Ctrl-C deletes
    /// the endpoint.
    ///
    /// With `--json`: one value per line. The first is the endpoint with its `secret`, as
    /// `webhooks create` prints it. Each event has `received_at`, `type`, `id`, `delivery_id`,
    /// `resource_id`, `status` (what the receiver returned, or null), `error`, and `event` (the
    /// whole event).
    #[command(verbatim_doc_comment)]
    Listen(ListenArgs),
    /// Verify the signature of a webhook request
    ///
    /// Reads the request from stdin: its headers, an empty line, and the body exactly as
    /// it was received. Needs neither a server nor a database.
    ///
    /// With `--json`: `verified` (true), `id`, and `timestamp`.
    #[command(verbatim_doc_comment)]
    Verify {
        /// The endpoint's signing secret. Prefer the environment variable: other users on
        /// the machine can see command-line arguments [env: PIVOTAL_WEBHOOK_SECRET]
        #[arg(long, env = "PIVOTAL_WEBHOOK_SECRET", hide_env = true)]
        secret: Option<String>,
        /// Accept a timestamp of any age
        #[arg(long)]
        any_time: bool,
    },
}

#[derive(clap::Args)]
pub struct EndpointArg {
    /// Endpoint ID; see `webhooks list`
    #[arg(value_name = "ENDPOINT", value_parser = parse_endpoint)]
    pub id: EndpointId,
}

#[derive(clap::Args)]
pub struct ListenArgs {
    /// Forward each request to this URL, such as http://localhost:3000/webhooks, and return its
    /// status to the server
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    pub forward_to: Option<EndpointUrl>,
    /// Slug of the workspace [default: the only workspace, or `default`]
    #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
    pub workspace: Option<Slug>,
    /// Event type to receive; repeat the flag for several [default: all]
    #[arg(long = "event", value_name = "TYPE", value_parser = parse_event)]
    pub events: Vec<EventType>,
    /// Receive events from live keys and admins instead of test keys
    #[arg(long)]
    pub live: bool,
}

fn parse_endpoint(text: &str) -> Result<EndpointId, String> {
    let wrong = || "must be an endpoint ID (ep_…); `webhooks list` shows them".to_owned();
    EndpointId::parse(text).ok_or_else(wrong)
}

fn parse_delivery(text: &str) -> Result<DeliveryId, String> {
    let wrong = || "must be a delivery ID (msg_…); `webhooks deliveries` shows them".to_owned();
    DeliveryId::parse(text).ok_or_else(wrong)
}

fn parse_url(text: &str) -> Result<EndpointUrl, String> {
    EndpointUrl::parse(text).map_err(|fault| fault.requirement)
}

fn parse_event(text: &str) -> Result<EventType, String> {
    let names: Vec<&str> = DELIVERED.iter().map(|&kind| kind.into()).collect();
    parse_one_of(text, &names)
}

fn parse_field(text: &str) -> Result<FieldName, String> {
    FieldName::parse(text).map_err(|fault| fault.requirement)
}

fn parse_description(text: &str) -> Result<Line, String> {
    Line::parse(text).map_err(|fault| fault.requirement)
}

fn parse_limit(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| "must be a whole number from 1 to 10000".to_owned())
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    let wrong = "must be a date, such as 2026-11-26, or a time, such as 2026-11-26T08:00:00Z";
    Timestamp::parse_lenient(text).ok_or_else(|| wrong.to_owned())
}
