#!/usr/bin/env python3
"""Writes product events for timing: one JSON object a line, in the native format, in the order of time.

    python3 tests/perf/gen_events.py --events 2000000 --users 80000 --accounts 8000 > slim.ndjson

Standard library only. The same arguments give the same bytes on every machine and every version of Python: the only
thing asked of `random` is `random()`, whose sequence Python promises to keep.

What it contains
----------------
90 days that end with 2026-10-31 (UTC). The first event of every user is `signup_completed`; sign-ups are spread over the first
nine tenths of the log, most of them early. Users are dabblers, regulars, evaluators, champions and power users, who differ in how
much and what they do, and some stop for good. A user belongs to one account, and every line names it; accounts have a heavy
tail. Events and properties are those of the built-in model, so that it too has work to do. Every event has an id of its own.

Slim lines have about 200 bytes; with --fat they carry what a web SDK adds to them, and have about 700.
Memory does not grow with the number of events.
"""
import argparse
import random
import signal
import sys

DAYS = 90
DAY_MS = 86_400_000
DATES = ([f"2026-08-{day:02}" for day in range(3, 32)] + [f"2026-09-{day:02}" for day in range(1, 31)]
         + [f"2026-10-{day:02}" for day in range(1, 32)])
CLOCK = [f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(86_400)]

FREE = ["dashboards", "reports", "search", "comments", "templates"]
PREMIUM = ["api", "integrations", "advanced_analytics", "automation", "audit_export"]
ROLES = ["engineer", "analyst", "manager", "director", "vp", "cto"]
DEPARTMENTS = ["engineering", "marketing", "sales", "finance", "operations", "people"]
SOURCES = ["organic", "ads", "referral", "partner"]
ASKS = ["sso", "audit_logs", "roles", "scim"]

# Share of users, events beside those of others, and share of events by kind.
PERSONAS = {
    "dabbler": (0.45, 1, {"page_viewed": 60, "feature_used": 24, "repeat_session": 8, "content_shared": 1, "pricing_page_viewed": 1}),
    "regular": (0.27, 4, {"page_viewed": 40, "feature_used": 42, "wedge_workflow_started": 3, "wedge_workflow_completed": 3,
                          "repeat_session": 7, "content_shared": 1, "data_exported": 2, "usage_threshold_reached": 1}),
    "evaluator": (0.08, 4, {"page_viewed": 34, "feature_used": 26, "wedge_workflow_started": 4, "wedge_workflow_completed": 3,
                            "pricing_page_viewed": 12, "upgrade_started": 5, "upgrade_completed": 1, "governance_feature_needed": 3,
                            "billing_support_contacted": 2}),
    "champion": (0.10, 8, {"page_viewed": 30, "feature_used": 38, "wedge_workflow_started": 4, "wedge_workflow_completed": 4,
                           "team_invite_sent": 5, "content_shared": 3, "pricing_page_viewed": 1, "usage_threshold_reached": 1,
                           "workspace_created": 1}),
    "power": (0.10, 14, {"page_viewed": 20, "feature_used": 62, "wedge_workflow_started": 3, "wedge_workflow_completed": 3,
                         "usage_threshold_reached": 2, "data_exported": 3, "governance_feature_needed": 0.3}),
}


def deck(shares):
    """1000 entries in the proportions of some shares, so that one drawn at random is one of these."""
    total = sum(shares.values())
    cards = [name for name, share in shares.items() for _ in range(max(1, round(1000 * share / total)))]
    return [cards[at * len(cards) // 1000] for at in range(1000)]


NAMES = list(PERSONAS)
PERSONA_DECK = deck({number: PERSONAS[name][0] for number, name in enumerate(NAMES)})
WEIGHTS = [PERSONAS[name][1] for name in NAMES]
KIND_DECKS = [deck(PERSONAS[name][2]) for name in NAMES]


def properties(kind, persona, account, draw):
    """The properties of an event, as JSON; `draw` is below 2^30."""
    if kind == "feature_used":
        premium = persona >= 2 and draw % 3 == 0
        return (f'{{"feature":"{(PREMIUM if premium else FREE)[(draw >> 3) % 5]}","tier":"{"premium" if premium else "free"}",'
                f'"workspace_id":"w{account}_{draw % 3}"}}')
    if kind.startswith("wedge_workflow"):
        return f'{{"workflow":"monthly_report","workspace_id":"w{account}_{draw % 3}"}}'
    if kind == "team_invite_sent":
        return f'{{"invitee_domain":"c{account}.example","count":{1 + draw % 4}}}'
    if kind == "usage_threshold_reached":
        return f'{{"limit":"{("seats", "storage", "api_calls")[draw % 3]}"}}'
    if kind == "governance_feature_needed":
        return f'{{"feature":"{ASKS[draw & 3]}"}}'
    if kind == "workspace_created":
        return f'{{"workspace_id":"w{account}_{draw % 5}"}}'
    return f'{{"path":"/p/{draw % 97}","session_seconds":{draw % 1800}}}'


def sign_up(user, draw):
    """The properties of a user's first event, as JSON."""
    return (f'{{"acquisition_source":"{SOURCES[draw & 3]}","role":"{ROLES[(draw >> 2) % 6]}",'
            f'"department":"{DEPARTMENTS[(draw >> 5) % 6]}","company_size":{2 + (draw >> 9) % 50 * (1 + user % 31)}}}')


def context(kind, account, draw):
    """What a web SDK adds to a line, with escapes as they occur there."""
    return (f',"context":{{"ip":"10.{draw & 255}.{draw >> 8 & 255}.9","library":{{"name":"web-sdk","version":"2.11.4"}},"page":{{'
            f'"url":"https://app.example/w/{account}/p/{draw % 97}?filter=%7B%22owner%22%3A{draw % 7}%7D","path":"/w/{account}/p/{draw % 97}",'
            f'"referrer":"https://www.example.org/search?q=usage+reports","title":"Team space \\u2014 \\"{kind}\\""}},'
            f'"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",'
            f'"locale":"en-GB","timezone":"Europe/Dublin"}},"message":"{draw:08x}-5d41-4c0a-9a3f-{draw * 31:012x}","channel":"client"')


def events(count, users, accounts, seed, fat):
    """Lines, each with its line end."""
    rand = random.Random(seed).random
    span = DAYS * DAY_MS
    # A user who does more stands here more often; who stops is taken out entry by entry.
    present = []
    account_of, persona_of = [], []
    signed_up = 0
    next_sign_up = 0
    for number in range(count):
        draw = int(rand() * (1 << 30))
        ms = int((number + rand()) * span / count)
        iso = f"{DATES[ms // DAY_MS]}T{CLOCK[ms % DAY_MS // 1000]}.{ms % 1000:03}Z"
        if number >= next_sign_up and signed_up < users:
            user = signed_up
            persona = PERSONA_DECK[int(rand() * 1000)]
            # The cube makes a few accounts large and leaves many with one user.
            account = int(accounts * rand() ** 3)
            account_of.append(account)
            persona_of.append(persona)
            present.extend([user] * WEIGHTS[persona])
            signed_up += 1
            next_sign_up = max(number + 1, int(0.9 * count * (signed_up / users) ** 1.5))
            # The last users of a log too short for all of them still get their first event.
            if users - signed_up >= count - number - 1:
                next_sign_up = number + 1
            kind, more = "signup_completed", sign_up(user, draw)
        else:
            at = int(rand() * len(present))
            user = present[at]
            account, persona = account_of[user], persona_of[user]
            kind = KIND_DECKS[persona][int(rand() * 1000)]
            more = properties(kind, persona, account, draw)
            # One event in a hundred is somebody's last of its entry; never the last entry of all.
            if draw % 101 == 0 and len(present) > 1000:
                present[at] = present[-1]
                present.pop()
        yield (f'{{"event_id":"{seed}-{number:x}-{draw:08x}","event":"{kind}","timestamp":"{iso}","user_id":"u{user}",'
               f'"account_id":"a{account}","properties":{more}{context(kind, account, draw) if fat else ""}}}\n')


def main():
    # Whoever reads may stop, as `head` does.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--events", type=int, default=20_000, help="lines [default: %(default)s]")
    parser.add_argument("--users", type=int, default=800, help="users who sign up [default: %(default)s]")
    parser.add_argument("--accounts", type=int, default=80, help="accounts they belong to [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other events [default: %(default)s]")
    parser.add_argument("--fat", action="store_true", help="lines with what a web SDK adds, about 700 bytes each")
    options = parser.parse_args()
    if not 1 <= options.users <= options.events or options.accounts < 1:
        parser.error("expected at least one account and one user, and no more users than events")
    batch = []
    for line in events(options.events, options.users, options.accounts, options.seed, options.fat):
        batch.append(line)
        if len(batch) == 10_000:
            sys.stdout.write("".join(batch))
            batch.clear()
    sys.stdout.write("".join(batch))


main()
