//! A registry that says what a test wants it to say, lies among it. What an honest one says is tested
//! with a real one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;
use sha2::{Digest, Sha256};

/// What a registry has: by path behind `/v2/NAME/`.
#[derive(Clone, Default)]
pub(crate) struct Content(BTreeMap<String, Vec<u8>>);

impl Content {
    /// A version `1` that is this component.
    pub(crate) fn of(component: Vec<u8>) -> Self {
        let mut content = Self::default();
        let config = content.blob("application/vnd.wasm.config.v0+json", b"{}".to_vec());
        let layer = content.blob("application/wasm", component);
        content.manifest(
            "1",
            &json!({"schemaVersion": 2, "config": config, "layers": [layer]}),
        );
        content
    }

    /// Takes in an object; returns its descriptor.
    pub(crate) fn blob(&mut self, kind: &str, bytes: Vec<u8>) -> serde_json::Value {
        let descriptor = json!({"mediaType": kind, "digest": digest(&bytes), "size": bytes.len()});
        self.0.insert(format!("blobs/{}", digest(&bytes)), bytes);
        descriptor
    }

    /// Takes in a manifest under that tag; returns its digest.
    pub(crate) fn manifest(&mut self, tag: &str, manifest: &serde_json::Value) -> String {
        let bytes = manifest.to_string().into_bytes();
        let digest = digest(&bytes);
        self.0.insert(format!("manifests/{tag}"), bytes.clone());
        self.0.insert(format!("manifests/{digest}"), bytes);
        digest
    }

    /// The digest of the manifest with that tag.
    pub(crate) fn digest(&self, tag: &str) -> String {
        digest(&self.bytes(&format!("manifests/{tag}")))
    }

    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        self.0.get(path).cloned().expect("it was put there")
    }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

/// A request's method and path behind the name, and its `Authorization`.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
}

/// What is sent.
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) header: Option<String>,
    pub(crate) body: Vec<u8>,
    /// What is said about the length, which need not be so.
    pub(crate) length: usize,
    /// Whether the connection stays open, and nothing more comes.
    pub(crate) stalls: bool,
}

impl Answer {
    pub(crate) fn new(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self {
            status,
            header: None,
            length: body.len(),
            body,
            stalls: false,
        }
    }
}

/// What becomes of a request and the honest answer to it. Nothing: the connection is closed.
pub(crate) type Script = Box<dyn Fn(&Request, Answer) -> Option<Answer> + Send>;

/// A registry on a port of its own, for as long as the test runs.
pub(crate) struct Scripted {
    port: u16,
    state: Arc<Mutex<(Content, Script)>>,
}

impl Scripted {
    /// An honest one at first.
    pub(crate) fn start(content: Content) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        let honest: Script = Box::new(|_, answer| Some(answer));
        let state = Arc::new(Mutex::new((content, honest)));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), state) = (stream, Arc::clone(&shared)) else {
                    return;
                };
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { port, state }
    }

    /// What it has from now on, and how it behaves.
    pub(crate) fn becomes(
        &self,
        content: Content,
        script: impl Fn(&Request, Answer) -> Option<Answer> + Send + 'static,
    ) {
        *self.state.lock().expect("no panic") = (content, Box::new(script));
    }

    pub(crate) fn reference(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<(Content, Script)>) {
    let Some(request) = stream.try_clone().ok().and_then(read) else {
        return;
    };
    let answer = {
        let state = state.lock().expect("no panic");
        let found = state.0.0.get(&request.path).cloned();
        let honest = match found {
            Some(bytes) => Answer::new("200 OK", bytes),
            None => Answer::new("404 Not Found", "{}"),
        };
        (state.1)(&request, honest)
    };
    let Some(answer) = answer else { return };
    let header = answer
        .header
        .map(|header| format!("{header}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status, answer.length
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&answer.body));
    if answer.stalls {
        // Until the client gives up.
        let _ = stream.read(&mut [0]);
    }
}

fn read(stream: TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let path = first.split(' ').nth(1)?;
    // `/v2/a/manifests/1`: the names in these tests have no slash.
    let path = path.splitn(4, '/').nth(3).unwrap_or(path).to_owned();
    let headers: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let authorization = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("authorization")
            .then(|| value.to_owned())
    });
    Some(Request {
        path,
        authorization,
    })
}
