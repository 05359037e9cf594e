//! A test network as a command has it: its parties with their keys, and where they are.

use super::demo::failure;
use super::exit::{Exit, Failure};
use super::settings::{Args, Origin, Settings};
use super::{chip, clock, output, scan, scheme};
use crate::cast::{Cast, Issue};
use crate::code::bundle::SignedBundle;
use crate::id::{Name, Party, PartyKind};
use crate::net::NodeError;
use crate::play::{self, Addresses, Network, PlayError, Start};
use crate::roles::chip::{Chip, Flashed};
use crate::roles::{Actor, Role as _};
use crate::store::{Backend, StoreError};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// The trust bundle, beside the configuration.
pub(super) const TRUST: &str = "trust.json";
/// Where everybody is, when the system chose the ports; in the data folder.
const ADDRESSES: &str = "addresses.json";

/// A test network's parties and where they are.
pub(super) struct Place {
    pub(super) cast: Cast,
    pub(super) addresses: Addresses,
    /// Where tills print to, by terminal.
    pub(super) tills: BTreeMap<Name, SocketAddr>,
    pub(super) settings: Settings,
}

/// Ports that are already open.
#[derive(Default)]
pub(super) struct Sockets {
    parties: BTreeMap<Party, TcpListener>,
    tills: BTreeMap<Name, TcpListener>,
}

impl Place {
    pub(super) fn open(args: &Args) -> Result<Self, Failure> {
        let settings = Settings::open(args)?;
        if let Some(folder) = settings.data() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let name = folder.display();
                Failure::new(Exit::Environment, format!("make folder {name}: {error}"))
            })?;
        }
        let named = settings.config.listeners();
        let ports = settings.config.ports;
        let found = settings
            .data()
            .and_then(|folder| Told::read(&folder.join(ADDRESSES)));
        let told = found.filter(|_| ports.parties == 0).unwrap_or_default();
        let chosen = numbered(&named, ports.parties);
        // The shell counts for its terminal, so no till may print there.
        let has_till = |party: &&Party| {
            party.kind == PartyKind::Terminal && Some(party.name) != settings.config.shell
        };
        let terminals = named.iter().filter(has_till);
        let terminals: Vec<Name> = terminals.map(|party| party.name).collect();
        let addresses = if told.parties.is_empty() {
            chosen
        } else {
            told.parties
        };
        let tills = if told.tills.is_empty() {
            numbered(&terminals, ports.tills)
        } else {
            told.tills
        };
        Ok(Self {
            cast: published(&settings, &addresses)?,
            addresses,
            tills,
            settings,
        })
    }

    /// Opens every port; those that the system chose are told to whoever asks later.
    pub(super) fn bind(&mut self) -> Result<Sockets, Failure> {
        let mut sockets = Sockets::default();
        let ports = self.settings.config.ports;
        for (party, address) in &mut self.addresses {
            let port = if ports.parties == 0 {
                0
            } else {
                address.port()
            };
            let (socket, bound) = listen(port)?;
            *address = bound;
            sockets.parties.insert(*party, socket);
        }
        for (terminal, address) in &mut self.tills {
            let port = if ports.tills == 0 { 0 } else { address.port() };
            let (socket, bound) = listen(port)?;
            *address = bound;
            sockets.tills.insert(*terminal, socket);
        }
        if ports.parties == 0 {
            self.cast = published(&self.settings, &self.addresses)?;
            if let Some(folder) = self.settings.data() {
                let told = Told {
                    parties: self.addresses.clone(),
                    tills: self.tills.clone(),
                };
                told.write(&folder.join(ADDRESSES))?;
            }
        }
        Ok(sockets)
    }

    /// Starts a party here, a terminal with its RAW port and its chip.
    pub(super) async fn start(
        &self,
        network: &mut Network,
        sockets: &mut Sockets,
        actor: Actor,
        by_link: bool,
    ) -> Result<(), PlayError> {
        let me = actor.me();
        let own = self.own_chip(me);
        let start = Start {
            cast: &self.cast,
            addresses: &self.addresses,
            chance: &self.settings.chance,
            keep: &self.settings.keep,
        };
        let listener = sockets.parties.remove(&me);
        let raw = match me.kind {
            PartyKind::Terminal => sockets.tills.remove(&me.name),
            _ => None,
        };
        let ports = (listener, raw);
        let (store, actor) = match (actor, own) {
            (Actor::Chip(_), Some(folder)) => plugged(&start, me.name, &folder)?,
            (Actor::Terminal(mut terminal), Some(folder)) => {
                // One that cannot be read leaves the terminal with a chip that it cannot reach.
                if let Ok(pairing) = chip::pairing(&folder) {
                    terminal.pairing = pairing;
                }
                let actor = Actor::Terminal(terminal);
                (start.store(&actor)?, actor)
            }
            (actor, _) => (start.store(&actor)?, actor),
        };
        network.start_on(store, &start, actor, ports, by_link).await
    }

    /// The folder of a terminal's own chip, for either of the two. The shell's terminal leaves its
    /// chip to the shell.
    fn own_chip(&self, me: Party) -> Option<PathBuf> {
        let shell = Some(me.name) == self.settings.config.shell;
        let paired = matches!(me.kind, PartyKind::Chip | PartyKind::Terminal);
        self.settings.chip(me.name).filter(|_| paired && !shell)
    }

    /// Everybody.
    pub(super) fn actors(&self) -> Vec<Actor> {
        play::actors(&self.cast, &self.settings.config.parties)
    }

    /// The key that opens its servers to an operator.
    pub(super) fn operator_key(&self) -> [u8; 32] {
        play::operator_key(&self.settings.chance)
    }

    /// The actors that this party consists of: a terminal's chip is inside it.
    pub(super) fn actors_of(&self, party: Party) -> Vec<Actor> {
        let mine = |actor: &Actor| is_of(actor.me(), party);
        self.actors().into_iter().filter(mine).collect()
    }

    /// Keeps only this party's ports to open: others run elsewhere.
    pub(super) fn bind_only(&self, party: Party) -> Result<Sockets, Failure> {
        let mut sockets = Sockets::default();
        for (other, address) in &self.addresses {
            if is_of(*other, party) {
                sockets.parties.insert(*other, listen(address.port())?.0);
            }
        }
        for (terminal, address) in &self.tills {
            if party == Party::new(PartyKind::Terminal, *terminal) {
                sockets.tills.insert(*terminal, listen(address.port())?.0);
            }
        }
        Ok(sockets)
    }
}

/// A terminal's own chip and its store. One that cannot be read is as good as blank: papers come
/// out without a code, and why is said.
fn plugged(
    start: &Start<'_>,
    name: Name,
    folder: &Path,
) -> Result<(Box<dyn Backend>, Actor), PlayError> {
    let party = Party::new(PartyKind::Chip, name);
    let opened = chip::lasting(folder).and_then(|lasting| {
        let chip = lasting.chip(name);
        let chip = chip.map_err(|error| Failure::new(Exit::Malformed, scan::full(&error)))?;
        Ok((chip, lasting))
    });
    let (chip, lasting) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            output::complain(&failure);
            output::say(&format!("note: {name} prints without codes"));
            let blank = Actor::from(Chip {
                name,
                keys: None,
                pin: None,
                puk: None,
            });
            return Ok((start.store(&blank)?, blank));
        }
    };
    let chip = Actor::from(chip);
    let flashed = Flashed::new(lasting, start.store(&chip)?).map_err(|error| PlayError::Store {
        party,
        error: StoreError::Failed {
            doing: "read the chip's memory",
            detail: error.to_string(),
        },
    })?;
    Ok((Box::new(flashed), chip))
}

/// Whether `me` is `party`, or the chip inside of it.
fn is_of(me: Party, party: Party) -> bool {
    let chip = party.kind == PartyKind::Terminal && me.kind == PartyKind::Chip;
    me == party || chip && me.name == party.name
}

/// A loopback port for each, one after the other; 0 for each when the system is to choose.
fn numbered<T: Copy + Ord>(all: &[T], first: u16) -> BTreeMap<T, SocketAddr> {
    let port = |nth| {
        if first == 0 {
            0
        } else {
            first.saturating_add(nth)
        }
    };
    let address = |nth| SocketAddr::from((Ipv4Addr::LOCALHOST, port(nth)));
    all.iter().copied().zip((0..).map(address)).collect()
}

fn listen(port: u16) -> Result<(TcpListener, SocketAddr), Failure> {
    play::listen(port).map_err(|error| {
        let taken = matches!(&error, NodeError::Bind { error, .. }
            if error.kind() == std::io::ErrorKind::AddrInUse);
        let failure = failure(&PlayError::Node(error));
        if taken {
            return failure
                .hint("is a network up already? --base-port and --till-port move this one");
        }
        failure
    })
}

/// Where the gateway answers.
fn endpoint(addresses: &Addresses) -> String {
    let gateway = addresses
        .iter()
        .find(|(party, _)| party.kind == PartyKind::Gateway);
    gateway.map_or_else(String::new, |(_, address)| format!("http://{address}"))
}

fn cast(settings: &Settings, addresses: &Addresses, issue: &Issue) -> Result<Cast, Failure> {
    let endpoint = endpoint(addresses);
    let parties = &settings.config.parties;
    let cast = play::issued(parties, &settings.chance, settings.since, endpoint, issue);
    cast.map_err(|error| Failure::new(Exit::Malformed, scan::full(&error)))
}

/// The cast by the trust bundle that stands beside the configuration; when that no longer says what
/// the configuration says, the next version is published. What flags and the environment move is
/// nobody else's business, and is not published.
fn published(settings: &Settings, addresses: &Addresses) -> Result<Cast, Failure> {
    let mut issue = Issue {
        version: 1,
        revoked: settings.config.revoked.clone(),
    };
    if let Some(issuer) = settings.issuer() {
        let scheme = scheme::open(settings, &issuer, endpoint(addresses))?;
        let (parties, chance) = (&settings.config.parties, &settings.chance);
        let cast = play::certified(parties, chance, settings.since, &scheme);
        return cast.map_err(|error| Failure::new(Exit::Malformed, scan::full(&error)));
    }
    let Some(path) = settings.folder().map(|folder| folder.join(TRUST)) else {
        return cast(settings, addresses, &issue);
    };
    let first = cast(settings, addresses, &issue)?;
    let Some(held) = held(&path)? else {
        publish(&path, &first.signed)?;
        return Ok(first);
    };
    let opened = held.open(&first.root, first.trust.accept, None, clock::now());
    let opened = opened.map_err(|error| {
        let what = format!("open {}: {}", path.display(), scan::full(&error));
        Failure::new(Exit::No, what).hint("is it of another network? remove it to publish anew")
    })?;
    issue.version = opened.version;
    let same = cast(settings, addresses, &issue)?;
    if same.signed == held || settings.origins[2] != Origin::File {
        return Ok(same);
    }
    issue.version = issue.version.saturating_add(1);
    let next = cast(settings, addresses, &issue)?;
    publish(&path, &next.signed)?;
    Ok(next)
}

/// The bundle that was published last.
pub(super) fn held(path: &Path) -> Result<Option<SignedBundle>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = super::input::read(path)?;
    let bundle = serde_json::from_slice(&bytes);
    bundle
        .map(Some)
        .map_err(|error| Failure::new(Exit::Malformed, format!("read {}: {error}", path.display())))
}

pub(super) fn publish(path: &Path, bundle: &SignedBundle) -> Result<(), Failure> {
    let text = serde_json::to_vec(bundle).expect("a bundle has only string keys");
    replace(path, &text)
}

/// Writes a file whole: whoever reads it meanwhile has the old one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let new: PathBuf = path.with_extension(format!("{}.new", std::process::id()));
    let written = std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, path));
    written.map_err(|error| {
        Failure::new(
            Exit::Environment,
            format!("write {}: {error}", path.display()),
        )
    })
}

/// Where everybody is, as one process tells others.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Told {
    parties: Addresses,
    tills: BTreeMap<Name, SocketAddr>,
}

impl Told {
    /// What was told; nothing when nobody told anything that can be read.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec(self).expect("parties are written as strings");
        replace(path, &text)
    }
}
