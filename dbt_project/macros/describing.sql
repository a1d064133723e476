{# What the project's yml says of the columns of each published table, as rows; publishing
   leaves out what incremental models know their rows by. #}
{% macro described_columns() -%}
{%- set rows = [] -%}
{%- set catalog = graph.nodes['model.' ~ project_name ~ '.catalog'] if execute -%}
{%- for id in (catalog.depends_on.nodes if catalog else []) | sort -%}
{%- set node = graph.nodes[id] -%}
{%- set key = key_of(id) -%}
{%- for column in node.columns.values() | rejectattr('name', 'equalto', 'fingerprint') -%}
{%- do rows.append({
    'table_name': node.config.meta.get('published_as', node.name),
    'grain': node.description.split() | join(' '),
    'position': loop.index,
    'column_name': column.name,
    'meaning': column.description.split() | join(' '),
    'in_key': column.name in key,
}) -%}
{%- endfor -%}
{%- endfor -%}
{{- return(rows) -}}
{%- endmacro %}

{# The columns that no two rows of a node have the same: what a test of uniqueness names,
   empty where there is none. #}
{% macro key_of(node_id) -%}
{%- set keys = [] -%}
{%- for test in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') -%}
{%- set name = test.test_metadata.name if test.attached_node == node_id else '' -%}
{%- if name == 'unique' -%}
{%- do keys.append([test.column_name]) -%}
{%- elif name == 'unique_together' -%}
{%- do keys.append(test.test_metadata.kwargs.columns) -%}
{%- endif -%}
{%- endfor -%}
{{- return(keys | sort | first if keys else []) -}}
{%- endmacro %}
