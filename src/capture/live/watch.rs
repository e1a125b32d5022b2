//! Whether an interface is there and up.

use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, netdevice, socket};

/// How an interface stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Up,
    Down,
    /// There is none of that name.
    Gone,
    /// There is one of that name, and it is another one.
    Anew,
}

/// Watches one interface.
#[derive(Debug)]
pub(super) struct Watch {
    name: String,
    socket: OwnedFd,
    index: u32,
    /// /sys shows this network namespace's interfaces.
    sys: bool,
}

impl Watch {
    /// `None` for what is no interface, as `any`.
    pub(super) fn new(name: &str) -> Option<Self> {
        let socket = socket(AddressFamily::INET, SocketType::DGRAM, None).ok()?;
        let index = netdevice::name_to_index(&socket, name).ok()?;
        let sys = attribute(name, "ifindex").is_some_and(|text| text.parse() == Ok(index));
        Some(Self { name: name.to_owned(), socket, index, sys })
    }

    /// How it stands now. Where /sys can't tell up from down, it is up.
    pub(super) fn link(&self) -> Link {
        const UP: u32 = 1;
        match netdevice::name_to_index(&self.socket, &self.name) {
            Err(_) => Link::Gone,
            Ok(index) if index != self.index => Link::Anew,
            Ok(_) if !self.sys => Link::Up,
            Ok(_) => {
                let flags = attribute(&self.name, "flags");
                let flags =
                    flags.and_then(|f| u32::from_str_radix(f.trim_start_matches("0x"), 16).ok());
                if flags.is_none_or(|flags| flags & UP != 0) { Link::Up } else { Link::Down }
            }
        }
    }
}

/// A file of /sys/class/net/NAME.
fn attribute(name: &str, attribute: &str) -> Option<String> {
    // A name with a slash would lead elsewhere; no interface has one.
    if name.contains('/') {
        return None;
    }
    let text = std::fs::read_to_string(format!("/sys/class/net/{name}/{attribute}")).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_there_and_any_is_none() {
        if let Some(lo) = Watch::new("lo") {
            assert!(matches!(lo.link(), Link::Up | Link::Down));
        }
        assert!(Watch::new("any").is_none());
        assert!(attribute("../lo", "flags").is_none());
    }
}
