"""What ``analysis.ipynb`` is made of: questions to Presto, statistics, plots and sentences in which every figure is
computed; and the export to one HTML file for ``./guildhall report``."""
