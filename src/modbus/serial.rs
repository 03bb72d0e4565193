//! Serial ports of this machine. The only file that names the serial library.

use std::io;

use super::Stream;
use crate::campaign::Line;

/// Opens a serial port for this process alone: two that ask on one line would read each other's answers.
///
/// # Errors
/// The port is missing, may not be used, is used by another program, or is no serial port; with what to do.
pub(super) fn open(device: &str, line: Option<Line>) -> io::Result<Box<dyn Stream>> {
    match line {
        Some(line) => port::open(device, line),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("nothing says how the line at {device} is set (baud, parity)"),
        )),
    }
}

#[cfg(feature = "serial")]
mod port {
    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio_serial::{DataBits, ErrorKind, FlowControl, SerialStream};

    use super::Stream;
    use crate::campaign::{Line, Parity, StopBits};

    pub(super) fn open(device: &str, line: Line) -> io::Result<Box<dyn Stream>> {
        let parity = match line.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        };
        let stop_bits = match line.stop_bits {
            StopBits::One => tokio_serial::StopBits::One,
            StopBits::Two => tokio_serial::StopBits::Two,
        };
        let settings = tokio_serial::new(device, line.baud)
            .data_bits(DataBits::Eight)
            .parity(parity)
            .stop_bits(stop_bits)
            .flow_control(FlowControl::None)
            .exclusive(true);
        match SerialStream::open(&settings) {
            Ok(stream) => Ok(Box::new(Port(stream))),
            Err(error) => Err(told(device, &error)),
        }
    }

    fn told(device: &str, error: &tokio_serial::Error) -> io::Error {
        let (kind, what) = match error.kind {
            // What the library says of a port that another process has opened, or locked.
            ErrorKind::NoDevice => (
                io::ErrorKind::ResourceBusy,
                "it is used by another program, and one alone may ask on a serial line: end that program".to_owned(),
            ),
            ErrorKind::Io(kind @ io::ErrorKind::NotFound) => {
                (kind, "there is no such port: is the converter plugged in? Its name may have changed; names below /dev/serial/by-id do not".to_owned())
            }
            ErrorKind::Io(kind @ io::ErrorKind::PermissionDenied) => {
                (kind, "it may not be used by this user: on Linux, add the user to the port's group (`sudo usermod -aG dialout $USER`) and log in again".to_owned())
            }
            ErrorKind::Io(kind) => (kind, error.to_string()),
            ErrorKind::InvalidInput => (io::ErrorKind::InvalidInput, error.to_string()),
            ErrorKind::Unknown => {
                (io::ErrorKind::Other, format!("{error}: is it a serial port that can be set like this?"))
            }
        };
        io::Error::new(kind, format!("{device} cannot be opened: {what}"))
    }

    /// A serial port whose flush returns at once: the kernel sends by itself what was written, and the library's flush
    /// would hold up the thread, and every other gateway on it, until the last bit has left.
    #[derive(Debug)]
    struct Port(SerialStream);

    impl AsyncRead for Port {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Port {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(cx, bytes)
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const LINE: Line = Line { baud: 9_600, parity: Parity::Even, stop_bits: StopBits::One };

        #[tokio::test]
        async fn a_port_that_is_not_there_is_named_with_what_to_do() {
            let error = open("/dev/ttyNoSuchPort", LINE).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            assert!(error.to_string().starts_with("/dev/ttyNoSuchPort cannot be opened: there is no such"));
        }

        #[tokio::test]
        async fn a_file_is_no_port() {
            let file = tempfile::NamedTempFile::new().unwrap();
            let error = open(file.path().to_str().unwrap(), LINE).unwrap_err().to_string();
            assert!(error.contains("is it a serial port"), "{error}");
        }

        #[cfg(unix)]
        #[tokio::test]
        async fn a_port_is_opened_once() {
            use tokio_serial::SerialPort as _;

            let (_master, slave) = SerialStream::pair().unwrap();
            let name = slave.name().unwrap();
            drop(slave);
            let held = open(&name, LINE).unwrap();
            let error = open(&name, LINE).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
            assert!(error.to_string().contains("used by another program"), "{error}");
            drop(held);
            open(&name, LINE).unwrap();
        }

        #[test]
        fn a_user_without_the_right_is_told_of_the_group() {
            let denied = ErrorKind::Io(io::ErrorKind::PermissionDenied);
            let error = told("/dev/ttyUSB0", &tokio_serial::Error::new(denied, "Permission denied"));
            assert!(error.to_string().contains("dialout"), "{error}");
        }
    }
}

#[cfg(not(feature = "serial"))]
mod port {
    use super::{Line, Stream, io};

    pub(super) fn open(device: &str, _: Line) -> io::Result<Box<dyn Stream>> {
        let what = "this meterferry was built without serial ports; build it with `--features serial`";
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("{device} cannot be opened: {what}")))
    }
}
