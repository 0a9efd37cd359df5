//! Frames of Amazon's event streams. Each starts with its length.

use super::fault::Fault;

/// Checks that the length of each frame is within the limit.
#[derive(Debug)]
pub(super) struct Frames {
    limit: usize,
    /// Bytes of an incomplete length.
    length: Vec<u8>,
    /// Remaining bytes of the frame.
    left: usize,
}

impl Frames {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, length: Vec::new(), left: 0 }
    }

    pub(super) fn check(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let wanted = if self.left > 0 { self.left } else { 4 - self.length.len() };
            let (part, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            if self.left > 0 {
                self.left -= part.len();
                continue;
            }
            self.length.extend_from_slice(part);
            if let Ok(length) = <[u8; 4]>::try_from(self.length.as_slice()) {
                self.length.clear();
                self.start_frame(length)?;
            }
        }
        Ok(())
    }

    /// Starts a frame. Its length includes these four bytes.
    fn start_frame(&mut self, length: [u8; 4]) -> Result<(), Fault> {
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(Fault::Oversized { what: "a frame", limit: self.limit });
        }
        // `genai` rejects a frame that is too short
        self.left = length.saturating_sub(4);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Frames};

    #[test]
    fn frames_are_bounded_for_every_split_of_their_bytes() {
        let frames = |last: u32| {
            let frame = |length: u32| [&length.to_be_bytes()[..], &[0xff; 16]].concat();
            [frame(20), frame(20), frame(last)].concat()
        };
        for size in 1..60 {
            let check = |bytes: &[u8]| {
                let mut frames = Frames::new(100);
                bytes.chunks(size).try_for_each(|part| frames.check(part))
            };
            assert_eq!(check(&frames(100)), Ok(()), "{size}");
            let oversized = Err(Fault::Oversized { what: "a frame", limit: 100 });
            assert_eq!(check(&frames(101)), oversized, "{size}");
        }
    }
}
