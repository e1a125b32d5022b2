//! BPF expressions (pcap-filter(7)) over packets of files.

use super::LinkType;

/// An expression that libpcap accepts for at least one link type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BpfExpression(String);

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BpfError {
    /// libpcap doesn't accept it.
    #[error("`{expression}` is not a BPF expression: {error}; see pcap-filter(7)")]
    Syntax {
        /// The expression.
        expression: String,
        /// What libpcap says.
        error: String,
    },
    /// This program was built without libpcap.
    #[error(
        "BPF expressions need libpcap, and this ftpscope was built without it; build it with \
         `cargo build --release --features live`"
    )]
    NotBuilt,
}

impl BpfExpression {
    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "live")]
pub(super) use with_libpcap::Filter;

#[cfg(not(feature = "live"))]
pub(super) use without_libpcap::Filter;

#[cfg(feature = "live")]
mod with_libpcap {
    use pcap::{BpfProgram, Capture, Linktype};

    use super::{BpfError, BpfExpression, LinkType};

    /// Link types to try an expression with: what one of them accepts is no error of syntax.
    const COMMON: [LinkType; 5] = [
        LinkType::ETHERNET,
        LinkType::RAW,
        LinkType::LINUX_SLL2,
        LinkType::IEEE802_11_RADIOTAP,
        LinkType::PPP,
    ];

    impl BpfExpression {
        /// Checks the expression.
        pub fn new(expression: &str) -> Result<Self, BpfError> {
            let mut first = None;
            for link in COMMON {
                match compile(expression, link) {
                    Ok(_) => return Ok(Self(expression.to_owned())),
                    Err(error) => first = first.or(Some(error)),
                }
            }
            Err(BpfError::Syntax {
                expression: expression.to_owned(),
                error: first.unwrap_or_default(),
            })
        }
    }

    /// The expression compiled for each link type that was seen.
    pub(in crate::capture) struct Filter {
        expression: BpfExpression,
        /// No program: the expression means nothing for this link type, so nothing matches.
        programs: Vec<(LinkType, Option<BpfProgram>)>,
    }

    impl Filter {
        pub(in crate::capture) fn new(expression: BpfExpression) -> Self {
            Self { expression, programs: Vec::new() }
        }

        /// Whether a packet matches. libpcap is given the captured bytes only, so an expression
        /// about the packet's length means the captured length. An error, once for each link type
        /// for which the expression cannot be compiled.
        pub(in crate::capture) fn matches(
            &mut self,
            link: LinkType,
            data: &[u8],
        ) -> Result<bool, String> {
            if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link) {
                return Ok(program.as_ref().is_some_and(|program| program.filter(data)));
            }
            let (program, result) = match compile(self.expression.as_str(), link) {
                Ok(program) => {
                    let matched = program.filter(data);
                    (Some(program), Ok(matched))
                }
                Err(error) => {
                    let text = format!(
                        "packets of link type {} were left out: `{}` cannot be applied to them \
                         ({error})",
                        link.name(),
                        self.expression.as_str(),
                    );
                    (None, Err(text))
                }
            };
            self.programs.push((link, program));
            result
        }
    }

    fn compile(expression: &str, link: LinkType) -> Result<BpfProgram, String> {
        let text = |error: pcap::Error| match error {
            pcap::Error::PcapError(text) => text,
            error => error.to_string(),
        };
        let optimize = true;
        Capture::dead(dlt(link)).and_then(|dead| dead.compile(expression, optimize)).map_err(text)
    }

    /// The host's DLT_ value: equal to the LINKTYPE_ value but for the oldest ones.
    fn dlt(link: LinkType) -> Linktype {
        Linktype(match link {
            LinkType::RAW if cfg!(target_os = "openbsd") => 14,
            LinkType::RAW => 12,
            LinkType(100) => 11,
            LinkType(other) => i32::from(other),
        })
    }
}

#[cfg(not(feature = "live"))]
mod without_libpcap {
    use super::{BpfError, BpfExpression, LinkType};

    impl BpfExpression {
        /// Says that this program was built without libpcap.
        pub fn new(_expression: &str) -> Result<Self, BpfError> {
            Err(BpfError::NotBuilt)
        }
    }

    /// Never made: there are no expressions without libpcap.
    pub(in crate::capture) struct Filter;

    impl Filter {
        pub(in crate::capture) fn new(_expression: BpfExpression) -> Self {
            Self
        }

        pub(in crate::capture) fn matches(
            &mut self,
            _link: LinkType,
            _data: &[u8],
        ) -> Result<bool, String> {
            Ok(true)
        }
    }
}
