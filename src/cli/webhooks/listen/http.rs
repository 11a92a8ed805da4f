//! The HTTP server of `webhooks listen`: one request per connection. Everything is bounded
//! because any process on this machine can connect.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::request::{header, split};

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// The largest body, in bytes: larger than any event.
const MAX_BODY: usize = 8 << 20;
/// How long a client may take to send its request, and to read the response.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Connections served at the same time. The server opens at most four per endpoint.
const MAX_CONNECTIONS: usize = 16;
/// The pause after failing to accept a connection, for example because too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: Option<String>,
}

impl Response {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), retry_after: None }
    }
}

/// A socket on a free loopback port.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// # Errors
    /// If the system has no free port.
    pub fn bind() -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Responds to each request on its own thread, until the process ends. `respond` gets the
    /// whole request.
    ///
    /// # Errors
    /// If the first thread can't be started.
    pub fn start(
        self,
        respond: impl Fn(&[u8]) -> Response + Send + Sync + 'static,
    ) -> io::Result<()> {
        let respond = Arc::new(respond);
        let open = Arc::new(AtomicUsize::new(0));
        let accept = move || loop {
            let Ok((stream, _)) = self.socket.accept() else {
                thread::sleep(PAUSE);
                continue;
            };
            if open.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
                open.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (respond, counted) = (Arc::clone(&respond), Arc::clone(&open));
            let serve = move || {
                // If the client is gone, it doesn't need a response.
                let _ = serve(stream, &*respond);
                counted.fetch_sub(1, Ordering::SeqCst);
            };
            if thread::Builder::new().name("request".to_owned()).spawn(serve).is_err() {
                open.fetch_sub(1, Ordering::SeqCst);
            }
        };
        thread::Builder::new().name("listener".to_owned()).spawn(accept).map(drop)
    }
}

fn serve(mut stream: TcpStream, respond: &dyn Fn(&[u8]) -> Response) -> io::Result<()> {
    stream.set_write_timeout(Some(TIMEOUT))?;
    let response = match read(&mut stream)? {
        Ok(request) => respond(&request),
        Err(refusal) => refusal,
    };
    write(&mut stream, &response)
}

/// Reads a request, or returns the response that refuses it.
fn read(stream: &mut TcpStream) -> io::Result<Result<Vec<u8>, Response>> {
    let deadline = Instant::now() + TIMEOUT;
    let mut input = Vec::new();
    let mut buffer = [0; 8 << 10];
    let mut length = None;
    loop {
        if length.is_none()
            && let Some((head, body)) = split(&input)
        {
            match content_length(head) {
                Ok(size) => length = Some(input.len() - body.len() + size),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        match length {
            Some(length) if input.len() >= length => {
                input.truncate(length);
                return Ok(Ok(input));
            }
            None if input.len() > MAX_HEAD => {
                return Ok(Err(Response::new(431, "The headers are too large.")));
            }
            _ => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => input.extend_from_slice(&buffer[..count]),
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize, Response> {
    let head = str::from_utf8(head).map_err(|_| Response::new(400, "The headers aren't text."))?;
    if header(head, "transfer-encoding").is_some() {
        return Err(Response::new(411, "Send a Content-Length."));
    }
    let length = header(head, "content-length").unwrap_or("0").parse();
    match length {
        Ok(length) if length <= MAX_BODY => Ok(length),
        Ok(_) => Err(Response::new(413, "The body is too large.")),
        Err(_) => Err(Response::new(400, "The Content-Length isn't a number.")),
    }
}

fn write(stream: &mut TcpStream, response: &Response) -> io::Result<()> {
    let Response { status, body, retry_after } = response;
    let mut head = format!("HTTP/1.1 {status} \r\nConnection: close\r\n");
    if let Some(delay) = retry_after {
        head.push_str(&format!("Retry-After: {delay}\r\n"));
    }
    // These never have a body (RFC 9110, sections 15.3.5 and 15.4.5).
    let has_body = !matches!(status, 204 | 304);
    if has_body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    if has_body {
        stream.write_all(body)?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(request: &[u8]) -> String {
        let listener = Listener::bind().unwrap();
        let address = listener.address();
        listener
            .start(|request| Response {
                retry_after: Some("7".to_owned()),
                ..Response::new(429, request.len().to_string())
            })
            .unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT * 3)).unwrap();
        stream.write_all(request).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    #[test]
    fn a_request_is_handed_on_whole_and_answered() {
        let request = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        let response = exchange(request.as_bytes());
        assert!(response.starts_with("HTTP/1.1 429 "), "{response}");
        assert!(response.contains("Retry-After: 7\r\n"), "{response}");
        assert!(response.ends_with(&format!("\r\n\r\n{}", request.len())), "{response}");
    }

    #[test]
    fn requests_that_are_no_deliveries_are_refused() {
        for (head, status) in [
            ("Content-Length: 99999999", 413),
            ("Content-Length: x", 400),
            ("Transfer-Encoding: chunked", 411),
        ] {
            let response = exchange(format!("POST / HTTP/1.1\r\n{head}\r\n\r\n").as_bytes());
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        }
        // Sends only slightly more than the server reads. Otherwise, closing would reset the
        // connection before the response is read.
        let response = exchange(&vec![b'a'; MAX_HEAD + 1]);
        assert!(response.starts_with("HTTP/1.1 431 "), "{response}");
    }
}
