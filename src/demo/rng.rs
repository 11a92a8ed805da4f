//! A random generator with reproducible output: the same seed gives the same numbers on every
//! machine.

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// Uses one of the generators that `rand` documents as portable and reproducible.
pub(super) struct Rng(Xoshiro256PlusPlus);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Returns a number from `low` to `high`, inclusive.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// Returns true with a probability of `percent`.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// Picks an element of a slice, which must not be empty.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.random_range(0..from.len())]
    }

    pub fn shuffled<T: Copy, const N: usize>(&mut self, all: &[T; N]) -> [T; N] {
        let mut order = *all;
        order.shuffle(&mut self.0);
        order
    }

    /// Generates an external ID: a prefix and `length` characters from `alphabet`.
    pub fn id(&mut self, prefix: &str, alphabet: &[u8], length: usize) -> String {
        let character = |_| char::from(alphabet[self.0.random_range(0..alphabet.len())]);
        prefix.chars().chain((0..length).map(character)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_for_a_seed_never_change() {
        let mut rng = Rng::new(1);
        let numbers: Vec<i64> = (0..6).map(|_| rng.between(1, 100)).collect();
        assert_eq!(numbers, [82, 75, 11, 75, 19, 60]);
        assert_eq!(rng.id("x_", b"0123456789", 6), "x_950193");
        assert_eq!(rng.shuffled(&[1, 2, 3, 4, 5]), [3, 5, 4, 2, 1]);
    }
}
