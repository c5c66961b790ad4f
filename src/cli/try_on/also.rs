//! `--with KIND=FILE[,SIZE=MM…]`: further pieces of the same look.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use super::args::KindArg;
use crate::locate::FingerName;
use crate::product::Facts;

/// A further piece as the command line names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Also {
    pub kind: KindArg,
    pub product: PathBuf,
    pub facts: Facts,
    pub finger: Option<FingerName>,
}

impl FromStr for Also {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text
            .split_once('=')
            .ok_or("give KIND=FILE, as in necklace=pearls.png")?;
        let kind = KindArg::from_str(kind.trim(), true)
            .map_err(|_| format!("'{kind}' is no kind: earring, necklace, ring, bracelet or watch"))?;
        let mut parts = rest.split(',');
        let file = parts
            .next()
            .map(str::trim)
            .filter(|file| !file.is_empty())
            .ok_or("the file is missing")?;
        let mut also = Also {
            kind,
            product: PathBuf::from(file),
            facts: Facts::default(),
            finger: None,
        };
        for part in parts {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("'{part}': give NAME=VALUE"))?;
            let facts = &mut also.facts;
            let slot = match name.trim().replace('-', "_").as_str() {
                "width_mm" => &mut facts.width_mm,
                "height_mm" => &mut facts.height_mm,
                "inner_diameter_mm" => &mut facts.inner_diameter_mm,
                "chain_length_mm" => &mut facts.chain_length_mm,
                "case_diameter_mm" => &mut facts.case_diameter_mm,
                "style" => {
                    facts.style = Some(value.trim().to_owned());
                    continue;
                }
                "finger" => {
                    also.finger = Some(super::args::FingerArg::from_str(value.trim(), true)?.into());
                    continue;
                }
                other => {
                    return Err(format!(
                        "'{other}' is not known: width_mm, height_mm, inner_diameter_mm, chain_length_mm, \
                         case_diameter_mm, style or finger"
                    ));
                }
            };
            *slot = Some(super::args::millimetres(value.trim()).map_err(|why| format!("{name}: {why}"))?);
        }
        Ok(also)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_with_sizes() {
        let also: Also = "necklace=a/pearls.png,chain_length_mm=420,style=pearls"
            .parse()
            .expect("valid");
        assert_eq!(also.kind, KindArg::Necklace);
        assert_eq!(also.product, PathBuf::from("a/pearls.png"));
        assert_eq!(also.facts.chain_length_mm, Some(420.0));
        assert_eq!(also.facts.style.as_deref(), Some("pearls"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("pearls.png", "KIND=FILE"),
            ("tiara=x.png", "is no kind"),
            ("ring=", "missing"),
            ("ring=x.png,inner_diameter_mm=-1", "inner_diameter_mm"),
            ("ring=x.png,size=7", "not known"),
            ("ring=x.png,finger=toe", "toe"),
        ] {
            let error = Also::from_str(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
