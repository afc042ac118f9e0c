//! Several processes as one dataflow: each runs as many workers, and a stream between each two carries timely's bytes.
//!
//! timely's own way to connect knows no cluster, no generation and no secret, and has no end to its patience; so who starts
//! a mesh brings connected streams, each of them one end of a pair whose other end is a link. There is no mesh with a hole:
//! the first process that is lost ends it for all, and each says so by its [`Watch`].

use crate::place::Place;
use crate::watch::Watch;
use crate::{DataflowError, MAX_WORKERS};
use std::any::Any;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use timely::CommunicationConfig;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::zero_copy::stream::Stream;
use timely::communication::allocator::{AllocatorBuilder, ProcessBuilder};
use timely::communication::initialize::Hooks;

/// A process's place among those of a mesh, and its streams to the others.
#[derive(Debug)]
pub struct Mesh {
    /// Which of them it is.
    pub process: usize,
    /// The workers of each process: the same number everywhere.
    pub threads: usize,
    /// A stream to each process; none at its own place.
    pub peers: Vec<Option<UnixStream>>,
}

/// What timely makes workers of, and what it wants to be kept beside them.
pub(crate) type Communication = (Vec<AllocatorBuilder>, Box<dyn Any + Send>);

impl Mesh {
    /// A process by itself.
    pub fn alone(threads: usize) -> Self {
        Self { process: 0, threads, peers: vec![None] }
    }

    pub(crate) fn place(&self) -> Result<Place, DataflowError> {
        let Self { process, threads, ref peers } = *self;
        if !(1..=MAX_WORKERS).contains(&threads) {
            return Err(DataflowError::Workers(threads));
        }
        let processes = peers.len();
        let is_whole = peers.iter().enumerate().all(|(at, peer)| peer.is_none() == (at == process));
        if process >= processes || !is_whole {
            return Err(DataflowError::Mesh { process, processes });
        }
        Ok(Place { process, processes, threads })
    }

    /// Starts the threads that read and write the streams.
    pub(crate) fn connect(self, watch: &Watch) -> Result<Communication, String> {
        let Self { process, threads, peers } = self;
        if peers.len() == 1 {
            return CommunicationConfig::Process(threads).try_build();
        }
        let link = |(peer, stream): (usize, Option<UnixStream>)| {
            stream.map(|stream| Link { stream, peer, watch: watch.clone() })
        };
        let links = peers.into_iter().enumerate().map(link).collect();
        let hooks = Hooks::default();
        let within = ProcessBuilder::new_typed_vector(threads, hooks.refill.clone(), hooks.spill.clone());
        let (builders, guard) = initialize_networking_from_sockets(within, links, process, threads, hooks)
            .map_err(|error| error.to_string())?;
        Ok((builders.into_iter().map(AllocatorBuilder::Tcp).collect(), Box::new(guard)))
    }
}

/// A stream that tells of its end before timely sees it.
struct Link {
    stream: UnixStream,
    peer: usize,
    watch: Watch,
}

impl Link {
    /// timely would panic over this answer: in a release that ends the process before anybody can say why. So the thread
    /// stays here, and whoever watches ends the process. On the way out the end is as it should be.
    fn lost<T>(&self, answer: io::Result<T>) -> io::Result<T> {
        if self.watch.may_end() {
            return answer;
        }
        let why = answer.err().map_or_else(|| "its stream has ended".to_owned(), |error| error.to_string());
        self.watch.tell(format!("process {} of the dataflow is lost: {why}", self.peer));
        loop {
            std::thread::park();
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut answer = self.stream.read(buffer);
        // timely takes a signal for an error.
        while answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted) {
            answer = self.stream.read(buffer);
        }
        if matches!(answer, Ok(1..)) { answer } else { self.lost(answer) }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.write(bytes) {
            // Tried again by `write_all`.
            Err(error) if error.kind() != ErrorKind::Interrupted => self.lost(Err(error)),
            answer => answer,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Stream for Link {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { stream: self.stream.try_clone()?, peer: self.peer, watch: self.watch.clone() })
    }

    fn set_nonblocking(&self, is_nonblocking: bool) -> io::Result<()> {
        self.stream.set_nonblocking(is_nonblocking)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }
}
