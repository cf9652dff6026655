//! What an error of WASI means to a plugin.

use wasip2::io::streams::StreamError;
use wasip2::sockets::network::ErrorCode;

use crate::bindings::exports::monitoring::plugin::sockets::Error;

/// Of a call that concerns a socket.
pub(crate) fn of_socket(code: ErrorCode) -> Error {
    match code {
        ErrorCode::AccessDenied => Error::AccessDenied(
            "the runtime does not lend the network; to allow it: -S inherit-network".to_owned(),
        ),
        ErrorCode::NotSupported => Error::NotSupported,
        ErrorCode::ConnectionRefused => Error::Refused,
        ErrorCode::ConnectionReset | ErrorCode::ConnectionAborted => Error::Reset,
        ErrorCode::Timeout => Error::TimedOut,
        // WASI has one code for EHOSTUNREACH and ENETUNREACH.
        ErrorCode::RemoteUnreachable => Error::Unreachable("No route to host".to_owned()),
        ErrorCode::InvalidArgument => Error::InvalidAddress("Invalid argument".to_owned()),
        ErrorCode::OutOfMemory => Error::Other("Cannot allocate memory".to_owned()),
        ErrorCode::NewSocketLimit => Error::Other("Too many open files".to_owned()),
        other => Error::Other(format!("WASI says {}", other.name())),
    }
}

/// Of reading or writing. Why a stream failed WASI tells in words only, which are the runtime's own.
pub(crate) fn of_stream(error: StreamError) -> Error {
    match error {
        StreamError::Closed => Error::Reset,
        StreamError::LastOperationFailed(error) => {
            let words = error.to_debug_string();
            let words = words.split(" (os error ").next().unwrap_or_default();
            let is_broken = BROKEN.iter().any(|broken| words.contains(broken));
            if is_broken {
                Error::Reset
            } else {
                Error::Other(words.to_owned())
            }
        }
    }
}

/// What strerror(3) says of `ECONNRESET`, `ECONNABORTED` and `EPIPE`, and Rust of their kinds.
const BROKEN: [&str; 5] = [
    "reset by peer",
    "connection abort",
    "Broken pipe",
    "ConnectionReset",
    "BrokenPipe",
];
