//! Listening at, and connecting to, a control socket. The one file where systems differ.

#[cfg(unix)]
pub use unix::{BlockingStream, Listener, Stream, connect, listen};
#[cfg(windows)]
pub use windows::{BlockingStream, Listener, Stream, connect, listen};

#[cfg(unix)]
mod unix {
    use std::fs::Permissions;
    use std::io;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use tokio::net::UnixSocket;

    /// Callers that may wait to be accepted.
    const BACKLOG: u32 = 128;

    /// A connection of the service's side.
    pub type Stream = tokio::net::UnixStream;

    /// A connection of a command's side.
    pub type BlockingStream = std::os::unix::net::UnixStream;

    /// A listening control socket. Its file is removed when dropped.
    #[derive(Debug)]
    pub struct Listener {
        socket: tokio::net::UnixListener,
        path: PathBuf,
    }

    /// Listens at `path`, for this user only.
    ///
    /// A socket left behind by a process that died is replaced; one at which somebody still
    /// answers is not.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] when somebody answers there; else what the operating system
    /// says, for example that the path is too long for a socket.
    pub fn listen(path: &Path) -> io::Result<Listener> {
        match connect(path) {
            Ok(_) => {
                let in_use = "another service answers there already";
                return Err(io::Error::new(io::ErrorKind::AddrInUse, in_use));
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && is_socket(path) => {
                std::fs::remove_file(path)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let socket = bind(path)?.listen(BACKLOG)?;
        Ok(Listener { socket, path: path.to_owned() })
    }

    /// A socket at `path` that only this user may open, at which nobody listens yet: until its
    /// mode is right, every caller is refused.
    pub(super) fn bind(path: &Path) -> io::Result<UnixSocket> {
        let socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    impl Listener {
        /// The next caller.
        ///
        /// # Errors
        ///
        /// What the operating system says; most often that there are too many open files.
        pub async fn accept(&mut self) -> io::Result<Stream> {
            Ok(self.socket.accept().await?.0)
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            // Gone already, or not to be removed: the next service replaces it.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn is_socket(path: &Path) -> bool {
        use std::os::unix::fs::FileTypeExt;
        std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
    }

    /// Connects to the service that listens at `path`.
    ///
    /// # Errors
    ///
    /// What the operating system says: nobody listens, or this user may not.
    pub fn connect(path: &Path) -> io::Result<BlockingStream> {
        BlockingStream::connect(path)
    }
}

#[cfg(windows)]
mod windows {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::path::{Path, PathBuf};

    use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

    /// A connection of the service's side.
    pub type Stream = NamedPipeServer;

    /// A connection of a command's side.
    pub type BlockingStream = File;

    /// All instances of a pipe are in use for a moment (`ERROR_PIPE_BUSY`).
    const BUSY: i32 = 231;

    /// How often a busy pipe is tried before giving up, 20 ms apart.
    const ATTEMPTS: u32 = 100;

    /// A listening named pipe.
    #[derive(Debug)]
    pub struct Listener {
        name: PathBuf,
        next: NamedPipeServer,
    }

    /// Listens at the pipe that `path` names. Only this machine can connect; the pipe gets the
    /// rights that the system gives by default, with which others may read but not ask.
    ///
    /// # Errors
    ///
    /// What the operating system says; that access is denied when another service has the pipe.
    pub fn listen(path: &Path) -> io::Result<Listener> {
        let name = pipe(path);
        let next = ServerOptions::new()
            .first_pipe_instance(true)
            .reject_remote_clients(true)
            .create(&name)?;
        Ok(Listener { name, next })
    }

    impl Listener {
        /// The next caller.
        ///
        /// # Errors
        ///
        /// What the operating system says.
        pub async fn accept(&mut self) -> io::Result<Stream> {
            self.next.connect().await?;
            // The next instance must exist before this one is handed out, or callers in between
            // would find no pipe.
            let fresh = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
            Ok(std::mem::replace(&mut self.next, fresh))
        }
    }

    /// Connects to the service that listens at the pipe of `path`.
    ///
    /// # Errors
    ///
    /// What the operating system says: nobody listens, or this user may not.
    pub fn connect(path: &Path) -> io::Result<BlockingStream> {
        let name = pipe(path);
        for _ in 1..ATTEMPTS {
            match OpenOptions::new().read(true).write(true).open(&name) {
                Err(error) if error.raw_os_error() == Some(BUSY) => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                opened => return opened,
            }
        }
        OpenOptions::new().read(true).write(true).open(&name)
    }

    /// Pipes live under one prefix; what looks like a path becomes a name below it.
    fn pipe(path: &Path) -> PathBuf {
        let name = path.to_string_lossy();
        if name.starts_with(r"\\.\pipe\") {
            return path.to_owned();
        }
        PathBuf::from(format!(r"\\.\pipe\{}", name.replace(['\\', '/', ':'], "-")))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn only_this_user_may_ask_and_a_second_service_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let mut listener = listen(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(listen(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        // The attempt above knocked once and left.
        drop(listener.accept().await.unwrap());
        connect(&path).unwrap().write_all(b"hello").unwrap();
        let mut heard = String::new();
        listener.accept().await.unwrap().read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "hello");
    }

    #[tokio::test]
    async fn nobody_is_let_in_before_the_socket_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let bound = unix::bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(connect(&path).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let _listening = bound.listen(1).unwrap();
        assert!(connect(&path).is_ok());
    }

    #[tokio::test]
    async fn what_a_dead_service_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        // The standard library's listener does not remove its file.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let listener = listen(&path).unwrap();
        connect(&path).unwrap();
        drop(listener);
        assert!(!path.exists());
        assert_eq!(connect(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        std::fs::write(&path, "data").unwrap();
        // To connect to a plain file is refused like a dead socket; it must not be removed.
        assert!(listen(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
    }
}
