//! The plugins of the conformance kit: see `examples/`.
