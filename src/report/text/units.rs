//! Numbers as people read them.

use std::time::Duration;

/// A number of things: `1 packet`, `12,345 packets`.
pub fn count(n: u64, one: &str) -> String {
    let many = match one {
        "reply" => "replies".to_owned(),
        "retry" => "retries".to_owned(),
        _ => format!("{one}s"),
    };
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(n)) }
}

/// Digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

/// A size in decimal units, as transfer clients show it.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = "kB";
    for next in UNITS.iter().skip(1) {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 9.995 { format!("{value:.2} {unit}") } else { format!("{value:.1} {unit}") }
}

/// A length of time with as many digits as it deserves.
pub fn duration(d: Duration) -> String {
    let s = d.as_secs_f64();
    if d.is_zero() {
        "0 s".to_owned()
    } else if s < 0.001 {
        format!("{:.0} µs", s * 1e6)
    } else if s < 0.9995 {
        let ms = s * 1e3;
        if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
    } else if s < 119.95 {
        format!("{s:.1} s")
    } else if s < 7200.0 {
        let whole = s.round() as u64;
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        let minutes = (s / 60.0).round() as u64;
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    }
}

/// Time since a session began, in seconds, all with the same number of decimals so that they line
/// up.
pub fn offset(d: Duration) -> String {
    format!("{:.3} s", d.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let shown: Vec<String> =
            [0, 999, 1000, 12_345, 999_949, 999_999, 5_400_000_000].map(bytes).into();
        assert_eq!(shown, ["0 B", "999 B", "1.00 kB", "12.3 kB", "999.9 kB", "1.00 MB", "5.40 GB"]);
    }

    #[test]
    fn times() {
        let shown: Vec<String> = [0, 400, 4_200, 120_000, 7_000_000, 119_999_999, 7_200_000_000u64]
            .map(|us| duration(Duration::from_micros(us)))
            .into();
        assert_eq!(
            shown,
            ["0 s", "400 µs", "4.2 ms", "120 ms", "7.0 s", "2 min 00 s", "2 h 00 min"]
        );
    }

    #[test]
    fn counts() {
        assert_eq!(count(1, "packet"), "1 packet");
        assert_eq!(count(1_234_567, "reply"), "1,234,567 replies");
        assert_eq!(grouped(100), "100");
    }
}
