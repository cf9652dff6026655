//! How bytes travel, once the grants have allowed it: by the runtime that many checks share, or by
//! the system calls of a process that does one check.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use wasmtime::component::Linker;

use crate::bindings::monitoring::plugin::resolver;
use crate::bindings::monitoring::plugin::sockets::Error;
use crate::resolver::records::{Answer, Question};
use crate::state::State;

mod alone;
mod shared;

pub(crate) use alone::wait;
pub use alone::{Alone, block_on};
pub use shared::Shared;

/// What waits for connections, names and time. A deadline that has passed is
/// [`Error::TimedOut`], however much there is to read.
///
/// It is implemented by [`Shared`] and [`Alone`].
pub trait Transport: Sized + Send + 'static {
    /// An open connection.
    type Stream: Send + 'static;

    /// Whether the process ends with the check, so that the release of memory can be left to it.
    const ENDS_WITH_CHECK: bool;

    /// Connects to an address, from this one of the machine where one is given.
    fn connect_tcp(
        address: SocketAddr,
        source: Option<IpAddr>,
        deadline: Instant,
    ) -> impl Future<Output = Result<Self::Stream, Error>> + Send;

    /// Connects to a Unix socket.
    fn connect_unix(
        path: &str,
        deadline: Instant,
    ) -> impl Future<Output = Result<Self::Stream, Error>> + Send;

    /// Reads at most `max` bytes, as soon as there are any; none at the end.
    fn read(
        stream: &mut Self::Stream,
        max: usize,
        deadline: Instant,
    ) -> impl Future<Output = Result<Vec<u8>, Error>> + Send;

    /// Writes all of it.
    fn write(
        stream: &mut Self::Stream,
        bytes: &[u8],
        deadline: Instant,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// The addresses of a name, in the resolver's order.
    fn look_up(
        name: &str,
        port: u16,
        deadline: Instant,
    ) -> impl Future<Output = Result<Vec<SocketAddr>, Error>> + Send;

    /// The records that a question is about.
    fn ask(
        question: Question,
        deadline: Instant,
    ) -> impl Future<Output = Result<Answer, resolver::Error>> + Send;

    /// What comes of a future until the deadline.
    fn by<F: Future + Send>(
        deadline: Instant,
        work: F,
    ) -> impl Future<Output = Option<F::Output>> + Send;

    /// Does what may wait for something else than connections, such as a file, without making others
    /// wait for it.
    fn aside<D: Send + 'static>(
        work: impl FnOnce() -> D + Send + 'static,
    ) -> impl Future<Output = D> + Send;

    /// Links what standard libraries of languages bring along, if that can be had here.
    fn link_inert(linker: &mut Linker<State<Self>>) -> wasmtime::Result<()>;
}
