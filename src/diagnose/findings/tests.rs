//! The table of findings, and samples that show them.
