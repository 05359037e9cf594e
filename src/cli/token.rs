//! A chip's hardware token as its folder names it.

use super::exit::{Exit, Failure};
use super::scan::full;
use super::{input, private};
use crate::code::sealed::Seed;
use crate::hex;
use crate::roles::chip::StorageKey;
use crate::token::{Shared, Token, TokenError};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// In the chip's folder, in the place of `fuses.key`.
const FILE: &str = "token.json";
/// Where the token's PIN comes from, so that it is on no command line.
const PIN_VARIABLE: &str = "QUITTANCE_TOKEN_PIN";

/// Which hardware a new chip's keys are made in.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Hold the signing keys in a hardware token: its PKCS #11 module, a shared library. The
    /// token's PIN is read from QUITTANCE_TOKEN_PIN.
    #[arg(long, value_name = "MODULE", requires = "token")]
    pkcs11: Option<PathBuf>,
    /// The token's label.
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    token: Option<String>,
}

/// Where a chip's keys are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    module: PathBuf,
    /// The token's label.
    pub(super) token: String,
    /// What its objects are found by, hexadecimal.
    id: String,
    /// The key of the chip's memory, wrapped by the token, hexadecimal.
    memory_key: String,
}

impl Place {
    /// Makes the wrapping key in the token and writes the folder's file: the memory's key. Nothing
    /// when no token is asked for.
    pub(super) fn make(dir: &Path, args: &Args) -> Result<Option<StorageKey>, Failure> {
        let (Some(module), Some(label)) = (&args.pkcs11, &args.token) else {
            return Ok(None);
        };
        let drawn = private::random()?;
        let (id, rest) = drawn.split_at(8);
        let iv = std::array::from_fn(|at| rest[at]);
        let mut place = Self {
            module: module.clone(),
            token: label.clone(),
            id: hex::encode(id),
            memory_key: String::new(),
        };
        let token = place.open()?;
        let secret = private::random()?;
        let wrapped = token
            .make_wrapping_key()
            .and_then(|()| token.wrap(iv, &secret));
        place.memory_key = hex::encode(&wrapped.map_err(|error| refused(&error))?);
        let file = serde_json::to_vec(&place).expect("a token's file has only string keys");
        private::replace(&dir.join(FILE), &file)?;
        Ok(Some(StorageKey::new(Seed::from_bytes(secret))))
    }

    /// What the folder says; nothing for a chip without a token.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, Failure> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let read = serde_json::from_slice(&input::read(&path)?);
        read.map(Some).map_err(|error| {
            Failure::new(Exit::Malformed, format!("read {}: {error}", path.display()))
        })
    }

    /// The token, logged in.
    pub(super) fn open(&self) -> Result<Token, Failure> {
        let Some(pin) = std::env::var_os(PIN_VARIABLE) else {
            let missing = Failure::new(Exit::Usage, "give the token's PIN");
            return Err(missing.hint(format!("it is read from {PIN_VARIABLE}")));
        };
        let id = decoded(&self.id)?;
        let token = Token::open(&self.module, &self.token, &pin.to_string_lossy(), &id);
        token.map_err(|error| refused(&error))
    }

    /// The key of the chip's memory, with the token for the signing keys.
    pub(super) fn storage_key(&self) -> Result<StorageKey, Failure> {
        let token = self.open()?;
        let secret = token.unwrap(&decoded(&self.memory_key)?);
        let secret = secret.map_err(|error| refused(&error))?;
        let hardware = Arc::new(Shared(Arc::new(token)));
        Ok(StorageKey::new(Seed::from_bytes(*secret)).with(hardware))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Failure> {
    hex::decode(text).map_err(|error| Failure::new(Exit::Malformed, full(&error)))
}

/// What the token said no to.
pub(super) fn refused(error: &TokenError) -> Failure {
    let exit = match error {
        TokenError::Pin(_) => Exit::No,
        TokenError::NoToken { .. } | TokenError::NoKey => Exit::Nothing,
        TokenError::Wrapped | TokenError::Point => Exit::Malformed,
        TokenError::Module(_) | TokenError::Said(_) => Exit::Environment,
    };
    Failure::new(exit, full(error))
}
