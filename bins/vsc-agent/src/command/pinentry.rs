//! A PIN asked for by a program that speaks pinentry's protocol (Assuan, as GnuPG uses it).
//!
//! One line asks, lines answer: `OK`, `ERR code text`, or `D data` and then `OK`. In data, `%` and
//! two hexadecimal digits stand for a byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use zeroize::Zeroizing;

use super::Failure;
use crate::exit::Exit;

/// The longest line of the protocol.
const LONGEST: u64 = 1002;

/// Lets the program ask for the PIN of the card in this reader.
pub(super) fn ask(program: &Path, reader: &str) -> Result<Zeroizing<String>, Failure> {
    ask_by(&mut Command::new(program), reader)
}

fn ask_by(command: &mut Command, reader: &str) -> Result<Zeroizing<String>, Failure> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("{shown}: {error}")))?;
    let asked = Talk::with(&mut child).and_then(|mut talk| talk.ask_for_pin(reader));
    // It has said what it had to say; one that hangs must not keep us.
    let _ = child.kill();
    let _ = child.wait();
    asked.map_err(|trouble| match trouble {
        Trouble::Broken => {
            Failure::new(Exit::Unavailable, format!("{shown} does not speak as a pinentry does"))
        }
        Trouble::Refused => Failure::new(Exit::Usage, "no PIN was typed"),
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// It ended, or said what is not of the protocol.
    Broken,
    /// The person did not want to.
    Refused,
}

struct Talk {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Talk {
    fn with(child: &mut Child) -> Result<Self, Trouble> {
        let to = child.stdin.take().ok_or(Trouble::Broken)?;
        let from = BufReader::new(child.stdout.take().ok_or(Trouble::Broken)?);
        let mut talk = Self { to, from };
        talk.answer()?;
        Ok(talk)
    }

    fn ask_for_pin(&mut self, reader: &str) -> Result<Zeroizing<String>, Trouble> {
        // It may need to know where to show itself; not all want to be told.
        for (option, variable) in [("ttyname", "GPG_TTY"), ("ttytype", "TERM")] {
            if let Ok(value) = std::env::var(variable) {
                let _ = self.command(&format!("OPTION {option}={}", coded(&value)));
            }
        }
        let describes = format!("PIN of the card in {reader}. It stays at this desk.");
        self.command(&format!("SETDESC {}", coded(&describes)))?;
        self.command("SETPROMPT PIN:")?;
        let data = self.command("GETPIN")?.ok_or(Trouble::Refused)?;
        let _ = self.to.write_all(b"BYE\n");
        let pin = decoded(&data).ok_or(Trouble::Broken)?;
        let pin = std::str::from_utf8(&pin).map_err(|_| Trouble::Broken)?;
        Ok(Zeroizing::new(pin.to_owned()))
    }

    fn command(&mut self, line: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Trouble> {
        let sent = self.to.write_all(line.as_bytes()).and_then(|()| self.to.write_all(b"\n"));
        sent.and_then(|()| self.to.flush()).map_err(|_| Trouble::Broken)?;
        self.answer()
    }

    /// The data that came before `OK`.
    fn answer(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, Trouble> {
        let mut data = None;
        loop {
            let mut line = Zeroizing::new(Vec::with_capacity(128));
            let read = (&mut self.from).take(LONGEST).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) || line.pop() != Some(b'\n') {
                return Err(Trouble::Broken);
            }
            match line.split(|byte| *byte == b' ').next() {
                Some(b"OK") => return Ok(data),
                Some(b"ERR") => return Err(Trouble::Refused),
                Some(b"D") => {
                    data = Some(Zeroizing::new(line.get(2..).unwrap_or_default().to_vec()));
                }
                // Status and comments.
                Some([b'S' | b'#', ..]) => {}
                _ => return Err(Trouble::Broken),
            }
        }
    }
}

/// Text as it stands in a command.
fn coded(text: &str) -> String {
    let mut coded = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '%' || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                coded.push_str(&format!("%{byte:02X}"));
            }
        } else {
            coded.push(c);
        }
    }
    coded
}

/// Data as it was meant.
fn decoded(data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(data.len()));
    let mut rest = data;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    Some(bytes)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// A pinentry that answers GETPIN with these lines.
    fn answering(lines: &str) -> Result<String, Exit> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pinentry");
        let script = format!(
            "echo 'OK ready'\nwhile read line; do case \"$line\" in\n\
             GETPIN) printf '{lines}';;\n\
             OPTION*) echo 'ERR 1 not this';;\n\
             SETDESC*%*) echo 'ERR 2 coded';;\n\
             *) echo '# heard'; echo OK;; esac; done\n"
        );
        std::fs::write(&path, script).unwrap();
        // A file that was just written may still be open in a process that another test begins,
        // and would then not be run by itself.
        ask_by(Command::new("sh").arg(&path), "ACME 00 00")
            .map(|pin| pin.to_string())
            .map_err(|failure| failure.exit)
    }

    #[test]
    fn a_pinentry_is_asked_and_what_it_says_is_decoded() {
        assert_eq!(answering("D 839105\\nOK\\n"), Ok("839105".to_owned()));
        assert_eq!(answering("S WORKING\\nD a%%25b\\nOK\\n"), Ok("a%b".to_owned()));
    }

    #[test]
    fn a_person_who_cancels_and_a_program_that_speaks_otherwise_are_told_apart() {
        assert_eq!(answering("ERR 83886179 cancelled\\n"), Err(Exit::Usage));
        assert_eq!(answering("OK\\n"), Err(Exit::Usage), "no data at all");
        assert_eq!(answering("D 8%%3\\nOK\\n"), Err(Exit::Unavailable));
        assert_eq!(answering("HELLO\\n"), Err(Exit::Unavailable));
        let missing = ask(Path::new("/nonexistent/pinentry"), "ACME").unwrap_err();
        assert_eq!(missing.exit, Exit::Unavailable);
    }

    #[test]
    fn control_characters_do_not_get_into_a_command() {
        assert_eq!(coded("a\nb%"), "a%0Ab%25");
    }
}
