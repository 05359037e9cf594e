//! The one table of exit codes.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Yes; done.
    Done = 0,
    /// The answer is no: not valid, a property failed, a wrong amount, declined.
    No = 1,
    /// The command line is wrong.
    Usage = 2,
    /// An input is malformed: a scenario, a configuration, a receipt.
    Malformed = 3,
    /// Nothing was found or selected.
    Nothing = 4,
    /// The same seed gave another trace.
    NotDeterministic = 5,
    /// The environment failed: a port, a database, a disk.
    Environment = 6,
    /// Not a payment code, or not payable.
    NotPayable = 7,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// Every one, with what it means: for `--help`, the man page and the README.
    pub const TABLE: &'static [(Self, &'static str)] = &[
        (Self::Done, "yes, done"),
        (
            Self::No,
            "the answer is no (not valid, property failed, wrong amount, declined)",
        ),
        (Self::Usage, "usage"),
        (
            Self::Malformed,
            "an input is malformed (scenario, config, receipt)",
        ),
        (Self::Nothing, "nothing found or selected"),
        (Self::NotDeterministic, "not deterministic"),
        (
            Self::Environment,
            "the environment failed (port, database, disk)",
        ),
        (Self::NotPayable, "not a payment code, or not payable"),
        (Self::Interrupted, "interrupted"),
    ];

    /// Its number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Malformed => 3,
            Self::Nothing => 4,
            Self::NotDeterministic => 5,
            Self::Environment => 6,
            Self::NotPayable => 7,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command stopped: what it says on stderr, and how it exits.
#[derive(Debug)]
pub(super) struct Failure {
    /// How it exits.
    pub(super) exit: Exit,
    /// A fragment that reads after "failed to".
    pub(super) message: String,
    /// What is said before it: the errors of a file, each with its place.
    pub(super) details: Option<String>,
    /// What the person could do about it.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// It failed to `message`.
    pub(super) fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
            details: None,
            hint: None,
        }
    }

    /// A file is wrong; its errors are said as they are.
    pub(super) fn invalid(invalid: &crate::scenario::Invalid) -> Self {
        let errors = invalid.errors.len();
        let plural = if errors == 1 { "" } else { "s" };
        let mut failure = Self::new(
            Exit::Malformed,
            format!("read {}: {errors} error{plural}", invalid.file),
        );
        failure.details = Some(invalid.to_string());
        failure
    }

    /// And here is what could be done.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
