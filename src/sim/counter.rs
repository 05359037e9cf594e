//! A shop's counter: the till's bytes, the desk that they pass, and the code on the paper.

use super::observer::Observer;
use super::world::World;
use crate::chance::Chance;
use crate::code::distort::{Family, Severity, distort};
use crate::code::draw::Raster;
use crate::code::scan::{Gray, scan, steps};
use crate::code::sealed::{SealedOrder, digest};
use crate::code::symbol::Symbol;
use crate::id::Party;
use crate::message::Bytes;
use crate::receipt::Profile;
use crate::receipt::layout::{Page, layout};
use crate::receipt::paper::Sheet;
use crate::receipt::write::Draft;
use crate::roles::terminal::{Desk, DeskOut, Input, Job, PAPER_WAIT_MS_MAX, Read, Sale};
use crate::roles::{Actor, Effect};
use crate::scenario::Paper;
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many steps of the scanning ladder a simulated phone goes.
const SCAN_STEPS: usize = 9;
/// Dots of a module on damaged paper.
const MODULE_DOTS: usize = 5;

/// A till's place, with its terminal and its virtual printer.
#[derive(Clone)]
pub(super) struct Counter {
    /// The terminal.
    pub(super) terminal: Party,
    paper: Paper,
    printer: Profile,
    desk: Desk,
    /// The terminal's life that the desk belongs to: a program that dies takes its desk along.
    life: u32,
    /// Which receipt a job is.
    jobs: BTreeMap<u64, Text>,
    /// Receipts whose bytes went in and whose job has not come out.
    fed: VecDeque<Text>,
    next_job: u64,
}

/// A receipt came out with a code on it.
pub(super) struct Coded {
    /// Its order number.
    pub(super) receipt: Text,
    /// The code's text, as read from the paper.
    pub(super) link: String,
}

impl Counter {
    pub(super) fn new(terminal: Party, paper: Paper, printer: Profile) -> Self {
        Self {
            terminal,
            paper,
            desk: Desk::with_paper(printer.clone()),
            printer,
            life: 0,
            jobs: BTreeMap::new(),
            fed: VecDeque::new(),
            next_job: 1,
        }
    }

    /// The till prints. Nothing comes of it while the terminal is down.
    pub(super) fn print<O: Observer>(
        &mut self,
        world: &mut World<O>,
        receipt: &Text,
        draft: &Draft,
    ) {
        if !self.begin_anew(world) {
            return;
        }
        if self.paper == Paper::Fast {
            return self.hand_over(world, receipt, draft);
        }
        self.fed.push_back(receipt.clone());
        self.desk.till(world.now(), &draft.bytes());
        self.serve(world);
    }

    /// The sale as a value, as if it had been printed and read.
    fn hand_over<O: Observer>(&mut self, world: &mut World<O>, receipt: &Text, draft: &Draft) {
        let order = SealedOrder {
            counter: 0,
            amount: draft.total(),
            reference: receipt.clone(),
            digest: digest(receipt.as_str()),
            merchant: None,
            till: None,
            lines: None,
            tax: None,
        };
        let number = Some(receipt.clone());
        let job = Job {
            number: self.next_job,
            until: world.now().after(Span::millis(PAPER_WAIT_MS_MAX)),
            len: 0,
            read: Read::Sale(Sale { number, order }),
        };
        self.jobs.insert(self.next_job, receipt.clone());
        self.next_job += 1;
        world.local(&self.terminal, "job", Input::Job(Arc::new(job)));
    }

    /// The terminal wants something printed. Gives the receipt whose code is on paper now.
    pub(super) fn effect<O: Observer>(
        &mut self,
        world: &mut World<O>,
        effect: &Effect,
    ) -> Option<Coded> {
        if !self.begin_anew(world) {
            return None;
        }
        if self.paper == Paper::Fast {
            return self.take_block(effect);
        }
        let done = self.desk.effect(world.now(), effect);
        let pages = self.serve(world);
        let Effect::Insert { job, .. } = effect else {
            return None;
        };
        let receipt = self.jobs.remove(job);
        if done.is_err() {
            world.local(&self.terminal, "missed", Input::Missed(*job));
            return None;
        }
        let link = pages.iter().find_map(|page| self.link_on(page))?;
        receipt.map(|receipt| Coded { receipt, link })
    }

    fn take_block(&mut self, effect: &Effect) -> Option<Coded> {
        let Effect::Insert { job, block } = effect else {
            return None;
        };
        let receipt = self.jobs.remove(job)?;
        let Bytes(block) = block.as_ref()?;
        let pages = layout(block, self.printer.dialect, Some(&self.printer));
        let link = pages.iter().find_map(|page| self.link_on(page))?;
        Some(Coded { receipt, link })
    }

    /// The desk's time has come: held paper goes out.
    pub(super) fn wake<O: Observer>(&mut self, world: &mut World<O>) {
        if self.begin_anew(world) {
            self.desk.wake(world.now());
            self.serve(world);
        }
    }

    /// When the desk has something to do.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.desk.next_wake()
    }

    /// Whether the terminal's program runs; the desk of an earlier life is gone with it.
    fn begin_anew<O: Observer>(&mut self, world: &World<O>) -> bool {
        let Some((life, up)) = world.life(&self.terminal) else {
            return false;
        };
        if life != self.life {
            self.life = life;
            self.desk = Desk::with_paper(self.printer.clone());
            self.jobs.clear();
            self.fed.clear();
        }
        up
    }

    /// Does what the desk wants done; gives the paper that came out.
    fn serve<O: Observer>(&mut self, world: &mut World<O>) -> Vec<Page> {
        let mut pages = Vec::new();
        while let Some(out) = self.desk.poll() {
            match out {
                DeskOut::Job { job, bytes, until } => {
                    if let Some(receipt) = self.fed.pop_front() {
                        self.jobs.insert(job, receipt);
                    }
                    let Some(Actor::Terminal(terminal)) = world.actor(&self.terminal) else {
                        continue;
                    };
                    let read = terminal.read(job, &bytes, until);
                    world.local(&self.terminal, "job", Input::Job(Arc::new(read)));
                }
                DeskOut::Page(page) => pages.push(page),
                DeskOut::Print(_) | DeskOut::Till(_) | DeskOut::Asked(_) | DeskOut::Happened(_) => {
                }
            }
        }
        pages
    }

    /// The text of the code on a page: from the stream, or from the dots.
    fn link_on(&self, page: &Page) -> Option<String> {
        let symbol = page.symbols.iter().find(|symbol| symbol.qr);
        let family = match self.paper {
            Paper::Fast | Paper::Bytes => {
                let whole = symbol.map(|symbol| String::from_utf8(symbol.data.clone()));
                return whole.map_or_else(|| self.scan(page), Result::ok);
            }
            Paper::Dots => return self.scan(page),
            Paper::Blur => Family::Blur,
            Paper::Tear => Family::Tear,
            Paper::Overlay => Family::Overlay,
        };
        damaged(&self.scan(page)?, family)
    }

    fn scan(&self, page: &Page) -> Option<String> {
        let sheet = Sheet::of(page, &self.printer);
        let (width, height) = (sheet.width_dots(), sheet.rows().len());
        read(&Gray::from_dots(width, height, |x, y| sheet.dot(x, y)).ok()?)
    }
}

/// What a phone reads of the code once the paper is damaged: the link, or nothing. One code has one
/// damage, so that a replay shows the same.
fn damaged(link: &str, family: Family) -> Option<String> {
    let raster = Raster::of(&Symbol::encode(link).ok()?, MODULE_DOTS);
    let side = raster.width();
    let picture = Gray::from_dots(side, side, |x, y| raster.is_set(x, y)).ok()?;
    let drawn = Chance::of_seed(0).draw("damage", link.as_bytes(), 0);
    let [nth, ..] = drawn.to_be_bytes();
    let severity = Severity::ALL[usize::from(nth) % Severity::ALL.len()];
    let chance = Chance::of_seed(drawn);
    read(&distort(&picture, MODULE_DOTS, family, severity, &chance))
}

fn read(picture: &Gray) -> Option<String> {
    let is_link = |text: &str| text.starts_with("https://");
    let read = scan(picture, is_link, steps(SCAN_STEPS));
    read.wanted(is_link).map(|found| found.text.clone())
}
