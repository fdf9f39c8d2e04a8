//! ps-client
