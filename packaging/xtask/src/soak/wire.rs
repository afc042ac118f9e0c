//! The wire between the gateway and `suiftly`: what HAProxy sends by TCP and UDP is passed on, until the wire is cut.
//!
//! It is as a wire should be. While `suiftly` does not listen nobody does here, so that HAProxy is refused as it would be
//! without the wire; a cut takes every connection, and nobody is reached until it is mended. What was on its way is lost,
//! and must show in the loss meter.

use anyhow::Context as _;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(20);
const CONNECT_TIME_MAX: Duration = Duration::from_millis(500);
/// A datagram is waited for so long before we look whether to stop.
const DATAGRAM_WAIT: Duration = Duration::from_millis(100);
const DATAGRAM_BYTES: usize = 64 << 10;
/// So often a port that something else has just taken is asked for again.
const TRIES: usize = 20;

/// A wire, until it is dropped.
pub(crate) struct Wire {
    here: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    here: SocketAddr,
    there: SocketAddr,
    is_over: AtomicBool,
    is_cut: AtomicBool,
    listener: Mutex<Option<TcpListener>>,
    /// Both ends of each connection, with its number.
    ends: Mutex<Vec<(u64, TcpStream)>>,
}

impl Wire {
    /// From an address of its own to this one.
    pub(crate) fn lay(there: SocketAddr) -> anyhow::Result<Self> {
        let (here, udp) = free_address()?;
        udp.set_read_timeout(Some(DATAGRAM_WAIT)).context("cannot set up the wire")?;
        let shared = Arc::new(Shared {
            here,
            there,
            is_over: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            listener: Mutex::new(None),
            ends: Mutex::default(),
        });
        let mut wire = Self { here, shared: Arc::clone(&shared), threads: Vec::new() };
        let datagrams = Arc::clone(&shared);
        wire.thread("wire-tcp", move || shared.pass_connections())?;
        wire.thread("wire-udp", move || datagrams.pass_datagrams(&udp))?;
        Ok(wire)
    }

    /// Where the gateway sends.
    pub(crate) const fn here(&self) -> SocketAddr {
        self.here
    }

    /// Nothing passes any more; what was on its way is lost.
    pub(crate) fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::Release);
        self.shared.take_all();
    }

    /// It passes again.
    pub(crate) fn mend(&self) {
        self.shared.is_cut.store(false, Ordering::Release);
    }

    fn thread(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
        self.threads.push(thread.context("cannot start a thread")?);
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.shared.take_all();
        for thread in self.threads.drain(..) {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn is_down(&self) -> bool {
        self.is_over.load(Ordering::Acquire) || self.is_cut.load(Ordering::Acquire)
    }

    fn pass_connections(self: &Arc<Self>) {
        let mut number = 0;
        while !self.is_over.load(Ordering::Acquire) {
            if !self.is_down() && TcpStream::connect_timeout(&self.there, CONNECT_TIME_MAX).is_ok() {
                // Fails only while an earlier one is still being closed: it is tried again.
                *locked(&self.listener) = self.listen().ok();
            }
            while let Some(taken) = self.accept() {
                if let Ok(near) = taken {
                    number += 1;
                    self.join(number, near);
                }
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let listener = TcpListener::bind(self.here)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// The next connection, or that there is none just now; `None` once nobody listens any more.
    fn accept(&self) -> Option<io::Result<TcpStream>> {
        if self.is_down() {
            *locked(&self.listener) = None;
        }
        let accepted = locked(&self.listener).as_ref()?.accept();
        if matches!(&accepted, Err(error) if error.kind() == ErrorKind::WouldBlock) {
            thread::sleep(LOOK_EVERY);
        }
        Some(accepted.and_then(|(near, _)| near.set_nonblocking(false).map(|()| near)))
    }

    /// Passes on what comes by this connection, for as long as both ends are there.
    fn join(self: &Arc<Self>, number: u64, near: TcpStream) {
        let joined = TcpStream::connect_timeout(&self.there, CONNECT_TIME_MAX).and_then(|far| {
            locked(&self.ends).extend([(number, near.try_clone()?), (number, far.try_clone()?)]);
            let (forth, back) = ((near.try_clone()?, far.try_clone()?), (far, near));
            for (from, to) in [forth, back] {
                let shared = Arc::clone(self);
                thread::Builder::new().name("wire-pass".to_owned()).spawn(move || shared.pass(number, &from, &to))?;
            }
            Ok(())
        });
        if joined.is_err() {
            *locked(&self.listener) = None;
            self.part(number);
        }
    }

    /// Copies until either end is gone; then neither may stay, nor may anybody connect before the far end is there again.
    fn pass(&self, number: u64, mut from: &TcpStream, mut to: &TcpStream) {
        // However it ends: the connection is over.
        let _ = io::copy(&mut from, &mut to);
        if TcpStream::connect_timeout(&self.there, CONNECT_TIME_MAX).is_err() {
            *locked(&self.listener) = None;
        }
        self.part(number);
    }

    fn part(&self, number: u64) {
        locked(&self.ends).retain(|(of, end)| {
            if *of == number {
                // Fails only if it is gone already.
                let _ = end.shutdown(Shutdown::Both);
            }
            *of != number
        });
    }

    fn take_all(&self) {
        *locked(&self.listener) = None;
        for (_, end) in locked(&self.ends).drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn pass_datagrams(&self, here: &UdpSocket) {
        let mut datagram = vec![0; DATAGRAM_BYTES];
        while !self.is_over.load(Ordering::Acquire) {
            let Ok(length) = here.recv(&mut datagram) else { continue };
            if !self.is_down() {
                // Nobody need be there: then it is lost, as it would be without us.
                let _ = here.send_to(&datagram[..length], self.there);
            }
        }
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An address that is free by TCP and by UDP; it is held by UDP.
fn free_address() -> anyhow::Result<(SocketAddr, UdpSocket)> {
    for _ in 0..TRIES {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
        let address = tcp.local_addr()?;
        if let Ok(udp) = UdpSocket::bind(address) {
            return Ok((address, udp));
        }
    }
    anyhow::bail!("no port is free for both TCP and UDP")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::time::Instant;

    fn await_it(what: &str, mut is_it: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_it() {
            assert!(Instant::now() < deadline, "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn what_is_sent_arrives_until_the_wire_is_cut_and_after_it_is_mended() {
        let far = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        far.set_nonblocking(true).unwrap();
        let wire = Wire::lay(far.local_addr().unwrap()).unwrap();
        for round in 0..2 {
            let mut near = None;
            await_it("a connection", || {
                near = TcpStream::connect(wire.here()).ok();
                near.is_some()
            });
            let mut near = near.unwrap();
            near.write_all(b"line\n").unwrap();
            let mut arrived = String::new();
            // Probes come as well, and say nothing.
            await_it("a line", || {
                if let Ok((mut end, _)) = far.accept() {
                    end.set_nonblocking(false).unwrap();
                    let mut bytes = [0; 5];
                    arrived =
                        end.read_exact(&mut bytes).map(|()| String::from_utf8_lossy(&bytes).into()).unwrap_or_default();
                }
                arrived == "line\n"
            });
            wire.cut();
            assert_eq!(near.read(&mut [0]).unwrap_or(0), 0, "round {round}: the connection is gone");
            await_it("a refusal", || TcpStream::connect(wire.here()).is_err());
            wire.mend();
        }
    }

    #[test]
    fn nobody_is_reached_while_the_far_end_is_away() {
        let far = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let there = far.local_addr().unwrap();
        let wire = Wire::lay(there).unwrap();
        await_it("a connection", || TcpStream::connect(wire.here()).is_ok());
        drop(far);
        await_it("a refusal", || TcpStream::connect(wire.here()).is_err());
        let _far = TcpListener::bind(there).unwrap();
        await_it("a connection again", || TcpStream::connect(wire.here()).is_ok());
    }

    #[test]
    fn datagrams_pass_too() {
        let far = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        far.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let wire = Wire::lay(far.local_addr().unwrap()).unwrap();
        let near = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        near.send_to(b"line", wire.here()).unwrap();
        let mut bytes = [0; 8];
        assert_eq!((far.recv(&mut bytes).unwrap(), &bytes[..4]), (4, &b"line"[..]));
    }
}
