//! The manual page: arguments from the command line's definition, keys from the dashboard's table.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use ftpscope::tui::keys::KEYS;

use super::args::Cli;

/// Writes the page, for man(1).
///
/// # Errors
/// The output can't be written.
pub fn page(out: &mut dyn Write) -> io::Result<()> {
    let man = Man::new(Cli::command().disable_help_subcommand(true));
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_subcommands_section(out)?;
    man.render_options_section(out)?;
    keys().to_writer(out)?;
    statuses().to_writer(out)?;
    man.render_version_section(out)
}

/// What the keys of the dashboard do, place by place.
fn keys() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["KEYS"]);
    let mut place = None;
    for key in KEYS {
        if place != Some(key.place) {
            place = Some(key.place);
            roff.control("SS", [key.place.title()]);
        }
        roff.control("TP", []);
        roff.text([bold(key.shown)]);
        roff.text([roman(key.does)]);
    }
    roff
}

fn statuses() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (status, means) in [
        ("0", "No session stalled, failed or looks like an attack."),
        ("1", "Some session did; 0 with --exit-zero."),
        (
            "2",
            "An input could not be read (what could be is reported), or the arguments make no sense.",
        ),
    ] {
        roff.control("TP", []);
        roff.text([bold(status)]);
        roff.text([roman(means)]);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_option_is_in_it() {
        let mut out = Vec::new();
        page(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap().replace("\\*(Aq", "'").replace('\\', "");
        for key in KEYS {
            assert!(text.contains(key.does), "{}", key.does);
        }
        for argument in Cli::command().get_arguments().filter_map(clap::Arg::get_long) {
            assert!(text.contains(&format!("--{argument}")), "{argument}");
        }
        assert!(text.contains(".SH KEYS") && text.contains("EXIT STATUS"));
    }
}
