//! What a label's words make of the amount beside them.

use super::lexicon::{self, Flags};

/// What an amount is, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// What is to be paid; how strongly the label says so, 0 (`Other total`) to 3 (`Grand total`).
    Total(u8),
    /// Called an amount or a sum, and nothing more.
    Amount,
    Subtotal,
    Tax,
    /// What a tax is computed on, or one tax rate's share of the sale.
    Base,
    Discount,
    Service,
    Tip,
    /// Service or a tip that the payer may leave out.
    Optional,
    /// A discount when the total comes after it, else a payment.
    Voucher,
    Rounding,
    Tendered(Means),
    Change,
    /// A count, points, savings: not this sale's money.
    Aside,
}

/// How it was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Means {
    Cash,
    Card,
    Wallet,
    /// A gift card, a voucher, a deposit paid before.
    Voucher,
    Unsaid,
}

/// The role that the classes of a label give an amount, if any.
pub(super) fn role(flags: Flags) -> Option<Role> {
    use lexicon::{
        AMOUNT, ASIDE, BASE, CARD, CASH, CHANGE, COUNT, DISCOUNT, EXCLUDING, FINAL, GROSS,
        INCLUDING, OPTIONAL, OTHER, PAID, ROUNDING, SAVINGS, SERVICE, SUB, TAX, TIP, TOTAL,
        VOUCHER, WALLET,
    };
    let has = |f: Flags| flags & f != 0;
    let rank = if has(OTHER) {
        0
    } else if has(FINAL) {
        3
    } else {
        2
    };
    Some(match () {
        () if has(ASIDE) && !has(FINAL | DISCOUNT) => Role::Aside,
        () if has(VOUCHER) && has(AMOUNT) && !has(PAID | FINAL) => Role::Aside,
        () if has(VOUCHER) && !has(TOTAL) => Role::Voucher,
        () if has(CHANGE) => Role::Change,
        () if has(ROUNDING) => Role::Rounding,
        () if has(OPTIONAL) && has(SERVICE | TIP) && !has(TOTAL) => Role::Optional,
        () if has(TIP) => Role::Tip,
        () if has(SAVINGS) => Role::Aside,
        () if has(COUNT) && !has(FINAL) => Role::Aside,
        () if has(BASE) && has(TOTAL) && !has(FINAL) => Role::Base,
        () if has(TAX) => return Some(taxed(flags, rank)),
        () if has(DISCOUNT) && has(EXCLUDING) && has(TOTAL | AMOUNT) => Role::Subtotal,
        () if has(DISCOUNT) => Role::Discount,
        () if has(SUB) => Role::Subtotal,
        () if has(SERVICE) && !has(TOTAL) => Role::Service,
        () if has(BASE) => Role::Base,
        () if has(TOTAL) && has(PAID) && !has(FINAL) => Role::Tendered(means(flags)),
        () if has(TOTAL) && has(EXCLUDING) && !has(FINAL) => Role::Subtotal,
        () if has(TOTAL) && has(CASH | CARD | WALLET) && !has(FINAL) => {
            Role::Tendered(means(flags))
        }
        () if has(TOTAL) => Role::Total(rank),
        () if has(CASH | CARD | WALLET | PAID) => Role::Tendered(means(flags)),
        () if has(EXCLUDING) && has(AMOUNT) => Role::Subtotal,
        () if has(AMOUNT) && has(INCLUDING) && !has(OTHER) => Role::Total(1),
        () if has(AMOUNT | GROSS) && !has(OTHER) => Role::Amount,
        () if has(EXCLUDING) && !has(OTHER) => Role::Base,
        () => return None,
    })
}

fn taxed(flags: Flags, rank: u8) -> Role {
    use lexicon::{AMOUNT, BASE, EXCLUDING, FINAL, INCLUDING, SUB, TOTAL};
    let has = |f: Flags| flags & f != 0;
    match () {
        () if has(SUB) => Role::Subtotal,
        () if has(TOTAL) && has(INCLUDING) && has(FINAL) => Role::Total(rank),
        () if has(TOTAL) && has(INCLUDING) => Role::Total(rank.min(2)),
        () if has(EXCLUDING) && has(TOTAL | AMOUNT) => Role::Subtotal,
        () if has(BASE) => Role::Base,
        () if has(INCLUDING) && has(AMOUNT) => Role::Total(1),
        () => Role::Tax,
    }
}

/// How it was paid, by the classes of a label.
pub(super) const fn means(flags: Flags) -> Means {
    if flags & lexicon::CARD != 0 {
        Means::Card
    } else if flags & lexicon::WALLET != 0 {
        Means::Wallet
    } else if flags & lexicon::CASH != 0 {
        Means::Cash
    } else {
        Means::Unsaid
    }
}
