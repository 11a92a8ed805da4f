//! A proxy in front of a server, which disturbs the requests that a test chooses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What happens to a request.
pub enum Fault {
    /// It reaches the server, and the response reaches the client.
    None,
    /// It doesn't reach the server; the client gets this response.
    Respond(String),
    /// The connection is closed before the request reaches the server.
    Refuse,
    /// It reaches the server, but the client gets only the first half of the response.
    CutResponse,
    /// It reaches the server, and the client never gets a response.
    Hang,
}

/// Returns what happens to a request, by its number, from 0, and its request line.
type Script = Box<dyn FnMut(usize, &str) -> Fault + Send>;

pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The request lines, without the version.
    requests: Vec<String>,
    /// The statuses of the server's responses.
    statuses: Vec<u16>,
    script: Script,
}

impl Proxy {
    /// Listens on a free port of the loopback address until the test process ends.
    pub fn start(
        server: SocketAddr,
        script: impl FnMut(usize, &str) -> Fault + Send + 'static,
    ) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let state = State { requests: Vec::new(), statuses: Vec::new(), script: Box::new(script) };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream.unwrap(), server, &state));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Disturbs other requests from now on. Their numbers start at 0 again.
    pub fn restart(&self, script: impl FnMut(usize, &str) -> Fault + Send + 'static) {
        let mut state = self.state.lock().unwrap();
        state.script = Box::new(script);
        state.requests.clear();
    }

    /// The statuses of the server's responses so far.
    pub fn statuses(&self) -> Vec<u16> {
        self.state.lock().unwrap().statuses.clone()
    }

    /// The requests so far, such as `GET /api/v1/me`.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

/// Serves one request.
fn serve(mut client: TcpStream, server: SocketAddr, state: &Mutex<State>) {
    let mut input = BufReader::new(client.try_clone().unwrap());
    let Some((head, body)) = read(&mut input) else { return };
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let fault = {
        let mut state = state.lock().unwrap();
        let number = state.requests.len();
        let fault = (state.script)(number, &line);
        state.requests.push(line);
        fault
    };
    let forward = |head: &str, body: &[u8]| {
        let response = forward(server, head, body);
        let status = str::from_utf8(&response[9..12]).unwrap().parse().unwrap();
        state.lock().unwrap().statuses.push(status);
        response
    };
    let sent = match fault {
        Fault::Refuse => return,
        Fault::Respond(response) => client.write_all(response.as_bytes()),
        Fault::None => client.write_all(&forward(&head, &body)),
        Fault::CutResponse => {
            let response = forward(&head, &body);
            client.write_all(&response[..response.len() / 2])
        }
        Fault::Hang => {
            forward(&head, &body);
            // Until the client closes the connection.
            input.read_to_end(&mut Vec::new()).map(drop)
        }
    };
    // The client may have been killed.
    drop(sent);
}

fn read(input: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if input.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    });
    let mut body = Vec::new();
    input.take(length.unwrap_or(0)).read_to_end(&mut body).ok()?;
    Some((head, body))
}

/// Returns the server's response, after which the connection is closed.
fn forward(server: SocketAddr, head: &str, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).unwrap();
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    response
}

/// A response without a body worth reading.
pub fn response(status: &str, headers: &str) -> Fault {
    Fault::Respond(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n"
    ))
}
