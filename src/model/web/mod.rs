//! How clients and browsers address the server, as far as settings say so.

pub mod base_path;
pub mod origin;
pub mod public_url;
