//! ecm-protocol
