//! Text files that are lent to a plugin: read whole, bounded in size and in time.
//!
//! What is no regular file never makes anybody wait for it: a pipe (of `<(command)`, or `/dev/stdin`)
//! is read until its writer closes it, at most until the deadline; one without a writer, a folder and
//! a device are refused.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use crate::reason;

/// The longest contents, in bytes.
pub const LIMIT: usize = 1 << 20;

/// Why a file is not lent. Nothing of what it holds is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// The system's words.
    Unreadable(String),
    /// It is a folder.
    Folder,
    /// It is a device or a socket.
    NoFile,
    /// It holds nothing.
    Empty,
    /// It is a pipe that nobody writes to, or nothing came out of it.
    EmptyPipe,
    /// It holds more than that many bytes.
    TooLong(usize),
    /// It is not UTF-8.
    NoText,
    /// It is a pipe whose writer did not come to an end in time.
    TimedOut,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(words) => f.write_str(words),
            Self::Folder => f.write_str("it is a directory"),
            Self::NoFile => f.write_str("it is neither a file nor a pipe"),
            Self::Empty => f.write_str("it is empty"),
            Self::EmptyPipe => f.write_str("it is a pipe, and nobody wrote anything to it"),
            Self::TooLong(limit) => write!(f, "it is longer than {limit} bytes"),
            Self::NoText => f.write_str("it is not UTF-8"),
            Self::TimedOut => f.write_str("it is a pipe that nobody closed in time"),
        }
    }
}

impl std::error::Error for FileError {}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::IsADirectory => Self::Folder,
            io::ErrorKind::InvalidInput => Self::Unreadable("no name of a file".to_owned()),
            _ => Self::Unreadable(reason(&error)),
        }
    }
}

/// What the file of that path holds. `permit` sees the file once it is open, before it is read.
pub(crate) fn read<E: From<FileError>>(
    path: &Path,
    limit: usize,
    deadline: Instant,
    permit: impl FnOnce(&File) -> Result<(), E>,
) -> Result<String, E> {
    let mut file = open(path).map_err(FileError::from)?;
    permit(&file)?;
    Ok(contents(&mut file, limit, deadline)?)
}

/// Whether it is a pipe; if it is no file either, it is not read.
fn is_readable_pipe(file: &File) -> Result<bool, FileError> {
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(FileError::Folder);
    }
    let is_pipe = is_pipe(kind);
    if !kind.is_file() && !is_pipe {
        return Err(FileError::NoFile);
    }
    Ok(is_pipe)
}

fn contents(file: &mut File, limit: usize, deadline: Instant) -> Result<String, FileError> {
    let is_pipe = is_readable_pipe(file)?;
    let bytes = read_to_end(file, limit, deadline)?;
    match String::from_utf8(bytes) {
        Ok(text) if text.is_empty() && is_pipe => Err(FileError::EmptyPipe),
        Ok(text) if text.is_empty() => Err(FileError::Empty),
        Ok(text) => Ok(text),
        Err(_) => Err(FileError::NoText),
    }
}

fn read_to_end(file: &mut File, limit: usize, deadline: Instant) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    loop {
        let room = (limit + 1).saturating_sub(bytes.len());
        let read = file.by_ref().take(room as u64).read_to_end(&mut bytes);
        if bytes.len() > limit {
            return Err(FileError::TooLong(limit));
        }
        match read {
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(file, deadline)?,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Its first line, without the line's end. Nobody has to close a pipe for it.
pub(crate) fn first_line(
    file: &mut File,
    limit: usize,
    deadline: Instant,
) -> Result<String, FileError> {
    is_readable_pipe(file)?;
    line(limit, |piece| {
        loop {
            match file.read(piece) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(file, deadline)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return Ok(read?),
            }
        }
    })
}

fn line(
    limit: usize,
    mut read: impl FnMut(&mut [u8]) -> Result<usize, FileError>,
) -> Result<String, FileError> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = read(&mut piece)?;
        let found = piece.get(..count).unwrap_or_default();
        let end = found.iter().position(|byte| *byte == b'\n');
        bytes.extend_from_slice(found.get(..end.unwrap_or(count)).unwrap_or_default());
        let is_whole = end.is_some();
        if is_whole && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if bytes.len() > limit + usize::from(!is_whole && count > 0) {
            return Err(FileError::TooLong(limit));
        }
        if is_whole || count == 0 {
            return String::from_utf8(bytes).map_err(|_| FileError::NoText);
        }
    }
}

#[cfg(unix)]
use self::system::{is_pipe, wait};
#[cfg(unix)]
pub(crate) use self::system::{line_of_input, open};

#[cfg(unix)]
mod system {
    use std::fs::{File, FileType};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    use super::FileError;

    /// A pipe without a writer is opened at once, and a terminal does not become this process's own.
    pub(crate) fn open(path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
    }

    pub(super) fn is_pipe(kind: FileType) -> bool {
        kind.is_fifo()
    }

    /// A line of standard input. What is read of it beyond that is lost.
    pub(crate) fn line_of_input(limit: usize, deadline: Instant) -> Result<String, FileError> {
        let input = io::stdin();
        super::line(limit, |piece| {
            loop {
                wait(&input, deadline)?;
                match rustix::io::read(&input, &mut *piece) {
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    read => return Ok(read.map_err(io::Error::from)?),
                }
            }
        })
    }

    /// Until there is something to read, or the writer has gone.
    pub(super) fn wait(file: &impl AsFd, deadline: Instant) -> Result<(), FileError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return Err(FileError::TimedOut);
            }
            let left = Timespec::try_from(left).map_err(|_| FileError::TimedOut)?;
            match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&left)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// WASI has streams that can be waited for, the standard library has not: this one takes its time.
#[cfg(not(unix))]
pub(crate) fn line_of_input(limit: usize, _: Instant) -> Result<String, FileError> {
    let mut input = io::stdin().lock();
    line(limit, |piece| Ok(input.read(piece)?))
}

/// WASI tells files from folders, and no more.
#[cfg(not(unix))]
fn is_pipe(kind: std::fs::FileType) -> bool {
    !kind.is_file()
}

#[cfg(not(unix))]
fn wait(_: &File, _: Instant) -> Result<(), FileError> {
    Err(FileError::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(100)
    }

    fn lent(path: &Path) -> Result<String, FileError> {
        read(path, 8, soon(), |_| Ok(()))
    }

    #[test]
    fn files_are_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (bytes, expected) in [
            (&b"8 bytes\n"[..], Ok("8 bytes\n".to_owned())),
            (b"9 bytes.\n", Err(FileError::TooLong(8))),
            (b"", Err(FileError::Empty)),
            (b"caf\xe9", Err(FileError::NoText)),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(lent(&path), expected);
        }
        assert_eq!(lent(folder.path()), Err(FileError::Folder));
        assert_eq!(lent(Path::new("/dev/zero")), Err(FileError::NoFile));
        let missing = FileError::Unreadable("No such file or directory".to_owned());
        assert_eq!(lent(&folder.path().join("missing")), Err(missing));
        let no_name = FileError::Unreadable("no name of a file".to_owned());
        assert_eq!(lent(Path::new("a\0b")), Err(no_name));
    }

    #[test]
    fn whoever_permits_sees_the_file_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "text").unwrap();
        let refused = read(&path, 8, soon(), |_| Err(FileError::NoFile));
        assert_eq!(refused, Err(FileError::NoFile));
    }

    #[test]
    fn a_pipe_is_read_until_its_writer_closes_it() {
        let (reader, mut writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        let writing = std::thread::spawn(move || {
            writer.write_all(b"one ").unwrap();
            writer.write_all(b"two").unwrap();
        });
        let text = read(
            Path::new(&path),
            8,
            Instant::now() + Duration::from_mins(1),
            |_| Ok::<_, FileError>(()),
        );
        assert_eq!(text, Ok("one two".to_owned()));
        writing.join().unwrap();
    }

    #[test]
    fn nobody_waits_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert_eq!(lent(&path), Err(FileError::EmptyPipe));
        let (reader, _writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert_eq!(lent(Path::new(&path)), Err(FileError::TimedOut));
    }
}
