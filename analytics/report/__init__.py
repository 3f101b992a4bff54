"""The parts of ``analysis.ipynb``, and its export to one HTML file by ``./guildhall report``.

``source`` queries Presto and ``display`` shows results. A module for each topic (``economy``, ``combat``,
``player_behaviour``, ``data_quality``, ``pipeline_health``) has functions in three kinds: those that compute a typed
result, ``plot_...`` and ``..._text``, which writes sentences in which every figure is computed.
"""
