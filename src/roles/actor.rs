//! Any one of the roles: what a driver that holds many parties of different kinds drives.
//!
//! Why an enum and not a trait object: roles differ in their inputs, which carry the proofs of the
//! checks that were made, and a match keeps them typed at the cost of nothing.

use super::{Cx, Role, bank, chip, gateway, merchant, terminal, wallet};
use crate::id::Party;
use crate::message::{About, Message, Sender};
use crate::order::Reason;
use crate::store::{Schema, Stop, Timer};
use crate::time::Time;

/// Declares the actor and its inputs: each role by its module.
macro_rules! actors {
    ($($(#[$doc:meta])* $kind:ident: $module:ident;)+) => {
        /// A party's role, whichever it is.
        pub enum Actor {
            $($(#[$doc])* $kind(Box<$module::$kind>),)+
        }

        /// What an actor acts on: its own role's input.
        #[derive(Clone, Debug)]
        pub enum Input {
            $($(#[$doc])* $kind($module::Input),)+
        }

        $(
            impl From<$module::$kind> for Actor {
                fn from(role: $module::$kind) -> Self {
                    Self::$kind(Box::new(role))
                }
            }

            impl From<$module::Input> for Input {
                fn from(input: $module::Input) -> Self {
                    Self::$kind(input)
                }
            }
        )+

        impl Actor {
            /// The tables that it keeps.
            pub const fn schemas(&self) -> &'static [&'static Schema] {
                match self {
                    $(Self::$kind(_) => $module::$kind::SCHEMAS,)+
                }
            }
        }

        impl Role for Actor {
            type Input = Input;

            fn me(&self) -> Party {
                match self {
                    $(Self::$kind(role) => role.me(),)+
                }
            }

            fn admit(&self, now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
                match self {
                    $(Self::$kind(role) => role.admit(now, from, message).map(Input::$kind),)+
                }
            }

            fn wake(&self, timer: Timer) -> Input {
                match self {
                    $(Self::$kind(role) => Input::$kind(role.wake(timer)),)+
                }
            }

            fn start(&self) -> Option<Input> {
                match self {
                    $(Self::$kind(role) => role.start().map(Input::$kind),)+
                }
            }

            fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
                match (self, input) {
                    $((Self::$kind(role), Input::$kind(input)) => role.handle(cx, input),)+
                    _anothers_input => Err(Stop::Refuse(Reason::UnexpectedMessage)),
                }
            }

            fn refusal(&self, reason: Reason, about: About) -> Message {
                match self {
                    $(Self::$kind(role) => role.refusal(reason, about),)+
                }
            }

            fn release(&self, message: &mut Message) {
                match self {
                    $(Self::$kind(role) => role.release(message),)+
                }
            }
        }
    };
}

actors! {
    /// The payment server between banks.
    Gateway: gateway;
    /// A bank's server.
    Bank: bank;
    /// A bank's app on a customer's phone.
    Wallet: wallet;
    /// A shop's back office.
    Merchant: merchant;
    /// A shop's print-capture terminal.
    Terminal: terminal;
    /// A terminal's chip.
    Chip: chip;
}
