-- Views of the warehouse: what a TA asks most. One statement a view; the comment above it becomes its description.

-- Groups that need a look now: those that failed or were not run, with the reason.
create view groups_to_look_at as
select group_id, state, reason, repo_url, checked_at
from group_status
where state <> 'ok'
order by group_id;

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
