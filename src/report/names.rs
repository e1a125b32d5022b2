//! The words that stand in the report, for its schema and for the filter.

/// What a session can have become.
pub(super) const STATUSES: [&str; 5] =
    ["healthy", "stalled", "failed", "suspicious", "undetermined"];
/// Where a capture can have been taken.
pub(super) const VANTAGES: [&str; 4] = ["client", "server", "between", "unknown"];
/// How a control connection can have been protected.
pub(super) const SECURITIES: [&str; 3] = ["plain", "explicit-tls", "implicit-tls"];
/// How far a login can have come.
pub(super) const LOGINS: [&str; 5] = ["accepted", "refused", "pending", "none", "hidden"];
/// Who can have dialled a data connection.
pub(super) const MODES: [&str; 3] = ["passive", "active", "unknown"];
/// How bad a diagnosis can be.
pub(super) const SEVERITIES: [&str; 3] = ["critical", "warning", "info"];
/// What a diagnosis can be about.
pub(super) const STAGES: [&str; 11] = [
    "capture",
    "control-connect",
    "banner",
    "login",
    "command",
    "announcement",
    "data-connect",
    "data-transfer",
    "completion",
    "tls",
    "security",
];
/// What can have announced an endpoint.
pub(super) const KINDS: [&str; 8] =
    ["PASV", "EPSV", "PORT", "EPRT", "LPSV", "LPRT", "SPSV", "CPSV"];
/// How far a connection can have come.
pub(super) const STATES: [&str; 8] = [
    "unanswered",
    "refused",
    "unreachable",
    "handshake-incomplete",
    "established",
    "half-closed",
    "closed",
    "reset",
];
/// What a channel can have become.
pub(super) const OUTCOMES: [&str; 7] =
    ["completed", "stalled", "failed", "aborted", "unused", "in-progress", "unknown"];

/// The stages, or null.
pub(super) fn stage_or_null() -> Vec<Option<&'static str>> {
    STAGES.into_iter().map(Some).chain([None]).collect()
}
