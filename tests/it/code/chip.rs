//! `quittance chip` and `quittance apdu`, as a keeper uses them.

use super::{at, code, stderr, stdout};
use crate::cli::quittance;
use crate::printing::{JOB, Printer, Proxy, coded, ends_with_cut, wait};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SHOP: [&str; 6] = [
    "--name",
    "Bean & Leaf",
    "--bank",
    "river",
    "--account",
    "bean",
];
/// A P-256 point that is nobody's secret: the group's generator.
const KEY: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

/// A scheme and a chip, side by side.
struct Shop {
    dir: tempfile::TempDir,
    pin: String,
    puk: String,
}

impl Shop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let issuer = dir.path().join("issuer");
        assert_eq!(code(&at("--dir", &issuer, &["issuer", "init"])), 0);
        let certify = [
            "issuer",
            "issue",
            "--merchant",
            "00000001",
            "--till",
            "9",
            "--key",
            KEY,
        ];
        assert_eq!(
            code(&at("--dir", &issuer, &[&certify[..], &SHOP].concat())),
            0
        );
        let made = at("--dir", &dir.path().join("chip"), &["chip", "init"]);
        assert_eq!(code(&made), 0, "{}", stderr(&made));
        let words: Vec<String> = stdout(&made)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let (pin, puk) = (words[1].clone(), words[3].clone());
        Self { dir, pin, puk }
    }

    fn chip(&self, args: &[&str]) -> Output {
        self.chip_with(&self.pin, args)
    }

    fn chip_with(&self, pin: &str, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_quittance"))
            .args([&["chip"], args].concat())
            .args(["--dir", self.dir.path().join("chip").to_str().unwrap()])
            .env("QUITTANCE_CHIP_PIN", pin)
            .output()
            .unwrap()
    }

    fn put_keys(&self, what: &[&str]) -> Output {
        let path = |name| self.dir.path().join(name).to_str().unwrap().to_owned();
        let (issuer, master) = (path("issuer"), path("master.key"));
        let more = ["--issuer", issuer.as_str(), "--master-key", master.as_str()];
        self.chip(&[what, &more].concat())
    }

    fn personalised() -> Self {
        let shop = Self::new();
        let done = shop.put_keys(&["personalise", "--merchant", "00000001"]);
        assert_eq!(code(&done), 0, "{}", stderr(&done));
        shop
    }

    fn apdu(&self, lines: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quittance"))
            .args([
                "apdu",
                "--dir",
                self.dir.path().join("chip").to_str().unwrap(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }
}

#[test]
fn a_chip_lives_from_blank_to_terminated() {
    let shop = Shop::new();
    assert!(stdout(&shop.chip(&["status"])).contains("life      blank"));
    assert_eq!(code(&shop.chip(&["lock"])), 1);
    let done = shop.put_keys(&["personalise", "--merchant", "00000001"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let status = shop.chip(&["status"]);
    assert!(
        stdout(&status).contains("life      personalised"),
        "{}",
        stdout(&status)
    );
    assert!(
        stdout(&status).contains("shop      Bean & Leaf"),
        "{}",
        stdout(&status)
    );
    assert!(
        stdout(&status).contains("self-test passed"),
        "{}",
        stdout(&status)
    );
    assert_eq!(
        code(&shop.put_keys(&["personalise", "--merchant", "00000001"])),
        1
    );
    assert!(stdout(&shop.apdu("pair\nget-identity\n")).contains("epoch 1, Bean & Leaf"));
    assert_eq!(stdout(&shop.chip(&["lock"])), "locked\n");
    assert_eq!(stdout(&shop.chip(&["unlock"])), "active\n");
    let rotated = shop.put_keys(&["rotate"]);
    assert_eq!(code(&rotated), 0, "{}", stderr(&rotated));
    assert!(stdout(&shop.apdu("pair\nget-identity\n")).contains("epoch 2, Bean & Leaf"));
    assert_eq!(stdout(&shop.chip(&["terminate"])), "terminated\n");
    assert!(stdout(&shop.chip(&["status"])).contains("life      terminated"));
    assert_eq!(code(&shop.put_keys(&["rotate"])), 1);
}

#[test]
fn wrong_pins_block_across_restarts_and_the_puk_unblocks() {
    let shop = Shop::personalised();
    assert_eq!(code(&shop.apdu("pair\n")), 0);
    for left in ["2", "1", "0"] {
        let wrong = shop.chip_with("000000x", &["lock"]);
        assert_eq!(code(&wrong), 1);
        assert!(
            stderr(&wrong).contains(&format!("{left} tries left")),
            "{}",
            stderr(&wrong)
        );
    }
    assert!(stderr(&shop.chip(&["lock"])).contains("no tries are left"));
    let puk = shop.dir.path().join("puk");
    fs::write(&puk, &shop.puk).unwrap();
    let unlocked = shop.chip(&["unlock", "--puk", puk.to_str().unwrap()]);
    assert_eq!(code(&unlocked), 0, "{}", stderr(&unlocked));
    assert_eq!(stdout(&shop.chip(&["lock"])), "locked\n");
}

#[test]
fn the_shell_decodes_and_a_chip_seals_nothing_before_a_session() {
    let shop = Shop::personalised();
    let trace = shop.apdu("80F20000\n802A0000\nseal-and-sign\nget-status\njunk\n");
    assert_eq!(code(&trace), 1, "a refusal is a no");
    let says = stdout(&trace);
    assert!(says.contains("get-status, 0 bytes"), "{says}");
    assert!(says.contains("6982  no session"), "{says}");
    assert!(says.contains("personalised, 3 PIN tries"), "{says}");
    assert!(
        says.contains("neither a command nor an instruction: junk"),
        "{says}"
    );
    assert_eq!(code(&shop.apdu("get-status\n")), 0);
}

#[test]
fn its_files_show_no_key_and_a_damaged_one_is_malformed() {
    let shop = Shop::personalised();
    let chip = shop.dir.path().join("chip");
    let memory = fs::read(chip.join("chip.bin")).unwrap();
    let master = fs::read(shop.dir.path().join("master.key")).unwrap();
    assert!(!memory.windows(32).any(|window| window == &master[..32]));
    let module = fs::read_to_string(chip.join("module.json")).unwrap();
    assert!(!module.contains(std::str::from_utf8(&master).unwrap()));
    fs::write(chip.join("chip.bin"), vec![7; memory.len()]).unwrap();
    assert_eq!(code(&shop.chip(&["status"])), 3);
    assert_eq!(
        code(&at("--dir", Path::new("nowhere"), &["chip", "status"])),
        4
    );
}

/// The counter of the code that a shell makes of this receipt.
fn counted(config: &str, receipt: &[u8]) -> (u64, String) {
    let args = ["qr", "--config", config, "--quiet", "--format", "json"];
    let coded = quittance(&args, receipt);
    assert_eq!(code(&coded), 0, "{}", stderr(&coded));
    let line: serde_json::Value = serde_json::from_slice(&coded.stdout).unwrap();
    let uid = line["uid"].as_str().unwrap();
    let counter = uid.rsplit('.').next().unwrap().parse().unwrap();
    (counter, line["link"].as_str().unwrap().to_owned())
}

#[test]
fn a_terminals_own_chip_seals_and_counts_what_a_shell_prints() {
    const TEA: &[u8] = b"BEAN & LEAF\n1 x Tea   2.00\nTOTAL EUR   2.00\nORDER A1-0043\n";
    const CAKE: &[u8] = b"BEAN & LEAF\n1 x Cake   3.00\nTOTAL EUR   3.00\nORDER A1-0044\n";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (net, config, chip) = (
        path("net"),
        path("net/quittance.toml"),
        path("net/chips/my-shop"),
    );
    assert_eq!(code(&quittance(&["init", &net], b"")), 0);
    assert_eq!(code(&quittance(&["chip", "init", "--dir", &chip], b"")), 0);
    let put = |what: &str, terminal: &str| {
        let of = ["--terminal", terminal, "--config", &config];
        quittance(&[&["chip", what, "--dir", &chip], &of[..]].concat(), b"")
    };
    assert_eq!(code(&put("personalise", "nobody")), 4);
    let done = put("personalise", "my-shop");
    assert_eq!(code(&done), 0, "{}", stderr(&done));

    let (first, link) = counted(&config, TEA);
    let scanned = quittance(&["scan", "--config", &config, "-"], link.as_bytes());
    assert_eq!(code(&scanned), 0, "{}", stderr(&scanned));
    assert!(
        stdout(&scanned).contains("key epoch 2"),
        "{}",
        stdout(&scanned)
    );
    // A chip that had no power may skip counters, and repeats none.
    let (second, _) = counted(&config, TEA);
    assert!(first < second, "{first} {second}");
    let chosen = quittance(&["qr", "--config", &config, "--counter", "7"], TEA);
    assert_eq!(code(&chosen), 2);
    assert!(stderr(&chosen).contains("the terminal's chip counts"));

    // Whoever has memory and fuses has a clone, which a gateway sees by its counters only.
    let (memory, other) = (path("net/chips/my-shop/chip.bin"), path("copy.bin"));
    fs::copy(&memory, &other).unwrap();
    let (original, _) = counted(&config, TEA);
    fs::copy(&other, &memory).unwrap();
    let (clone, _) = counted(&config, CAKE);
    assert_eq!(original, clone);

    let rotated = put("rotate", "my-shop");
    assert_eq!(code(&rotated), 0, "{}", stderr(&rotated));
    let (_, link) = counted(&config, TEA);
    let scanned = quittance(&["scan", "--config", &config, "-"], link.as_bytes());
    assert!(
        stdout(&scanned).contains("key epoch 3"),
        "{}",
        stdout(&scanned)
    );

    // Without its fuses the memory is nobody's, and nothing falls back on other keys.
    fs::write(path("net/chips/my-shop/fuses.key"), "00".repeat(32)).unwrap();
    let refused = quittance(&["qr", "--config", &config], TEA);
    assert_eq!(code(&refused), 3, "{}", stderr(&refused));
}

#[test]
fn a_locked_chip_leaves_the_paper_without_a_code_until_it_is_unlocked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (net, config, chip) = (
        path("net"),
        path("net/quittance.toml"),
        path("net/chips/my-shop"),
    );
    assert_eq!(code(&quittance(&["init", &net], b"")), 0);
    let made = quittance(&["chip", "init", "--dir", &chip], b"");
    let pin = stdout(&made).split_whitespace().nth(1).unwrap().to_owned();
    let of_chip = |what: &str, more: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_quittance"))
            .args([&["chip", what, "--dir", &chip], more].concat())
            .env("QUITTANCE_CHIP_PIN", &pin)
            .output()
            .unwrap();
        assert_eq!(code(&done), 0, "{what}: {}", stderr(&done));
    };
    let mine = ["--terminal", "my-shop", "--config", &config];
    of_chip("personalise", &mine);
    of_chip("lock", &[]);

    let printer = Printer::start();
    let to = format!("socket://{}", printer.address);
    let proxy = Proxy::start(&to, &["--config", &config, "--terminal", "my-shop"]);
    proxy.print(JOB);
    assert_eq!(printer.until(ends_with_cut), JOB, "the paper comes out");
    let why = wait(&proxy.said, "no code");
    assert!(why.contains("not in this state"), "{why}");
    of_chip("unlock", &[]);
    proxy.print(JOB);
    coded(&printer.until(ends_with_cut));
}

const TOKEN_PIN: &str = "246810";

/// A network whose shell's terminal signs in a SoftHSM2 token.
struct Hardware {
    folder: tempfile::TempDir,
    module: &'static str,
}

impl Hardware {
    /// A new token, `counter 3`; `None` where SoftHSM2 is not installed.
    fn new() -> Option<Self> {
        const MODULES: [&str; 2] = [
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib64/softhsm/libsofthsm2.so",
        ];
        let module = MODULES.into_iter().find(|path| Path::new(path).exists());
        let required = std::env::var_os("QUITTANCE_REQUIRE_ALL").is_some();
        assert!(module.is_some() || !required, "needs softhsm2");
        if module.is_none() {
            println!("skipped: needs softhsm2");
        }
        let folder = tempfile::tempdir().unwrap();
        let (tokens, module) = (folder.path().join("tokens"), module?);
        fs::create_dir(&tokens).unwrap();
        let conf = format!("directories.tokendir = {}\n", tokens.display());
        fs::write(folder.path().join("softhsm2.conf"), conf).unwrap();
        let hardware = Self { folder, module };
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", "counter 3"])
            .args(["--so-pin", "87654321", "--pin", TOKEN_PIN])
            .env(
                "SOFTHSM2_CONF",
                hardware.folder.path().join("softhsm2.conf"),
            )
            .output();
        assert!(made.unwrap().status.success());
        assert_eq!(code(&hardware.run(&["init"], b"")), 0);
        Some(hardware)
    }

    fn run(&self, args: &[&str], stdin: &[u8]) -> Output {
        self.run_with((TOKEN_PIN, ""), args, stdin)
    }

    /// Runs the program with the token's PIN and the chip's.
    fn run_with(&self, (token, chip): (&str, &str), args: &[&str], stdin: &[u8]) -> Output {
        let folder = self.folder.path();
        let mut child = Command::new(env!("CARGO_BIN_EXE_quittance"))
            .args(args)
            .current_dir(folder)
            .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
            .env("QUITTANCE_TOKEN_PIN", token)
            .env("QUITTANCE_CHIP_PIN", chip)
            .env("XDG_CONFIG_HOME", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _refused_early = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap()
    }

    fn chip(&self, args: &[&str]) -> Output {
        self.run(&[&["chip", "--dir", "chips/my-shop"], args].concat(), b"")
    }

    /// Makes the terminal's chip in a token; its PIN.
    fn personalised(&self) -> String {
        let made = self.chip(&["init", "--pkcs11", self.module, "--token", "counter 3"]);
        assert_eq!(code(&made), 0, "{}", stderr(&made));
        let keyed = self.chip(&["personalise", "--terminal", "my-shop"]);
        assert_eq!(code(&keyed), 0, "{}", stderr(&keyed));
        stdout(&made).split_whitespace().nth(1).unwrap().to_owned()
    }
}

#[test]
fn a_token_signs_codes_that_phones_take() {
    let Some(hardware) = Hardware::new() else {
        return;
    };
    hardware.personalised();
    // A token's nonces are drawn: among so many signatures half had a high s, which phones refuse.
    let mut receipts = String::new();
    for n in 1..=12 {
        receipts += "BEAN & LEAF\n1 x Tea   2.00\nTOTAL EUR   2.00\nORDER A1-";
        receipts += &format!("{n}\n\x1dV\0");
    }
    let coded = hardware.run(&["qr", "--quiet", "--format", "json"], receipts.as_bytes());
    assert_eq!(code(&coded), 0, "{}", stderr(&coded));
    assert_eq!(stdout(&coded).lines().count(), 12);
    for line in stdout(&coded).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let scanned = hardware.run(&["scan", "-"], line["link"].as_str().unwrap().as_bytes());
        assert_eq!(code(&scanned), 0, "{}", stderr(&scanned));
        assert!(stdout(&scanned).contains("key epoch 2"));
    }
}

#[test]
fn a_chip_in_a_token_lives_from_blank_to_terminated() {
    let Some(hardware) = Hardware::new() else {
        return;
    };
    let sell = |pin: &str| {
        let args = ["qr", "--amount", "2.00", "--currency", "EUR", "--quiet"];
        hardware.run_with((pin, ""), &args, b"")
    };
    let other = hardware.chip(&["init", "--pkcs11", hardware.module, "--token", "counter 4"]);
    assert_eq!(code(&other), 4, "{}", stderr(&other));
    assert!(stderr(&other).contains("there is counter 3"));
    let pin = hardware.personalised();
    let status = hardware.chip(&["status"]);
    let says = "signs in token counter 3; seals in this program's locked memory";
    assert!(stdout(&status).contains(says), "{}", stdout(&status));
    assert!(stdout(&status).contains("self-test passed"));
    let fuses = hardware.folder.path().join("chips/my-shop/fuses.key");
    assert!(!fuses.exists(), "the memory's key is wrapped");
    assert_eq!(code(&sell(TOKEN_PIN)), 0);
    assert!(stderr(&sell("000000")).contains("the PIN is wrong"));
    let rotated = hardware.chip(&["rotate", "--terminal", "my-shop"]);
    assert_eq!(code(&rotated), 0, "{}", stderr(&rotated));
    assert_eq!(code(&sell(TOKEN_PIN)), 0);
    let end = ["chip", "--dir", "chips/my-shop", "terminate"];
    let ended = hardware.run_with((TOKEN_PIN, &pin), &end, b"");
    assert_eq!(stdout(&ended), "terminated\n", "{}", stderr(&ended));
    assert!(stdout(&hardware.chip(&["status"])).contains("life      terminated"));
    assert_ne!(code(&sell(TOKEN_PIN)), 0, "its signing keys are gone");
}
