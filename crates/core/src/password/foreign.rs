//! Password hashes that other servers made, brought along with their people. Each is used until its user signs in, and then
//! replaced by one of our own. What a hash may cost is bounded, because anybody who types a password causes it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use thiserror::Error;

/// The greatest cost of bcrypt: about a second.
const MOST_BCRYPT: u32 = 14;
/// The most rounds of PBKDF2: about a second.
const MOST_ROUNDS: u32 = 2_000_000;
/// The most memory of scrypt and argon2, in KiB.
const MOST_MEMORY: u64 = 128 * 1_024;
/// The most passes over it.
const MOST_PASSES: u32 = 16;
/// The longest salt and key, in bytes.
const LONGEST_PART: usize = 128;
/// The shortest salt of argon2 (RFC 9106 §3.1), in bytes.
const SHORTEST_SALT: usize = 8;
/// The longest salt of a hash in the form of our own, in bytes.
const LONGEST_SALT: usize = 48;
/// The shortest key, in bytes: of fewer, too many passwords would fit.
const SHORTEST_KEY: usize = 16;

/// Why a hash is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HashProblem {
    /// None of the forms that are read.
    #[error("the password hash is in none of the known forms: bcrypt, or scrypt, PBKDF2 and argon2 as PHC strings")]
    Unknown,
    /// Its cost is out of bounds.
    #[error("the password hash costs too much to check, or too little to protect")]
    Cost,
}

/// How a hash is computed, without its salt and result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// bcrypt with 2^`cost` rounds.
    Bcrypt {
        /// 4 to 14.
        cost: u32,
    },
    /// scrypt (RFC 7914) with `N` = 2^`ln`.
    Scrypt {
        /// Binary logarithm of `N`.
        ln: u8,
        /// Block size.
        r: u32,
        /// Lanes, one after the other.
        p: u32,
    },
    /// PBKDF2 (RFC 8018).
    Pbkdf2 {
        /// The hash function of its HMAC.
        digest: Pbkdf2Digest,
        /// Rounds.
        rounds: u32,
    },
    /// argon2 (RFC 9106).
    Argon2 {
        /// Which of its variants.
        variant: Argon2Variant,
        /// 16 or 19.
        version: u32,
        /// KiB.
        memory: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
}

/// The hash functions of PBKDF2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pbkdf2Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The variants of argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argon2Variant {
    /// `argon2d`
    D,
    /// `argon2i`
    I,
    /// `argon2id`
    Id,
}

/// A hash of another server. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignHash {
    /// How to compute it.
    pub recipe: Recipe,
    /// The salt. For bcrypt it is part of the text.
    pub salt: Vec<u8>,
    /// The result to compare with. For bcrypt it is part of the text.
    pub key: Vec<u8>,
    text: String,
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignHash").field("recipe", &self.recipe).finish_non_exhaustive()
    }
}

impl ForeignHash {
    /// Reads a hash: `$2b$…` of bcrypt, or a PHC string `$algorithm$v=…$parameters$salt$key` with salt and key in base64.
    ///
    /// # Errors
    /// [`HashProblem`]
    pub fn parse(text: &str) -> Result<Self, HashProblem> {
        let parts: Vec<&str> = text.strip_prefix('$').ok_or(HashProblem::Unknown)?.split('$').collect();
        let recipe = Recipe::of(&parts)?;
        let (salt, key) = match (recipe, parts.as_slice()) {
            (Recipe::Bcrypt { .. }, [_, _, rest]) if is_bcrypt(rest) => (Vec::new(), Vec::new()),
            (Recipe::Bcrypt { .. }, _) => return Err(HashProblem::Unknown),
            (_, [.., salt, key]) => (decode(salt)?, decode(key)?),
            _ => return Err(HashProblem::Unknown),
        };
        if !matches!(recipe, Recipe::Bcrypt { .. }) && !(SHORTEST_KEY..=LONGEST_PART).contains(&key.len())
            || salt.len() > LONGEST_PART
        {
            return Err(HashProblem::Unknown);
        }
        if matches!(recipe, Recipe::Argon2 { .. }) && salt.len() < SHORTEST_SALT {
            return Err(HashProblem::Unknown);
        }
        // Read as one of our own later, by stricter rules.
        let is_like_ours = text.starts_with("$argon2id$v=19$");
        if is_like_ours && (salt.len() > LONGEST_SALT || !text.starts_with(&format!("{recipe}$"))) {
            return Err(HashProblem::Unknown);
        }
        let text = match (recipe, parts.as_slice()) {
            (Recipe::Bcrypt { .. }, [version, cost, rest]) => {
                format!("${version}${cost}${}", without_unused_bits(rest))
            }
            _ => text.to_owned(),
        };
        Ok(Self { recipe, salt, key, text })
    }

    /// One of scrypt, PBKDF2 or argon2, from its parts.
    ///
    /// # Errors
    /// [`HashProblem`]
    pub fn new(recipe: Recipe, salt: &[u8], key: &[u8]) -> Result<Self, HashProblem> {
        let encode = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        Self::parse(&format!("{recipe}${}${}", encode(salt), encode(key)))
    }

    /// The text that is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Recipe {
    /// The recipe of a hash in these parts.
    fn of(parts: &[&str]) -> Result<Self, HashProblem> {
        let recipe = match parts {
            ["2a" | "2b" | "2y", cost, ..] if cost.len() == 2 => Self::Bcrypt { cost: number(cost)? },
            ["scrypt", parameters, ..] => {
                let [ln, r, p] = values(parameters, ["ln", "r", "p"])?;
                Self::Scrypt { ln: u8::try_from(ln).map_err(|_| HashProblem::Cost)?, r, p }
            }
            [algorithm, parameters, ..] if algorithm.starts_with("pbkdf2") => {
                let digest = Pbkdf2Digest::named(algorithm).ok_or(HashProblem::Unknown)?;
                let rounds = parameters.split(',').find_map(|one| one.strip_prefix("i=")).unwrap_or(parameters);
                Self::Pbkdf2 { digest, rounds: number(rounds)? }
            }
            [algorithm, rest @ ..] => {
                let variant = Argon2Variant::named(algorithm).ok_or(HashProblem::Unknown)?;
                let (version, parameters) = match rest {
                    [version, parameters, ..] if version.starts_with("v=") => {
                        (number(version.trim_start_matches("v="))?, *parameters)
                    }
                    // As it was before versions were written.
                    [parameters, ..] => (16, *parameters),
                    [] => return Err(HashProblem::Unknown),
                };
                let [memory, passes, lanes] = values(parameters, ["m", "t", "p"])?;
                Self::Argon2 { variant, version, memory, passes, lanes }
            }
            [] => return Err(HashProblem::Unknown),
        };
        if recipe.is_affordable() { Ok(recipe) } else { Err(HashProblem::Cost) }
    }

    fn is_affordable(self) -> bool {
        match self {
            Self::Bcrypt { cost } => (4..=MOST_BCRYPT).contains(&cost),
            Self::Scrypt { ln, r, p } => {
                // 128 × N × r bytes.
                let memory = u64::from(r).checked_shl(u32::from(ln)).map(|blocks| blocks / 8);
                (10..=20).contains(&ln)
                    && (1..=32).contains(&r)
                    && (1..=MOST_PASSES).contains(&p)
                    && memory.is_some_and(|memory| memory <= MOST_MEMORY && memory * u64::from(p) <= MOST_MEMORY * 4)
            }
            Self::Pbkdf2 { rounds, .. } => (1_000..=MOST_ROUNDS).contains(&rounds),
            Self::Argon2 { version, memory, passes, lanes, .. } => {
                matches!(version, 16 | 19)
                    && (1..=MOST_PASSES).contains(&lanes)
                    && (1..=MOST_PASSES).contains(&passes)
                    && memory >= 8 * lanes
                    && u64::from(memory) <= MOST_MEMORY
            }
        }
    }

    /// The recipe behind a cost, as [`cost_of`] gives it; `None` for that of our own hashes.
    pub fn of_cost(cost: &str) -> Option<Self> {
        let parts: Vec<&str> = cost.split('$').collect();
        Self::of(&parts).ok()
    }
}

/// The beginning of a hash: without its salt and result.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bcrypt { cost } => write!(f, "$2b${cost:02}"),
            Self::Scrypt { ln, r, p } => write!(f, "$scrypt$ln={ln},r={r},p={p}"),
            Self::Pbkdf2 { digest, rounds } => write!(f, "${}$i={rounds}", digest.name()),
            Self::Argon2 { variant, version, memory, passes, lanes } => {
                write!(f, "${}$v={version}$m={memory},t={passes},p={lanes}", variant.name())
            }
        }
    }
}

impl Pbkdf2Digest {
    const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    fn named(name: &str) -> Option<Self> {
        if name == "pbkdf2" {
            return Some(Self::Sha1);
        }
        Self::ALL.into_iter().find(|digest| digest.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "pbkdf2-sha1",
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        }
    }
}

impl Recipe {
    /// How many bytes of a result are compared: what one run of PBKDF2 gives, which is enough. More would cost a run each.
    pub const fn compared(self) -> usize {
        match self {
            Self::Pbkdf2 { digest: Pbkdf2Digest::Sha1, .. } => 20,
            Self::Pbkdf2 { digest: Pbkdf2Digest::Sha256, .. } => 32,
            Self::Pbkdf2 { digest: Pbkdf2Digest::Sha512, .. } => 64,
            _ => LONGEST_PART,
        }
    }
}

impl Argon2Variant {
    /// The variant of that name, as PHC strings write it.
    pub fn named(name: &str) -> Option<Self> {
        [Self::D, Self::I, Self::Id].into_iter().find(|variant| variant.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::D => "argon2d",
            Self::I => "argon2i",
            Self::Id => "argon2id",
        }
    }
}

/// What checking a password against a stored hash costs, as a text that is the same for all hashes of one cost:
/// `m=19456,t=2,p=1` for argon2, and the parts before the salt for others.
pub fn cost_of(stored: &str) -> &str {
    if let Some(parameters) = stored.split('$').find(|part| part.starts_with("m=")) {
        return parameters;
    }
    let inner = stored.trim_start_matches('$');
    let end = inner.match_indices('$').nth(1).map_or(inner.len(), |(at, _)| at);
    inner.get(..end).unwrap_or_default()
}

fn number(text: &str) -> Result<u32, HashProblem> {
    let is_plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if is_plain { text.parse().map_err(|_| HashProblem::Cost) } else { Err(HashProblem::Unknown) }
}

/// The values of parameters that must be there, whatever their order.
fn values<const N: usize>(parameters: &str, names: [&str; N]) -> Result<[u32; N], HashProblem> {
    let mut found = [0; N];
    for (place, name) in found.iter_mut().zip(names) {
        let value = parameters.split(',').filter_map(|one| one.split_once('=')).find(|(named, _)| *named == name);
        *place = number(value.ok_or(HashProblem::Unknown)?.1)?;
    }
    Ok(found)
}

/// Base64 with or without padding, or in the alphabet of Python's passlib.
fn decode(text: &str) -> Result<Vec<u8>, HashProblem> {
    let text = text.replace('.', "+");
    let decoded = STANDARD_NO_PAD.decode(text.trim_end_matches('='));
    decoded.or_else(|_| STANDARD.decode(&text)).map_err(|_| HashProblem::Unknown)
}

/// 22 characters of salt and 31 of result, in bcrypt's alphabet.
/// Salt and result of bcrypt, 22 and 31 characters: the last of each has bits that mean nothing, which some implementations set.
fn without_unused_bits(rest: &str) -> String {
    const ALPHABET: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let cleared = |(place, character): (usize, char)| {
        let unused = match place {
            21 => 16,
            52 => 4,
            _ => 1,
        };
        let number = ALPHABET.find(character).unwrap_or_default();
        ALPHABET.chars().nth(number - number % unused).unwrap_or(character)
    };
    rest.chars().enumerate().map(cleared).collect()
}

fn is_bcrypt(rest: &str) -> bool {
    rest.len() == 53 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_that_can_be_checked_are_taken() {
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let argon2 = |parameters: &str, salt: usize| {
            format!("$argon2id$v=19${parameters}${}${key}", STANDARD_NO_PAD.encode(vec![7; salt]))
        };
        assert!(ForeignHash::parse(&argon2("m=64,t=1,p=1", 16)).is_ok());
        for text in [argon2("m=64,t=1,p=1", 7), argon2("m=64,t=1,p=1", 49), argon2("m=0064,t=1,p=1", 16)] {
            assert_eq!(ForeignHash::parse(&text), Err(HashProblem::Unknown), "{text}");
        }
        let (set, cleared) = (".....................9", ".....................u");
        let hash = |salt: &str, last: char| format!("$2b$04${salt}..............................{last}");
        assert_eq!(ForeignHash::parse(&hash(set, '9')).unwrap().as_str(), hash(cleared, '6'));
    }

    #[test]
    fn known_forms_are_read_and_written_back() {
        for (text, recipe) in [
            ("$2b$10$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJwFa", Recipe::Bcrypt { cost: 10 }),
            (
                "$scrypt$ln=14,r=16,p=1$MDEyMzQ1Njc$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                Recipe::Scrypt { ln: 14, r: 16, p: 1 },
            ),
            (
                "$pbkdf2-sha512$i=210000$MDEyMzQ1Njc$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                Recipe::Pbkdf2 { digest: Pbkdf2Digest::Sha512, rounds: 210_000 },
            ),
            (
                "$argon2i$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                Recipe::Argon2 { variant: Argon2Variant::I, version: 19, memory: 65_536, passes: 3, lanes: 4 },
            ),
        ] {
            let hash = ForeignHash::parse(text).unwrap();
            assert_eq!((hash.recipe, hash.as_str()), (recipe, text));
            if !matches!(recipe, Recipe::Bcrypt { .. }) {
                assert_eq!(ForeignHash::new(recipe, &hash.salt, &hash.key).unwrap(), hash);
                assert_eq!((hash.salt.as_slice(), hash.key.as_slice()), (&b"01234567"[..], &[0; 32][..]));
            }
            assert!(!format!("{hash:?}").contains("MDEy"));
        }
        let passlib = ForeignHash::parse(
            "$pbkdf2-sha256$29000$9t7be09prfXee2/NOUeotQ$Y.RDnnq8vsezSZSKy1QNy6xhKPdoBIwc.0XDdRm9sJ8",
        );
        assert_eq!(passlib.unwrap().recipe, Recipe::Pbkdf2 { digest: Pbkdf2Digest::Sha256, rounds: 29_000 });
    }

    #[test]
    fn what_is_no_hash_or_costs_too_much_is_refused() {
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for text in [
            "",
            "secret",
            "$",
            "$1$abc$def",
            "$2b$10$short",
            "$2b$10$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJw!a",
            "$scrypt$ln=14,r=16$MDEy$AAAA",
            "$pbkdf2-sha256$i=29000$MDEy$AAAA",
            "$pbkdf2-md5$i=29000$MDEy$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc",
            "$argon2id",
            "{SSHA}abc",
        ] {
            assert_eq!(ForeignHash::parse(text), Err(HashProblem::Unknown), "{text}");
        }
        for start in [
            "$2b$31".to_owned(),
            "$2b$03".to_owned(),
            format!("$scrypt$ln=30,r=8,p=1$MDEy${key}"),
            format!("$scrypt$ln=63,r=8,p=1$MDEy${key}"),
            format!("$scrypt$ln=17,r=8,p=16$MDEy${key}"),
            format!("$scrypt$ln=2,r=8,p=1$MDEy${key}"),
            format!("$pbkdf2-sha256$i=4294967295$MDEy${key}"),
            format!("$pbkdf2-sha256$i=99999999999$MDEy${key}"),
            format!("$pbkdf2-sha256$i=1$MDEy${key}"),
            format!("$argon2id$v=19$m=4194304,t=1,p=1$MDEyMzQ1Njc${key}"),
            format!("$argon2id$v=19$m=8,t=4000000000,p=1$MDEyMzQ1Njc${key}"),
            format!("$argon2id$v=18$m=65536,t=3,p=4$MDEyMzQ1Njc${key}"),
            format!("$argon2id$v=19$m=8,t=1,p=4$MDEyMzQ1Njc${key}"),
        ] {
            assert_eq!(ForeignHash::parse(&start), Err(HashProblem::Cost), "{start}");
        }
    }

    #[test]
    fn hashes_of_one_cost_have_one_text_for_it() {
        for (stored, cost) in [
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "m=19456,t=2,p=1"),
            ("$2b$10$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJwFa", "2b$10"),
            ("$scrypt$ln=14,r=16,p=1$MDEy$AAAA", "scrypt$ln=14,r=16,p=1"),
            ("$pbkdf2-sha512$i=210000$MDEy$AAAA", "pbkdf2-sha512$i=210000"),
            ("", ""),
        ] {
            assert_eq!(cost_of(stored), cost);
        }
        assert_eq!(Recipe::of_cost("2b$10"), Some(Recipe::Bcrypt { cost: 10 }));
        assert_eq!(Recipe::of_cost("scrypt$ln=14,r=16,p=1"), Some(Recipe::Scrypt { ln: 14, r: 16, p: 1 }));
        assert_eq!(Recipe::of_cost("m=19456,t=2,p=1"), None);
        assert_eq!(Recipe::of_cost("nonsense"), None);
    }
}
