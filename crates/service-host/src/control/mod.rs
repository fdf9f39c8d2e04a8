//! The endpoint of a control socket: a Unix socket, or a named pipe on Windows. What is said on
//! it belongs to each program.

pub mod endpoint;
