//! From where a session was captured, by what its packets show.

/// Where the capture was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VantagePoint {
    /// On the client's host or its network.
    Client,
    /// On the server's host or its network.
    Server,
    /// On a device between them.
    Between,
    /// The packets don't tell.
    #[default]
    Unknown,
}

/// The vantage point and what says so.
#[derive(Clone, Debug, Default)]
pub struct Vantage {
    /// Where.
    pub point: VantagePoint,
    /// One clause, without a full stop: what in the packets says so.
    pub because: String,
}
