//! BPF expressions over packets of files, compiled by libpcap for each link type.

use super::LinkType;

/// A BPF expression.
#[cfg(feature = "live")]
pub(super) struct Filter {
    expression: String,
    programs: Vec<(LinkType, Option<pcap::BpfProgram>)>,
    problem: Option<String>,
}

#[cfg(feature = "live")]
impl Filter {
    /// Compiles `expression`, to say early what is wrong with it.
    pub(super) fn new(expression: &str) -> Result<Self, String> {
        let mut filter =
            Self { expression: expression.to_owned(), programs: Vec::new(), problem: None };
        let program = filter.compile(LinkType::ETHERNET)?;
        filter.programs.push((LinkType::ETHERNET, Some(program)));
        Ok(filter)
    }

    fn compile(&self, link: LinkType) -> Result<pcap::BpfProgram, String> {
        // Files and hosts number raw IP differently; libpcap compiles for the host's number.
        let number = if link == LinkType::RAW { 12 } else { i32::from(link.0) };
        pcap::Capture::dead(pcap::Linktype(number))
            .and_then(|c| c.compile(&self.expression, true))
            .map_err(|e| format!("--bpf '{}': {e}; see pcap-filter(7)", self.expression))
    }

    /// Whether a packet passes.
    pub(super) fn lets_through(&mut self, link: LinkType, data: &[u8]) -> bool {
        if let Some((_, program)) = self.programs.iter().find(|p| p.0 == link) {
            return program.as_ref().is_some_and(|p| p.filter(data));
        }
        let program = self.compile(link).map_err(|e| self.problem = Some(e)).ok();
        let passes = program.as_ref().is_some_and(|p| p.filter(data));
        self.programs.push((link, program));
        passes
    }

    /// A link type that the expression can't be compiled for.
    pub(super) fn problem(self) -> Option<String> {
        self.problem
    }
}

/// A BPF expression; this build has no libpcap.
#[cfg(not(feature = "live"))]
pub(super) struct Filter;

#[cfg(not(feature = "live"))]
impl Filter {
    pub(super) fn new(_: &str) -> Result<Self, String> {
        Err("--bpf needs libpcap, which this build was made without; build with the default features, or use --filter".to_owned())
    }

    pub(super) fn lets_through(&mut self, _: LinkType, _: &[u8]) -> bool {
        true
    }

    pub(super) fn problem(self) -> Option<String> {
        None
    }
}
