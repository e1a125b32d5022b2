//! The command line.
use std::io::Write;
use std::process::ExitCode;
pub fn main() -> ExitCode {
    let files: Vec<std::path::PathBuf> = std::env::args_os()
        .skip(1)
        .map(Into::into)
        .filter(|p: &std::path::PathBuf| p.exists())
        .collect();
    let opened = match ftpscope::capture::open(&files, &ftpscope::capture::OpenOptions::default()) {
        Ok(o) => o,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    for f in &opened.failures {
        eprintln!("{f}");
    }
    let a = ftpscope::engine::analyse(opened.source, &Default::default());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let _ = ftpscope::report::json::document(&a, |_| true, &mut out);
    let _ = out.flush();
    ExitCode::SUCCESS
}
