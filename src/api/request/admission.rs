//! Whether a key may make a request: its rate limit and its scopes.

use crate::api::error::ApiError;
use crate::api::operation::Access;
use crate::model::client_address::ClientAddress;
use crate::model::key::Tier;
use crate::model::values::time::Timestamp;
use crate::service::Service;
use crate::service::metrics::Refusal;
use crate::service::rate_limits::RateLimitHeaders;
use crate::service::sliding_window::Decision;
use crate::store::Credentials;

/// Admits a request, and counts it once even if it is asked again.
pub(super) struct Admission<'r> {
    service: &'r Service,
    access: Access,
    from: ClientAddress,
    now: Timestamp,
    /// What the response says about the limit.
    rate_limit: &'r mut Option<RateLimitHeaders>,
    counted: Option<Counted>,
}

/// What a request was counted as.
#[derive(Clone, Copy)]
struct Counted {
    tier: Tier,
    decision: Option<Decision>,
}

impl<'r> Admission<'r> {
    pub fn new(
        service: &'r Service,
        access: Access,
        from: ClientAddress,
        rate_limit: &'r mut Option<RateLimitHeaders>,
    ) -> Self {
        let now = service.store.clock().now();
        Self { service, access, from, now, rate_limit, counted: None }
    }

    /// Counts the request.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`], or that a scope is missing.
    pub fn admit(&mut self, credentials: &Credentials) -> Result<(), ApiError> {
        let now = self.now;
        match self.count(credentials) {
            None => {}
            Some(Decision::Allowed(budget)) => {
                *self.rate_limit = Some(RateLimitHeaders::new(budget, now));
            }
            Some(Decision::Denied(budget, wait)) => {
                self.service.metrics.refusals.count(Refusal::RateLimit);
                *self.rate_limit = Some(RateLimitHeaders::new(budget, now));
                return Err(ApiError::RateLimited(wait));
            }
        }
        let scopes = &credentials.key.scopes;
        match self.access {
            Access::Scope(scope) if !scopes.allow(scope) => Err(ApiError::InsufficientScope(scope)),
            Access::AnyOf(any) if !any.iter().any(|&scope| scopes.allow(scope)) => {
                Err(ApiError::InsufficientScopes(any))
            }
            _ => Ok(()),
        }
    }

    /// Records that the key was used.
    pub fn record_use(&self, credentials: &Credentials) {
        let Credentials { key, caller, .. } = credentials;
        self.service.key_usage.record(caller.workspace.no, &key.id, self.now, self.from);
    }

    /// Forgets for whom the request was admitted, but not that it was counted.
    pub fn revoke(&mut self) {
        *self.rate_limit = None;
    }

    /// Returns whether the request is within the limit of its key.
    pub fn is_within_limit(&mut self, credentials: &Credentials) -> bool {
        !matches!(self.count(credentials), Some(Decision::Denied(..)))
    }

    fn count(&mut self, credentials: &Credentials) -> Option<Decision> {
        let key = &credentials.key;
        if let Some(Counted { tier, decision }) = self.counted {
            // A key in another tier has another limit.
            if tier == key.tier {
                return decision;
            }
        }
        let now = self.service.store.clock().monotonic();
        let decision = self.service.rate_limits.count(key, now);
        self.counted = Some(Counted { tier: key.tier, decision });
        decision
    }
}
