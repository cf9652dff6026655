//! One gearmand: a connection to it for as long as it lasts, and a new one when it is lost.
//!
//! Only what is asked for comes, and it is asked for only while there is room for a check. A job's
//! result and the word that the job is done leave in one write on the job's own connection. So there
//! is no moment in which a worker that dies has said one of them and not the other; and when the
//! connection is lost before that write, the server hands the job to somebody else, and what this
//! worker finds is thrown away.

use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sandcheck_gearman::packet::{Decoder, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::Worker;
use super::jobs::Submission;
use super::log;
use super::settings::Server;

/// How long a server may take to accept a connection, or what is written to it.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long may nothing come from it; then it is asked, and after as long again it counts as dead.
const SILENCE: Duration = Duration::from_secs(30);
/// Between two attempts to connect: at first, and at most.
const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one.
const GOOD: Duration = Duration::from_secs(10);
/// So many jobs are asked for ahead of an answer.
const AHEAD: usize = 8;
/// What is looked after regularly.
const TICK: Duration = Duration::from_secs(1);

/// Works for a server until the worker is drained.
pub(super) async fn serve(worker: Arc<Worker>, server: Server, mut drain: watch::Receiver<bool>) {
    let mut delay = FIRST_DELAY;
    while !*drain.borrow() {
        let began = Instant::now();
        let Err(error) = work(&worker, &server, drain.clone()).await else {
            return;
        };
        if began.elapsed() >= GOOD {
            delay = FIRST_DELAY;
        }
        let seconds = delay.as_secs_f32();
        log::say(&format!(
            "gearmand {server}: {error:#}; next attempt in {seconds} s"
        ));
        tokio::select! {
            () = sleep(delay) => {}
            _ = drain.changed() => return,
        }
        delay = (delay * 2).min(LONGEST_DELAY);
    }
}

/// Connects, and works until the connection is lost, which is an error, or the worker is drained.
async fn work(
    worker: &Arc<Worker>,
    server: &Server,
    mut drain: watch::Receiver<bool>,
) -> Result<()> {
    let address = (server.host.as_str(), server.port);
    let stream = tokio::select! {
        stream = timeout(PATIENCE, TcpStream::connect(address)) => stream,
        _ = drain.changed() => return Ok(()),
    };
    let stream = stream.context("it does not accept a connection in time")??;
    stream.set_nodelay(true)?;
    let mut session = Session::new(worker, server, stream);
    session.introduce();
    session.run(drain).await
}

struct Session<'a> {
    worker: &'a Arc<Worker>,
    server: &'a Server,
    stream: TcpStream,
    decoder: Decoder,
    /// To be written.
    out: Vec<u8>,
    /// A job was asked for, for each of these places.
    asked: VecDeque<OwnedSemaphorePermit>,
    supply: Supply,
    is_drained: bool,
    checks: JoinSet<Done>,
    /// The handles of those checks.
    running: HashSet<Vec<u8>>,
    /// Results that the server has not yet confirmed, in the order in which they went.
    unconfirmed: VecDeque<Submission>,
    /// Those that it did not take.
    rejected: VecDeque<Submission>,
    heard: Instant,
    has_asked: bool,
}

/// Whether there may be jobs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Supply {
    Some,
    /// There was none.
    None,
    /// The server was told to say when to ask again.
    Awaited,
}

struct Done {
    handle: Vec<u8>,
    result: Result<Submission>,
    place: OwnedSemaphorePermit,
}

impl<'a> Session<'a> {
    fn new(worker: &'a Arc<Worker>, server: &'a Server, stream: TcpStream) -> Self {
        Self {
            worker,
            server,
            stream,
            decoder: Decoder::default(),
            out: Vec::new(),
            asked: VecDeque::new(),
            supply: Supply::Some,
            is_drained: false,
            checks: JoinSet::new(),
            running: HashSet::new(),
            unconfirmed: VecDeque::new(),
            rejected: VecDeque::new(),
            heard: Instant::now(),
            has_asked: false,
        }
    }

    fn introduce(&mut self) {
        self.say(Request::ClientId(self.worker.name.as_bytes()));
        for queue in &self.worker.queues {
            self.say(Request::CanDo(queue.as_bytes()));
        }
        log::say(&format!("gearmand {}: connected", self.server));
    }

    fn say(&mut self, request: Request) {
        request.write(&mut self.out);
    }

    async fn run(&mut self, mut drain: watch::Receiver<bool>) -> Result<()> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bytes = vec![0; 64 << 10];
        let worker = Arc::clone(self.worker);
        let mut place = pin!(None);
        while !self.is_finished() {
            self.ask();
            self.flush().await?;
            // Who does not want a place any more must not wait for one: others wait behind it.
            if !self.wants_job() {
                place.set(None);
            } else if place.is_none() {
                place.set(Some(Arc::clone(&worker.places).acquire_owned()));
            }
            tokio::select! {
                count = self.stream.read(&mut bytes) => {
                    let count = count.context("the connection is lost")?;
                    self.hear(bytes.get(..count).unwrap_or_default())?;
                }
                Some(done) = self.checks.join_next() => self.finish(done?),
                Some(permit) = async { Some(place.as_mut().as_pin_mut()?.await) },
                    if self.wants_job() => {
                    place.set(None);
                    self.grab(permit?);
                }
                // Nothing is said: told that a worker takes no more jobs, gearmand takes from it those
                // that it has, and gives them to others.
                _ = drain.changed(), if !self.is_drained => self.is_drained = true,
                _ = tick.tick() => self.look_after()?,
            }
        }
        self.leave(&mut bytes).await
    }

    /// Asks for jobs, as long as there are places at once.
    fn ask(&mut self) {
        while self.wants_job() {
            match Arc::clone(&self.worker.places).try_acquire_owned() {
                Ok(place) => self.grab(place),
                Err(_) => return,
            }
        }
    }

    fn wants_job(&self) -> bool {
        !self.is_drained && self.supply == Supply::Some && self.asked.len() < AHEAD
    }

    fn grab(&mut self, place: OwnedSemaphorePermit) {
        self.asked.push_back(place);
        self.say(Request::GrabJob);
    }

    async fn flush(&mut self) -> Result<()> {
        if !self.out.is_empty() {
            let written = timeout(PATIENCE, self.stream.write_all(&self.out)).await;
            written
                .context("it does not read what is sent to it")?
                .context("the connection is lost")?;
            self.out.clear();
        }
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            bail!("it closed the connection");
        }
        self.heard = Instant::now();
        self.has_asked = false;
        self.decoder.feed(bytes);
        while let Some(response) = self.decoder.packet()? {
            self.receive(response)?;
        }
        Ok(())
    }

    fn receive(&mut self, response: Response) -> Result<()> {
        match response {
            Response::Noop => self.supply = Supply::Some,
            Response::NoJob => {
                drop(self.place()?);
                self.supply = Supply::None;
            }
            Response::Job { handle, data } => {
                let place = self.place()?;
                self.start(handle, data, place);
            }
            Response::LongJob { handle } => {
                drop(self.place()?);
                self.fail(&handle, "its text is too long");
            }
            Response::Created => drop(self.unconfirmed.pop_front()),
            Response::Error { code, text } => self.reject(&code, &text),
            Response::Echo | Response::Other(_) => {}
        }
        if self.supply == Supply::None && self.asked.is_empty() && !self.is_drained {
            self.say(Request::PreSleep);
            self.supply = Supply::Awaited;
        }
        Ok(())
    }

    /// The place of the job that was asked for first.
    fn place(&mut self) -> Result<OwnedSemaphorePermit> {
        self.asked
            .pop_front()
            .context("it sends a job that nobody asked for")
    }

    fn start(&mut self, handle: Vec<u8>, data: Vec<u8>, place: OwnedSemaphorePermit) {
        if !self.running.insert(handle.clone()) {
            let handle = String::from_utf8_lossy(&handle);
            self.worker
                .bad_jobs
                .say(&format!("job {handle}: it came twice, and is run once"));
            return;
        }
        let worker = Arc::clone(self.worker);
        self.checks.spawn(async move {
            let result = worker.jobs.answer(&data).await;
            Done {
                handle,
                result,
                place,
            }
        });
    }

    fn finish(&mut self, done: Done) {
        self.running.remove(&done.handle);
        match done.result {
            Ok(submission) => {
                self.submit(submission);
                self.say(Request::WorkComplete(&done.handle));
            }
            Err(error) => self.fail(&done.handle, &format!("{error:#}")),
        }
        drop(done.place);
    }

    fn submit(&mut self, submission: Submission) {
        let Submission { queue, data } = &submission;
        Request::SubmitBackground { queue, data }.write(&mut self.out);
        self.unconfirmed.push_back(submission);
    }

    /// Nobody can be told of the result but the server.
    fn fail(&mut self, handle: &[u8], why: &str) {
        self.say(Request::WorkFail(handle));
        let (handle, server) = (String::from_utf8_lossy(handle), self.server);
        self.worker.bad_jobs.say(&format!(
            "job {handle} of gearmand {server} is dropped without a result: {why}"
        ));
    }

    /// A result was not taken, or the server no longer knows a job.
    fn reject(&mut self, code: &[u8], text: &[u8]) {
        let (code, text) = (String::from_utf8_lossy(code), String::from_utf8_lossy(text));
        let server = self.server;
        self.worker
            .bad_jobs
            .say(&format!("gearmand {server} says {code}: {text}"));
        if !code.to_ascii_uppercase().contains("NOT_FOUND") {
            self.rejected.extend(self.unconfirmed.pop_front());
        }
    }

    fn is_finished(&self) -> bool {
        let is_idle = self.asked.is_empty() && self.checks.is_empty();
        self.is_drained
            && is_idle
            && self.out.is_empty()
            && self.unconfirmed.is_empty()
            && self.rejected.is_empty()
    }

    /// Sends again what was not taken; asks whether the server is still there.
    fn look_after(&mut self) -> Result<()> {
        for submission in std::mem::take(&mut self.rejected) {
            self.submit(submission);
        }
        let silence = self.heard.elapsed();
        if silence >= SILENCE * 2 {
            bail!("it has not said anything for {} s", silence.as_secs());
        }
        if silence >= SILENCE && !self.has_asked {
            self.has_asked = true;
            self.say(Request::Echo);
        }
        Ok(())
    }

    /// Goes when the server has handled everything that was sent.
    async fn leave(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.say(Request::Echo);
        self.flush().await?;
        let answered = async {
            loop {
                let count = self.stream.read(bytes).await?;
                if count == 0 {
                    bail!("it closed the connection");
                }
                self.decoder.feed(bytes.get(..count).unwrap_or_default());
                while let Some(response) = self.decoder.packet()? {
                    if response == Response::Echo {
                        return Ok(());
                    }
                }
            }
        };
        timeout(PATIENCE, answered)
            .await
            .context("it does not answer any more")?
    }
}
