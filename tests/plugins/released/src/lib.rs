//! Nothing: the plugin is `examples/released.rs`, built like the others.
