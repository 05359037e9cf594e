//! A hardware token that holds a chip's signing keys: PKCS #11 version 2.40 (OASIS).
//!
//! Such a token has neither HKDF nor AES-GCM-SIV, so it is not the whole chip: signing keys are
//! made in it and never leave it, and it encrypts the key of the chip's memory, in which the
//! terminal key lies. Counting and sealing run in this program's locked memory. Its signatures
//! have a nonce of its own; a low s is ours to make (see [`Held`]).

use crate::code::sealed::TerminalKey;
use crate::id::TerminalId;
use crate::roles::chip::{Hardware, Locked};
use crate::sign::{Held, PublicKey, SIGNATURE_LEN, SigningKey};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// The curve P-256 as DER: its object identifier, 1.2.840.10045.3.1.7.
const P256: &[u8] = &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
/// Coordinates of a point: `04 ‖ x ‖ y`.
const POINT_LEN: usize = 65;
const IV_LEN: usize = 16;
const LABEL: &[u8] = b"quittance chip";

/// A token with a user logged in, and the objects of one chip in it.
pub struct Token {
    session: Mutex<Session>,
    /// What the chip's objects are found by.
    id: Vec<u8>,
}

impl Token {
    /// Logs in to the token of this label, through the module (a shared library) that its maker
    /// delivers.
    pub fn open(module: &Path, label: &str, pin: &str, id: &[u8]) -> Result<Self, TokenError> {
        let pkcs11 = Pkcs11::new(module)?;
        let started = pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        fine_if(started, RvError::CryptokiAlreadyInitialized)?;
        let slot = slot(&pkcs11, label)?;
        let session = pkcs11.open_rw_session(slot)?;
        let logged_in = session.login(UserType::User, Some(&AuthPin::new(pin.into())));
        fine_if(logged_in, RvError::UserAlreadyLoggedIn)?;
        Ok(Self {
            session: Mutex::new(session),
            id: id.to_vec(),
        })
    }

    /// Makes the key that wraps the chip's memory key.
    pub fn make_wrapping_key(&self) -> Result<(), TokenError> {
        let template = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(32.into()),
            Attribute::Label(LABEL.to_vec()),
            Attribute::Id(self.id.clone()),
        ];
        self.session()
            .generate_key(&Mechanism::AesKeyGen, &template)?;
        Ok(())
    }

    /// Wraps a secret: initialisation vector and AES-CBC with padding.
    pub fn wrap(&self, iv: [u8; IV_LEN], secret: &[u8; 32]) -> Result<Vec<u8>, TokenError> {
        let key = self.find(ObjectClass::SECRET_KEY, &self.id)?;
        let wrapped = self
            .session()
            .encrypt(&Mechanism::AesCbcPad(iv), key, secret)?;
        Ok([&iv[..], &wrapped].concat())
    }

    /// Unwraps it.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, TokenError> {
        let (iv, rest) = wrapped
            .split_first_chunk::<IV_LEN>()
            .ok_or(TokenError::Wrapped)?;
        let key = self.find(ObjectClass::SECRET_KEY, &self.id)?;
        let secret = self
            .session()
            .decrypt(&Mechanism::AesCbcPad(*iv), key, rest)?;
        let secret = Zeroizing::new(secret);
        let secret = secret.as_slice().try_into();
        secret
            .map(Zeroizing::new)
            .map_err(|_length| TokenError::Wrapped)
    }

    /// Makes the signing key of an epoch; its public half. One that a run before this one made and
    /// nobody certified is replaced.
    pub fn make_signing_key(&self, epoch: u8) -> Result<PublicKey, TokenError> {
        self.destroy_signing_key(epoch)?;
        let id = self.epoch_id(epoch);
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(P256.to_vec()),
            Attribute::Label(LABEL.to_vec()),
            Attribute::Id(id.clone()),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Label(LABEL.to_vec()),
            Attribute::Id(id),
        ];
        let made =
            self.session()
                .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
        self.point(made.0)
    }

    /// Destroys the signing key of an epoch, if it is there.
    pub fn destroy_signing_key(&self, epoch: u8) -> Result<(), TokenError> {
        let session = self.session();
        for object in session.find_objects(&[Attribute::Id(self.epoch_id(epoch))])? {
            session.destroy_object(object)?;
        }
        Ok(())
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn epoch_id(&self, epoch: u8) -> Vec<u8> {
        [&self.id[..], &[epoch]].concat()
    }

    fn find(&self, class: ObjectClass, id: &[u8]) -> Result<ObjectHandle, TokenError> {
        let template = [Attribute::Class(class), Attribute::Id(id.to_vec())];
        let found = self.session().find_objects(&template)?;
        found.first().copied().ok_or(TokenError::NoKey)
    }

    /// The public key whose point an object has.
    fn point(&self, object: ObjectHandle) -> Result<PublicKey, TokenError> {
        let attributes = self
            .session()
            .get_attributes(object, &[AttributeType::EcPoint])?;
        let point = attributes
            .into_iter()
            .find_map(|attribute| match attribute {
                Attribute::EcPoint(point) => Some(point),
                _ => None,
            });
        // An octet string in DER; some tokens leave its two bytes out.
        let point = point.unwrap_or_default();
        let point: &[u8; POINT_LEN] = point.last_chunk().ok_or(TokenError::Point)?;
        let (x, y) = point[1..].split_at(32);
        let sign = 2 | y.last().map_or(0, |last| last & 1);
        PublicKey::parse(&[&[sign], x].concat()).map_err(|_no_point| TokenError::Point)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// A token that a chip's keys are looked for in.
#[derive(Clone, Debug)]
pub struct Shared(pub Arc<Token>);

impl Hardware for Shared {
    fn signing_key(&self, _terminal: TerminalId, epoch: u8) -> Result<SigningKey, String> {
        let found = || {
            let id = self.0.epoch_id(epoch);
            let public = self.0.find(ObjectClass::PUBLIC_KEY, &id)?;
            Ok::<_, TokenError>(TokenKey {
                public: self.0.point(public)?,
                private: self.0.find(ObjectClass::PRIVATE_KEY, &id)?,
                token: Arc::clone(&self.0),
            })
        };
        let key = found().map_err(|error| error.to_string())?;
        Ok(SigningKey::held(Arc::new(key)))
    }

    fn lock(&self, key: &TerminalKey) -> Option<Locked> {
        let locked = region::lock(std::ptr::from_ref(key), size_of::<TerminalKey>());
        locked.ok().map(|guard| Locked(Box::new(guard)))
    }
}

/// A signing key in a token.
struct TokenKey {
    token: Arc<Token>,
    public: PublicKey,
    private: ObjectHandle,
}

impl Held for TokenKey {
    fn public(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<[u8; SIGNATURE_LEN], String> {
        let session = self.token.session();
        let signed = session.sign(&Mechanism::Ecdsa, self.private, digest);
        let signed = signed.map_err(|error| TokenError::from(error).to_string())?;
        let length = signed.len();
        signed
            .try_into()
            .map_err(|_length| format!("the token gave {length} bytes"))
    }
}

fn slot(pkcs11: &Pkcs11, label: &str) -> Result<Slot, TokenError> {
    let mut others = Vec::new();
    for slot in pkcs11.get_slots_with_initialized_token()? {
        let info = pkcs11.get_token_info(slot)?;
        if info.label().trim_end() == label {
            return Ok(slot);
        }
        others.push(info.label().trim_end().to_owned());
    }
    Err(TokenError::NoToken {
        label: label.to_owned(),
        others,
    })
}

fn fine_if(done: Result<(), Error>, fine: RvError) -> Result<(), TokenError> {
    match done {
        Err(Error::Pkcs11(error, _)) if error == fine => Ok(()),
        done => Ok(done?),
    }
}

/// Why a token did not do it.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No token of that label is in a slot.
    #[error("find token `{label}`: there is {}", named(others))]
    NoToken {
        /// The label.
        label: String,
        /// The labels of the tokens that are there.
        others: Vec<String>,
    },
    /// The chip's key is not in it.
    #[error("find the chip's key in the token")]
    NoKey,
    /// What was wrapped is not what it was.
    #[error("unwrap the key of the chip's memory")]
    Wrapped,
    /// Its public key is none of P-256.
    #[error("read the token's public key")]
    Point,
    /// The PIN is wrong, or was too often.
    #[error("log in to the token: {0}")]
    Pin(&'static str),
    /// The module could not be loaded.
    #[error("load the token's module: {0}")]
    Module(String),
    /// The token said no.
    #[error("ask the token: {0}")]
    Said(String),
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange, _) => {
                Self::Pin("the PIN is wrong")
            }
            Error::Pkcs11(RvError::PinLocked, _) => Self::Pin("the PIN is locked"),
            Error::LibraryLoading(error) => Self::Module(error.to_string()),
            Error::Pkcs11(error, function) => Self::Said(format!("{function:?}: {error:?}")),
            other => Self::Said(other.to_string()),
        }
    }
}

fn named(others: &[String]) -> String {
    if others.is_empty() {
        "none".to_owned()
    } else {
        others.join(", ")
    }
}
