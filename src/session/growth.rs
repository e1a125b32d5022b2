//! How the lists of a session grow.

/// Makes room for one more: by a half, not to twice the size. Most sessions are short, and there may
/// be a million at once.
pub(crate) fn grow<T>(list: &mut Vec<T>) -> &mut Vec<T> {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 2).max(4));
    }
    list
}
