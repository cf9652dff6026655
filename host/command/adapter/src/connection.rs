//! An open connection, on the streams of a WASI socket.

use std::cell::{Ref, RefCell};
use std::net::IpAddr;

use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use crate::bindings::exports::monitoring::plugin::sockets::{Error, GuestConnection};
use crate::{failure, wait};

/// The most that one call reads, in bytes.
const READ_LIMIT: u32 = 64 * 1024;

/// What a plugin's handle of a connection stands for.
pub(crate) enum Open {
    Connected(RefCell<Streams>),
    /// Accepted and reset before it was looked at.
    Reset,
}

/// In the order in which they are dropped: the streams are the socket's children.
pub(crate) struct Streams {
    input: InputStream,
    output: OutputStream,
    _socket: TcpSocket,
    deadline: u64,
}

impl Open {
    pub(crate) fn connect(
        address: IpAddr,
        port: u16,
        source: Option<IpAddr>,
        deadline: u64,
    ) -> Result<Self, Error> {
        let (family, address) = socket_address(address, port);
        let socket = create_tcp_socket(family).map_err(failure::of_socket)?;
        if let Some(source) = source {
            bind(&socket, source, deadline)?;
        }
        socket
            .start_connect(&instance_network(), address)
            .map_err(failure::of_socket)?;
        let (input, output) = loop {
            match socket.finish_connect() {
                Err(ErrorCode::WouldBlock) => wait::until(&socket.subscribe(), deadline)?,
                // Before the connection stands the answer is "refused"; so it stood.
                Err(ErrorCode::ConnectionReset) => return Ok(Self::Reset),
                connected => break connected.map_err(failure::of_socket)?,
            }
        };
        Ok(Self::Connected(RefCell::new(Streams {
            input,
            output,
            _socket: socket,
            deadline,
        })))
    }
}

/// Has it connect from an address of this machine.
fn bind(socket: &TcpSocket, source: IpAddr, deadline: u64) -> Result<(), Error> {
    let (_, source) = socket_address(source, 0);
    socket
        .start_bind(&instance_network(), source)
        .map_err(failure::of_socket)?;
    loop {
        match socket.finish_bind() {
            Err(ErrorCode::WouldBlock) => wait::until(&socket.subscribe(), deadline)?,
            bound => return bound.map_err(failure::of_socket),
        }
    }
}

impl Open {
    fn streams(&self) -> Result<Ref<'_, Streams>, Error> {
        match self {
            Self::Connected(streams) => Ok(streams.borrow()),
            Self::Reset => Err(Error::Reset),
        }
    }
}

impl GuestConnection for Open {
    fn read(&self, max: u32) -> Result<Vec<u8>, Error> {
        let streams = self.streams()?;
        loop {
            match streams.input.read(max.clamp(1, READ_LIMIT).into()) {
                Ok(bytes) if bytes.is_empty() => {
                    wait::until(&streams.input.subscribe(), streams.deadline)?;
                }
                Err(StreamError::Closed) => return Ok(Vec::new()),
                read => return read.map_err(failure::of_stream),
            }
        }
    }

    fn write(&self, bytes: Vec<u8>) -> Result<(), Error> {
        let streams = self.streams()?;
        let output = &streams.output;
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            let room = output.check_write().map_err(failure::of_stream)?;
            if room == 0 {
                wait::until(&output.subscribe(), streams.deadline)?;
                continue;
            }
            let (now, later) =
                left.split_at(left.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            output.write(now).map_err(failure::of_stream)?;
            left = later;
        }
        output.flush().map_err(failure::of_stream)
    }
}

#[allow(clippy::many_single_char_names, reason = "the parts of an address")]
fn socket_address(address: IpAddr, port: u16) -> (IpAddressFamily, IpSocketAddress) {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            let address = (a, b, c, d);
            let socket = Ipv4SocketAddress { port, address };
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(socket))
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h] = address.segments();
            let socket = Ipv6SocketAddress {
                port,
                flow_info: 0,
                address: (a, b, c, d, e, f, g, h),
                scope_id: 0,
            };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(socket))
        }
    }
}
