//! Mutations of token trees, determined by a seed.

use super::tree::{Tree, size};
use proc_macro2::{Delimiter, TokenStream};

/// A pseudorandom number generator (`SplitMix64`).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// Tokens with a meaning in Rust or in the macros.
const WORDS: &str = "
    _ as async await break const continue crate dyn else enum extern false fn for if impl in let loop
    match mod move mut pub ref return self Self static struct super trait true type unsafe use where
    while yield abstract become box do final macro override priv try typeof unsized virtual union
    r#type r#match 'a 'static
    action streaming_action state reads writes yields blocking input resource context error param
    default inputs resources nodes start pause end on retry timeout version migrate public cfg doc
    yield_ Reads Writes Result Slot Option String call args scope ALL name __state __yielder
    0 1 1.0 \"text\" 'c' b\"bytes\" 340282366920938463463374607431768211456 0u8 1.5e300
    , ; : :: . .. ..= -> => = == ! != & && | || ? # $ @ < > << >> + - * / % ^ ~
    () [] {} (x) [x] {x} (x,) #[input] #[cfg(any())] #[doc=\"text\"] yield_!(x) yield_!(x,) &str
    |x| x!() macro_rules!m{}
";

/// Returns each word as a list of trees.
pub(super) fn words() -> Vec<Vec<Tree>> {
    let parse = |word: &str| word.parse::<TokenStream>().map(super::tree::trees).ok();
    WORDS.split_whitespace().filter_map(parse).collect()
}

/// The sources of replacements.
pub(super) struct Pool<'a> {
    pub(super) words: &'a [Vec<Tree>],
    /// Another call, whose parts may be copied.
    pub(super) other: &'a [Tree],
}

/// Makes one change at a random place in the trees.
pub(super) fn mutate(trees: &mut Vec<Tree>, pool: &Pool<'_>, random: &mut Random) {
    // each token is equally likely, at any depth
    let mut at = random.below(size(trees));
    for tree in trees.iter_mut() {
        let Tree::Group(_, inside) = tree else {
            at = at.saturating_sub(1);
            continue;
        };
        let within = size(inside);
        if at >= 1 && at <= within {
            return mutate(inside, pool, random);
        }
        at = at.saturating_sub(1 + within);
        if at == 0 {
            break;
        }
    }
    let at = random.below(trees.len());
    change(trees, at, pool, random);
}

fn change(trees: &mut Vec<Tree>, at: usize, pool: &Pool<'_>, random: &mut Random) {
    let word = |random: &mut Random| random.pick(pool.words).cloned().unwrap_or_default();
    if trees.is_empty() {
        *trees = word(random);
        return;
    }
    match random.below(11) {
        0 => drop(trees.remove(at)),
        1 => trees.insert(at, trees[at].clone()),
        2 => {
            let other = random.below(trees.len());
            trees.swap(at, other);
        }
        3 => drop(trees.splice(at..=at, word(random))),
        4 => drop(trees.splice(at..at, word(random))),
        5 => trees.truncate(at),
        6 => drop(trees.splice(at..=at, part(pool.other, random))),
        7 => {
            // wraps some of them in a group
            let end = at + random.below(trees.len() - at + 1);
            let inside = trees.drain(at..end).collect();
            trees.insert(at, Tree::Group(delimiter(random), inside));
        }
        8 => {
            let from = random.below(trees.len());
            let moved = trees.remove(from);
            trees.insert(at.min(trees.len()), moved);
        }
        _ => match &mut trees[at] {
            Tree::Group(found, _) if random.below(2) == 0 => *found = delimiter(random),
            Tree::Group(_, inside) => {
                let inside = std::mem::take(inside);
                trees.splice(at..=at, inside);
            }
            Tree::Token(_) => drop(trees.remove(at)),
        },
    }
}

fn delimiter(random: &mut Random) -> Delimiter {
    let all = [Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace, Delimiter::None];
    random.pick(&all).copied().unwrap_or(Delimiter::None)
}

/// Returns one tree of another call, at any depth.
fn part(trees: &[Tree], random: &mut Random) -> Option<Tree> {
    let tree = random.pick(trees)?;
    match tree {
        Tree::Group(_, inside) if random.below(3) > 0 => part(inside, random),
        tree => Some(tree.clone()),
    }
}
