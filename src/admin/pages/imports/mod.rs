//! `/admin/import`: importing CSV files, in three steps. A visitor uploads a file, checks the
//! preview, and starts the import, whose page then shows the progress and the result.

mod load;
pub(in crate::admin) mod preview;
pub(in crate::admin) mod rejected;
pub(in crate::admin) mod show;
pub(in crate::admin) mod upload;
