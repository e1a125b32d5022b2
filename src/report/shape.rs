//! Values of the same shape: which fields there are, how many elements of a list, and where a value may be
//! absent. Two such differ in some of their texts and numbers alone, so neither has all of it to be written
//! to say what is different.

use serde::Serialize;

use super::delta::{alike, differences, number, step};
use super::serializer::{Number, Target, hand};
use super::write::{Writer, digits, is_plain};

/// Parts of a value of which the shape is known. Of sessions with hundreds of transfers none is like another,
/// and shapes take more room than texts.
const MOST: usize = 4096;

/// The shape of a value, and where in its text each part stands. Of one with too many parts it isn't known: no
/// value has that shape.
#[derive(Debug, Default)]
pub(super) struct Shape {
    parts: Vec<Part>,
}

/// What a value consists of, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Part {
    what: What,
    /// What tells a number, or a literal, from others.
    is: u64,
    from: u32,
    to: u32,
}

/// A bracket, the name of a field (the place of a text that is there as long as the program runs, and its
/// length), or one of those below, which are the values.
type What = u64;

const WRITTEN: What = 0;
/// A text in which something had to be escaped.
const ESCAPED: What = 1;
const PLAIN: What = 2;
const LITERAL: What = 3;
const UNSIGNED: What = 4;
const SIGNED: What = 5;
const FLOAT: What = 6;

#[inline(always)]
fn named(name: &'static str) -> What {
    name.as_ptr().addr() as u64 ^ (name.len() as u64) << 48
}

/// Of a literal: its first letter tells.
#[inline(always)]
fn literally(literal: &str) -> (What, u64) {
    (LITERAL, literal.as_bytes().first().copied().unwrap_or_default().into())
}

#[inline(always)]
fn numeric(number: Number) -> (What, u64) {
    match number {
        Number::Unsigned(n) => (UNSIGNED, n),
        Number::Signed(n) => (SIGNED, n.cast_unsigned()),
        Number::Float(n) => (FLOAT, n.to_bits()),
    }
}

impl Shape {
    /// The shape of a value, which is written to the empty `text`, indented as what stands `level` levels
    /// deep.
    pub(super) fn of(value: &impl Serialize, level: usize, text: &mut Vec<u8>) -> Self {
        let writer = Writer { out: text, level };
        let mut recorder = Recorder { writer, parts: Vec::new() };
        hand(value, &mut recorder);
        let Recorder { mut parts, .. } = recorder;
        if parts.len() == MOST {
            parts.clear();
        }
        parts.shrink_to_fit();
        Self { parts }
    }

    /// Writes to the end of `steps` what makes the text of a value of `model`, which this is the shape of:
    /// as [`super::delta::write()`]. `false` if its shape is another one.
    pub(super) fn steps(
        &self,
        value: &impl Serialize,
        model: &[u8],
        (steps, spare): (&mut Vec<u8>, &mut Vec<u8>),
    ) -> bool {
        let parts = self.parts.iter();
        let mut differing = Differing { parts, model, at: 0, steps, spare, is_other: false };
        hand(value, &mut differing);
        number(model.len() - differing.at, differing.steps);
        !differing.is_other && differing.parts.next().is_none()
    }
}

/// Writes, and remembers where.
struct Recorder<'a> {
    writer: Writer<'a, true>,
    parts: Vec<Part>,
}

impl Recorder<'_> {
    fn part(&mut self, what: What) {
        self.value((what, 0), |_| {});
    }

    fn value(&mut self, (what, is): (What, u64), write: impl FnOnce(&mut Writer<'_, true>)) {
        let from = self.writer.out.len();
        write(&mut self.writer);
        let to = self.writer.out.len();
        if self.parts.len() < MOST {
            // Its text ends far below 4 GiB: those of the wire are bounded.
            self.parts.push(Part { what, is, from: from as u32, to: to as u32 });
        }
    }
}

impl Target for Recorder<'_> {
    fn open(&mut self, bracket: u8) {
        self.part(bracket.into());
        self.writer.open(bracket);
    }

    fn close(&mut self, bracket: u8, empty: bool) {
        self.part(bracket.into());
        self.writer.close(bracket, empty);
    }

    fn next(&mut self, first: bool) {
        self.writer.next(first);
    }

    fn name(&mut self, name: &'static str) {
        self.part(named(name));
        self.writer.name(name);
    }

    fn colon(&mut self) {
        self.writer.colon();
    }

    fn text(&mut self, text: &str) {
        let what = if is_plain(text.as_bytes()) { PLAIN } else { ESCAPED };
        self.value((what, 0), |writer| writer.text(text));
    }

    fn literal(&mut self, literal: &'static str) {
        self.value(literally(literal), |writer| writer.literal(literal));
    }

    fn number(&mut self, number: Number) {
        self.value(numeric(number), |writer| writer.number(number));
    }

    fn written(&mut self, json: &[u8]) {
        self.value((WRITTEN, 0), |writer| writer.written(json));
    }
}

/// Compares a value with one that was written.
struct Differing<'a> {
    parts: std::slice::Iter<'a, Part>,
    model: &'a [u8],
    /// How much of the model is in the steps.
    at: usize,
    steps: &'a mut Vec<u8>,
    spare: &'a mut Vec<u8>,
    is_other: bool,
}

impl<'a> Differing<'a> {
    #[inline(always)]
    fn is(&mut self, what: What) {
        self.is_other |= self.parts.next().is_none_or(|part| part.what != what);
    }

    /// The next part, which must be a value.
    #[inline(always)]
    fn value(&mut self) -> Option<&'a Part> {
        let part = self.parts.next().filter(|part| part.what <= FLOAT);
        self.is_other |= part.is_none();
        part
    }

    /// One that something tells from others.
    #[inline(always)]
    fn told(&mut self, (what, is): (What, u64), write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(part) = self.value()
            && (part.what, part.is) != (what, is)
        {
            self.spare.clear();
            write(self.spare);
            self.step(part.from as usize, part.to as usize);
        }
    }

    /// What is in `spare` stands instead of so much of the model.
    #[inline]
    fn step(&mut self, from: usize, to: usize) {
        step((from, to), self.spare, &mut self.at, self.steps);
    }
}

impl Target for Differing<'_> {
    #[inline]
    fn open(&mut self, bracket: u8) {
        self.is(bracket.into());
    }

    #[inline]
    fn close(&mut self, bracket: u8, _: bool) {
        self.is(bracket.into());
    }

    #[inline(always)]
    fn next(&mut self, _: bool) {}

    #[inline(always)]
    fn name(&mut self, name: &'static str) {
        self.is(named(name));
    }

    #[inline(always)]
    fn colon(&mut self) {}

    #[inline]
    fn text(&mut self, text: &str) {
        let Some(part) = self.value() else { return };
        let (from, to) = (part.from as usize, part.to as usize);
        if part.what == PLAIN {
            // Within its quotes.
            let (text, old) = (text.as_bytes(), self.model.get(from + 1..to - 1));
            let same = alike(text, old.unwrap_or_default());
            let rest = text.get(same..).unwrap_or_default();
            let from = from + 1 + same;
            if rest.is_empty() && from == to - 1 {
                return;
            }
            if is_plain(rest) {
                return step((from, to - 1), rest, &mut self.at, self.steps);
            }
        }
        self.spare.clear();
        Writer::<true> { out: self.spare, level: 0 }.text(text);
        self.step(from, to);
    }

    #[inline]
    fn literal(&mut self, literal: &'static str) {
        self.told(literally(literal), |out| out.extend_from_slice(literal.as_bytes()));
    }

    #[inline]
    fn number(&mut self, number: Number) {
        self.told(numeric(number), |out| digits(number, out));
    }

    fn written(&mut self, json: &[u8]) {
        let Some(part) = self.value() else { return };
        let (from, to) = (part.from as usize, part.to as usize);
        // What is advised is much, and mostly differs in an address or a port.
        differences(json, self.model.get(from..to).unwrap_or_default(), |place, of, instead| {
            let from = from + place;
            step((from, from + of), instead, &mut self.at, self.steps);
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::super::{delta, write};
    use super::*;

    /// Of the shape of the model, and then its text comes of the steps.
    fn is_same_shape(value: &impl Serialize, model: &impl Serialize) -> bool {
        let (mut text, mut steps, mut spare) = (Vec::new(), Vec::new(), Vec::new());
        let shape = Shape::of(model, 2, &mut text);
        let mut plain = Vec::new();
        write::indented(model, 2, &mut plain);
        assert!(text == plain);
        if !shape.steps(value, &text, (&mut steps, &mut spare)) {
            return false;
        }
        let (mut back, mut whole) = (Vec::new(), Vec::new());
        delta::read(&steps, &text, &mut back);
        write::indented(value, 2, &mut whole);
        assert_eq!(String::from_utf8(back).unwrap(), String::from_utf8(whole).unwrap());
        true
    }

    #[derive(Serialize)]
    struct Named<'a> {
        first: &'a str,
        second: Option<u64>,
        third: Vec<i32>,
    }

    #[test]
    fn values_may_differ_and_fields_and_lengths_not() {
        let one = Named { first: "a", second: None, third: vec![-1, 2] };
        let texts =
            ["a", "", "b", "ab", "a\\n", "a\n", "\"", "名", "a much longer text than the other"];
        for first in texts {
            for second in [None, Some(0), Some(10), Some(u64::MAX)] {
                let other = Named { first, second, third: vec![1, -20] };
                assert!(is_same_shape(&other, &one) && is_same_shape(&one, &other), "{first}");
            }
        }
        for third in [vec![], vec![-1], vec![-1, 2, 3]] {
            let other = Named { third, ..one };
            assert!(!is_same_shape(&other, &one) && !is_same_shape(&one, &other));
        }
        #[derive(Serialize)]
        struct Other<'a> {
            first: &'a str,
            zweite: Option<u64>,
            third: Vec<i32>,
        }
        let other = Other { first: "a", zweite: None, third: vec![-1, 2] };
        assert!(!is_same_shape(&other, &one));
        assert!(!is_same_shape(&json!([1, {"a": 1}]), &json!([1, ["a", 1]])));
        // Two parts are the brackets.
        let alike = |values: usize| is_same_shape(&vec![7; values], &vec![8; values]);
        assert!(alike(MOST - 3) && !alike(MOST - 2));
    }

    #[derive(Serialize)]
    struct Advice {
        before: u8,
        list: Raw,
        behind: &'static str,
    }

    /// Written already.
    struct Raw(&'static str);

    impl Serialize for Raw {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0.as_bytes())
        }
    }

    #[test]
    fn of_what_is_written_already_the_difference_is_kept() {
        let lists = [
            "[]",
            "[\n  {\n    \"for\": \"server\",\n    \"text\": \"Open port 50000.\"\n  }\n]",
            "[\n  {\n    \"for\": \"server\",\n    \"text\": \"Open port 50001.\"\n  }\n]",
            "[\n  {\n    \"for\": \"client\"\n  },\n  {\n    \"for\": \"server\"\n  }\n]",
        ];
        for one in lists {
            for other in lists {
                let with = |list| Advice { before: 1, list: Raw(list), behind: "x" };
                assert!(is_same_shape(&with(one), &with(other)), "{one} {other}");
            }
        }
        let (mut text, mut steps) = (Vec::new(), Vec::new());
        let shape = Shape::of(&Raw(lists[1]), 0, &mut text);
        assert!(shape.steps(&Raw(lists[2]), &text, (&mut steps, &mut Vec::new())));
        assert!(steps.len() < 20, "{} bytes", steps.len());
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(|n| Value::from(n >> (n % 64))),
            any::<i64>().prop_map(|n| Value::from(n >> (n.cast_unsigned() % 64))),
            any::<f64>().prop_map(Value::from),
            "[a\"\\\\\n\u{7f}]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[ab\"]{0,3}", inner), 0..4)
                    .prop_map(|all| Value::Object(all.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    /// Another value of the same shape.
    fn turned(value: &Value, by: u64) -> Value {
        match value {
            Value::Null if by.is_multiple_of(3) => Value::Null,
            Value::Null => Value::from(by),
            Value::Bool(b) => Value::from(*b ^ by.is_multiple_of(2)),
            Value::Number(n) if by.is_multiple_of(2) => Value::Number(n.clone()),
            Value::Number(n) => n.as_f64().map_or(Value::Null, Value::from),
            Value::String(s) => Value::from(format!("{}{s}", ["", "\"", "b"][by as usize % 3])),
            Value::Array(all) => all.iter().map(|v| turned(v, by / 2)).collect(),
            Value::Object(all) => {
                let turned = |(k, v): (&String, &Value)| (format!("c{k}"), turned(v, by / 3));
                Value::Object(all.iter().map(turned).collect())
            }
        }
    }

    proptest! {
        #[test]
        fn steps_make_the_text(one in anything(), other in anything(), by in 0..1000_u64) {
            is_same_shape(&one, &other);
            prop_assert!(is_same_shape(&one, &one));
            prop_assert!(is_same_shape(&turned(&one, by), &one));
        }
    }
}
