//! How the lists of a session grow.

/// Makes room for one more: for `first` in a list that is empty, then by a half, not to twice the size.
/// Most sessions are short, and there may be a million at once.
#[inline]
pub(crate) fn grow<T>(list: &mut Vec<T>, first: usize) -> &mut Vec<T> {
    if list.len() == list.capacity() {
        reserve(list, if list.is_empty() { first } else { (list.len() / 2).max(4) });
    }
    list
}

#[cold]
fn reserve<T>(list: &mut Vec<T>, more: usize) {
    list.reserve_exact(more);
}
