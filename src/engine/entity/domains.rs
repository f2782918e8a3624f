//! Derives registrable domains from e-mail addresses.

/// The date of the last review of the free-mail domains below.
pub const FREE_MAIL_DATE: &str = "2026-11-21";

/// Providers whose addresses do not identify an employer. Curated by hand; sorted.
const FREE_MAIL: [&str; 118] = [
    "126.com",
    "139.com",
    "163.com",
    "aim.com",
    "aliyun.com",
    "aol.com",
    "aol.de",
    "arcor.de",
    "att.net",
    "bellsouth.net",
    "bigpond.com",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "centrum.cz",
    "charter.net",
    "comcast.net",
    "cox.net",
    "daum.net",
    "docomo.ne.jp",
    "earthlink.net",
    "email.cz",
    "email.it",
    "ezweb.ne.jp",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.fr",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "home.nl",
    "hotmail.be",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.com.br",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.nl",
    "hushmail.com",
    "icloud.com",
    "ig.com.br",
    "inbox.lv",
    "inbox.ru",
    "interia.pl",
    "juno.com",
    "kakao.com",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.ca",
    "live.co.uk",
    "live.com",
    "live.de",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "me.com",
    "msn.com",
    "nate.com",
    "naver.com",
    "netscape.net",
    "o2.pl",
    "onet.pl",
    "online.no",
    "optonline.net",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "sapo.pt",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "shaw.ca",
    "sina.com",
    "sohu.com",
    "t-online.de",
    "telenet.be",
    "terra.com.br",
    "tiscali.it",
    "tuta.com",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.ru",
    "ymail.com",
];

/// The host of an e-mail address, in lower case. None for malformed addresses, IP addresses and
/// hosts of a single label such as `localhost`.
pub(super) fn host(email: &str) -> Option<String> {
    let (name, host) = email.trim().rsplit_once('@')?;
    let host = host.trim_end_matches('.').to_lowercase();
    let machine = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() || !host.contains('.');
    let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if name.is_empty() || machine || host.contains(odd) {
        return None;
    }
    // A top-level domain is never numeric, so such a host is a malformed IP address.
    let numeric = host.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_digit());
    (!numeric).then_some(host)
}

/// The registrable domain of a host; none if the host is a public suffix.
pub(super) fn registrable(host: &str) -> Option<String> {
    psl::domain_str(host).map(str::to_owned)
}

/// True if a host equals one of the domains or is a subdomain of one.
pub(super) fn is_below(host: &str, domains: &[String]) -> bool {
    domains.iter().any(|domain| {
        let domain = domain.to_lowercase();
        host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// True if the built-in list has the domain as a free-mail provider.
pub(super) fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrable_domain_is_what_a_company_registers() {
        for (email, domain) in [
            ("kim@mail.Acme.co.uk", Some("acme.co.uk")),
            ("KIM@ACME.COM.", Some("acme.com")),
            ("kim@us.ibm.com", Some("ibm.com")),
            ("kim@acme.github.io", Some("acme.github.io")),
            ("kim@acme.example", Some("acme.example")),
            ("kim@localhost", None),
            ("kim@10.0.0.1", None),
            ("kim@[10.0.0.1]", None),
            ("kim@300.1.2.3", None),
            ("kim", None),
            ("@acme.com", None),
            ("kim@co.uk", None),
            ("a b@c d.com", None),
            ("Kim <kim@acme.com>", None),
        ] {
            assert_eq!(host(email).as_deref().and_then(registrable).as_deref(), domain, "{email}");
        }
    }

    #[test]
    fn the_list_of_free_mail_is_sorted() {
        assert!(FREE_MAIL.is_sorted());
        assert!(is_free_mail("gmail.com") && !is_free_mail("acme.com"));
    }
}
