//! What names of events mean, by families of words.
//!
//! A *meaning* is something that a model may ask for: a look at prices, an invitation. The events of a model and those of a dump are read by the same
//! table, so `pricing_page_viewed` and `Plan Viewed` meet in one meaning, whatever a model calls its events. A meaning has sets of words; a name has it
//! if it has a word of each family of a set, and no word that speaks against it. Words are compared by their beginnings; `$` after one asks for the whole
//! word.

use pql_engine::inspect::name_similarity::split_words;

/// Words of a look at something.
const VIEW: &str = "view|visit|see$|saw$|seen$|open|page|look|load|compar|browse";

/// Words of something that came to its end.
const DONE: &str = "complet|finish|done|success|succeed|confirm";

/// Words of something that begins.
const BEGIN: &str = "start|begin|began|begun|initiat|open|click|request|attempt|enter|abandon";

/// Words of something new.
const CREATE: &str = "creat|add|new$|start|setup";

/// Words of people with whom somebody works.
const PEOPLE: &str = "member|teammate|colleague|collaborator|coworker|accountant|classmate|manager|recruiter|interviewer|reviewer|approver|dispatcher|supervisor|administrator|admin$|viewer|editor";

/// Words of people and things with whom the product works, whatever their records hold.
const RECORDS: &str = "contact|lead$|leads$|customer|client|candidate|applicant|prospect|subscriber|patient|student|guest|attendee|vendor|supplier|card|item|product|attribute|field|tag|column|comment|note|address|domain";

/// Words of the steps by which a product is set up.
const SET_UP: &str = "configur|provision|setup|onboard";

/// Words of steps that set a product up where everybody takes them once.
const SET_UP_ONCE: &str = "connect|install|pair|key|keys|add|creat|import|enrol|verif|activat|integrat|register";

/// Words that turn what is said into its opposite or its failure.
const OPPOSITES: &str = "fail|error|cancel|declin|remov|delet|revok|reject|dismiss|disconnect|uninstall|disabl|expir|undo|undone|archiv|unsubscrib";

/// Words of a look, a beginning or an attempt, which are no completion.
const NO_COMPLETION: &str = "view|click|start|begin|open|visit|page|attempt|abandon|skip|step";

/// Words of something that was done to records: what has them is work, and no interest in buying.
const HANDLED: &str =
    "imported$|deleted$|updated$|exported$|generated$|uploaded$|synced$|synchronized$|synchronised$|migrated$";

/// The same for what is no look by itself.
const NOT_HANDLED: &str = "!import|delet|updat|export|generat|upload|sync|migrat|creat|sent$|send|publish|sav|print|calculat|schedul|assign|approv|add|fill";

/// Words without which a set says what it says.
const NOT_WORKED_ON: &str =
    "!import|delet|updat|generat|upload|sync|migrat|creat|schedul|complet|finish|start|conduct|approv|assign";

/// Plans that nobody buys.
const OTHER_PLANS: &str = "lesson|meal|floor|project|sprint|study|test|treatment|therapy|diet|nutrition|vaccin|train|workout|media|travel|route|production|seating|shift|action|content|release";

/// What has an end, beyond which a product asks for more.
const LIMITS: &str = "limit|quota|threshold|cap$|allowance|capacity";

/// What runs full or out.
const SUPPLIES: &str = "storage|seats|seat$|credit$|credits|disk$|mailbox|space$";

/// Words of an end that is reached.
const REACHED: &str = "reach|exceed|exhaust|hit|deplet|full$|maxed|surpass";

/// Something that events can mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventMeaning {
    /// What it is called in questions and comments.
    pub(super) title: &'static str,
    /// Sets of families, each with alternatives between bars; `!` before one asks for none of its words.
    sets: &'static [&'static [&'static str]],
    /// Families of words that speak against it.
    against: &'static [&'static str],
    /// What an event of this meaning is to a product.
    pub(super) role: MeaningRole,
}

/// What events of a meaning are to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MeaningRole {
    /// Work in the product, which counts as one of its features.
    Use,
    /// A step around it: signing up, buying, asking, inviting.
    Around,
    /// The end of a set-up, around the product too.
    SetUp,
    /// The job that people come for, from its beginning.
    CoreBegun,
    /// The job that people come for, done.
    CoreDone,
    /// A feature of which a property says which it is.
    Feature,
}

impl EventMeaning {
    /// Whether it is a step around the product, and no use of it.
    pub(super) fn is_around(&self) -> bool {
        match self.role {
            MeaningRole::Around | MeaningRole::SetUp => true,
            MeaningRole::Use | MeaningRole::CoreBegun | MeaningRole::CoreDone | MeaningRole::Feature => false,
        }
    }
}

const fn around(
    title: &'static str,
    sets: &'static [&'static [&'static str]],
    against: &'static [&'static str],
) -> EventMeaning {
    EventMeaning { title, sets, against, role: MeaningRole::Around }
}

const fn used(
    title: &'static str,
    sets: &'static [&'static [&'static str]],
    against: &'static [&'static str],
) -> EventMeaning {
    EventMeaning { title, sets, against, role: MeaningRole::Use }
}

/// The title of the meaning of a need for governance.
const GOVERNANCE: &str = "a need for governance";

/// The title of the meaning of a sign-up.
const SIGN_UP: &str = "a sign-up";

/// The title of the meaning of an invitation.
const INVITATION: &str = "an invitation to a teammate";

/// The title of the meaning of a connection to another product.
const CONNECTION: &str = "a connection to another product";

/// The meanings, special ones first: the first that a name has counts.
pub(super) const MEANINGS: &[EventMeaning] = &[
    around(
        "an e-mail that was sent",
        &[&["email|mail$|newsletter|digest", "deliver|sent$|send|open|click|bounce"]],
        &["invit"],
    ),
    around(
        "a question about procurement",
        &[&["procurement"], &["purchase", "order", "request|question|ask"], &["vendor", "form|question|review"]],
        &[HANDLED],
    ),
    around(
        "a question about security",
        &[&["security", "question|review|ask|whitepaper|document"]],
        &["setting", HANDLED],
    ),
    around(
        GOVERNANCE,
        &[
            &["sso|saml|scim|rbac|dlp$|hipaa|soc2"],
            &["audit|compliance|governance", NOT_WORKED_ON],
            &["permission|permissions|roles", "export|download|view|open|visit|review|seen$|report|request"],
            &["access", "right$|rights|control|polic|log$|logs|review", NOT_WORKED_ON],
            &["single", "sign", "on"],
            &["data", "residency"],
        ],
        &[OPPOSITES, "login|signed|grant"],
    ),
    around(
        "a request for a roll-out",
        &[
            &["rollout|budget", "request|ask|question|discuss|plan"],
            &["roll", "out", "request|ask"],
            &["sales|demo", "contact|talk|request|call|book"],
            &["quote", "request"],
        ],
        &["prepar", OPPOSITES, HANDLED],
    ),
    around(
        "a limit that was reached",
        &[
            &[LIMITS, REACHED],
            &[LIMITS, "near|warn|block|over$|approach|touch"],
            &[SUPPLIES, REACHED],
            &[LIMITS, "used$", "up$"],
            &[SUPPLIES, "used$", "up$"],
            &[LIMITS, "ran$|run$", "out$"],
            &[SUPPLIES, "ran$|run$", "out$"],
            &["overage|throttl"],
            &["rate", "limited"],
            &["paywall", "hit|shown|view|reach|see$|seen$"],
        ],
        &["rais", "set$"],
    ),
    around(
        INVITATION,
        &[&["invit"], &[PEOPLE, "add"], &["team|user", "member", "add"]],
        &["accept", "view", "click", "open", "page", "join", OPPOSITES],
    ),
    around(
        SIGN_UP,
        &[
            &["signup"],
            &["sign$|signed|signs", "up"],
            &["regist"],
            &["account|user|profile", "creat"],
            &["trial", "signup"],
        ],
        &[NO_COMPLETION, OPPOSITES, "ledger|bank|chart|invoice|webinar|device|webhook|domain"],
    ),
    EventMeaning {
        title: "the end of a set-up",
        sets: &[
            &["setup|onboarding|wizard", DONE],
            &["set", "up", DONE],
            &["getting", "started", DONE],
            &["profile", "complet"],
        ],
        against: &["start", "step", "skip", OPPOSITES],
        role: MeaningRole::SetUp,
    },
    around(
        "a subscription that began",
        &[
            &["subscri", "start|creat|activat|begin|began|purchas|bought|paid$"],
            &["subscribed"],
            &["trial", "start|begin|began|convert|activat"],
        ],
        &["newsletter|topic|webhook|thread|channel", OPPOSITES],
    ),
    around(
        "an upgrade that was completed",
        &[
            &["upgraded"],
            &["upgrade|checkout|purchase", DONE],
            &["plan$", "chang|upgrad|purchas|bought|activat"],
            &["tariff$", "changed$|upgraded$|switched$|purchas|bought"],
            &["tarif$|abo$", "gewechselt$|gekauft$|gebucht$|abgeschlossen$"],
            &["seat$|seats$|license$|licenses$", "purchas|bought|add"],
        ],
        &[OTHER_PLANS, "downgrad", "abandon", OPPOSITES],
    ),
    around(
        "a question about billing or plans",
        &[
            &["billing|invoice|payment|pricing|plan$|plans$", "contact|support|question|ticket|help|chat|ask"],
            &["contact|ask|talk", "billing|sales"],
        ],
        &["page", "paid", OPPOSITES, HANDLED],
    ),
    around(
        "a look at prices and plans",
        &[
            &["pricing|prices|price$|preise$", NOT_HANDLED],
            &["pricing|prices|price$|preise$", VIEW],
            &["plan$|plans$|tariff|tarif$|tarife$|billing|subscription|upgrade|tiers$", VIEW],
            &["rates$", "page"],
            &["cost$|costs$", "page"],
        ],
        &[OTHER_PLANS, "product$|unit$", "updat|chang|set$|edit", "account", "form$|flow$|checkout", OPPOSITES],
    ),
    around(
        "an upgrade that was begun",
        &[
            &["upgrad|checkout|purchase", BEGIN],
            &["plan$|tariff$", "select|chosen|choose|chose"],
            &["tariff$", "change$|switch$", BEGIN],
            &["checkout"],
        ],
        &[OTHER_PLANS, HANDLED, "fail|error|complet|order"],
    ),
    around(
        "a question to support",
        &[
            &[
                "support|helpdesk|helpcenter|ticket|intercom|livechat",
                "contact|question|ask|open|creat|submit|request|chat|start|sent$",
            ],
            &["chat|contact|message|talk|write", "us$"],
            &["hotline|helpline|helpdesk", "call|rang$|dial|phone|reach|contact"],
        ],
        &["view", "clos|resolv"],
    ),
    around("a growing team, reported by a machine", &[&["team", "growth"], &["team", "grew|grown"]], &[]),
    around(
        "a number of active people, reported by a machine",
        &[&["active", "users|members"], &["weekly", "active"]],
        &[],
    ),
    around(
        "another session",
        &[
            &["session", "start|begin|began|resum|return|repeat"],
            &["login|signin|logon"],
            &["log$|logged|sign$|signed", "in$|on$"],
            &["app$|application", "open|launch|start"],
            &["user", "return"],
        ],
        &["fail|error|out$|end|ended|record|live$|class|training|tutor|workshop|coaching|design|study|page|button|sso"],
    ),
    used(
        "a call of the API",
        &[&["api", "call|request|use$|used|hit|query|queried"], &["request|endpoint", "served|called"]],
        &["key|token|doc|limit|access", "demo", OPPOSITES],
    ),
    used(
        CONNECTION,
        &[
            &[
                "integration|connector|webhook|slack|zapier|plugin|addon|extension",
                "connect|add|install|enabl|creat|activat|link|configur|register",
            ],
            &[
                "bank|feed|repo|repository|calendar|crm|warehouse|lms|source|hris$|erp$|ats$|payroll|directory|github|gitlab|jira|salesforce|hubspot",
                "connect|link|integrat",
            ],
        ],
        &["view", "cited|quot", OPPOSITES],
    ),
    used("an export", &[&["export"], &["download"]], &["view", "click", "start", "page", "app$", "begin", OPPOSITES]),
    used(
        "something shared",
        &[&["share$|shared|sharing"], &["public", "link", "creat|enabl|copied"]],
        &["view", "click", "open", "page", "screen", "unshare", OPPOSITES],
    ),
    around(
        "a new workspace",
        &[&["workspace|organization|organisation|team$|tenant|company", CREATE]],
        &["member", "invit", "user", "key|token", "join", OPPOSITES],
    ),
    EventMeaning {
        title: "a feature that was used",
        sets: &[&["feature", "us$|use$|used|using|click|activat|enabl|adopt|open|tried|try$"]],
        against: &["flag|request|announce|vote|need", OPPOSITES],
        role: MeaningRole::Feature,
    },
    EventMeaning {
        title: "the beginning of the core job",
        sets: &[&["workflow|wedge", "start|begin|began|creat"]],
        against: &[OPPOSITES],
        role: MeaningRole::CoreBegun,
    },
    EventMeaning {
        title: "the core job",
        sets: &[&["workflow|wedge", "complet|finish|done|ran$|run$|execut|publish"]],
        against: &[OPPOSITES],
        role: MeaningRole::CoreDone,
    },
];

/// Words of work that was done. They find the core job of a product whose events do not name it.
const WORK_DONE: &str = "complet|finish|done|creat|generat|publish|build|built|run$|ran$|submit|save|deploy|upload|import|schedul|analyz|analys|push|send|sent$|record|reconcil|render|merg|execut|answer|passed|solv|post|ship|edit|approv|translat|booked$|logged$|issued$|moved$|dispatched$|delivered$";

/// Words of the past that do not end in `ed`.
const DONE_OTHERWISE: [&str; 12] =
    ["made", "taken", "drawn", "written", "sold", "paid", "held", "given", "set", "won", "met", "put"];

/// Words that end in `ed`, or look like a doing, and tell of a state, a machine or a mere arrival.
const NO_DOING: &str = "start|begin|began|view|visit|open|load|launch|played|watch|read$|listen|brows|scroll|hover|display|show|fail|succeed|receiv|trigger|fired|join|need|expir|connect|install|enabl|activat|verif|register|signed|logged|feed$|speed$|seed$|embed$";

/// Words of events that are no work for which people come.
const NO_WORK: &str = "setting|notification|comment|profile|avatar|password|email|login|session|page|view|click|tour|onboarding|feedback|rating|nps|survey|search|filter|tag|account|key|token|user|payment|member|role|draft|reminder";

/// The words by which a name has a family, if it has.
fn word_of<'w>(family: &str, words: &'w [String]) -> Option<&'w str> {
    let is = |word: &str| {
        family.split('|').any(|beginning| match beginning.strip_suffix('$') {
            Some(whole) => word == whole,
            None => word.starts_with(beginning),
        })
    };
    words.iter().map(String::as_str).find(|word| is(word))
}

/// A meaning that a name has.
#[derive(Debug, Clone)]
pub(super) struct FoundMeaning {
    pub(super) meaning: &'static EventMeaning,
    /// The words that say so.
    pub(super) words: Vec<String>,
}

/// The words by which a name has each family of a set; none if it lacks one, or has a word that the set rules out.
fn words_of_set(set: &[&str], words: &[String]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for family in set {
        match family.strip_prefix('!') {
            Some(ruled_out) if word_of(ruled_out, words).is_some() => return None,
            Some(_) => {}
            None => found.push(word_of(family, words)?.to_owned()),
        }
    }
    Some(found)
}

/// The first meaning that a name has, with the words that say so.
pub(super) fn meaning_of(words: &[String]) -> Option<FoundMeaning> {
    MEANINGS.iter().find_map(|meaning| {
        if meaning.against.iter().any(|family| word_of(family, words).is_some()) {
            return None;
        }
        Some(FoundMeaning { meaning, words: meaning.sets.iter().find_map(|set| words_of_set(set, words))? })
    })
}

/// The word of work in a name that may be the core job of a product; none if a word speaks against it.
pub(super) fn work_word(words: &[String]) -> Option<&str> {
    let against = [NO_WORK, OPPOSITES].iter().any(|family| word_of(family, words).is_some());
    word_of(WORK_DONE, words).filter(|_| !against)
}

/// The word of a doing in a name, whatever is done: a verb of the past that tells of no look, no beginning and no state.
pub(super) fn doing_word(words: &[String]) -> Option<&str> {
    let against = [NO_WORK, OPPOSITES, NO_DOING].iter().any(|family| word_of(family, words).is_some());
    let is_past = |word: &&str| (word.len() > 3 && word.ends_with("ed")) || DONE_OTHERWISE.contains(word);
    words.iter().map(String::as_str).find(is_past).filter(|_| !against)
}

/// The word of a beginning in a name.
pub(super) fn begin_word(words: &[String]) -> Option<&str> {
    word_of("start|begin|began|creat|new$|initiat|draft", words).filter(|_| word_of(OPPOSITES, words).is_none())
}

/// Whether a name only tells of a failure, an opposite, or a look at a page.
pub(super) fn is_no_feature(words: &[String]) -> bool {
    let no_features = "page|screen|click|notification|banner|tour|tooltip|popup|modal|heartbeat|ping$|password|avatar|help|docs$|faq|invit|member|email|mail$|consent|cookie|billing";
    [OPPOSITES, no_features].iter().any(|family| word_of(family, words).is_some())
}

/// Whether a name tells of a step by which the product is set up: always, or only where everybody takes it once.
pub(super) fn is_set_up_step(words: &[String], once: StepFrequency) -> bool {
    let families: &[&str] = match once {
        StepFrequency::Once => &[SET_UP, SET_UP_ONCE],
        StepFrequency::Unknown => &[SET_UP],
        StepFrequency::Again => &[],
    };
    families.iter().any(|family| word_of(family, words).is_some())
        || (once != StepFrequency::Again && word_of("set$", words).is_some() && word_of("up$", words).is_some())
}

/// How often people do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepFrequency {
    /// Nearly nobody does it a second time.
    Once,
    /// So few people do it that it does not show.
    Unknown,
    /// People do it again.
    Again,
}

/// The word of somebody added in a name, if nothing in the name says that it is no colleague.
pub(super) fn added_word(words: &[String]) -> Option<&str> {
    let against = ["accept|view|click|open|page|join", OPPOSITES, RECORDS];
    word_of("added|add$|adds$|invit", words).filter(|_| against.iter().all(|family| word_of(family, words).is_none()))
}

/// Whether a property says who was added: a role, an address, or a word of an invitation.
pub(super) fn tells_of_invitee(path: &str) -> bool {
    let words = split_words(path);
    word_of("role$|email|mail$|invit", &words).is_some()
}

/// Whether an event says that somebody asked for something, and not only looked at it.
pub(super) fn is_request(words: &[String]) -> bool {
    word_of("ask|request|need|question|contact|demand|want|support|inquir|enquir", words).is_some()
}

/// Words of looks and of moving around, which may come before a sign-up.
const LOOKS: &str = "view|visit|page|screen|click|scroll|see$|saw$|seen$|look|load|brows|landing|cookie|consent";

/// Whether a name tells of a look, a session or an e-mail: what may come before a sign-up.
pub(super) fn comes_before_sign_up(words: &[String]) -> bool {
    let titles = ["an e-mail that was sent", "another session", "a look at prices and plans"];
    let is_early = meaning_of(words).is_some_and(|found| titles.contains(&found.meaning.title));
    is_early || word_of(LOOKS, words).is_some()
}

/// Whether the words of a name say that it begins no life of a user or an account, although it may be the first event of many.
pub(super) fn is_no_start(words: &[String]) -> bool {
    let against = [LOOKS, OPPOSITES, "attempt|abandon|skip|import|install|connect|upload|sync|verif|tour|banner"];
    let may_start =
        |meaning: &EventMeaning| [SIGN_UP, "a subscription that began", "a new workspace"].contains(&meaning.title);
    meaning_of(words).is_some_and(|found| !may_start(found.meaning))
        || against.iter().any(|family| word_of(family, words).is_some())
}

/// Whether a word of a name tells of a sign-up, by itself or with what may have been signed up for.
pub(super) fn has_word_of_sign_up(words: &[String]) -> bool {
    is_sign_up(words) || word_of("signup|regist|trial|enrol|join", words).is_some()
}

/// Whether a name means a sign-up.
pub(super) fn is_sign_up(words: &[String]) -> bool {
    meaning_of(words).is_some_and(|found| found.meaning.title == SIGN_UP)
}

/// What may be a step of a set-up by its words, and says nothing where everybody takes it.
const NO_SIGN_AS_STEP: [&str; 10] = [
    "a question about procurement",
    "a question about security",
    GOVERNANCE,
    "a request for a roll-out",
    "a limit that was reached",
    "a question about billing or plans",
    "a look at prices and plans",
    "an upgrade that was begun",
    "an upgrade that was completed",
    CONNECTION,
];

impl EventMeaning {
    /// Whether events of this meaning say something only of those who choose them.
    pub(super) fn is_choice(&self) -> bool {
        NO_SIGN_AS_STEP.contains(&self.title)
    }

    /// Whether it is a connection to another product.
    pub(super) fn is_connection(&self) -> bool {
        self.title == CONNECTION
    }
}

/// Whether a name has a word of plans, prices or limits, which tells of an interest more than of work.
pub(super) fn has_word_of_interest(words: &[String]) -> bool {
    let families = [LIMITS, "pricing|price|prices|tariff|upgrad|checkout|paywall|overage|sso$|saml|scim|audit"];
    families.iter().any(|family| word_of(family, words).is_some())
}

/// Whether the name of an event of a model means a need for governance.
pub(super) fn is_governance(words: &[String]) -> bool {
    meaning_of(words).is_some_and(|found| found.meaning.title == GOVERNANCE)
}

/// The meaning of an invitation.
pub(super) fn invitation() -> Option<&'static EventMeaning> {
    MEANINGS.iter().find(|meaning| meaning.title == INVITATION)
}

/// Whether a word stands in names of events of any kind.
pub(super) fn is_common(word: &str) -> bool {
    let families =
        [VIEW, DONE, BEGIN, CREATE, OPPOSITES, "used|use$|sent$|reach|called|need|event|usage|page|team|user"];
    families.iter().any(|family| word_of(family, &[word.to_owned()]).is_some())
}

/// Words that are near each other without being the same.
const RELATED: &[&str] = &[
    "pricing|price|prices|preise|tarif|plan|plans|tariff|billing|upgrade|subscription|checkout|paywall|purchase",
    "invite|invitation|member|teammate|colleague|collaborator",
    "limit|quota|threshold|usage|overage|cap",
    "governance|sso|saml|scim|audit|compliance|security|permissions|roles",
    "support|ticket|help|chat|question",
    "workflow|wedge|task|project|job|run",
    "session|login|signin",
    "integration|connector|webhook|plugin|sync",
    "export|download",
    "share|shared|publish|link",
    "workspace|organization|team|company",
    "setup|onboarding|wizard|tour",
];

/// Whether a name has a word near another one.
pub(super) fn are_related(word: &str, words: &[String]) -> bool {
    let is_in = |family: &str, word: &str| family.split('|').any(|known| word.starts_with(known));
    RELATED.iter().any(|family| is_in(family, word) && words.iter().any(|other| is_in(family, other)))
}
