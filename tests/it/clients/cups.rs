//! CUPS, with a scheduler of the test's own: a raw queue to the RAW port, and the program as a
//! backend.

#![expect(clippy::disallowed_methods, reason = "a scheduler takes real time")]

use super::super::printing::{CUT, JOB, Printer, Proxy, coded, ends_with_cut, has};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A scheduler in a folder of its own, ended by its id when it is dropped.
struct Cups {
    folder: TempDir,
    scheduler: Child,
}

impl Cups {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["cache", "spool", "spool/tmp", "state", "log", "bin/backend"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        backends(&at("bin"));
        std::fs::write(at("cupsd.conf"), scheduler_conf(folder.path())).unwrap();
        std::fs::write(at("cups-files.conf"), files_conf(folder.path())).unwrap();
        open(folder.path());
        for name in ["cache", "spool", "state", "log"] {
            let mut own = Command::new("chown");
            let owned = own.args(["-R", "lp"]).arg(at(name)).status();
            assert!(owned.unwrap().success());
        }
        let scheduler = Command::new(cupsd())
            .arg("-f")
            .arg("-c")
            .arg(at("cupsd.conf"))
            .arg("-s")
            .arg(at("cups-files.conf"))
            .spawn()
            .unwrap();
        let cups = Self { folder, scheduler };
        let start = Instant::now();
        while UnixStream::connect(cups.socket()).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "cupsd is there");
            std::thread::sleep(Duration::from_millis(20));
        }
        cups
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn run(&self, program: &str, args: &[&str]) {
        let ran = Command::new(program)
            .args(args)
            .env("CUPS_SERVER", self.socket())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{program} {args:?}: {said}");
    }

    /// Adds a queue; done twice, it would begin again with what prints.
    fn queue(&self, uri: &str) {
        self.run("lpadmin", &["-p", "till", "-E", "-v", uri, "-m", "raw"]);
    }

    /// Prints as a user would.
    fn print(&self, args: &[&str]) {
        let job = self.folder.path().join("job");
        std::fs::write(&job, JOB).unwrap();
        open(&job);
        let job = job.to_str().unwrap();
        self.run("lp", &[&["-d", "till", "-o", "raw"], args, &[job]].concat());
    }
}

impl Drop for Cups {
    fn drop(&mut self) {
        let _already_over = self.scheduler.kill();
        let _reaped = self.scheduler.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log/error_log"));
            println!("{}", log.unwrap_or_default());
        }
    }
}

/// Whether a scheduler can be started: it changes to another user.
fn ready() -> bool {
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| {
        use std::os::unix::fs::MetadataExt as _;
        me.uid() == 0
    });
    if !root {
        println!("skipped: needs root for cupsd");
    }
    root && ["lpadmin", "lp"].into_iter().all(has) && super::here(cupsd(), "cups")
}

fn cupsd() -> &'static Path {
    Path::new("/usr/sbin/cupsd")
}

/// CUPS's own programs, and ours among its backends.
fn backends(bin: &Path) {
    let of_cups = Path::new("/usr/lib/cups");
    for name in [
        "cgi-bin", "daemon", "driver", "filter", "monitor", "notifier",
    ] {
        symlink(of_cups.join(name), bin.join(name)).unwrap();
    }
    let folder = bin.join("backend");
    symlink(of_cups.join("backend/socket"), folder.join("socket")).unwrap();
    let ours = folder.join("quittance");
    std::fs::copy(env!("CARGO_BIN_EXE_quittance"), &ours).unwrap();
    open(&ours);
}

/// Others may read it, and run what can be run.
fn open(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn scheduler_conf(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "Listen {folder}/socket\nBrowsing No\nWebInterface No\nLogLevel debug\nMaxLogSize 0\n\
         <Location />\nOrder deny,allow\n</Location>\n\
         <Location /admin>\nOrder deny,allow\n</Location>\n\
         <Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n"
    )
}

fn files_conf(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "User lp\nGroup lp\nServerRoot {folder}\nServerBin {folder}/bin\nStateDir {folder}/state\n\
         CacheDir {folder}/cache\nRequestRoot {folder}/spool\nTempDir {folder}/spool/tmp\n\
         AccessLog {folder}/log/access_log\nErrorLog {folder}/log/error_log\n\
         PageLog {folder}/log/page_log\n"
    )
}

#[test]
fn a_raw_queue_of_cups_prints_through_the_raw_port() {
    if !ready() {
        return;
    }
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    let cups = Cups::start();
    cups.queue(&format!("socket://{}", proxy.raw));
    cups.print(&[]);
    coded(&printer.until(ends_with_cut));
}

#[test]
fn cups_prints_through_our_backend_with_every_copy() {
    if !ready() {
        return;
    }
    let printer = Printer::start();
    let cups = Cups::start();
    cups.queue(&format!(
        "quittance:socket://{}?currency=EUR",
        printer.address
    ));
    cups.print(&[]);
    let once = printer.until(ends_with_cut);
    coded(&once);
    cups.print(&["-n", "2"]);
    let cuts = |all: &[u8]| all.windows(CUT.len()).filter(|w| *w == CUT).count();
    let twice = printer.until(|all| cuts(all) == 2);
    let (first, second) = twice.split_at(twice.len() / 2);
    let both = twice.escape_ascii();
    assert!(first == second, "copies have one code: {both}");
    coded(first);
}
