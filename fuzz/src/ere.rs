//! A second opinion on extended regular expressions: the plain ones among them, matched the slow
//! way, by the set of places where each part of an expression may end.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// The most repetitions, which cost this matcher more than the one that it judges.
const REPETITIONS: usize = 4;

/// An expression, or a part of one.
#[derive(Debug)]
pub enum Expression {
    Character(char),
    Any,
    Set(Vec<char>, bool),
    LineStart,
    LineEnd,
    All(Vec<Expression>),
    OneOf(Vec<Expression>),
    Repeated(Box<Expression>, usize, Option<usize>),
}

/// Reads a plain expression; none when it is not plain: letters, digits, blanks, `.`, `^`, `$`,
/// sets of letters and digits, groups, `|`, `*`, `+`, `?`, `{2}` and `{2,3}`.
pub fn parse(text: &str) -> Option<Expression> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        repetitions: 0,
    };
    let expression = reader.one_of()?;
    reader.rest.next().is_none().then_some(expression)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    repetitions: usize,
}

impl Reader<'_> {
    fn one_of(&mut self) -> Option<Expression> {
        let mut branches = vec![self.all()?];
        while self.rest.next_if_eq(&'|').is_some() {
            branches.push(self.all()?);
        }
        Some(Expression::OneOf(branches))
    }

    fn all(&mut self) -> Option<Expression> {
        let mut parts = Vec::new();
        while let Some(c) = self.rest.next_if(|c| !matches!(c, '|' | ')')) {
            let part = self.atom(c)?;
            parts.push(self.repeated(part)?);
        }
        Some(Expression::All(parts))
    }

    fn atom(&mut self, c: char) -> Option<Expression> {
        Some(match c {
            '.' => Expression::Any,
            '^' => Expression::LineStart,
            '$' => Expression::LineEnd,
            '[' => self.set()?,
            '(' => {
                let group = self.one_of()?;
                self.rest.next_if_eq(&')')?;
                group
            }
            c if c.is_ascii_alphanumeric() || c == ' ' => Expression::Character(c),
            _ => return None,
        })
    }

    fn set(&mut self) -> Option<Expression> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut members = Vec::new();
        while let Some(c) = self.rest.next_if(char::is_ascii_alphanumeric) {
            members.push(c);
        }
        self.rest.next_if_eq(&']')?;
        (!members.is_empty()).then_some(Expression::Set(members, negated))
    }

    fn repeated(&mut self, mut part: Expression) -> Option<Expression> {
        while let Some(operator) = self.rest.next_if(|c| matches!(c, '*' | '+' | '?' | '{')) {
            self.repetitions += 1;
            let is_place = matches!(part, Expression::LineStart | Expression::LineEnd);
            if is_place || self.repetitions > REPETITIONS {
                return None;
            }
            let (min, max) = match operator {
                '*' => (0, None),
                '+' => (1, None),
                '?' => (0, Some(1)),
                _ => self.interval()?,
            };
            part = Expression::Repeated(Box::new(part), min, max);
        }
        Some(part)
    }

    fn interval(&mut self) -> Option<(usize, Option<usize>)> {
        let min = self.digit()?;
        let max = match self.rest.next_if_eq(&',') {
            Some(_) => self.digit()?,
            None => min,
        };
        self.rest.next_if_eq(&'}')?;
        (min <= max).then_some((min, Some(max)))
    }

    fn digit(&mut self) -> Option<usize> {
        let digit = self.rest.next_if(char::is_ascii_digit)?;
        digit.to_digit(10).and_then(|digit| digit.try_into().ok())
    }
}

impl Expression {
    /// Whether it is found anywhere in the text.
    pub fn is_found_in(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        (0..=text.len()).any(|start| !self.ends(&text, start).is_empty())
    }

    /// Where a match that begins at `start` may end.
    fn ends(&self, text: &[char], start: usize) -> BTreeSet<usize> {
        let here = |found: bool| found.then_some(start).into_iter().collect();
        let next = |found: bool| found.then_some(start + 1).into_iter().collect();
        let c = text.get(start);
        match self {
            Self::Character(wanted) => next(c == Some(wanted)),
            Self::Any => next(c.is_some_and(|c| *c != '\n')),
            Self::Set(members, negated) => {
                next(c.is_some_and(|c| members.contains(c) != *negated && *c != '\n'))
            }
            Self::LineStart => here(start == 0 || text[start - 1] == '\n'),
            Self::LineEnd => here(c.is_none_or(|c| *c == '\n')),
            Self::All(parts) => parts.iter().fold(BTreeSet::from([start]), |from, part| {
                part.ends_of_all(text, &from)
            }),
            Self::OneOf(branches) => branches
                .iter()
                .flat_map(|branch| branch.ends(text, start))
                .collect(),
            Self::Repeated(part, min, max) => part.repeated_ends(text, start, *min, *max),
        }
    }

    fn ends_of_all(&self, text: &[char], starts: &BTreeSet<usize>) -> BTreeSet<usize> {
        starts
            .iter()
            .flat_map(|start| self.ends(text, *start))
            .collect()
    }

    fn repeated_ends(
        &self,
        text: &[char],
        start: usize,
        min: usize,
        max: Option<usize>,
    ) -> BTreeSet<usize> {
        let mut from = BTreeSet::from([start]);
        for _ in 0..min {
            from = self.ends_of_all(text, &from);
        }
        let mut ends = from.clone();
        // More rounds than the text has characters find nothing new.
        for _ in min..max.unwrap_or(min + text.len() + 1) {
            from = self
                .ends_of_all(text, &from)
                .difference(&ends)
                .copied()
                .collect();
            if from.is_empty() {
                break;
            }
            ends.extend(&from);
        }
        ends
    }
}
