//! Operating the server: files, load, the process, and its public address.

mod crash;
mod erasure;
mod files;
mod listening;
mod load;
mod observe;
mod process;
mod public;
mod transfer;
mod webhooks;
