//! Status bytes: what a printer answers, bit by bit.
//!
//! Bits from makers' manuals (Epson TM-U220A p. 54 and 82, TM-T88III p. 143, Samsung STP-131 p. 13,
//! Custom SMICE-PS p. 91): `DLE EOT` replies have bits 1 and 4 on, 0 and 7 off; automatic status is
//! four bytes whose first has bit 4 on and bits 0, 1 and 7 off.

/// How much paper there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperState {
    /// Enough.
    #[default]
    Ok,
    /// The near-end sensor has seen the end coming; it still prints.
    NearEnd,
    /// None: the printer is offline.
    End,
}

/// The state of the mechanism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent sensors, as in the status bytes"
)]
pub struct Condition {
    /// Paper.
    pub paper: PaperState,
    /// The cover is open: offline.
    pub cover_open: bool,
    /// The cutter does not cut; the next cut is an error.
    pub cutter_fault: bool,
    /// An error that waits for `DLE ENQ`.
    pub error: bool,
    /// Switched off line by hand.
    pub offline: bool,
    /// The drawer's switch is open (pin 3 high).
    pub drawer_open: bool,
}

/// What the printer knows about itself and whom it tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    pub(super) condition: Condition,
    /// `GS a`: bit 0 drawer, 1 on or off line, 2 errors, 3 paper.
    mask: u8,
    sent: Option<[u8; 4]>,
}

const fn bit(on: bool, n: u8) -> u8 {
    if on { 1 << n } else { 0 }
}

impl Status {
    pub(super) fn can_print(&self) -> bool {
        !self.is_offline()
    }

    fn is_offline(&self) -> bool {
        let c = &self.condition;
        c.paper == PaperState::End || c.cover_open || c.error || c.offline
    }

    /// The answer to `DLE EOT n`.
    pub(super) fn transmit(&self, n: u8) -> Vec<u8> {
        let c = &self.condition;
        let (near, end) = (c.paper != PaperState::Ok, c.paper == PaperState::End);
        let bits = match n {
            1 => bit(c.drawer_open, 2) | bit(self.is_offline(), 3),
            2 => bit(c.cover_open, 2) | bit(end, 5) | bit(c.error, 6),
            3 => bit(c.cutter_fault, 3),
            4 => bit(near, 2) | bit(near, 3) | bit(end, 5) | bit(end, 6),
            _ => return Vec::new(),
        };
        vec![0x12 | bits]
    }

    fn automatic(&self) -> [u8; 4] {
        let c = &self.condition;
        let (near, end) = (c.paper != PaperState::Ok, c.paper == PaperState::End);
        [
            0x10 | bit(c.drawer_open, 2) | bit(self.is_offline(), 3) | bit(c.cover_open, 5),
            bit(c.cutter_fault && c.error, 3),
            bit(near, 0) | bit(near, 1) | bit(end, 2) | bit(end, 3),
            0,
        ]
    }

    /// `GS a`: sends the status at once, and on every change from then on.
    pub(super) fn enable(&mut self, mask: u8) -> Vec<u8> {
        self.mask = mask & 0x0F;
        self.sent = None;
        self.changed()
    }

    /// The automatic status, if it is wanted and differs from the last one in what is wanted.
    pub(super) fn changed(&mut self) -> Vec<u8> {
        if self.mask == 0 {
            return Vec::new();
        }
        let now = self.automatic();
        let wanted = [
            bit(self.mask & 1 != 0, 2) | if self.mask & 2 != 0 { 0x28 } else { 0 },
            if self.mask & 4 != 0 { 0x68 } else { 0 },
            if self.mask & 8 != 0 { 0x0F } else { 0 },
            0,
        ];
        let differs = |last: [u8; 4]| (0..4).any(|i| (last[i] ^ now[i]) & wanted[i] != 0);
        if self.sent.is_some_and(|last| !differs(last)) {
            return Vec::new();
        }
        self.sent = Some(now);
        now.to_vec()
    }

    /// `DLE DC4 7 n`: status blocks on demand.
    pub(super) fn block(&self, n: u8) -> Vec<u8> {
        match n {
            1 | 2 => self.automatic().to_vec(),
            4 => vec![0x37, 0x23, 0x40 | bit(self.condition.cover_open, 0), 0],
            _ => Vec::new(),
        }
    }

    /// `GS r n`: in turn with printing.
    pub(super) fn printed(&self, n: u8) -> Vec<u8> {
        let near = self.condition.paper != PaperState::Ok;
        match n {
            1 => vec![bit(near, 0) | bit(near, 1)],
            2 => vec![bit(self.condition.drawer_open, 0)],
            _ => Vec::new(),
        }
    }

    /// `GS I n`.
    #[expect(
        clippy::unused_self,
        reason = "an answer of the printer like its neighbours"
    )]
    pub(super) fn identify(&self, n: u8, model: &str) -> Vec<u8> {
        let text = |s: &str| [b"_".as_slice(), s.as_bytes(), b"\0"].concat();
        match n {
            1 | 49 => vec![0x20],
            2 | 50 => vec![0x02],
            3 | 51 => vec![0x01],
            65 => text(env!("CARGO_PKG_VERSION")),
            66 => text("QUITTANCE"),
            67 => text(model),
            68 => text("0"),
            69 => text("437"),
            33..=48 => vec![0x3D, n, 0],
            _ => Vec::new(),
        }
    }

    /// Star's automatic status in its shortest form: header and seven bytes.
    pub(super) fn star(&self) -> Vec<u8> {
        let c = &self.condition;
        let cover = bit(self.is_offline(), 3) | bit(c.cover_open, 5) | bit(c.drawer_open, 2);
        let paper = bit(c.paper == PaperState::End, 3) | bit(c.paper != PaperState::Ok, 2);
        vec![0x23, 0x86, cover, bit(c.cutter_fault, 3), 0, paper, 0, 0, 0]
    }
}
