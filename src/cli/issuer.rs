//! `quittance issuer`: the scheme's root, terminals' certificates, trust bundles, and their log.

use super::exit::{Exit, Failure};
use super::scan::full;
use super::{Ended, clock, input, output, private};
use crate::code::bundle::{Host, Merchant, Payee, SignedBundle, TerminalEpoch};
use crate::code::issuer::{Act, Entry, Issuer, IssuerError, Secrets};
use crate::code::sealed::{Certificate, Seed};
use crate::id::{MerchantId, Name, Party, TerminalId};
use crate::sign::{KeyId, PublicKey, Suite};
use crate::text::Text;
use crate::time::{Span, Time};
use clap::{Subcommand, ValueEnum};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Run the scheme's issuer: certify terminals, sign trust bundles, rotate and revoke keys.
///
/// Its folder has `secrets.json`, which only its owner may read, and `log.jsonl`, in which each
/// line has the hash of the one before it; what holds is what the log says.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The issuer's folder.
    #[arg(long, default_value = "issuer", global = true)]
    dir: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Begin a scheme: draw its root and the first key that certifies.
    Init {
        /// How many days that key certifies.
        #[arg(long, default_value_t = 730)]
        days: u32,
    },
    /// Certify a terminal's key; prints the certificate as JSON.
    Issue(Issue),
    /// Take a terminal's epoch (000000010001.1) or an issuer key (its id) out of use.
    Revoke {
        /// What: see `quittance issuer log`.
        what: Revoked,
    },
    /// Sign the next version of the trust bundle; prints it as JSON.
    Bundle(Bundled),
    /// Replace the key that certifies; the old one stays trusted for a while.
    Rotate {
        /// How many days the new key certifies.
        #[arg(long, default_value_t = 730)]
        days: u32,
        /// For how many days the old key is still trusted.
        #[arg(long, default_value_t = 30)]
        overlap_days: u32,
    },
    /// List what was done.
    Log {
        /// What to write.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

#[derive(clap::Args)]
struct Issue {
    /// The merchant's id, 8 hexadecimal digits.
    #[arg(long)]
    merchant: MerchantId,
    /// The name that payers see, at most 25 bytes; only the first time, or to change it.
    #[arg(long, requires_all = ["bank", "account"])]
    name: Option<String>,
    /// The merchant's bank, with --name.
    #[arg(long, requires = "name")]
    bank: Option<Name>,
    /// The bank's reference for the merchant's account, with --name.
    #[arg(long, requires = "name")]
    account: Option<String>,
    /// The till's number.
    #[arg(long, default_value_t = 1)]
    till: u16,
    /// The terminal's key epoch.
    #[arg(long, default_value_t = 1)]
    epoch: u8,
    /// The chip's public key: `quittance chip status` says it.
    #[arg(long)]
    key: PublicKey,
    /// How many days the certificate holds.
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// For how many days the terminal's earlier epochs are still trusted.
    #[arg(long, default_value_t = 7)]
    overlap_days: u32,
}

#[derive(clap::Args)]
struct Bundled {
    /// Who answers for a link's host: HOST=GATEWAY,ENDPOINT.
    #[arg(long)]
    host: Vec<NamedHost>,
    /// Which key a gateway or a bank signs with: gateway:NAME=KEY or bank:NAME=KEY.
    #[arg(long)]
    party: Vec<NamedParty>,
    /// How many days the bundle holds.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Where to write it; stdout unless given.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// The log itself, one JSON object a line.
    Jsonl,
}

/// What can be revoked.
#[derive(Clone, Copy)]
enum Revoked {
    Terminal(TerminalEpoch),
    Issuer(KeyId),
}

impl std::str::FromStr for Revoked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let terminal = text.parse().map(Self::Terminal);
        let key = || text.parse().map(Self::Issuer);
        terminal.or_else(|error| key().map_err(|_neither| full(&error)))
    }
}

#[derive(Clone)]
struct NamedHost(String, Host);

impl std::str::FromStr for NamedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(host, answers)| {
            let (gateway, endpoint) = answers.split_once(',')?;
            Some((host, gateway, endpoint))
        });
        let (host, gateway, endpoint) = parts.ok_or("expected HOST=GATEWAY,ENDPOINT")?;
        let gateway = gateway.parse().map_err(|error| full(&error))?;
        let endpoint = endpoint.to_owned();
        Ok(Self(host.to_owned(), Host { gateway, endpoint }))
    }
}

#[derive(Clone, Copy)]
struct NamedParty(Party, PublicKey);

impl std::str::FromStr for NamedParty {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (party, key) = text.split_once('=').ok_or("expected KIND:NAME=KEY")?;
        let party = party.parse().map_err(|error| full(&error))?;
        let key = key.parse().map_err(|error| full(&error))?;
        Ok(Self(party, key))
    }
}

pub(super) fn run(args: &Args) -> Ended {
    let dir = &args.dir;
    match &args.what {
        What::Init { days } => init(dir, *days),
        What::Issue(issue) => certify(dir, issue),
        What::Revoke { what } => revoke(dir, *what),
        What::Bundle(bundled) => bundle(dir, bundled),
        What::Rotate { days, overlap_days } => rotate(dir, *days, *overlap_days),
        What::Log { format } => log(dir, *format),
    }
}

fn init(dir: &Path, days: u32) -> Ended {
    let folder = Folder::begin(dir, self::days(days))?;
    output::say("note: keep secrets.json offline; wallets ship with this root key");
    output::data(format!("{}\n", folder.issuer.root()).as_bytes())?;
    Ok(Exit::Done)
}

fn certify(dir: &Path, args: &Issue) -> Ended {
    let mut folder = Folder::open(dir)?;
    let now = clock::now();
    if let (Some(name), Some(bank), Some(account)) = (&args.name, args.bank, &args.account) {
        let account = Text::clean(account);
        let merchant = Merchant {
            name: Text::clean(name),
            payee: Payee { bank, account },
        };
        folder.issuer.name_merchant(args.merchant, merchant, now);
    }
    let at = TerminalEpoch::new(TerminalId::of(args.merchant, args.till), args.epoch);
    let (holds, overlap) = (days(args.days), days(args.overlap_days));
    let issued = folder.issuer.issue(at, args.key, holds, overlap, now);
    let certificate = issued.map_err(|error| refused(&error))?;
    folder.save()?;
    let line = serde_json::json!({
        "terminal": at.terminal,
        "epoch": at.epoch,
        "name": certificate.name(),
        "key": certificate.key(),
        "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(),
        "certificate": certificate,
    });
    output::data(format!("{line}\n").as_bytes())?;
    Ok(Exit::Done)
}

fn revoke(dir: &Path, what: Revoked) -> Ended {
    let mut folder = Folder::open(dir)?;
    let now = clock::now();
    let revoked = match what {
        Revoked::Terminal(at) => folder.issuer.revoke_terminal(at, now),
        Revoked::Issuer(id) => folder.issuer.revoke_issuer(id, now),
    };
    revoked.map_err(|error| refused(&error))?;
    folder.save()?;
    output::say("revoked; sign a new bundle so that wallets and gateways hear of it");
    Ok(Exit::Done)
}

fn bundle(dir: &Path, args: &Bundled) -> Ended {
    let mut folder = Folder::open(dir)?;
    let now = clock::now();
    for NamedHost(host, answers) in &args.host {
        folder.issuer.name_host(host, answers.clone(), now);
    }
    for NamedParty(party, key) in &args.party {
        folder.issuer.name_party(*party, *key, now);
    }
    let signed = folder.issuer.bundle(days(args.days), now);
    folder.save()?;
    let text = text_of(&signed);
    match &args.output {
        Some(path) => private::replace(path, text.as_bytes())?,
        None => output::data(text.as_bytes())?,
    }
    Ok(Exit::Done)
}

/// A bundle's file: one line of JSON.
pub(super) fn text_of(signed: &SignedBundle) -> String {
    serde_json::to_string(signed).expect("a bundle has only string keys") + "\n"
}

fn rotate(dir: &Path, days: u32, overlap_days: u32) -> Ended {
    let mut folder = Folder::open(dir)?;
    let (holds, overlap) = (self::days(days), self::days(overlap_days));
    let seed = Seed::from_bytes(private::random()?);
    let rotated = folder.issuer.rotate(seed, holds, overlap, clock::now());
    let key = rotated.map_err(|error| refused(&error))?;
    folder.save()?;
    output::data(format!("{key}\n").as_bytes())?;
    Ok(Exit::Done)
}

fn log(dir: &Path, format: Format) -> Ended {
    let folder = Folder::open(dir)?;
    let line = |entry: &Entry| match format {
        Format::Text => format!("{:>4}  {}  {}\n", entry.seq, entry.at, said(&entry.act)),
        Format::Jsonl => entry.line() + "\n",
    };
    let lines: String = folder.issuer.entries().iter().map(line).collect();
    output::data(lines.as_bytes())?;
    Ok(Exit::Done)
}

/// What was done, in a line.
fn said(act: &Act) -> String {
    match act {
        Act::Begun { root } => format!("began with root {}", root.key_id()),
        Act::IssuerKey { key, .. } => {
            let (id, until) = (key.key.key_id(), key.not_after);
            format!("issuer key {id} certifies until {until}")
        }
        Act::Merchant { id, merchant } => {
            let Payee { bank, account } = &merchant.payee;
            format!(
                "merchant {id} is {}, account {account} at {bank}",
                merchant.name
            )
        }
        Act::Host { host, answers } => {
            let host = Text::clean(host);
            format!("host {host} is gateway {}", answers.gateway)
        }
        Act::Party { party, key } => format!("{party} signs with {}", key.key_id()),
        Act::Certificate {
            at, certificate, ..
        } => {
            let (key, until) = (certificate.key().key_id(), certificate.not_after());
            let by = certificate.issuer();
            format!("terminal {at} certified by {by}: key {key} until {until}")
        }
        Act::TerminalRevoked { at } => format!("terminal {at} revoked"),
        Act::IssuerRevoked { key } => format!("issuer key {} revoked", key.key_id()),
        Act::Bundle { version, .. } => format!("bundle {version} signed"),
    }
}

fn days(days: u32) -> Span {
    Span::hours(24 * u64::from(days))
}

fn refused(error: &IssuerError) -> Failure {
    let exit = match error {
        IssuerError::UnknownTerminal { .. }
        | IssuerError::UnknownIssuer { .. }
        | IssuerError::UnknownMerchant { .. } => Exit::Nothing,
        IssuerError::Log(_) | IssuerError::OtherSecrets => Exit::Malformed,
        _ => Exit::No,
    };
    Failure::new(exit, full(error))
}

/// An issuer and the folder that it lives in.
pub(super) struct Folder {
    dir: PathBuf,
    pub(super) issuer: Issuer,
    /// How many entries the log has on disk, and how many bytes of it count.
    saved: (usize, usize),
    /// Two at once would each think that the log ends where they read its end.
    _lock: File,
}

impl Folder {
    /// Begins a scheme in a folder that has none.
    pub(super) fn begin(dir: &Path, holds: Span) -> Result<Self, Failure> {
        let log = dir.join(LOG);
        if log.exists() {
            let found = format!("begin a scheme: {} is there", log.display());
            return Err(Failure::new(Exit::No, found));
        }
        private::folder(dir)?;
        let lock = private::lock(dir)?;
        let (root, first) = (private::random()?, private::random()?);
        let (root, first) = (Seed::from_bytes(root), Seed::from_bytes(first));
        let issuer = Issuer::begin(Suite::Es256, root, first, clock::now(), holds);
        let mut folder = Self {
            dir: dir.to_owned(),
            issuer: issuer.map_err(|error| refused(&error))?,
            saved: (0, 0),
            _lock: lock,
        };
        folder.save()?;
        Ok(folder)
    }

    /// Whether the secrets are in this folder, and not kept elsewhere.
    pub(super) fn has_secrets(dir: &Path) -> bool {
        dir.join(SECRETS).exists()
    }

    /// Goes on with the scheme of a folder.
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
        let hint = "`quittance issuer init` begins a scheme";
        if !dir.join(SECRETS).exists() {
            let missing = format!("find an issuer in {}", dir.display());
            return Err(Failure::new(Exit::Nothing, missing).hint(hint));
        }
        let lock = private::lock(dir)?;
        let read = |name| input::read(&dir.join(name));
        let secrets = read(SECRETS)?;
        let malformed = |error: &dyn std::fmt::Display| {
            let file = dir.join(SECRETS);
            Failure::new(Exit::Malformed, format!("read {}: {error}", file.display()))
        };
        let secrets: Secrets =
            serde_json::from_slice(&secrets).map_err(|error| malformed(&error))?;
        let log = String::from_utf8(read(LOG)?).map_err(|error| malformed(&error))?;
        let issuer = Issuer::resume(secrets, &log).map_err(|error| refused(&error))?;
        let saved = (issuer.entries().len(), issuer.log_len());
        let dir = dir.to_owned();
        Ok(Self {
            dir,
            issuer,
            saved,
            _lock: lock,
        })
    }

    /// Certifies a terminal's key and saves that it did; earlier epochs overlap for a week.
    pub(super) fn certify(
        &mut self,
        at: TerminalEpoch,
        key: PublicKey,
        holds: Span,
        now: Time,
    ) -> Result<Certificate, Failure> {
        let issued = self.issuer.issue(at, key, holds, days(OVERLAP_DAYS), now);
        let certificate = issued.map_err(|error| refused(&error))?;
        self.save()?;
        Ok(certificate)
    }

    /// Writes what is new: the secrets first, so that no key in the log can be lost.
    pub(super) fn save(&mut self) -> Result<(), Failure> {
        let secrets = serde_json::to_vec(self.issuer.secrets());
        let secrets = secrets.expect("secrets have only string keys");
        private::replace(&self.dir.join(SECRETS), &secrets)?;
        let (entries, len) = self.saved;
        let new = self.issuer.entries().iter().skip(entries);
        let lines: String = new.map(|entry| entry.line() + "\n").collect();
        let keep = u64::try_from(len).unwrap_or(u64::MAX);
        private::append(&self.dir.join(LOG), keep, lines.as_bytes())?;
        self.saved = (self.issuer.entries().len(), self.issuer.log_len());
        Ok(())
    }
}

/// For how long a chip's earlier epochs are still trusted after a rotation.
const OVERLAP_DAYS: u32 = 7;
const SECRETS: &str = "secrets.json";
pub(super) const LOG: &str = "log.jsonl";
