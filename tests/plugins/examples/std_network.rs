//! Attacks the network behind the contract's back: connects to `--target`, and resolves a name,
//! with the standard library.

use std::net::{TcpStream, ToSocketAddrs, UdpSocket};

use sandcheck_hostile::{Misuse, Plugin, Report, State, Words, report, std_plugin};

struct Hostile;

std_plugin!(Hostile);

impl Plugin for Hostile {
    fn run(words: &Words) -> Result<Report, Misuse> {
        let target = words.value("target");
        let connected = TcpStream::connect(target).is_ok();
        let sent = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", target));
        let resolved = "localhost:80".to_socket_addrs().is_ok();
        let found = format!(
            "OK - connected {connected}, sent {}, resolved {resolved}",
            sent.is_ok()
        );
        Ok(report(State::Ok, &found))
    }
}
