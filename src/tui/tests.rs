//! The terminal without a terminal: what keys do, what is drawn, what is never drawn.

use super::keys::{action, holding};
use super::*;
use crate::board::STUCK_AFTER;
use crate::id::{Id, OrderId, Party, Uid};
use crate::journal::{Cause, Entry, Event as Fact, EventKind};
use crate::money::{Currency, Money};
use crate::source::{News, Pace, Server};
use crate::text::Text;
use crate::time::{Span, Time};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::borrow::Cow;

fn party(text: &str) -> Party {
    text.parse().unwrap()
}

fn order(nth: u8) -> OrderId {
    OrderId(Id::from_bytes([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, nth,
    ]))
}

/// Writes journals as parties do.
#[derive(Default)]
struct Pens {
    written: Vec<(Party, Entry)>,
}

impl Pens {
    fn write(&mut self, of: &str, seconds: u32, cause: (&'static str, Option<&str>), event: Fact) {
        let of = party(of);
        let seq = self
            .written
            .iter()
            .filter(|(party, _)| *party == of)
            .count()
            + 1;
        let entry = Entry {
            lane: 0,
            seq: seq.try_into().unwrap(),
            at: Time::from_seconds(seconds),
            cause: Cause {
                what: Cow::Borrowed(cause.0),
                from: cause.1.map(party),
            },
            event,
            hash: [0xAB; 32],
        };
        self.written.push((of, entry));
    }

    /// An order's way, as far as `steps`.
    fn order(&mut self, nth: u8, begins: u32, shop: &str, note: &str, steps: usize) {
        use EventKind::{Held, OrderClaimed, OrderCreated, OrderPaid, OrderUnknown, Posted};
        let amount = Money::new(i64::from(nth) * 125_000 + 840, Currency::EUR);
        let of = |kind| Fact::new(kind).order(order(nth)).amount(amount);
        let (debit, credit) = (Text::clean("customer:ann"), Text::clean("merchant:bean"));
        let moved = |kind| of(kind).debit(debit.clone()).credit(credit.clone());
        let (gateway, bank, wallet) = ("gateway:main", "bank:river", "wallet:ann");
        let uid = Uid::from_bytes([0, 0, 0, 7, 0, nth, 1, 0, 0, 0, nth]);
        let raised = of(OrderCreated)
            .state("CREATED")
            .uid(uid)
            .peer(party(shop))
            .note(Text::clean(note));
        let claimed = of(OrderClaimed).state("CLAIMED").peer(party(bank));
        let all = [
            (gateway, 0, ("open", Some(wallet)), raised),
            (bank, 3, ("pay", Some(wallet)), moved(Held)),
            (gateway, 4, ("claim", Some(bank)), claimed),
            (
                gateway,
                14,
                ("outcome", None),
                of(OrderUnknown).state("UNKNOWN"),
            ),
            (bank, 15, ("granted", Some(gateway)), moved(Posted)),
            (
                gateway,
                16,
                ("paid", Some(bank)),
                of(OrderPaid).state("PAID"),
            ),
        ];
        for (who, after, cause, event) in all.into_iter().take(steps) {
            self.write(who, begins + after, cause, event);
        }
    }
}

/// Five orders: waiting, claimed, unknown for long, paid, paid.
fn entries() -> Vec<(Party, Entry)> {
    let mut pens = Pens::default();
    pens.order(1, 1000, "merchant:coffee-bar", "A-1", 6);
    pens.order(2, 1010, "merchant:noodle-bar", "A-2", 4);
    pens.order(3, 1100, "merchant:noodle-bar", "A-3", 1);
    pens.order(4, 1110, "merchant:tea-house", "A-4", 3);
    pens.order(5, 1115, "merchant:coffee-bar", "A-5", 6);
    pens.written
}

const NOW: u32 = 1140;

fn app(columns: u16, rows: u16, looks: Looks) -> App {
    let mut app = App::new((columns, rows), looks);
    app.update(Event::News(News::Entries(entries())));
    app.update(Event::Clock(
        Time::from_seconds(NOW),
        Text::clean("LIVE 3 servers"),
    ));
    app.take_dirty();
    app
}

fn usual() -> App {
    app(80, 24, Looks::default())
}

fn press(app: &mut App, keys: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    for word in keys.split_whitespace() {
        commands = app.update(Event::Key(word.parse().unwrap()));
        for command in &commands {
            if let Command::Ask(id) = command {
                let about = entries().into_iter();
                let about = about.filter(|(_, entry)| entry.event.order == Some(*id));
                app.update(Event::News(News::Order(*id, about.collect())));
            }
        }
        app.take_dirty();
    }
    commands
}

fn screen(app: &App) -> Buffer {
    let (columns, rows) = app.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// What is to be read, then a marker for how each cell looks: what a snapshot of text alone hides.
fn shown(app: &App) -> String {
    let buffer = screen(app);
    let area = buffer.area;
    let (mut glyphs, mut looks) = (String::new(), String::new());
    for y in 0..area.height {
        for x in 0..area.width {
            let cell = buffer.cell((x, y)).unwrap();
            glyphs.push_str(cell.symbol());
            looks.push(marker(cell.fg, cell.modifier));
            assert_eq!(cell.bg, Color::Reset, "no background is ever painted");
        }
        glyphs.truncate(glyphs.trim_end_matches(' ').len());
        looks.truncate(looks.trim_end_matches('.').len());
        glyphs.push('\n');
        looks.push('\n');
    }
    let legend = "r red  g green  y yellow  c cyan  # reversed  * bold  - dim";
    format!("{glyphs}{:=<40}\n{looks}{legend}", "")
}

fn marker(colour: Color, modifier: Modifier) -> char {
    match colour {
        _ if modifier.contains(Modifier::REVERSED) => '#',
        Color::Red => 'r',
        Color::Green => 'g',
        Color::Yellow => 'y',
        Color::Cyan => 'c',
        _ if modifier.contains(Modifier::BOLD) => '*',
        _ if modifier.contains(Modifier::DIM) => '-',
        _ => '.',
    }
}

#[test]
fn the_screens_at_every_size() {
    for (columns, rows) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        let mut app = app(columns, rows, Looks::default());
        insta::assert_snapshot!(format!("board_{columns}x{rows}"), shown(&app));
        press(&mut app, "Enter j");
        insta::assert_snapshot!(format!("order_{columns}x{rows}"), shown(&app));
        press(&mut app, "?");
        insta::assert_snapshot!(format!("keys_{columns}x{rows}"), shown(&app));
    }
}

#[test]
fn the_screens_without_colour_and_in_ascii() {
    let ascii = Looks {
        glyphs: Glyphs::Ascii,
        colour: false,
    };
    let mut app = app(80, 24, ascii);
    insta::assert_snapshot!("board_80x24_plain", shown(&app));
    press(&mut app, "Enter");
    insta::assert_snapshot!("order_80x24_plain", shown(&app));
    let buffer = screen(&app);
    let is_plain =
        |cell: &ratatui::buffer::Cell| cell.symbol().is_ascii() && cell.fg == Color::Reset;
    assert!(buffer.content.iter().all(is_plain));
}

#[test]
fn no_key_means_two_things_in_one_place_and_all_have_help() {
    for scope in [Scope::Board, Scope::Detail, Scope::Help, Scope::Any] {
        let bound = KEYMAP.iter().filter(|binding| binding.scope == scope);
        let mut keys: Vec<String> = bound
            .flat_map(|b| b.keys)
            .map(ToString::to_string)
            .collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "{scope:?}");
        assert!(holding(scope).all(|binding| !binding.help.is_empty()));
    }
    for binding in KEYMAP {
        for key in binding.keys {
            assert_eq!(key.to_string().parse(), Ok(*key));
            let taken = [
                Key::Ctrl('a'),
                Key::Ctrl('b'),
                Key::Ctrl('s'),
                Key::Ctrl('q'),
            ];
            assert!(!taken.contains(key), "multiplexers take {key}");
        }
    }
}

#[test]
fn every_action_on_every_screen_of_an_empty_board_and_of_one_row_and_of_many() {
    let mut one = Pens::default();
    one.order(1, 1000, "merchant:bean", "A-1", 3);
    for entries in [Vec::new(), one.written, entries()] {
        for screen in ["", "Enter", "?"] {
            for &action in Action::ALL {
                let mut app = App::new((80, 24), Looks::default());
                app.update(Event::News(News::Entries(entries.clone())));
                app.take_dirty();
                press(&mut app, screen);
                let commands = app.act(action);
                let sane = commands.iter().all(|command| match command {
                    Command::Quit => matches!(action, Action::Leave | Action::Quit),
                    Command::Ask(_) => action == Action::Open,
                    Command::Copy(_) => action == Action::Copy,
                    Command::Export { .. } => action == Action::Export,
                    Command::Pace(_) => {
                        matches!(action, Action::Faster | Action::Slower | Action::Step)
                    }
                    Command::Repaint => action == Action::Repaint,
                });
                assert!(sane, "{action} on `{screen}`: {commands:?}");
                app.repaint();
                app.take_dirty();
                shown(&app);
            }
        }
    }
}

#[test]
fn what_needs_a_person_comes_first_and_the_selection_stays_with_its_order() {
    let mut app = usual();
    let first = app.table.selected();
    assert_eq!(first, Some(order(2)), "unknown for {STUCK_AFTER}");
    press(&mut app, "j j");
    let selected = app.table.selected();
    press(&mut app, "s s s S");
    assert_eq!(app.table.selected(), selected);
    press(&mut app, "G");
    assert_eq!(app.table.at, 4);
    press(&mut app, "g");
    assert_eq!(app.table.at, 0);
}

#[test]
fn a_filter_holds_while_it_is_typed_and_a_wrong_one_says_why_and_changes_nothing() {
    let mut app = usual();
    press(&mut app, "/ s t a t e : p a i d");
    assert_eq!(app.table.rows.len(), 2);
    press(&mut app, "space a g e >");
    let says = app.said.clone().unwrap();
    assert!(says.as_str().contains("a value is missing"), "{says}");
    press(&mut app, "Enter");
    assert!(app.typing.is_some(), "it is not kept");
    press(&mut app, "1 h Enter");
    assert_eq!((app.table.rows.len(), app.typing.is_none()), (0, true));
    press(&mut app, "/ Esc");
    assert_eq!((app.table.rows.len(), app.table.typed.as_str()), (5, ""));
    press(&mut app, "/ q ? j");
    assert_eq!(
        app.typing.as_deref(),
        Some("q?j"),
        "letters are letters there"
    );
}

#[test]
fn a_held_picture_stays_as_it_was_and_counts_what_it_misses() {
    let mut app = usual();
    let before = shown(&app);
    press(&mut app, "space");
    let held = app.table.rows.clone();
    let mut pens = Pens { written: entries() };
    let known = pens.written.len();
    pens.order(9, 1141, "merchant:bean", "A-9", 1);
    let paid = Fact::new(EventKind::OrderPaid)
        .order(order(4))
        .state("PAID");
    pens.write("gateway:main", 1142, ("paid", None), paid);
    app.update(Event::News(News::Entries(pens.written.split_off(known))));
    app.update(Event::Clock(
        Time::from_seconds(NOW + 99),
        Text::clean("LIVE 3 servers"),
    ));
    app.take_dirty();
    assert_eq!(app.table.rows, held);
    assert!(!app.ticks(), "nothing moves");
    let paused = shown(&app);
    assert!(paused.contains("PAUSED +2"), "{paused}");
    let without_title = |text: &str| text.lines().skip(1).take(20).collect::<Vec<_>>().join("\n");
    assert_eq!(without_title(&paused), without_title(&before));
    press(&mut app, "space");
    assert_eq!(app.table.rows.len(), 6);
    assert!(shown(&app).contains("paid 3"));
}

#[test]
fn escape_goes_back_and_never_out_and_q_goes_out_in_the_end() {
    let mut app = usual();
    assert_eq!(press(&mut app, "Esc Esc"), []);
    press(&mut app, "Enter ?");
    assert_eq!(app.screen(), Screen::Help);
    press(&mut app, "Esc");
    assert_eq!(app.screen(), Screen::Detail);
    assert_eq!(press(&mut app, "q"), []);
    assert_eq!(app.screen(), Screen::Board);
    assert_eq!(press(&mut app, "q"), [Command::Quit]);
    let mut typing = usual();
    assert_eq!(press(&mut typing, "/ ^c"), [Command::Quit]);
}

#[test]
fn an_order_is_a_ladder_with_its_money_beneath() {
    let mut app = usual();
    press(&mut app, "/ A - 1 Enter Enter");
    let shown = shown(&app);
    for part in [
        "open",
        "pay",
        "claim",
        "granted",
        "paid",
        "held",
        "posted",
        "customer:ann > merchant:bean",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let detail = app.detail.as_ref().unwrap();
    let lanes: Vec<String> = detail.lanes().iter().map(ToString::to_string).collect();
    assert_eq!(lanes, ["gateway:main", "bank:river", "wallet:ann"]);
    assert_eq!(detail.rungs().len(), 11, "five messages, six events");
}

#[test]
fn time_makes_nothing_dirty_when_no_age_grows() {
    let mut app = App::new((80, 24), Looks::default());
    let mut pens = Pens::default();
    pens.order(1, 1000, "merchant:bean", "A-1", 6);
    let title = Text::clean("LIVE");
    app.update(Event::News(News::Entries(pens.written)));
    app.update(Event::Clock(Time::from_seconds(2000), title.clone()));
    app.take_dirty();
    assert!(!app.ticks());
    app.update(Event::Clock(Time::from_seconds(3000), title.clone()));
    assert!(!app.take_dirty(), "a final order does not age");
    let mut open = Pens::default();
    open.order(2, 2990, "merchant:bean", "A-2", 1);
    for (_, entry) in &mut open.written {
        entry.seq = 5;
    }
    app.update(Event::News(News::Entries(open.written)));
    assert!(app.take_dirty() && app.ticks());
}

#[test]
fn a_key_is_meant_for_what_is_shown_and_what_came_since_is_drawn_right_after() {
    let mut app = usual();
    let before = shown(&app);
    let mut open = Pens::default();
    open.order(90, NOW - 1, "merchant:coffee-bar", "A-90", 1);
    for (_, entry) in &mut open.written {
        entry.seq = 100;
    }
    app.update(Event::News(News::Entries(open.written)));
    app.update(Event::Key(Key::Char('y')));
    assert!(app.take_dirty_as_shown());
    let rows = |screen: &str| screen.matches("coffee-bar").count();
    assert_eq!(rows(&shown(&app)), rows(&before));
    assert!(app.take_dirty(), "the order that came is still to be drawn");
    assert_eq!(rows(&shown(&app)), rows(&before) + 1, "{}", shown(&app));
    assert!(!app.take_dirty_as_shown());
}

#[test]
fn a_server_that_is_down_and_entries_that_are_missing_are_said() {
    let mut app = usual();
    let down = Server {
        name: Text::clean("bank:lake"),
        down: Some((
            Text::clean("connection refused"),
            Time::from_seconds(NOW - 12),
        )),
        caught_up: true,
        counts: crate::net::Counts::default(),
    };
    app.update(Event::News(News::Server(0, down)));
    app.take_dirty();
    let says = shown(&app);
    assert!(
        says.contains("! 1 of 1 servers unread for 12s: bank:lake (connection refused)"),
        "{says}"
    );
    let mut gap = usual();
    let mut late = entries();
    let (who, mut entry) = late.pop().unwrap();
    entry.seq += 3;
    gap.update(Event::News(News::Entries(vec![(who, entry)])));
    gap.take_dirty();
    assert!(shown(&gap).contains("! 2 entries missing"));
}

#[test]
fn books_that_do_not_sum_to_nothing_are_an_alarm() {
    let mut app = usual();
    assert!(shown(&app).contains("EUR sum 0 held"));
    let mut pens = Pens::default();
    let one_sided = Fact::new(EventKind::Credited)
        .amount(Money::new(5, Currency::EUR))
        .debit(Text::clean("clearing:main"));
    pens.write("bank:lake", 1139, ("advise", None), one_sided);
    app.update(Event::News(News::Entries(pens.written)));
    app.take_dirty();
    assert!(shown(&app).contains("EUR ! SUM -0.05"));
}

#[test]
fn the_pictures_are_files_that_can_be_read() {
    let app = usual();
    let Some(Command::Export { svg, text, stem }) = app.clone_for_export() else {
        panic!("an export");
    };
    assert!(
        stem.starts_with("quittance-ops-1970-01-01T001900"),
        "{stem}"
    );
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(
        svg.matches("<text ").count(),
        svg.matches("</text>").count()
    );
    assert_eq!(text.lines().count(), 24);
    assert!(text.contains("! CHECKING"));
}

impl App {
    fn clone_for_export(mut self) -> Option<Command> {
        press(&mut self, "e").pop()
    }
}

/// Text that would like to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\u{1b}]52;c;ZXZpbA==\u{7}".to_owned()),
        Just("\u{1b}[2J\u{1b}[31m".to_owned()),
        Just("\u{202e}lairt\u{200b}\u{feff}".to_owned()),
        Just("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}".to_owned()),
        Just("👨\u{200d}👩\u{200d}👧 e\u{301}\u{302}\u{303}".to_owned()),
        ".{0,30}",
    ]
}

fn any_key() -> impl Strategy<Value = Key> {
    let bound: Vec<Key> = KEYMAP.iter().flat_map(|b| b.keys.iter().copied()).collect();
    let not_out = |key: &Key| action(Scope::Board, *key) != Some(Action::Quit);
    prop_oneof![
        4 => proptest::sample::select(bound).prop_filter("stays", not_out),
        1 => any::<char>().prop_map(Key::Char),
        1 => Just(Key::Backspace),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let all = entries();
    prop_oneof![
        8 => any_key().prop_map(Event::Key),
        2 => (0..250_u16, 0..250_u16).prop_map(|(w, h)| Event::Resize(w, h)),
        1 => (0..all.len()).prop_map(move |at| Event::News(News::Entries(all[at..].to_vec()))),
        1 => (0..9000_u32).prop_map(|s| Event::Clock(Time::from_seconds(s), Text::clean("x"))),
        1 => Just(Event::News(News::Reset(Text::clean("anew")))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_keys_and_no_size_ever_panic_or_lose_the_selection(
        events in prop::collection::vec(any_event(), 1..40),
    ) {
        let mut app = usual();
        for event in events {
            for command in app.update(event) {
                if let Command::Ask(id) = command {
                    app.update(Event::News(News::Order(id, entries())));
                }
            }
            app.take_dirty();
            let count = app.table.rows.len();
            prop_assert!(app.table.at < count.max(1));
            prop_assert_eq!(app.table.selected().is_none(), count == 0);
            screen(&app);
        }
    }

    #[test]
    fn hostile_text_leaves_no_control_byte_in_any_cell(text in hostile(), columns in 40..140_u16) {
        let mut pens = Pens::default();
        pens.order(1, 1000, "merchant:bean", &text, 5);
        let mut app = App::new((columns, 30), Looks::default());
        app.update(Event::News(News::Entries(pens.written.clone())));
        app.update(Event::Said(Text::clean(&text)));
        app.update(Event::Clock(Time::from_seconds(1001), Text::clean(&text)));
        for keys in ["", "/", "Enter Enter"] {
            press(&mut app, keys);
            app.update(Event::News(News::Order(order(1), pens.written.clone())));
            let buffer = screen(&app);
            let clean = |cell: &ratatui::buffer::Cell| !cell.symbol().chars().any(char::is_control);
            prop_assert!(buffer.content.iter().all(clean));
            let picture = svg(&Picture::of(&app));
            prop_assert!(!picture.chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn an_age_fits_its_column(nanos: u64) {
        prop_assert!(style::age(Span::nanos(nanos)).len() <= 7);
    }
}

#[test]
fn a_simulations_pace_is_asked_for_and_nothing_else() {
    let mut app = usual();
    assert_eq!(press(&mut app, "]"), [Command::Pace(Pace::Faster)]);
    assert_eq!(press(&mut app, "["), [Command::Pace(Pace::Slower)]);
    assert_eq!(press(&mut app, "."), [Command::Pace(Pace::Step)]);
}
