//! What the engine is told and what it returns.

use std::collections::BTreeMap;

use super::Ports;
use crate::capture::{CaptureFacts, LinkType};
use crate::decode::{Decoded, Segment};
use crate::diagnose::{Finding, Judged};

/// What the engine is told.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Control ports beside 21 and 990.
    pub ports: Vec<u16>,
    /// Threads for rules and rendering; 0 for all cores.
    pub threads: usize,
    /// Only sessions with problems will be read: see [`crate::diagnose::judge_briefly`].
    pub problems_only: bool,
}

/// What a capture held, FTP or not.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// TCP segments.
    pub tcp_segments: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// ICMP errors about TCP.
    pub icmp_errors: u64,
    /// IP packets of other protocols.
    pub other_ip: u64,
    /// Packets that were not IP.
    pub not_ip: u64,
    /// Fragments waiting for others.
    pub fragments: u64,
    /// Packets with damaged or cut headers.
    pub malformed: u64,
    /// Packets of link types that aren't known.
    pub unknown_links: BTreeMap<LinkType, u64>,
    /// TCP segments by the lower port of the two.
    pub tcp_ports: Ports,
    /// Segments acknowledged by their receiver yet never captured, in FTP connections.
    pub missing_segments: u64,
}

impl Overview {
    /// Takes note of a segment.
    #[inline]
    pub(super) fn segment(&mut self, s: &Segment<'_>) {
        self.tcp_segments += 1;
        self.tcp_ports.count(s.src.port.min(s.dst.port));
    }

    /// Takes note of a packet that holds neither a segment nor an ICMP error.
    pub(super) fn other(&mut self, decoded: &Decoded<'_>, link: LinkType) {
        match decoded {
            Decoded::Segment(_) | Decoded::Icmp(_) => {}
            Decoded::Udp { .. } => self.udp += 1,
            Decoded::Fragment => self.fragments += 1,
            Decoded::OtherIp(_) => self.other_ip += 1,
            Decoded::NotIp => self.not_ip += 1,
            Decoded::UnknownLink => *self.unknown_links.entry(link).or_default() += 1,
            Decoded::Malformed => self.malformed += 1,
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The capture.
    pub capture: CaptureFacts,
    /// What it held.
    pub overview: Overview,
    /// Judged sessions, by id.
    pub sessions: Vec<Judged>,
    /// What needed many sessions.
    pub findings: Vec<Finding>,
}
