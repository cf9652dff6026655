//! What several fuzz targets use: servers to put the check before, inputs made of bytes, and second
//! opinions on what comes out.

pub mod conversation;
pub mod ere;
pub mod granted;
pub mod manifest;
pub mod perfdata;
pub mod plugin;
pub mod report;
pub mod server;
pub mod shown;
pub mod tls_server;
pub mod verdict;
