//! Character encodings: finds out which one a file has, and decodes it while it is read.

use std::io::{self, BufRead, ErrorKind, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, WINDOWS_1252};

const CHUNK: usize = 16 * 1024;

/// Detects the encoding: the one that the byte order mark names, otherwise UTF-8 if the whole file
/// is valid UTF-8, otherwise Windows-1252, which includes the printable characters of Latin-1.
///
/// # Errors
/// If the file can't be read.
pub fn detect(mut file: impl Read) -> io::Result<&'static Encoding> {
    let mut chunk = vec![0; CHUNK];
    // The start of a character that was cut off at the end of the previous chunk.
    let mut kept = 0;
    let mut is_first = true;
    loop {
        let read = file.read(&mut chunk[kept..])?;
        let bytes = &chunk[..kept + read];
        if is_first && let Some((encoding, _)) = Encoding::for_bom(bytes) {
            return Ok(encoding);
        }
        // A byte order mark can itself be split between two reads.
        is_first = is_first && bytes.len() < 3;
        let valid = match std::str::from_utf8(bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(_) if is_first && read > 0 => 0,
            Err(_) => return Ok(WINDOWS_1252),
        };
        if read == 0 {
            return Ok(UTF_8);
        }
        let valid = if is_first { 0 } else { valid };
        kept = bytes.len() - valid;
        chunk.copy_within(valid..valid + kept, 0);
    }
}

/// A file that is decoded to UTF-8 while it is read. Drops the byte order mark.
pub struct Decoded<R> {
    file: R,
    encoding: &'static Encoding,
    decoder: Decoder,
    /// How many bytes of the file have been read.
    position: u64,
    raw: Vec<u8>,
    /// The part of `raw` that has not been decoded.
    raw_rest: std::ops::Range<usize>,
    text: Vec<u8>,
    /// The part of `text` that has not been consumed.
    text_rest: std::ops::Range<usize>,
    at_end: bool,
    done: bool,
}

impl<R: Read> Decoded<R> {
    pub fn new(file: R, encoding: &'static Encoding) -> Self {
        Self {
            file,
            encoding,
            decoder: encoding.new_decoder_with_bom_removal(),
            position: 0,
            raw: vec![0; CHUNK],
            raw_rest: 0..0,
            text: vec![0; CHUNK],
            text_rest: 0..0,
            at_end: false,
            done: false,
        }
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.raw_rest.is_empty() && !self.at_end {
            self.raw_rest = 0..self.file.read(&mut self.raw)?;
            self.at_end = self.raw_rest.is_empty();
            self.position += self.raw_rest.len() as u64;
        }
        let raw = &self.raw[self.raw_rest.clone()];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text, self.at_end);
        self.raw_rest.start += read;
        self.text_rest = 0..written;
        match result {
            DecoderResult::Malformed(..) => Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("it is not valid {}", self.encoding.name()),
            )),
            DecoderResult::InputEmpty => {
                self.done = self.at_end;
                Ok(())
            }
            DecoderResult::OutputFull => Ok(()),
        }
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.text_rest.is_empty() && !self.done {
            self.decode()?;
        }
        Ok(&self.text[self.text_rest.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.text_rest.start += amount;
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_16BE, UTF_16LE};
    use proptest::prelude::*;

    use super::*;

    /// Returns at most `step` bytes per read.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len()).min(self.0.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn read(bytes: &[u8], step: usize) -> (&'static Encoding, String) {
        let encoding = detect(Slow(bytes, step)).unwrap();
        let mut text = String::new();
        Decoded::new(Slow(bytes, step), encoding).read_to_string(&mut text).unwrap();
        (encoding, text)
    }

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn the_encoding_is_detected() {
        for step in [1, 2, 3, 100] {
            assert_eq!(read(b"", step), (UTF_8, String::new()));
            assert_eq!(read("Zoë €".as_bytes(), step), (UTF_8, "Zoë €".to_owned()));
            assert_eq!(read(b"\xef\xbb\xbfZo\xc3\xab", step), (UTF_8, "Zoë".to_owned()));
            assert_eq!(read(b"Zo\xeb \x80", step), (WINDOWS_1252, "Zoë €".to_owned()));
            assert_eq!(read(b"Zo\xc3", step), (WINDOWS_1252, "ZoÃ".to_owned()));
            let text = "Zoë 😀".to_owned();
            assert_eq!(read(&utf_16(&text, u16::to_le_bytes), step), (UTF_16LE, text.clone()));
            assert_eq!(read(&utf_16(&text, u16::to_be_bytes), step), (UTF_16BE, text));
        }
    }

    #[test]
    fn text_that_does_not_match_a_chosen_encoding_is_an_error() {
        let mut text = String::new();
        let error = Decoded::new(&b"Zo\xeb"[..], UTF_8).read_to_string(&mut text).unwrap_err();
        assert_eq!(error.to_string(), "it is not valid UTF-8");
    }

    proptest! {
        #[test]
        fn text_is_decoded_whatever_its_length(text in ".{0,20}", times in 1usize..3_000) {
            let text = text.replace('\u{feff}', "").repeat(times);
            prop_assert_eq!(read(text.as_bytes(), CHUNK), (UTF_8, text.clone()));
            prop_assert_eq!(read(&utf_16(&text, u16::to_le_bytes), 1000), (UTF_16LE, text));
        }
    }
}
