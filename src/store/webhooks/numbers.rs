//! Row numbers, for callers that refer to the same row again later.

/// An endpoint's row number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointNo(pub(super) i64);

/// A delivery's row number.
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
