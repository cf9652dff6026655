//! What a check costs without a sandbox: the dialogue of `check_smtp`, plain or with STARTTLS, by a
//! client in Rust with tokio, rustls and ring, many in one process. For comparison only.
//!
//!     native-client PORT COUNT CONCURRENCY [starttls]
//!
//! Like the check it verifies the handshake and no certificate, and each session has ten seconds.
//! It prints how many sessions went well.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The time of a session.
const TIME: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [port, count, concurrency, rest @ ..] = &words[..] else {
        bail!("usage: native-client PORT COUNT CONCURRENCY [starttls]");
    };
    let tls = match rest {
        [] => None,
        [word] if word == "starttls" => Some(TlsConnector::from(configuration()?)),
        _ => bail!("after the numbers may stand: starttls"),
    };
    let port = port.parse().context("PORT")?;
    let (count, concurrency) = (count.parse().context("COUNT")?, concurrency.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let good = runtime.block_on(sessions(port, count, concurrency, tls));
    println!("{good}");
    ensure!(good == count, "{} sessions failed", count - good);
    Ok(())
}

/// Says how many of them went well.
async fn sessions(port: u16, count: usize, concurrency: usize, tls: Option<TlsConnector>) -> usize {
    let mut running = JoinSet::new();
    let mut good = 0;
    for _ in 0..count {
        if running.len() >= concurrency {
            good += usize::from(matches!(running.join_next().await, Some(Ok(true))));
        }
        let tls = tls.clone();
        running.spawn(async move {
            let session = timeout(TIME, session(port, tls));
            matches!(session.await, Ok(Ok(())))
        });
    }
    while let Some(done) = running.join_next().await {
        good += usize::from(matches!(done, Ok(true)));
    }
    good
}

async fn session(port: u16, tls: Option<TlsConnector>) -> Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufStream::new(stream);
    reply(&mut stream, b"220").await?;
    let Some(tls) = tls else {
        return converse(&mut stream, "HELO").await;
    };
    say(&mut stream, "EHLO localhost").await?;
    reply(&mut stream, b"250").await?;
    say(&mut stream, "STARTTLS").await?;
    reply(&mut stream, b"220").await?;
    let name = ServerName::try_from("127.0.0.1")?;
    let stream = tls.connect(name, stream.into_inner()).await?;
    converse(&mut BufStream::new(stream), "EHLO").await
}

async fn converse(
    stream: &mut BufStream<impl AsyncRead + AsyncWrite + Unpin>,
    verb: &str,
) -> Result<()> {
    say(stream, &format!("{verb} localhost")).await?;
    reply(stream, b"250").await?;
    say(stream, "QUIT").await?;
    reply(stream, b"221").await
}

async fn say(
    stream: &mut BufStream<impl AsyncRead + AsyncWrite + Unpin>,
    line: &str,
) -> Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    Ok(stream.flush().await?)
}

/// Reads a reply to its last line, which has the code.
async fn reply(
    stream: &mut BufStream<impl AsyncRead + AsyncWrite + Unpin>,
    code: &[u8; 3],
) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        stream.read_until(b'\n', &mut line).await?;
        ensure!(line.starts_with(code), "another reply than expected");
        if line.get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}

fn configuration() -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Takes any certificate, whose key has to have signed the handshake.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
