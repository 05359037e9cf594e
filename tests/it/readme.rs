//! Every command of the README is run, in a folder of its own, and does what it says.

use std::path::Path;
use std::process::Command;

/// The lines that begin with `$ ` in blocks marked `console`.
fn commands(readme: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            commands.push(command.to_owned());
        }
    }
    commands
}

#[test]
fn every_command_of_the_readme_succeeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root.join("scenarios"), folder.path().join("scenarios")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_quittance"));
    let own = program.parent().unwrap().display();
    let path = format!("{own}:/usr/local/bin:/usr/bin:/bin");
    let commands = commands(&readme);
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let ran = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_STATE_HOME", folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{command}\n{said}");
    }
}

#[test]
fn the_readmes_exit_codes_are_the_programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let help = super::cli::quittance(&["--help"], b"");
    let help = String::from_utf8(help.stdout).unwrap();
    let table = help.split("Exit codes:").nth(1).unwrap();
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let (code, means) = line.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {} |", means.trim());
        assert!(readme.contains(&row), "{row}");
    }
}
