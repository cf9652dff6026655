//! The contract's `resolver`: look-ups, granted, bounded and timed.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use crate::bindings::monitoring::plugin::resolver::{
    Associations, Error, Exchange, Exchanges, Host,
};
use crate::bindings::monitoring::plugin::sockets::{self, Family};
use crate::grants::{Grants, Refusal};
use crate::network::suits;
use crate::resolver::records::{Answer, Question};
use crate::state::State;
use crate::transport::Transport;

impl<T: Transport> Host for State<T> {
    async fn lookup_addresses(
        &mut self,
        host: String,
        family: Family,
        timeout: u64,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        self.count_look_up()?;
        if let Err(error) = self.permit(|grants| grants.allow_addresses(&host)) {
            return Ok(Err(error));
        }
        let found: Vec<IpAddr> = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => match self.look_up(&host, self.deadline(timeout)).await {
                Ok(found) => found.iter().map(SocketAddr::ip).collect(),
                Err(sockets::Error::NameNotFound(_)) => Vec::new(),
                Err(sockets::Error::TimedOut) => return Ok(Err(Error::TimedOut)),
                Err(error) => return Ok(Err(Error::Other(error.to_string()))),
            },
        };
        // Nothing is connected to from an address of the other family.
        let mut addresses = Vec::with_capacity(found.len());
        for address in found {
            let is_meant = suits(address, family) && self.grants.reaches(address.is_ipv4());
            if is_meant && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        self.grants.add_addresses(&host, &addresses);
        Ok(Ok(addresses.iter().map(ToString::to_string).collect()))
    }

    async fn lookup_exchanges(
        &mut self,
        domain: String,
        timeout: u64,
    ) -> wasmtime::Result<Result<Exchanges, Error>> {
        self.count_look_up()?;
        if let Err(error) = self.permit(|grants| grants.allow_exchanges(&domain)) {
            return Ok(Err(error));
        }
        let question = Question::Exchanges(domain.clone());
        let answer = match T::ask(question, self.deadline(timeout)).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        self.grants
            .add_exchanges(mail_hosts(&answer.exchanges, &domain));
        let Answer {
            secure, exchanges, ..
        } = answer;
        Ok(Ok(Exchanges {
            hosts: exchanges,
            secure,
        }))
    }

    async fn lookup_associations(
        &mut self,
        host: String,
        port: u16,
        timeout: u64,
    ) -> wasmtime::Result<Result<Associations, Error>> {
        self.count_look_up()?;
        if let Err(error) = self.permit(|grants| grants.allow_associations(&host, port)) {
            return Ok(Err(error));
        }
        if host.parse::<IpAddr>().is_ok() {
            let reason = format!("{host} is an address, which has no TLSA records");
            return Ok(Err(Error::Other(reason)));
        }
        let question = Question::Associations(host, port);
        let answer = T::ask(question, self.deadline(timeout)).await;
        Ok(answer.map(|answer| Associations {
            records: answer.associations,
            secure: answer.secure,
        }))
    }
}

impl<T: Transport> State<T> {
    /// Looks a name up. What comes of it holds for connections to that name, if it came in time.
    async fn look_up(
        &mut self,
        host: &str,
        deadline: Instant,
    ) -> Result<Vec<SocketAddr>, sockets::Error> {
        let found = T::look_up(host, 0, deadline).await;
        self.looked_up.retain(|(name, _)| name != host);
        if !matches!(found, Err(sockets::Error::TimedOut)) {
            self.looked_up.push((host.to_owned(), found.clone()));
        }
        found
    }

    fn permit(&mut self, check: impl FnOnce(&Grants) -> Result<(), Refusal>) -> Result<(), Error> {
        check(&self.grants).map_err(|refusal| Error::AccessDenied(self.remember(refusal)))
    }
}

/// RFC 5321 section 5.1: where there is no MX record, mail goes to the host of the domain's own name.
/// RFC 7505: where the record names the root, it goes nowhere.
fn mail_hosts<'a>(exchanges: &'a [Exchange], domain: &'a str) -> Vec<&'a str> {
    if exchanges.is_empty() {
        return vec![domain.strip_suffix('.').unwrap_or(domain)];
    }
    let hosts = exchanges.iter().map(|exchange| &*exchange.host);
    hosts.filter(|host| *host != ".").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(host: &str) -> Exchange {
        Exchange {
            preference: 0,
            host: host.to_owned(),
        }
    }

    #[test]
    fn a_domain_without_mx_records_takes_its_mail_itself() {
        assert_eq!(mail_hosts(&[], "example.org."), ["example.org"]);
        assert_eq!(
            mail_hosts(&[exchange("mx.example")], "example.org"),
            ["mx.example"]
        );
        assert!(mail_hosts(&[exchange(".")], "example.org").is_empty());
    }
}
