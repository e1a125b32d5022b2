//! What a table asks of things that can be put to rest.

use crate::capture::Timestamp;
use crate::pack::Pack;

/// Something that can be put to rest.
pub(in crate::engine) trait Rest: Pack + Send + 'static {
    /// What must be known of it without waking it up.
    type Head: Copy;

    fn head(&self) -> Self::Head;

    /// When it last changed.
    fn last(&self) -> Timestamp;

    /// Reads what is asked for first of it, see [`crate::engine`]'s `fetch`.
    fn read(&self) -> usize;

    /// Begins to fetch what is asked for first of it, and reads nothing.
    fn fetch(&self);

    /// The same of what is asked for then, when that is there.
    fn fetch_rest(&self);

    /// Reads what packing it will ask for.
    fn read_to_pack(&self) -> usize;

    /// It will be packed.
    fn before_rest(&mut self) {}

    /// It surely can be packed, and nobody looks at it before it is asked for.
    fn is_plain(&self) -> bool;
}

impl<T: Rest> Rest for Box<T> {
    type Head = T::Head;

    fn head(&self) -> Self::Head {
        T::head(self)
    }

    fn last(&self) -> Timestamp {
        T::last(self)
    }

    fn read(&self) -> usize {
        T::read(self)
    }

    fn fetch(&self) {
        T::fetch(self);
    }

    fn fetch_rest(&self) {
        T::fetch_rest(self);
    }

    fn read_to_pack(&self) -> usize {
        T::read_to_pack(self)
    }

    fn before_rest(&mut self) {
        T::before_rest(self);
    }

    fn is_plain(&self) -> bool {
        T::is_plain(self)
    }
}
