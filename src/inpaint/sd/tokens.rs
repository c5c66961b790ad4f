//! CLIP's words: Radford et al., "Learning transferable visual models from natural language supervision", 2021.

use std::path::Path;

use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::{Lowercase, NFC, Replace, replace::ReplacePattern};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer, normalizers, pre_tokenizers,
};

use super::SdError;
use super::folder::json;

/// Tokens that a prompt is cut or filled to when the export does not say.
const LENGTH: usize = 77;
/// Longest prompt that is looked at, bytes; far more than 77 tokens.
const MAX_PROMPT: usize = 16 << 10;

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";

/// Turns prompts into token ids of one length.
pub struct Tokens {
    tokenizer: Tokenizer,
    start: u32,
    end: u32,
    pad: u32,
    length: usize,
}

impl Tokens {
    /// From `vocab.json` and `merges.txt`, else from `tokenizer.json`.
    ///
    /// # Errors
    /// One line that names the file.
    pub fn open(folder: &Path) -> Result<Self, SdError> {
        let (vocab, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
        let whole = folder.join("tokenizer.json");
        let fail =
            |path: &Path, why: String| SdError(format!("{}: no CLIP tokenizer: {why}", path.display()));
        let tokenizer = if vocab.is_file() && merges.is_file() {
            let (Some(vocab_text), Some(merges_text)) = (vocab.to_str(), merges.to_str()) else {
                return Err(fail(&vocab, "its path is not in Unicode".into()));
            };
            let model = BPE::from_file(vocab_text, merges_text)
                .unk_token(END.into())
                .end_of_word_suffix("</w>".into())
                .build()
                .map_err(|e| fail(&vocab, e.to_string()))?;
            clip(model).map_err(|e| fail(&vocab, e.to_string()))?
        } else if whole.is_file() {
            Tokenizer::from_file(&whole).map_err(|e| fail(&whole, e.to_string()))?
        } else {
            return Err(SdError(format!(
                "{}: not found: the tokenizer needs vocab.json and merges.txt",
                vocab.display()
            )));
        };
        let config = json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        let special = json(&folder.join("special_tokens_map.json"))?.unwrap_or_default();
        let id = |token: &str| {
            tokenizer
                .token_to_id(token)
                .ok_or_else(|| fail(&vocab, format!("it has no token {token}")))
        };
        // A token is written as its text, or as an object that holds it.
        let pad = [&special["pad_token"], &config["pad_token"]]
            .into_iter()
            .find_map(|v| v.as_str().or_else(|| v["content"].as_str()))
            .unwrap_or(END);
        let length = config["model_max_length"].as_u64().unwrap_or(LENGTH as u64);
        Ok(Self {
            start: id(START)?,
            end: id(END)?,
            pad: id(pad)?,
            // Some exports say 10³⁰: no limit.
            length: if (2..=1024).contains(&length) {
                length as usize
            } else {
                LENGTH
            },
            tokenizer,
        })
    }

    /// Start, the prompt's tokens as far as they fit, end, padding.
    ///
    /// # Errors
    /// The prompt is longer than 16 KiB, or the tokenizer fails on it.
    pub fn ids(&self, prompt: &str) -> Result<Vec<u32>, SdError> {
        if prompt.len() > MAX_PROMPT {
            return Err(SdError(format!("a prompt of {} bytes is too long", prompt.len())));
        }
        let fail = |e: tokenizers::Error| SdError(format!("the prompt cannot be read: {e}"));
        let mut ids = vec![self.start];
        // The special tokens may stand in a prompt as text; everything between them is words.
        let mut rest = prompt;
        loop {
            let next = [START, END]
                .into_iter()
                .filter_map(|t| rest.find(t).map(|at| (at, t)))
                .min_by_key(|(at, _)| *at);
            let words = next.map_or(rest, |(at, _)| &rest[..at]);
            let encoding = self.tokenizer.encode(words, false).map_err(fail)?;
            ids.extend(encoding.get_ids());
            let Some((at, token)) = next else { break };
            ids.push(if token == START { self.start } else { self.end });
            rest = &rest[at + token.len()..];
        }
        ids.truncate(self.length - 1);
        ids.push(self.end);
        ids.resize(self.length, self.pad);
        Ok(ids)
    }
}

/// CLIP's rules around the merges: composed, single spaces, lower case, words and their parts as bytes.
fn clip(model: BPE) -> tokenizers::Result<Tokenizer> {
    let mut tokenizer = Tokenizer::new(model);
    let spaces = Replace::new(ReplacePattern::Regex(r"\s+".into()), " ")?;
    tokenizer.with_normalizer(Some(NormalizerWrapper::Sequence(normalizers::Sequence::new(
        vec![NFC.into(), spaces.into(), Lowercase.into()],
    ))));
    let words = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
    let split = Split::new(
        SplitPattern::Regex(words.into()),
        SplitDelimiterBehavior::Removed,
        true,
    )?;
    tokenizer.with_pre_tokenizer(Some(PreTokenizerWrapper::Sequence(
        pre_tokenizers::sequence::Sequence::new(vec![
            split.into(),
            ByteLevel::new(false, true, false).into(),
        ]),
    )));
    Ok(tokenizer)
}
