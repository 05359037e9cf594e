//! A wallet that refuses a code sends nothing: no message in the simulation, no connection in the
//! network. One test for each reason, and one that the means of counting count.

use quittance::attack::Kit;
use quittance::cast::{BankPart, CODE_MINUTES, Cast, Crypto, CustomerPart, MerchantPart, Parts};
use quittance::chance::Chance;
use quittance::code::bundle::{Bundle, TerminalEpoch};
use quittance::code::sealed::{Accept, Blob, Certificate, CertificateDraft};
use quittance::id::{Name, Party, PartyKind};
use quittance::journal::{ChainKind, Entry};
use quittance::money::{Currency, Money};
use quittance::net::{Limits, Node, Setup};
use quittance::play::{Addresses, Enrolment};
use quittance::roles::trust::Trust;
use quittance::roles::wallet::{Expectation, Habits, Input, ScanRefusal, Wallet};
use quittance::roles::{Actor, Role as _};
use quittance::sign::{SigningKey, Suite};
use quittance::sim::{Choice, Links, Next, Observer, Sent, Store, World};
use quittance::store::Memory;
use quittance::text::Text;
use quittance::time::{Span, Time};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const NOW: Time = Time::from_seconds(1_780_000_000);
/// How long a socket is listened to that nobody should open.
const SILENCE: Duration = Duration::from_millis(60);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A phone, who made codes for it, and a counter of who calls gateway or bank.
struct Scene {
    chance: Chance,
    cast: Cast,
    kit: Kit,
    wallet: Wallet,
    calls: Arc<AtomicUsize>,
    address: std::net::SocketAddr,
}

impl Scene {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for _socket in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let chance = Chance::of_seed(3);
        let cast = cast(&chance, format!("http://{address}"));
        let kit = Kit::new(&cast, NOW).unwrap();
        let mut wallet = cast.wallets[0].clone();
        wallet.trust = kit.trust(&cast).unwrap();
        Self {
            chance,
            cast,
            kit,
            wallet,
            calls,
            address,
        }
    }

    /// The phone after the issuer's next bundle.
    fn knows(&mut self, change: impl FnOnce(&mut Bundle, &Kit)) {
        let mut bundle = self.kit.bundle.clone();
        change(&mut bundle, &self.kit);
        bundle.version += 1;
        let accept = self.wallet.trust.accept;
        let held = Some(&self.wallet.trust.bundle);
        let root = self.kit.root.public();
        let bundle = bundle.sign(&self.kit.root).open(&root, accept, held, NOW);
        let bundle = bundle.unwrap();
        self.wallet.trust = Arc::new(Trust { accept, bundle });
    }

    fn read(&self, at: Time, text: &str) -> Input {
        self.wallet.read_scan(at, text, Expectation::default())
    }

    /// How many messages leave in the simulation within two days of a scan.
    fn messages(&self, input: Input) -> usize {
        let mut world = World::new(1, NOW, Links::default(), Count(0));
        let me = self.wallet.me();
        let store = Store::Memory(Box::new(Memory::new(ChainKind::Sha256)));
        world.join(Actor::from(self.wallet.clone()), store);
        let store = Store::Memory(Box::new(Memory::new(ChainKind::Sha256)));
        world.join(Actor::from(self.cast.gateway.clone()), store);
        world.begin();
        world.local(&me, "scan", input);
        let end = NOW.after(Span::hours(48));
        while !matches!(world.advance(end), Next::Until | Next::Empty) {}
        world.observer.0
    }

    /// How many connections a scan opens.
    async fn connections(&self, input: Input) -> usize {
        let bank = Party::new(PartyKind::Bank, self.wallet.bank);
        let gateway = self.cast.gateway.me();
        let addresses = Addresses::from([(bank, self.address), (gateway, self.address)]);
        let enrolment = Enrolment::new(&self.cast, &addresses, &self.chance);
        let (effects, _released) = tokio::sync::mpsc::channel(16);
        let setup = Setup {
            directory: enrolment.directory(self.wallet.me(), true).unwrap(),
            role: self.wallet.clone(),
            store: Box::new(Memory::new(ChainKind::Sha256)),
            chance: Chance::of_seed(1),
            listener: None,
            authorities: Vec::new(),
            effects,
            limits: Limits::default(),
        };
        let node = Node::start(setup).await.unwrap();
        node.inbox().ask("scan", input).await.unwrap();
        tokio::time::sleep(SILENCE).await;
        drop(node);
        self.calls.load(Ordering::SeqCst)
    }

    /// The phone refuses this text for that reason, and nobody hears of it.
    async fn silent(&self, at: Time, text: &str, why: &str) {
        let input = self.read(at, text);
        let Input::ScanRefused(refusal) = &input else {
            panic!("it was taken: {text}");
        };
        assert!(told(refusal).contains(why), "{}", told(refusal));
        assert_eq!(self.messages(input.clone()), 0);
        assert_eq!(self.connections(input).await, 0);
    }
}

/// A refusal with its causes.
fn told(refusal: &ScanRefusal) -> String {
    let mut text = refusal.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(refusal);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

struct Count(usize);

impl Observer for Count {
    fn entry(&mut self, _: Party, _: &Entry) {}

    fn sent(&mut self, _: &Sent<'_>) {
        self.0 += 1;
    }

    fn fault(&mut self, _: &Choice) {}
}

fn cast(chance: &Chance, endpoint: String) -> Cast {
    let shop = |shop: &str| MerchantPart {
        name: name(shop),
        title: Text::clean(shop),
        bank: name("river"),
        tills: 1,
        code_minutes: CODE_MINUTES,
    };
    let parts = Parts {
        crypto: Crypto::Real,
        starts: NOW,
        gateway: name("main"),
        gateway_timing: quittance::roles::gateway::Timing::default(),
        endpoint,
        banks: vec![BankPart {
            name: name("river"),
            timing: quittance::roles::bank::Timing::default(),
        }],
        merchants: vec![shop("bean"), shop("other")],
        customers: vec![CustomerPart {
            name: name("ann"),
            bank: name("river"),
            balance: Money::new(10_000, Currency::EUR),
            limit: None,
            habits: Habits::default(),
        }],
    };
    Cast::new(&parts, chance).unwrap()
}

#[tokio::test]
async fn a_genuine_code_is_heard_of_in_both_worlds() {
    let scene = Scene::new();
    let input = scene.read(NOW, &scene.kit.link(&scene.kit.genuine(1)));
    assert!(scene.messages(input.clone()) > 0);
    assert!(scene.connections(input).await > 0);
}

/// Tests of texts: the phone refuses each for the reason that the string says.
macro_rules! silent {
    ($($name:ident: $why:literal, $text:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let scene = Scene::new();
            let text: fn(&Kit) -> String = $text;
            let text = text(&scene.kit);
            scene.silent(NOW, &text, $why).await;
        }
    )*};
}

/// A genuine link with its text changed.
fn link(kit: &Kit, change: impl FnOnce(String) -> String) -> String {
    change(kit.link(&kit.genuine(1)))
}

/// The link of a code signed again with the shop's stolen key after a change.
fn again(kit: &Kit, change: impl FnOnce(&mut Vec<u8>)) -> String {
    kit.link(&kit.signed_again(1, change))
}

/// The link of a code with a certificate that the issuer really made.
fn certified(kit: &Kit, change: impl FnOnce(&mut CertificateDraft)) -> String {
    let mut draft = kit.certificate();
    change(&mut draft);
    let certificate = Certificate::issue(&kit.issuer, draft).unwrap();
    let code = kit.with_certificate(&certificate, &kit.shop.signing);
    kit.link(&code.unwrap())
}

/// The link of a code whose certificate somebody else made.
fn vouched(kit: &Kit, by: &SigningKey) -> String {
    let certificate = Certificate::issue(by, kit.certificate()).unwrap();
    let code = kit.with_certificate(&certificate, &kit.shop.signing);
    kit.link(&code.unwrap())
}

silent! {
    a_text_that_is_too_long_is_refused_in_silence:
        "are more than", |kit| link(kit, |text| text + &"0".repeat(5000));
    a_text_with_other_characters_is_refused_in_silence:
        "no character of a link", |kit| link(kit, |text| text.replace("/1#", "/1 #"));
    a_text_that_is_no_link_is_refused_in_silence:
        "not a link", |_| "12345".to_owned();
    another_scheme_is_refused_in_silence:
        "scheme is not https", |kit| link(kit, |text| text.replace("https", "http"));
    a_user_in_the_link_is_refused_in_silence:
        "names a user", |kit| link(kit, |text| text.replace("://", "://ann@"));
    a_port_in_the_link_is_refused_in_silence:
        "names a port", |kit| link(kit, |text| text.replace("/1#", ":443/1#"));
    another_host_is_refused_in_silence:
        "not a known one", |kit| link(kit, |text| text.replace("example", "evil.example"));
    another_path_is_refused_in_silence:
        "path is neither", |kit| link(kit, |text| text.replace("/1#", "/2#"));
    a_query_is_refused_in_silence:
        "has a query", |kit| link(kit, |text| text.replace("/1#", "/1?a#"));
    a_link_without_a_fragment_is_refused_in_silence:
        "no fragment", |kit| link(kit, |text| text.replace('#', "/"));
    a_fragment_of_other_than_digits_is_refused_in_silence:
        "no digit at offset", |kit| link(kit, |text| text + "x");
    a_link_without_digits_is_refused_in_silence:
        "it has no digits", |kit| link(kit, |text| text.trim_end_matches(char::is_numeric).into());
    a_group_that_overflows_is_refused_in_silence:
        "are too great", |kit| link(kit, |text| text.replace('#', "#99999999999999999"));
    digits_that_are_no_whole_group_are_refused_in_silence:
        "no whole group", |kit| link(kit, |text| text + "0");
    a_code_that_is_too_short_is_refused_in_silence:
        "too short for one", |kit| kit.link(&Blob::from(&kit.genuine(1).bytes()[..60]));
    an_unknown_version_is_refused_in_silence:
        "unknown format version 2", |kit| again(kit, |code| code[0] = 0x21);
    an_unknown_suite_is_refused_in_silence:
        "unknown suite 9", |kit| again(kit, |code| code[0] = 0x19);
    a_reserved_flag_is_refused_in_silence:
        "reserved flags", |kit| again(kit, |code| code[1] |= 4);
    a_simulations_code_is_refused_in_silence:
        "belongs to a simulation", |kit| again(kit, |code| code[0] = 0x1F);
    another_suite_than_the_keys_is_refused_in_silence:
        "it says suite", |kit| again(kit, |code| code[0] = 0x12);
    a_signature_that_does_not_hold_is_refused_in_silence:
        "verify the code's signature", |kit| {
            let mut code = kit.genuine(1).bytes().to_vec();
            *code.last_mut().unwrap() ^= 1;
            kit.link(&Blob::from(code))
        };
    an_unknown_terminal_is_refused_in_silence:
        "is unknown", |kit| again(kit, |code| code[11] ^= 3);
    a_certificate_without_form_is_refused_in_silence:
        "read the code's certificate", |kit| again(kit, |code| code[1] |= 1);
    an_unclean_name_is_refused_in_silence:
        "characters that no name may have", |kit| {
            let key = *kit.shop.signing.public().bytes();
            kit.link(&kit.raw_certificate(key, "BEAN\u{202e}FAEL".as_bytes()))
        };
    a_point_off_the_curve_is_refused_in_silence:
        "read the certificate's key", |kit| {
            let mut key = [0xFF; 33];
            key[0] = 2;
            kit.link(&kit.raw_certificate(key, b"BEAN"))
        };
    a_certificate_for_another_terminal_is_refused_in_silence:
        "for this terminal and epoch", |kit| certified(kit, |draft| {
            draft.terminal = kit.own.key.terminal();
        });
    a_certificate_of_an_unknown_issuer_is_refused_in_silence:
        "find the certificate's issuer", |kit| {
            vouched(kit, &SigningKey::from_seed(Suite::Es256, &[0x31; 32]).unwrap())
        };
    a_certificate_that_outlives_its_issuer_is_refused_in_silence:
        "outlives its issuer", |kit| certified(kit, |draft| {
            draft.not_after = kit.now.after(Span::hours(24 * 400));
        });
    a_certificate_that_is_over_is_refused_in_silence:
        "certificate", |kit| certified(kit, |draft| {
            draft.not_after = kit.now.before(Span::minutes(30));
        });
}

#[tokio::test]
async fn a_code_that_is_too_long_is_refused_in_silence() {
    let scene = Scene::new();
    let long = Blob::from(vec![0x11; quittance::code::sealed::BLOB_LEN_MAX + 1]);
    scene.silent(NOW, &scene.kit.link(&long), "").await;
}

#[tokio::test]
async fn a_test_code_on_a_phone_for_real_money_is_refused_in_silence() {
    let mut scene = Scene::new();
    let bundle = scene.wallet.trust.bundle.clone();
    let accept = Accept::PRODUCTION;
    scene.wallet.trust = Arc::new(Trust { accept, bundle });
    let link = scene.kit.link(&scene.kit.genuine(1));
    scene.silent(NOW, &link, "for the test network").await;
}

#[tokio::test]
async fn a_revoked_terminal_is_refused_in_silence() {
    let mut scene = Scene::new();
    scene.knows(|bundle, kit| {
        let key = &kit.shop.key;
        let terminal = TerminalEpoch::new(key.terminal(), key.epoch());
        bundle.revoked_terminals.insert(terminal);
    });
    let link = scene.kit.link(&scene.kit.genuine(1));
    scene.silent(NOW, &link, "was revoked").await;
}

#[tokio::test]
async fn a_revoked_issuer_is_refused_in_silence() {
    let mut scene = Scene::new();
    scene.knows(|bundle, kit| {
        bundle.revoked_issuers.insert(kit.issuer.public());
    });
    let link = certified(&scene.kit, |_| {});
    scene.silent(NOW, &link, "issuer was revoked").await;
}

#[tokio::test]
async fn a_merchant_that_nobody_certified_is_refused_in_silence() {
    let mut scene = Scene::new();
    scene.knows(|bundle, _| bundle.merchants.clear());
    let link = scene.kit.link(&scene.kit.genuine(1));
    scene.silent(NOW, &link, "no certified name").await;
}

#[tokio::test]
async fn with_a_bundle_that_is_over_every_code_is_refused_in_silence() {
    let scene = Scene::new();
    let link = scene.kit.link(&scene.kit.genuine(1));
    let later = scene.kit.bundle.expires;
    scene.silent(later, &link, "bundle has expired").await;
}
