//! Builds actix-web resources from a route table: one resource per path, with HEAD wherever there
//! is GET, and a 405 for other methods.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard, web};

/// A method, a path, and its handler.
pub(crate) type RouteEntry = (Method, &'static str, Route);

/// Builds a resource for each path, in the order of the table. `refuse` responds to methods that a
/// path doesn't support; its argument is the value for the `Allow` header.
pub(crate) fn build_resources(
    routes: impl IntoIterator<Item = RouteEntry>,
    refuse: fn(&HttpRequest, String) -> HttpResponse,
) -> impl Iterator<Item = Resource> {
    let mut paths: Vec<(&str, Vec<(Method, Route)>)> = Vec::new();
    for (method, path, route) in routes {
        match paths.iter_mut().find(|(other, _)| *other == path) {
            Some((_, methods)) => methods.push((method, route)),
            None => paths.push((path, vec![(method, route)])),
        }
    }
    paths.into_iter().map(move |(path, methods)| {
        let allowed = allow_header(methods.iter().map(|(method, _)| method));
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
    // HEAD works wherever GET does; actix-web omits the body.
    route.guard(if method == Method::GET { guard.or(guard::Head()) } else { guard })
}

/// Returns the value of the `Allow` header.
fn allow_header<'m>(methods: impl Iterator<Item = &'m Method>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.join(", ")
}
