{# What a node was made from, as one digest: its own SQL and what its parents were made
   from, down to the seeds' content and the size and time of the lake's files. #}
{% macro digest_of(node_id) -%}
{%- if node_id.startswith('source.') -%}
    {%- set table = graph.sources[node_id] -%}
    {%- set files = run_query(
        "select md5(coalesce(string_agg(concat_ws(' ', filename, size, last_modified), chr(10) "
        ~ "order by filename), '')) from read_blob(" ~ source(table.source_name, table.name) ~ ")"
    ) -%}
    {{- return(files.rows[0][0]) -}}
{%- elif node_id.startswith('seed.') -%}
    {{- return(graph.nodes[node_id].checksum.checksum) -}}
{%- endif -%}
{%- set node = graph.nodes[node_id] -%}
{%- set relation = api.Relation.create(
    database=node.database, schema=node.schema, identifier=node.alias
) -%}
{%- if node.config.materialized == 'view' -%}
    {%- set sql = run_query(
        "select md5(sql) from duckdb_views() where schema_name = '" ~ relation.schema
        ~ "' and view_name = '" ~ relation.identifier ~ "'"
    ) -%}
    {{- return(local_md5(sql.rows[0][0] ~ digest_of_parents(node))) -}}
{%- endif -%}
{{- return(noted_digests(relation)[1]) -}}
{%- endmacro %}

{% macro digest_of_parents(node) -%}
{%- set digests = [] -%}
{%- for parent in node.depends_on.nodes | sort -%}
    {%- do digests.append(digest_of(parent) | string) -%}
{%- endfor -%}
{{- return(local_md5(digests | join(' '))) -}}
{%- endmacro %}

{# A table bears as its comment what it was made from, and what that gives to those who
   read it; one without is never the same twice. #}
{% macro noted_digests(relation) -%}
{%- set comments = run_query(
    "select comment from duckdb_tables() where schema_name = '" ~ relation.schema
    ~ "' and table_name = '" ~ relation.identifier ~ "'"
) -%}
{%- set comment = comments.rows[0][0] if comments.rows else none -%}
{{- return((comment or invocation_id ~ ' ' ~ invocation_id).split(' ')) -}}
{%- endmacro %}

{# By default a table counts as changed where what it was made from has. With
   `meta={'digest': 'content'}` only where its rows have, which stops the change there. #}
{% macro note_digest(relation, made_from) -%}
{%- set gives = made_from -%}
{%- if config.get('meta', {}).get('digest') == 'content' -%}
    {%- set rows = run_query(
        "select md5(concat_ws(' ', count(*), bit_xor(md5_number(rows::varchar)))) from "
        ~ relation ~ " as rows"
    ) -%}
    {%- set gives = rows.rows[0][0] -%}
{%- endif -%}
{%- do run_query("comment on table " ~ relation ~ " is '" ~ made_from ~ " " ~ gives ~ "'") -%}
{%- endmacro %}

{# What an incremental model is made from. Its SQL differs between its first build and
   later ones: its code and vars count instead. #}
{% macro made_from() -%}
{%- set values = [macros_digest()] -%}
{%- for name in modules.re.findall("var\\('([a-z_]+)'\\)", model.raw_code) -%}
    {%- do values.append(name ~ '=' ~ var(name)) -%}
{%- endfor -%}
{{- return(local_md5(model.raw_code ~ values | join(' ') ~ digest_of_parents(model))) -}}
{%- endmacro %}

{# The post-hook of an incremental model. #}
{% macro note_made_from() -%}
{%- if execute -%}
    {%- do note_digest(this, made_from()) -%}
{%- endif -%}
{%- endmacro %}

{# Which macros a model uses is not known here: any edit of one counts. dbt runs in the
   project's folder. #}
{% macro macros_digest() -%}
{%- set files = run_query(
    "select md5(string_agg(content, '' order by filename)) from read_text('macros/*.sql')"
) -%}
{{- return(files.rows[0][0]) -}}
{%- endmacro %}

{# A table that stays as it is while its SQL and everything upstream are unchanged. #}
{% materialization kept, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set digest = local_md5(compiled_code ~ digest_of_parents(model)) -%}
    {%- if
        existing is not none
        and existing.is_table
        and not flags.FULL_REFRESH
        and noted_digests(this)[0] == digest
    -%}
        {%- call noop_statement('main', 'KEPT', 'KEPT', 0) -%}{%- endcall -%}
        {{ return({'relations': [this.incorporate(type='table')]}) }}
    {%- endif -%}
    {%- set built = materialization_table_duckdb() -%}
    {%- do note_digest(this, digest) -%}
    {{ return(built) }}
{% endmaterialization %}

{# The code of this model, and what the named models and seeds are, as one digest. #}
{% macro code_digest(names=[]) -%}
{%- if execute -%}
    {%- set parts = [model.raw_code, macros_digest()] -%}
    {%- for name in names -%}
        {%- set node =
            graph.nodes['model.' ~ project_name ~ '.' ~ name]
            or graph.nodes['seed.' ~ project_name ~ '.' ~ name] -%}
        {%- do parts.append(node.checksum.checksum) -%}
    {%- endfor -%}
    {{- return(local_md5(parts | join(' '))) -}}
{%- endif -%}
{%- endmacro %}

{# Whether a model adds to its table; a unit test of it does not. #}
{% macro adds() -%}
{{- return(execute and model.resource_type == 'model' and is_incremental()) -}}
{%- endmacro %}

{# An incremental model that keeps a column `fingerprint` forgets the rows whose
   fingerprint the relation has no more ... #}
{% macro forget_stale(relation) -%}
{%- if adds() and noted_digests(this)[0] != made_from() -%}
delete from {{ this }}
where fingerprint not in (select fingerprint from {{ relation }})
{%- endif -%}
{%- endmacro %}

{# ... and takes from a relation what it has not yet: nothing, if nothing has changed. #}
{% macro not_yet_here() -%}
{%- if adds() and noted_digests(this)[0] == made_from() -%}
where false
{%- elif adds() -%}
where fingerprint not in (select distinct fingerprint from {{ this }})
{%- endif -%}
{%- endmacro %}
