//! Every command of the README and of the pages in docs/ is run, in a folder of its own, and says
//! what the page shows; pictures and the reference are redrawn and compared.
//!
//! In the pages, a block marked `console` has commands after `$ ` and below each the lines that it
//! says, on stdout or stderr, in any order; `…` stands for anything. `quittance up` goes on until
//! the page is over, on ports that the system chooses.

use super::cli::quittance;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A command and the lines that it shows.
type Shown = (String, Vec<String>);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn commands(page: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            commands.push((command.to_owned(), Vec::new()));
        } else if let (true, Some((_, shown))) = (inside, commands.last_mut()) {
            shown.push(line.to_owned());
        }
    }
    commands
}

/// Whether a line is what a page shows, `…` being anything.
fn fits(line: &str, shown: &str) -> bool {
    let mut parts = shown.split('…').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.trim().strip_prefix(first) else {
        return false;
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.is_empty() || shown.ends_with('…')
}

/// A page's folder, its environment, and the networks that it has up.
struct Reader {
    folder: tempfile::TempDir,
    data: Option<PathBuf>,
    up: Vec<Child>,
}

impl Reader {
    fn new(keeps_data: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(root().join("scenarios"), folder.path().join("scenarios"))
            .unwrap();
        let data = keeps_data.then(|| folder.path().join("up-data"));
        Self {
            folder,
            data,
            up: Vec::new(),
        }
    }

    fn shell(&self, command: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_quittance"));
        let own = program.parent().unwrap().display();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .current_dir(self.folder.path())
            .env("PATH", format!("{own}:/usr/local/bin:/usr/bin:/bin"))
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path())
            .env("QUITTANCE_BASE_PORT", "0")
            .env("QUITTANCE_TILL_PORT", "0")
            .stdin(Stdio::null());
        shell.envs(self.data.as_ref().map(|data| ("QUITTANCE_DATA", data)));
        shell
    }

    /// Runs a command of the page and holds it to what is shown.
    fn run(&mut self, (command, shown): &Shown) {
        let runs_on = [("quittance up", "http://"), ("quittance ops", "")];
        let ends = ["--sim", "--trace"]
            .iter()
            .any(|story| command.contains(story));
        let mut runs_on = runs_on.iter();
        let runs_on = runs_on.find(|(runs_on, _)| command.contains(runs_on) && !ends);
        if let Some((runs_on, says)) = runs_on {
            let command = command.replace(runs_on, &format!("exec {runs_on}"));
            let mut child = self.shell(&command).stdout(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let _read = out.read_line(&mut line).unwrap();
            // Somebody reads on, as a person would.
            std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
            assert!(!line.is_empty() && line.contains(says), "{command}: {line}");
            self.up.push(child);
            return;
        }
        let ran = self.shell(command).output().unwrap();
        let said = [&ran.stdout[..], &ran.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(ran.status.success(), "{command}\n{said}");
        for line in shown.iter().filter(|line| !line.is_empty()) {
            let found = said.lines().any(|said| fits(said, line));
            assert!(
                found,
                "{command}\nshows `{line}` on the page, and said\n{said}"
            );
        }
    }

    /// Ends the networks as Ctrl-C does.
    fn close(mut self) {
        for mut child in std::mem::take(&mut self.up).into_iter().rev() {
            let pid = child.id().to_string();
            let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
            assert!(sent.success());
            assert_eq!(child.wait().unwrap().code(), Some(130));
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in &mut self.up {
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

fn holds(name: &str, keeps_data: bool, least: usize) {
    let commands = commands(&page(name));
    assert!(commands.len() >= least, "{name}: {commands:?}");
    let mut reader = Reader::new(keeps_data);
    for command in &commands {
        reader.run(command);
    }
    reader.close();
}

#[test]
fn every_command_of_the_readme_does_what_it_shows() {
    holds("README.md", true, 7);
}

#[test]
fn every_command_of_the_page_for_the_shell_does_what_it_shows() {
    holds("docs/shell.md", false, 20);
}

#[test]
fn every_command_of_the_page_for_qa_does_what_it_shows() {
    holds("docs/qa.md", false, 10);
}

#[test]
fn every_command_of_the_page_for_operations_does_what_it_shows() {
    holds("docs/operations.md", true, 4);
}

#[test]
fn the_readmes_exit_codes_are_the_programs() {
    let readme = page("README.md");
    let help = quittance(&["--help"], b"");
    let help = String::from_utf8(help.stdout).unwrap();
    let table = help.split("Exit codes:").nth(1).unwrap();
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let (code, means) = line.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {} |", means.trim());
        assert!(readme.contains(&row), "{row}");
    }
}

/// Compares a page that the program writes with the one that is kept; `QUITTANCE_REVIEW=1` writes
/// the kept one anew, for `git diff` to be read.
fn reviewed(name: &str, made: &str) {
    let path = root().join(name);
    if std::env::var_os("QUITTANCE_REVIEW").is_some() {
        std::fs::write(path, made).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let differs = kept
        .lines()
        .zip(made.lines())
        .find(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "{name} is not what the program says now (first: {differs:?}); \
         QUITTANCE_REVIEW=1 cargo test --test it readme, and read the diff"
    );
}

#[test]
fn the_picture_of_the_paper_is_what_the_program_draws() {
    let receipt = b"\x1b@\x1ba\x01\x1b!\x30BEAN & LEAF\x1b!\x00\n12 Mill Lane\n\x1ba\x00\n\
Flat white              3.80\nCroissant               4.60\n----------------------------\n\
TOTAL EUR               8.40\n\nORDER A1-0042\n\n";
    let fixed = ["--counter", "7", "--issued-at", "1790000000"];
    let args = [&["qr", "--quiet", "--format", "escpos"][..], &fixed].concat();
    let code = quittance(&args, receipt);
    assert!(code.status.success());
    let caption = b"\x1ba\x01Pay with your bank's app\n\x1ba\x00";
    let paper = [&receipt[..], &code.stdout, caption].concat();
    let shown = [
        "receipt",
        "show",
        "--format",
        "svg",
        "--profile",
        "epson-58mm",
    ];
    let drawn = quittance(&shown, &paper);
    assert!(
        drawn.status.success(),
        "{}",
        String::from_utf8_lossy(&drawn.stderr)
    );
    reviewed("docs/paper.svg", &String::from_utf8(drawn.stdout).unwrap());
}

#[test]
fn the_pictures_of_the_board_are_what_the_program_draws() {
    let folder = tempfile::tempdir().unwrap();
    for (name, keys) in [("docs/board.svg", ""), ("docs/order.svg", "j Enter")] {
        let path = folder.path().join("picture.svg");
        let file = path.display().to_string();
        let story = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lunch-rush.toml");
        let sim = [
            "ops", "--sim", story, "--seed", "1", "--at", "12m", "--size", "96x24",
        ];
        let args = [&sim[..], &["--snapshot", &file, "--keys", keys]].concat();
        let drawn = quittance(&args, b"");
        assert!(
            drawn.status.success(),
            "{}",
            String::from_utf8_lossy(&drawn.stderr)
        );
        reviewed(name, &std::fs::read_to_string(path).unwrap());
    }
}

#[test]
fn the_reference_is_what_help_says() {
    let mut command = quittance::cli::command().term_width(100);
    command.build();
    let mut text = String::new();
    reference(&mut command, &mut text);
    reviewed("docs/reference.txt", &text);
}

/// A command's help and its subcommands'.
fn reference(command: &mut clap::Command, out: &mut String) {
    let help = command.render_long_help().to_string();
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let name = name.replace('-', " ");
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    out.push_str(&format!("== {name}\n\n{}\n\n", lines.join("\n").trim_end()));
    for below in command.get_subcommands_mut() {
        if below.get_name() != "help" {
            reference(below, out);
        }
    }
}
