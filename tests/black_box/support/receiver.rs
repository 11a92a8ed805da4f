//! A receiver that keeps the requests it gets, byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::wait_until;

/// Listens on a free port of the loopback address until the test process ends.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    requests: Mutex<Vec<Request>>,
    status: AtomicU16,
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request line and the headers, with the empty line after them.
    pub head: String,
    pub body: Vec<u8>,
}

impl Receiver {
    /// Responds with 200.
    pub fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let state = State { requests: Mutex::default(), status: AtomicU16::new(200) };
        let state = Arc::new(state);
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream.unwrap(), &state));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// Responds with this status from now on.
    pub fn respond_with(&self, status: u16) {
        self.state.status.store(status, Ordering::SeqCst);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    /// Waits for the first request with an event of this type.
    #[track_caller]
    pub fn wait_for(&self, kind: &str) -> Request {
        self.wait_for_number(kind, 1)
    }

    /// Waits for request number `number`, from 1, with an event of this type.
    #[track_caller]
    pub fn wait_for_number(&self, kind: &str, number: usize) -> Request {
        let find = || {
            self.requests()
                .into_iter()
                .filter(|request| request.event()["type"] == kind)
                .nth(number - 1)
        };
        wait_until(&format!("{kind} is received"), || find().is_some());
        find().unwrap()
    }
}

impl Request {
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The whole request.
    pub fn raw(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }
}

/// Serves the requests of a connection until the client closes it.
fn serve(mut stream: TcpStream, state: &State) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut input) {
        state.requests.lock().unwrap().push(request);
        let status = state.status.load(Ordering::SeqCst);
        let response = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok");
        if stream.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(input: &mut impl BufRead) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if input.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut request = Request { head, body: Vec::new() };
    let length = request.header("content-length")?.parse().unwrap();
    input.take(length).read_to_end(&mut request.body).ok()?;
    Some(request)
}
