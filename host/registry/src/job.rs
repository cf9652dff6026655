//! What `sandcheck` asks of this program, and what it answers. Both are a line of JSON and then bytes:
//! the objects that the line lists the sizes of, one after the other.
//!
//! `sandcheck` believes nothing of an answer: it hashes each object.

use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest line, in bytes.
const LINE_LIMIT: u64 = 1 << 20;

/// Something to be done with one repository of one registry.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Job {
    /// `HOST` or `HOST:PORT`.
    pub(crate) registry: String,
    pub(crate) repository: String,
    pub(crate) access: Access,
    pub(crate) task: Task,
    /// Sizes of the objects behind this line.
    pub(crate) objects: Vec<u64>,
}

/// How the registry is reached.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Access {
    /// HTTP without TLS.
    pub(crate) plain_http: bool,
    /// Who asks; a password is in that file.
    pub(crate) username: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    /// All of it has to be done in this time, in milliseconds.
    pub(crate) timeout: u64,
    /// The largest component that is taken, in bytes.
    pub(crate) component_size: u64,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Task {
    /// A manifest by its tag or digest, what it consists of, and its signatures if it has any.
    Fetch { manifest: String },
    /// A signature manifest by its tag, with what it consists of, if it is there.
    FetchSignatures { manifest: String },
    /// Objects with their digests, the manifest last, which gets that tag or is known by its digest.
    Publish {
        digests: Vec<String>,
        manifest: String,
    },
}

/// What came of it.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Answer {
    /// Sizes of the objects behind this line: the manifest, then what it lists in that order; then
    /// the same of the signatures.
    pub(crate) objects: Vec<u64>,
    /// So many of them belong to the manifest; the rest, if any, to the signatures.
    pub(crate) of_manifest: usize,
}

/// Writes the line and the objects.
pub(crate) fn write(
    mut to: impl Write,
    line: &impl Serialize,
    objects: &[Vec<u8>],
) -> io::Result<()> {
    serde_json::to_writer(&mut to, line)?;
    to.write_all(b"\n")?;
    for object in objects {
        to.write_all(object)?;
    }
    to.flush()
}

/// Reads a line.
pub(crate) fn read_line<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<T> {
    let mut line = Vec::new();
    from.take(LINE_LIMIT).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// Reads the objects behind a line.
pub(crate) fn read_objects(from: &mut impl BufRead, sizes: &[u64]) -> io::Result<Vec<Vec<u8>>> {
    let object = |size: &u64| {
        let mut object = Vec::new();
        let read = from.by_ref().take(*size).read_to_end(&mut object)?;
        if read as u64 == *size {
            Ok(object)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    };
    sizes.iter().map(object).collect()
}
