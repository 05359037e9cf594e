//! A private PostgreSQL server for one test or bench process: in a temporary folder, on a socket
//! there and nowhere else, gone when the process ends, however it ends.

use crate::gate::demands_all;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The server of this process.
pub(crate) struct Server {
    socket: PathBuf,
    /// Waits until its standard input closes, which the end of this process brings about; then it
    /// stops the server and removes the folder.
    _watcher: Child,
}

impl Server {
    /// How libpq writes the way to it.
    pub(crate) fn url(&self) -> String {
        format!(
            "host={} user=postgres dbname=postgres",
            self.socket.display()
        )
    }

    /// A connection of the test's own.
    pub(crate) fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), postgres::NoTls).unwrap()
    }
}

/// The server that the tests of this binary share; none, with a word about it, where PostgreSQL is
/// not installed.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| start(&["fsync=off"])).as_ref()
}

/// Starts a server with these settings.
pub(super) fn start(settings: &[&str]) -> Option<Server> {
    let Some(bin) = programs() else {
        let required = demands_all();
        assert!(!required, "PostgreSQL is required here and not installed");
        println!("skipped: needs PostgreSQL");
        return None;
    };
    let home = tempfile::tempdir().unwrap().keep();
    let data = home.join("data");
    as_postgres(
        &home,
        &format!(
            "{}/initdb -D {} -U postgres -A trust -E UTF8 --locale=C --no-sync",
            bin.display(),
            data.display()
        ),
    );
    let settings = settings.join(" -c ");
    let options = format!("-c listen_addresses= -k {} -c {settings}", home.display());
    let log = home.join("log");
    as_postgres(
        &home,
        &format!(
            "{}/pg_ctl -D {} -l {} -o '{options}' -w start",
            bin.display(),
            data.display(),
            log.display()
        ),
    );
    let stop = format!(
        "{}/pg_ctl -D {} -m immediate -w stop",
        bin.display(),
        data.display()
    );
    let watch = format!("read _; {}; rm -rf {}", user_command(&stop), home.display());
    let watcher = Command::new("sh")
        .args(["-c", &watch])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Some(Server {
        socket: home,
        _watcher: watcher.unwrap(),
    })
}

/// Where Debian's package keeps the server's programs, the newest version first.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<_> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// PostgreSQL refuses to run as root; its package brings a user for it.
fn user_command(command: &str) -> String {
    if is_root() {
        format!("runuser -u postgres -- {command}")
    } else {
        command.to_owned()
    }
}

fn as_postgres(home: &Path, command: &str) {
    if is_root() {
        let own = Command::new("chown").arg("postgres").arg(home).status();
        assert!(
            own.unwrap().success(),
            "give the folder to PostgreSQL's user"
        );
    }
    let done = Command::new("sh")
        .args(["-c", &user_command(command)])
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status();
    assert!(done.unwrap().success(), "run {command}");
}
