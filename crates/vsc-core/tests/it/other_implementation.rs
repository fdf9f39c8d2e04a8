//! A customer's agent that is written from the page alone, with the cryptography crates and
//! nothing of ours, meets our representative's side.

use rand_core::{CryptoRng, RngCore};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use vsc_core::handshake::{Handshake, Proof, Role};
use vsc_core::mailbox::MailboxNumber;
use vsc_core::pairing::Words;

use super::wire_page::examples;
use super::world::hello;

const WORDS: [u8; 3] = [1, 2, 3];

/// The same byte for ever, so that both elements are those of the page.
struct Constant(u8);

impl RngCore for Constant {
    fn next_u32(&mut self) -> u32 {
        u32::from_ne_bytes([self.0; 4])
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_ne_bytes([self.0; 8])
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Constant {}

fn identities() -> [Identity; 2] {
    [Identity::new(b"keyferry rep 417"), Identity::new(b"keyferry customer 417")]
}

/// The values on the page were computed apart from any crate, with whole numbers only.
#[test]
fn elements_and_key_are_those_of_the_page() {
    let [rep, customer] = identities();
    let password = Password::new(WORDS);
    let (a, x) =
        Spake2::<Ed25519Group>::start_a_with_rng(&password, &rep, &customer, Constant(0x11));
    let (b, y) =
        Spake2::<Ed25519Group>::start_b_with_rng(&password, &rep, &customer, Constant(0x22));
    let page = examples("pairing.");
    assert_eq!(x, page["rep-element"]);
    assert_eq!(y, page["customer-element"]);
    assert_eq!(a.finish(&y).unwrap(), page["key"]);
    assert_eq!(b.finish(&x).unwrap(), page["key"]);
}

#[test]
fn who_follows_the_page_is_let_in_and_understood() {
    let ours = hello(Role::Representative, "desk-7");
    let proof = Proof::Words(Words::from_random(WORDS));
    let number = MailboxNumber(417);
    let (mut rep, first) = Handshake::begin(Role::Representative, number, ours, &proof).unwrap();
    let first = first.unwrap();
    assert_eq!((first[..2].to_vec(), first.len()), (vec![0x01, 1], 35));

    let [rep_name, customer_name] = identities();
    let (pake, element) = Spake2::<Ed25519Group>::start_b_with_rng(
        &Password::new(WORDS),
        &rep_name,
        &customer_name,
        Constant(0x22),
    );
    let key: [u8; 32] = pake.finish(&first[2..]).unwrap().try_into().unwrap();
    let prologue = [b"vsc.link.v1", &[1][..], &[0, 0, 1, 0xA1], &first[2..], &element].concat();
    let mut noise = snow::Builder::new("Noise_NNpsk0_25519_ChaChaPoly_SHA256".parse().unwrap())
        .prologue(&prologue)
        .unwrap()
        .psk(0, &key)
        .unwrap()
        .build_initiator()
        .unwrap();
    let mut buffer = [0; 1024];
    let introduction = [&[2, 2][..], b"pc", &[7], b"other 9"].concat();
    let len = noise.write_message(&introduction, &mut buffer).unwrap();
    let second = [&[0x02, 1], &element[..], &buffer[..len]].concat();

    let step = rep.handle_message(&second).unwrap();
    let (mut sealed, peer) = step.done.unwrap();
    assert_eq!((peer.machine.as_str(), peer.program.as_str()), ("pc", "other 9"));
    let third = step.reply.unwrap();
    assert_eq!(third[0], 0x03);
    let len = noise.read_message(&third[1..], &mut buffer).unwrap();
    assert_eq!(buffer[..len], [&[1, 6][..], b"desk-7", &[6], b"test 1"].concat());

    let noise = noise.into_stateless_transport_mode().unwrap();
    let frame = sealed.seal(&[0x06, 1]).unwrap();
    assert_eq!(frame.len(), 8 + 64 + 16);
    assert_eq!(frame[..8], [0; 8]);
    let len = noise.read_message(0, &frame[8..], &mut buffer).unwrap();
    let mut expected = [0; 64];
    expected[..4].copy_from_slice(&[0, 2, 0x06, 1]);
    assert_eq!(buffer[..len], expected);

    let len = noise.write_message(0, &expected, &mut buffer).unwrap();
    let frame = [&[0; 8], &buffer[..len]].concat();
    assert_eq!(sealed.open(&frame).unwrap()[..], [0x06, 1]);
}
