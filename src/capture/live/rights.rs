//! Giving rights away, after the interfaces are open and before the first packet is parsed: what
//! reads hostile packets is no root, has no capability, and writes nowhere but where it was told.
//!
//! The calls are about the calling thread. Threads made later have what it has, so this comes
//! before any of them is made.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

/// The newest kernel interface that is asked for; older kernels give what they have.
const LANDLOCK: ABI = ABI::V6;
/// What a terminal needs (its size is asked for by an ioctl), and what is written to be forgotten.
const DEVICES: [&str; 2] = ["/dev/tty", "/dev/null"];
/// The user that owns nothing, where /etc/passwd doesn't say.
const NOBODY: u32 = 65534;

/// A user and its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl User {
    /// Whom root becomes: the one who called sudo, else `nobody`; `None` when this isn't root.
    pub fn instead_of_root(sudo: Option<Self>) -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(sudo.filter(|user| user.uid != 0).unwrap_or_else(|| nobody(&passwd)))
    }
}

/// Makes a file the user's own.
///
/// # Errors
/// A sentence: its owner can't be changed.
pub fn hand_over(file: &std::fs::File, user: User) -> Result<(), String> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    rustix::fs::fchown(file, Some(uid), Some(gid))
        .map_err(|e| format!("the file can't be handed over to user {}: {e}", user.uid))
}

fn nobody(passwd: &str) -> User {
    let entry = passwd.lines().find_map(|line| {
        let mut fields = line.strip_prefix("nobody:")?.split(':').skip(1);
        Some(User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    });
    entry.filter(|user| user.uid != 0).unwrap_or(User { uid: NOBODY, gid: NOBODY })
}

/// What to keep.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// Whom to become.
    pub user: Option<User>,
    /// Folders that may be written to.
    pub writable: Vec<PathBuf>,
    /// The right to open interfaces.
    pub net_raw: bool,
}

/// Gives everything else away, for good. Says what it came to, one sentence each.
///
/// # Errors
/// A sentence: something could not be given away, or there are threads already.
pub fn give_away(keep: &Keep) -> Result<Vec<String>, String> {
    // Of another thread nothing would be taken.
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads != 1 {
        return Err(format!("rights can't be given away any more: {threads} threads are running"));
    }
    let mut said = Vec::new();
    let failed = |what: &str, e: rustix::io::Errno| {
        format!("{what} can't be given away: {e}; run ftpscope as a user with cap_net_raw instead")
    };
    if let Some(user) = keep.user {
        thread::set_keep_capabilities(keep.net_raw).map_err(|e| failed("root", e))?;
        let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
        thread::set_thread_groups(&[]).map_err(|e| failed("root's groups", e))?;
        thread::set_thread_res_gid(gid, gid, gid).map_err(|e| failed("root's group", e))?;
        thread::set_thread_res_uid(uid, uid, uid).map_err(|e| failed("root", e))?;
        said.push(format!(
            "root is given away: from here on user {}, group {}",
            user.uid, user.gid
        ));
    }
    let left = if keep.net_raw { CapabilitySet::NET_RAW } else { CapabilitySet::empty() };
    let permitted = thread::capabilities(None).map_err(|e| failed("capabilities", e))?.permitted;
    let left = left & permitted;
    let sets =
        CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() };
    thread::set_capabilities(None, sets).map_err(|e| failed("capabilities", e))?;
    // Ambient capabilities go with the inheritable ones.
    thread::set_no_new_privs(true).map_err(|e| failed("new privileges", e))?;
    said.push(match left.is_empty() {
        true => "no capability is left".to_owned(),
        false => "of all capabilities only CAP_NET_RAW is left".to_owned(),
    });
    said.push(match confine(&keep.writable) {
        Ok(RulesetStatus::NotEnforced) | Err(_) => {
            "this kernel has no Landlock: file permissions alone say where can be written"
                .to_owned()
        }
        Ok(status) => {
            let folders: Vec<String> =
                keep.writable.iter().map(|f| f.display().to_string()).collect();
            let part = if status == RulesetStatus::PartiallyEnforced {
                " (in part: this kernel's Landlock is older)"
            } else {
                ""
            };
            match folders.is_empty() {
                true => format!("Landlock: no file can be written, no TCP connection made{part}"),
                false => format!(
                    "Landlock: only {} can be written to, no TCP connection made{part}",
                    folders.join(", ")
                ),
            }
        }
    });
    Ok(said)
}

fn confine(writable: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let write = AccessFs::from_write(LANDLOCK);
    let devices = DEVICES.iter().map(Path::new).filter(|device| device.exists());
    let status = Ruleset::default()
        .handle_access(write)?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(writable, write))?
        .add_rules(path_beneath_rules(devices, AccessFs::WriteFile | AccessFs::IoctlDev))?
        .restrict_self()?;
    Ok(status.ruleset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_who_passwd_says_and_never_root() {
        let passwd = "root:x:0:0::/:/bin/sh\nnobody:x:99:98:n:/:/sbin/nologin\n";
        assert_eq!(nobody(passwd), User { uid: 99, gid: 98 });
        assert_eq!(nobody("nobody:x:0:0::/:/bin/sh"), User { uid: NOBODY, gid: NOBODY });
        assert_eq!(nobody("nonsense"), User { uid: NOBODY, gid: NOBODY });
    }

    #[test]
    fn rights_are_not_given_away_beside_other_threads() {
        // Tests run on threads.
        assert!(give_away(&Keep::default()).unwrap_err().contains("threads"));
    }
}
