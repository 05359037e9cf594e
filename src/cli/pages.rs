//! `quittance completions` and `quittance man`: what a packager installs, made from the command
//! line itself so that neither can say something else.

use super::exit::{Exit, Failure};
use super::{Ended, command, exit_table, output};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// Write a shell's completions to stdout.
///
/// bash: `quittance completions bash > ~/.local/share/bash-completion/completions/quittance`.
#[derive(clap::Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell.
    Powershell,
}

/// Write the man pages into a folder, or the first of them to stdout.
#[derive(clap::Args)]
pub(super) struct Man {
    /// Where the pages go, such as ~/.local/share/man/man1.
    folder: Option<PathBuf>,
}

pub(super) fn completions(args: &Completions) -> Ended {
    let shell = match args.shell {
        Kind::Bash => Shell::Bash,
        Kind::Zsh => Shell::Zsh,
        Kind::Fish => Shell::Fish,
        Kind::Powershell => Shell::PowerShell,
    };
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command(), "quittance", &mut out);
    output::data(&out)?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &Man) -> Ended {
    let mut all = command();
    // So that every page is called by its whole name.
    all.build();
    let Some(folder) = &args.folder else {
        output::data(&page(all)?)?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        let what = format!("make folder {}: {error}", folder.display());
        Failure::new(Exit::Environment, what)
    })?;
    write(folder, all)?;
    Ok(Exit::Done)
}

/// A command's page and its subcommands'.
fn write(folder: &Path, command: clap::Command) -> Result<(), Failure> {
    for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
        write(folder, below.clone())?;
    }
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    let bytes = page(command)?;
    std::fs::write(&path, bytes).map_err(|error| {
        Failure::new(
            Exit::Environment,
            format!("write {}: {error}", path.display()),
        )
    })?;
    output::data(format!("{}\n", path.display()).as_bytes())
}

/// One page; each has the exit codes, since they are one table.
fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let command = command.after_help(exit_table());
    let mut out = Vec::new();
    let written = clap_mangen::Man::new(command).render(&mut out);
    written.map_err(|error| Failure::new(Exit::Environment, format!("write a page: {error}")))?;
    Ok(out)
}
