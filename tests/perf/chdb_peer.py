"""model.toml on ClickHouse's embedded engine: chdb_peer.py FILE OUT_PREFIX THREADS. The last line printed ends in the seconds of the
queries, without Python's start.

One pass over the events gives a row for each user; only those rows are kept, with the sets that accounts are made of. Weeks and windows
as in duck.sql."""
import sys
import time

import chdb
from chdb import session

file, prefix, threads = (argument.replace("'", "\\'") for argument in sys.argv[1:4])


def days(first, last="2026-10-31"):
    """Different dates of activity, from one to another."""
    return f"uniqExactIf(day, day between '{first}' and '{last}')"


FIELDS = ["feature", "tier", "workspace_id", "role", "department"]
SHAPE = ("event String, user_id String, account_id String, timestamp String, properties Tuple("
         + ", ".join(f"{field} Nullable(String)" for field in FIELDS) + ", company_size Nullable(Int64), count Nullable(Int64))")
FACTS = f"""
create table facts engine = Memory as
select user_id, any(account_id) as account_id, max(at) as last_seen,
    minOrNullIf(at, event = 'signup_completed') as start, minOrNullIf(at, event = 'wedge_workflow_completed') as report,
    argMax(role, at) as role, argMax(department, at) as department, max(company_size) as company_size,
    uniqExactIf(feature, event = 'feature_used') as features,
    uniqExactIf(feature, event = 'feature_used' and ifNull(tier = 'premium', 0) and day >= '2026-10-04') as premium,
    countIf(event = 'feature_used' and ifNull(feature in ('api', 'integrations'), 0)) as interfaces,
    countIf(event = 'usage_threshold_reached') as limits,
    sumIf(ifNull(invitees, 0), event = 'team_invite_sent') as invited,
    countIf(event in ('content_shared', 'data_exported')) as shares_and_exports,
    countIf(event = 'pricing_page_viewed' and day >= '2026-10-04') as prices,
    countIf(event = 'upgrade_started') as upgrades_started, countIf(event = 'upgrade_completed') as upgrades_completed,
    countIf(event = 'governance_feature_needed') as asks, countIf(event = 'billing_support_contacted') as support,
    {days('2026-10-04')} as days_28, {days('2026-10-25')} as days_7,
    {days('2026-10-19', '2026-10-25')} as w1, {days('2026-10-12', '2026-10-18')} as w2, {days('2026-10-05', '2026-10-11')} as w3,
    {days('2026-09-28', '2026-10-04')} as w4, {days('2026-09-21', '2026-09-27')} as w5, {days('2026-09-14', '2026-09-20')} as w6,
    groupUniqArray(workspace_id) as workspaces
from (select event, user_id, account_id, parseDateTime64BestEffort(timestamp, 3, 'UTC') as at, toDate(at) as day,
             {', '.join(f'properties.{field} as {field}' for field in FIELDS)},
             properties.company_size as company_size, properties.count as invitees
      from file('{file}', JSONEachRow, '{SHAPE}'))
where at < toDateTime64('2026-11-01', 3, 'UTC')
group by user_id"""


def before(column, date):
    """Whether an instant lies before the beginning of a date."""
    return f"ifNull({column} < toDateTime64('{date}', 3, 'UTC'), 0)"


USERS = f"""
create table users engine = Memory as
select *,
    multiIf(features >= 6, 15, features >= 3, 5, 0) + multiIf(premium >= 3, 25, premium >= 1, 10, 0)
    + if(interfaces > 0, 15, 0) + if(limits > 0, 20, 0) + multiIf(invited >= 15, 30, invited >= 5, 20, invited >= 1, 10, 0)
    + multiIf(users >= 10, 25, users >= 3, 15, 0) + if(shares_and_exports > 0, 10, 0)
    + if(ifNull(dateDiff('millisecond', start, report) between 0 and 86399999, 0), 10, 0)
    + multiIf(days_28 / 28 > 0.4, 20, days_28 / 28 > 0.2, 10, 0)
    + if({before('start', '2026-09-28')} and w1 > w2 and w2 > w3 and w3 > w4, 15, 0) + if(days_7 >= 4, 15, 0)
    + multiIf(prices >= 3, 20, prices >= 1, 10, 0) + if(upgrades_started > upgrades_completed, 25, 0)
    + if(asks > 0, 30, 0) + if(support > 0, 20, 0)
    + multiIf(ifNull(company_size, 0) >= 500, 20, ifNull(company_size, 0) >= 50, 10, 0)
    - if({before('last_seen', '2026-10-25')}, 20, 0)
    - if({before('start', '2026-09-14')} and w3 + w4 + w5 + w6 >= 4 and (w1 + w2) / 2 <= 0.7 * (w3 + w4 + w5 + w6) / 4, 15, 0)
    - if(users = 1 and invited = 0 and {before('start', '2026-10-02')}, 10, 0) as score
from facts join (select account_id, count() as users from facts group by account_id) as sizes using (account_id)"""

USER_ROWS = f"""
select user_id, account_id, score, multiIf(score >= 90, 'hot', score >= 50, 'warm', 'cold') as tier
from users order by score desc, user_id into outfile '{prefix}.users.csv' truncate format CSVWithNames"""

ACCOUNT_ROWS = f"""
select account_id,
    sum(u.score) + if(departments >= 3, 20, 0) + if(executives > 0, 10, 0) + if(workspaces > 3, 10, 0) as score,
    if(score >= 400, 'pqa', 'other') as tier, count() as users, uniqExact(department) as departments,
    length(groupUniqArrayArray(u.workspaces)) as workspaces, countIf(days_28 > 0) as active_members,
    countIf(ifNull(role in ('director', 'vp', 'cto'), 0)) as executives
from users as u group by account_id
order by score desc, account_id into outfile '{prefix}.accounts.csv' truncate format CSVWithNames
settings prefer_column_name_to_alias = 0"""

engine = session.Session()
engine.query(f"set max_threads = {threads}")
started = time.perf_counter()
for query in (FACTS, USERS, USER_ROWS, ACCOUNT_ROWS):
    engine.query(query)
print(f"chdb {chdb.__version__} {time.perf_counter() - started:.3f}s")
