//! Tells pages that contain no table or index from those that do, by the header of the file and its
//! list of free pages (SQLite manual, "Database File Format", 1.3, 1.5, and 1.8).

use std::collections::HashMap;

use super::page::{Malformed, clear_unused_space};

/// The file offset of the page that SQLite uses for locks, and never for data.
const LOCK_BYTE: usize = 1 << 30;
/// The size of an entry of a pointer map.
const POINTER: usize = 5;

/// What is known about the pages of a file. Only valid in the transaction that it was read in.
pub(super) struct Layout {
    page_size: usize,
    /// The bytes that the file reserves at the end of each page.
    reserved: usize,
    /// Whether the file has pages that map pages to their parents. Their first byte can look like
    /// that of an index.
    has_pointer_maps: bool,
    /// The free pages that were asked for, and how many bytes at their beginning are in use.
    free: HashMap<u32, usize>,
}

impl Layout {
    /// Reads the layout of a file whose pages `page` returns. Remembers the free pages that
    /// `is_wanted` names.
    pub fn read<E: From<Malformed>>(
        mut page: impl FnMut(u32) -> Result<Option<Vec<u8>>, E>,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Result<Self, E> {
        let first = page(1)?.ok_or(Malformed)?;
        let mut layout = Self {
            page_size: first.len(),
            reserved: first.get(20).copied().map_or(0, usize::from),
            has_pointer_maps: number_at(&first, 52)? != 0,
            free: HashMap::new(),
        };
        let (mut trunk, mut left) = (number_at(&first, 32)?, number_at(&first, 36)?);
        while trunk != 0 {
            let data = page(trunk)?.ok_or(Malformed)?;
            let (next, leaves) = (number_at(&data, 0)?, number_at(&data, 4)?);
            // A list in a circle would never end.
            left =
                left.checked_sub(1).and_then(|left| left.checked_sub(leaves)).ok_or(Malformed)?;
            let used = 8 + 4 * usize::try_from(leaves).map_err(|_| Malformed)?;
            if used > layout.usable() {
                return Err(Malformed.into());
            }
            if is_wanted(trunk) {
                layout.free.insert(trunk, used);
            }
            for at in (8..used).step_by(4) {
                let leaf = number_at(&data, at)?;
                if is_wanted(leaf) {
                    layout.free.insert(leaf, 0);
                }
            }
            trunk = next;
        }
        Ok(layout)
    }

    /// Overwrites the unused space of a page with zeros, and returns whether anything else was in
    /// it.
    pub fn clear(&self, number: u32, page: &mut [u8]) -> Result<bool, Malformed> {
        if self.is_pointer_map(number) {
            return Ok(false);
        }
        let Some(&used) = self.free.get(&number) else {
            return clear_unused_space(number, page, self.reserved);
        };
        let space = page.get_mut(used..self.usable()).ok_or(Malformed)?;
        let changed = space.iter().any(|&byte| byte != 0);
        space.fill(0);
        Ok(changed)
    }

    /// The first pointer map is page 2. Each is followed by the pages that it describes.
    fn is_pointer_map(&self, number: u32) -> bool {
        let Ok(number) = usize::try_from(number) else { return false };
        if !self.has_pointer_maps || number < 2 {
            return false;
        }
        let group = self.usable() / POINTER + 1;
        let map = (number - 2) / group * group + 2;
        let lock_page = LOCK_BYTE / self.page_size + 1;
        number == if map == lock_page { map + 1 } else { map }
    }

    fn usable(&self) -> usize {
        self.page_size.saturating_sub(self.reserved)
    }
}

fn number_at(page: &[u8], at: usize) -> Result<u32, Malformed> {
    match page.get(at..at + 4) {
        Some(&[a, b, c, d]) => Ok(u32::from_be_bytes([a, b, c, d])),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 512;

    fn file(header: &[(usize, u32)], trunk: &[u32]) -> Vec<Vec<u8>> {
        let mut pages = vec![vec![b'x'; SIZE]; 6];
        pages[0][..100].fill(0);
        for &(at, value) in header {
            pages[0][at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        for (n, value) in trunk.iter().enumerate() {
            pages[2][4 * n..4 * n + 4].copy_from_slice(&value.to_be_bytes());
        }
        pages
    }

    fn layout(pages: &[Vec<u8>]) -> Result<Layout, Malformed> {
        Layout::read(|number| Ok(pages.get(number as usize - 1).cloned()), |_| true)
    }

    #[test]
    fn free_pages_are_overwritten_except_for_their_list() {
        let mut pages = file(&[(32, 3), (36, 3)], &[0, 2, 4, 6]);
        let layout = layout(&pages).unwrap();
        assert_eq!(layout.clear(3, &mut pages[2]), Ok(true));
        assert_eq!(
            (&pages[2][..16], &pages[2][16..]),
            (&file(&[], &[0, 2, 4, 6])[2][..16], &[0; 496][..])
        );
        assert_eq!(layout.clear(4, &mut pages[3]), Ok(true));
        assert_eq!((layout.clear(4, &mut pages[3]), &pages[3]), (Ok(false), &vec![0; SIZE]));
        assert_eq!(layout.clear(5, &mut pages[4]), Ok(false), "in use, and no table");
    }

    #[test]
    fn a_damaged_list_of_free_pages_is_reported() {
        // More pages than the header says, a circle, a page behind the end, and too many leaves.
        for (free, trunk) in
            [(2, &[0, 2, 4, 6][..]), (9, &[3, 1, 4]), (9, &[99, 0]), (999, &[0, 200])]
        {
            assert!(layout(&file(&[(32, 3), (36, free)], trunk)).is_err(), "{trunk:?}");
        }
    }

    #[test]
    fn pointer_maps_are_left_alone() {
        let layout = layout(&file(&[(52, 3)], &[])).unwrap();
        let group = u32::try_from(SIZE / 5 + 1).unwrap();
        let maps: Vec<u32> = (1..400).filter(|&number| layout.is_pointer_map(number)).collect();
        assert_eq!(maps, [2, 2 + group, 2 + 2 * group, 2 + 3 * group]);
        // A page of 5, the first byte of which is that of an index.
        let mut page = vec![5; SIZE];
        assert_eq!(layout.clear(2, &mut page), Ok(false));
        assert_eq!(page, [5; SIZE]);
    }
}
