//! Sessions: the cookie with its token, the signed-in sessions and their browsers, flash messages,
//! CSRF protection, and the setup code.

pub(super) mod cookie;
pub(super) mod csrf;
pub(super) mod device;
pub(super) mod flash;
pub(super) mod sessions;
pub(super) mod setup_code;
