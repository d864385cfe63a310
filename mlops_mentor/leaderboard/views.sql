-- Views of the warehouse: what a TA asks most. One statement a view; the comment above it becomes its description.

-- Groups that need a look now: those that are not `ok`, with the reason.
create view groups_to_look_at as
select group_id, state, reason, repo_url, checked_at
from group_status
where state <> 'ok'
order by group_id;

-- What a TA should look at in how groups handed in, newest first. A flag is a question and never an answer.
create view flags_to_look_at as
select f.group_id, f.severity, f.flag, f.happened_at, f.detail, f.sha, s.snapshot_rule, s.deadline_at
from flags f join group_status s using (group_id)
order by f.happened_at desc nulls last, f.group_id;

-- Claims of the checklist that the repository does not show, or shows in part: where the box is, and what was found.
-- Nothing shown is not nothing done.
create view claims_without_evidence as
select
    group_id, item, title, verdict, reason,
    claim_path || coalesce(':' || claim_line, '') as claimed_at,
    path || coalesce(':' || line, '') as place,
    expects
from checklist
where verdict in ('unsupported', 'partly_supported')
order by group_id, verdict desc, item;

-- What the repository shows of the checklist without a tick in the report: where the box is, and what was found.
create view evidence_without_claim as
select
    group_id, item, title, claimed, strength, reason,
    claim_path || coalesce(':' || claim_line, '') as claimed_at,
    path || coalesce(':' || line, '') as place
from checklist
where verdict = 'unclaimed'
order by group_id, item;

-- What a TA should look at today, weightiest first: flags of groups, and code that others have too. A flag is a question.
create view flags_today as
select group_id, severity, flag, detail, path, line, sha, happened_at
from (
    from flags select group_id, severity, flag, detail, path, line, sha, happened_at
    union all by name
    from same_code select group_id, severity, flag, detail, path, sha
)
order by list_position(['serious', 'notice', 'info'], severity), group_id, flag;

-- Runs of workflows at the commit that counts, newest first.
create view workflow_runs_at_snapshot as
select r.*
from workflow_runs r join group_status s on r.group_id = s.group_id and r.head_sha = s.snapshot_sha
order by r.group_id, r.created_at desc;

-- Share of each week's finished workflow runs that ended in success (weeks begin on Monday, UTC).
create view workflow_success_per_week as
select
    group_id,
    cast(date_trunc('week', created_at at time zone 'UTC') as date) as week,
    count(*) as num_runs,
    round(avg(case when conclusion = 'success' then 1.0 else 0.0 end), 3) as share_success
from workflow_runs
where conclusion is not null and conclusion not in ('skipped', 'neutral')
group by all
order by group_id, week;

-- Who reviewed whose pull requests: the one look at group work that git does not give.
create view reviews_among_members as
select group_id, author, reviewer, count(*) as num_pull_requests
from (select group_id, author, unnest(reviewers) as reviewer from pull_requests where not is_bot)
group by all
order by group_id, num_pull_requests desc;

-- Each person's share of the group's commits, AI assistants and bots left out.
create view contribution_shares as
select
    group_id,
    name,
    num_commits,
    num_co_authored,
    lines_added,
    num_active_days,
    round(num_commits / nullif(sum(num_commits) over (partition by group_id), 0), 3) as share_of_commits
from contributors
where kind = 'person'
order by group_id, num_commits desc;

-- Commits a day (UTC) and group, merges left out: what to draw progress from.
create view commits_per_day as
select
    group_id,
    cast(authored_at at time zone 'UTC' as date) as day,
    count(*) as num_commits,
    sum(lines_added) as lines_added,
    count(distinct lower(author_email)) as num_author_emails
from commits
where not is_merge
group by all
order by group_id, day;

-- Own files by kind: vendored, generated and starter code left out.
create view own_files as
select group_id, kind, count(*) as num_files, sum(lines) as lines, sum(bytes) as bytes
from files
where not is_vendored and not is_generated and not coalesce(is_starter_code, false)
group by all
order by group_id, kind;

-- The largest files of each group that are the group's own.
create view largest_files as
select group_id, path, kind, bytes, is_available
from files
where not is_vendored and not is_generated and not coalesce(is_starter_code, false)
qualify row_number() over (partition by group_id order by bytes desc nulls first) <= 10
order by group_id, bytes desc nulls first;

-- Every group's progress on every day from the first to the last on which any group's work changed.
create view progress_by_day as
select g.group_id, d.day, p.progress, p.checklist_shown, p.report_answered, p.tests_and_ci, p.reproducibility, p.balance
from (select distinct group_id from progress) g
cross join (
    select cast(unnest(generate_series((select min(day) from progress), (select max(day) from progress), interval 1 day))
        as date) as day
) d
asof join progress p on g.group_id = p.group_id and d.day >= p.day
order by g.group_id, d.day;

-- Every group's curve beside the spread of the class: quartiles over the groups that had begun by that day.
create view progress_in_class as
select
    group_id,
    day,
    round(progress, 1) as progress,
    round(quantile_cont(progress, 0.25) over (partition by day), 1) as class_lower_quartile,
    round(median(progress) over (partition by day), 1) as class_median,
    round(quantile_cont(progress, 0.75) over (partition by day), 1) as class_upper_quartile,
    count(*) over (partition by day) as num_groups
from progress_by_day
order by group_id, day;

-- Feedback that a TA should look at before relying on it, and why.
create view feedback_to_review as
select group_id, area, state, reviewer, model, score, second_score, reason, num_citations_dropped, snapshot_sha
from feedback
where state in ('needs_review', 'stand_in', 'kept')
order by group_id, area;

-- The score that counts of each group and area: the newest of a TA where one gave one, else the reviewer's; both are shown.
create view feedback_scores as
with said as (
    select r.group_id, f.area, r.score, r.reviewed_at, r."row"
    from reviews r join feedback f on f.group_id = r.group_id and (r.area is null or r.area = f.area)
    where r.score is not null
),
newest as (
    select group_id, area, arg_max(score, (reviewed_at, "row")) as ta_score
    from said
    group by group_id, area
)
select
    f.group_id, f.area, coalesce(n.ta_score, f.score) as score, f.score as reviewer_score, n.ta_score, f.reviewer,
    f.model, f.state, f.written_at
from feedback f left join newest n using (group_id, area)
order by f.group_id, f.area;

-- What the language models have cost, by day (UTC), model and purpose of the call.
create view llm_spending as
select
    cast(began_at at time zone 'UTC' as date) as day, model, purpose,
    count(*) as num_calls,
    count(*) filter (outcome <> 'answered') as num_without_answer,
    sum(prompt_tokens) as prompt_tokens, sum(cached_tokens) as cached_tokens,
    sum(completion_tokens) as completion_tokens,
    sum(cost_usd) as cost_usd,
    count(*) filter (is_estimated) as num_estimated,
    round(median(seconds), 1) as median_seconds
from llm_calls
group by all
order by day desc, cost_usd desc nulls last, model, purpose;
