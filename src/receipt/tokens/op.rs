//! What a command asks of the printer, the same for every dialect.

/// An operation. Numbers are as the command carries them unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Characters in the encoding that is in force.
    Text(&'a [u8]),
    /// Print the line and go to the next.
    LineFeed,
    /// Many printers ignore it; with LF it is one line end.
    CarriageReturn,
    /// On to the next tab stop.
    Tab,
    /// Print and, in page mode, return to standard mode.
    FormFeed,
    /// Drop the page that is being composed.
    Cancel,
    /// Back to the state after power on.
    Init,
    /// Alignment of lines that begin after it.
    Align(Align),
    /// Character size as multiples of the cell, 1 to 8.
    Size(u8, u8),
    /// Width alone, 1 to 8 (Star).
    Wide(u8),
    /// Height alone, 1 to 8 (Star).
    Tall(u8),
    /// `ESC !`: bit 0 font B, 3 bold, 4 double height, 5 double width, 7 underline.
    PrintMode(u8),
    /// Font A, B, C: 0, 1, 2.
    Font(u8),
    /// Bold or double strike.
    Bold(bool),
    /// White on black.
    Invert(bool),
    /// `ESC t n`, `ESC GS t n`: the single-byte table, by the profile's numbering.
    CodePage(u8),
    /// `ESC R n`: national replacements in ASCII.
    National(u8),
    /// `FS &` and `FS .`, Star's `ESC p` and `ESC q`: double-byte mode.
    Multibyte(bool),
    /// `FS C n`: 0 JIS, 1 Shift-JIS, 2 Shift-JIS-2004.
    MultibyteCode(u8),
    /// `FS ! n`: bit 2 double width, 3 double height.
    MultibyteMode(u8),
    /// `FS ( C` function 30h: the text that follows is UTF-8, or is no longer.
    Utf8(bool),
    /// Print and feed this many dots.
    FeedDots(u8),
    /// Print and feed this many lines.
    FeedLines(u8),
    /// Go to this column in motion units (dots, unless the profile says otherwise).
    To(u16),
    /// Move by motion units.
    By(i16),
    /// Tab stops in character columns, ascending.
    Tabs(&'a [u8]),
    /// Left margin in motion units.
    LeftMargin(u16),
    /// Printing width in motion units.
    AreaWidth(u16),
    /// Line height in motion units; nothing for the default.
    LineSpacing(Option<u8>),
    /// A picture that prints at once.
    Image(Image<'a>),
    /// A picture that waits in the print buffer for [`PrintStored`](Op::PrintStored).
    StoreImage(Image<'a>),
    /// Print the stored picture.
    PrintStored,
    /// A picture kept in the printer: what it shows is not in the stream.
    Logo,
    /// A linear barcode: system and data.
    Barcode(u8, &'a [u8]),
    /// QR module size in dots.
    QrModule(u8),
    /// QR error correction: 0 L, 1 M, 2 Q, 3 H.
    QrLevel(u8),
    /// QR payload, kept until the next one or a reset.
    QrStore(&'a [u8]),
    /// Print the stored QR symbol.
    QrPrint,
    /// Another two-dimensional symbol is printed.
    Symbol,
    /// Cut the paper, after feeding to the cutter if `true`.
    Cut(bool),
    /// Open a cash drawer; the pin, 0 or 1.
    Drawer(u8),
    /// A real-time command: acted on at once, wherever it stands.
    RealTime(RealTime),
    /// The till wants to know something.
    Ask(Ask<'a>),
    /// `ESC L`: lines are composed on a page from here.
    PageMode,
    /// `ESC S`: back to printing line by line.
    StandardMode,
    /// `ESC FF`: print the page and stay in page mode.
    PrintPage,
    /// Page mode: go to this row.
    PageRow(u16),
    /// `ESC =`: bit 0 the printer, bit 1 the customer display listens.
    Peripheral(u8),
    /// `GS :`: a macro's definition starts or ends.
    MacroMark,
    /// `GS ^`: the macro runs.
    MacroRun,
    /// A known command that changes nothing about what the paper says.
    Known,
    /// NUL and other stray control bytes.
    Stray,
    /// Not a command that we know; its bytes are skipped.
    Unknown,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// At the left margin.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right margin.
    Right,
}

impl Align {
    /// The alignment that a number names; 0 or '0' left, 1 centre, 2 right.
    pub(super) const fn of(n: u8) -> Self {
        match n {
            1 | b'1' => Self::Centre,
            2 | b'2' => Self::Right,
            _ => Self::Left,
        }
    }
}

/// A one-bit picture, 1 is black.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// Columns in dots.
    pub width: usize,
    /// Rows in dots.
    pub height: usize,
    /// How many dots of paper one dot is wide and high (1 or 2).
    pub scale: (u8, u8),
    /// `false`: rows of `width` bits, most significant bit left, each padded to a byte.
    /// `true`: columns of `height` bits, most significant bit on top.
    pub columns: bool,
    /// The bits.
    pub data: &'a [u8],
    /// Whether the picture shares its line with text (`ESC *`) or has rows of its own.
    pub inline: bool,
}

impl Image<'_> {
    /// Whether the dot in column `x` of row `y` is black.
    pub fn dot(&self, x: usize, y: usize) -> bool {
        let (line, bit, stride) = if self.columns {
            (x, y, self.height.div_ceil(8))
        } else {
            (y, x, self.width.div_ceil(8))
        };
        let byte = self.data.get(line * stride + bit / 8).copied().unwrap_or(0);
        byte & (0x80 >> (bit % 8)) != 0
    }
}

/// What must be acted on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealTime {
    /// `DLE EOT n [a]`: status.
    Status(u8),
    /// `DLE ENQ n`: recover from an error; 2 clears the buffers first.
    Recover(u8),
    /// `DLE DC4 1 m t`: drawer pulse on pin m.
    Pulse(u8),
    /// `DLE DC4 7 n`: send a status block.
    Send(u8),
    /// `DLE DC4 8`: clear the buffers.
    Clear,
    /// Power off, buzzer.
    Other,
}

/// What the till asks, to be answered in turn with the printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// `GS a n`: status sent by itself whenever one of these bits' causes changes.
    AutoStatus(u8),
    /// `GS r n`: paper (1) or drawer (2).
    Transmit(u8),
    /// `GS I n`: what the printer is.
    Identify(u8),
    /// `GS ( H` function 48: send this back when everything before it has been printed.
    ProcessId(&'a [u8]),
    /// Star: `ESC ACK SOH`, `ENQ`, and the end-of-job enquiry.
    Star,
}

/// The meaning of a control byte that stands alone.
pub(super) const fn control(byte: u8) -> Op<'static> {
    match byte {
        0x09 => Op::Tab,
        0x0A => Op::LineFeed,
        0x0C => Op::FormFeed,
        0x0D => Op::CarriageReturn,
        0x18 => Op::Cancel,
        _ => Op::Stray,
    }
}
