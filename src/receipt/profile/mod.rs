//! What one printer model is like: its language, paper, tables and abilities.
//!
//! Common families are built in (`builtin.toml`); a shop's own come as TOML of the same form, where
//! an unknown key is an error. A job can be read without a profile, but then only what the bytes
//! themselves say is known.

use super::charset::Charset;
use super::tokens::Dialect;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How a printer draws a QR code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Qr {
    /// By its own command.
    Native,
    /// As a picture that we draw.
    Raster,
}

/// The double-byte set of a printer's market, and whether it is on after a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multibyte {
    /// The set.
    pub charset: Charset,
    /// Whether `ESC @` and power on switch it on.
    pub on: bool,
}

/// A printer model.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// The name it is chosen by: `epson-80mm`.
    pub name: String,
    /// What it stands for, in words.
    #[serde(default)]
    pub about: String,
    /// Its command language.
    pub dialect: Dialect,
    /// Characters of font A in a line.
    pub columns: u16,
    /// Printable width in dots: 384 on 58 mm paper, 512 or 576 on 80 mm.
    pub width_dots: u16,
    /// `ESC t` numbers that differ from the family's table: number to code page.
    #[serde(default)]
    pub code_pages: BTreeMap<String, u16>,
    /// Code page after a reset.
    #[serde(default = "default_page")]
    pub default_page: u16,
    /// Double-byte text, when the model has any.
    #[serde(default)]
    pub multibyte: Option<Multibyte>,
    /// How it draws QR codes.
    pub qr: Qr,
    /// Whether it can cut.
    #[serde(default = "yes")]
    pub cutter: bool,
}

const fn default_page() -> u16 {
    437
}

const fn yes() -> bool {
    true
}

/// A file of profiles.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<Profile>,
}

static BUILTIN: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let all = Profile::from_toml(include_str!("builtin.toml"));
    all.expect("a test reads the built-in profiles")
});

/// Not a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the printer profiles: {0}")]
pub struct ProfileError(String);

impl Profile {
    /// The profiles of a TOML text: `[[profile]]` tables.
    pub fn from_toml(text: &str) -> Result<Vec<Self>, ProfileError> {
        let file: File = toml::from_str(text).map_err(|e| ProfileError(e.to_string()))?;
        for profile in &file.profile {
            let dots = usize::from(profile.width_dots);
            if profile.columns == 0 || !(64..=4096).contains(&dots) {
                let name = &profile.name;
                return Err(ProfileError(format!(
                    "{name}: columns of at least 1, width-dots of 64 to 4096"
                )));
            }
            if let Some(key) = profile.code_pages.keys().find(|k| k.parse::<u8>().is_err()) {
                return Err(ProfileError(format!(
                    "{}: code page number `{key}` is not 0..255",
                    profile.name
                )));
            }
        }
        Ok(file.profile)
    }

    /// Profiles as the text of a file: what [`from_toml`](Self::from_toml) reads.
    pub fn to_toml(profiles: &[Self]) -> String {
        let profile = profiles.to_vec();
        toml::to_string(&File { profile }).expect("a profile has no value that TOML lacks")
    }

    /// The families that are built in.
    pub fn builtin() -> Vec<Self> {
        BUILTIN.clone()
    }

    /// The built-in family of this name.
    pub fn named(name: &str) -> Option<Self> {
        BUILTIN.iter().find(|p| p.name == name).cloned()
    }

    /// The code page behind `ESC t n` (or Star's `ESC GS t n`).
    pub fn page(&self, n: u8) -> Charset {
        match self.code_pages.get(&n.to_string()) {
            Some(page) => Charset::Page(*page),
            None => page(self.dialect, n),
        }
    }

    /// Width of a font A cell in dots.
    pub fn cell_dots(&self) -> u16 {
        (self.width_dots / self.columns).max(1)
    }
}

/// What `ESC t n` selects where no profile says otherwise: Epson's table, or Star's.
pub fn page(dialect: Dialect, n: u8) -> Charset {
    let table: &[(u8, u16)] = match dialect {
        Dialect::Star => STAR,
        Dialect::EscPos | Dialect::Plain => EPSON,
    };
    let found = table.binary_search_by_key(&n, |row| row.0).ok();
    found
        .and_then(|i| table.get(i))
        .map_or(Charset::Unknown, |row| Charset::Page(row.1))
}

/// Epson's numbering; what is missing (hiragana, one-pass kanji, Thai 17) has no table here.
const EPSON: &[(u8, u16)] = &[
    (0, 437),
    (1, 932),
    (2, 850),
    (3, 860),
    (4, 863),
    (5, 865),
    (11, 851),
    (12, 853),
    (13, 857),
    (14, 737),
    (15, 28597),
    (16, 1252),
    (17, 866),
    (18, 852),
    (19, 858),
    (20, 60042),
    (21, 60011),
    (22, 60013),
    (23, 60014),
    (24, 60016),
    (26, 60018),
    (30, 60030),
    (31, 60031),
    (32, 720),
    (33, 775),
    (34, 855),
    (35, 861),
    (36, 862),
    (37, 864),
    (38, 869),
    (39, 28592),
    (40, 28605),
    (41, 1098),
    (42, 774),
    (43, 772),
    (44, 1125),
    (45, 1250),
    (46, 1251),
    (47, 1253),
    (48, 1254),
    (49, 1255),
    (50, 1256),
    (51, 1257),
    (52, 1258),
    (53, 1048),
];

/// Star's numbering.
const STAR: &[(u8, u16)] = &[
    (0, 60000),
    (1, 437),
    (2, 932),
    (3, 437),
    (4, 858),
    (5, 852),
    (6, 860),
    (7, 861),
    (8, 863),
    (9, 865),
    (10, 866),
    (11, 855),
    (12, 857),
    (13, 862),
    (14, 864),
    (15, 737),
    (16, 851),
    (17, 869),
    (18, 28597),
    (19, 772),
    (20, 774),
    (21, 60021),
    (32, 1252),
    (33, 1250),
    (34, 1251),
    (64, 3840),
    (65, 3841),
    (66, 3843),
    (67, 3844),
    (68, 3845),
    (69, 3846),
    (70, 3847),
    (71, 3848),
    (72, 1001),
    (73, 771),
    (74, 3001),
    (75, 3002),
    (76, 3011),
    (77, 3012),
    (78, 3021),
    (97, 874),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_read() {
        let all = Profile::builtin();
        assert!(all.len() >= 10);
        assert!(all.iter().all(|p| !p.about.is_empty()));
        assert_eq!(
            Profile::named("epson-80mm").map(|p| p.cell_dots()),
            Some(12)
        );
    }

    #[test]
    fn tables_are_sorted_so_that_they_can_be_searched() {
        for table in [EPSON, STAR] {
            assert!(table.windows(2).all(|w| w[0].0 < w[1].0));
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = Profile::from_toml("[[profile]]\nname='x'\nspeed=3\n").unwrap_err();
        assert!(error.to_string().contains("speed"), "{error}");
    }

    #[test]
    fn a_model_with_its_own_numbers_says_so() {
        let pos5890 = Profile::named("pos-5890").unwrap();
        assert_eq!(pos5890.page(71), Charset::Page(1252));
        assert_eq!(pos5890.page(16), Charset::Page(1252));
    }
}
