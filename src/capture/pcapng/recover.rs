//! Where a pcapng file is cut or damaged: naming it, and finding the next sound block.

use std::io::Read;

use pcap_parser::{
    DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, ISB_MAGIC, NRB_MAGIC, SHB_MAGIC, SJE_MAGIC,
    SPB_MAGIC,
};

use super::order::Order;
use super::{BODY, Buffer, FRAME, Notes, PB_MAGIC, Pcapng};

/// The longest block that reading resumes with.
const LONGEST_FOUND: u32 = 1024 * 1024;
/// How far behind damage a sound block is searched for.
const WINDOW: u64 = 16 * 1024 * 1024;
/// The Custom Block that may be copied.
const CB_MAGIC: u32 = 0x0BAD;

impl Pcapng {
    /// The end of the stream, of which `filled` bytes of `need` are left.
    pub(super) fn end<R: Read>(
        &mut self,
        need: usize,
        what: &str,
        buffer: &mut Buffer<R>,
        notes: &mut Notes,
    ) {
        let left = buffer.filled().len();
        if let Some(error) = buffer.take_error() {
            notes.problem(buffer.offset(), error);
        } else if left > 0 {
            let text = format!("{what} has {need} bytes, only {left} of them are left");
            notes.problem(buffer.offset(), text);
        }
        self.ended = true;
    }

    /// A block that says more bytes than are left: the capture was cut, or the length is wrong.
    #[cold]
    pub(super) fn cut<R: Read>(&mut self, len: usize, buffer: &mut Buffer<R>, notes: &mut Notes) {
        let offset = buffer.offset();
        if let Some(error) = buffer.take_error() {
            notes.problem(offset, error);
            self.ended = true;
            return;
        }
        let left = buffer.filled().len();
        let text = format!("block says {len} bytes, only {left} are left");
        match (1..left).find(|&at| self.is_block(at, buffer)) {
            Some(at) => {
                notes.problem(offset, format!("{text}; reading resumes {at} bytes further on"));
                buffer.consume(at);
            }
            None => {
                notes.problem(offset, text);
                self.ended = true;
            }
        }
    }

    /// Searches the next sound block behind damage and moves there, or ends; notes both.
    #[cold]
    pub(super) fn damage<R: Read>(
        &mut self,
        text: String,
        buffer: &mut Buffer<R>,
        notes: &mut Notes,
    ) {
        const PIECE: usize = 256 * 1024;
        let damage = buffer.offset();
        let mut from = 1;
        while buffer.offset() - damage < WINDOW {
            if let Some(at) = (from..PIECE).find(|&at| self.is_block(at, buffer)) {
                buffer.consume(at);
                let further = buffer.offset() - damage;
                notes
                    .problem(damage, format!("{text}; reading resumes {further} bytes further on"));
                return;
            }
            if !buffer.more(PIECE) {
                break;
            }
            buffer.consume(PIECE);
            from = 0;
        }
        notes.problem(damage, format!("{text}; nothing after it could be read"));
        if let Some(error) = buffer.take_error() {
            notes.problem(buffer.offset(), error);
        }
        self.ended = true;
    }

    /// Whether a block of a known type, with sensible and equal lengths, stands at `at`.
    pub(super) fn is_block<R: Read>(&self, at: usize, buffer: &mut Buffer<R>) -> bool {
        let Some(len) = self.block_len(at, buffer) else { return false };
        if !buffer.more(at + len) {
            return false;
        }
        let Some(bytes) = buffer.filled().get(at..at + len) else { return false };
        let order = match self.order.u32(bytes, 0) {
            Some(SHB_MAGIC) => Order::of_magic(bytes.get(BODY..).unwrap_or_default()),
            _ => Some(self.order),
        };
        let Some(order) = order else { return false };
        if order.u32(bytes, len - 4) != Some(len as u32) {
            return false;
        }
        match order.u32(bytes, 0) {
            Some(EPB_MAGIC) => {
                let (Some(interface), Some(captured)) =
                    (order.u32(bytes, BODY), order.u32(bytes, BODY + 12))
                else {
                    return false;
                };
                (interface as usize) < self.interfaces.len()
                    && captured as usize <= len - FRAME - 20
            }
            _ => true,
        }
    }

    /// The length that a block of a known type at `at` would have.
    fn block_len<R: Read>(&self, at: usize, buffer: &mut Buffer<R>) -> Option<usize> {
        if buffer.filled().len() < at + FRAME && !buffer.more(at + FRAME) {
            return None;
        }
        let bytes = buffer.filled().get(at..)?;
        let kind = self.order.u32(bytes, 0)?;
        let (order, shortest) = match kind {
            SHB_MAGIC => (Order::of_magic(bytes.get(BODY..)?)?, 28),
            EPB_MAGIC | PB_MAGIC => (self.order, 32),
            IDB_MAGIC => (self.order, 20),
            ISB_MAGIC => (self.order, 24),
            SPB_MAGIC | CB_MAGIC | DCB_MAGIC => (self.order, 16),
            NRB_MAGIC | DSB_MAGIC | SJE_MAGIC => (self.order, 16),
            _ => return None,
        };
        let len = order.u32(bytes, 4)?;
        ((shortest..=LONGEST_FOUND).contains(&len) && len % 4 == 0).then_some(len as usize)
    }
}
