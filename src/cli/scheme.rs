//! The scheme of a test network: its issuer's folder, and the trust bundle that stands beside the
//! configuration.
//!
//! The bundle is published anew when the issuer has said something since, or when the configuration
//! names somebody whom nobody certified. Where the secrets are not (they may be kept offline), the
//! bundle is taken as it stands.

use super::exit::{Exit, Failure};
use super::init::hex_line;
use super::issuer::Folder;
use super::network::{TRUST, held, publish, replace};
use super::scan::full;
use super::settings::{Origin, Settings};
use super::{clock, input, private};
use crate::cast::{self, CastError, Crypto, Parts, Scheme, TRUST_LASTS};
use crate::code::bundle::{SignedBundle, TerminalEpoch, TrustBundle};
use crate::code::issuer::{Act, Entry, Issuer, Register};
use crate::code::sealed::Accept;
use crate::id::Name;
use crate::play;
use crate::sign::PublicKey;
use crate::time::Span;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The root's public key, beside the configuration.
pub(super) const ROOT: &str = "root.pub";
/// How long before its end a bundle is replaced.
const RENEWED_BEFORE: Span = Span::hours(24 * 30);
/// How long the first key that certifies does.
const ISSUER_LASTS: Span = Span::hours(24 * 730);

impl Settings {
    /// The issuer's folder, when the network has one.
    pub(super) fn issuer(&self) -> Option<PathBuf> {
        Some(self.folder()?.join(self.config.issuer.as_ref()?))
    }

    /// The folder of a terminal's own chip, when it has one.
    pub(super) fn chip(&self, terminal: Name) -> Option<PathBuf> {
        let chips = self.folder()?.join(self.config.chips.as_ref()?);
        let folder = chips.join(terminal.as_str());
        folder.is_dir().then_some(folder)
    }

    fn parts(&self, endpoint: String) -> Parts {
        let parties = &self.config.parties;
        let parts = play::parts(parties, Crypto::Real, &self.chance, self.since);
        Parts { endpoint, ..parts }
    }
}

/// Begins the scheme of a new network.
pub(super) fn begin(folder: &Path) -> Result<(), Failure> {
    let begun = Folder::begin(&folder.join("issuer"), ISSUER_LASTS)?;
    let root = hex_line(begun.issuer.root().bytes());
    replace(&folder.join(ROOT), root.as_bytes())
}

/// What the issuer says; the next bundle is published when it has to be.
pub(super) fn open(
    settings: &Settings,
    issuer: &Path,
    endpoint: String,
) -> Result<Scheme, Failure> {
    let beside = settings.folder().unwrap_or_default();
    if !Folder::has_secrets(issuer) {
        return offline(&beside, issuer);
    }
    let mut folder = Folder::open(issuer)?;
    let path = beside.join(TRUST);
    let moved = settings.parts(endpoint);
    let published = published(settings, &mut folder, &moved, &path)?;
    let root = folder.issuer.root();
    // What flags and the environment move is nobody else's business: it is in this process's own
    // bundle, and is not saved.
    let said = folder.issuer.entries().len();
    certify(settings, &moved, &mut folder.issuer)?;
    if folder.issuer.entries().len() == said {
        return Ok(scheme(&folder.issuer, root, published));
    }
    let signed = folder.issuer.bundle(TRUST_LASTS, clock::now());
    let bundle = opened(&signed, &root, &path)?;
    Ok(scheme(&folder.issuer, root, (signed, bundle)))
}

/// The bundle beside the configuration; the next one when the issuer has said something since. The
/// endpoint that it names is the configuration's, or the one that was published before.
fn published(
    settings: &Settings,
    folder: &mut Folder,
    moved: &Parts,
    path: &Path,
) -> Result<(SignedBundle, TrustBundle), Failure> {
    let mut parts = moved.clone();
    if settings.origins[2] != Origin::File {
        let mut hosts = folder.issuer.register().hosts.values();
        let known = hosts.find(|host| host.gateway == parts.gateway);
        let known = known.map(|host| host.endpoint.clone());
        parts.endpoint = known.unwrap_or(parts.endpoint);
    }
    certify(settings, &parts, &mut folder.issuer)?;
    if let Some(standing) = standing(&folder.issuer, path)? {
        return Ok(standing);
    }
    let signed = folder.issuer.bundle(TRUST_LASTS, clock::now());
    folder.save()?;
    publish(path, &signed)?;
    let bundle = opened(&signed, &folder.issuer.root(), path)?;
    Ok((signed, bundle))
}

/// Has everybody certified whom the configuration names, and revokes whom it revokes.
fn certify(settings: &Settings, parts: &Parts, issuer: &mut Issuer) -> Result<(), Failure> {
    let (config, now) = (&settings.config, clock::now());
    let terminals = config.terminals().into_iter().map(|(till, _)| till);
    let elsewhere = terminals.filter(|till| settings.chip(*till).is_some());
    let elsewhere: BTreeSet<Name> = elsewhere.collect();
    let certified = cast::certify(parts, &settings.chance, issuer, &elsewhere, now);
    certified.map_err(|error| malformed(&error))?;
    for name in &config.revoked {
        revoke(settings, issuer, *name)?;
    }
    Ok(())
}

/// Revokes every epoch of a terminal.
pub(super) fn revoke(
    settings: &Settings,
    issuer: &mut Issuer,
    terminal: Name,
) -> Result<(), Failure> {
    let parts = settings.parts(String::new());
    let id = cast::terminal_id(&parts, &settings.chance, terminal);
    let id = id.map_err(|error| malformed(&error))?;
    let all = TerminalEpoch::new(id, 0)..=TerminalEpoch::new(id, u8::MAX);
    let known = issuer.register().terminals.range(all);
    let known: Vec<TerminalEpoch> = known.map(|(at, _)| *at).collect();
    for at in known {
        let revoked = issuer.revoke_terminal(at, clock::now());
        revoked.map_err(|error| Failure::new(Exit::No, full(&error)))?;
    }
    Ok(())
}

/// Certifies a terminal's key of its next epoch, in the issuer's folder.
pub(super) fn renew(settings: &Settings, terminal: Name) -> Result<TerminalEpoch, Failure> {
    let mut folder = kept(settings)?;
    let (parts, now) = (settings.parts(String::new()), clock::now());
    let renewed = cast::renew(&parts, &settings.chance, &mut folder.issuer, terminal, now);
    let at = renewed.map_err(|error| malformed(&error))?;
    folder.save()?;
    Ok(at)
}

/// The issuer of a network, to be told something.
pub(super) fn kept(settings: &Settings) -> Result<Folder, Failure> {
    let issuer = settings.issuer().ok_or_else(|| {
        let failure = Failure::new(Exit::Nothing, "find the network's issuer: it has none");
        failure.hint("`issuer = \"issuer\"` under [network] names its folder")
    })?;
    Folder::open(&issuer)
}

/// The bundle that was published last, when the issuer has said nothing since and it lasts.
fn standing(issuer: &Issuer, path: &Path) -> Result<Option<(SignedBundle, TrustBundle)>, Failure> {
    let Some(signed) = held(path)? else {
        return Ok(None);
    };
    let Some(Entry {
        act: Act::Bundle { version, .. },
        ..
    }) = issuer.entries().last()
    else {
        return Ok(None);
    };
    let opened = signed.open(&issuer.root(), Accept::TEST_NETWORK, None, clock::now());
    let bundle = match opened {
        Ok(bundle) => bundle,
        Err(crate::code::bundle::BundleError::Expired) => return Ok(None),
        Err(error) => return Err(other_network(path, &error)),
    };
    let lasts = clock::now().after(RENEWED_BEFORE) < bundle.expires;
    Ok((bundle.version == *version && lasts).then_some((signed, bundle)))
}

/// The bundle as it stands, where the issuer's secrets are not.
fn offline(beside: &Path, issuer: &Path) -> Result<Scheme, Failure> {
    let (root, (signed, bundle)) = trusted(beside)?;
    let log = issuer.join(super::issuer::LOG);
    let register = if log.exists() {
        let text = input::read(&log)?;
        let read = Register::read(&String::from_utf8_lossy(&text));
        read.map_err(|error| Failure::new(Exit::Malformed, full(&error)))?
    } else {
        Register::default()
    };
    Ok(Scheme {
        root,
        signed,
        bundle,
        register,
    })
}

/// The root and the bundle that stand beside the configuration.
pub(super) fn trusted(beside: &Path) -> Result<(PublicKey, (SignedBundle, TrustBundle)), Failure> {
    let (root, path) = (beside.join(ROOT), beside.join(TRUST));
    let text = input::read(&root)?;
    let key = String::from_utf8_lossy(&text).trim().parse::<PublicKey>();
    let key = key.map_err(|error| {
        let what = format!("read {}: {}", root.display(), full(&error));
        Failure::new(Exit::Malformed, what)
    })?;
    let signed = held(&path)?.ok_or_else(|| {
        let what = format!("find {}", path.display());
        Failure::new(Exit::Nothing, what).hint("`quittance issuer bundle` signs one")
    })?;
    let bundle = opened(&signed, &key, &path)?;
    Ok((key, (signed, bundle)))
}

fn opened(signed: &SignedBundle, root: &PublicKey, path: &Path) -> Result<TrustBundle, Failure> {
    let opened = signed.open(root, Accept::TEST_NETWORK, None, clock::now());
    opened.map_err(|error| other_network(path, &error))
}

fn other_network(path: &Path, error: &dyn std::error::Error) -> Failure {
    let what = format!("open {}: {}", path.display(), full(error));
    Failure::new(Exit::No, what).hint("is it of another network? remove it to publish anew")
}

fn scheme(
    issuer: &Issuer,
    root: PublicKey,
    (signed, bundle): (SignedBundle, TrustBundle),
) -> Scheme {
    Scheme {
        root,
        signed,
        bundle,
        register: issuer.register().clone(),
    }
}

fn malformed(error: &CastError) -> Failure {
    let exit = match error {
        CastError::NoMerchant { .. } => Exit::Nothing,
        CastError::Issuer(_) | CastError::NoEpoch { .. } => Exit::No,
        _ => Exit::Malformed,
    };
    Failure::new(exit, full(error))
}

/// Each merchant's master key, for chips that are personalised: written once, for their owner only.
pub(super) fn master_keys(settings: &Settings, keys: &Path) -> Result<(), Failure> {
    let folder = keys.join("masters");
    private::folder(&folder)?;
    for name in settings.config.parties.merchants.keys() {
        let path = folder.join(format!("{name}.key"));
        if !path.exists() {
            let key = cast::master_key(&settings.chance, *name);
            let key = key.map_err(|error| malformed(&error))?;
            private::replace(&path, hex_line(key.expose()).as_bytes())?;
        }
    }
    Ok(())
}
