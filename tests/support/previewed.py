"""A rule file: its first rule fires for a stuck group, its second never fires."""

RULES = """\
groups:
  - name: g
    rules:
      - {alert: Late, on: group, where: lag > 1000, for: 1m, severity: page}
      - {alert: Lost, on: group, where: lost > 0}
"""
