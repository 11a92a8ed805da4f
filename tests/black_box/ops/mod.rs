//! Operating the server: files, load, and the process.

mod erasure;
mod files;
mod listening;
mod load;
mod observe;
mod process;
mod transfer;
mod webhooks;
