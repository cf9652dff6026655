//! Verification of signatures, in certificates and in handshakes.

mod ecdsa;
mod ed25519;

use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;

use ecdsa::{P256_SHA256, P256_SHA384, P384_SHA256, P384_SHA384};
use ed25519::ED25519;

use crate::rsa::{pkcs1, pss};

/// All algorithms, and which of them each TLS signature scheme stands for.
pub(crate) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &P256_SHA256,
        &P256_SHA384,
        &P384_SHA256,
        &P384_SHA384,
        &ED25519,
        &pss::SHA256,
        &pss::SHA384,
        &pss::SHA512,
        &pkcs1::SHA256,
        &pkcs1::SHA384,
        &pkcs1::SHA512,
        &pkcs1::SHA256_ABSENT_PARAMETERS,
        &pkcs1::SHA384_ABSENT_PARAMETERS,
        &pkcs1::SHA512_ABSENT_PARAMETERS,
    ],
    // A scheme of TLS 1.3 fixes the curve: rustls then takes the first entry alone (RFC 8446,
    // section 4.2.3). One of TLS 1.2 does not (RFC 5246, section 7.4.1.4.1).
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[&P384_SHA384, &P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[&P256_SHA256, &P384_SHA256],
        ),
        (SignatureScheme::ED25519, &[&ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[&pss::SHA512]),
        (SignatureScheme::RSA_PSS_SHA384, &[&pss::SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[&pss::SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&pkcs1::SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&pkcs1::SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&pkcs1::SHA256]),
    ],
};
