//! What most streams never need: chunks that queue, and a comment that chunk ends cut.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;

use super::Decoder;
use crate::limits::Over;
use crate::text;

/// Made when it is first needed.
#[derive(Default)]
pub(super) struct Spare {
    /// The chunks behind the current one.
    queue: VecDeque<Bytes>,
    /// A reported comment that chunk ends cut.
    comment: Vec<u8>,
}

impl Decoder {
    /// Puts a chunk behind the current one, in pieces of at most `longest` bytes.
    #[inline(never)]
    pub(super) fn queue(&mut self, mut chunk: Bytes, longest: usize) {
        let queue = &mut self.spare.get_or_insert_default().queue;
        while chunk.len() > longest {
            queue.push_back(chunk.split_to(longest));
        }
        queue.push_back(chunk);
        if self.chunk.is_empty() {
            self.dequeue();
        }
    }

    /// Takes the next chunk; whether there is one.
    #[inline(never)]
    pub(super) fn dequeue(&mut self) -> bool {
        let next = self.spare.as_mut().and_then(|spare| spare.queue.pop_front());
        self.position = 0;
        self.chunk = next.unwrap_or_default();
        !self.chunk.is_empty() || self.has_queued()
    }

    #[inline(never)]
    pub(super) fn clear_comment(&mut self) {
        match &mut self.spare {
            Some(spare) if spare.comment.capacity() <= text::KEEP => spare.comment.clear(),
            Some(spare) => spare.comment = Vec::new(),
            None => {}
        }
    }

    pub(super) fn has_queued(&self) -> bool {
        self.spare.as_ref().is_some_and(|spare| !spare.queue.is_empty())
    }

    #[inline(never)]
    pub(super) fn gathered_comment(&self) -> &[u8] {
        self.spare.as_ref().map_or(&[], |spare| &spare.comment)
    }

    pub(super) fn push_comment(&mut self, from: usize, to: usize) -> Result<(), Over> {
        let limit = self.limits().id_bytes;
        let comment = &mut self.spare.get_or_insert_default().comment;
        let (len, additional) = (comment.len(), to - from);
        if len + additional > limit {
            *comment = Vec::new();
            return Err(Over::Comment);
        }
        if comment.capacity() - len < additional {
            comment.reserve_exact(text::growth(comment.capacity(), len, additional, limit));
        }
        comment.extend_from_slice(&self.chunk[from..to]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::vec::Vec;

    use crate::{Decoded, Decoder};

    #[test]
    fn a_chunk_that_is_too_long_is_read_in_pieces() {
        let stream = "id: 7\ndata: Hello\n\ndata: there\n\n";
        for longest in 1..stream.len() {
            let mut decoder = Decoder::new();
            decoder.queue(stream.into(), longest);
            let mut data = Vec::new();
            while let Some(Ok(Decoded::Event(event))) = decoder.pull() {
                data.push(event.data().to_owned());
            }
            assert_eq!(data, ["Hello", "there"]);
            assert_eq!(decoder.last_event_id(), "7");
        }
    }
}
