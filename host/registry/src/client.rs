//! Requests to one repository (OCI distribution specification 1.1), with one deadline for all of them.

mod failure;

use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use self::failure::{refusal, transport};
use crate::challenge::{Bearer, Challenge};
use crate::job::{Access, Job};
use crate::login::Login;
use crate::manifest;

/// The most that is read of a token or a complaint, in bytes.
const SMALL: u64 = 256 << 10;

/// What a manifest says of an object.
pub(crate) struct Expected<'a> {
    pub(crate) digest: &'a str,
    /// Bytes.
    pub(crate) size: u64,
}

/// A repository, and how it is talked to.
pub(crate) struct Client {
    agent: Agent,
    /// `https://HOST:PORT`
    origin: String,
    registry: String,
    repository: String,
    access: Access,
    login: Login,
    /// The header that the registry accepted last.
    authorization: Option<String>,
    end: Instant,
}

impl Client {
    pub(crate) fn new(job: &Job) -> Result<Self> {
        let access = job.access.clone();
        let scheme = if access.plain_http { "http" } else { "https" };
        let login = Login::find(&access, &job.registry)?;
        let authorization = match &login {
            Login::Token(token) => Some(format!("Bearer {token}")),
            Login::Nobody | Login::Password { .. } => None,
        };
        Ok(Self {
            agent: agent(&access)?,
            origin: format!("{scheme}://{}", job.registry),
            registry: job.registry.clone(),
            repository: job.repository.clone(),
            end: Instant::now() + Duration::from_millis(access.timeout),
            access,
            login,
            authorization,
        })
    }

    pub(crate) fn repository(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    pub(crate) fn component_size(&self) -> u64 {
        self.access.component_size
    }

    /// The manifest of that tag or digest, if there is one.
    pub(crate) fn manifest(&mut self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let url = self.url(&format!("manifests/{name}"));
        let accept = [("accept", manifest::MEDIA_TYPE)];
        let response = self.send(&Method::GET, &url, &accept, &[])?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => self
                .read(response, limit, &format!("the manifest '{name}'"))
                .map(Some),
            _ => Err(self.refused(response)),
        }
    }

    /// An object. It has the size that was said, and whether it is the right one is for others to see.
    pub(crate) fn blob(&mut self, expected: &Expected) -> Result<Vec<u8>> {
        let Expected { digest, size } = *expected;
        ensure!(
            is_digest(digest),
            "the manifest lists '{digest}', which is no sha256 digest"
        );
        let url = self.url(&format!("blobs/{digest}"));
        let response = self.send(&Method::GET, &url, &[], &[])?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => bail!(
                "the registry {} lists {digest}, and does not have it",
                self.registry
            ),
            _ => return Err(self.refused(response)),
        }
        let bytes = self.read(response, size, digest)?;
        let read = bytes.len();
        ensure!(
            read as u64 == size,
            "the registry {} cut off {digest}: {read} of {size} bytes",
            self.registry
        );
        Ok(bytes)
    }

    pub(crate) fn has_blob(&mut self, digest: &str) -> Result<bool> {
        let url = self.url(&format!("blobs/{digest}"));
        let response = self.send(&Method::HEAD, &url, &[], &[])?;
        match response.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refused(response)),
        }
    }

    /// Sends an object: one request for a place, another for the bytes ("POST then PUT").
    pub(crate) fn put_blob(&mut self, digest: &str, bytes: &[u8]) -> Result<()> {
        let url = self.url("blobs/uploads/");
        let response = self.send(&Method::POST, &url, &[], &[])?;
        if response.status() != StatusCode::ACCEPTED {
            return Err(self.refused(response));
        }
        let place = header(&response, LOCATION.as_str());
        let place = place.with_context(|| {
            format!("the registry {} names no place to upload to", self.registry)
        })?;
        let mut url = if place.starts_with('/') {
            format!("{}{place}", self.origin)
        } else {
            place
        };
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&format!("digest={digest}"));
        let kind = [(CONTENT_TYPE.as_str(), "application/octet-stream")];
        let response = self.send(&Method::PUT, &url, &kind, bytes)?;
        self.created(response)
    }

    /// Sends a manifest, which gets that tag or is known by that digest.
    pub(crate) fn put_manifest(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let url = self.url(&format!("manifests/{name}"));
        let kind = [(CONTENT_TYPE.as_str(), manifest::MEDIA_TYPE)];
        let response = self.send(&Method::PUT, &url, &kind, bytes)?;
        self.created(response)
    }

    fn created(&self, response: Response<Body>) -> Result<()> {
        if response.status() == StatusCode::CREATED {
            return Ok(());
        }
        Err(self.refused(response))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.origin, self.repository)
    }

    fn is_own(&self, url: &str) -> bool {
        url.strip_prefix(&self.origin)
            .is_some_and(|path| path.starts_with('/'))
    }

    /// Sends a request, and once more with a login if the registry demands one.
    fn send(
        &mut self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response<Body>> {
        let response = self.send_once(method, url, headers, body)?;
        if response.status() != StatusCode::UNAUTHORIZED || !self.is_own(url) {
            return Ok(response);
        }
        let challenge = header(&response, WWW_AUTHENTICATE.as_str());
        let authorization = match challenge.as_deref().and_then(Challenge::parse) {
            Some(Challenge::Basic) => self.login.basic(),
            Some(Challenge::Bearer(bearer)) => Some(self.token(&bearer)?),
            None => None,
        };
        if authorization.is_none() {
            return Ok(response);
        }
        self.authorization = authorization;
        self.send_once(method, url, headers, body)
    }

    fn send_once(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response<Body>> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // A place to upload to may be somebody else's, who needs no password.
        if let Some(authorization) = &self.authorization
            && self.is_own(url)
        {
            request = request.header(AUTHORIZATION, authorization);
        }
        if method == Method::GET || method == Method::HEAD {
            return self.run(request.body(())?);
        }
        self.run(request.body(body)?)
    }

    fn run<B: ureq::AsSendBody>(&self, request: Request<B>) -> Result<Response<Body>> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(self.time_left()?))
            .build();
        self.agent.run(request).map_err(|error| self.failed(error))
    }

    fn time_left(&self) -> Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.failed(ureq::Error::Timeout(ureq::Timeout::Global)));
        }
        Ok(left)
    }

    /// A token for what the registry wants to see one for.
    fn token(&self, bearer: &Bearer) -> Result<String> {
        ensure!(
            self.access.plain_http || bearer.realm.starts_with("https://"),
            "the registry {} wants the login to be sent to '{}', without TLS",
            self.registry,
            bearer.realm
        );
        let mut request = self.agent.get(&bearer.realm);
        for (name, value) in [("service", &bearer.service), ("scope", &bearer.scope)] {
            if let Some(value) = value {
                request = request.query(name, value);
            }
        }
        if let Some(basic) = self.login.basic() {
            request = request.header(AUTHORIZATION, basic);
        }
        let request = request
            .config()
            .timeout_global(Some(self.time_left()?))
            .build();
        let response = request
            .call()
            .map_err(|error| self.failed(error))
            .context("a token")?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).context("no token was given"));
        }
        let bytes = self.read(response, SMALL, "a token")?;
        let token = serde_json::from_slice::<Token>(&bytes)
            .ok()
            .and_then(Token::text);
        let token =
            token.with_context(|| format!("{} gives something that is no token", bearer.realm))?;
        Ok(format!("Bearer {token}"))
    }

    /// All of a body, unless there is more of it than that.
    fn read(&self, response: Response<Body>, limit: u64, what: &str) -> Result<Vec<u8>> {
        let reader = response
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        let mut bytes = Vec::new();
        let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        match read.map_err(ureq::Error::from) {
            Ok(_) => {}
            Err(error @ ureq::Error::Timeout(_)) => return Err(self.failed(error)),
            Err(error) => {
                let (registry, read) = (&self.registry, bytes.len());
                bail!("the registry {registry} cut off {what} after {read} bytes: {error}")
            }
        }
        let most = limit;
        ensure!(
            bytes.len() as u64 <= most,
            "the registry {} sent more than {most} bytes for {what}",
            self.registry
        );
        Ok(bytes)
    }

    fn failed(&self, error: ureq::Error) -> anyhow::Error {
        transport(&self.registry, &self.access, error)
    }

    /// Why a request was not carried out, in the registry's words.
    fn refused(&self, response: Response<Body>) -> anyhow::Error {
        let status = response.status();
        let complaint = self
            .read(response, SMALL, "its complaint")
            .unwrap_or_default();
        refusal(
            &self.repository(),
            status,
            self.authorization.is_some(),
            &complaint,
        )
    }
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Token {
    fn text(self) -> Option<String> {
        let text = self.token.or(self.access_token)?;
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then_some(text)
    }
}

fn agent(access: &Access) -> Result<Agent> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .https_only(!access.plain_http)
        .user_agent(concat!("sandcheck/", env!("CARGO_PKG_VERSION")));
    // What is spoken to without TLS is near: no proxy is asked for it.
    let config = if access.plain_http {
        config.proxy(None)
    } else {
        config.tls_config(tls()?)
    };
    Ok(config.build().new_agent())
}

/// The system's trust anchors, or those of `SSL_CERT_FILE`.
fn tls() -> Result<TlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    let problem = found
        .errors
        .first()
        .map(|error| format!(": {error}"))
        .unwrap_or_default();
    ensure!(
        !found.certs.is_empty(),
        "this machine has no trust anchors for TLS{problem}; install ca-certificates, or set SSL_CERT_FILE"
    );
    let anchors = found
        .certs
        .iter()
        .map(|anchor| Certificate::from_der(anchor).to_owned());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::from(anchors))
        .unversioned_rustls_crypto_provider(rustls::crypto::ring::default_provider().into())
        .build())
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64
        && hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn header(response: &Response<Body>, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}
