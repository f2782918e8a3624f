//! Patterns of event names, by which `pql init` maps the events of a dump to those of the example
//! model.

/// An event of the example model, with the usual names of such an event.
#[derive(Debug)]
pub(super) struct EventNamePattern {
    /// The event's name in the example model.
    pub(super) name: &'static str,
    /// Sets of word beginnings. A name matches a set if it has a word for each of its beginnings. A
    /// beginning with bars has several alternatives.
    pub(super) words: &'static [&'static [&'static str]],
    /// Beginnings of words that a matching name must not have.
    pub(super) excluded_words: &'static [&'static str],
}

/// Words of events that only report a view, an attempt or a failure.
const NON_COMPLETION_WORDS: &[&str] =
    &["view", "click", "start", "fail", "error", "cancel", "open", "visit", "page", "attempt"];

/// The patterns, special ones first: the first match of a name counts.
pub(super) const EVENT_PATTERNS: &[EventNamePattern] = &[
    EventNamePattern {
        name: "email_delivered",
        words: &[&["email|mail", "deliver|sent|send|open|click|bounce"]],
        excluded_words: &["invit"],
    },
    EventNamePattern {
        name: "pricing_page_viewed",
        words: &[&["pricing|prices", "view|visit|page|see|open"], &["plans", "view|visit|page"], &["pricing"]],
        excluded_words: &[],
    },
    EventNamePattern {
        name: "team_invite_sent",
        words: &[&["invit"]],
        excluded_words: &["accept", "view", "click", "declin", "open", "fail", "revok"],
    },
    EventNamePattern {
        name: "signup_completed",
        words: &[&["signup"], &["sign|signed", "up"], &["regist"], &["account|user", "creat"]],
        excluded_words: NON_COMPLETION_WORDS,
    },
    EventNamePattern {
        name: "setup_completed",
        words: &[&["setup|onboarding", "complet|finish|done"], &["set", "up", "complet|finish|done"]],
        excluded_words: &["start", "step"],
    },
    EventNamePattern {
        name: "usage_threshold_reached",
        words: &[&["limit|quota|threshold", "reach|exceed|hit|near"]],
        excluded_words: &[],
    },
    EventNamePattern {
        name: "governance_feature_needed",
        words: &[&["sso|saml|scim|audit|compliance|governance"]],
        excluded_words: &[],
    },
    EventNamePattern {
        name: "billing_support_contacted",
        words: &[&["billing|invoice", "contact|support|question|ticket|help"]],
        excluded_words: &[],
    },
    EventNamePattern {
        name: "upgrade_started",
        words: &[&["upgrad|checkout", "start|begin|click|initiat|open"]],
        excluded_words: &[],
    },
    EventNamePattern {
        name: "upgrade_completed",
        words: &[&["upgraded"], &["upgrade|checkout|purchase", "complet|finish|success"], &["plan", "chang"]],
        excluded_words: &["fail", "cancel"],
    },
    EventNamePattern {
        name: "subscription_started",
        words: &[&["subscri", "start|creat|activat|begin"], &["subscribed"], &["trial", "convert"]],
        excluded_words: &["cancel", "fail", "newsletter"],
    },
    EventNamePattern { name: "api_called", words: &[&["api", "call|request|use|hit"]], excluded_words: &["key"] },
    EventNamePattern {
        name: "integration_connected",
        words: &[&["integration|connector|webhook|slack", "connect|add|install|enabl|creat|activat"]],
        excluded_words: &["fail", "dis"],
    },
    EventNamePattern {
        name: "data_exported",
        words: &[&["export"], &["download"]],
        excluded_words: NON_COMPLETION_WORDS,
    },
    EventNamePattern {
        name: "content_shared",
        words: &[&["share|shared|sharing"]],
        excluded_words: NON_COMPLETION_WORDS,
    },
    EventNamePattern {
        name: "workspace_created",
        words: &[&["workspace|organization|organisation|team|project", "creat|add"]],
        excluded_words: &["member"],
    },
    EventNamePattern {
        name: "repeat_session",
        words: &[&["session", "start"], &["login|signin"], &["log|logged|sign|signed", "in"]],
        excluded_words: &["fail"],
    },
    EventNamePattern {
        name: "feature_used",
        words: &[&["feature", "us|click|activat|enabl|adopt"]],
        excluded_words: &[],
    },
    EventNamePattern { name: "wedge_workflow_started", words: &[&["workflow", "start|begin"]], excluded_words: &[] },
    EventNamePattern {
        name: "wedge_workflow_completed",
        words: &[&["workflow", "complet|finish|done"]],
        excluded_words: &[],
    },
];

/// Beginnings of words for a completed piece of work. They find the core action of a product.
pub(super) const COMPLETION_WORDS: &[&str] = &[
    "complet", "creat", "generat", "publish", "finish", "build", "built", "run", "submit", "save", "deploy", "upload",
    "import", "schedul", "record", "analyz", "push", "send", "sent", "export",
];

/// Names of properties that hold an account, the likeliest first, in letters and digits only.
pub(super) const ACCOUNT_PROPERTIES: &[&str] = &[
    "accountid",
    "companyid",
    "organizationid",
    "organisationid",
    "orgid",
    "workspaceid",
    "teamid",
    "tenantid",
    "groupid",
    "customerid",
    "account",
    "company",
    "organization",
    "organisation",
    "org",
    "workspace",
    "team",
    "tenant",
];

/// The words by which a name matches a pattern; none if it does not match.
pub(super) fn match_pattern(usual: &EventNamePattern, words: &[String]) -> Option<String> {
    let has = |beginnings: &str| -> Option<String> {
        let any = |word: &&String| beginnings.split('|').any(|beginning| word.starts_with(beginning));
        words.iter().find(any).cloned()
    };
    if usual.excluded_words.iter().any(|beginning| has(beginning).is_some()) {
        return None;
    }
    let set = usual.words.iter().find_map(|set| set.iter().map(|one| has(one)).collect::<Option<Vec<String>>>())?;
    Some(set.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pql_engine::inspect::name_similarity::split_words;

    #[test]
    fn usual_names_are_known_for_what_they_mean() {
        let guess = |name: &str| {
            EVENT_PATTERNS
                .iter()
                .find(|usual| match_pattern(usual, &split_words(name)).is_some())
                .map(|usual| usual.name)
        };
        for (name, expected) in [
            ("Signed Up", Some("signup_completed")),
            ("user_registered", Some("signup_completed")),
            ("Signup Page Viewed", None),
            ("Invite Sent", Some("team_invite_sent")),
            ("invitation_accepted", None),
            ("Viewed Pricing Page", Some("pricing_page_viewed")),
            ("Report Exported", Some("data_exported")),
            ("begin_checkout", Some("upgrade_started")),
            ("Plan Upgraded", Some("upgrade_completed")),
            ("Email Opened", Some("email_delivered")),
            ("push", None),
        ] {
            assert_eq!(guess(name), expected, "{name}");
        }
    }
}
