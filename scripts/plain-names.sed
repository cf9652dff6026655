# Mangled names of Rust without what tells instances and versions of a crate apart.
s/17h[0-9a-f]{16}E/E/
s/Cs[0-9a-zA-Z]*_/C/g
