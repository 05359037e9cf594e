//! A shop on the bench: till bytes in, paper out, with its real chip and every way it can fail.

use super::desk::DeskOut;
use super::*;
use crate::code::link;
use crate::code::scan::{Gray, scan, steps};
use crate::code::sealed::{Accept, Code, MasterKey, SealedOrder, TerminalKey, open_as_gateway};
use crate::id::{EventId, Uid};
use crate::journal::EventKind;
use crate::message::{About, Heard, Notice, Refused};
use crate::money::Money;
use crate::receipt::layout::Page;
use crate::receipt::paper::{Condition, PaperState, Sheet};
use crate::receipt::write::Draft;
use crate::roles::bench::{Bench, HUB, RIVER, TERMINAL, eur, id, key, notice, paid, trust};
use crate::roles::chip::{self, Chip};
use crate::roles::{Effect, Outputs};
use crate::sign::Suite;
use crate::store::Backend;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const HOST: &str = "q.example.com";

struct Shop {
    terminal: Bench<Terminal>,
    chip: Bench<Chip>,
    desk: Desk,
    pages: Vec<Page>,
    /// The chip answers nothing; what it would have said is kept.
    mute: bool,
    unsaid: Vec<Message>,
    /// Every message between terminal and chip comes twice.
    twice: bool,
}

impl Shop {
    fn new(printer: &str, suite: Suite) -> Self {
        let printer = Profile::named(printer).unwrap();
        let keys = chip::tests::keys(suite);
        let terminal = Terminal {
            name: "one".parse().unwrap(),
            chip: "one".parse().unwrap(),
            pairing: keys.pairing(),
            gateway: "hub".parse().unwrap(),
            trust: trust(),
            printer: Arc::new(printer.clone()),
            hints: Hints::default(),
            host: HOST.to_owned(),
            bank: None,
            ttl_minutes: 60,
            caption: Text::clean("Scan to pay"),
        };
        let chip = Chip {
            name: "one".parse().unwrap(),
            keys: Some(keys),
            pin: None,
            puk: None,
        };
        let mut shop = Self {
            terminal: Bench::new(terminal),
            chip: Bench::new(chip),
            desk: Desk::with_paper(printer),
            pages: Vec::new(),
            mute: false,
            unsaid: Vec::new(),
            twice: false,
        };
        shop.start();
        shop
    }

    fn open() -> Self {
        Self::new("epson-80mm", Suite::Simulated)
    }

    fn start(&mut self) {
        let out = self.terminal.local(Input::Start);
        self.release(out);
    }

    /// Hands over what an input has released, and what follows from it.
    fn release(&mut self, out: Outputs) {
        for effect in &out.effects {
            let done = self.desk.effect(self.terminal.now, effect);
            if let (Err(_too_late), Effect::Insert { job, .. }) = (done, effect) {
                self.terminal.local(Input::Missed(*job));
            }
        }
        for (to, message) in out.sends {
            assert_eq!(to, self.chip.role.me());
            for _ in 0..=usize::from(self.twice) {
                let answer = self.chip.tell("terminal:one", message.clone()).reply;
                let answer = answer.unwrap();
                if self.mute {
                    self.unsaid.push(answer);
                    continue;
                }
                for _ in 0..=usize::from(self.twice) {
                    self.answer(answer.clone());
                }
            }
        }
        self.serve();
    }

    fn answer(&mut self, answer: Message) {
        let out = self.terminal.tell("chip:one", answer);
        self.release(out);
    }

    /// Does what the desk wants done.
    fn serve(&mut self) {
        while let Some(out) = self.desk.poll() {
            match out {
                DeskOut::Job { job, bytes, until } => {
                    let read = self.terminal.role.read(job, &bytes, until);
                    let input = Input::Job(Arc::new(read));
                    for _ in 0..=usize::from(self.twice) {
                        let out = self.terminal.local(input.clone());
                        self.release(out);
                    }
                }
                DeskOut::Page(page) => self.pages.push(page),
                DeskOut::Print(_) | DeskOut::Till(_) | DeskOut::Asked(_) | DeskOut::Happened(_) => {
                }
            }
        }
    }

    /// The till prints; the paper that came out since.
    fn print(&mut self, bytes: &[u8]) -> Page {
        self.desk.till(self.terminal.now, bytes);
        self.serve();
        for wait in [PAPER_WAIT_MS_MAX + 10, 2000] {
            self.wait(Span::millis(wait));
            if let Some(page) = self.pages.pop() {
                return page;
            }
        }
        panic!("the paper always comes out")
    }

    fn wait(&mut self, span: Span) {
        let until = self.terminal.now.after(span);
        while self.terminal.now < until {
            let due = self.terminal.store.due(until, 1).unwrap();
            let due = due.first().map(|(at, _)| *at);
            let next = [due, self.desk.next_wake(), Some(until)];
            let next = next.into_iter().flatten().min().unwrap_or(until);
            let step = next.since(self.terminal.now);
            for out in self.terminal.wait(step) {
                self.release(out);
            }
            self.desk.wake(self.terminal.now);
            self.serve();
        }
    }

    fn crash_terminal(&mut self) {
        self.terminal.store.crash();
        self.start();
    }

    fn count(&self, kind: EventKind) -> usize {
        self.terminal.count(kind)
    }

    fn notes(&self, kind: EventKind) -> Vec<String> {
        let events = self.terminal.store.journal().iter().map(|e| &e.event);
        let events = events.filter(|event| event.kind == kind);
        events
            .map(|event| {
                let note = event.note.as_ref().map_or("", |note| note.as_str());
                event
                    .reason
                    .map_or_else(|| note.to_owned(), |reason| format!("{reason}: {note}"))
            })
            .collect()
    }

    fn printed(&mut self) -> Vec<Printed> {
        let rows = self.terminal.store.scan(Printed::SCHEMA).unwrap();
        let row =
            |row: &Arc<dyn crate::store::Row>| row.as_any().downcast_ref::<Printed>().cloned();
        rows.iter().filter_map(row).collect()
    }
}

fn receipt(number: &str, minor: i64) -> Draft {
    Draft::new("Bean & Leaf", number, "EUR".parse().unwrap()).item("Flat white", 1, minor)
}

fn copy_of(number: &str, minor: i64) -> Vec<u8> {
    let mut draft = receipt(number, minor);
    draft.title = Some("REPRINT".to_owned());
    draft.bytes()
}

/// The text of the page's one code, if it has one.
fn link_on(page: &Page) -> Option<String> {
    let codes: Vec<_> = page.symbols.iter().filter(|symbol| symbol.qr).collect();
    assert!(codes.len() < 2, "a receipt has one code at most");
    let code = codes.first()?;
    Some(String::from_utf8(code.data.clone()).unwrap())
}

/// What the code of this link seals, verified as phone and gateway do.
fn sealed_in(link: &str, suite: Suite) -> (Uid, SealedOrder) {
    let link = link::parse(link, |host| host == HOST).unwrap();
    let code = Code::parse(&link.blob, Accept::SIMULATION).unwrap();
    let signer = chip::tests::keys(suite).signing.public();
    let code = code.verify(&signer).unwrap();
    let key = TerminalKey::derive(&MasterKey::from_bytes([7; 32]), TERMINAL, 1);
    let order = open_as_gateway(&code, &key).unwrap();
    let uid = Uid {
        terminal: TERMINAL,
        epoch: 1,
        counter: order.counter,
    };
    (uid, order)
}

fn sealed_on(page: &Page) -> Option<(Uid, SealedOrder)> {
    Some(sealed_in(&link_on(page)?, Suite::Simulated))
}

#[test]
fn a_receipt_gets_its_code_before_the_cut_and_the_journal_its_uid() {
    let mut shop = Shop::open();
    let page = shop.print(&receipt("A7", 840).bytes());
    let (uid, order) = sealed_on(&page).unwrap();
    assert_eq!(order.amount, eur(840));
    assert_eq!(order.reference.as_str(), "A7");
    assert!(
        page.cut
            && page
                .lines
                .last()
                .unwrap()
                .text
                .as_str()
                .contains("Scan to pay 8.40 EUR")
    );
    let journal = shop.terminal.store.journal();
    let printed = journal
        .iter()
        .find(|e| e.event.kind == EventKind::CodePrinted);
    let event = &printed.unwrap().event;
    assert_eq!((event.uid, event.amount), (Some(uid), Some(eur(840))));
    assert_eq!(shop.count(EventKind::JobCaptured), 1);
}

#[test]
fn a_code_is_read_back_from_the_printed_dots_on_wide_and_narrow_paper() {
    for printer in [
        "epson-80mm",
        "epson-58mm",
        "gbk-58mm",
        "pos-5890",
        "star-80mm",
    ] {
        let Some(profile) = Profile::named(printer) else {
            panic!("no profile {printer}")
        };
        let mut shop = Shop::new(printer, Suite::Es256);
        let page = shop.print(&receipt("A7", 840).bytes());
        let picture = Gray::decode(&Sheet::of(&page, &profile).png()).unwrap();
        let is_link = |text: &str| text.starts_with("https://");
        let read = scan(&picture, is_link, steps(9));
        let found = read.wanted(is_link);
        let link = &found
            .unwrap_or_else(|| panic!("{printer}: nothing to scan"))
            .text;
        assert_eq!(
            sealed_in(link, Suite::Es256).1.amount,
            eur(840),
            "{printer}"
        );
    }
}

#[test]
fn what_is_no_sale_gets_no_code_and_the_journal_says_why() {
    let mut shop = Shop::open();
    let mut kitchen = receipt("A7", 840);
    kitchen.title = Some("REFUND".to_owned());
    for (bytes, reason) in [
        (kitchen.bytes(), "not-payable: not-a-sale"),
        (receipt("A8", 0).bytes(), "not-payable: zero-total"),
        (b"Hello\nWorld\n\n\x1dV\0".to_vec(), "not-payable: no-total"),
        (copy_of("A9", 840), "not-payable: a copy of an unknown"),
    ] {
        let page = shop.print(&bytes);
        assert_eq!(link_on(&page), None);
        let notes = shop.notes(EventKind::CodeWithheld);
        assert!(notes.last().unwrap().starts_with(reason), "{notes:?}");
    }
    assert_eq!(shop.chip.count(EventKind::Refused), 0);
    assert!(shop.printed().is_empty());
}

#[test]
fn a_silent_chip_costs_the_code_and_300_ms_and_its_late_answer_is_kept_for_the_reprint() {
    let mut shop = Shop::open();
    shop.mute = true;
    let began = shop.terminal.now;
    shop.desk.till(began, &receipt("A7", 840).bytes());
    shop.serve();
    assert!(shop.pages.is_empty());
    shop.wait(Span::millis(PAPER_WAIT_MS_MAX));
    assert_eq!(link_on(&shop.pages.pop().unwrap()), None);
    assert_eq!(shop.notes(EventKind::CodeWithheld), ["chip-silent: A7"]);

    shop.mute = false;
    let late = shop.unsaid.pop().unwrap();
    shop.answer(late.clone());
    shop.answer(late);
    assert_eq!(shop.notes(EventKind::Sealed), ["chip-silent: A7"]);
    assert_eq!(shop.printed().len(), 1);
    assert!(!shop.printed()[0].printed);

    let page = shop.print(&receipt("A7", 840).bytes());
    assert_eq!(sealed_on(&page).unwrap().0, shop.printed()[0].uid);
    assert!(shop.printed()[0].printed);
    assert_eq!(shop.count(EventKind::CodeReprinted), 1);
}

#[test]
fn a_reprint_has_the_same_symbol_with_a_copy_mark_or_without() {
    let mut shop = Shop::open();
    let first = link_on(&shop.print(&receipt("A7", 840).bytes()));
    assert!(first.is_some());
    assert_eq!(link_on(&shop.print(&receipt("A7", 840).bytes())), first);
    assert_eq!(link_on(&shop.print(&copy_of("A7", 840))), first);
    assert_eq!(shop.count(EventKind::CodePrinted), 1);
    assert_eq!(shop.count(EventKind::CodeReprinted), 2);
    assert_eq!(shop.printed().len(), 1);
}

#[test]
fn a_reprint_is_known_after_a_crash_of_terminal_and_chip() {
    let mut shop = Shop::open();
    let first = link_on(&shop.print(&receipt("A7", 840).bytes()));
    shop.chip.store.crash();
    shop.crash_terminal();
    assert_eq!(link_on(&shop.print(&receipt("A7", 840).bytes())), first);
}

#[test]
fn one_number_with_two_amounts_is_two_sales_and_each_copy_has_its_own_code() {
    let mut shop = Shop::open();
    let small = link_on(&shop.print(&receipt("17", 500).bytes())).unwrap();
    let large = link_on(&shop.print(&receipt("17", 700).bytes())).unwrap();
    assert_ne!(small, large);
    assert_eq!(link_on(&shop.print(&copy_of("17", 500))), Some(small));
    assert_eq!(link_on(&shop.print(&copy_of("17", 700))), Some(large));
    assert_eq!(link_on(&shop.print(&copy_of("17", 900))), None);
}

#[test]
fn two_equal_receipts_without_a_number_are_two_sales() {
    let mut shop = Shop::open();
    let bytes = b"BEAN & LEAF\nFlat white   3.50\nTOTAL EUR   3.50\n\n\n\x1dV\0";
    let first = sealed_on(&shop.print(bytes)).unwrap();
    let second = sealed_on(&shop.print(bytes)).unwrap();
    assert_ne!(first.0, second.0);
}

#[test]
fn after_a_day_a_number_is_a_new_sale() {
    let mut shop = Shop::open();
    let first = sealed_on(&shop.print(&receipt("17", 500).bytes())).unwrap();
    shop.wait(REPRINT_RETENTION);
    let second = sealed_on(&shop.print(&receipt("17", 500).bytes())).unwrap();
    assert_ne!(first.0, second.0);
}

#[test]
fn a_receipt_that_went_without_a_code_gets_its_first_with_the_reprint() {
    let mut shop = Shop::open();
    shop.mute = true;
    assert_eq!(link_on(&shop.print(&receipt("A7", 840).bytes())), None);
    (shop.mute, shop.unsaid) = (false, Vec::new());
    shop.wait(Span::seconds(70));
    let (_, order) = sealed_on(&shop.print(&copy_of("A7", 840))).unwrap();
    assert_eq!((order.amount, order.reference.as_str()), (eur(840), "A7"));
    let again = sealed_on(&shop.print(&receipt("A7", 840).bytes())).unwrap();
    assert_eq!(again.1, order);
    assert_eq!(shop.printed().len(), 1);
}

#[test]
fn a_late_answer_never_takes_the_place_of_the_code_that_the_reprint_got_meanwhile() {
    let mut shop = Shop::open();
    shop.mute = true;
    assert_eq!(link_on(&shop.print(&receipt("A7", 840).bytes())), None);
    shop.mute = false;
    let first = link_on(&shop.print(&receipt("A7", 840).bytes()));
    assert!(first.is_some());
    let late = shop.unsaid.pop().unwrap();
    shop.answer(late);
    assert_eq!(shop.printed().len(), 2);
    assert_eq!(link_on(&shop.print(&receipt("A7", 840).bytes())), first);
    assert_eq!(link_on(&shop.print(&copy_of("A7", 840))), first);
}

#[test]
fn a_sale_that_went_without_a_code_never_takes_the_place_of_one_that_has_it() {
    let mut shop = Shop::open();
    let first = link_on(&shop.print(&receipt("17", 500).bytes()));
    assert!(first.is_some());
    shop.mute = true;
    let mut other = receipt("17", 500);
    other.merchant = "Bean & Leaf, terrace".to_owned();
    assert_eq!(link_on(&shop.print(&other.bytes())), None);
    (shop.mute, shop.unsaid) = (false, Vec::new());
    shop.wait(Span::seconds(70));
    assert_eq!(link_on(&shop.print(&copy_of("17", 500))), first);
    assert_eq!(shop.printed().len(), 1);
}

#[test]
fn a_chip_that_lost_power_is_greeted_again_while_the_paper_waits() {
    let mut shop = Shop::open();
    shop.print(&receipt("A1", 100).bytes());
    shop.chip.store.crash();
    let (uid, _) = sealed_on(&shop.print(&receipt("A2", 200).bytes())).unwrap();
    assert_eq!(uid.counter, 1 + chip::COUNTERS_AHEAD);
    assert_eq!(shop.count(EventKind::SessionOpened), 2);
}

#[test]
fn a_chip_that_comes_late_is_greeted_until_it_answers() {
    let mut shop = Shop::open();
    shop.mute = true;
    shop.crash_terminal();
    assert_eq!(link_on(&shop.print(&receipt("A1", 100).bytes())), None);
    shop.wait(Span::seconds(30));
    (shop.mute, shop.unsaid) = (false, Vec::new());
    shop.wait(Span::seconds(64));
    assert!(sealed_on(&shop.print(&receipt("A2", 200).bytes())).is_some());
}

#[test]
fn a_session_that_fell_silent_is_opened_anew() {
    let mut shop = Shop::open();
    shop.mute = true;
    shop.print(&receipt("A1", 100).bytes());
    (shop.mute, shop.unsaid) = (false, Vec::new());
    shop.wait(Span::seconds(70));
    assert_eq!(shop.count(EventKind::SessionOpened), 2);
}

#[test]
fn a_chip_with_other_keys_is_seen_and_gives_no_code() {
    let mut shop = Shop::open();
    let other = crate::code::sealed::PairingKey::from_bytes([0; 32]);
    shop.terminal.role.pairing.key = other;
    shop.crash_terminal();
    assert_eq!(link_on(&shop.print(&receipt("A1", 100).bytes())), None);
    assert!(shop.notes(EventKind::Refused)[0].starts_with("bad-signature: authenticate the chip"));
}

#[test]
fn with_every_message_twice_each_receipt_has_one_code() {
    let mut shop = Shop::open();
    shop.twice = true;
    shop.crash_terminal();
    let mut uids = BTreeSet::new();
    for n in 1..5 {
        let page = shop.print(&receipt(&format!("A{n}"), 100 * n).bytes());
        let (uid, order) = sealed_on(&page).unwrap();
        assert_eq!(order.amount, eur(100 * n));
        uids.insert(uid);
    }
    assert_eq!((uids.len(), shop.printed().len()), (4, 4));
    assert_eq!(shop.count(EventKind::CodePrinted), 4);
    assert_eq!(shop.count(EventKind::JobCaptured), 4);
}

#[test]
fn an_answer_after_a_crash_of_the_terminal_prints_nothing() {
    let mut shop = Shop::open();
    shop.mute = true;
    shop.desk
        .till(shop.terminal.now, &receipt("A7", 840).bytes());
    shop.serve();
    shop.mute = false;
    let stale = std::mem::take(&mut shop.unsaid);
    shop.crash_terminal();
    for answer in stale {
        let out = shop.terminal.tell("chip:one", answer);
        assert_eq!(out, Outputs::default());
    }
    shop.wait(Span::seconds(1));
    assert_eq!(link_on(&shop.pages.pop().unwrap()), None);
}

#[test]
fn a_code_whose_paper_had_left_is_not_called_printed() {
    let mut shop = Shop::open();
    let page = shop.print(&receipt("A7", 840).bytes());
    let (uid, _) = sealed_on(&page).unwrap();
    let out = shop.terminal.local(Input::Missed(0));
    assert_eq!(out, Outputs::default());
    assert!(!shop.printed()[0].printed);
    let journal = shop.terminal.store.journal();
    let last = &journal.last().unwrap().event;
    assert_eq!((last.kind, last.uid), (EventKind::CodeWithheld, Some(uid)));
}

#[test]
fn the_till_is_answered_by_the_printer_and_paper_without_a_cutter_is_torn_off() {
    let mut desk = Desk::with_paper(Profile::named("gbk-58mm").unwrap());
    let now = Time::from_seconds(1);
    desk.till(now, b"\x10\x04\x04");
    assert_eq!(desk.poll(), Some(DeskOut::Till(vec![0x12])));
    let end = Condition {
        paper: PaperState::End,
        ..Condition::default()
    };
    desk.set_condition(end);
    desk.till(now, b"\x10\x04\x04");
    assert_eq!(desk.poll(), Some(DeskOut::Till(vec![0x7E])));
    desk.set_condition(Condition::default());
    desk.till(now, b"Hello\n\n\n\x1dV\0");
    desk.wake(now.after(Span::seconds(3)));
    let outs: Vec<_> = std::iter::from_fn(|| desk.poll()).collect();
    assert!(matches!(outs.last(), Some(DeskOut::Page(_))), "{outs:?}");
}

#[test]
fn before_a_real_printer_every_byte_comes_out_in_order() {
    let profile = Profile::named("epson-80mm").unwrap();
    let mut desk = Desk::before(&profile);
    let now = Time::from_seconds(1);
    let bytes = receipt("A7", 840).bytes();
    desk.till(now, &bytes);
    desk.printer_says(&[0x12]);
    desk.wake(now.after(Span::seconds(1)));
    let mut out = Vec::new();
    let mut answered = false;
    while let Some(next) = desk.poll() {
        match next {
            DeskOut::Print(bytes) => out.extend(bytes),
            DeskOut::Till(bytes) => answered = bytes == [0x12],
            _ => {}
        }
    }
    assert_eq!(out, bytes);
    assert!(answered);
}

fn slip(shop: &mut Shop, notice: &Arc<Notice>) -> Option<Message> {
    let out = shop
        .terminal
        .tell("gateway:hub", Message::Slip(Arc::clone(notice)));
    let reply = out.reply.clone();
    shop.release(out);
    reply
}

fn slips(shop: &Shop) -> usize {
    let has_paid = |page: &&Page| page.lines.iter().any(|line| line.text.as_str() == "PAID");
    shop.pages.iter().filter(has_paid).count()
}

#[test]
fn a_paid_receipt_has_its_slip_printed_once() {
    let mut shop = Shop::open();
    let (uid, _) = sealed_on(&shop.print(&receipt("A7", 840).bytes())).unwrap();
    for event in [7, 7, 8] {
        let reply = slip(&mut shop, &notice(event, paid(uid, eur(840), 1, RIVER)));
        let heard = Heard {
            event: EventId(id(event)),
            order: crate::id::OrderId(id(1)),
        };
        assert_eq!(reply, Some(Message::SlipHeard(heard)));
    }
    assert_eq!((slips(&shop), shop.count(EventKind::SlipPrinted)), (1, 1));
    let text: Vec<_> = shop.pages[0]
        .lines
        .iter()
        .map(|l| l.text.to_string())
        .collect();
    let text = text.join("\n");
    assert!(
        text.contains("8.40 EUR") && text.contains("river"),
        "{text}"
    );
    slip(&mut shop, &notice(9, paid(uid, eur(840), 2, RIVER)));
    assert_eq!((slips(&shop), shop.count(EventKind::OrderConflict)), (1, 1));
}

#[test]
fn paid_is_never_printed_on_a_gateway_s_word_alone() {
    let mut shop = Shop::open();
    let (uid, _) = sealed_on(&shop.print(&receipt("A7", 840).bytes())).unwrap();
    let unknown = Uid { counter: 99, ..uid };
    let mut by_gateway = paid(uid, eur(840), 1, HUB);
    by_gateway.by = "gateway:hub".parse().unwrap();
    by_gateway.sign(&key(HUB));
    for (reference, reason) in [
        (paid(uid, eur(840), 1, HUB), Reason::BadSignature),
        (by_gateway, Reason::BadSignature),
        (paid(uid, eur(84_000), 1, RIVER), Reason::Altered),
        (paid(unknown, eur(840), 1, RIVER), Reason::NotFound),
    ] {
        let reply = slip(&mut shop, &notice(7, reference));
        let Some(Message::Refused(Refused { reason: said, .. })) = reply else {
            panic!("it was believed")
        };
        assert_eq!(said, reason);
    }
    let stranger = Message::Slip(notice(7, paid(uid, eur(840), 1, RIVER)));
    shop.terminal.tell("wallet:ann", stranger);
    assert_eq!(slips(&shop), 0);
}

#[test]
fn a_slip_waits_until_the_receipt_before_it_is_finished() {
    let mut shop = Shop::open();
    let (uid, _) = sealed_on(&shop.print(&receipt("A7", 840).bytes())).unwrap();
    let bytes = receipt("A8", 100).bytes();
    let (first, rest) = bytes.split_at(60);
    shop.desk.till(shop.terminal.now, first);
    slip(&mut shop, &notice(7, paid(uid, eur(840), 1, RIVER)));
    assert_eq!(slips(&shop), 0);
    shop.desk.till(shop.terminal.now, rest);
    shop.serve();
    shop.wait(Span::seconds(1));
    assert_eq!(shop.pages.len(), 2);
    assert!(sealed_on(&shop.pages[0]).is_some());
    assert_eq!(slips(&shop), 1);
}

#[test]
fn a_refusal_is_never_answered_with_a_refusal() {
    let mut shop = Shop::open();
    let refused = Message::Refused(Refused {
        reason: Reason::UnexpectedMessage,
        about: About::default(),
    });
    let out = shop.terminal.tell("chip:one", refused.clone());
    assert_eq!(out.reply, None);
    assert_eq!(shop.chip.tell("terminal:one", refused).reply, None);
}

/// What may happen in a shop.
#[derive(Clone, Copy, Debug)]
enum Step {
    Print(u8, bool),
    Mute(bool),
    Twice(bool),
    LateAnswers,
    CrashTerminal,
    CrashChip,
    Wait(u8),
}

fn steps_in_a_shop() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4_u8, any::<bool>()).prop_map(|(n, copy)| Step::Print(n, copy)),
        2 => any::<bool>().prop_map(Step::Mute),
        1 => any::<bool>().prop_map(Step::Twice),
        2 => Just(Step::LateAnswers),
        1 => Just(Step::CrashTerminal),
        1 => Just(Step::CrashChip),
        2 => (1..90_u8).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_a_receipt_has_one_code_at_most_with_its_own_amount(
        steps in steps_in_a_shop(),
    ) {
        let mut shop = Shop::open();
        let mut codes: BTreeMap<u8, BTreeSet<Uid>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Print(n, copy) => {
                    let (number, minor) = (format!("A{n}"), 100 * i64::from(n) + 50);
                    let bytes = if copy {
                        copy_of(&number, minor)
                    } else {
                        receipt(&number, minor).bytes()
                    };
                    let page = shop.print(&bytes);
                    if let Some((uid, order)) = sealed_on(&page) {
                        prop_assert_eq!(order.amount, eur(minor));
                        codes.entry(n).or_default().insert(uid);
                    }
                }
                Step::Mute(mute) => shop.mute = mute,
                Step::Twice(twice) => shop.twice = twice,
                Step::LateAnswers => {
                    for answer in std::mem::take(&mut shop.unsaid) {
                        shop.answer(answer);
                    }
                }
                Step::CrashTerminal => shop.crash_terminal(),
                Step::CrashChip => shop.chip.store.crash(),
                Step::Wait(seconds) => shop.wait(Span::seconds(seconds.into())),
            }
            shop.pages.clear();
        }
        for (number, uids) in codes {
            prop_assert!(uids.len() == 1, "receipt {number} has {uids:?}");
        }
    }

    #[test]
    fn any_bytes_from_the_till_and_any_answer_of_the_chip_are_borne(
        bytes: Vec<u8>, answer: Vec<u8>,
    ) {
        let mut shop = Shop::open();
        shop.desk.till(shop.terminal.now, &bytes);
        shop.serve();
        shop.answer(Message::ApduAnswer(Bytes(answer.into())));
        shop.desk.till_closed(shop.terminal.now);
        shop.wait(Span::seconds(2));
        // Whatever the printer made of those bytes, the next connection's receipt has its code.
        shop.desk = Desk::with_paper(Profile::named("epson-80mm").unwrap());
        let page = shop.print(&receipt("Z9", 100).bytes());
        prop_assert_eq!(sealed_on(&page).unwrap().1.amount, eur(100));
    }
}

#[test]
fn money_is_compared_in_the_paper_s_own_fractions() {
    use records::e4;
    let amount = |text: &str, currency: &str| Money::parse(text, currency.parse().unwrap());
    assert_eq!(e4(amount("8.40", "EUR").unwrap()), Some(84_000));
    assert_eq!(e4(amount("840", "JPY").unwrap()), Some(8_400_000));
    assert_eq!(e4(amount("8.400", "KWD").unwrap()), Some(84_000));
    assert_eq!(e4(Money::new(i64::MAX, "JPY".parse().unwrap())), None);
}
