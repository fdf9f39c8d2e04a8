//! How two agents become sure of each other: by a spoken code, or by keys they know.
//!
//! **By code.** SPAKE2 turns the code's words into a key that only somebody with the same words
//! gets; that key is the pre-shared key of a Noise handshake (`NNpsk0`), whose fresh keys protect
//! the link, so that a code learned later opens nothing. Three messages:
//!
//! | from | message | holds |
//! |---|---|---|
//! | representative | `01` | version, SPAKE2 element |
//! | customer | `02` | version, SPAKE2 element, Noise message 1 with its hello |
//! | representative | `03` | Noise message 2 with its hello |
//!
//! The representative's side knows at the second message whether the words were the same, before
//! anything of it but the element was said. A wrong word ends the handshake, and with it the
//! code: there is no second guess.
//!
//! **By identity.** Both know the other's static key: Noise `KK`, two messages, `11` from the
//! customer and `12` back. Message `11` may be an old one that somebody repeats: the peer is sure
//! when its first sealed frame was opened, for which the [`link`](crate::link) waits.
//!
//! Version, mailbox, roles and the SPAKE2 elements go into the Noise prologue, so a changed byte
//! of any of them fails the handshake. Keys are drawn from the operating system by the two
//! cryptography crates, the only randomness here that is not an argument.
//!
//! Sources: SPAKE2 in the form that came before RFC 9382 and that the `spake2` crate shares with
//! magic-wormhole (`docs/wire/vsc.md` writes it out); the Noise Protocol Framework, revision 34.

mod hello;
mod sealed;

pub use self::hello::{Hello, HelloError, Role};
pub use self::sealed::{MAX_FRAME, SealError, Sealed};

use snow::{Builder, HandshakeState};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::Zeroizing;

use crate::mailbox::MailboxNumber;
use crate::pairing::Words;

/// The version of everything between the agents.
pub const VERSION: u8 = 1;

const BY_CODE: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";
const BY_IDENTITY: &str = "Noise_KK_25519_ChaChaPoly_SHA256";

/// A SPAKE2 message: one byte of side, 32 of element.
const ELEMENT: usize = 33;

/// The longest handshake message.
const MAX_MESSAGE: usize = 1_024;

/// What proves that the peer is the right one.
#[derive(Clone)]
pub enum Proof {
    /// Both people know the same words.
    Words(Words),
    /// Both machines know each other's static key.
    Identity {
        /// Our private key, 32 bytes.
        ours: Zeroizing<[u8; 32]>,
        /// The peer's public key.
        theirs: [u8; 32],
    },
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Words(_) => "Words(..)",
            Self::Identity { .. } => "Identity(..)",
        })
    }
}

/// One side's handshake.
#[derive(Debug)]
pub struct Handshake {
    role: Role,
    mailbox: MailboxNumber,
    hello: Hello,
    stage: Stage,
}

enum Stage {
    /// Representative, by code: the element is out, the customer's is awaited.
    OfferedElement { pake: Box<Spake2<Ed25519Group>>, ours: Vec<u8> },
    /// Customer, by code: nothing was said yet.
    AwaitsElement { words: Words },
    /// Customer: the first Noise message is out.
    AwaitsNoise { noise: Box<HandshakeState> },
    /// Representative, by identity: the customer's first message is awaited.
    AwaitsIdentity { noise: Box<HandshakeState> },
    /// Over, well or badly.
    Over,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OfferedElement { .. } => "OfferedElement",
            Self::AwaitsElement { .. } => "AwaitsElement",
            Self::AwaitsNoise { .. } => "AwaitsNoise",
            Self::AwaitsIdentity { .. } => "AwaitsIdentity",
            Self::Over => "Over",
        })
    }
}

/// What a message led to.
#[derive(Debug)]
pub struct Step {
    /// To be sent to the peer.
    pub reply: Option<Vec<u8>>,
    /// The protected channel and who is at its other end, when the handshake is done.
    pub done: Option<(Sealed, Hello)>,
}

impl Handshake {
    /// Begins. The representative's side by code, and the customer's by identity, have
    /// something to say at once.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Cryptography`] when keys are unusable.
    pub fn begin(
        role: Role,
        mailbox: MailboxNumber,
        hello: Hello,
        proof: &Proof,
    ) -> Result<(Self, Option<Vec<u8>>), HandshakeError> {
        let (stage, first) = match (proof, role) {
            (Proof::Words(words), Role::Representative) => {
                let (pake, ours) = begin_pake(role, mailbox, words);
                let first = [&[0x01, VERSION], &ours[..]].concat();
                (Stage::OfferedElement { pake: Box::new(pake), ours }, Some(first))
            }
            (Proof::Words(words), Role::Customer) => {
                (Stage::AwaitsElement { words: words.clone() }, None)
            }
            (Proof::Identity { ours, theirs }, Role::Customer) => {
                let prologue = prologue(mailbox, &[], &[]);
                let mut noise = builder(BY_IDENTITY)?
                    .prologue(&prologue)?
                    .local_private_key(&**ours)?
                    .remote_public_key(theirs)?
                    .build_initiator()?;
                let first = write(&mut noise, 0x11, &[VERSION], &hello)?;
                (Stage::AwaitsNoise { noise: Box::new(noise) }, Some(first))
            }
            (Proof::Identity { ours, theirs }, Role::Representative) => {
                let prologue = prologue(mailbox, &[], &[]);
                let noise = builder(BY_IDENTITY)?
                    .prologue(&prologue)?
                    .local_private_key(&**ours)?
                    .remote_public_key(theirs)?
                    .build_responder()?;
                (Stage::AwaitsIdentity { noise: Box::new(noise) }, None)
            }
        };
        Ok((Self { role, mailbox, hello, stage }, first))
    }

    /// Takes one message of the peer.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`]; the handshake is over with any of them, and so is its code.
    pub fn handle_message(&mut self, message: &[u8]) -> Result<Step, HandshakeError> {
        if message.len() > MAX_MESSAGE {
            return Err(HandshakeError::Malformed);
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        match (stage, message) {
            (_, [0x01 | 0x02 | 0x11, version, ..]) if *version != VERSION => {
                Err(HandshakeError::Version { theirs: *version })
            }
            (Stage::AwaitsElement { words }, [0x01, _, theirs @ ..]) => {
                self.answer_element(&words, theirs)
            }
            (Stage::OfferedElement { pake, ours }, [0x02, _, rest @ ..]) => {
                self.check_code(*pake, &ours, rest)
            }
            (Stage::AwaitsNoise { mut noise }, [0x03 | 0x12, rest @ ..]) => {
                let peer = self.read(&mut noise, rest)?;
                Ok(Step { reply: None, done: Some((Sealed::new(*noise)?, peer)) })
            }
            (Stage::AwaitsIdentity { mut noise }, [0x11, _, rest @ ..]) => {
                let peer = self.read(&mut noise, rest)?;
                let reply = write(&mut noise, 0x12, &[], &self.hello)?;
                Ok(Step { reply: Some(reply), done: Some((Sealed::new(*noise)?, peer)) })
            }
            _ => Err(HandshakeError::Malformed),
        }
    }

    /// Customer: now that the other element is known, the key is.
    fn answer_element(&mut self, words: &Words, theirs: &[u8]) -> Result<Step, HandshakeError> {
        let (pake, ours) = begin_pake(self.role, self.mailbox, words);
        let key = finish_pake(pake, theirs)?;
        let prologue = prologue(self.mailbox, theirs, &ours);
        let mut noise = builder(BY_CODE)?.prologue(&prologue)?.psk(0, &key)?.build_initiator()?;
        let reply = write(&mut noise, 0x02, &[&[VERSION], &ours[..]].concat(), &self.hello)?;
        self.stage = Stage::AwaitsNoise { noise: Box::new(noise) };
        Ok(Step { reply: Some(reply), done: None })
    }

    /// Representative: the customer's first sealed word opens only under the same key.
    fn check_code(
        &mut self,
        pake: Spake2<Ed25519Group>,
        ours: &[u8],
        rest: &[u8],
    ) -> Result<Step, HandshakeError> {
        let (theirs, sealed) = rest.split_at_checked(ELEMENT).ok_or(HandshakeError::Malformed)?;
        let key = finish_pake(pake, theirs)?;
        let prologue = prologue(self.mailbox, ours, theirs);
        let mut noise = builder(BY_CODE)?.prologue(&prologue)?.psk(0, &key)?.build_responder()?;
        let peer = self.read(&mut noise, sealed)?;
        let reply = write(&mut noise, 0x03, &[], &self.hello)?;
        Ok(Step { reply: Some(reply), done: Some((Sealed::new(noise)?, peer)) })
    }

    fn read(&self, noise: &mut HandshakeState, sealed: &[u8]) -> Result<Hello, HandshakeError> {
        let mut payload = Zeroizing::new(vec![0; MAX_MESSAGE]);
        let len =
            noise.read_message(sealed, &mut payload).map_err(|_| HandshakeError::NotThePeer)?;
        let hello = Hello::decode(payload.get(..len).unwrap_or_default())?;
        if hello.role == self.role {
            return Err(HandshakeError::SameRole { role: self.role });
        }
        Ok(hello)
    }
}

/// A fresh key pair for [`Proof::Identity`]: the private key, and the public one for the peers.
///
/// # Errors
///
/// [`HandshakeError::Cryptography`] when the operating system gives no randomness.
pub fn generate_identity() -> Result<(Zeroizing<[u8; 32]>, [u8; 32]), HandshakeError> {
    let pair = builder(BY_IDENTITY)?.generate_keypair()?;
    let private = Zeroizing::new(pair.private);
    let unusable = |_| HandshakeError::Malformed;
    let key = Zeroizing::new(private.as_slice().try_into().map_err(unusable)?);
    Ok((key, pair.public.as_slice().try_into().map_err(unusable)?))
}

fn write(
    noise: &mut HandshakeState,
    kind: u8,
    clear: &[u8],
    hello: &Hello,
) -> Result<Vec<u8>, HandshakeError> {
    let mut sealed = vec![0; MAX_MESSAGE];
    let len = noise.write_message(&hello.encode(), &mut sealed)?;
    sealed.truncate(len);
    Ok([&[kind], clear, &sealed].concat())
}

/// The two sides have different identities, so that a reflected element proves nothing.
fn begin_pake(
    role: Role,
    mailbox: MailboxNumber,
    words: &Words,
) -> (Spake2<Ed25519Group>, Vec<u8>) {
    let password = Password::new(words.as_password());
    let representative = Identity::new(format!("keyferry rep {mailbox}").as_bytes());
    let customer = Identity::new(format!("keyferry customer {mailbox}").as_bytes());
    match role {
        Role::Representative => Spake2::start_a(&password, &representative, &customer),
        Role::Customer => Spake2::start_b(&password, &representative, &customer),
    }
}

fn finish_pake(
    pake: Spake2<Ed25519Group>,
    theirs: &[u8],
) -> Result<Zeroizing<[u8; 32]>, HandshakeError> {
    let key = Zeroizing::new(pake.finish(theirs).map_err(|_| HandshakeError::NotThePeer)?);
    let key = key.as_slice().try_into().map_err(|_| HandshakeError::NotThePeer)?;
    Ok(Zeroizing::new(key))
}

fn prologue(mailbox: MailboxNumber, rep: &[u8], customer: &[u8]) -> Vec<u8> {
    [&b"vsc.link.v1"[..], &[VERSION], &mailbox.0.to_be_bytes(), rep, customer].concat()
}

fn builder(pattern: &str) -> Result<Builder<'static>, HandshakeError> {
    Ok(Builder::new(pattern.parse()?))
}

/// Why two agents did not come together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The code or the key is not the same on both sides, or a byte was changed on the way.
    #[error(
        "the code is not the one that was given out, or somebody changed what was sent; make a new code"
    )]
    NotThePeer,
    /// The other agent is of another version.
    #[error("the other agent speaks version {theirs}, this one version {VERSION}")]
    Version {
        /// Its version.
        theirs: u8,
    },
    /// Two representatives, or two customers.
    #[error("both agents are {role}; one must be the other")]
    SameRole {
        /// Which.
        role: Role,
    },
    /// A message out of order, or none at all.
    #[error("the other agent said something that does not belong into a handshake")]
    Malformed,
    /// The peer's introduction cannot be read.
    #[error("the other agent's introduction cannot be read")]
    Hello(#[from] HelloError),
    /// The cryptography crate refused.
    #[error("the keys cannot be used")]
    Cryptography(#[from] snow::Error),
    /// The channel could not be made.
    #[error("the protected channel could not be made")]
    Seal(#[from] SealError),
}
