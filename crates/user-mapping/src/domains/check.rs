//! From the `[[domain]]` tables as written to those that can be trusted.

use super::{Base, Domain, DomainIndex, Domains};
use crate::dn::{Dn, is_dns_name};
use crate::findings::Findings;
use crate::name::check_netbios;
use crate::{DirectoryUse, DomainId, DomainTable, fold, is_same};

pub(crate) fn check_domains(tables: &[DomainTable], findings: &mut Findings) -> Domains {
    let mut domains = Domains::default();
    for (number, table) in tables.iter().enumerate() {
        let mut check = Check { domains: &mut domains, findings, number };
        check.id(&table.id);
        check.is_recognisable(table);
        if let Some(netbios) = &table.netbios {
            check.netbios(netbios);
        }
        for (place, dns) in table.dns.iter().enumerate() {
            check.dns(place, dns);
        }
        for (place, suffix) in table.suffix.iter().enumerate() {
            check.suffix(place, suffix);
        }
        for (place, base) in table.base.iter().enumerate() {
            check.base(place, base);
        }
        check.directory(table);
        if table.default {
            check.default();
        }
        // A table with problems is kept, so that what refers to it does not seem wrong too.
        domains.domains.push(Domain {
            id: DomainId::new(&table.id),
            netbios: table.netbios.clone(),
            dns: table.dns.clone(),
            suffix: table.suffix.clone(),
            directory: table.directory,
            ..Domain::default()
        });
    }
    domains
}

struct Check<'a> {
    domains: &'a mut Domains,
    findings: &'a mut Findings,
    number: usize,
}

impl Check<'_> {
    fn id(&mut self, id: &str) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        // `.` is what stands for the site itself where persons are written down.
        if id.is_empty() || id == "." || !id.chars().all(is_word) {
            self.problem(
                "id",
                format!("`{id}` is no id"),
                "write letters, digits, `-`, `_` or `.`",
            );
        }
        if self.domains.domains.iter().any(|other| is_same(other.id.as_str(), id)) {
            self.problem("id", format!("two domains are called `{id}`"), "rename one of them");
        }
    }

    fn is_recognisable(&mut self, table: &DomainTable) {
        let has_key = table.netbios.is_some()
            || !(table.dns.is_empty() && table.suffix.is_empty() && table.base.is_empty());
        if !has_key && !table.default {
            self.problem(
                "id",
                format!("nothing tells that a user is in `{}`", table.id),
                "write its `netbios`, `dns`, `suffix` or `base`",
            );
        }
    }

    fn netbios(&mut self, netbios: &str) {
        let checked = check_netbios(netbios);
        if checked.is_err() || !netbios.is_ascii() || netbios.contains('.') {
            self.problem(
                "netbios",
                format!("`{netbios}` is no NetBIOS name of a domain"),
                "write 1 to 15 ASCII characters without dots; DNS names belong into `dns`",
            );
        }
        if self.claim("netbios", netbios) {
            self.domains.netbios.insert(fold(netbios).to_string(), DomainIndex(self.number));
        }
    }

    fn dns(&mut self, place: usize, dns: &str) {
        let path = format!("dns[{place}]");
        if !self.is_dns_name(&path, dns) {
            return;
        }
        if self.claim(&path, dns) {
            self.domains.dns.insert(fold(dns).to_string(), DomainIndex(self.number));
        }
        let base: Vec<_> = dns.split('.').map(|label| format!("dc={label}")).collect();
        self.base_text(&path, &base.join(","));
    }

    fn suffix(&mut self, place: usize, suffix: &str) {
        let path = format!("suffix[{place}]");
        if self.is_dns_name(&path, suffix) && self.claim(&path, suffix) {
            self.domains.suffix.insert(fold(suffix).to_string(), DomainIndex(self.number));
        }
    }

    fn base(&mut self, place: usize, base: &str) {
        self.base_text(&format!("base[{place}]"), base);
    }

    fn base_text(&mut self, path: &str, text: &str) {
        let dn = match Dn::parse(text) {
            Ok(dn) if dn.depth() > 0 => dn.into_owned(),
            Ok(_) => {
                let message = "the empty distinguished name holds every entry there is";
                return self.problem(path, message, "write where this domain's users live");
            }
            Err(error) => {
                let message = format!("`{text}`: {error}");
                return self.problem(path, message, error.problem().advice());
            }
        };
        let owner = DomainIndex(self.number);
        match self.domains.bases.iter().find(|base| base.dn.is_same(&dn)) {
            // A base that the same domain's `dns` implies may be written out.
            Some(base) if base.owner == owner => {}
            Some(base) => {
                let message = format!("`{text}` is also a base of `{}`", self.id_of(base.owner));
                self.problem(path, message, "a user lies in one domain: remove it from one");
            }
            None => self.domains.bases.push(Base { dn, owner }),
        }
    }

    /// What the directory says is believed for entries below the domain's bases only.
    fn directory(&mut self, table: &DomainTable) {
        let has_base = !(table.dns.is_empty() && table.base.is_empty());
        if table.directory != DirectoryUse::Never && !has_base {
            let message = "no entry of the directory would lie in this domain";
            self.problem("directory", message, "add the domain's `dns`, or its `base`");
        }
    }

    fn default(&mut self) {
        if let Some(other) = self.domains.default {
            let message = format!("`{}` is the default domain already", self.id_of(other));
            return self.problem("default", message, "keep one `default = true`, or none");
        }
        self.domains.default = Some(DomainIndex(self.number));
        self.findings.warning(
            format!("domain[{}].default", self.number),
            "every bare name without a distinguished name is taken for a user of this domain",
            "whoever can create users on the site itself can choose any name of it; leave the \
             default out if all users come from a directory",
        );
    }

    fn is_dns_name(&mut self, path: &str, text: &str) -> bool {
        let is_name = is_dns_name(text);
        if !is_name {
            self.problem(
                path,
                format!("`{text}` is no DNS name"),
                "write labels of letters, digits, `-` and `_`, joined by dots",
            );
        }
        is_name
    }

    /// Whether no other domain has this name under any key. `joe@acme` must not mean one domain
    /// by its suffix and another by its NetBIOS name.
    fn claim(&mut self, path: &str, text: &str) -> bool {
        let folded = fold(text);
        let owners = [&self.domains.netbios, &self.domains.dns, &self.domains.suffix];
        let owner = owners.iter().find_map(|map| map.get(folded.as_str()).copied());
        match owner {
            Some(owner) if owner != DomainIndex(self.number) => {
                let message = format!("`{text}` belongs to `{}` already", self.id_of(owner));
                self.problem(path, message, "a name means one domain: remove it from one");
                false
            }
            _ => true,
        }
    }

    fn id_of(&self, index: DomainIndex) -> String {
        self.domains.id(index).map(ToString::to_string).unwrap_or_default()
    }

    fn problem(&mut self, key: &str, message: impl Into<String>, advice: impl Into<String>) {
        self.findings.problem(format!("domain[{}].{key}", self.number), message, advice);
    }
}
