//! `quittance chip`: a virtual chip's life, from blank to terminated.

use super::exit::{Exit, Failure};
use super::issuer::Folder;
use super::network::Place;
use super::scan::full;
use super::settings::Args as Network;
use super::{Ended, clock, input, output, private, registry, scheme, token};
use crate::cast;
use crate::code::bundle::TerminalEpoch;
use crate::code::sealed::{Flags, MasterKey, PairingKey, Seed, TerminalKey};
use crate::hex;
use crate::id::{MerchantId, Name, TerminalId};
use crate::roles::chip::apdu::{Answer, Command, Status};
use crate::roles::chip::{
    ChipStatus, Device, DeviceError, Heard, IMAGE_LEN, Image, Instruction, KeyImage, Lasting, Life,
    Module, Pairing, Pin, Storage, StorageKey,
};
use crate::sign::{PublicKey, SigningKey, Suite};
use crate::text::Text;
use crate::time::Span;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Make and keep a virtual chip: the secure element that holds a terminal's keys.
///
/// Its folder has `chip.bin`, its memory, encrypted under `fuses.key` or under a key that a
/// hardware token wraps (`token.json`); `module.json`, with which the shop's PC opens sessions and
/// which can neither seal nor sign. A real chip has its memory and
/// its fuses in one piece of silicon: whoever copies both files here has cloned it.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The chip's folder.
    #[arg(long, default_value = "chip", global = true)]
    dir: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a blank chip; prints its PIN and PUK, once.
    Init(token::Args),
    /// Put in a terminal's keys: draws the signing key and has the issuer certify it.
    Personalise(Personalise),
    /// Say where it is in its life, whose it is, and whether it works.
    Status,
    /// Lock it: it seals nothing until it is unlocked.
    Lock,
    /// Unlock it; with --puk, restore the PIN's tries first.
    Unlock {
        /// The PUK, read from a file; `-` reads stdin.
        #[arg(long)]
        puk: Option<PathBuf>,
    },
    /// Put in keys of the next epoch, certified by the issuer.
    Rotate(Certified),
    /// End its life: its keys are destroyed.
    Terminate,
}

#[derive(clap::Args)]
struct Personalise {
    /// The merchant's id, 8 hexadecimal digits; the issuer must have certified its name.
    #[arg(long, required_unless_present = "terminal")]
    merchant: Option<MerchantId>,
    /// The till's number.
    #[arg(long, default_value_t = 1)]
    till: u16,
    /// The gateway's route number, 6 hexadecimal digits.
    #[arg(long, default_value = "000001")]
    route: String,
    /// Codes carry the certificate: 110 bytes more, and no bundle need list the terminal.
    #[arg(long)]
    inline_certificate: bool,
    #[command(flatten)]
    certified: Certified,
}

#[derive(clap::Args)]
struct Certified {
    /// The issuer's folder.
    #[arg(long, default_value = "issuer")]
    issuer: PathBuf,
    /// A file with the merchant's master key, 64 hexadecimal digits; drawn when it is not there.
    #[arg(long, required_unless_present = "terminal")]
    master_key: Option<PathBuf>,
    /// A terminal of the test network, whose configuration says all the rest; it signs with the
    /// chip when that is in its folder: `--dir chips/my-shop`.
    #[arg(long, conflicts_with_all = ["issuer", "master_key"])]
    terminal: Option<Name>,
    #[command(flatten)]
    network: Network,
    /// How many days the certificate holds.
    #[arg(long, default_value_t = 365)]
    days: u32,
}

const MEMORY: &str = "chip.bin";
const FUSES: &str = "fuses.key";
const MODULE: &str = "module.json";
/// Where a PIN comes from, so that it is on no command line.
const PIN_VARIABLE: &str = "QUITTANCE_CHIP_PIN";

pub(super) fn run(args: &Args) -> Ended {
    let dir = &args.dir;
    match &args.what {
        What::Init(args) => init(dir, args),
        What::Personalise(args) => personalise(dir, args),
        What::Status => status(dir),
        What::Lock => keep(dir, Instruction::Deactivate),
        What::Unlock { puk } => unlock(dir, puk.as_deref()),
        What::Rotate(args) => rotate(dir, args),
        What::Terminate => terminate(dir),
    }
}

fn init(dir: &Path, hardware: &token::Args) -> Ended {
    if dir.join(MEMORY).exists() {
        let there = format!("make a chip: {} is there", dir.join(MEMORY).display());
        return Err(Failure::new(Exit::No, there));
    }
    private::folder(dir)?;
    let key = match token::Place::make(dir, hardware)? {
        Some(key) => key,
        None => fuses(dir)?,
    };
    private::replace(&dir.join(MEMORY), &[0; IMAGE_LEN])?;
    let (pin, puk) = (digits(6)?, digits(8)?);
    let of = |text: &str| Pin::new(text.as_bytes()).expect("6 and 8 digits are lengths of PINs");
    let image = Image::blank(&of(&pin), &of(&puk));
    let made = Device::make(Flash::open(dir)?, key, image);
    made.map_err(|error| broken(&error))?;
    output::data(format!("pin {pin}\npuk {puk}\n").as_bytes())?;
    output::say("note: written down nowhere else");
    Ok(Exit::Done)
}

/// Draws the key of a chip's memory.
fn fuses(dir: &Path) -> Result<StorageKey, Failure> {
    let fuses = Seed::from_bytes(private::random()?);
    private::replace(&dir.join(FUSES), hex::encode(fuses.expose()).as_bytes())?;
    Ok(StorageKey::new(fuses))
}

fn digits(count: usize) -> Result<String, Failure> {
    let drawn = private::random()?;
    // 256 is no multiple of 10: bytes from 250 on would favour some digits.
    let even = drawn.iter().filter(|byte| **byte < 250).take(count);
    let text: String = even.map(|byte| char::from(b'0' + byte % 10)).collect();
    if text.len() < count {
        digits(count)
    } else {
        Ok(text)
    }
}

fn personalise(dir: &Path, args: &Personalise) -> Ended {
    let device = open(dir)?;
    if device.image().life() != Life::Blank {
        let life = device.image().life();
        return Err(Failure::new(
            Exit::No,
            format!("personalise the chip: it is {life}"),
        ));
    }
    let route = hex::decode_array::<3>(&args.route);
    let route = route.map_err(|error| Failure::new(Exit::Usage, full(&error)))?;
    let inline = if args.inline_certificate {
        Flags::CERTIFICATE
    } else {
        Flags::NONE
    };
    let flags = Flags::TEST_NETWORK.with(inline).bits();
    if let Some(name) = args.certified.terminal {
        let (source, at, route) = Source::of_terminal(&args.certified, name)?;
        return put_keys(dir, device, &source, at, (route, flags));
    }
    let merchant = args.merchant.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "personalise the chip: name --merchant or --terminal",
        )
    })?;
    let at = TerminalEpoch::new(TerminalId::of(merchant, args.till), 1);
    let source = Source::of_files(&args.certified)?;
    put_keys(dir, device, &source, at, (route, flags))
}

fn rotate(dir: &Path, args: &Certified) -> Ended {
    let device = open(dir)?;
    let held = device.image().keys();
    let held = held.ok_or_else(|| Failure::new(Exit::No, "rotate the keys: the chip is blank"))?;
    let epoch = held.epoch.checked_add(1);
    let epoch = epoch.ok_or_else(|| Failure::new(Exit::No, "rotate the keys: no epoch is left"))?;
    let at = TerminalEpoch::new(held.terminal, epoch);
    let rest = (held.route, held.flags);
    let source = match args.terminal {
        Some(name) => Source::of_terminal(args, name)?.0,
        None => Source::of_files(args)?,
    };
    put_keys(dir, device, &source, at, rest)
}

/// Where a chip's keys come from and who certifies them.
struct Source<'a> {
    issuer: PathBuf,
    master: MasterKey,
    days: u32,
    /// The network whose bundle is to say so.
    network: Option<&'a Network>,
}

impl<'a> Source<'a> {
    fn of_files(args: &Certified) -> Result<Self, Failure> {
        let master = args.master_key.as_deref();
        let master = master.expect("the command line has one where it names no terminal");
        Ok(Self {
            issuer: args.issuer.clone(),
            master: master_key(master)?,
            days: args.days,
            network: None,
        })
    }

    /// With the terminal's next epoch and its gateway's route.
    fn of_terminal(
        args: &'a Certified,
        name: Name,
    ) -> Result<(Self, TerminalEpoch, [u8; 3]), Failure> {
        let place = Place::open(&args.network)?;
        let till = place.cast.tills.iter().find(|till| till.name == name);
        let missing = || Failure::new(Exit::Nothing, format!("find terminal `{name}`"));
        let till = till.ok_or_else(missing)?;
        let folder = scheme::kept(&place.settings)?;
        let terminal = till.key.terminal();
        let newest = cast::newest(folder.issuer.register(), terminal);
        let last = newest.map_or(0, |(at, _)| at.epoch);
        let epoch = last.checked_add(1);
        let epoch = epoch.ok_or_else(|| Failure::new(Exit::No, "find an epoch: none is left"))?;
        let master = cast::master_key(&place.settings.chance, till.merchant);
        let source = Self {
            issuer: place.settings.issuer().unwrap_or_default(),
            master: master.map_err(|error| Failure::new(Exit::Malformed, full(&error)))?,
            days: args.days,
            network: Some(&args.network),
        };
        Ok((source, TerminalEpoch::new(terminal, epoch), till.route))
    }
}

fn put_keys(
    dir: &Path,
    device: Device<Flash>,
    source: &Source<'_>,
    at: TerminalEpoch,
    (route, flags): ([u8; 3], u8),
) -> Ended {
    let terminal_key = TerminalKey::derive(&source.master, at.terminal, at.epoch);
    let (signing, public) = signing_key(dir, at.epoch)?;
    let mut folder = Folder::open(&source.issuer)?;
    let (days, now) = (Span::hours(24 * u64::from(source.days)), clock::now());
    let certificate = folder.certify(at, public, days, now)?;
    drop(folder);
    let keys = KeyImage {
        terminal: at.terminal,
        epoch: at.epoch,
        terminal_key: Seed::from_bytes(*terminal_key.expose()),
        signing,
        suite: Suite::Es256.number(),
        certificate,
        route,
        flags,
    };
    device.put_keys(keys, now).map_err(|error| broken(&error))?;
    let module = ModuleFile {
        pairing_key: Seed::from_bytes(*terminal_key.pairing_key().expose()),
    };
    let module = serde_json::to_vec(&module).expect("a module's file has only string keys");
    private::replace(&dir.join(MODULE), &module)?;
    if let Some(network) = source.network {
        registry::published(&registry::file(network)?, network, "the issuer's log")?;
    }
    output::data(format!("terminal {at}\nkey {public}\n").as_bytes())?;
    Ok(Exit::Done)
}

/// A new signing key: its seed, or nothing when the token has it, and its public half.
fn signing_key(dir: &Path, epoch: u8) -> Result<(Option<Seed>, PublicKey), Failure> {
    if let Some(place) = token::Place::read(dir)? {
        let public = place.open()?.make_signing_key(epoch);
        return Ok((None, public.map_err(|error| token::refused(&error))?));
    }
    let seed = Seed::from_bytes(private::random()?);
    let key = SigningKey::from_seed(Suite::Es256, seed.expose());
    let key = key.map_err(|error| Failure::new(Exit::Environment, full(&error)))?;
    Ok((Some(seed), key.public()))
}

fn master_key(path: &Path) -> Result<MasterKey, Failure> {
    if !path.exists() {
        let drawn = private::random()?;
        private::replace(path, hex::encode(&drawn).as_bytes())?;
        return Ok(MasterKey::from_bytes(drawn));
    }
    let bytes = input::read(path)?;
    let key = String::from_utf8_lossy(&bytes).trim().parse();
    key.map_err(|error| Failure::new(Exit::Malformed, full(&error)))
}

fn status(dir: &Path) -> Ended {
    let mut desk = Desk::open(dir)?;
    let status = desk.in_clear(Instruction::GetStatus)?;
    let status = ChipStatus::parse(&status.data);
    let status = status.ok_or_else(|| Failure::new(Exit::Environment, "read the chip's status"))?;
    let mut lines = vec![
        format!("life      {}", status.life),
        format!(
            "tries     PIN {}, PUK {}",
            status.pin_tries, status.puk_tries
        ),
        format!("keys      {}", whereabouts(dir, desk.device.is_locked())?),
    ];
    if let Some(keys) = desk.device.image().keys() {
        let certificate = &keys.certificate;
        lines.extend([
            format!("terminal  {}, key epoch {}", keys.terminal, keys.epoch),
            format!("shop      {}", certificate.name()),
            format!("key       {}", certificate.key()),
            format!("until     {}", certificate.not_after()),
        ]);
    }
    let keyed = matches!(
        status.life,
        Life::Personalised | Life::Active | Life::Locked
    );
    let mut works = true;
    if keyed {
        works = desk.in_clear(Instruction::SelfTest)?.status == Status::Done;
        lines.push(format!(
            "self-test {}",
            if works { "passed" } else { "FAILED" }
        ));
    }
    output::data((lines.join("\n") + "\n").as_bytes())?;
    Ok(if works { Exit::Done } else { Exit::No })
}

/// Where its keys are, and where they are used.
fn whereabouts(dir: &Path, locked: bool) -> Result<String, Failure> {
    let memory = if locked { "locked memory" } else { "memory" };
    Ok(match token::Place::read(dir)? {
        None => "in this virtual chip's encrypted memory; sealed and signed inside it".to_owned(),
        Some(place) => format!(
            "signs in token {}; seals in this program's {memory}, under a terminal key that the \
             token wraps",
            Text::clean(&place.token)
        ),
    })
}

/// Ends its life, and destroys the signing keys that a token holds.
fn terminate(dir: &Path) -> Ended {
    let last = open(dir)?.image().keys().map_or(0, |keys| keys.epoch);
    let ended = keep(dir, Instruction::Terminate)?;
    if let Some(place) = token::Place::read(dir)? {
        let token = place.open()?;
        let mut epochs = 1..=last;
        let destroyed = epochs.try_for_each(|epoch| token.destroy_signing_key(epoch));
        destroyed.map_err(|error| token::refused(&error))?;
    }
    Ok(ended)
}

/// Something that only its keeper may do: in a session, after the PIN.
fn keep(dir: &Path, instruction: Instruction) -> Ended {
    let mut desk = Desk::open(dir)?;
    desk.pair(dir)?;
    desk.give_pin()?;
    expect_done(desk.ask(instruction, &[])?, instruction)?;
    let life = desk.device.image().life();
    output::data(format!("{life}\n").as_bytes())?;
    Ok(Exit::Done)
}

fn unlock(dir: &Path, puk: Option<&Path>) -> Ended {
    let mut desk = Desk::open(dir)?;
    desk.pair(dir)?;
    if let Some(path) = puk {
        let puk = input::read(path)?;
        let restored = desk.ask(Instruction::ResetRetryCounter, puk.trim_ascii())?;
        expect_done(restored, Instruction::ResetRetryCounter)?;
    }
    if desk.device.image().life() == Life::Locked {
        desk.give_pin()?;
        expect_done(desk.ask(Instruction::Activate, &[])?, Instruction::Activate)?;
    }
    let life = desk.device.image().life();
    output::data(format!("{life}\n").as_bytes())?;
    Ok(Exit::Done)
}

fn expect_done(answer: Answer, instruction: Instruction) -> Result<Answer, Failure> {
    let says = match answer.status {
        Status::Done => return Ok(answer),
        Status::WrongPin(left) => format!("wrong PIN or PUK, {left} tries left"),
        Status::Blocked => "no tries are left".to_owned(),
        Status::Conditions => "not in this state of its life".to_owned(),
        status => format!("it answered {status}"),
    };
    Err(Failure::new(Exit::No, format!("{instruction}: {says}")))
}

/// What the shop's PC keeps: opens sessions, and can neither seal nor sign.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleFile {
    pairing_key: Seed,
}

/// What opens sessions with the chip in this folder.
pub(super) fn pairing(dir: &Path) -> Result<Pairing, Failure> {
    if !dir.join(MODULE).exists() {
        let blank = "open a session: the chip has no keys, or no module.json";
        return Err(Failure::new(Exit::No, blank));
    }
    let file = input::read(&dir.join(MODULE))?;
    let file: ModuleFile = serde_json::from_slice(&file)
        .map_err(|error| Failure::new(Exit::Malformed, format!("read {MODULE}: {error}")))?;
    Ok(Pairing {
        key: PairingKey::from_bytes(*file.pairing_key.expose()),
        suite: Suite::Es256,
    })
}

/// A chip on the desk and the module's end of a session with it.
pub(super) struct Desk {
    pub(super) device: Device<Flash>,
    module: Module,
    pairing: Option<Pairing>,
}

impl Desk {
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
        let chip = "chip:virtual".parse().expect("it is a party");
        Ok(Self {
            device: open(dir)?,
            module: Module::shut(chip),
            pairing: None,
        })
    }

    /// A command as it is.
    pub(super) fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, Failure> {
        let answer = self.device.transmit(clock::now(), command);
        answer.map_err(|error| broken(&error))
    }

    pub(super) fn in_clear(&mut self, instruction: Instruction) -> Result<Answer, Failure> {
        let command = Command::new(instruction.header(), vec![]).to_bytes();
        let answer = self.transmit(&command)?;
        Answer::parse(&answer).ok_or_else(no_answer)
    }

    /// Opens the session with the module's own key.
    pub(super) fn pair(&mut self, dir: &Path) -> Result<(), Failure> {
        let pairing = pairing(dir)?;
        let drawn = private::random()?;
        let nonce = std::array::from_fn(|at| drawn[at]);
        let mut say = self.module.greet(nonce);
        loop {
            let answer = self.transmit(&say)?;
            let heard = self.module.hear(&pairing, &answer);
            match heard.map_err(|error| Failure::new(Exit::No, full(&error)))? {
                Heard::Say(next) => say = next,
                Heard::Opened => break,
                Heard::Answered(_) | Heard::Lost => return Err(no_answer()),
            }
        }
        self.pairing = Some(pairing);
        Ok(())
    }

    /// A command of the open session.
    pub(super) fn ask(&mut self, what: Instruction, data: &[u8]) -> Result<Answer, Failure> {
        let shut = || Failure::new(Exit::No, format!("{what}: no session is open"));
        let command = self.module.say(what, data).ok_or_else(shut)?;
        let answer = self.transmit(&command)?;
        let pairing = self.pairing.as_ref().ok_or_else(shut)?;
        match self.module.hear(pairing, &answer) {
            Ok(Heard::Answered(answer)) => Ok(answer),
            Ok(_) => Err(no_answer()),
            Err(error) => Err(Failure::new(Exit::No, full(&error))),
        }
    }

    fn give_pin(&mut self) -> Result<(), Failure> {
        let Some(pin) = std::env::var_os(PIN_VARIABLE) else {
            let missing = Failure::new(Exit::Usage, "give the PIN");
            return Err(missing.hint(format!("it is read from {PIN_VARIABLE}")));
        };
        let pin = pin.to_string_lossy().into_owned();
        let answer = self.ask(Instruction::Verify, pin.as_bytes())?;
        expect_done(answer, Instruction::Verify).map(drop)
    }
}

fn no_answer() -> Failure {
    Failure::new(Exit::Environment, "read the chip's answer")
}

fn broken(error: &DeviceError) -> Failure {
    let exit = match error {
        DeviceError::Image(crate::roles::chip::ImageError::Life { .. }) => Exit::No,
        DeviceError::Image(_) => Exit::Malformed,
        _ => Exit::Environment,
    };
    Failure::new(exit, full(error))
}

fn open(dir: &Path) -> Result<Device<Flash>, Failure> {
    let (flash, key) = flash(dir)?;
    let device = Device::power_up(flash, key, clock::now());
    device.map_err(|error| broken(&error))
}

/// The memory of a terminal's own chip, for as long as the terminal runs.
pub(super) fn lasting(dir: &Path) -> Result<Lasting<Flash>, Failure> {
    let (flash, key) = flash(dir)?;
    Lasting::open(flash, key).map_err(|error| broken(&error))
}

fn flash(dir: &Path) -> Result<(Flash, StorageKey), Failure> {
    if !dir.join(MEMORY).exists() {
        let missing = Failure::new(Exit::Nothing, format!("find a chip in {}", dir.display()));
        return Err(missing.hint("`quittance chip init` makes one"));
    }
    let key = match token::Place::read(dir)? {
        Some(place) => place.storage_key()?,
        None => {
            let fuses = input::read(&dir.join(FUSES))?;
            let fuses = String::from_utf8_lossy(&fuses).trim().parse::<Seed>();
            StorageKey::new(fuses.map_err(|error| Failure::new(Exit::Malformed, full(&error)))?)
        }
    };
    Ok((Flash::open(dir)?, key))
}

/// A chip's memory in a file, for one process at a time.
pub(super) struct Flash {
    file: File,
    _lock: File,
}

impl Flash {
    fn open(dir: &Path) -> Result<Self, Failure> {
        let lock = private::lock(dir)?;
        let path = dir.join(MEMORY);
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(|error| {
            Failure::new(
                Exit::Environment,
                format!("open {}: {error}", path.display()),
            )
        })?;
        Ok(Self { file, _lock: lock })
    }
}

impl Storage for Flash {
    fn read(&mut self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(IMAGE_LEN).unwrap_or(u64::MAX) + 1;
        let seek = self.file.seek(SeekFrom::Start(0));
        let read = seek.and_then(|_| (&self.file).take(limit).read_to_end(&mut bytes));
        read.map(|_len| bytes).map_err(|error| error.to_string())
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), String> {
        let start = SeekFrom::Start(u64::try_from(offset).unwrap_or(u64::MAX));
        let written = self
            .file
            .seek(start)
            .and_then(|_| self.file.write_all(bytes));
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|error| error.to_string())
    }
}
