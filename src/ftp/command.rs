//! STUB
/// The verb of a command, upper case, at most 16 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verb([u8; 16]);
impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or(""))
    }
}
