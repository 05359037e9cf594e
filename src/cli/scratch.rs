//! Databases for one run: made for it, and gone after it.

use super::demo::Folder;
use super::exit::{Exit, Failure};
use super::run::StoreKind;
use crate::db::{Place, Postgres, Sqlite};
use crate::journal::ChainKind;
use crate::roles::{Actor, Role as _};
use crate::sim::Store;
use crate::store::{Memory, StoreError};
use std::sync::{Mutex, PoisonError};

/// Where a run's parties keep their rows.
pub(super) enum Scratch {
    Memory,
    /// One file a party.
    Sqlite(Folder),
    /// One schema a party.
    Postgres(Schemas),
}

/// The schemas of one run on a server.
pub(super) struct Schemas {
    url: String,
    /// What their names begin with; unlike any other run's.
    prefix: String,
    made: Mutex<Vec<Place>>,
}

impl Scratch {
    pub(super) fn new(kind: StoreKind, database: Option<&str>) -> Result<Self, Failure> {
        Ok(match kind {
            StoreKind::Memory => Self::Memory,
            StoreKind::Sqlite => Self::Sqlite(Folder::open(None)?),
            StoreKind::Postgres => Self::Postgres(Schemas {
                url: database.ok_or_else(no_database)?.to_owned(),
                prefix: format!("run_{}_{}", std::process::id(), super::clock::now().nanos()),
                made: Mutex::default(),
            }),
        })
    }

    /// A party's store.
    pub(super) fn open(&self, actor: &Actor, chain: ChainKind) -> Result<Store, StoreError> {
        let party = actor.me();
        let name = format!("{}-{}", party.kind.word(), party.name);
        Ok(match self {
            Self::Memory => Store::Memory(Box::new(Memory::new(chain))),
            Self::Sqlite(folder) => {
                let path = folder.path.join(format!("{name}.db"));
                let sqlite = Sqlite::open(&path, actor.schemas(), chain)?;
                Store::Other(Box::new(sqlite))
            }
            Self::Postgres(schemas) => {
                let place = schemas.place(&name);
                let postgres = Postgres::connect(place, actor.schemas(), chain)?;
                Store::Other(Box::new(postgres))
            }
        })
    }
}

impl Schemas {
    fn place(&self, name: &str) -> Place {
        let place = Place {
            url: self.url.clone(),
            schema: format!("{}_{}", self.prefix, name.replace('-', "_")),
            lane: Some(0),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.push(place.clone());
        place
    }
}

impl Drop for Schemas {
    fn drop(&mut self) {
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner);
        for place in made.drain(..) {
            // A server that has gone keeps a few small tables.
            let _stays_behind = place.remove();
        }
    }
}

fn no_database() -> Failure {
    Failure::new(Exit::Usage, "find the PostgreSQL database: none is named")
        .hint("give --database postgres://user@host:5432/name, or set QUITTANCE_DATABASE")
}
