//! The links of a chain: as few as there is code for, several steps being one link.

use super::chain::{Chain, From};
use super::link::{Link, Work};
use super::program::Kind;

/// Links that are done at once.
struct Join {
    links: &'static [Work],
    work: Work,
    /// Its operands: the link that they are of, and which one of it.
    others: &'static [(usize, usize)],
    /// Links that save a value, and the one that alone reads it, as which operand. For then it need not be
    /// saved.
    reads: &'static [(usize, (usize, usize))],
    /// Links may be guarded by the first operand of the last one.
    guarded: bool,
}

/// The longer ones first.
const JOINS: &[Join] = {
    use Work::{
        Add, AddAnd, AddIf, AddShl, AddUnless, And, Eq, FloatAdd, FloatAddIf, FloatAddMul,
        FloatAddUnless, FloatEq, FloatGe, FloatGt, FloatLe, FloatLoad, FloatLt, FloatMul,
        FloatMulAdd, FloatNe, FloatSave, FloatSaveLoad, FloatSelectElse, FloatSelectIf,
        FloatSelectIfEq, FloatSelectIfGe, FloatSelectIfGt, FloatSelectIfLe, FloatSelectIfLt,
        FloatSelectIfNe, FloatSelectThis, FloatSmooth, FloatSubFrom, Ge, Gt, Le, Load, Lt, Mod,
        Mul, MulAdd, MulAddAnd, MulAddMod, MulAnd, MulXorAnd, Ne, Or, OrShifted, Save, SaveLoad,
        SelectElse, SelectIf, SelectIfEq, SelectIfGe, SelectIfGt, SelectIfLe, SelectIfLt,
        SelectIfNe, SelectThis, Shl, ShlAnd, Shr, Xor, XorAnd, XorMul, XorMulAnd, XorShifted,
        XorShl, XorShr,
    };
    /// Links of which none saves a value that another reads.
    const fn series(links: &'static [Work], others: &'static [(usize, usize)], work: Work) -> Join {
        Join {
            links,
            work,
            others,
            reads: &[],
            guarded: false,
        }
    }
    const fn pair(links: &'static [Work], work: Work) -> Join {
        series(links, &[(0, 0), (1, 0)], work)
    }
    const fn choice(links: &'static [Work], work: Work) -> Join {
        series(links, &[(0, 0), (1, 0), (1, 1)], work)
    }
    const fn three(links: &'static [Work], work: Work) -> Join {
        series(links, &[(0, 0), (1, 0), (2, 0)], work)
    }
    const fn with_itself(links: &'static [Work], work: Work) -> Join {
        Join {
            reads: &[(0, (2, 0))],
            ..series(links, &[(1, 0)], work)
        }
    }
    /// A sum or not. Where it is none it may be beyond 64 bits.
    const fn sum_if(links: &'static [Work], work: Work) -> Join {
        Join {
            reads: &[(0, (2, 1))],
            guarded: matches!(work, AddIf),
            ..series(links, &[(1, 0), (2, 0)], work)
        }
    }
    const fn shifted(links: &'static [Work], work: Work) -> Join {
        let others: &[(usize, usize)] = match links[1] {
            Shl => &[(1, 0), (4, 0)],
            _ => &[(4, 0), (1, 0)],
        };
        Join {
            reads: &[(0, (3, 0)), (2, (5, 0))],
            ..series(links, others, work)
        }
    }
    &[
        shifted(&[Save, Shl, Save, Load, Shr, Or], OrShifted),
        shifted(&[Save, Shr, Save, Load, Shl, Or], OrShifted),
        shifted(&[Save, Shl, Save, Load, Shr, Xor], XorShifted),
        shifted(&[Save, Shr, Save, Load, Shl, Xor], XorShifted),
        Join {
            reads: &[(0, (3, 0))],
            ..series(
                &[FloatSave, FloatSubFrom, FloatMul, FloatAdd],
                &[(1, 0), (2, 0)],
                FloatSmooth,
            )
        },
        sum_if(&[Save, Add, SelectThis], AddIf),
        sum_if(&[Save, Add, SelectElse], AddUnless),
        sum_if(&[FloatSave, FloatAdd, FloatSelectThis], FloatAddIf),
        sum_if(&[FloatSave, FloatAdd, FloatSelectElse], FloatAddUnless),
        three(&[Mul, Add, And], MulAddAnd),
        three(&[Mul, Xor, And], MulXorAnd),
        three(&[Xor, Mul, And], XorMulAnd),
        three(&[Mul, Add, Mod], MulAddMod),
        with_itself(&[Save, Shl, Xor], XorShl),
        with_itself(&[Save, Shr, Xor], XorShr),
        with_itself(&[Save, Shl, Add], AddShl),
        pair(&[Save, Load], SaveLoad),
        pair(&[FloatSave, FloatLoad], FloatSaveLoad),
        pair(&[Mul, Add], MulAdd),
        pair(&[Add, And], AddAnd),
        pair(&[Mul, And], MulAnd),
        pair(&[Xor, And], XorAnd),
        pair(&[Xor, Mul], XorMul),
        pair(&[Shl, And], ShlAnd),
        pair(&[FloatMul, FloatAdd], FloatMulAdd),
        pair(&[FloatAdd, FloatMul], FloatAddMul),
        choice(&[Lt, SelectIf], SelectIfLt),
        choice(&[Le, SelectIf], SelectIfLe),
        choice(&[Gt, SelectIf], SelectIfGt),
        choice(&[Ge, SelectIf], SelectIfGe),
        choice(&[Eq, SelectIf], SelectIfEq),
        choice(&[Ne, SelectIf], SelectIfNe),
        choice(&[FloatLt, FloatSelectIf], FloatSelectIfLt),
        choice(&[FloatLe, FloatSelectIf], FloatSelectIfLe),
        choice(&[FloatGt, FloatSelectIf], FloatSelectIfGt),
        choice(&[FloatGe, FloatSelectIf], FloatSelectIfGe),
        choice(&[FloatEq, FloatSelectIf], FloatSelectIfEq),
        choice(&[FloatNe, FloatSelectIf], FloatSelectIfNe),
    ]
};

impl Join {
    /// If the first links are such.
    fn join(&self, links: &[Link<From>]) -> Option<Link<From>> {
        let (joined, rest) = links.split_at_checked(self.links.len())?;
        let last = joined.last()?;
        let matches = |(link, work): (&Link<From>, &Work)| {
            let unguarded = self.guarded && link.guard == Some(last.others[0]);
            link.work == *work && (link.guard.is_none() || unguarded)
        };
        if !joined.iter().zip(self.links).all(matches) {
            return None;
        }
        let not_saved = |(save, (read, operand)): &(usize, (usize, usize))| {
            let place = joined[*save].others[0];
            let reads = |link: &&Link<From>| {
                let mut read = link.others.iter().chain(&link.guard);
                read.any(|other| *other == place)
            };
            let later = joined[save + 1..].iter().chain(rest);
            joined[*read].others[*operand] == place && later.filter(reads).count() == 1
        };
        if !self.reads.iter().all(not_saved) {
            return None;
        }
        let mut others = [From::None; 3];
        for (other, (link, operand)) in others.iter_mut().zip(self.others) {
            *other = joined[*link].others[*operand];
        }
        Some(Link {
            work: self.work,
            others,
            ..*last
        })
    }
}

/// Leaves out links that do nothing: they load what the value is still.
fn drop_loads(links: &mut Vec<Link<From>>) {
    let mut ints = From::None;
    let mut doubles = From::None;
    links.retain(|link| {
        let place = link.others[0];
        let value = match link.kind {
            Kind::Float => &mut doubles,
            Kind::Int | Kind::Bool => &mut ints,
        };
        match link.work {
            Work::Stay => return false,
            Work::Load | Work::FloatLoad if *value == place => return false,
            Work::Load | Work::FloatLoad | Work::Save | Work::FloatSave => *value = place,
            _ => *value = From::None,
        }
        true
    });
}

impl Link<From> {
    /// The links of a chain, as few as there is code for.
    pub(super) fn all(chain: &Chain) -> Vec<Self> {
        joined(&Link::single(chain))
    }

    /// The links of a chain, of a step each.
    pub(super) fn single(chain: &Chain) -> Vec<Self> {
        let mut links = Vec::new();
        for (i, step) in chain.steps.iter().enumerate() {
            let [a, b] = step.others;
            let link = Link {
                work: Work::of(step),
                others: [a, b, From::None],
                guard: (step.guard != From::None).then_some(step.guard),
                action: step.action,
                kind: step.kind,
                function: step.function,
                step: i,
            };
            // The first step only has a meaning if the accumulator is saved.
            if i > 0 {
                links.push(link);
            }
            if let Some(place) = step.saves {
                let work = match step.kind {
                    Kind::Float => Work::FloatSave,
                    Kind::Int | Kind::Bool => Work::Save,
                };
                let others = [From::Saved(place), From::None, From::None];
                links.push(Link {
                    work,
                    others,
                    guard: None,
                    ..link
                });
            }
        }
        drop_loads(&mut links);
        links
    }
}

/// The links, as few as the joins make of them.
fn joined(links: &[Link<From>]) -> Vec<Link<From>> {
    let mut joined = Vec::with_capacity(links.len());
    let mut rest = links;
    while let [first, ..] = rest {
        let join = JOINS
            .iter()
            .find_map(|join| Some((join.join(rest)?, join.links.len())));
        let (link, count) = join.unwrap_or((*first, 1));
        joined.push(link);
        rest = &rest[count..];
    }
    joined
}
