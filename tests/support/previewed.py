"""A rule file of which the first rule fires for a group that is stuck, and the second never."""

RULES = """\
groups:
  - name: g
    rules:
      - {alert: Late, on: group, where: lag > 1000, for: 1m, severity: page}
      - {alert: Lost, on: group, where: lost > 0}
"""
