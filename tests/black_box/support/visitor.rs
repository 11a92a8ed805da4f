//! A visitor of the admin pages, who keeps cookies and submits forms as a browser does.

use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::time::Duration;

use scraper::Html;

/// The admin's password in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// Separates the parts of a form with a file.
const BOUNDARY: &str = "boundary-of-the-test";

/// Requests pages of one server, without following redirects.
pub struct Visitor {
    agent: ureq::Agent,
    address: SocketAddr,
    headers: Vec<(String, String)>,
    /// The path below which the server is served, if there is one.
    base: Option<BasePath>,
    cookie: RefCell<Option<String>>,
    /// The name under which the server set the cookie.
    cookie_name: RefCell<String>,
    /// The cookie with the flash message, as it is sent.
    flash: RefCell<Option<String>>,
    hidden: RefCell<Vec<(&'static str, String)>>,
}

/// A path below which the server is served.
#[derive(Clone, Copy)]
struct BasePath {
    path: &'static str,
    /// Whether the proxy removes it from requests.
    is_removed: bool,
}

/// A page, or any other response.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
    pub(super) html: OnceCell<Html>,
}

impl Visitor {
    pub fn new(address: SocketAddr) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        let (cookie, hidden) = (RefCell::default(), RefCell::default());
        let cookie_name = RefCell::new("pivotal_admin".to_owned());
        let (headers, flash) = (Vec::new(), RefCell::default());
        Self { agent, address, headers, base: None, cookie, cookie_name, flash, hidden }
    }

    /// Adds a header to all requests of this visitor.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Visits the server below a path, through a proxy that removes it or passes it on. All paths
    /// start with it.
    pub fn below(mut self, path: &'static str, is_removed: bool) -> Self {
        self.base = Some(BasePath { path, is_removed });
        self
    }

    /// Another visitor with the same cookie, on the same page.
    pub fn clone_session(&self) -> Self {
        self.clone_session_on(self.address)
    }

    /// Another visitor with the same cookie, on the same page of another server.
    pub fn clone_session_on(&self, address: SocketAddr) -> Self {
        let mut copy = Self::new(address);
        copy.base = self.base;
        copy.cookie.replace(self.cookie.borrow().clone());
        copy.cookie_name.replace(self.cookie_name.borrow().clone());
        copy.flash.replace(self.flash.borrow().clone());
        copy.hidden.replace(self.hidden.borrow().clone());
        copy
    }

    pub fn get(&self, path: &str) -> Page {
        self.send("GET", path, None)
    }

    /// Submits a form with the hidden fields of the last page that had a form, unless `fields`
    /// overrides them.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = self.hidden_fields_without(fields);
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        self.post_without_token(path, &[&hidden.collect::<Vec<_>>(), fields].concat())
    }

    /// Submits a form like [`Self::post`], with a file.
    pub fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file_name: &str,
        content: &[u8],
    ) -> Page {
        let hidden = self.hidden_fields_without(fields);
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let mut body = Vec::new();
        for (name, value) in hidden.chain(fields.iter().copied()) {
            let head = format!("Content-Disposition: form-data; name=\"{name}\"");
            body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n").as_bytes());
        }
        let head = format!(
            "Content-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: text/csv"
        );
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        body.extend(content);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.send_body("POST", path, &format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }

    /// The hidden fields of the last page that had a form, except those in `fields`.
    fn hidden_fields_without(&self, fields: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let mut hidden = self.hidden.borrow().clone();
        assert!(!hidden.is_empty(), "no page with a form was loaded yet");
        hidden.retain(|(name, _)| !fields.iter().any(|(field, _)| field == name));
        hidden
    }

    /// Submits only these fields.
    pub fn post_without_token(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        self.send("POST", path, Some(form.extend_pairs(fields).finish()))
    }

    /// Follows redirects to the final page.
    pub fn follow(&self, shown: Page) -> Page {
        let mut shown = shown;
        while shown.status == 303 {
            shown = self.get(shown.location());
        }
        shown
    }

    /// Signs in and returns the page that follows.
    pub fn sign_in(&self) -> Page {
        let path = format!("{}/admin/sign-in", self.base.map_or("", |base| base.path));
        self.get(&path).expect(200);
        let shown = self.post(&path, &[("password", PASSWORD)]);
        shown.expect(303);
        let page = self.follow(shown);
        page.expect(200);
        page
    }

    pub fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    /// Replaces or removes the cookie.
    pub fn set_cookie(&self, cookie: Option<&str>) {
        self.cookie.replace(cookie.map(str::to_owned));
    }

    /// Whether the overview is shown, rather than a redirect to the sign-in page.
    pub fn is_signed_in(&self) -> bool {
        self.get("/admin").status == 200
    }

    /// Sends any request, with the cookie and the headers of this visitor.
    pub fn send(&self, method: &str, path: &str, form: Option<String>) -> Page {
        let request = self.request(method, path);
        let sent = match form {
            Some(form) => {
                let kind = "application/x-www-form-urlencoded";
                self.agent.run(request.header("Content-Type", kind).body(form).unwrap())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        self.receive(sent.unwrap_or_else(|error| panic!("{method} {path}: {error}")))
    }

    /// Sends a request with any body.
    pub fn send_body(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Page {
        let request = self.request(method, path).header("Content-Type", kind);
        let sent = self.agent.run(request.body(body).unwrap());
        self.receive(sent.unwrap_or_else(|error| panic!("{method} {path}: {error}")))
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let path = match self.base {
            Some(base) => {
                let below = path.strip_prefix(base.path);
                let below = below.unwrap_or_else(|| panic!("{path} is not below {}", base.path));
                if base.is_removed { below } else { path }
            }
            None => path,
        };
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(cookie) = &*self.cookie.borrow() {
            request = request.header("Cookie", format!("{}={cookie}", self.cookie_name.borrow()));
        }
        if let Some(flash) = &*self.flash.borrow() {
            request = request.header("Cookie", flash);
        }
        request
    }

    fn receive(&self, mut response: ureq::http::Response<ureq::Body>) -> Page {
        let shown = Page {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
            html: OnceCell::new(),
        };
        for line in shown.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let pair = line.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let plain_name = name.strip_prefix("__Host-").unwrap_or(name);
            if plain_name.starts_with("pivotal_admin_flash") {
                let is_removed = line.contains("; Max-Age=0");
                self.flash.replace((!is_removed).then(|| pair.to_owned()));
                continue;
            }
            assert!(plain_name.starts_with("pivotal_admin"), "{line}");
            self.cookie_name.replace(name.to_owned());
            self.cookie.replace(Some(value.to_owned()));
        }
        // Only pages with a form are parsed.
        if shown.body.contains("name=\"csrf\"") {
            let fields = shown.root().fields();
            let hidden = |name: &'static str| {
                let found = fields.iter().find(|(field, _)| field == name);
                found.map(|(_, value)| (name, value.clone()))
            };
            self.hidden.replace(["csrf", "in", "once"].into_iter().filter_map(hidden).collect());
        }
        shown
    }
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The target of a redirect.
    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}"))
    }

    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Checks that the HTML contains this text.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text} is not in {}", self.body);
        self
    }

    /// Checks that this text can be read on the page, with single spaces for any white space.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let readable = self.text("body");
        assert!(readable.contains(text), "{text} is not in {readable}");
        self
    }

    /// Checks that the HTML does not contain this text.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text} is in {}", self.body);
        self
    }

    /// Checks that the visitor is redirected to the sign-in page.
    #[track_caller]
    pub fn asks_to_sign_in(&self) {
        self.expect(303);
        assert!(self.location().starts_with("/admin/sign-in"), "{}", self.location());
    }
}
