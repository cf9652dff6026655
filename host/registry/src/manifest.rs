//! As much of an OCI image manifest as is needed to fetch what it lists (OCI image specification,
//! "Image Manifest").

use serde::Deserialize;

/// The media type of manifests that are asked for and sent.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

#[derive(Deserialize)]
pub(crate) struct Manifest {
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
pub(crate) struct Descriptor {
    pub(crate) digest: String,
    /// Bytes.
    pub(crate) size: u64,
}
