//! How much processor time one run uses, however many runs share a thread.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of one run. It stands still while the run waits.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Nanoseconds, without those of the step under way.
    used: AtomicU64,
    /// When the step under way began, by the thread's clock.
    began: AtomicU64,
}

impl Meter {
    /// What has been used until now. To be asked by the run itself, in a step of its own.
    pub(crate) fn used(&self) -> Duration {
        let step = now().saturating_sub(self.began.load(Relaxed));
        Duration::from_nanos(self.used.load(Relaxed) + step)
    }

    /// Counts what this future uses.
    pub(crate) async fn count<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.began.store(now(), Relaxed);
            let progress = work.as_mut().poll(context);
            let step = now().saturating_sub(self.began.load(Relaxed));
            self.used.fetch_add(step, Relaxed);
            progress
        })
        .await
    }
}

/// The processor time of this thread, in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
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
