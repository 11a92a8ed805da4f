//! A webhook receiver in this process: as fast as possible, so that it takes little CPU time from the
//! server. It verifies nothing, and counts.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::Outcome;

/// The receiver. Its threads end with the process.
pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    requests: AtomicU64,
    is_holding: Mutex<bool>,
    released: Condvar,
}

impl Receiver {
    pub fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let shared = Arc::<Shared>::default();
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting);
                // The sender closes connections when it likes, so an error is normal.
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Ok(Self { url, shared })
    }

    /// Returns the number of responses so far.
    pub fn count(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// From now on, doesn't respond.
    pub fn hold(&self) {
        *self.shared.is_holding.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Responds to what was held, and to everything from now on.
    pub fn release(&self) {
        *self.shared.is_holding.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.shared.released.notify_all();
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut line = String::new();
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                _ if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        let holding = shared.is_holding.lock().unwrap_or_else(PoisonError::into_inner);
        drop(shared.released.wait_while(holding, |is_holding| *is_holding));
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
        shared.requests.fetch_add(1, Ordering::Relaxed);
    }
}
