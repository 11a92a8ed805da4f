//! Finds the unused space of a page of a table or an index, and overwrites it. Splitting a page
//! leaves copies of rows there, which `secure_delete` does not reach (SQLite manual, "Database File
//! Format", 1.6).

/// The size of the file header, which is in front of the first page's own header.
const FILE_HEADER: usize = 100;
/// The first bytes of pages of tables and indexes. Overflow pages and free pages begin with a page
/// number, whose first byte is 0 in a file of up to [`MAX_PAGES`].
const INTERIOR: [u8; 2] = [2, 5];
const LEAF: [u8; 2] = [10, 13];
/// From this number on, a page number can look like the first byte of a table's page.
pub(super) const MAX_PAGES: u32 = 1 << 25;

/// A page whose structure is not that of a table or an index, even though its first byte is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Overwrites the unused space of a page with zeros, and returns whether anything else was in it.
/// `reserved` is the number of bytes that the file reserves at the end of each page.
pub(super) fn clear_unused_space(
    number: u32,
    page: &mut [u8],
    reserved: usize,
) -> Result<bool, Malformed> {
    let mut changed = false;
    for (start, end) in unused_space(number, page, reserved)? {
        let space = page.get_mut(start..end).ok_or(Malformed)?;
        if space.iter().any(|&byte| byte != 0) {
            space.fill(0);
            changed = true;
        }
    }
    Ok(changed)
}

/// Returns the ranges of a page that contain nothing: the gap between the list of cells and the
/// cells, and the free blocks between cells, without their headers.
fn unused_space(
    number: u32,
    page: &[u8],
    reserved: usize,
) -> Result<Vec<(usize, usize)>, Malformed> {
    let header = if number == 1 { FILE_HEADER } else { 0 };
    let kind = *page.get(header).ok_or(Malformed)?;
    let cells_at = match kind {
        kind if LEAF.contains(&kind) => header + 8,
        kind if INTERIOR.contains(&kind) => header + 12,
        _ => return Ok(Vec::new()),
    };
    let usable = page.len().checked_sub(reserved).ok_or(Malformed)?;
    let gap = cells_at + 2 * number_at(page, header + 3)?;
    let content = match number_at(page, header + 5)? {
        0 => 0x1_0000,
        at => at,
    };
    if gap > content || content > usable {
        return Err(Malformed);
    }
    let mut ranges = vec![(gap, content)];
    let mut block = number_at(page, header + 1)?;
    let mut from = content;
    while block != 0 {
        let (next, size) = (number_at(page, block)?, number_at(page, block + 2)?);
        let end = block + size;
        if block < from || size < 4 || end > usable {
            return Err(Malformed);
        }
        ranges.push((block + 4, end));
        (block, from) = (next, end);
    }
    Ok(ranges)
}

fn number_at(page: &[u8], at: usize) -> Result<usize, Malformed> {
    match page.get(at..at + 2) {
        Some(&[high, low]) => Ok(usize::from(u16::from_be_bytes([high, low]))),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 512;

    /// A leaf page with two cells, a free block between them, and a gap, all filled with `x`.
    fn leaf() -> Vec<u8> {
        let mut page = vec![b'x'; SIZE];
        page[..12].copy_from_slice(&[13, 1, 0xB8, 0, 2, 1, 0x90, 0, 1, 0x90, 1, 0xE0]);
        page[440..444].copy_from_slice(&[0, 0, 0, 40]);
        page
    }

    #[test]
    fn only_the_gap_and_the_free_blocks_are_overwritten() {
        let (before, mut page) = (leaf(), leaf());
        assert_eq!(clear_unused_space(2, &mut page, 0), Ok(true));
        for (at, (&before, &after)) in before.iter().zip(&page).enumerate() {
            let unused = (12..400).contains(&at) || (444..480).contains(&at);
            assert_eq!(after, if unused { 0 } else { before }, "byte {at}");
        }
        assert_eq!(clear_unused_space(2, &mut page, 0), Ok(false));
    }

    #[test]
    fn the_first_page_has_the_header_of_the_file_in_front() {
        let mut page = leaf();
        page.copy_within(0..12, FILE_HEADER);
        page[0] = b'S';
        assert_eq!(clear_unused_space(1, &mut page, 0), Ok(true));
        assert_eq!(&page[12..20], b"xxxxxxxx");
        assert_eq!(page[112..400], [0; 288]);
    }

    #[test]
    fn pages_of_other_kinds_are_left_alone() {
        for first in [0, 1, 3, 255] {
            let mut page = vec![b'x'; SIZE];
            page[0] = first;
            assert_eq!(clear_unused_space(9, &mut page, 0), Ok(false));
        }
    }

    #[test]
    fn a_damaged_page_is_reported_and_not_changed() {
        let change = |at: usize, value: &[u8]| {
            let mut page = leaf();
            page[at..at + value.len()].copy_from_slice(value);
            page
        };
        for page in [
            // More cells than fit, a gap that ends behind the page, a block outside of the cells,
            // a block without a size, a block that is too long, and blocks in a circle.
            change(3, &[1, 0]),
            change(5, &[2, 1]),
            change(1, &[0, 20]),
            change(442, &[0, 0]),
            change(442, &[1, 0]),
            change(440, &[1, 0xB8]),
            vec![13],
        ] {
            let mut changed = page.clone();
            assert_eq!(clear_unused_space(2, &mut changed, 0), Err(Malformed));
            assert_eq!(changed, page);
        }
    }
}
