"""Implement the notebook ``analysis.ipynb``, and its export to one HTML file by ``./guildhall report``.

``source`` queries Presto, and ``display`` shows results. There is one module per topic: ``economy``, ``combat``,
``player_behaviour``, ``data_quality`` and ``pipeline_health``. A topic has three kinds of functions. Some compute a
typed result. Functions named ``plot_...`` draw the result. Functions named ``..._text`` describe it in sentences, in
which every figure is computed.
"""
