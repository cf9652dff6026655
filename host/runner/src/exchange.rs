//! Talking to registries, which another program does: `sandcheck-registry`, which comes with this one.
//! This one opens no connection for it, and believes only what it has hashed.

#[path = "../../registry/src/job.rs"]
mod job;

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use self::job::{Access, Answer, Job, Task};
use crate::arguments::Options;
use crate::artifact::{Artifact, Manifest};
use crate::companion;
use crate::digest::Digest;
use crate::reference::Reference;

const PROGRAM: &str = "sandcheck-registry";

/// How much later than the program itself we notice that time is up.
const LATE: Duration = Duration::from_secs(2);

/// The most that is taken besides the component, in bytes.
const REST: u64 = 32 << 20;

/// A version, as a registry has it.
pub(crate) struct Fetched {
    pub(crate) artifact: Artifact,
    pub(crate) signatures: Option<Artifact>,
}

/// Asks for a version and its signatures.
pub(crate) fn fetch(reference: &Reference, options: &Options) -> Result<Fetched> {
    let manifest = reference.manifest();
    let (answer, mut objects) = ask(reference, options, Task::Fetch { manifest }, &[])?;
    let signatures = objects.split_off(answer.of_manifest.min(objects.len()));
    let artifact = artifact(objects)?.context("the registry sent nothing")?;
    if let Some(pinned) = &reference.digest {
        let found = Digest::of(&artifact.manifest);
        ensure!(
            found == *pinned,
            "the registry {} sent {found} for {pinned}",
            reference.registry
        );
    }
    Ok(Fetched {
        artifact,
        signatures: self::artifact(signatures).context("its signatures")?,
    })
}

/// Asks for the signatures of a version alone.
pub(crate) fn fetch_signatures(
    reference: &Reference,
    digest: &Digest,
    options: &Options,
) -> Result<Option<Artifact>> {
    let manifest = Reference::signature_tag(digest);
    artifact(ask(reference, options, Task::FetchSignatures { manifest }, &[])?.1)
}

/// Sends something that is to be known by that tag or digest.
pub(crate) fn publish(
    reference: &Reference,
    name: String,
    artifact: &Artifact,
    options: &Options,
) -> Result<()> {
    let objects: Vec<_> = artifact.all().cloned().collect();
    let digests = artifact
        .objects
        .iter()
        .map(|object| Digest::of(object).to_string())
        .collect();
    let task = Task::Publish {
        digests,
        manifest: name,
    };
    ask(reference, options, task, &objects).map(drop)
}

fn ask(
    reference: &Reference,
    options: &Options,
    task: Task,
    objects: &[Vec<u8>],
) -> Result<(Answer, Vec<Vec<u8>>)> {
    let network = &options.network;
    ensure!(
        !network.offline,
        "no registry is asked, because of --offline"
    );
    let program = companion::find(PROGRAM, "the program that talks to registries")?;
    let component_size = options.policy.limits.component_size;
    let job = Job {
        registry: reference.registry.clone(),
        repository: reference.repository.clone(),
        access: Access {
            plain_http: network.plain_http || reference.is_loopback() && !network.https,
            username: network.username.clone(),
            password_file: network.password_file.clone(),
            timeout: u64::try_from(network.timeout.as_millis()).unwrap_or(u64::MAX),
            component_size,
        },
        task,
        objects: objects.iter().map(|object| object.len() as u64).collect(),
    };
    let mut input = Vec::new();
    job::write(&mut input, &job, objects)?;
    let mut command = Command::new(program);
    command.arg(env!("CARGO_PKG_VERSION"));
    let ended = companion::converse(
        &mut command,
        input,
        component_size.saturating_add(REST),
        network.timeout + LATE,
    )?;
    let complaint = ended.complaint.trim();
    let Some(output) = ended.output else {
        let (registry, timeout) = (&reference.registry, network.timeout);
        bail!("the registry {registry} was not done within {timeout:?}; to wait longer: --timeout");
    };
    if !ended.status.success() {
        match complaint {
            "" => bail!("{PROGRAM} broke off: {}", ended.status),
            complaint => bail!("{complaint}"),
        }
    }
    let mut output = output.as_slice();
    let answer: Answer = job::read_line(&mut output).context("the answer cannot be read")?;
    let objects =
        job::read_objects(&mut output, &answer.objects).context("the answer cannot be read")?;
    Ok((answer, objects))
}

/// A manifest and what it lists, if each is what the manifest says. Nothing for nothing.
fn artifact(mut objects: Vec<Vec<u8>>) -> Result<Option<Artifact>> {
    if objects.is_empty() {
        return Ok(None);
    }
    let rest = objects.split_off(1);
    let manifest = objects.pop().unwrap_or_default();
    let listed = Manifest::parse(&manifest)?;
    for (expected, object) in listed.listed().zip(&rest) {
        let (found, expected) = (Digest::of(object), &expected.digest);
        ensure!(
            found == *expected,
            "the registry sent {found} for {expected}: it was changed or damaged"
        );
    }
    ensure!(
        listed.listed().count() == rest.len(),
        "the registry did not send all that the manifest lists"
    );
    Ok(Some(Artifact {
        manifest,
        objects: rest,
    }))
}
