//! The chip over its memory, spoken to by its module and by others.

use super::apdu::{Answer, Command, Header, Status};
use super::*;
use crate::code::sealed::{
    Accept, CertificateDraft, Code, MasterKey, ReceiptDigest, SealedOrder, open_as_gateway,
};
use crate::id::Id;
use crate::journal::EventKind;
use crate::money::Money;
use crate::roles::bench::{Bench, TERMINAL};
use crate::sign::{PublicKey, Suite};
use crate::store::{Backend, Record};
use crate::text::Text;
use proptest::prelude::*;
use std::collections::BTreeSet;

const PIN: &[u8] = b"4711";
const PUK: &[u8] = b"12345678";

pub(in crate::roles) fn keys(suite: Suite) -> ChipKeys {
    let issuer_suite = if suite == Suite::Simulated {
        suite
    } else {
        Suite::Es256
    };
    let issuer = SigningKey::from_seed(issuer_suite, &[9; 32]).unwrap();
    let signing = SigningKey::from_seed(suite, &[8; 32]).unwrap();
    let draft = CertificateDraft {
        terminal: TERMINAL,
        epoch: 1,
        key: signing.public(),
        not_before: Time::from_seconds(0),
        not_after: Time::from_seconds(u32::MAX),
        name: Text::clean("Bean There"),
    };
    ChipKeys {
        terminal: Box::new(TerminalKey::derive(
            &MasterKey::from_bytes([7; 32]),
            TERMINAL,
            1,
        )),
        locked: None,
        certificate: Certificate::issue(&issuer, draft).unwrap(),
        signing: Arc::new(signing),
        route: [0, 0, 1],
        flags: Flags::TEST_NETWORK,
    }
}

fn chip(suite: Suite) -> Chip {
    Chip {
        name: "one".parse().unwrap(),
        keys: Some(keys(suite)),
        pin: Pin::new(PIN),
        puk: Pin::new(PUK),
    }
}

/// A chip on the desk, with its memory.
struct Desk {
    bench: Bench<Chip>,
    jobs: u64,
}

impl Desk {
    fn new(suite: Suite) -> Self {
        Self::of(chip(suite))
    }

    fn of(chip: Chip) -> Self {
        let (bench, jobs) = (Bench::new(chip), 0);
        Self { bench, jobs }
    }

    fn send(&mut self, apdu: &[u8]) -> Answer {
        let message = Message::Apdu(Bytes(apdu.into()));
        let out = self.bench.tell("terminal:one", message);
        let Some(Message::ApduAnswer(Bytes(answer))) = out.reply else {
            panic!("a command has an answer")
        };
        Answer::parse(&answer).unwrap()
    }

    fn lose_power(&mut self) {
        self.bench.store.crash();
    }

    fn ask(&mut self, instruction: Instruction, data: &[u8]) -> Answer {
        self.send(&Command::new(instruction.header(), data.to_vec()).to_bytes())
    }

    fn pairing(&self) -> Pairing {
        self.bench.role.keys.as_ref().unwrap().pairing()
    }

    /// Opens a session as the paired module does.
    fn open(&mut self, nonce: u8) -> Module {
        let mut module = Module::shut(self.bench.role.me());
        let mut say = module.greet([nonce; 16]);
        let pairing = self.pairing();
        loop {
            let answer = self.send(&say).to_bytes();
            match module.hear(&pairing, &answer).unwrap() {
                Heard::Say(next) => say = next,
                Heard::Opened => return module,
                other => panic!("{other:?}"),
            }
        }
    }

    fn within(&mut self, module: &mut Module, instruction: Instruction, data: &[u8]) -> Answer {
        let command = module.say(instruction, data).unwrap();
        let answer = self.send(&command).to_bytes();
        match module.hear(&self.pairing(), &answer).unwrap() {
            Heard::Answered(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    fn request(&mut self) -> SealRequest {
        self.jobs += 1;
        SealRequest {
            job: Id::new(self.bench.now.millis(), u128::from(self.jobs)),
            issued_at: self.bench.now,
            ttl_minutes: 60,
            order: order(),
        }
    }

    fn seal(&mut self, module: &mut Module) -> Sealed {
        let request = self.request();
        let data = request.to_bytes().unwrap();
        let answer = self.within(module, Instruction::SealAndSign, &data);
        assert_eq!(answer.status, Status::Done);
        let sealed = Sealed::parse(&answer.data).unwrap();
        assert_eq!(sealed.job, request.job);
        sealed
    }

    fn status(&mut self) -> ChipStatus {
        let answer = self.ask(Instruction::GetStatus, &[]);
        ChipStatus::parse(&answer.data).unwrap()
    }
}

fn order() -> SealedOrder {
    SealedOrder {
        counter: 0,
        amount: Money::parse("8.40", "EUR".parse().unwrap()).unwrap(),
        reference: Text::clean("A7"),
        digest: ReceiptDigest([3; 16]),
        merchant: None,
        till: None,
        lines: None,
        tax: None,
    }
}

fn opened(blob: &crate::code::sealed::Blob, key: &PublicKey) -> SealedOrder {
    let code = Code::parse(blob, Accept::SIMULATION).unwrap();
    let code = code.verify(key).unwrap();
    let terminal = TerminalKey::derive(&MasterKey::from_bytes([7; 32]), TERMINAL, 1);
    open_as_gateway(&code, &terminal).unwrap()
}

#[test]
fn a_sealed_code_is_what_phone_and_gateway_expect_in_every_suite() {
    for suite in [Suite::Es256, Suite::Ed25519, Suite::Simulated] {
        let mut desk = Desk::new(suite);
        let mut module = desk.open(1);
        let sealed = desk.seal(&mut module);
        let counter = sealed.uid.counter;
        let signer = keys(suite).signing.public();
        let expected = SealedOrder { counter, ..order() };
        assert_eq!(opened(&sealed.code, &signer), expected);
        assert_eq!((sealed.uid.terminal, sealed.uid.epoch), (TERMINAL, 1));
    }
}

#[test]
fn before_a_session_it_neither_seals_nor_says_who_it_is() {
    let mut desk = Desk::new(Suite::Simulated);
    let guarded = Instruction::ALL
        .iter()
        .filter(|i| i.guard() != Guard::Clear);
    for &instruction in guarded {
        let data = desk.request().to_bytes().unwrap();
        for header in [instruction.header(), instruction.header().secured()] {
            let answer = desk.send(&Command::new(header, data.clone()).to_bytes());
            assert_eq!(
                answer,
                Answer::bare(Status::SecurityStatus),
                "{instruction}"
            );
        }
    }
}

#[test]
fn inside_a_session_nothing_is_taken_in_clear() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    let data = desk.request().to_bytes().unwrap();
    let answer = desk.ask(Instruction::SealAndSign, &data);
    assert_eq!(answer, Answer::bare(Status::SecurityStatus));
    desk.seal(&mut module);
}

#[test]
fn a_module_with_another_pairing_key_is_refused_and_knows_it() {
    let mut desk = Desk::new(Suite::Es256);
    let wrong = Pairing {
        key: crate::code::sealed::PairingKey::from_bytes([0; 32]),
        suite: Suite::Es256,
    };
    let mut module = Module::shut(desk.bench.role.me());
    let answer = desk.send(&module.greet([1; 16])).to_bytes();
    assert_eq!(module.hear(&wrong, &answer), Err(ModuleError::NotAuthentic));
    let guess = desk.ask(Instruction::ExternalAuthenticate, &[0; 16]);
    assert_eq!(guess, Answer::bare(Status::NotAuthentic));
    let again = desk.ask(Instruction::ExternalAuthenticate, &[0; 16]);
    assert_eq!(again, Answer::bare(Status::Conditions));
}

#[test]
fn a_session_outlives_a_stranger_s_opening() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    desk.ask(Instruction::InitializeUpdate, &[5; 16]);
    desk.ask(Instruction::ExternalAuthenticate, &[0; 16]);
    desk.seal(&mut module);
}

#[test]
fn a_repeated_opening_gets_the_same_nonce_and_a_later_one_another() {
    let mut desk = Desk::new(Suite::Es256);
    let first = desk.ask(Instruction::InitializeUpdate, &[5; 16]);
    let again = desk.ask(Instruction::InitializeUpdate, &[5; 16]);
    assert_eq!(first, again);
    desk.ask(Instruction::ExternalAuthenticate, &[0; 16]);
    let mut seen = BTreeSet::from([first.data]);
    for crash in [false, true, true] {
        if crash {
            desk.lose_power();
        }
        let answer = desk.ask(Instruction::InitializeUpdate, &[5; 16]);
        assert!(seen.insert(answer.data), "a nonce was drawn twice");
        desk.ask(Instruction::ExternalAuthenticate, &[0; 16]);
    }
}

#[test]
fn a_recorded_session_cannot_be_played_again() {
    let mut desk = Desk::new(Suite::Es256);
    let pairing = desk.pairing();
    let mut module = Module::shut(desk.bench.role.me());
    let mut recorded = vec![module.greet([1; 16])];
    loop {
        let answer = desk.send(recorded.last().unwrap()).to_bytes();
        match module.hear(&pairing, &answer).unwrap() {
            Heard::Say(next) => recorded.push(next),
            _ => break,
        }
    }
    let data = desk.request().to_bytes().unwrap();
    recorded.push(module.say(Instruction::SealAndSign, &data).unwrap());
    assert_eq!(desk.send(recorded.last().unwrap()).status, Status::Done);
    for crash in [false, true] {
        if crash {
            desk.lose_power();
        }
        let statuses: Vec<_> = recorded.iter().map(|c| desk.send(c).status).collect();
        assert_eq!(statuses[1], Status::NotAuthentic);
        let refused = [Status::SecureMessaging, Status::SecurityStatus];
        assert!(
            statuses[2..].iter().all(|s| refused.contains(s)),
            "{statuses:?}"
        );
    }
}

#[test]
fn after_a_loss_of_power_the_session_is_lost_and_the_module_hears_so() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    desk.seal(&mut module);
    desk.lose_power();
    let data = desk.request().to_bytes().unwrap();
    let command = module.say(Instruction::SealAndSign, &data).unwrap();
    let answer = desk.send(&command).to_bytes();
    assert_eq!(module.hear(&desk.pairing(), &answer), Ok(Heard::Lost));
    let mut module = desk.open(2);
    assert_eq!(desk.seal(&mut module).uid.counter, 1 + COUNTERS_AHEAD);
}

#[test]
fn sealing_writes_lasting_memory_once_in_64_codes() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    let version = |desk: &mut Desk| {
        let key = crate::store::Key::of(&(TERMINAL, 1_u8));
        let found = desk.bench.store.load(&[(ChipMemory::SCHEMA, key)]).unwrap();
        found[0].as_ref().unwrap().version
    };
    let before = version(&mut desk);
    for _ in 0..COUNTERS_AHEAD {
        desk.seal(&mut module);
    }
    assert_eq!(version(&mut desk), before + 1);
    desk.seal(&mut module);
    assert_eq!(version(&mut desk), before + 2);
}

#[test]
fn a_chip_becomes_active_with_its_first_session() {
    let mut desk = Desk::new(Suite::Simulated);
    assert_eq!(desk.status().life, Life::Personalised);
    desk.open(1);
    assert_eq!(desk.status().life, Life::Active);
    assert_eq!(desk.bench.count(EventKind::SessionOpened), 1);
}

#[test]
fn a_locked_chip_seals_nothing_until_it_is_unlocked_with_the_pin() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    let lock = desk.within(&mut module, Instruction::Deactivate, &[]);
    assert_eq!(lock.status, Status::SecurityStatus);
    let pin = desk.within(&mut module, Instruction::Verify, PIN);
    assert_eq!(pin.status, Status::Done);
    desk.within(&mut module, Instruction::Deactivate, &[]);
    desk.lose_power();
    let mut module = desk.open(2);
    let data = desk.request().to_bytes().unwrap();
    let refused = desk.within(&mut module, Instruction::SealAndSign, &data);
    assert_eq!(refused.status, Status::Conditions);
    desk.within(&mut module, Instruction::Verify, PIN);
    desk.within(&mut module, Instruction::Activate, &[]);
    desk.seal(&mut module);
}

#[test]
fn a_terminated_chip_does_nothing_for_ever() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    desk.within(&mut module, Instruction::Verify, PIN);
    let ended = desk.within(&mut module, Instruction::Terminate, &[]);
    assert_eq!(ended.status, Status::Done);
    desk.lose_power();
    let answer = desk.ask(Instruction::InitializeUpdate, &[1; 16]);
    assert_eq!(answer, Answer::bare(Status::Conditions));
    assert_eq!(desk.status().life, Life::Terminated);
}

#[test]
fn wrong_pins_block_it_over_a_loss_of_power_and_the_puk_unblocks_it() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    for left in [2, 1] {
        let answer = desk.within(&mut module, Instruction::Verify, b"0000");
        assert_eq!(answer.status, Status::WrongPin(left));
    }
    desk.lose_power();
    let mut module = desk.open(2);
    let status =
        |desk: &mut Desk, module: &mut Module, i, data: &[u8]| desk.within(module, i, data).status;
    let asked = status(&mut desk, &mut module, Instruction::Verify, b"");
    assert_eq!(asked, Status::WrongPin(1));
    let last = status(&mut desk, &mut module, Instruction::Verify, b"0000");
    assert_eq!(last, Status::WrongPin(0));
    let blocked = status(&mut desk, &mut module, Instruction::Verify, PIN);
    assert_eq!(blocked, Status::Blocked);
    desk.seal(&mut module);
    let wrong = status(&mut desk, &mut module, Instruction::ResetRetryCounter, PIN);
    assert_eq!(wrong, Status::WrongPin(PUK_TRIES_MAX - 1));
    let right = status(&mut desk, &mut module, Instruction::ResetRetryCounter, PUK);
    assert_eq!(right, Status::Done);
    let pin = status(&mut desk, &mut module, Instruction::Verify, PIN);
    assert_eq!(pin, Status::Done);
}

#[test]
fn a_blank_chip_tells_its_status_and_nothing_else() {
    let mut desk = Desk::of(Chip {
        name: "new".parse().unwrap(),
        keys: None,
        pin: None,
        puk: None,
    });
    assert_eq!(desk.status().life, Life::Blank);
    let answer = desk.ask(Instruction::Select, APPLICATION);
    assert_eq!(answer, Answer::bare(Status::Done));
    let answer = desk.ask(Instruction::Select, b"other");
    assert_eq!(answer, Answer::bare(Status::NotFound));
    let answer = desk.ask(Instruction::InitializeUpdate, &[1; 16]);
    assert_eq!(answer, Answer::bare(Status::Conditions));
    let answer = desk.ask(Instruction::SealAndSign, &[]);
    assert_eq!(answer, Answer::bare(Status::SecurityStatus));
}

#[test]
fn the_self_test_finds_a_certificate_of_another_key() {
    let mut desk = Desk::new(Suite::Ed25519);
    assert_eq!(
        desk.ask(Instruction::SelfTest, &[]),
        Answer::bare(Status::Done)
    );
    let mut wrong = keys(Suite::Ed25519);
    wrong.signing = Arc::new(SigningKey::from_seed(Suite::Ed25519, &[1; 32]).unwrap());
    let mut desk = Desk::of(Chip {
        name: "one".parse().unwrap(),
        keys: Some(wrong),
        pin: None,
        puk: None,
    });
    assert_eq!(
        desk.ask(Instruction::SelfTest, &[]),
        Answer::bare(Status::Faulty)
    );
}

#[test]
fn an_order_that_makes_no_sense_is_refused_by_its_job() {
    let mut desk = Desk::new(Suite::Simulated);
    let mut module = desk.open(1);
    let mut data = desk.request().to_bytes().unwrap();
    data.push(0);
    let answer = desk.within(&mut module, Instruction::SealAndSign, &data);
    assert_eq!(answer.status, Status::WrongData);
    assert_eq!(answer.data, data[..16]);
    assert_eq!(desk.seal(&mut module).uid.counter, 1);
}

#[test]
fn no_secret_is_ever_printed_or_sent() {
    let mut desk = Desk::new(Suite::Es256);
    let mut module = desk.open(1);
    let shown = format!("{:?} {module:?}", desk.bench.role);
    let secret = desk.bench.role.keys.as_ref().unwrap().terminal.clone();
    let pairing = desk.pairing();
    for key in [secret.expose(), pairing.key.expose()] {
        let listed = format!("{key:?}");
        assert!(!shown.contains(&crate::hex::encode(key)));
        assert!(!shown.contains(listed.trim_matches(['[', ']'])));
        for &instruction in Instruction::ALL {
            let answer = match instruction.guard() {
                Guard::Clear => desk.ask(instruction, &[]),
                _ => match module.say(instruction, &[]) {
                    Some(command) => desk.send(&command),
                    None => continue,
                },
            };
            let holds_key = answer.data.windows(16).any(|w| w == &key[..16]);
            assert!(!holds_key, "{instruction}");
        }
    }
}

/// What may happen to a chip between two codes.
#[derive(Clone, Copy, Debug)]
enum Step {
    Seal,
    Repeat,
    Crash,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => Just(Step::Seal),
        2 => Just(Step::Repeat),
        1 => Just(Step::Crash),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    #[test]
    fn no_counter_is_used_twice_whenever_power_fails(steps in steps()) {
        let mut desk = Desk::new(Suite::Simulated);
        let (mut module, mut nonce) = (desk.open(0), 0);
        let (mut last, mut crashed, mut repeat) = (0, false, None);
        for step in steps {
            match step {
                Step::Seal => {
                    let data = desk.request().to_bytes().unwrap();
                    let command = module.say(Instruction::SealAndSign, &data).unwrap();
                    let answer = desk.send(&command).to_bytes();
                    let heard = module.hear(&desk.pairing(), &answer).unwrap();
                    let Heard::Answered(answer) = heard else { panic!("{heard:?}") };
                    let counter = Sealed::parse(&answer.data).unwrap().uid.counter;
                    let most = if crashed { COUNTERS_AHEAD + 1 } else { 1 };
                    prop_assert!((last + 1..=last + most).contains(&counter));
                    (last, crashed, repeat) = (counter, false, Some(command));
                }
                Step::Repeat => if let Some(command) = &repeat {
                    let answer = desk.send(command);
                    let refused = [Status::SecureMessaging, Status::SecurityStatus];
                    prop_assert!(refused.contains(&answer.status) && answer.data.is_empty());
                },
                Step::Crash | Step::Reopen => {
                    if matches!(step, Step::Crash) {
                        desk.lose_power();
                        crashed = true;
                    }
                    nonce += 1;
                    module = desk.open(nonce);
                }
            }
        }
    }

    #[test]
    fn any_bytes_get_a_status_word(bytes: Vec<u8>, open: bool) {
        let mut desk = Desk::new(Suite::Simulated);
        if open {
            desk.open(1);
        }
        desk.send(&bytes);
    }

    #[test]
    fn any_data_field_of_any_instruction_gets_a_status_word(
        which in 0..Instruction::ALL.len(), data in proptest::collection::vec(any::<u8>(), 0..200),
        secured: bool, wrapped: bool,
    ) {
        let mut desk = Desk::new(Suite::Simulated);
        let mut module = desk.open(1);
        let instruction = Instruction::ALL[which];
        let clear = instruction.header();
        let header = if secured { clear.secured() } else { clear };
        let inside = module.say(instruction, &data).filter(|_| wrapped);
        desk.send(&inside.unwrap_or_else(|| Command::new(header, data).to_bytes()));
    }

    #[test]
    fn an_altered_command_is_refused_and_leaves_the_session_open(bit: usize) {
        let mut desk = Desk::new(Suite::Es256);
        let mut module = desk.open(1);
        let data = desk.request().to_bytes().unwrap();
        let good = module.say(Instruction::SealAndSign, &data).unwrap();
        let mut command = Command::parse(&good).unwrap();
        let at = bit % (command.data.len() * 8);
        command.data[at / 8] ^= 1 << (at % 8);
        let refused = desk.send(&command.to_bytes());
        prop_assert_eq!(refused, Answer::bare(Status::SecureMessaging));
        prop_assert_eq!(desk.send(&good).status, Status::Done);
    }

    #[test]
    fn requests_and_answers_read_back_as_themselves(ttl: u16, job: [u8; 16], minor in 1..i64::MAX) {
        let mut request = Desk::new(Suite::Simulated).request();
        (request.ttl_minutes, request.job) = (ttl, Id::from_bytes(job));
        request.order.amount = Money::new(minor, "EUR".parse().unwrap());
        request.issued_at = Time::from_seconds(7);
        prop_assert_eq!(SealRequest::parse(&request.to_bytes().unwrap()), Some(request));
    }
}

#[test]
fn an_unknown_instruction_or_class_has_its_own_word() {
    let mut desk = Desk::new(Suite::Simulated);
    let header = |cla, ins| Header {
        cla,
        ins,
        p1: 0,
        p2: 0,
    };
    let mut status = |header| desk.send(&Command::new(header, vec![]).to_bytes()).status;
    assert_eq!(status(header(0x80, 0x99)), Status::NoInstruction);
    assert_eq!(status(header(0xFF, 0xA4)), Status::NoClass);
}
