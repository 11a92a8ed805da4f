//! The admin pages, as a browser without scripts uses them.

mod api_keys;
mod board;
mod contacts;
mod customers;
mod key_rotation;
mod logs;
mod onboardings;
mod overview;
mod security;
mod sign_in;
mod two_tabs;
