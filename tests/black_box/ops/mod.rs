//! Operating the server: files, load, and the process.

mod files;
mod load;
mod process;
mod transfer;
mod webhooks;
