#![doc = include_str!("../README.md")]

mod answer;
mod calls;
mod failure;
mod greeting;
mod line;
mod line_reader;
mod manifest;
mod message;

pub use answer::{AnswerError, BATCH_ACCOUNTS, check_account, check_batch, check_loan};
pub use calls::{CallId, Calls, Heard, STRAYS_AT_MOST};
pub use failure::{failure_of, words_for_a_log};
pub use greeting::{
    Capability, HELLO, Hello, HostIdentity, Limits, PROTOCOL, PluginIdentity, SecretSetting,
    Welcome,
};
pub use line::{Line, LineError, encode_call, encode_cancel, read_line, read_result};
pub use line_reader::{LINE_LIMIT, LineReader, LineTooLong};
pub use manifest::{Manifest, ManifestError, Rehearsal, SettingKind, SettingSpec};
pub use message::{
    Account, Approve, Ask, Batch, Borrow, Done, Find, Found, GiveBack, Given, Health, HealthState,
    Known, Knows, LookUp, LookedUp, Presence, PresenceAnswer, Read, ReadAnswer,
};
