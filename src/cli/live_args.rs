//! Arguments of live capture.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::args::{Common, Format};

/// What to capture, and how.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Live capture")]
pub struct LiveArgs {
    /// Capture on this interface, or on 'any'; repeatable. What follows is a BPF expression, e.g.
    /// 'host 192.0.2.10'; without one, TCP, ICMP and fragments are captured.
    #[arg(short, long, value_name = "NAME")]
    pub interface: Vec<String>,
    /// Write what is captured to this file (pcapng).
    #[arg(short, long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Begin a new file whenever one of these is reached: size=100M,time=1h,count=1000000; keep=10
    /// keeps the newest ten.
    #[arg(long, value_name = "WHEN", value_parser = rotation)]
    pub rotate: Option<Rotate>,
    /// End after this many packets.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End after this long, e.g. '90s' or '1h30m'.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// The kernel's buffer for each interface, e.g. '256M'.
    #[arg(long, value_name = "BYTES", value_parser = buffer_size)]
    pub buffer_size: Option<u64>,
    /// Only packets for and from this host.
    #[arg(short = 'p', long)]
    pub no_promiscuous: bool,
    /// Another link type than the usual one, by its DLT_ name, e.g. LINUX_SLL.
    #[arg(long, value_name = "NAME")]
    pub link_type: Option<String>,
    /// Keep the right to open an interface again that is removed and made anew.
    #[arg(long)]
    pub keep_net_raw: bool,
}

/// `ftpscope watch`.
#[derive(Args, Debug)]
pub struct WatchCommand {
    /// A BPF expression, instead of TCP, ICMP and fragments.
    #[arg(value_name = "EXPRESSION")]
    pub expression: Vec<PathBuf>,
    /// What to capture, and how.
    #[command(flatten)]
    pub live: LiveArgs,
    /// How to read and show.
    #[command(flatten)]
    pub common: Common,
    /// Form of the lines: text or ndjson.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// No line for sessions that end healthy or undetermined.
    #[arg(long)]
    pub only_problems: bool,
}

/// When a new file begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotate {
    /// Bytes of a file.
    pub size: Option<u64>,
    /// Capture time of a file.
    pub time: Option<Duration>,
    /// Packets of a file.
    pub count: Option<u64>,
    /// Files that are kept.
    pub keep: Option<usize>,
}

impl LiveArgs {
    /// Takes over what stood before the subcommand, unless it is said again behind it.
    pub fn after(mut self, before: Self) -> Self {
        self.interface.extend(before.interface);
        self.write = self.write.or(before.write);
        self.rotate = self.rotate.or(before.rotate);
        self.count = self.count.or(before.count);
        self.duration = self.duration.or(before.duration);
        self.buffer_size = self.buffer_size.or(before.buffer_size);
        self.no_promiscuous |= before.no_promiscuous;
        self.link_type = self.link_type.or(before.link_type);
        self.keep_net_raw |= before.keep_net_raw;
        self
    }

    /// An option that means nothing without an interface.
    pub fn stray(&self) -> Option<&'static str> {
        let given = [
            ("--write", self.write.is_some()),
            ("--rotate", self.rotate.is_some()),
            ("--count", self.count.is_some()),
            ("--duration", self.duration.is_some()),
            ("--buffer-size", self.buffer_size.is_some()),
            ("--no-promiscuous", self.no_promiscuous),
            ("--link-type", self.link_type.is_some()),
            ("--keep-net-raw", self.keep_net_raw),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// `100`, `100K`, `100M`, `100G`: powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_end_matches("ib").trim_end_matches('b');
    let (number, shift) = match number.char_indices().next_back() {
        Some((end, 'k')) => (&number[..end], 10),
        Some((end, 'm')) => (&number[..end], 20),
        Some((end, 'g')) => (&number[..end], 30),
        _ => (number, 0),
    };
    let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(1 << shift));
    bytes.filter(|n| *n > 0).ok_or_else(|| "not a size; write it like 100M".to_owned())
}

fn buffer_size(text: &str) -> Result<u64, String> {
    let bytes = size(text)?;
    match i32::try_from(bytes) {
        Ok(_) if bytes >= 1 << 20 => Ok(bytes),
        _ => Err("from 1M to 2047M".to_owned()),
    }
}

/// `90`, `90s`, `10m`, `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "not a length of time; write it like 90s or 1h30m".to_owned();
    let length = match text.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(seconds.into()),
        Err(_) => {
            let length = text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?;
            Duration::try_from(length).map_err(|_| wrong())?
        }
    };
    Some(length).filter(|l| !l.is_zero()).ok_or_else(wrong)
}

/// `size=100M,time=1h,count=1000000,keep=10`.
fn rotation(text: &str) -> Result<Rotate, String> {
    let mut rotate = Rotate::default();
    for part in text.split(',') {
        let number = |value: &str| {
            let n = value.parse::<u64>().ok().filter(|n| *n > 0);
            n.ok_or_else(|| format!("`{part}`: not a number"))
        };
        match part.split_once('=') {
            Some(("size", value)) => rotate.size = Some(size(value)?),
            Some(("time", value)) => rotate.time = Some(duration(value)?),
            Some(("count", value)) => rotate.count = Some(number(value)?),
            Some(("keep", value)) => rotate.keep = usize::try_from(number(value)?).ok(),
            _ => return Err(format!("`{part}`: write size=100M, time=1h, count=N or keep=N")),
        }
    }
    if rotate.size.is_none() && rotate.time.is_none() && rotate.count.is_none() {
        return Err("say when: size=100M, time=1h or count=N".to_owned());
    }
    Ok(rotate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lengths_of_time() {
        assert_eq!(size("100"), Ok(100));
        assert_eq!((size("2k"), size("3MiB"), size("1GB")), (Ok(2048), Ok(3 << 20), Ok(1 << 30)));
        assert!(
            size("").is_err() && size("M").is_err() && size("-1").is_err() && size("0").is_err()
        );
        assert!(size("99999999999999999999G").is_err());
        assert!(buffer_size("4G").is_err() && buffer_size("1K").is_err());
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(duration("soon").is_err() && duration("0").is_err() && duration("-5s").is_err());
    }

    #[test]
    fn rotations() {
        let rotate = rotation("size=1M,time=10s,keep=3").unwrap();
        assert_eq!((rotate.size, rotate.keep), (Some(1 << 20), Some(3)));
        assert_eq!(rotate.time, Some(Duration::from_secs(10)));
        assert!(rotation("keep=3").is_err() && rotation("often").is_err());
        assert!(rotation("count=0").is_err());
    }
}
