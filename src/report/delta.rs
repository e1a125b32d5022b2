//! A text as what is different in it from a model: JSON of sessions, in which all names and most
//! values stand again.
//!
//! What is kept are steps: so many bytes as in the model, so many others instead of so many of its own.
//! Where lines differ, the texts are compared again from the next lines that have the same name.

/// Lines that one of the texts may have and the other not, before they are taken for different ones.
const LINES: usize = 32;

/// Writes to the end of `steps` what makes `text` of `model`.
pub(super) fn write(text: &[u8], model: &[u8], steps: &mut Vec<u8>) {
    let mut at = 0;
    differences(text, model, |from, of, instead| {
        step((from, from + of), instead, &mut at, steps);
    });
    number(model.len() - at, steps);
}

/// Other bytes stand instead of so much of a model, of which so much is in the steps.
#[inline]
pub(super) fn step(
    (from, to): (usize, usize),
    instead: &[u8],
    at: &mut usize,
    steps: &mut Vec<u8>,
) {
    let numbers = [from - *at, instead.len(), to - from];
    if numbers.iter().all(|n| *n < 0x80) {
        // A byte each, as nearly all are.
        steps.extend_from_slice(&numbers.map(|n| n as u8));
    } else {
        numbers.into_iter().for_each(|n| number(n, steps));
    }
    steps.extend_from_slice(instead);
    *at = to;
}

/// Tells where in `model` something else stands in `text`: from where on, instead of how many bytes, and what.
pub(super) fn differences<'t>(
    text: &'t [u8],
    model: &[u8],
    mut each: impl FnMut(usize, usize, &'t [u8]),
) {
    let same = alike(text, model);
    let (mut own, mut other) = (behind(text, same), behind(model, same));
    while !own.is_empty() || !other.is_empty() {
        let (instead, of, then) = differing(own, other);
        let at = model.len() - other.len();
        each(at, of, own.get(..instead).unwrap_or_default());
        (own, other) = (behind(own, instead + then), behind(other, of + then));
    }
}

/// Writes to the end of `text` what `steps` make of `model`. The steps are those that [`write()`] wrote
/// with the same model.
pub(super) fn read(mut steps: &[u8], mut model: &[u8], text: &mut Vec<u8>) {
    while let Some(same) = next(&mut steps) {
        copy::<64>(model, same, text);
        let (Some(instead), Some(of)) = (next(&mut steps), next(&mut steps)) else { return };
        copy::<16>(steps, instead, text);
        (steps, model) = (behind(steps, instead), behind(model, same + of));
    }
}

/// Copies the beginning of a text, so many bytes at a time without a call; what is too much is cut off
/// again.
#[inline]
fn copy<const BYTES: usize>(from: &[u8], length: usize, to: &mut Vec<u8>) {
    let whole = length.div_ceil(BYTES) * BYTES;
    match from.get(..whole) {
        Some(from) if length < 8 * BYTES => {
            let end = to.len() + length;
            from.as_chunks::<BYTES>().0.iter().for_each(|part| to.extend_from_slice(part));
            to.truncate(end);
        }
        _ => to.extend_from_slice(from.get(..length).unwrap_or_default()),
    }
}

#[inline]
fn behind(text: &[u8], length: usize) -> &[u8] {
    text.get(length..).unwrap_or_default()
}

/// How many bytes of one text stand instead of how many of the other, and how many are alike then.
#[inline]
fn differing(own: &[u8], other: &[u8]) -> (usize, usize, usize) {
    let (instead, of) = (line(own), line(other));
    if instead == own.len() || of == other.len() {
        return (own.len(), other.len(), 0);
    }
    let then = alike(behind(own, instead), behind(other, of));
    if is_named(behind(own, instead), then) {
        return (instead, of, then);
    }
    ahead(own, other, instead, of).unwrap_or((instead, of, then))
}

/// The same where one text has lines that the other hasn't.
#[cold]
fn ahead(own: &[u8], other: &[u8], instead: usize, of: usize) -> Option<(usize, usize, usize)> {
    let next = |text: &[u8], at: usize| at + 1 + line(behind(text, at + 1));
    let (mut more, mut less) = (instead, of);
    for _ in 0..LINES {
        (more, less) = (next(own, more), next(other, less));
        for (instead, of) in [(instead, less), (more, of)] {
            let rest = behind(own, instead);
            let then = alike(rest, behind(other, of));
            if is_named(rest, then) {
                return Some((instead, of, then));
            }
        }
    }
    None
}

/// The length of a line, without its end: most are a few bytes from it, and a call would cost more.
#[inline]
fn line(text: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (words, _) = text.as_chunks();
    let mut length = 0;
    for word in words {
        let zero = u64::from_le_bytes(*word) ^ (EACH * u64::from(b'\n'));
        // The lowest bit that is set is the first break's.
        let breaks = zero.wrapping_sub(EACH) & !zero & (EACH * 0x80);
        if breaks != 0 {
            return length + breaks.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + behind(text, length).iter().take_while(|b| **b != b'\n').count()
}

/// Whether so many bytes of a text hold a name, so that what follows is a value of the same kind. That
/// many hold one, mostly.
#[inline]
fn is_named(text: &[u8], alike: usize) -> bool {
    alike >= 24 || text.get(..alike).unwrap_or_default().contains(&b':')
}

/// How many bytes are the same from the beginning.
#[inline]
pub(super) fn alike(a: &[u8], b: &[u8]) -> usize {
    let ((x, _), (y, _)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
    let same = 32 * x.iter().zip(y).take_while(|(x, y)| x == y).count();
    let (a, b) = (behind(a, same), behind(b, same));
    let ((x, _), (y, _)) = (a.as_chunks(), b.as_chunks());
    let mut words = 0;
    for (x, y) in x.iter().zip(y) {
        let differing = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differing != 0 {
            return same + words + differing.trailing_zeros() as usize / 8;
        }
        words += 8;
    }
    // What is left of the shorter one ends with it, and what stands before is known to be the same.
    let shorter = a.len().min(b.len());
    let end = |text: &[u8]| Some(u64::from_le_bytes(*text.get(..shorter)?.last_chunk()?));
    match end(a).zip(end(b)) {
        Some((a, b)) => same + shorter - (8 - (a ^ b).trailing_zeros() as usize / 8),
        None => same + a.iter().zip(b).take_while(|(a, b)| a == b).count(),
    }
}

/// Seven bits a byte, the lowest first.
#[inline]
pub(super) fn number(mut number: usize, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

#[inline(always)]
fn next(from: &mut &[u8]) -> Option<usize> {
    let (byte, rest) = from.split_first()?;
    if byte & 0x80 == 0 {
        *from = rest;
        return Some(usize::from(*byte));
    }
    long(from)
}

#[inline(never)]
fn long(from: &mut &[u8]) -> Option<usize> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many bytes the steps take.
    fn steps(text: &str, model: &str) -> usize {
        let (mut steps, mut back) = (Vec::new(), Vec::new());
        write(text.as_bytes(), model.as_bytes(), &mut steps);
        read(&steps, model.as_bytes(), &mut back);
        assert_eq!(String::from_utf8(back).unwrap(), text, "of {model}");
        steps.len()
    }

    fn document(id: u32, lines: &[&str]) -> String {
        let lines: String = lines.iter().map(|l| format!("    \"{l}\": \"{id}\",\n")).collect();
        format!(
            "{{\n  \"id\": {id},\n{lines}  \"and more\": [\n    \"always\",\n    \"this\"\n  ]\n}}"
        )
    }

    #[test]
    fn what_is_alike_takes_no_room() {
        let model = document(7, &["first", "second"]);
        assert_eq!(steps(&model, &model), 1);
        // Three numbers for each line that differs, and its value.
        let other = document(1_000_000, &["first", "second"]);
        assert_eq!(steps(&other, &model), 3 * 3 + 8 + 9 + 9 + 1);
    }

    #[test]
    fn lines_that_one_of_them_has_not() {
        let model = document(7, &["first", "second", "third"]);
        for other in [&[][..], &["second"], &["first", "third"], &["first", "b", "c", "second"]] {
            let other = document(7, other);
            assert!(steps(&other, &model) < 45, "{other}");
            assert!(steps(&model, &other) < 80, "{other}");
        }
    }

    #[test]
    fn no_text_and_no_model() {
        for (text, model) in [("", ""), ("", "a\nb"), ("a\nb", ""), ("\n\n", "\n"), ("\n", "\n\n")]
        {
            steps(text, model);
        }
    }

    #[test]
    fn broken_steps_make_no_harm() {
        let model = document(7, &["first"]);
        let mut good = Vec::new();
        write(document(8, &["second"]).as_bytes(), model.as_bytes(), &mut good);
        for n in 0..good.len() {
            let mut back = Vec::new();
            read(&good[..n], model.as_bytes(), &mut back);
            read(&[0xff; 20], model.as_bytes(), &mut back);
        }
    }

    proptest! {
        #[test]
        fn any_text_of_any_model(text in "[ab:\n]{0,200}", model in "[ab:\n]{0,200}") {
            steps(&text, &model);
        }

        #[test]
        fn long_texts_with_a_change(
            lines in proptest::collection::vec("[a-z]{0,40}: [0-9]{0,9}", 0..60),
            (at, text) in (0usize..60, "[a-z:\n]{0,80}"),
        ) {
            let model = lines.join("\n");
            let mut lines = lines;
            lines.insert(at.min(lines.len()), text);
            steps(&lines.join("\n"), &model);
        }
    }
}
