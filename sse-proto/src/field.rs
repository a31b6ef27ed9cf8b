//! What a line says: the fields that the standard knows, and how their values are read.

use core::time::Duration;

/// The names that mean something; every other name is ignored (WHATWG HTML 9.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Data,
    EventType,
    Id,
    Retry,
}

/// The longest known name, `event` or `retry`: a line without a colon among its first six bytes is one of
/// [`Field::from_name`]'s names as a whole, or nothing.
pub(crate) const LONGEST_NAME: usize = 5;

impl Field {
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        match name {
            b"data" => Some(Self::Data),
            b"event" => Some(Self::EventType),
            b"id" => Some(Self::Id),
            b"retry" => Some(Self::Retry),
            _ => None,
        }
    }
}

/// A line that is no comment, as far as it is there.
pub(crate) enum Line {
    /// A known field, and where its value starts (a single leading space belongs to the colon).
    Known(Field, usize),
    /// A whole line of an unknown field, or the beginning of one.
    Unknown,
    /// No colon yet, and still short enough for a known name.
    Undecided,
}

/// Reads the beginning of a line that may go on.
pub(crate) fn read(line: &[u8]) -> Line {
    let head = &line[..line.len().min(LONGEST_NAME + 1)];
    match head.iter().position(|&byte| byte == b':') {
        Some(colon) => match Field::from_name(&head[..colon]) {
            Some(field) => Line::Known(field, colon + 1),
            None => Line::Unknown,
        },
        None if line.len() > LONGEST_NAME => Line::Unknown,
        None => Line::Undecided,
    }
}

/// Without the one space that may follow the colon.
pub(crate) fn value_start(line: &[u8], from: usize) -> usize {
    from + usize::from(line.get(from) == Some(&b' '))
}

/// Whether a request header can carry the bytes: no control character but the tab (RFC 9110, section 5.5).
pub(crate) fn is_header_value(bytes: &[u8]) -> bool {
    // The last block may overlap the one before.
    if let Some(last) = bytes.last_chunk::<16>() {
        return bytes.as_chunks::<16>().0.iter().all(all_fit) && all_fit(last);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return all_fit(first) & all_fit(last);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return all_fit(first) & all_fit(last);
    }
    bytes.iter().all(|&byte| fits(byte))
}

const fn fits(byte: u8) -> bool {
    ((byte >= 0x20) | (byte == b'\t')) & (byte != 0x7F)
}

/// Blocks without an exit from their middle become vector instructions.
fn all_fit<const LEN: usize>(block: &[u8; LEN]) -> bool {
    block.iter().fold(true, |all, &byte| all & fits(byte))
}

/// The value of a `retry` field while its digits come in.
///
/// One or more ASCII digits and nothing else are a number of milliseconds; too large a number saturates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RetryValue {
    millis: u64,
    digits: bool,
    other: bool,
}

impl RetryValue {
    /// The time that a whole value says.
    pub(crate) fn read(value: &[u8]) -> Option<Duration> {
        let mut time = Self::default();
        time.push(value);
        time.finish()
    }

    pub(crate) fn push(&mut self, digits: &[u8]) {
        for &byte in digits {
            if byte.is_ascii_digit() {
                let digit = u64::from(byte - b'0');
                self.millis = self.millis.saturating_mul(10).saturating_add(digit);
                self.digits = true;
            } else {
                self.other = true;
                return;
            }
        }
    }

    pub(crate) fn finish(self) -> Option<Duration> {
        (self.digits && !self.other).then(|| Duration::from_millis(self.millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_carries_no_control_character_but_the_tab() {
        for len in 0..50 {
            assert!(is_header_value(&[b'x'; 50][..len]));
            for at in 0..len {
                for byte in 0..=0xFF {
                    let mut value = [b'x'; 50];
                    value[at] = byte;
                    let carried = byte == b'\t' || byte >= b' ' && byte != 0x7F;
                    assert_eq!(is_header_value(&value[..len]), carried, "{byte} at {at} of {len}");
                }
            }
        }
    }
}
