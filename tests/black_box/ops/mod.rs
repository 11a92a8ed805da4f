//! Operating the server: files, load, and the process.

mod files;
mod load;
mod observe;
mod process;
mod transfer;
mod webhooks;
