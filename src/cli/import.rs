//! `import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::ImportOptions as Arguments;
use super::error::CliError;
use super::set_up::SetUp;
use super::{log, output, set_up};
use crate::config::Config;
use crate::services::Services;
use crate::services::transfer::import::{ImportOptions, ImportSummary, Phase, Progress, spool};

/// Imports a file.
pub(super) async fn import(config: Config, arguments: Arguments) -> Result<(), CliError> {
    log::start(&config)?;
    let unreadable =
        |error: io::Error| CliError::failed(format!("{} cannot be read: {error}", arguments.file.display()));
    let services = set_up::services(&config, SetUp { encrypts: true, may_create: true, ..SetUp::default() }).await?;
    let options = ImportOptions { dry_run: arguments.dry_run };
    let summary = if arguments.file == Path::new("-") {
        run(&services, spool(io::stdin().lock()).map_err(unreadable)?, options).await?
    } else {
        run(&services, BufReader::new(File::open(&arguments.file).map_err(unreadable)?), options).await?
    };
    if summary.not_notified > 0 {
        let users = summary.not_notified;
        output::eprint(&format!(
            "SMTP_URL is not set: users who are not notified of their new password: {users}; inform them yourself"
        ));
    }
    output::print(&summary_text(&summary, options))
}

async fn run<S>(services: &Services, source: S, options: ImportOptions) -> Result<ImportSummary, CliError>
where
    S: BufRead + Seek + Send + 'static,
{
    let bar = progress_bar();
    let imported = services.import(source, options, |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    Ok(imported?)
}

fn summary_text(summary: &ImportSummary, options: ImportOptions) -> String {
    let what = if options.dry_run { "are valid; nothing was written" } else { "imported" };
    let kinds = summary.kinds.iter().map(|(kind, counts)| {
        format!("{:>16}: {} written, {} deleted\n", kind.as_str(), counts.written, counts.deleted)
    });
    std::iter::once(format!("{} lines {what}\n", summary.lines)).chain(kinds).collect()
}

/// A progress bar, shown only on a terminal.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>9} {wide_bar} {human_pos}/{human_len} ({eta})");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(match progress.phase {
        Phase::Reading => "reading",
        Phase::Checking => "checking",
        Phase::Hashing => "hashing",
        Phase::Writing => "writing",
    });
    bar.set_length(progress.total);
    bar.set_position(progress.done);
}
