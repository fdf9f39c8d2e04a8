//! A PIN typed at this terminal, not shown; or a line from a standard input that is none.

use std::io::{BufRead, IsTerminal};

use zeroize::Zeroizing;

use super::Failure;
use crate::exit::Exit;

/// The longest line that is read.
const LONGEST: usize = 64;

/// Asks for a PIN.
pub(super) fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let stdin = std::io::stdin();
    let line = if stdin.is_terminal() { typed(prompt)? } else { read_line(&mut stdin.lock())? };
    let line = line.ok_or_else(|| Failure::new(Exit::Usage, "no PIN was typed"))?;
    text(line)
}

fn text(line: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Failure> {
    let text = std::str::from_utf8(&line).map(|text| Zeroizing::new(text.to_owned()));
    text.map_err(|_| Failure::new(Exit::Usage, "the PIN is not UTF-8"))
}

/// One line without its end; `None` when there is nothing.
fn read_line(input: &mut dyn BufRead) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut byte = Zeroizing::new([0]);
        let read = std::io::Read::read(input, &mut *byte)
            .map_err(|error| Failure::new(Exit::NoInput, format!("standard input: {error}")))?;
        match *byte {
            _ if read == 0 => return Ok((!line.is_empty()).then_some(line)),
            [b'\n'] => break,
            [b'\r'] => {}
            _ if line.len() == LONGEST => {
                return Err(Failure::new(Exit::Usage, "the PIN is too long"));
            }
            [byte] => line.push(byte),
        }
    }
    Ok(Some(line))
}

#[cfg(unix)]
fn typed(prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    use std::io::{Read, Write};

    let quiet = quiet_terminal::Quiet::begin()
        .map_err(|error| Failure::new(Exit::NoInput, format!("the terminal: {error}")))?;
    let mut stderr = std::io::stderr().lock();
    // A prompt that cannot be shown does not keep anybody from typing.
    let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut input = std::io::stdin().lock();
    let line = loop {
        let mut byte = Zeroizing::new([0]);
        let read = input.read(&mut *byte).unwrap_or(0);
        match *byte {
            // End of input, or Ctrl-C or Ctrl-D: not this time.
            _ if read == 0 => break None,
            [0x03 | 0x04] => break None,
            [b'\n' | b'\r'] => break Some(typed),
            [0x08 | 0x7F] => drop(typed.pop()),
            [0x15] => typed.clear(),
            [byte] if typed.len() < LONGEST => typed.push(byte),
            [_] => {}
        }
    };
    drop(quiet);
    let _ = writeln!(stderr);
    Ok(line)
}

#[cfg(not(unix))]
fn typed(_: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let advice = "a PIN cannot be typed unseen here: name a program with --pinentry, or give it \
                  by a pipe";
    Err(Failure::new(Exit::Usage, advice))
}

#[cfg(unix)]
mod quiet_terminal {
    //! A terminal that does not show what is typed, until dropped.

    use rustix::io::Errno;
    use rustix::stdio::stdin;
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    pub(super) struct Quiet(Termios);

    impl Quiet {
        /// Byte by byte, so that Ctrl-C comes here and the terminal is put right again.
        pub(super) fn begin() -> Result<Self, Errno> {
            let before = tcgetattr(stdin())?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            tcsetattr(stdin(), OptionalActions::Flush, &quiet)?;
            Ok(Self(before))
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_without_its_end_and_not_more_than_a_line() {
        let read =
            |text: &str| read_line(&mut text.as_bytes()).map(|line| line.map(|l| l.to_vec()));
        assert_eq!(read("839105\nrest").unwrap(), Some(b"839105".to_vec()));
        assert_eq!(read("839105\r\n").unwrap(), Some(b"839105".to_vec()));
        assert_eq!(read("839105").unwrap(), Some(b"839105".to_vec()));
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read(&"1".repeat(65)).unwrap_err().exit, Exit::Usage);
    }
}
