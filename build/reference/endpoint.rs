//! An endpoint with all that its page tells, found in the document. For the rest of `reference`.

use super::Error;
use super::document::{Document, Operation};

/// A method of a path.
pub struct Endpoint<'d> {
    pub id: &'d str,
    pub method: &'static str,
    pub path: &'d str,
    pub tag: &'d str,
    pub summary: &'d str,
    pub description: &'d str,
}

impl<'d> Endpoint<'d> {
    /// All endpoints of a document, in the order of its tags.
    pub fn all(document: &'d Document) -> Result<Vec<Self>, Error> {
        let mut found = Vec::new();
        for (path, item) in &document.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                if let Some(operation) = operation {
                    found.push(Self::new(path, method, operation)?);
                }
            }
        }
        found.sort_by_key(|endpoint: &Self| {
            document.tags.iter().position(|tag| tag.name == endpoint.tag)
        });
        Ok(found)
    }

    fn new(path: &'d str, method: &'static str, operation: &'d Operation) -> Result<Self, Error> {
        let id = &operation.operation_id;
        let [tag] = operation.tags.as_slice() else {
            return Err(Error::new(format!("{id} has {} tags, not one", operation.tags.len())));
        };
        let Operation { summary, description, .. } = operation;
        Ok(Self { id, method, path, tag, summary, description })
    }
}
