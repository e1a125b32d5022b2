//! The table of rules, in the order in which a session is examined.

use super::Rule;

/// Every diagnosis of the catalogue.
pub static RULES: &[&Rule] = &[];
