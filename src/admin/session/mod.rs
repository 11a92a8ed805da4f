//! What the server knows of a browser: the token in its cookie, who is signed in with it, and which
//! forms were made for it.

pub(super) mod cookie;
pub(super) mod csrf;
pub(super) mod sessions;
pub(super) mod setup_code;
