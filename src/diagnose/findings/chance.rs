//! How likely chance alone is to arrange things so.

/// The natural logarithm of "n over k".
fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    (1..=k.min(n - k)).map(|i| (((n - i + 1) as f64) / (i as f64)).ln()).sum()
}

/// Wald and Wolfowitz's test: how likely `a` things of one kind and `b` of the other, in a row by
/// chance, fall into `runs` runs or fewer.
pub fn of_so_few_runs(a: u64, b: u64, runs: u64) -> f64 {
    if a == 0 || b == 0 {
        return 1.0;
    }
    let all = ln_choose(a + b, a);
    let pick = |n: u64, k: u64| ln_choose(n - 1, k);
    let exactly = |r: u64| {
        let k = r / 2;
        if r.is_multiple_of(2) {
            2.0 * (pick(a, k - 1) + pick(b, k - 1) - all).exp()
        } else {
            (pick(a, k) + pick(b, k - 1) - all).exp() + (pick(a, k - 1) + pick(b, k) - all).exp()
        }
    };
    (2..=runs.min(2 * a.min(b) + 1)).map(exactly).sum::<f64>().min(1.0)
}

/// Fisher's test: how likely, of `failed` failures among `all`, at least `in_group` fall by chance
/// into a group of `group`.
pub fn of_so_many_in_group(all: u64, failed: u64, group: u64, in_group: u64) -> f64 {
    let total = ln_choose(all, group);
    (in_group..=failed.min(group))
        .filter(|x| group - x <= all - failed)
        .map(|x| (ln_choose(failed, x) + ln_choose(all - failed, group - x) - total).exp())
        .sum::<f64>()
        .min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs() {
        // 3 and 2 in a row can stand in 10 ways; in 2 of them each kind stands together.
        assert!((of_so_few_runs(3, 2, 2) - 0.2).abs() < 1e-9);
        assert!((of_so_few_runs(3, 2, 3) - 0.5).abs() < 1e-9);
        assert!((of_so_few_runs(3, 2, 5) - 1.0).abs() < 1e-9);
        assert!((of_so_few_runs(1, 1, 2) - 1.0).abs() < 1e-9);
        assert!(of_so_few_runs(30, 7, 2) < 1e-6);
        assert!((of_so_few_runs(0, 7, 1) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn groups() {
        // Both failures of four in a given half: 1 of 6.
        assert!((of_so_many_in_group(4, 2, 2, 2) - 1.0 / 6.0).abs() < 1e-9);
        assert!((of_so_many_in_group(4, 2, 2, 0) - 1.0).abs() < 1e-9);
        assert!(of_so_many_in_group(40, 20, 20, 20) < 1e-9);
    }
}
