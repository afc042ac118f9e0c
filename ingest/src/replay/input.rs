//! Where replay reads from: files and standard input, plain or compressed. The compression is known by the first bytes,
//! not by the name.

use super::ReplayError;
use flate2::read::MultiGzDecoder;
use liblzma::{
    read::XzDecoder,
    stream::{CONCATENATED, Stream},
};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

/// As many bytes as the longest magic has.
const MAGIC_BYTES: usize = 6;
/// An .xz file that wants more memory than this is refused; `xz -9` wants 65 MiB.
const XZ_MEMORY_BYTES: u64 = 256 << 20;
/// A .zst file with a longer window is refused: 2²⁷, what `zstd --ultra` makes.
const ZSTD_WINDOW_LOG: u32 = 27;

/// One input.
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Anything else, by a name for messages.
    Reader(String, Box<dyn Read>),
}

impl Input {
    /// `-` is standard input, everything else a file.
    pub fn from_argument(argument: PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument) }
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
            Self::Reader(name, _) => name.clone(),
        }
    }

    /// Its bytes, decompressed.
    pub(super) fn open(self) -> Result<Box<dyn Read>, ReplayError> {
        let name = self.name();
        let raw: Box<dyn Read> = match self {
            Self::Path(path) => match File::open(path) {
                Ok(file) => Box::new(file),
                Err(source) => return Err(ReplayError::Open { name, source }),
            },
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::Reader(_, reader) => reader,
        };
        decompressed(raw).map_err(|source| ReplayError::Read { name, source })
    }
}

fn decompressed(mut raw: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut magic = Vec::with_capacity(MAGIC_BYTES);
    raw.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
    let whole = |magic: Vec<u8>| Cursor::new(magic).chain(raw);
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole(magic))),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY_BYTES, CONCATENATED)?;
            Box::new(XzDecoder::new_stream(whole(magic), stream))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::stream::read::Decoder::new(whole(magic))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        _ => Box::new(whole(magic)),
    })
}
