//! Any text is an expression or an error that points into it.

#![no_main]

use ftpscope::report::filter::Filter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match Filter::parse(text) {
    Ok(filter) => assert!(filter == filter.clone()),
    Err(error) => assert!(!error.to_string().is_empty()),
});
