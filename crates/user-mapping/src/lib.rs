//! user-mapping
