//! The front door: a configuration, a network of one's own, and strangers' words at every command.

use super::cli::quittance;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The program in a folder, without the user's own settings.
fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quittance"));
    command
        .args(args)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("config-home"))
        .env("XDG_STATE_HOME", folder.join("state"))
        .env_remove("QUITTANCE_CONFIG")
        .env_remove("QUITTANCE_DATA")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    program(folder, args).output().unwrap()
}

/// A running network; killed when the test is over, however it ends.
struct Up(Child);

impl Up {
    /// Begins, and waits until everybody listens.
    fn begin(folder: &Path, args: &[&str]) -> Self {
        let mut child = program(folder, &[&["up"], args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let last = lines
            .map_while(Result::ok)
            .find(|line| line.contains("chip:coffee-bar-1"));
        assert!(last.is_some(), "nobody listens");
        Self(child)
    }

    /// As Ctrl-C does.
    fn interrupt(mut self) -> i32 {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success());
        self.0.wait().unwrap().code().unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A network of its own on ports that the system chooses.
fn network() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&run(folder.path(), &["init"])), 0);
    let path = folder.path().join("quittance.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("7100\n", "0\n").replace("9100\n", "0\n");
    std::fs::write(path, text).unwrap();
    folder
}

#[test]
fn init_keeps_secrets_private_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(code(&run(path, &["init", "net"])), 0);
    let mode = |name: &str| {
        let file = std::fs::metadata(path.join("net").join(name)).unwrap();
        file.permissions().mode() & 0o777
    };
    assert_eq!((mode("keys"), mode("issuer")), (0o700, 0o700));
    assert_eq!(mode("issuer/secrets.json"), 0o600);
    assert_eq!(mode("keys/network.key"), 0o600);
    assert_eq!(mode("keys/operator.key"), 0o600);
    let before = std::fs::read(path.join("net/keys/network.key")).unwrap();
    let again = run(path, &["init", "net"]);
    assert_eq!(code(&again), 6, "{}", said(&again));
    assert_eq!(
        std::fs::read(path.join("net/keys/network.key")).unwrap(),
        before
    );
    run(path, &["init", "other"]);
    assert_ne!(
        std::fs::read(path.join("other/keys/network.key")).unwrap(),
        before
    );
    let key = path.join("net/keys/network.key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = run(
        path,
        &["scan", "--config", "net/quittance.toml", "net/root.pub"],
    );
    let open = [
        open,
        run(
            path,
            &["terminal", "list", "--config", "net/quittance.toml"],
        ),
    ];
    assert!(
        said(&open[1]).contains("others may read it"),
        "{}",
        said(&open[1])
    );
}

#[test]
fn flags_go_over_the_environment_over_the_file_over_what_is_built_in() {
    let folder = network();
    let show = |args: &[&str], port: Option<&str>| {
        let mut command = program(
            folder.path(),
            &[&["config", "show", "--format", "json"], args].concat(),
        );
        command.envs(port.map(|port| ("QUITTANCE_BASE_PORT", port)));
        let output = command.output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        value["parties"].to_string()
    };
    assert!(show(&[], None).contains("chosen by the system"));
    let environment = show(&[], Some("7500"));
    assert!(environment.contains("7500") && environment.contains("environment"));
    assert!(show(&["--base-port", "7600"], Some("7500")).contains("7600"));
    let empty = tempfile::tempdir().unwrap();
    let builtin = run(empty.path(), &["config", "show"]);
    assert!(said(&builtin).contains("7100") && said(&builtin).contains("built in"));
    assert_eq!(code(&run(empty.path(), &["config", "path"])), 4);
}

#[test]
fn config_check_says_everything_that_is_wrong_with_line_column_and_the_word_that_was_meant() {
    let folder = network();
    let path = folder.path().join("quittance.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .replace("store  =", "stroe  =")
        .replace("bank = \"lake\"", "bank = \"lak\"");
    let text = text.replace("bank    = \"lake\"", "bank    = \"lak\"");
    std::fs::write(&path, text).unwrap();
    let checked = run(folder.path(), &["config", "check"]);
    assert_eq!(code(&checked), 3);
    let said = said(&checked);
    for part in [
        "unknown key `stroe`",
        "did you mean `store`?",
        "did you mean `lake`",
        "--> quittance.toml:",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_code_is_paid_on_a_running_network_and_not_after_its_terminal_was_revoked() {
    let folder = network();
    let up = Up::begin(folder.path(), &[]);
    let args = [
        "qr",
        "--amount",
        "8.40",
        "--currency",
        "EUR",
        "--order",
        "A1",
        "--quiet",
    ];
    for format in ["unicode", "text", "png", "json"] {
        let coded = run(folder.path(), &[&args[..], &["--format", format]].concat());
        std::fs::write(folder.path().join(format), &coded.stdout).unwrap();
    }
    for format in ["unicode", "json", "png", "text"] {
        let mut pay = program(folder.path(), &["wallet", "pay", "-", "--yes"]);
        pay.stdin(std::fs::File::open(folder.path().join(format)).unwrap());
        let paid = pay.output().unwrap();
        assert_eq!(code(&paid), 0, "{format}: {}", said(&paid));
        assert_eq!(paid.stdout, b"paid 8.40 EUR\n");
    }
    let again = run(
        folder.path(),
        &["wallet", "pay", "text", "--yes", "--as", "bob"],
    );
    assert_eq!(code(&again), 1, "{}", said(&again));
    let revoked = run(folder.path(), &["terminal", "revoke", "my-shop"]);
    assert_eq!(code(&revoked), 0, "{}", said(&revoked));
    let refused = run(folder.path(), &["wallet", "pay", "text", "--yes"]);
    assert!(said(&refused).contains("was revoked"), "{}", said(&refused));
    assert_eq!(up.interrupt(), 130);
}

/// A code of the shell's terminal, in a file of this name.
fn code_in(folder: &Path, name: &str) {
    let args = [
        "qr",
        "--amount=8.40",
        "--currency=EUR",
        "--format=text",
        "-q",
    ];
    let coded = run(folder, &args);
    assert_eq!(code(&coded), 0, "{}", said(&coded));
    std::fs::write(folder.join(name), &coded.stdout).unwrap();
}

#[test]
fn the_issuers_own_commands_work_on_a_new_networks_folder() {
    let folder = network();
    let at = folder.path();
    code_in(at, "first");
    let log = run(at, &["issuer", "log"]);
    let line = said(&log);
    let line = line.lines().find(|line| line.contains("My Shop")).unwrap();
    let id = line.split("merchant ").nth(1).unwrap().split(' ').next();
    let id = id.unwrap();
    let revoked = run(at, &["issuer", "revoke", &format!("{id}0001.1")]);
    assert_eq!(code(&revoked), 0, "{}", said(&revoked));
    let refused = run(at, &["wallet", "scan", "first"]);
    assert!(said(&refused).contains("was revoked"), "{}", said(&refused));
    assert_eq!(code(&run(at, &["issuer", "rotate"])), 0);
    code_in(at, "second");
    let refused = run(at, &["wallet", "scan", "second"]);
    assert!(said(&refused).contains("was revoked"), "{}", said(&refused));
    // Secrets may be kept elsewhere: the network runs on what was published.
    let secrets = at.join("issuer/secrets.json");
    std::fs::rename(&secrets, at.join("offline")).unwrap();
    let listed = run(at, &["terminal", "list", "state:revoked"]);
    assert!(said(&listed).contains("my-shop"), "{}", said(&listed));
    assert_eq!(code(&run(at, &["terminal", "rotate", "my-shop"])), 4);
}

#[test]
fn a_revoked_terminal_comes_back_with_a_key_of_the_next_epoch() {
    let folder = network();
    let at = folder.path();
    code_in(at, "first");
    assert_eq!(code(&run(at, &["terminal", "revoke", "my-shop"])), 0);
    let rotated = run(at, &["terminal", "rotate", "my-shop"]);
    assert!(said(&rotated).contains(".2"), "{}", said(&rotated));
    code_in(at, "second");
    let up = Up::begin(at, &[]);
    let refused = run(at, &["wallet", "pay", "first", "--yes"]);
    assert!(said(&refused).contains("was revoked"), "{}", said(&refused));
    let paid = run(at, &["wallet", "pay", "second", "--yes"]);
    assert_eq!(paid.stdout, b"paid 8.40 EUR\n", "{}", said(&paid));
    // Overlap: what an epoch printed that was not revoked is still paid after the next one.
    assert_eq!(code(&run(at, &["terminal", "rotate", "my-shop"])), 0);
    assert_eq!(up.interrupt(), 130);
    code_in(at, "third");
    let up = Up::begin(at, &[]);
    let again = run(at, &["wallet", "scan", "second"]);
    assert_eq!(code(&again), 0, "{}", said(&again));
    let paid = run(at, &["wallet", "pay", "third", "--yes"]);
    assert_eq!(paid.stdout, b"paid 8.40 EUR\n", "{}", said(&paid));
    assert_eq!(up.interrupt(), 130);
}

#[test]
fn a_second_up_goes_on_with_the_data_of_the_first() {
    let folder = network();
    let balance = || {
        let up = Up::begin(folder.path(), &[]);
        let order = [
            "qr",
            "--amount",
            "600.00",
            "--currency",
            "EUR",
            "--format",
            "text",
            "--quiet",
        ];
        let coded = run(folder.path(), &order);
        std::fs::write(folder.path().join("code"), &coded.stdout).unwrap();
        let paid = run(
            folder.path(),
            &["wallet", "pay", "code", "--yes", "--as", "ann"],
        );
        assert_eq!(up.interrupt(), 130);
        code(&paid)
    };
    // Ann has 1000.00: once is fine, twice is not.
    assert_eq!(balance(), 0);
    assert_eq!(balance(), 1);
}

#[test]
fn a_taken_port_is_the_environments_fault_and_says_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let up = run(
        folder.path(),
        &["up", "--base-port", &port, "--till-port", "0"],
    );
    assert_eq!(code(&up), 6);
    assert!(said(&up).contains("--base-port"), "{}", said(&up));
}

#[test]
fn load_is_printed_scanned_and_paid() {
    let folder = network();
    let up = run(folder.path(), &["up", "--load", "10/s", "--for", "14s"]);
    assert_eq!(code(&up), 0, "{}", said(&up));
    let said = said(&up);
    let line = said
        .lines()
        .rfind(|line| line.starts_with("load:"))
        .unwrap();
    let numbers: Vec<u64> = line
        .split_whitespace()
        .filter_map(|w| w.parse().ok())
        .collect();
    assert!(
        numbers[0] > 20 && numbers[1] > 10 && numbers[2] == 0,
        "{line}"
    );
}

#[test]
fn many_receipts_on_one_stdin_are_a_json_line_each() {
    let receipts = b"CAFE\nTOTAL EUR 8.40\nORDER A1\n\x0cCAFE\nKITCHEN\n2 x Soup\n\x0cCAFE\nTOTAL EUR 2.20\nORDER A2\n";
    let coded = quittance(&["qr", "--format", "json", "--quiet"], receipts);
    let lines: Vec<serde_json::Value> = coded
        .stdout
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(code(&coded), 7, "one of them is no sale");
    assert_eq!(lines.len(), 3, "{}", said(&coded));
    assert_eq!(lines[0]["amount"], "8.40 EUR");
    assert!(lines[1]["refused"].is_string());
    assert_eq!(lines[2]["reference"], "A2");
    assert_ne!(lines[0]["uid"], lines[2]["uid"]);
}

/// A receipt whose every line tries something: colours, the clipboard, the title, text turned
/// around, hidden and piled up, and C1 controls.
const HOSTILE: &str = "B\u{1b}]0;owned\u{7}EAN \u{1b}]52;c;aGk=\u{1b}\\ LEAF\n\
\u{202e}gnp.exe\u{202c} 1.00\nz\u{200b}ero\u{2060}w\u{feff} 7.40\nZa\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}lgo\n\
\u{9b}31mC1 \u{90}q\u{9c}\u{7f}\r\x08\x08\nTOTAL EUR 8.40\nORDER \u{1b}[31mA1\u{1b}[2J\u{85}\n";

/// What a terminal would act on, or show in another order than it is.
fn dangerous(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[test]
fn no_command_hands_a_strangers_bytes_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let receipt = file("receipt.txt", HOSTILE);
    let toml = format!(
        "schema = 1\n[network]\n\"na{}\" = 1 # {HOSTILE}",
        "\\u001b[31m"
    );
    let (config, scenario) = (file("a.toml", &toml), file("b.toml", &toml));
    let quoted = file(
        "c.toml",
        &format!("name = '{}'\n", HOSTILE.replace(['\n', '\r'], " ")),
    );
    let link = file("link", &format!("https://ex{HOSTILE}ample.com/1#12"));
    let json = file(
        "json",
        &format!("{{\"link\": {}}}", serde_json::json!(HOSTILE)),
    );
    let order = format!("--order={HOSTILE}");
    let commands: Vec<Vec<&str>> = vec![
        vec!["qr", &receipt],
        vec!["qr", "--format", "json", &receipt],
        vec!["qr", "--format", "text", &receipt],
        vec!["qr", "--format", "svg", &receipt],
        vec!["qr", "--amount", "8.40", "--currency", "EUR", &order],
        vec!["qr", "--amount", HOSTILE, "--currency", "EUR"],
        vec!["qr", HOSTILE],
        vec!["qr", "--terminal", HOSTILE],
        vec!["scan", &link],
        vec!["scan", &json],
        vec!["scan", &receipt],
        vec!["wallet", "scan", &link],
        vec!["wallet", "pay", &json],
        vec!["config", "check", &config],
        vec!["config", "check", &quoted],
        vec!["config", "show", "--config", &config],
        vec!["scenario", "check", &scenario],
        vec!["scenario", "check", &quoted],
        vec!["run", &scenario],
        vec!["merchant", "list", HOSTILE],
        vec!["terminal", "show", HOSTILE],
        vec!["receipt", "show", &receipt],
        vec!["receipt", "show", "--format", "tokens", &receipt],
        vec!["receipt", "show", "--format", "unicode", &receipt],
        vec!["receipt", "show", "--format", "json", &receipt],
        vec!["receipt", "explain", &receipt],
        vec!["receipt", "print", &receipt],
        vec!["code", "explain", &link],
        vec!["code", "check-vectors", &quoted],
        vec!["order", "list", HOSTILE],
        vec!["account", "list", HOSTILE],
        vec!["ops", "--sim", &quoted, "--plain"],
        vec!["issuer", "--dir", HOSTILE, "log"],
        vec![HOSTILE],
    ];
    for args in commands {
        let output = run(folder.path(), &args);
        // The program's own ink, which draws a code dark on light.
        let shown = said(&output)
            .replace("\u{1b}[38;5;16;48;5;231m", "")
            .replace("\u{1b}[0m", "");
        let bad: Vec<char> = shown.chars().filter(|c| dangerous(*c)).collect();
        assert!(
            bad.is_empty(),
            "{args:?} wrote {bad:?}:\n{}",
            shown.escape_debug()
        );
    }
}

#[test]
fn colours_follow_no_color_and_clicolor_force() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |variable: Option<&str>| {
        let mut command = program(folder.path(), &["qr", "no-such-file"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.envs(variable.map(|name| (name, "1")));
        command.output().unwrap().stderr.contains(&0x1B)
    };
    assert!(!refused(None), "not a terminal");
    assert!(refused(Some("CLICOLOR_FORCE")));
    assert!(!refused(Some("NO_COLOR")));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let program = env!("CARGO_BIN_EXE_quittance");
    let script =
        format!("'{program}' completions bash | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}");
    let ran = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(ran.stdout, b"0\n", "{}", said(&ran));
}

#[test]
fn man_pages_and_completions_are_there_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let written = run(folder.path(), &["man", "man1"]);
    assert_eq!(code(&written), 0, "{}", said(&written));
    for name in [
        "quittance",
        "quittance-qr",
        "quittance-config-check",
        "quittance-up",
    ] {
        let page = std::fs::read_to_string(folder.path().join(format!("man1/{name}.1"))).unwrap();
        assert!(
            page.contains("130") && page.contains("interrupted"),
            "{name}"
        );
    }
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = run(folder.path(), &["completions", shell]);
        assert!(said(&output).contains("quittance"), "{shell}");
    }
}

#[test]
fn a_running_gateway_holds_against_strangers_and_insiders() {
    let network = network();
    let up = Up::begin(network.path(), &["--load", "5/s"]);
    let addresses = network.path().join("data/addresses.json");
    let told: serde_json::Value =
        serde_json::from_slice(&std::fs::read(addresses).unwrap()).unwrap();
    let url = |party: &str| format!("http://{}", told["parties"][party].as_str().unwrap());
    let attack = |url: &str| {
        run(
            network.path(),
            &["attack", "--against", url, "--format", "jsonl"],
        )
    };
    let held = attack(&url("gateway:test"));
    assert_eq!(code(&held), 0, "{}", said(&held));
    for name in [
        "A-01 bit-flip, signed",
        "A-11 stolen keys, cloned chip, signed",
        "A-04 race",
    ] {
        assert!(said(&held).contains(name), "{name}: {}", said(&held));
    }
    assert!(
        !said(&held).contains("only a stranger's"),
        "{}",
        said(&held)
    );
    let bank = attack(&url("bank:river"));
    assert_eq!(code(&bank), 4, "{}", said(&bank));
    assert_eq!(up.interrupt(), 130);
}

/// Makes a chip for a terminal of the network; its PIN.
fn personalised(network: &Path, terminal: &str) -> String {
    let dir = format!("chips/{terminal}");
    let made = run(network, &["chip", "init", "--dir", &dir]);
    assert_eq!(code(&made), 0, "{}", said(&made));
    let keys = ["chip", "personalise", "--dir", &dir, "--terminal", terminal];
    let done = run(network, &keys);
    assert_eq!(code(&done), 0, "{}", said(&done));
    said(&made).split_whitespace().nth(1).unwrap().to_owned()
}

/// How many of a merchant's orders were paid.
fn paid(network: &Path, merchant: &str) -> usize {
    let filter = [format!("merchant:{merchant}"), "state:PAID".to_owned()];
    let list = ["order", "list", "--limit", "1000", &filter[0], &filter[1]];
    let listed = run(network, &list);
    said(&listed)
        .lines()
        .filter(|line| line.contains(merchant))
        .count()
}

#[test]
fn a_running_terminal_seals_in_its_own_chip_and_prints_on_when_that_is_locked() {
    let network = network();
    let at = network.path();
    let pin = personalised(at, "noodle-shop");
    let memory = || std::fs::read(at.join("chips/noodle-shop/chip.bin")).unwrap();
    let before = memory();
    let up = Up::begin(at, &["--load", "20/s"]);
    let sold = wait_until(|| Some(paid(at, "noodle-shop")).filter(|paid| *paid > 2));
    assert!(sold.is_some(), "no code of the chip was paid");
    assert_ne!(memory(), before, "the chip counts in its own memory");
    let status = run(at, &["chip", "status", "--dir", "chips/noodle-shop"]);
    assert_eq!(code(&status), 6, "{}", said(&status));
    assert!(said(&status).contains("another process has it"));
    assert_eq!(up.interrupt(), 130);

    let mut lock = program(at, &["chip", "lock", "--dir", "chips/noodle-shop"]);
    let locked = lock.env("QUITTANCE_CHIP_PIN", pin).output().unwrap();
    assert_eq!(code(&locked), 0, "{}", said(&locked));
    let up = Up::begin(at, &["--load", "20/s"]);
    // What was under way ends; from then on nothing is sold there.
    let more = |than: usize| {
        let more = wait_until(|| Some(paid(at, "coffee-bar")).filter(|now| *now > than + 5));
        more.expect("the others go on")
    };
    let coffee = more(paid(at, "coffee-bar"));
    let noodles = paid(at, "noodle-shop");
    more(coffee);
    assert_eq!(paid(at, "noodle-shop"), noodles, "a locked chip sealed");
    assert_eq!(up.interrupt(), 130);
}

#[test]
fn a_copied_chip_beside_the_original_is_a_fork_that_the_operator_sees() {
    let network = network();
    let at = network.path();
    personalised(at, "my-shop");
    let sell = |amount: &str, order: &str| {
        let args = [
            "qr",
            "--quiet",
            "--amount",
            amount,
            "--currency",
            "EUR",
            "--order",
            order,
        ];
        let sold = run(at, &args);
        assert_eq!(code(&sold), 0, "{}", said(&sold));
        std::fs::write(at.join(order), sold.stdout).unwrap();
    };
    let memory = at.join("chips/my-shop/chip.bin");
    std::fs::copy(&memory, at.join("stolen.bin")).unwrap();
    sell("8.40", "ORIGINAL");
    std::fs::copy(at.join("stolen.bin"), &memory).unwrap();
    sell("0.50", "CLONE");
    let up = Up::begin(at, &[]);
    let pay = |code: &str| run(at, &["wallet", "pay", code, "--yes"]);
    let first = pay("ORIGINAL");
    assert_eq!(code(&first), 0, "{}", said(&first));
    let second = pay("CLONE");
    assert_eq!(code(&second), 1, "{}", said(&second));
    let listed = said(&run(at, &["order", "list"]));
    assert!(listed.contains("fork-alarm"), "{listed}");
    assert_eq!(up.interrupt(), 130);
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn wait_until<T>(ready: impl Fn() -> Option<T>) -> Option<T> {
    (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        ready()
    })
}
