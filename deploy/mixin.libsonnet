// The rules and dashboards of kmon as a Prometheus mixin. It needs Jsonnet 0.18 or later, for std.parseYaml.
{
  _config+:: {
    // What runbook_url begins with: where the documentation of kmon is published, such as 'https://docs.example.com/kmon/'.
    runbookBase: '',
  },

  grafanaDashboards+:: {
    'kmon-overview.json': import 'grafana/kmon-overview.json',
    'kmon-group.json': import 'grafana/kmon-group.json',
    'kmon-topic.json': import 'grafana/kmon-topic.json',
    'kmon-brokers.json': import 'grafana/kmon-brokers.json',
    'kmon-share-streams.json': import 'grafana/kmon-share-streams.json',
    'kmon-itself.json': import 'grafana/kmon-itself.json',
  },

  prometheusRules+:: std.parseYaml(importstr 'prometheus/recording_rules.yml'),

  local base = self._config.runbookBase,
  local alerts(text) = [
    group {
      rules: [
        if 'alert' in rule then rule { annotations+: { runbook_url: base + super.runbook_url } } else rule
        for rule in group.rules
      ],
    }
    for group in std.parseYaml(text).groups
  ],
  prometheusAlerts+:: {
    groups: alerts(importstr 'prometheus/alerting_rules.yml') + alerts(importstr 'prometheus/self_monitoring_rules.yml'),
  },
}
