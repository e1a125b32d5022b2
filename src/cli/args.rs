//! Arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::live_args::{LiveArgs, WatchCommand};

const AFTER: &str = "\
Exit status: 0 every reported session is healthy or undetermined; 1 at least one is stalled, failed
or suspicious; 2 bad arguments, or an input that gave no packets at all to read. Live, the same when
it is ended by SIGINT or SIGTERM.

Capture well: take whole packets of the whole conversation between the two hosts, on either side:
  tcpdump -ni any -s 0 -w ftp.pcap host 192.0.2.10
A filter like 'port 21' misses the data connections.";

/// Shows where an FTP session stalled, why, and what to change.
#[derive(Parser, Debug)]
#[command(name = "ftpscope", version, about, after_help = AFTER)]
pub struct Cli {
    /// What to do; without it, the dashboard opens on a terminal, else the report is printed.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Capture files (pcap, pcapng, plain or compressed), folders of them, or - for standard input.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to read and show.
    #[command(flatten)]
    pub common: Common,
    /// How to report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// What to capture.
    #[command(flatten)]
    pub live: LiveArgs,
    /// Where the dashboard saves packets.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub save_dir: PathBuf,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Print the report of captures.
    Report(ReportCommand),
    /// Capture on interfaces: a line for each stall as soon as it stands, and for each session's
    /// end.
    Watch(WatchCommand),
    /// Print the checklist of each session: handshake to final reply, and nothing else.
    Check(CheckCommand),
    /// Print a diagnosis of the catalogue; without CODE, list them all.
    Explain {
        /// The code, as the report shows it.
        code: Option<String>,
    },
    /// Print the JSON Schema of the report.
    Schema,
    /// Print the manual page, e.g. for `ftpscope man | man -l -`.
    Man,
    /// List the interfaces that can be captured on.
    Interfaces,
}

/// `ftpscope report`.
#[derive(Args, Debug)]
pub struct ReportCommand {
    /// Capture files (pcap, pcapng, plain or compressed), folders of them, or - for standard input;
    /// with --interface, a BPF expression.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to read and show.
    #[command(flatten)]
    pub common: Common,
    /// How to report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// What to capture.
    #[command(flatten)]
    pub live: LiveArgs,
}

/// `ftpscope check`.
#[derive(Args, Debug)]
pub struct CheckCommand {
    /// Capture files (pcap, pcapng, plain or compressed), folders of them, or - for standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// How to read and show.
    #[command(flatten)]
    pub common: Common,
    /// A report for each file instead of one for all, merged by time.
    #[arg(long)]
    pub each: bool,
}

/// What of the report, and how.
#[derive(Args, Debug, Clone, Default)]
pub struct ReportArgs {
    /// Form of the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Only the session with this number; repeatable.
    #[arg(long, value_name = "N")]
    pub session: Vec<u64>,
    /// Show only sessions that are stalled, failed or suspicious; all of them count.
    #[arg(long)]
    pub only_problems: bool,
    /// A report for each file instead of one for all, merged by time.
    #[arg(long)]
    pub each: bool,
}

/// How to read and show.
#[derive(Args, Debug, Clone, Default)]
pub struct Common {
    /// A further control port, beside 21 and 990; repeatable.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Vec<u16>,
    /// Only sessions that match, e.g. 'status:stalled server:192.0.2.0/24'.
    #[arg(short = 'Y', long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Only packets that this BPF expression lets through, e.g. 'host 192.0.2.10'.
    #[arg(long, value_name = "EXPR")]
    pub bpf: Option<String>,
    /// Only packets at or after this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<ftpscope::capture::Timestamp>,
    /// Only packets at or before this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<ftpscope::capture::Timestamp>,
    /// Threads in all; 0 for all cores, if the files are large enough to pay. The output is the same
    /// for any number.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// Times in UTC (the default).
    #[arg(long, conflicts_with = "local")]
    pub utc: bool,
    /// Times in the local time zone.
    #[arg(long)]
    pub local: bool,
    /// Mask addresses, user names and paths, the same ones alike.
    #[arg(long)]
    pub privacy: bool,
    /// Colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,
    /// Say more on standard error about what is being done.
    #[arg(short, long)]
    pub verbose: bool,
    /// Exit with 0 where it would be 1.
    #[arg(long)]
    pub exit_zero: bool,
}

impl ReportArgs {
    /// Nothing was said about a report.
    pub fn is_default(&self) -> bool {
        let none = self.session.is_empty() && !self.only_problems && !self.each;
        none && self.format == Format::default()
    }

    /// Takes over what stood before the subcommand, unless it is said again behind it.
    pub fn after(mut self, before: Self) -> Self {
        if self.format == Format::default() {
            self.format = before.format;
        }
        self.session.extend(before.session);
        self.only_problems |= before.only_problems;
        self.each |= before.each;
        self
    }
}

impl Common {
    /// Takes over what stood before the subcommand, unless it is said again behind it.
    pub fn after(mut self, before: Self) -> Self {
        self.port.extend(before.port);
        self.filter = self.filter.or(before.filter);
        self.bpf = self.bpf.or(before.bpf);
        self.since = self.since.or(before.since);
        self.until = self.until.or(before.until);
        if self.threads == 0 {
            self.threads = before.threads;
        }
        self.local |= before.local && !self.utc;
        self.privacy |= before.privacy;
        if self.color == Color::default() {
            self.color = before.color;
        }
        self.verbose |= before.verbose;
        self.exit_zero |= before.exit_zero;
        self
    }
}

/// Form of the report.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One document.
    Json,
    /// A line for each session, as soon as it is judged.
    Ndjson,
}

/// When to use colours.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// RFC 3339 with an offset, or a date and a time in UTC.
fn time(text: &str) -> Result<ftpscope::capture::Timestamp, String> {
    let stamp = text.parse::<jiff::Timestamp>().or_else(|_| {
        let civil = text.parse::<jiff::civil::DateTime>()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).map(|z| z.timestamp())
    });
    let stamp = stamp.map_err(|_| "not a time; write it like 2026-03-01T12:00:00Z".to_owned())?;
    let nanos = i64::try_from(stamp.as_nanosecond()).map_err(|_| "too far away".to_owned())?;
    Ok(ftpscope::capture::Timestamp::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(line: &str) -> ReportCommand {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        match cli.command {
            Some(Command::Report(r)) => ReportCommand {
                live: r.live,
                files: r.files,
                common: r.common.after(cli.common),
                report: r.report.after(cli.report),
            },
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_may_stand_before_the_subcommand() {
        let r = report("ftpscope --color never --local --port 2121 --only-problems report a");
        assert_eq!((r.common.color, r.common.local, r.common.port.len()), (Color::Never, true, 1));
        assert!(r.report.only_problems);
        let r =
            report("ftpscope -Y id:1 --local --color never report -Y id:2 --utc --color always a");
        assert_eq!((r.common.filter.as_deref(), r.common.local), (Some("id:2"), false));
        assert_eq!(r.common.color, Color::Always);
    }

    #[test]
    fn a_file_may_be_named_like_a_subcommand() {
        let cli = Cli::try_parse_from(["ftpscope", "a.pcap", "report"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.files.len(), 2);
    }

    #[test]
    fn times() {
        let nanos = |t| time(t).unwrap().nanos();
        assert_eq!(nanos("1970-01-01T00:00:01Z"), 1_000_000_000);
        assert_eq!(nanos("1970-01-01T01:00:01+01:00"), 1_000_000_000);
        assert_eq!(nanos("1970-01-01T00:00:01"), 1_000_000_000);
        assert!(time("noon").is_err());
    }

    #[test]
    fn the_definitions_are_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
