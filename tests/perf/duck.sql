-- model.toml as SQL for DuckDB, as of the end of 2026-10-31, by the questions an analyst would ask. $FILE is a path or a pattern;
-- $OUT_USERS and $OUT_ACCOUNTS are the files of rows. Weeks begin on Monday; the last complete one is that of 2026-10-19.

create temp table e as
select event, user_id, account_id, "timestamp" as instant, cast("timestamp" as date) as day,
       properties.feature, properties.tier, properties.workspace_id, properties.role, properties.department,
       properties.company_size, properties."count" as invitees
from read_json('$FILE', format = 'newline_delimited', columns = {
    event: 'VARCHAR', user_id: 'VARCHAR', account_id: 'VARCHAR', "timestamp": 'TIMESTAMP',
    properties: 'STRUCT(feature VARCHAR, tier VARCHAR, workspace_id VARCHAR, "role" VARCHAR, department VARCHAR, company_size BIGINT, "count" BIGINT)'})
where "timestamp" < timestamp '2026-11-01';

create temp table facts as
select user_id, any_value(account_id) as account_id, max(instant) as last_seen,
       min(instant) filter (event = 'signup_completed') as start,
       min(instant) filter (event = 'wedge_workflow_completed') as report,
       arg_max(role, instant) as role, arg_max(department, instant) as department, max(company_size) as company_size,
       count(distinct feature) filter (event = 'feature_used') as features,
       count(distinct feature) filter (event = 'feature_used' and tier = 'premium' and day >= date '2026-10-04') as premium,
       count(*) filter (event = 'feature_used' and feature in ('api', 'integrations')) as interfaces,
       count(*) filter (event = 'usage_threshold_reached') as limits,
       coalesce(sum(invitees) filter (event = 'team_invite_sent'), 0) as invited,
       count(*) filter (event = 'content_shared' or event = 'data_exported') as shares_and_exports,
       count(*) filter (event = 'pricing_page_viewed' and day >= date '2026-10-04') as prices,
       count(*) filter (event = 'upgrade_started') as upgrades_started,
       count(*) filter (event = 'upgrade_completed') as upgrades_completed,
       count(*) filter (event = 'governance_feature_needed') as asks,
       count(*) filter (event = 'billing_support_contacted') as support,
       count(distinct day) filter (day >= date '2026-10-04') as days_28,
       count(distinct day) filter (day >= date '2026-10-25') as days_7,
       count(distinct day) filter (day between date '2026-10-19' and date '2026-10-25') as w1,
       count(distinct day) filter (day between date '2026-10-12' and date '2026-10-18') as w2,
       count(distinct day) filter (day between date '2026-10-05' and date '2026-10-11') as w3,
       count(distinct day) filter (day between date '2026-09-28' and date '2026-10-04') as w4,
       count(distinct day) filter (day between date '2026-09-21' and date '2026-09-27') as w5,
       count(distinct day) filter (day between date '2026-09-14' and date '2026-09-20') as w6
from e group by user_id;

create temp table users as
select f.*, a.users,
       case when features >= 6 then 15 when features >= 3 then 5 else 0 end
       + case when premium >= 3 then 25 when premium >= 1 then 10 else 0 end
       + case when interfaces > 0 then 15 else 0 end
       + case when limits > 0 then 20 else 0 end
       + case when invited >= 15 then 30 when invited >= 5 then 20 when invited >= 1 then 10 else 0 end
       + case when users >= 10 then 25 when users >= 3 then 15 else 0 end
       + case when shares_and_exports > 0 then 10 else 0 end
       + case when report >= start and report - start < interval 24 hours then 10 else 0 end
       + case when days_28 / 28 > 0.4 then 20 when days_28 / 28 > 0.2 then 10 else 0 end
       + case when start < timestamp '2026-09-28' and w1 > w2 and w2 > w3 and w3 > w4 then 15 else 0 end
       + case when days_7 >= 4 then 15 else 0 end
       + case when prices >= 3 then 20 when prices >= 1 then 10 else 0 end
       + case when upgrades_started > upgrades_completed then 25 else 0 end
       + case when asks > 0 then 30 else 0 end
       + case when support > 0 then 20 else 0 end
       + case when company_size >= 500 then 20 when company_size >= 50 then 10 else 0 end
       - case when last_seen < timestamp '2026-10-25' then 20 else 0 end
       - case when start < timestamp '2026-09-14' and w3 + w4 + w5 + w6 >= 4
                   and (w1 + w2) / 2 <= 0.7 * (w3 + w4 + w5 + w6) / 4 then 15 else 0 end
       - case when users = 1 and invited = 0 and start < timestamp '2026-10-02' then 10 else 0 end as score
from facts f join (select account_id, count(*) as users from facts group by account_id) a using (account_id);

create temp table accounts as
select account_id, users, departments, workspaces, active_members, executives,
       member_points + case when departments >= 3 then 20 else 0 end + case when executives > 0 then 10 else 0 end
       + case when workspaces > 3 then 10 else 0 end as score
from (select account_id, count(*) as users, count(distinct department) as departments, sum(score) as member_points,
             count(*) filter (days_28 > 0) as active_members, count(*) filter (role in ('director', 'vp', 'cto')) as executives
      from users group by account_id)
join (select account_id, count(distinct workspace_id) as workspaces from e group by account_id) using (account_id);

copy (select user_id, account_id, score, case when score >= 90 then 'hot' when score >= 50 then 'warm' else 'cold' end as tier
      from users order by score desc, user_id) to '$OUT_USERS' (header);
copy (select account_id, score, case when score >= 400 then 'pqa' else 'other' end as tier, users, departments, workspaces,
             active_members, executives
      from accounts order by score desc, account_id) to '$OUT_ACCOUNTS' (header);
