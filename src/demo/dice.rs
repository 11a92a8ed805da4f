//! Chance that can be repeated: the same seed throws the same numbers on every machine.

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// A generator that `rand` names among those with portable, reproducible output.
pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// Whether something happens that happens so often in a hundred times.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several; there has to be one.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.random_range(0..from.len())]
    }

    /// All of them in another order.
    pub fn shuffled<T: Copy, const N: usize>(&mut self, all: &[T; N]) -> [T; N] {
        let mut order = *all;
        order.shuffle(&mut self.0);
        order
    }

    /// An id as other systems make them: a prefix and `length` characters of an alphabet.
    pub fn id(&mut self, prefix: &str, alphabet: &[u8], length: usize) -> String {
        let character = |_| char::from(alphabet[self.0.random_range(0..alphabet.len())]);
        prefix.chars().chain((0..length).map(character)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_throws_the_same_numbers_for_ever() {
        let mut dice = Dice::new(1);
        let thrown: Vec<i64> = (0..6).map(|_| dice.between(1, 100)).collect();
        assert_eq!(thrown, [82, 75, 11, 75, 19, 60]);
        assert_eq!(dice.id("x_", b"0123456789", 6), "x_950193");
        assert_eq!(dice.shuffled(&[1, 2, 3, 4, 5]), [3, 5, 4, 2, 1]);
    }
}
