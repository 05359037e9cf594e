//! What the chip does with a command.

use super::apdu::{Answer, Command, Status};
use super::instruction::{Guard, Instruction, Life};
use super::memory::{ChipMemory, ChipRam, PIN_TRIES_MAX, PUK_TRIES_MAX};
use super::session::{Agreement, Nonces, holds};
use super::wire::{APPLICATION, ChipStatus, Identity, SealRequest, Sealed};
use super::{Chip, ChipKeys, Pin};
use crate::code::sealed::{Draft, Flags, seal};
use crate::id::{Party, Uid};
use crate::journal::{Event, EventKind};
use crate::roles::Cx;
use crate::store::Stop;

/// One command at a personalised chip.
struct Card<'a, 'w> {
    chip: &'a Chip,
    keys: &'a ChipKeys,
    from: Party,
    ram: ChipRam,
    cx: &'a mut Cx<'w>,
}

impl Chip {
    pub(super) fn power_up(&self, cx: &mut Cx<'_>) -> Result<(), Stop> {
        let Some(keys) = &self.keys else {
            return Ok(());
        };
        let ram = ChipRam::of(cx, keys.terminal.terminal(), keys.terminal.epoch())?;
        cx.put(ram)
    }

    pub(super) fn answer(
        &self,
        cx: &mut Cx<'_>,
        from: Party,
        command: &Result<Command, Status>,
    ) -> Result<Answer, Stop> {
        let named = command.as_ref().map_err(|status| *status);
        let named = named.and_then(|command| Ok((Instruction::of(command.header)?, command)));
        let (instruction, command) = match named {
            Ok(named) => named,
            Err(status) => return Ok(Answer::bare(status)),
        };
        let Some(keys) = &self.keys else {
            return Ok(blank(instruction, command));
        };
        let ram = ChipRam::of(cx, keys.terminal.terminal(), keys.terminal.epoch())?;
        let mut card = Card {
            chip: self,
            keys,
            from,
            ram,
            cx,
        };
        let answer = match instruction.guard() {
            Guard::Clear => card.in_clear(instruction, command)?,
            Guard::Session | Guard::Pin => card.in_session(instruction, command)?,
        };
        let Card { ram, cx, .. } = card;
        cx.put(ram)?;
        Ok(answer)
    }
}

/// What a chip without keys answers.
fn blank(instruction: Instruction, command: &Command) -> Answer {
    match instruction {
        Instruction::Select => select(&command.data),
        Instruction::GetStatus => done(
            ChipStatus {
                life: Life::Blank,
                pin_tries: 0,
                puk_tries: 0,
                session: false,
            }
            .to_bytes(),
        ),
        _ if instruction.guard() == Guard::Clear => Answer::bare(Status::Conditions),
        _ => Answer::bare(Status::SecurityStatus),
    }
}

fn select(application: &[u8]) -> Answer {
    let ours = application.is_empty() || application == APPLICATION;
    Answer::bare(if ours { Status::Done } else { Status::NotFound })
}

const fn done(data: Vec<u8>) -> Answer {
    let status = Status::Done;
    Answer { data, status }
}

impl Card<'_, '_> {
    fn in_clear(&mut self, instruction: Instruction, command: &Command) -> Result<Answer, Stop> {
        if command.header.is_secure() {
            return Ok(Answer::bare(Status::NoClass));
        }
        self.execute(instruction, &command.data)
    }

    /// Opens the command's data field, does what it says, and seals the answer's.
    fn in_session(&mut self, instruction: Instruction, command: &Command) -> Result<Answer, Stop> {
        let Some(session) = self.ram.session.clone() else {
            return Ok(Answer::bare(Status::SecurityStatus));
        };
        if !command.header.is_secure() {
            return Ok(Answer::bare(Status::SecurityStatus));
        }
        let opened = session.open_command(command.header.bytes(), &command.data);
        let fresh = opened.filter(|(counter, _data)| *counter > self.ram.last_command);
        let Some((counter, data)) = fresh else {
            return Ok(Answer::bare(Status::SecureMessaging));
        };
        self.ram.last_command = counter;
        let Answer { data, status } = self.execute(instruction, &data)?;
        let data = session.seal_answer(counter, status.word(), &data);
        Ok(Answer { data, status })
    }

    fn execute(&mut self, instruction: Instruction, data: &[u8]) -> Result<Answer, Stop> {
        if !instruction.runs_in(self.ram.life) {
            return Ok(Answer::bare(Status::Conditions));
        }
        if instruction.guard() == Guard::Pin && !self.ram.pin_given {
            return Ok(Answer::bare(Status::SecurityStatus));
        }
        match instruction {
            Instruction::Select => Ok(select(data)),
            Instruction::GetStatus => self.status(),
            Instruction::SelfTest => Ok(self.self_test()),
            Instruction::InitializeUpdate => Ok(self.initialize_update(data)),
            Instruction::ExternalAuthenticate => self.external_authenticate(data),
            Instruction::GetIdentity => Ok(self.identity()),
            Instruction::SealAndSign => self.seal_and_sign(data),
            Instruction::Verify => self.verify(data),
            Instruction::ResetRetryCounter => self.reset_retry_counter(data),
            Instruction::Deactivate => self.enter(Life::Locked),
            Instruction::Activate => self.enter(Life::Active),
            Instruction::Terminate => {
                self.ram.close();
                self.enter(Life::Terminated)
            }
        }
    }

    fn memory(&mut self) -> Result<ChipMemory, Stop> {
        ChipMemory::of(self.cx, self.ram.terminal, self.ram.epoch)
    }

    fn status(&mut self) -> Result<Answer, Stop> {
        let memory = self.memory()?;
        let status = ChipStatus {
            life: self.ram.life,
            pin_tries: memory.pin_tries,
            puk_tries: memory.puk_tries,
            session: self.ram.session.is_some(),
        };
        Ok(done(status.to_bytes()))
    }

    /// The signing key signs what its certificate's key verifies, and a session's two ends agree.
    fn self_test(&self) -> Answer {
        const LABEL: &[u8] = b"quittance-chip/1 self-test\0";
        let signature = self.keys.signing.sign(LABEL, &[]);
        let certified = self.keys.certificate.key();
        let signs = certified.verify(LABEL, &[], &signature).is_ok();
        let (module, chip) = ([1; 16], [2; 16]);
        let session = Agreement::of(&self.keys.pairing(), &Nonces { module, chip }).keys;
        let field = session.seal_command(1, [0; 4], LABEL);
        let opens = session.open_command([0; 4], &field) == Some((1, LABEL.to_vec()));
        Answer::bare(if signs && opens {
            Status::Done
        } else {
            Status::Faulty
        })
    }

    /// The open session goes on until the module has proved that it holds the key: whoever does
    /// not cannot end it.
    fn initialize_update(&mut self, data: &[u8]) -> Answer {
        let Ok(module) = data.try_into() else {
            return Answer::bare(Status::WrongLength);
        };
        let repeated = self.ram.opening.filter(|known| known.module == module);
        let nonces = repeated.unwrap_or_else(|| Nonces {
            module,
            chip: self.ram.draw_nonce(self.cx),
        });
        self.ram.opening = Some(nonces);
        let agreement = Agreement::of(&self.keys.pairing(), &nonces);
        done([nonces.chip, *agreement.chip_proof()].concat())
    }

    fn external_authenticate(&mut self, data: &[u8]) -> Result<Answer, Stop> {
        let Some(nonces) = self.ram.opening.take() else {
            return Ok(Answer::bare(Status::Conditions));
        };
        let agreement = Agreement::of(&self.keys.pairing(), &nonces);
        if !holds(agreement.module_proof(), data) {
            return Ok(Answer::bare(Status::NotAuthentic));
        }
        self.ram.close();
        (self.ram.session, self.ram.last_command) = (Some(agreement.keys), 0);
        if self.ram.life == Life::Personalised {
            self.ram.enter(self.cx, Life::Active)?;
        }
        let opened = Event::new(EventKind::SessionOpened).peer(self.from);
        self.cx.record(opened);
        Ok(done(Vec::new()))
    }

    fn identity(&self) -> Answer {
        let identity = Identity {
            terminal: self.ram.terminal,
            epoch: self.ram.epoch,
            certificate: self.keys.certificate.clone(),
        };
        done(identity.to_bytes())
    }

    /// The answer begins with the request's job even when it is a refusal.
    fn seal_and_sign(&mut self, data: &[u8]) -> Result<Answer, Stop> {
        let refuse = |status| {
            let data = data.iter().take(16).copied().collect();
            Ok(Answer { data, status })
        };
        let Some(mut request) = SealRequest::parse(data) else {
            return refuse(Status::WrongData);
        };
        let Some(counter) = self.ram.next_counter(self.cx)? else {
            return refuse(Status::Exhausted);
        };
        request.order.counter = counter;
        let inline = self.keys.flags.contains(Flags::CERTIFICATE);
        let draft = Draft {
            route: self.keys.route,
            flags: self.keys.flags,
            issued_at: request.issued_at,
            ttl_minutes: request.ttl_minutes,
            order: request.order,
            certificate: inline.then(|| self.keys.certificate.clone()),
        };
        let Ok(code) = seal(&self.keys.terminal, &self.keys.signing, &draft) else {
            return refuse(Status::Faulty); // the order was checked: the keys do not fit each other
        };
        let uid = Uid {
            terminal: self.ram.terminal,
            epoch: self.ram.epoch,
            counter,
        };
        let job = request.job;
        Ok(done(Sealed { job, uid, code }.to_bytes()))
    }

    fn verify(&mut self, given: &[u8]) -> Result<Answer, Stop> {
        let mut memory = self.memory()?;
        let tries = &mut memory.pin_tries;
        let status = attempt(self.chip.pin.as_ref(), given, tries, PIN_TRIES_MAX);
        if !given.is_empty() {
            self.ram.pin_given = status == Status::Done;
            self.cx.put(memory)?;
        }
        Ok(Answer::bare(status))
    }

    fn reset_retry_counter(&mut self, given: &[u8]) -> Result<Answer, Stop> {
        let mut memory = self.memory()?;
        let tries = &mut memory.puk_tries;
        let status = attempt(self.chip.puk.as_ref(), given, tries, PUK_TRIES_MAX);
        if status == Status::Done {
            memory.pin_tries = PIN_TRIES_MAX;
        }
        self.cx.put(memory)?;
        Ok(Answer::bare(status))
    }

    fn enter(&mut self, life: Life) -> Result<Answer, Stop> {
        self.ram.enter(self.cx, life)?;
        Ok(done(Vec::new()))
    }
}

/// Compares what was given; a wrong one costs a try, a right one restores them, nothing given asks
/// how many are left.
fn attempt(secret: Option<&Pin>, given: &[u8], tries: &mut u8, most: u8) -> Status {
    let Some(secret) = secret else {
        return Status::NoReferenceData;
    };
    if *tries == 0 {
        return Status::Blocked;
    }
    if given.is_empty() {
        return Status::WrongPin(*tries);
    }
    if secret.is(given) {
        *tries = most;
        return Status::Done;
    }
    *tries -= 1;
    Status::WrongPin(*tries)
}
