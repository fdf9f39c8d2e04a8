//! A file of lines that survive a power cut: what is acknowledged is on disk.
//!
//! One thread owns the file. Jobs are queued at the moment of the call, so they are written in the
//! order of the calls, whatever becomes of the futures that wait for them. Lines that queued up
//! while the disk was busy share one sync.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use service_host::state_dir::private_options;
use tokio::sync::oneshot;

/// The handle of the thread that owns the file. Dropping it ends the thread, after the queue.
#[derive(Debug, Clone)]
pub struct DurableFile {
    jobs: Sender<Job>,
}

/// The end of a file that is resumed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last complete line without its newline.
    pub last_line: Option<String>,
    /// Bytes of an incomplete line that were cut off.
    pub torn_bytes: u64,
}

type Answer<T> = oneshot::Sender<io::Result<T>>;

enum Job {
    Read(Answer<Vec<u8>>),
    Resume(Answer<Tail>),
    Append(Vec<u8>, Answer<()>),
    Replace(Vec<u8>, Answer<()>),
}

/// No file of ours grows to this size unless something is badly wrong; it is read into memory.
const READ_LIMIT: u64 = 256 * 1024 * 1024;

/// No line of ours is longer; bounds what is read to find the last one.
const LINE_LIMIT: u64 = 1024 * 1024;

impl DurableFile {
    /// Opens the file, made private if it is not there, and starts its thread.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut owner = Owner::open(path)?;
        // Not bounded by itself: every job is awaited by a caller, and callers are bounded.
        let (jobs, queue) = channel();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("durable file");
        std::thread::Builder::new().name(name.to_owned()).spawn(move || owner.work(&queue))?;
        Ok(Self { jobs })
    }

    /// Reads everything.
    pub fn read(&self) -> impl Future<Output = io::Result<Vec<u8>>> + Send + 'static {
        self.queue(Job::Read)
    }

    /// Finds the last complete line, and cuts off what a crash left behind it.
    pub fn resume(&self) -> impl Future<Output = io::Result<Tail>> + Send + 'static {
        self.queue(Job::Resume)
    }

    /// Adds a line, which ends in a newline, and syncs.
    pub fn append(&self, line: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.queue(|answer| Job::Append(line, answer))
    }

    /// Puts `text` in place of everything: after a crash there is the old text or the new.
    pub fn replace(&self, text: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.queue(|answer| Job::Replace(text, answer))
    }

    fn queue<T: Send + 'static>(
        &self,
        job: impl FnOnce(Answer<T>) -> Job,
    ) -> impl Future<Output = io::Result<T>> + Send + 'static {
        let (answer, done) = oneshot::channel();
        let queued = self.jobs.send(job(answer));
        async move {
            let gone = || io::Error::other("the thread that writes this file has ended");
            queued.map_err(|_| gone())?;
            done.await.map_err(|_| gone())?
        }
    }
}

struct Owner {
    path: PathBuf,
    file: File,
    /// Length of what is known to be good; a failed write is cut back to it.
    length: u64,
}

impl Owner {
    fn open(path: &Path) -> io::Result<Self> {
        let is_new = !path.exists();
        let file = private_options().open(path)?;
        let length = file.metadata()?.len();
        if is_new {
            file.sync_all()?;
            sync_folder_of(path)?;
        }
        Ok(Self { path: path.to_owned(), file, length })
    }

    fn work(&mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let mut appends = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Append(line, answer) => appends.push((line, answer)),
                    other => {
                        self.append_all(std::mem::take(&mut appends));
                        self.answer(other);
                    }
                }
                next = queue.try_recv().ok();
            }
            self.append_all(appends);
        }
    }

    // A caller that no longer waits has dropped its end; its job is done all the same.
    fn answer(&mut self, job: Job) {
        match job {
            Job::Read(answer) => {
                let _ = answer.send(self.read());
            }
            Job::Resume(answer) => {
                let _ = answer.send(self.resume());
            }
            Job::Replace(text, answer) => {
                let _ = answer.send(self.replace(&text));
            }
            Job::Append(line, answer) => self.append_all(vec![(line, answer)]),
        }
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        if self.length > READ_LIMIT {
            return Err(io::Error::other(format!(
                "{} is larger than {READ_LIMIT} bytes",
                self.path.display()
            )));
        }
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(self.length).read_to_end(&mut text)?;
        Ok(text)
    }

    fn resume(&mut self) -> io::Result<Tail> {
        let start = self.length.saturating_sub(LINE_LIMIT);
        let mut end = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        (&self.file).take(self.length - start).read_to_end(&mut end)?;
        let complete = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if complete == 0 && start > 0 {
            return Err(io::Error::other(format!(
                "the last line of {} is longer than {LINE_LIMIT} bytes",
                self.path.display()
            )));
        }
        let torn_bytes = u64::try_from(end.len() - complete).unwrap_or(u64::MAX);
        if torn_bytes > 0 {
            self.length -= torn_bytes;
            self.file.set_len(self.length)?;
            self.file.sync_all()?;
        }
        let lines = end.get(..complete).unwrap_or_default();
        let last = lines.strip_suffix(b"\n").and_then(|lines| lines.rsplit(|b| *b == b'\n').next());
        let last_line = last.map(|line| String::from_utf8_lossy(line).into_owned());
        Ok(Tail { last_line, torn_bytes })
    }

    fn append_all(&mut self, lines: Vec<(Vec<u8>, Answer<()>)>) {
        if lines.is_empty() {
            return;
        }
        let text: Vec<u8> = lines.iter().flat_map(|(line, _)| line).copied().collect();
        let outcome = self.append(&text);
        for (_, answer) in lines {
            let outcome = outcome.as_ref().copied();
            let _ = answer.send(outcome.map_err(|e| io::Error::new(e.kind(), e.to_string())));
        }
    }

    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        // Also heals what an earlier failure left behind, for example on a full disk.
        if self.file.metadata()?.len() != self.length {
            self.file.set_len(self.length)?;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        let written = self.file.write_all(text).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.length += u64::try_from(text.len()).unwrap_or(u64::MAX);
                Ok(())
            }
            Err(error) => {
                // If this fails too, the next append tries again before it writes.
                let _ = self.file.set_len(self.length);
                Err(error)
            }
        }
    }

    fn replace(&mut self, text: &[u8]) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let beside = PathBuf::from(name);
        let mut file = private_options().open(&beside)?;
        file.set_len(0)?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        // From here on the old handle points to a file without a name.
        self.file = file;
        self.length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        sync_folder_of(&self.path)
    }
}

/// A new or renamed file is only durable when its folder's entry is.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Windows has no such call; NTFS journals the entry.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_written_in_the_order_of_the_calls_even_when_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let file = DurableFile::open(&path).unwrap();
        for n in 0..100 {
            // Not awaited: the future is dropped at once.
            drop(file.append(format!("{n}\n").into_bytes()));
        }
        let text = String::from_utf8(file.read().await.unwrap()).unwrap();
        let expected: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn replaced_text_is_appended_to_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let file = DurableFile::open(&path).unwrap();
        file.append(b"old, and longer than the new text\n".to_vec()).await.unwrap();
        file.replace(b"new\n".to_vec()).await.unwrap();
        file.append(b"next\n".to_vec()).await.unwrap();
        drop(file);
        let again = DurableFile::open(&path).unwrap();
        assert_eq!(again.read().await.unwrap(), b"new\nnext\n");
        assert!(!folder.path().join("ledger.new").exists());
    }

    #[tokio::test]
    async fn line_torn_by_a_crash_is_cut_off_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        for (content, last_line, torn_bytes, left) in [
            ("", None, 0, ""),
            ("one\n", Some("one"), 0, "one\n"),
            ("one\ntwo\n", Some("two"), 0, "one\ntwo\n"),
            ("one\ntw", Some("one"), 2, "one\n"),
            ("on", None, 2, ""),
        ] {
            let path = folder.path().join("audit");
            std::fs::write(&path, content).unwrap();
            let file = DurableFile::open(&path).unwrap();
            let tail = Tail { last_line: last_line.map(str::to_owned), torn_bytes };
            assert_eq!(file.resume().await.unwrap(), tail, "{content:?}");
            file.append(b"x\n".to_vec()).await.unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{left}x\n"));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn file_is_private_also_after_it_was_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let file = DurableFile::open(&path).unwrap();
        file.replace(b"x\n".to_vec()).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
