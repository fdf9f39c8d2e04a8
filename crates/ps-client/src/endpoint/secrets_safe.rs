//! Secrets Safe: a second store behind the same sign-in, with safes, folders and secrets.

pub mod folders;
pub mod safes;
pub mod secrets;
