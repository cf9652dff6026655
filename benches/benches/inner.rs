//! The inner parts: an instance that is made and dropped, a reply, a handshake, a rendered report.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use check_smtp::reply::ReplyReader;
use criterion::Criterion;
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection};
use sandcheck::types::{Metric, Report, State};
use sandcheck::{EpochClock, Limits, Plugin, pool, render};
use sandcheck_plugin::tls::TlsStream;
use sandcheck_tests::certificates::{Certificates, Kind};
use wasmtime::component::Component;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    instance(&mut criterion)?;
    reply(&mut criterion);
    handshake(&mut criterion)?;
    rendering(&mut criterion);
    criterion.final_summary();
    Ok(())
}

fn instance(criterion: &mut Criterion) -> Result<()> {
    let limits = Limits::default();
    let engine = pool::engine(10, &limits)?;
    let component = load(&engine, &compiled()?)?;
    let plugin = Plugin::new(&component, limits, EpochClock::Thread)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    criterion.bench_function("instance/made and dropped", |bencher| {
        bencher.iter(|| runtime.block_on(plugin.instantiate()).map(drop));
    });
    Ok(())
}

/// Our component as `sandcheck compile` leaves it.
fn compiled() -> Result<PathBuf> {
    // Cargo runs benchmarks in their package's folder.
    let builds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let release = builds.join("release");
    let output = Command::new(release.join("sandcheck"))
        .args(["compile", "--cache"])
        .arg(builds.join("bench-cache"))
        .arg(release.join("check_smtp.wasm"))
        .output()
        .context("run `make bench`, which builds sandcheck")?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{text}");
    let path = text.trim_end().rsplit(' ').next().unwrap_or_default();
    Ok(PathBuf::from(path))
}

#[allow(unsafe_code, reason = "loading compiled code means trusting it")]
fn load(engine: &wasmtime::Engine, code: &Path) -> Result<Component> {
    // SAFETY: it was compiled a moment ago, or is what the private cache holds.
    Ok(unsafe { Component::deserialize_file(engine, code) }?)
}

fn reply(criterion: &mut Criterion) {
    let text = b"250-mx.example.org\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 8BITMIME\r\n";
    criterion.bench_function("reply/EHLO", |bencher| {
        bencher.iter(|| {
            let mut reader = ReplyReader::default();
            reader.push(black_box(text));
            reader.take().map(|reply| reply.map(|reply| reply.code()))
        });
    });
}

fn handshake(criterion: &mut Criterion) -> Result<()> {
    let certificates = Certificates::new().map_err(|error| anyhow::anyhow!("{error}"))?;
    let kind = Kind::named("days1000").context("no such certificate")?;
    let certificate = certificates
        .certificate(kind)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.clone()], certificate.key())?;
    let config = Arc::new(config);
    criterion.bench_function(
        "handshake/TLS 1.3, P-256, both sides, not sandboxed",
        |bencher| {
            bencher.iter(|| {
                let server = Server(ServerConnection::new(Arc::clone(&config)).expect("a server"));
                TlsStream::handshake(server, None, &[])
                    .map(drop)
                    .expect("a handshake");
            });
        },
    );
    Ok(())
}

/// A server in memory: it answers what is written when it is read.
struct Server(ServerConnection);

impl Read for Server {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.write_tls(&mut &mut buffer[..])
    }
}

impl Write for Server {
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len();
        while !bytes.is_empty() {
            self.0.read_tls(&mut bytes)?;
            self.0.process_new_packets().map_err(io::Error::other)?;
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rendering(criterion: &mut Criterion) {
    let report = Report {
        state: State::Ok,
        transcript: Vec::new(),
        findings: Vec::new(),
        summary: Some("SMTP OK - 0.001 sec. response time".to_owned()),
        metrics: vec![Metric {
            name: "time".to_owned(),
            value: 0.001_234,
            unit: "s".to_owned(),
            precision: 6,
            warning: None,
            critical: None,
            min: Some(0.0),
            max: None,
        }],
        details: Vec::new(),
    };
    criterion.bench_function("rendering/one line", |bencher| {
        bencher.iter(|| render::text(black_box(&report)));
    });
}
