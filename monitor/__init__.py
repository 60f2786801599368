"""The core of kmon: from Kafka to the View that every face shows.

A wing may import the wings below it:

    poll/                               one poll, the thread that repeats it, and the Source that a face reads
    collect/    settings/    subjects/  requests and the Snapshot; settings; columns, filters and DataFrames
    kafka/                   analysis/  client and codecs; pure functions from Snapshot to View
    model/                              plain values: tables, Snapshot, View, and how they are written as text

Data flows one way: kafka -> collect -> Snapshot -> analysis -> View -> Source. Wings on one line do not import each
other. kafka/, collect/ and settings/ do not import analysis/, and subjects/ does not import kafka/. import-linter
checks this, and a test finds every import circle.

Start with model/snapshot.py (what Kafka reported), analysis/view.py (how a View is computed, step by step) and
poll/poller.py (one poll, from the first request to the View). docs/architecture.md describes the whole.
"""
