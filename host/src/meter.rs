//! How much processor time one run uses, however many runs share a thread.
//!
//! Asking the system for a thread's processor time is a system call, and a run has many short steps.
//! Time by the wall costs next to nothing, and a step cannot use more than that: it counts for steps
//! that are short. For long ones, in which the thread may have had to wait for a processor, the
//! system is asked.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Up to here a step is short, in nanoseconds. That much may be counted too much for a step.
const SHORT: u64 = 1_000_000;

thread_local! {
    /// When this thread's processor time was asked for, and what it was then.
    static ASKED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// The processor time of one run. It stands still while the run waits.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Nanoseconds, without those of the step under way.
    used: AtomicU64,
    /// When the step under way began.
    began: AtomicU64,
}

impl Meter {
    /// What has been used until now. To be asked by the run itself, in a step of its own.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Relaxed) + self.step())
    }

    /// Counts what this future uses.
    pub(crate) async fn count<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.began.store(begin(), Relaxed);
            let progress = work.as_mut().poll(context);
            self.used.fetch_add(self.step(), Relaxed);
            progress
        })
        .await
    }

    /// Whether the step under way has taken so little until now that nobody waits for its end.
    pub(crate) fn is_step_short(&self) -> bool {
        self.step() <= SHORT
    }

    /// The processor time of the step under way.
    fn step(&self) -> u64 {
        let elapsed = now(ClockId::Monotonic).saturating_sub(self.began.load(Relaxed));
        if elapsed <= SHORT {
            return elapsed;
        }
        // It was asked for shortly before the step at the latest.
        let used = now(ClockId::ThreadCPUTime).saturating_sub(ASKED.get().1);
        used.min(elapsed)
    }
}

/// The time, with the thread's processor time known as of shortly before.
fn begin() -> u64 {
    let time = now(ClockId::Monotonic);
    if time.saturating_sub(ASKED.get().0) > SHORT {
        ASKED.set((time, now(ClockId::ThreadCPUTime)));
    }
    time
}

fn now(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_costs_nothing_and_work_does() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let meter = Meter::default();
        runtime.unwrap().block_on(async {
            meter
                .count(tokio::time::sleep(Duration::from_millis(50)))
                .await;
            assert!(meter.used.load(Relaxed) < 40_000_000);
            let before = meter.used.load(Relaxed);
            meter
                .count(async { while meter.used() < Duration::from_nanos(before + 20_000_000) {} })
                .await;
            assert!(meter.used.load(Relaxed) >= before + 20_000_000);
        });
    }
}
