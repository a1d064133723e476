{# What every shard says of itself, as one relation: this build's own model, or the files that
   the shards have written (the var `summaries`: lists of files by name of the model). #}
{% macro gathered(name) -%}
{%- set own = ref(name) -%}
{%- set files = var('summaries')[name] -%}
{%- if files -%}
read_parquet({{ text_list(files) }})
{%- else -%}
{{ own }}
{%- endif -%}
{%- endmacro %}

{# Before the first model of a merge: each table of the var `parts` (lists of files by name
   of the model) is what the shards have made of it. Its comment says of which files. #}
{% macro take_parts() -%}
{%- for name, files in var('parts').items() -%}
{%- do take_part(name, files) -%}
{%- endfor -%}
{%- endmacro %}

{% macro take_part(name, files) -%}
{%- set relation = api.Relation.create(
    database=target.database, schema=target.schema, identifier=name
) -%}
{%- set digest = local_md5(files | join(' ')) -%}
{%- if execute and noted_digests(relation)[0] != digest -%}
{%- set rows = "from read_parquet(" ~ text_list(files) ~ ")" -%}
{%- do run_query("create or replace table " ~ relation ~ " as " ~ rows) -%}
{%- do run_query("comment on table " ~ relation ~ " is '" ~ digest ~ " " ~ digest ~ "'") -%}
{%- endif -%}
{%- endmacro %}
