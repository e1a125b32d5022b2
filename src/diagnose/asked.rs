//! Which rules are asked of a session.

use super::{Context, Findings, RULES, Rule, Signs};

/// Rules, by their place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked(u128);

/// Those that each sign has asked.
static BY_SIGN: [Asked; Signs::MOST] = {
    assert!(RULES.len() <= u128::BITS as usize, "a rule without a bit");
    let mut all = [Asked(0); Signs::MOST];
    let mut rule = 0;
    while rule < RULES.len() {
        let mut sign = 0;
        while sign < all.len() {
            if RULES[rule].check.signs.has_number(sign) {
                all[sign].0 |= 1 << rule;
            }
            sign += 1;
        }
        rule += 1;
    }
    all
};

impl Asked {
    /// Those of a session with these signs.
    pub(super) fn of(signs: Signs) -> Self {
        Self(signs.numbers().filter_map(|s| BY_SIGN.get(s)).fold(0, |all, asked| all | asked.0))
    }

    /// In the order of the table.
    pub(super) fn rules(self) -> impl Iterator<Item = &'static Rule> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let next = RULES.get(rest.trailing_zeros() as usize)?;
            rest &= rest.wrapping_sub(1);
            Some(*next)
        })
    }

    /// A rule that isn't asked, and would speak.
    pub(super) fn missed(self, context: &Context<'_>) -> Option<&'static str> {
        let mut left = RULES.iter().enumerate().filter(|(i, _)| self.0 >> i & 1 == 0);
        let speaks = |rule: &Rule| {
            let mut findings = Findings::default();
            rule.check.look(context, &mut findings);
            !findings.diagnoses.is_empty()
        };
        left.find(|(_, rule)| speaks(rule)).map(|(_, rule)| rule.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::scene::Scene;
    use crate::diagnose::{Check, Sign};

    #[test]
    fn nothing_is_asked_without_a_sign_but_what_asks_for_none() {
        let nothing = Asked::of(Signs::default());
        assert_eq!(nothing.rules().count(), 0);
        let always = Check::always(|_, _| {});
        assert!(Signs::default().numbers().any(|s| always.signs.has_number(s)));
    }

    #[test]
    fn in_the_order_of_the_table() {
        let all = Asked::of(Signs::of(&[Sign::Password, Sign::Midstream, Sign::Resent]));
        let places: Vec<_> = all
            .rules()
            .map(|r| RULES.iter().position(|other| other.code == r.code).unwrap())
            .collect();
        assert!(places.is_sorted() && places.len() > 3, "{places:?}");
        let whole: Vec<_> = Asked(u128::MAX).rules().map(|r| r.code).collect();
        assert!(whole.iter().eq(RULES.iter().map(|r| &r.code)));
    }

    #[test]
    fn few_are_asked_of_a_session_in_order() {
        let judged = Scene::new().lists(50000).lists(50001).quits().judged();
        let context = Context::new(&judged.session);
        let asked: Vec<_> = Asked::of(context.signs).rules().map(|r| r.code).collect();
        assert_eq!(asked, ["cleartext-login"]);
    }

    #[test]
    fn a_rule_that_is_missed() {
        let judged = Scene::new().lists(50000).quits().judged();
        let context = Context::new(&judged.session);
        assert_eq!(Asked::of(context.signs).missed(&context), None);
        let judged = Scene::new().pasv(50000).leaves().judged();
        let context = Context::new(&judged.session);
        assert_eq!(Asked(0).missed(&context), Some(judged.diagnoses[0].code));
    }
}
