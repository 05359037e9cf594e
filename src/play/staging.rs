//! A scenario's parties and papers: the same for the simulator and for loopback.

use crate::cast::{
    BankPart, Cast, CastError, Crypto, CustomerPart, Issue, MerchantPart, Parts, Scheme, Sealer,
    Till,
};
use crate::chance::Chance;
use crate::code::bundle::TrustBundle;
use crate::id::Name;
use crate::money::Money;
use crate::order::Reason;
use crate::receipt::charset::Charset;
use crate::receipt::write::{Draft, Language};
use crate::receipt::{Hints, Profile};
use crate::roles::actor::Actor;
use crate::roles::terminal::Terminal;
use crate::roles::wallet::Habits;
use crate::roles::{bank, gateway};
use crate::scenario::{
    Act, Answers, Check, Confirms, Crowd, Customer, Key, Merchant, Own, Scenario, Template,
};
use crate::sign::SigningKey;
use crate::text::Text;
use crate::time::{Span, Time};
use std::sync::Arc;

/// The cast of a scenario: everybody that it names, with keys drawn from `chance`; their papers
/// hold from an hour before `starts`.
///
/// # Errors
/// [`CastError`] when a name is too long for a till, or a title for a certificate.
pub fn cast(
    scenario: &Scenario,
    crypto: Crypto,
    chance: &Chance,
    starts: Time,
) -> Result<Cast, CastError> {
    let mut cast = Cast::new(&parts(scenario, crypto, chance, starts), chance)?;
    spoil(&mut cast, scenario, chance)?;
    Ok(cast)
}

/// Who takes part in a scenario, as its cast is made from.
pub fn parts(scenario: &Scenario, crypto: Crypto, chance: &Chance, starts: Time) -> Parts {
    let gateway = scenario.gateways.iter().next();
    let (gateway, (timing, expires)) = gateway.map_or_else(default_gateway, |(name, policy)| {
        let timing = gateway::Timing {
            outcome: policy.outcome_after,
            ask_every: policy.ask_every,
            close_after: policy.close_after,
        };
        (*name, (timing, policy.order_expires))
    });
    let minutes = u16::try_from(expires.as_millis() / 60_000).unwrap_or(u16::MAX);
    let bank = |name: &Name| BankPart {
        name: *name,
        timing: bank::Timing::default(),
    };
    let merchant = |(name, merchant): (&Name, &Merchant)| MerchantPart {
        name: *name,
        title: merchant.name.clone(),
        bank: merchant.bank,
        tills: merchant.tills,
        code_minutes: minutes.max(1),
    };
    let customers = scenario.customers.iter().map(|(name, of)| (*name, of));
    let crowds = scenario.crowds.iter().flat_map(|(name, crowd)| {
        let members = (1..=crowd.people).filter_map(|n| Crowd::member(*name, n));
        members.map(|member| (member, &crowd.each))
    });
    Parts {
        crypto,
        starts: starts.before(Span::hours(1)),
        gateway,
        gateway_timing: timing,
        endpoint: String::new(),
        banks: scenario.banks.keys().map(bank).collect(),
        merchants: scenario.merchants.iter().map(merchant).collect(),
        customers: customers
            .chain(crowds)
            .map(|(name, of)| declined(scenario, of.bank, part(name, of, chance)))
            .collect(),
    }
}

/// The cast of a test network: a scenario's, whose links lead to `endpoint`, by the bundle that its
/// issuer published last.
///
/// # Errors
/// As [`cast`].
pub fn issued(
    scenario: &Scenario,
    chance: &Chance,
    since: Time,
    endpoint: String,
    issue: &Issue,
) -> Result<Cast, CastError> {
    let mut parts = parts(scenario, Crypto::Real, chance, since);
    parts.endpoint = endpoint;
    let mut cast = Cast::issued(&parts, chance, issue)?;
    spoil(&mut cast, scenario, chance)?;
    Ok(cast)
}

/// The cast of a test network by what its issuer says.
///
/// # Errors
/// As [`cast`].
pub fn certified(
    scenario: &Scenario,
    chance: &Chance,
    since: Time,
    scheme: &Scheme,
) -> Result<Cast, CastError> {
    let parts = parts(scenario, Crypto::Real, chance, since);
    let mut cast = Cast::certified(&parts, chance, scheme)?;
    spoil(&mut cast, scenario, chance)?;
    Ok(cast)
}

/// What seals a till's codes, by its terminal's name, without anybody else, and the host of its
/// links: for a process that prints a code and ends.
///
/// # Errors
/// [`CastError::NoMerchant`] when no till has that name; else as [`cast`].
pub fn till(
    scenario: &Scenario,
    chance: &Chance,
    since: Time,
    terminal: Name,
    bundle: Option<&TrustBundle>,
) -> Result<(Sealer, String), CastError> {
    let mut parts = parts(scenario, Crypto::Real, chance, since);
    parts.customers.clear();
    for (name, merchant) in &scenario.merchants {
        for number in 1..=merchant.tills {
            if merchant.till_name(*name, number) == Some(terminal) {
                return Cast::sealer_alone(&parts, chance, *name, number, bundle);
            }
        }
    }
    Err(CastError::NoMerchant { merchant: terminal })
}

fn default_gateway() -> (Name, (gateway::Timing, Span)) {
    let name = "main".parse().expect("`main` is a name");
    (name, (gateway::Timing::default(), Span::minutes(60)))
}

/// A customer of a bank that declines everything: the account is empty, or allows next to nothing,
/// so that it is the bank's own policy that declines.
fn declined(scenario: &Scenario, bank: Name, mut part: CustomerPart) -> CustomerPart {
    let currency = part.balance.currency();
    match scenario.banks.get(&bank).map(|bank| bank.answers) {
        Some(Answers::Declines(Reason::InsufficientFunds)) => part.balance = Money::zero(currency),
        Some(Answers::Declines(_)) => part.limit = Some(Money::new(1, currency)),
        _ => {}
    }
    part
}

/// A customer as the scenario has them; ranges are picked by their own name.
pub fn part(name: Name, customer: &Customer, chance: &Chance) -> CustomerPart {
    let decides_in = match customer.confirms {
        Confirms::After(range) => Some((range.least, range.most)),
        Confirms::Asked => None,
    };
    CustomerPart {
        name,
        bank: customer.bank,
        balance: customer
            .balance
            .pick(chance, "balance", name.as_str().as_bytes()),
        limit: customer.limit,
        habits: Habits {
            decides_in,
            checks_shop: customer.checks.contains(&Check::Shop),
            checks_amount: customer.checks.contains(&Check::Amount),
            ..Habits::default()
        },
    }
}

/// Gives the chips of merchants whose key is wrong a key that nobody certified, and banks their
/// magic.
fn spoil(cast: &mut Cast, scenario: &Scenario, chance: &Chance) -> Result<(), CastError> {
    for (bank, _) in &mut cast.banks {
        bank.magic = scenario.banks.get(&bank.name).is_some_and(|b| b.magic);
    }
    for till in &mut cast.tills {
        let merchant = scenario.merchants.get(&till.merchant);
        if merchant.is_some_and(|m| m.key == Key::Wrong) {
            let suite = till.signing.public().suite();
            let mut seed = [0; 32];
            for (part, nth) in seed.chunks_exact_mut(8).zip(0..) {
                let drawn = chance.draw("wrong-key", till.name.as_str().as_bytes(), nth);
                part.copy_from_slice(&drawn.to_be_bytes());
            }
            till.sealer.signing = Arc::new(SigningKey::from_seed(suite, &seed)?);
        }
    }
    Ok(())
}

/// The paper that a till prints for a step; `None` for steps that print nothing new.
pub fn paper(merchant: &Merchant, act: &Act, chance: &Chance) -> Option<Draft> {
    let Act::Print {
        receipt,
        amount,
        items,
        own,
        ..
    } = act
    else {
        return None;
    };
    let mut draft = Draft::new(merchant.name.as_str(), receipt.as_str(), merchant.currency);
    (draft.language, draft.charset) = match merchant.paper {
        Template::CoffeeEur | Template::Plain => (Language::English, Charset::Page(858)),
        Template::NoodleGbk => (Language::Chinese, Charset::Gb18030),
        Template::SushiJpy => (Language::Japanese, Charset::ShiftJis),
    };
    draft.drawer = true;
    for item in items {
        draft = draft.item(item.text.as_str(), 1, item.amount.minor());
    }
    if items.is_empty() {
        let total: Money = amount.pick(chance, "amount", receipt.as_str().as_bytes());
        draft = draft.item(nameless(merchant.paper), 1, total.minor());
    }
    let own = own.as_ref().or(merchant.own.as_ref());
    draft.own = own.map(|own| sent(own, &draft));
    Some(draft)
}

/// The bytes of a paper that the scenario brings.
fn sent(own: &Own, draft: &Draft) -> Vec<u8> {
    let total = draft.total().digits();
    match own {
        Own::Bytes(bytes) => {
            let bytes = filled(bytes, b"{order}", draft.order.as_bytes());
            filled(&bytes, b"{amount}", total.as_bytes())
        }
        Own::Lines(lines) => {
            let lines = lines.replace("{order}", &draft.order);
            let lines = lines.replace("{amount}", &total);
            let mut bytes = b"\x1b@".to_vec();
            bytes.extend(draft.charset.encode(&lines));
            bytes.extend(b"\n\n\n\x1dVB\0");
            bytes
        }
    }
}

/// Bytes with a word wherever its place is kept.
fn filled(bytes: &[u8], place: &[u8], word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, place) {
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(word);
        from = at + place.len();
    }
    out.extend_from_slice(&bytes[from..]);
    out
}

/// What one buys when the scenario does not say what.
const fn nameless(paper: Template) -> &'static str {
    match paper {
        Template::CoffeeEur | Template::Plain => "Today's special",
        Template::NoodleGbk => "今日套餐",
        Template::SushiJpy => "日替わり定食",
    }
}

/// Every party of a cast as a driver takes it. A terminal's printer is of the kind that its shop's
/// receipts need.
pub fn actors(cast: &Cast, scenario: &Scenario) -> Vec<Actor> {
    let mut actors = vec![Actor::from(cast.gateway.clone())];
    actors.extend(cast.banks.iter().map(|(bank, _)| Actor::from(bank.clone())));
    actors.extend(cast.shops.iter().cloned().map(Actor::from));
    for till in &cast.tills {
        let merchant = scenario.merchants.get(&till.merchant);
        actors.push(Actor::from(terminal(cast, till, merchant)));
        actors.push(Actor::from(till.chip()));
    }
    actors.extend(cast.wallets.iter().cloned().map(Actor::from));
    actors
}

fn terminal(cast: &Cast, till: &Till, merchant: Option<&Merchant>) -> Terminal {
    let own = merchant.and_then(|merchant| merchant.profile.as_ref());
    let printer = match (own, merchant.map(|merchant| merchant.paper)) {
        (Some(profile), _) => profile.as_str(),
        (None, Some(Template::NoodleGbk)) => "gbk-80mm",
        (None, Some(Template::SushiJpy)) => "epson-80mm-japan",
        (None, _) => "epson-80mm",
    };
    Terminal {
        name: till.name,
        chip: till.name,
        pairing: till.pairing(),
        gateway: cast.gateway.name,
        trust: Arc::clone(&cast.trust),
        printer: Arc::new(Profile::named(printer).expect("a built-in profile")),
        hints: Hints {
            currency: merchant.map(|merchant| merchant.currency),
            merchant: merchant.map(|merchant| merchant.name.clone()),
            ..Hints::default()
        },
        host: cast.host.clone(),
        bank: None,
        ttl_minutes: till.code_minutes,
        caption: Text::clean("Pay with your bank's app"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(with: &str) -> Option<Vec<u8>> {
        let source = format!(
            "schema = 1\nname = \"own\"\n[run]\npaper = \"bytes\"\ncurrency = \"EUR\"\n\
             [gateway.main]\n[bank.river]\n[merchant.bar]\nbank = \"river\"\n[[step]]\n\
             who = \"bar\"\ndoes = \"print\"\n\
             with = {{ order = \"A1\", amount = \"8.40\", {with} }}"
        );
        let scenario = Scenario::parse("own.toml", &source).unwrap();
        let merchant = scenario.merchants.values().next().unwrap();
        paper(merchant, &scenario.steps[0].act, &Chance::new([1; 16]))
            .unwrap()
            .own
    }

    #[test]
    fn a_till_sends_the_paper_that_a_step_brings() {
        assert_eq!(own("till = 1"), None);
        let lines = own(r#"text = "Caffè {order}\nTOTALE {amount}""#).unwrap();
        assert_eq!(lines, b"\x1b@Caff\x8a A1\nTOTALE 8.40\n\n\n\x1dVB\0");
        assert_eq!(own(r#"hex = "1b40 41 0a""#).unwrap(), b"\x1b@A\n");
        let filled = own(r#"hex = "7b6f726465727d 20 7b616d6f756e747d 0a""#).unwrap();
        assert_eq!(filled, b"A1 8.40\n");
    }
}
