//! ecm-core
