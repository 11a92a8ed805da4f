//! The numbers of rows, for what comes back to them later.

/// The number of an endpoint's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndpointNo(pub(super) i64);

/// The number of a delivery's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryNo(pub(super) i64);

#[cfg(test)]
impl EndpointNo {
    pub fn for_test(no: i64) -> Self {
        Self(no)
    }
}

#[cfg(test)]
impl DeliveryNo {
    pub fn for_test(no: i64) -> Self {
        Self(no)
    }
}
