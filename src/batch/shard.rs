//! A part of a run: many machines with one preset make exactly what one machine would.

use std::fmt;
use std::str::FromStr;

/// Part `index` of `count`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Everything.
    pub const ALL: Shard = Shard { index: 1, count: 1 };

    /// # Errors
    /// `index` is not from 1 to `count`.
    pub fn new(index: u32, count: u32) -> Result<Self, String> {
        if index == 0 || index > count || count > 10_000 {
            return Err(format!(
                "shard {index}/{count}: give i/n with i from 1 to n, n up to 10000"
            ));
        }
        Ok(Self { index, count })
    }

    /// Whether this shard does the work with this key: a stable hash decides, so that every machine agrees.
    pub fn has(&self, key: &str) -> bool {
        let hash = blake3::hash(key.as_bytes());
        let head = hash
            .as_bytes()
            .iter()
            .take(8)
            .fold(0u64, |n, b| n << 8 | u64::from(*b));
        head % u64::from(self.count) + 1 == u64::from(self.index)
    }

    pub fn is_all(&self) -> bool {
        self.count == 1
    }

    /// Suffix of this shard's files: empty for everything.
    pub fn suffix(&self) -> String {
        if self.is_all() {
            String::new()
        } else {
            format!(".shard-{}-of-{}", self.index, self.count)
        }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) => Self::new(index, count),
            None => Err(format!("`{text}` is not a shard: give i/n, as 2/3")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_belongs_to_exactly_one_shard() {
        for key in (0..300).map(|i| format!("look-{i}|model")) {
            let owners = (1..=7)
                .filter(|i| Shard::new(*i, 7).expect("valid").has(&key))
                .count();
            assert_eq!(owners, 1, "{key}");
            assert!(Shard::ALL.has(&key));
        }
    }

    #[test]
    fn shards_are_written_as_fractions() {
        assert_eq!("2/3".parse::<Shard>().expect("valid").to_string(), "2/3");
        for wrong in ["0/3", "4/3", "x", "1/", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
