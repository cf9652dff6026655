//! When checks begin: a few together, while those under way have nothing to do but to wait.
//!
//! What a check has touched is in the processor's caches for as long as few others have come between. So no
//! more are under way at a time than servers let wait: with servers that answer at once that are a few, with
//! slow ones as many as are allowed.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::task::yield_now;

/// Checks that begin together: one after the other takes the same way through the code.
const TOGETHER: usize = 4;

/// Turns of the event loop after which others begin in any case, so that servers that never stop sending do
/// not hold them up.
const TURNS: usize = 32;

/// A step up to here follows an answer. One that takes longer computes, and others begin meanwhile.
const SHORT: Duration = Duration::from_millis(1);

/// Knows when the next check is to begin.
#[derive(Default)]
pub(super) struct Pace {
    /// Short steps that checks have taken.
    steps: Arc<AtomicU64>,
    /// Checks that may begin at once.
    left: usize,
}

impl Pace {
    /// Waits for the moment in which a check is to begin.
    pub(super) async fn lull(&mut self) {
        if self.left == 0 {
            for _ in 0..TURNS {
                if !self.is_anything_done_in_a_turn().await {
                    break;
                }
            }
            self.left = TOGETHER;
        }
        self.left -= 1;
    }

    /// Lets everything that is ready take a step, and says whether a check took a short one.
    async fn is_anything_done_in_a_turn(&self) -> bool {
        let before = self.steps.load(Relaxed);
        // The loop comes back here first when it has looked for events, then turns to those that have some.
        yield_now().await;
        yield_now().await;
        self.steps.load(Relaxed) != before
    }

    /// Counts the steps of a check.
    pub(super) fn follow<F: Future>(&self, check: F) -> impl Future<Output = F::Output> + use<F> {
        let steps = Arc::clone(&self.steps);
        // In a box: a future that holds another one would take its memory twice.
        let mut check = Box::pin(check);
        poll_fn(move |context| {
            let began = Instant::now();
            let progress = check.as_mut().poll(context);
            if began.elapsed() <= SHORT {
                steps.fetch_add(1, Relaxed);
            }
            progress
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;
    use std::rc::Rc;
    use std::thread::sleep;

    use tokio::runtime::Builder;
    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, work)
    }

    /// Takes so many steps, one in each turn of the loop, and counts them.
    fn steps(
        count: usize,
        step: impl Fn() + 'static,
    ) -> (Rc<Cell<usize>>, impl Future<Output = ()>) {
        let done = Rc::new(Cell::new(0));
        let counter = Rc::clone(&done);
        let work = async move {
            for _ in 0..count {
                counter.set(counter.get() + 1);
                step();
                yield_now().await;
            }
        };
        (done, work)
    }

    #[test]
    fn checks_that_wait_hold_nobody_up() {
        block_on(async {
            let mut pace = Pace::default();
            let (turns, clock) = steps(usize::MAX, || ());
            spawn_local(clock);
            for _ in 0..10 * TOGETHER {
                let before = turns.get();
                pace.lull().await;
                assert!(turns.get() - before < TURNS / 2, "{}", turns.get() - before);
                spawn_local(pace.follow(pending::<()>()));
            }
        });
    }

    #[test]
    fn others_begin_when_the_steps_of_a_check_are_done_or_have_no_end() {
        block_on(async {
            for count in [5, TURNS / 2, usize::MAX] {
                let mut pace = Pace::default();
                let (done, check) = steps(count, || ());
                spawn_local(pace.follow(check));
                pace.lull().await;
                assert!(done.get() >= count.min(TURNS), "{count}: {}", done.get());
                let before = done.get();
                for _ in 1..TOGETHER {
                    pace.lull().await;
                }
                assert_eq!(done.get(), before, "the next ones begin at once");
            }
        });
    }

    #[test]
    fn a_check_that_computes_holds_nobody_up() {
        block_on(async {
            let mut pace = Pace::default();
            let (done, check) = steps(usize::MAX, || sleep(2 * SHORT));
            spawn_local(pace.follow(check));
            pace.lull().await;
            assert!(done.get() < TURNS / 2, "{}", done.get());
        });
    }
}
