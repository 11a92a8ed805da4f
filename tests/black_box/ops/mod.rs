//! Running the server: its files, its load, and its process.

mod files;
mod load;
mod process;
