"""Everything an analyst uses: ready-made queries, the report behind analysis.ipynb and the SQL prompt."""
