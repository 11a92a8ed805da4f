//! A receiver of webhooks: a small HTTP server on threads of its own, which can misbehave.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pivotal_server::model::webhook::secret::SigningSecret;
use pivotal_server::model::webhook::signature::verify;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Unix seconds.
    pub received_at: i64,
}

impl Request {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(other, _)| other == name);
        let (_, value) = found.next().unwrap_or_else(|| panic!("no {name}: {:?}", self.headers));
        assert!(found.next().is_none(), "{name} is there twice");
        value
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The type of the event.
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// The id of the event.
    pub fn event(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// The name of the resource.
    pub fn name(&self) -> String {
        self.json()["data"]["object"]["name"].as_str().unwrap_or_default().to_owned()
    }

    /// The id of the delivery.
    pub fn delivery(&self) -> &str {
        self.header("svix-id")
    }

    pub fn timestamp(&self) -> i64 {
        self.header("svix-timestamp").parse().unwrap()
    }

    /// Whether the request verifies with this secret, at the time it says it was sent.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let secret = SigningSecret::parse(secret).unwrap();
        let (id, now) = (self.delivery(), self.timestamp());
        verify(&secret, id, now, self.header("svix-signature"), &self.body, now).is_ok()
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection, from the receiver's side.
pub struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    tcp: TcpStream,
}

impl Connection {
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Sends a response with a body. The connection stays open.
    pub fn respond(&mut self, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
        self.send(&[head.as_bytes(), body].concat())
    }

    /// Does nothing until the other side closes the connection.
    pub fn hang(&mut self) -> io::Result<()> {
        self.stream.read_to_end(&mut Vec::new())?;
        self.close()
    }

    /// Ends the connection after this request.
    pub fn close(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    /// Ends the connection with a reset.
    pub fn reset(&mut self) -> io::Result<()> {
        socket2::SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO))?;
        self.close()
    }

    fn read_request(&mut self) -> io::Result<Request> {
        let end = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(end());
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let headers: Vec<(String, String)> = lines[1..]
            .iter()
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_lowercase(), value.trim().to_owned())
            })
            .collect();
        assert!(lines[0].starts_with("POST "), "{lines:?}");
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.unwrap().1.parse().unwrap()];
        self.stream.read_exact(&mut body)?;
        Ok(Request { headers, body, received_at: unix_seconds() })
    }
}

pub fn unix_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

type Handler = dyn Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync;

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Request>>,
    handler: Mutex<Option<Arc<Handler>>>,
    connections: AtomicUsize,
    has_ended: AtomicBool,
}

/// The receiver. It answers 200 until it is told otherwise.
pub struct Receiver {
    address: SocketAddr,
    is_tls: bool,
    shared: Arc<Shared>,
}

impl Receiver {
    pub fn start() -> Self {
        Self::listen(None)
    }

    /// A receiver whose handler is called after each request was read.
    pub fn with(
        handler: impl Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let receiver = Self::start();
        receiver.set(handler);
        receiver
    }

    /// A receiver that always returns this status.
    pub fn returning(status: &'static str) -> Self {
        Self::with(move |_, connection| connection.respond(status, "", b""))
    }

    /// A receiver with TLS, with a certificate and a key in PEM files.
    pub fn start_tls(certificate: &Path, key: &Path) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap();
        Self::listen(Some(Arc::new(config)))
    }

    fn listen(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (shared, is_tls) = (Arc::new(Shared::default()), tls.is_some());
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                if accepting.has_ended.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, tls) = (Arc::clone(&accepting), tls.clone());
                // A connection ends with an error when the other side is killed.
                std::thread::spawn(move || drop(tcp.map(|tcp| shared.serve(tcp, tls))));
            }
        });
        Self { address, is_tls, shared }
    }

    /// Handles requests like this from now on.
    pub fn set(
        &self,
        handler: impl Fn(&Request, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    ) {
        *self.shared.handler.lock().unwrap() = Some(Arc::new(handler));
    }

    /// Returns this status from now on.
    pub fn set_status(&self, status: &'static str) {
        self.set(move |_, connection| connection.respond(status, "", b""));
    }

    pub fn url(&self) -> String {
        self.url_with_host("127.0.0.1")
    }

    pub fn url_with_host(&self, host: &str) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{host}:{}/hook", self.address.port())
    }

    /// All requests so far, in the order in which they arrived.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The requests of one type of event.
    pub fn requests_of(&self, kind: &str) -> Vec<Request> {
        let mut all = self.requests();
        all.retain(|request| request.kind() == kind);
        all
    }

    pub fn count(&self) -> usize {
        self.shared.requests.lock().unwrap().len()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, tcp: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let plain = tcp.try_clone()?;
        let stream: Box<dyn Stream> = match tls {
            Some(config) => {
                let connection = ServerConnection::new(config).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(connection, plain))
            }
            None => Box::new(plain),
        };
        let mut connection = Connection { stream: BufReader::new(stream), tcp };
        loop {
            let request = connection.read_request()?;
            self.requests.lock().unwrap().push(request.clone());
            let handler = self.handler.lock().unwrap().clone();
            match handler {
                Some(handler) => handler(&request, &mut connection)?,
                None => connection.respond("200 OK", "", b"ok")?,
            }
        }
    }
}
