//! Puts the routes of a table together: all methods of a path in one resource, HEAD wherever GET
//! is, and the refusal of the others. For the tables of the API and of the pages.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard, web};

/// What is registered: a method, its path, and what answers it.
pub(crate) type Registered = (Method, &'static str, Route);

/// A resource for each path, in the order in which the paths come first. `refuse` answers the
/// methods that a path does not know; it is given those that it knows, as `Allow` names them.
pub(crate) fn resources(
    routes: impl IntoIterator<Item = Registered>,
    refuse: fn(&HttpRequest, String) -> HttpResponse,
) -> impl Iterator<Item = Resource> {
    let mut paths: Vec<(&str, Vec<(Method, Route)>)> = Vec::new();
    for (method, path, route) in routes {
        match paths.iter_mut().find(|(known, _)| *known == path) {
            Some((_, methods)) => methods.push((method, route)),
            None => paths.push((path, vec![(method, route)])),
        }
    }
    paths.into_iter().map(move |(path, methods)| {
        let allowed = allowed(methods.iter().map(|(method, _)| method));
        let mut resource = web::resource(path);
        for (method, route) in methods {
            resource = resource.route(guarded(&method, route));
        }
        let refusal = move |request: HttpRequest| {
            let response = refuse(&request, allowed.clone());
            async { response }
        };
        resource.default_service(web::to(refusal))
    })
}

fn guarded(method: &Method, route: Route) -> Route {
    let guard = guard::Any(guard::Method(method.clone()));
    // HEAD works wherever GET does; actix-web leaves the body out.
    route.guard(if method == Method::GET { guard.or(guard::Head()) } else { guard })
}

/// The `Allow` header of a path.
fn allowed<'m>(methods: impl Iterator<Item = &'m Method>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.join(", ")
}
