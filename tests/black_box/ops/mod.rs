//! Operating the server: files, load, the process, and its public address.

mod crash;
mod erasure;
mod files;
mod listening;
mod load;
mod observe;
mod process;
mod public;
mod several_servers;
mod transfer;
mod webhooks;
