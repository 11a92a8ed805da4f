//! How clients and browsers reach the server: below a path, and from pages of other origins.

mod base_path;
mod cors;
mod public_url;
