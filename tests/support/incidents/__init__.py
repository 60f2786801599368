"""Incidents and innocent look-alikes on a real cluster: who pages, how soon, and how often for nothing.

`make incidents` runs them; docs/scorecard.md has the results. Time is compressed by settings: see `scale`.
"""
