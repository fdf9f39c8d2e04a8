//! Handing a credential over and taking it back.

use jiff::Timestamp;
use secrecy::SecretSlice;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::base64::{Base64, as_base64, as_base64_if_any};
use super::question::{Meta, Purpose, SessionRef};
use super::target::Target;
use super::user::User;

/// Kinds of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// User name and password.
    UsernamePassword,
    /// SSH private key, perhaps with a passphrase.
    SshPrivateKey,
    /// The same with a signed public certificate.
    SshCertificate,
    /// X.509 certificate with its key.
    ClientCertificate,
    /// A bearer token.
    Token,
    /// User name and password of an application.
    Application,
}

/// `credentials.retrieve`: hand this one over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrieve {
    /// Reference, deadline, trace.
    #[serde(default)]
    pub meta: Meta,
    /// The session.
    pub session: SessionRef,
    /// Who asks.
    pub user: User,
    /// For what.
    pub target: Target,
    /// What for.
    pub purpose: Purpose,
    /// The id of the row the user picked.
    pub credential_id: String,
    /// A repeat with the same key gets the same lease and causes no second vault request.
    pub idempotency_key: String,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A ticket, where the vault wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
}

/// A ticket in another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The system's name.
    pub system: String,
    /// The ticket's number.
    pub number: String,
}

/// The answer to [`Retrieve`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RetrieveResult {
    /// What must be given back.
    pub lease: Lease,
    /// The secret.
    pub credential: Credential,
}

/// One session's right to one credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its id.
    pub id: String,
    /// When it ends by itself.
    #[serde(serialize_with = "super::wire_time::write")]
    pub expires_at: Timestamp,
    /// Whether the ECM wants `credentials.release`.
    pub release_wanted: bool,
    /// Whether other sessions hold the same release request.
    pub shared: bool,
}

/// A credential. Its secret members print redacted and are wiped when dropped.
///
/// Reading goes through one flat record, because reading a tagged enum would first copy every
/// member, secrets too, into buffers that nobody wipes.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credential {
    /// User name and password.
    UsernamePassword {
        /// User name.
        username: String,
        /// Domain.
        domain: Option<String>,
        /// Password.
        #[serde(rename = "password_b64", serialize_with = "as_base64")]
        password: SecretSlice<u8>,
    },
    /// SSH private key.
    SshPrivateKey {
        /// User name.
        username: String,
        /// OpenSSH or PKCS#8 PEM bytes.
        #[serde(rename = "private_key_b64", serialize_with = "as_base64")]
        private_key: SecretSlice<u8>,
        /// Passphrase of the key.
        #[serde(
            rename = "passphrase_b64",
            serialize_with = "as_base64_if_any",
            skip_serializing_if = "Option::is_none"
        )]
        passphrase: Option<SecretSlice<u8>>,
        /// The public half, one line.
        #[serde(skip_serializing_if = "Option::is_none")]
        public_key: Option<String>,
    },
    /// SSH private key with a certificate.
    SshCertificate {
        /// User name.
        username: String,
        /// OpenSSH or PKCS#8 PEM bytes.
        #[serde(rename = "private_key_b64", serialize_with = "as_base64")]
        private_key: SecretSlice<u8>,
        /// Passphrase of the key.
        #[serde(
            rename = "passphrase_b64",
            serialize_with = "as_base64_if_any",
            skip_serializing_if = "Option::is_none"
        )]
        passphrase: Option<SecretSlice<u8>>,
        /// The public half, one line.
        #[serde(skip_serializing_if = "Option::is_none")]
        public_key: Option<String>,
        /// The signed certificate, one line.
        certificate: String,
    },
    /// X.509 certificate and key.
    ClientCertificate {
        /// PKCS#12 bytes.
        #[serde(rename = "pkcs12_b64", serialize_with = "as_base64")]
        pkcs12: SecretSlice<u8>,
        /// Passphrase of the file.
        #[serde(rename = "passphrase_b64", serialize_with = "as_base64")]
        passphrase: SecretSlice<u8>,
    },
    /// A bearer token.
    Token {
        /// The token.
        #[serde(rename = "token_b64", serialize_with = "as_base64")]
        token: SecretSlice<u8>,
        /// User name, if one goes with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String>,
    },
    /// User name and password of an application.
    Application {
        /// User name.
        username: String,
        /// Domain.
        domain: Option<String>,
        /// Password.
        #[serde(rename = "password_b64", serialize_with = "as_base64")]
        password: SecretSlice<u8>,
        /// The system whose credential it is.
        target_system: String,
        /// The kind the application calls it.
        credential_type: String,
    },
}

impl Credential {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::UsernamePassword { .. } => CredentialKind::UsernamePassword,
            Self::SshPrivateKey { .. } => CredentialKind::SshPrivateKey,
            Self::SshCertificate { .. } => CredentialKind::SshCertificate,
            Self::ClientCertificate { .. } => CredentialKind::ClientCertificate,
            Self::Token { .. } => CredentialKind::Token,
            Self::Application { .. } => CredentialKind::Application,
        }
    }
}

/// `credentials.used`: it was injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The lease.
    pub lease_id: String,
    /// Whether the log-on worked, if the site could tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<bool>,
}

/// `credentials.release`: give it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The lease. Absent when its answer was lost: then `idempotency_key` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_id: Option<String>,
    /// The key of the retrieval, for leases whose answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// When the session ended.
    #[serde(serialize_with = "super::wire_time::write")]
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: ReleaseOutcome,
    /// Whether the credential was injected.
    #[serde(default)]
    pub injected: bool,
}

/// How the use of a credential ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOutcome {
    /// The session is over.
    SessionEnded,
    /// It could not be typed in.
    InjectionFailed,
    /// Nobody used it.
    NeverUsed,
    /// The user changed their mind.
    UserCancelled,
    /// The site restarted.
    SiteRestarted,
}

/// The answer to [`Release`]. An unknown lease is no error: `released` is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseResult {
    /// Whether this call gave the lease back.
    pub released: bool,
    /// Whether the vault changes the secret now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
}

/// Whether the vault changes the secret after its return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It will.
    Queued,
    /// It will not.
    None,
    /// The vault does not say.
    Unknown,
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FlatCredential::deserialize(deserializer)?
            .into_credential()
            .map_err(D::Error::missing_field)
    }
}

/// Every member that any kind of credential can have.
#[derive(Deserialize)]
struct FlatCredential {
    kind: CredentialKind,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    password_b64: Option<Base64>,
    #[serde(default)]
    private_key_b64: Option<Base64>,
    #[serde(default)]
    passphrase_b64: Option<Base64>,
    #[serde(default)]
    public_key: Option<String>,
    #[serde(default)]
    certificate: Option<String>,
    #[serde(default)]
    pkcs12_b64: Option<Base64>,
    #[serde(default)]
    token_b64: Option<Base64>,
    #[serde(default)]
    target_system: Option<String>,
    #[serde(default)]
    credential_type: Option<String>,
}

impl FlatCredential {
    /// The credential, or the name of the member that its kind needs and that is not there.
    fn into_credential(self) -> Result<Credential, &'static str> {
        let secret = |member: Option<Base64>, name| member.map(|m| m.0).ok_or(name);
        let username = self.username;
        let named = |username: Option<String>| username.ok_or("username");
        Ok(match self.kind {
            CredentialKind::UsernamePassword => Credential::UsernamePassword {
                username: named(username)?,
                domain: self.domain,
                password: secret(self.password_b64, "password_b64")?,
            },
            CredentialKind::SshPrivateKey => Credential::SshPrivateKey {
                username: named(username)?,
                private_key: secret(self.private_key_b64, "private_key_b64")?,
                passphrase: self.passphrase_b64.map(|passphrase| passphrase.0),
                public_key: self.public_key,
            },
            CredentialKind::SshCertificate => Credential::SshCertificate {
                username: named(username)?,
                private_key: secret(self.private_key_b64, "private_key_b64")?,
                passphrase: self.passphrase_b64.map(|passphrase| passphrase.0),
                public_key: self.public_key,
                certificate: self.certificate.ok_or("certificate")?,
            },
            CredentialKind::ClientCertificate => Credential::ClientCertificate {
                pkcs12: secret(self.pkcs12_b64, "pkcs12_b64")?,
                passphrase: secret(self.passphrase_b64, "passphrase_b64")?,
            },
            CredentialKind::Token => {
                Credential::Token { token: secret(self.token_b64, "token_b64")?, username }
            }
            CredentialKind::Application => Credential::Application {
                username: named(username)?,
                domain: self.domain,
                password: secret(self.password_b64, "password_b64")?,
                target_system: self.target_system.ok_or("target_system")?,
                credential_type: self.credential_type.ok_or("credential_type")?,
            },
        })
    }
}
