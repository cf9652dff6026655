//! Connections: so many at a time, each within bounds of time and size.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use crate::routes;
use crate::service::Service;

/// So many connections at a time; the next ones wait to be accepted.
const CONNECTIONS: u32 = 1000;

/// A client has to have made the TLS connection after this time.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A client has to have said what it wants after this time, also when it keeps the connection.
const HEADER_TIME: Duration = Duration::from_secs(30);

/// What a client says before its body, in bytes, and in how many lines.
const HEADER_SIZE: usize = 16 << 10;
const HEADERS: usize = 64;

/// So long a client may read nothing of an answer.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// The most that is kept of a connection, in bytes.
const BUFFER: usize = 64 << 10;

/// After an error of accept(2), such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// All connections.
pub(crate) struct Server {
    places: Arc<Semaphore>,
}

/// Listens on every address, or on none.
pub(crate) async fn start(service: &Arc<Service>) -> Result<Server> {
    let mut listeners = Vec::new();
    for address in service.options.serve.addresses() {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.with_context(|| format!("--web.listen-address {address}"))?);
    }
    let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
    for listener in listeners {
        let (address, web) = (listener.local_addr()?, service.web());
        let (tls, users) = (web.tls.is_some(), web.users.is_some());
        info!(address = %address, tls, users, "listening");
        if !address.ip().is_loopback() && !users && web.tls.is_none() {
            warn!(address = %address, "whoever reaches this address can have checks run");
        }
        tokio::spawn(accept(Arc::clone(service), listener, Arc::clone(&places)));
    }
    Ok(Server { places })
}

impl Server {
    /// Waits until the last connection has ended.
    pub(crate) async fn drain(&self) {
        let _ = self.places.acquire_many(CONNECTIONS).await;
    }
}

async fn accept(service: Arc<Service>, listener: TcpListener, places: Arc<Semaphore>) {
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = service.stopped() => return,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => {
                tokio::spawn(connection(Arc::clone(&service), stream, peer, place));
            }
            (Ok(_), Err(error)) => {
                warn!(error = %error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
            (Err(_), _) => return,
        }
    }
}

/// An open connection, as long as it is counted.
struct Counted<'a>(&'a Service);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.metrics.connection_ended();
    }
}

async fn connection(
    service: Arc<Service>,
    stream: TcpStream,
    peer: SocketAddr,
    _place: OwnedSemaphorePermit,
) {
    service.metrics.connection_began();
    let _counted = Counted(&service);
    // Without it an answer may wait for a moment, that is all.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIME));
    let stream: Pin<Box<_>> = Box::pin(stream);
    let Some(tls) = service.web().tls.clone() else {
        return converse(&service, stream, peer).await;
    };
    match timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(stream)).await {
        Ok(Ok(stream)) => converse(&service, stream, peer).await,
        Ok(Err(error)) => debug!(peer = %peer, error = %error, "no TLS connection came about"),
        Err(_) => debug!(peer = %peer, "no TLS connection came about in time"),
    }
}

/// Answers requests until the client ends the connection, is too slow, or the server ends.
async fn converse(
    service: &Arc<Service>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
) {
    let answer = service_fn(|request| {
        let service = Arc::clone(service);
        async move { Ok::<_, Infallible>(routes::answer(&service, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_header_size(HEADER_SIZE)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = service.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(peer = %peer, error = %error, "a connection broke off");
    }
}
