with rules as (
    select * from {{ ref('stg_seeds__tag_rule_lines') }}
),

same_name as (
    select
        line,
        rule_id,
        'same_name' as fault,
        name || ' has the name of the rule in row '
        || min(line) over (partition by rule_id) as what,
        'give each rule a name of its own' as remedy
    from rules
    where rule_id is not null
    qualify line > min(line) over (partition by rule_id)
),

with_twin as (
    select
        line,
        rule_id,
        name,
        first_value({'line': line, 'rule_id': rule_id}) over (
            partition by key, value, not_key, any_not_value, kinds, least_area_m2
            order by line asc
        ) as twin
    from rules
    where key is not null and value is not null
),

same_conditions as (
    select
        line,
        rule_id,
        'same_conditions' as fault,
        name || ' asks for the same as ''' || twin.rule_id || ''' (row ' || twin.line || ')'
            as what,
        'remove one of them' as remedy
    from with_twin
    where line > twin.line
),

-- Every other rule whose key holds this rule's key. A pattern holds another if it matches
-- its text: `*` is then a letter like any other, which only a `*` can meet.
pairs as (
    select
        loser, -- noqa: RF02
        winner -- noqa: RF02
    from rules as loser
    inner join rules as winner on loser.key = winner.key
    where loser.line != winner.line
    union all
    select
        loser, -- noqa: RF02
        winner -- noqa: RF02
    from rules as loser
    inner join rules as winner on loser.key glob winner.key
    where contains(winner.key, '*') and loser.key != winner.key
),

-- The winner holds whatever the loser does: value, shape, area, exclusions and the check
-- of odd values.
covered as (
    select
        loser,
        winner
    from pairs
    where
        {{ matches('loser.value', 'winner.value') }}
        and list_has_all(winner.kinds, loser.kinds)
        and (
            winner.min_area_m2 is null
            or winner.least_area_m2 <= coalesce(loser.least_area_m2, 0)
        )
        and (
            winner.not_key is null
            or (
                {{ matches('winner.not_key', 'loser.not_key') }}
                and {{ matches('winner.any_not_value', 'loser.any_not_value') }}
            )
        )
        and (
            not winner.is_choosy
            or loser.is_choosy
            or (
                regexp_full_match(loser.value, '[a-z0-9][a-z0-9_:. -]{0,39}')
                and loser.value not in ('no', 'none', 'unknown', 'undefined')
            )
        )
        and (-winner.rank, -winner.exactness, winner.rule_id)
        < (-loser.rank, -loser.exactness, loser.rule_id)
),

never_matches as (
    select
        loser.line,
        loser.rule_id,
        'never_matches' as fault,
        loser.name || ' can never match: ''' || winner.rule_id || ''' (row ' || winner.line
        || ') decides every tag it could' as what,
        'give it a higher priority or remove it' as remedy
    from covered
    where
        loser.line not in (select same_conditions.line from same_conditions)
        and winner.line not in (select same_conditions.line from same_conditions)
    qualify row_number() over (
        partition by loser.line
        order by winner.rank desc, winner.exactness desc, winner.rule_id asc, winner.line asc
    ) = 1
)

select * from same_name
union all
select * from same_conditions
union all
select * from never_matches
