"""What faces, filters and notebooks know of a View: its subjects, each with its columns declared once.

A new subject is one declaration and its place in SUBJECTS. docs/tables.md lists them with their columns.
"""

from monitor.subjects.alerts import ALERTS
from monitor.subjects.brokers import BROKERS
from monitor.subjects.cluster import CLUSTER, KMON
from monitor.subjects.column import Subject
from monitor.subjects.groups import GROUPS
from monitor.subjects.health import HEALTH
from monitor.subjects.lag import LAG
from monitor.subjects.requests import REQUESTS
from monitor.subjects.topics import TOPICS
from monitor.subjects.transactions import TRANSACTIONS

SUBJECTS: dict[str, Subject] = {
    each.name: each
    for each in (LAG, *GROUPS, *TOPICS, *BROKERS, *TRANSACTIONS, *REQUESTS, *HEALTH, *ALERTS, CLUSTER, KMON)
}
"""Every subject by its name."""
