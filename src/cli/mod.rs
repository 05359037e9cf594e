//! The commands, one file each. What was typed is parsed here and nowhere else.

mod account;
mod apdu;
mod attack;
mod chip;
mod clock;
mod code;
mod config;
mod demo;
mod exit;
mod init;
mod input;
mod interrupt;
mod issuer;
mod load;
mod merchant;
mod network;
mod ops;
mod order;
mod output;
mod pages;
mod private;
mod qr;
mod receipt;
mod registry;
mod replay;
mod report;
mod run;
mod runtime;
mod scan;
mod scenario;
mod scheme;
mod scratch;
mod secrets;
mod serve;
mod settings;
mod shell;
mod slow;
mod templates;
mod terminal;
mod token;
mod trace;
mod up;
mod wallet;
mod watched;

pub use exit::Exit;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use exit::Failure;
use std::process::ExitCode;

/// Make any till's printed receipt payable by any bank's app.
#[derive(Parser)]
#[command(
    name = "quittance",
    version,
    max_term_width = 100,
    propagate_version = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Init(init::Args),
    Up(up::Args),
    Config(config::Args),
    Run(run::Args),
    Replay(replay::Args),
    Trace(trace::Args),
    Scenario(scenario::Args),
    Qr(qr::Args),
    Receipt(receipt::Args),
    Scan(scan::Args),
    Serve(serve::Args),
    Issuer(issuer::Args),
    Chip(chip::Args),
    Apdu(apdu::Args),
    Code(code::Args),
    Attack(attack::Args),
    Wallet(wallet::Args),
    Ops(ops::Args),
    Order(order::Args),
    Account(account::Args),
    Merchant(merchant::Args),
    Terminal(terminal::Args),
    Completions(pages::Completions),
    Man(pages::Man),
}

/// Runs the program on the process's own arguments.
pub fn main() -> ExitCode {
    if let Some(exit) = receipt::backend::as_backend() {
        return exit;
    }
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(help_or_usage) => {
            // clap knows which of both it is, and where each belongs.
            let usage = help_or_usage.use_stderr();
            let strange =
                |arg: std::ffi::OsString| arg.to_string_lossy().contains(char::is_control);
            if usage && std::env::args_os().any(strange) {
                // It quotes what was typed, and a script may have typed a stranger's words.
                output::say(&help_or_usage.to_string());
            } else {
                let _printed = help_or_usage.print();
            }
            return if usage { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let cli = Cli::from_arg_matches(&matches).expect("clap has just checked these arguments");
    let ended = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Scenario(args) => scenario::run(&args),
        Command::Qr(args) => qr::run(&args),
        Command::Receipt(args) => receipt::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Issuer(args) => issuer::run(&args),
        Command::Chip(args) => chip::run(&args),
        Command::Apdu(args) => apdu::run(&args),
        Command::Code(args) => code::run(&args),
        Command::Attack(args) => attack::run(&args),
        Command::Wallet(args) => wallet::run(&args),
        Command::Ops(args) => ops::run(&args),
        Command::Order(args) => order::run(&args),
        Command::Account(args) => account::run(&args),
        Command::Merchant(args) => merchant::run(&args),
        Command::Terminal(args) => terminal::run(&args),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::complain(&failure);
            failure.exit.into()
        }
    }
}

/// The command line, for parsing, help, man pages and completions.
pub fn command() -> clap::Command {
    Cli::command().after_help(exit_table())
}

fn exit_table() -> String {
    let row = |(exit, means): &(Exit, &str)| format!("  {:>3}  {means}", exit.code());
    let rows: Vec<String> = Exit::TABLE.iter().map(row).collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}

/// What a command gives back.
type Ended = Result<Exit, Failure>;

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::command().debug_assert();
    }
}
