"""Metrics of brokers: what they are, hold and lead, their log dirs and the defaults that they are configured with."""

import numpy as np

from exporters import sources
from exporters.family import Family, Label, Rows
from monitor.model.snapshot import KNOWN
from monitor.model.table import Floats
from monitor.model.view import View


def controller(view: View) -> Floats:
    brokers, controller = view.snapshot.brokers.broker, view.snapshot.controller
    return np.full(len(brokers), np.nan) if controller is None else (brokers == controller).astype(np.float64)


def broken_log_dirs(view: View) -> Rows:
    return np.flatnonzero(view.snapshot.log_dirs.reason != KNOWN)


BROKER = (Label("broker", "snapshot.brokers.broker"),)
HOLDER = (Label("broker", "broker_totals.broker"),)
"""Brokers that metadata names, and those that are gone and still have replicas assigned."""
LOG_DIR = (Label("broker", "snapshot.log_dirs.broker"), Label("path", "snapshot.log_dirs.path"))
CONFIGURED = (Label("broker", "snapshot.broker_configs.broker"),)
METADATA = (sources.METADATA,)
LOG_DIRS = (sources.LOG_DIRS,)
CONFIGS = (sources.BROKER_CONFIGS,)

BROKER_FAMILIES = (
    Family(
        "kmon_broker_info",
        "Always 1. Labels: the broker's advertised address, its rack, and the Kafka version inferred from its APIs",
        1,
        (
            *BROKER,
            Label("host", "snapshot.brokers.host"),
            Label("port", "snapshot.brokers.port"),
            Label("rack", "snapshot.brokers.rack"),
            Label("version", "snapshot.brokers.version"),
        ),
        sources=(sources.METADATA, sources.DESCRIBE_CLUSTER, sources.API_VERSIONS),
    ),
    Family(
        "kmon_broker_controller",
        "1 for the active controller, else 0; absent while the controller is unknown",
        controller,
        BROKER,
        sources=(sources.METADATA, sources.DESCRIBE_QUORUM),
    ),
    Family(
        "kmon_broker_fenced",
        "1 for a fenced broker, which holds replicas but may not lead, else 0; absent before Kafka 4.0",
        "snapshot.brokers.fenced",
        BROKER,
        sources=(sources.DESCRIBE_CLUSTER,),
    ),
    Family(
        "kmon_broker_leaders", "Partitions that the broker leads", "broker_totals.leaders", HOLDER, sources=METADATA
    ),
    Family(
        "kmon_broker_replicas",
        "Partitions that have a replica on the broker",
        "broker_totals.replicas",
        HOLDER,
        sources=METADATA,
    ),
    Family(
        "kmon_broker_out_of_sync_replicas",
        "Partitions whose replica on the broker is not in sync",
        "broker_totals.out_of_sync",
        HOLDER,
        sources=METADATA,
    ),
    Family(
        "kmon_broker_preferred_leaders_missing",
        "Partitions whose preferred leader is the broker, but which it does not lead",
        "broker_totals.preferred_missing",
        HOLDER,
        sources=METADATA,
    ),
    Family(
        "kmon_broker_leader_skew_ratio",
        "Partitions that the broker leads relative to the mean of all brokers: 0.1 is 10 % more; absent with one "
        "broker",
        "broker_totals.leader_skew",
        HOLDER,
        unit="ratio",
        whole=False,
        sources=METADATA,
    ),
    Family(
        "kmon_broker_size_bytes",
        "Size of the replicas on the broker; absent while any of its log dirs is unknown",
        "broker_totals.size_bytes",
        HOLDER,
        unit="bytes",
        sources=LOG_DIRS,
    ),
    Family(
        "kmon_broker_size_skew_ratio",
        "Size of the replicas on the broker relative to the mean of all brokers; absent while the size of any is "
        "unknown",
        "broker_totals.size_skew",
        HOLDER,
        unit="ratio",
        whole=False,
        sources=LOG_DIRS,
    ),
    Family(
        "kmon_log_dir_total_bytes",
        "Size of the volume of a log dir; from Kafka 3.3",
        "snapshot.log_dirs.total_bytes",
        LOG_DIR,
        unit="bytes",
        sources=LOG_DIRS,
    ),
    Family(
        "kmon_log_dir_usable_bytes",
        "Free space on the volume of a log dir; from Kafka 3.3",
        "snapshot.log_dirs.usable_bytes",
        LOG_DIR,
        unit="bytes",
        sources=LOG_DIRS,
    ),
    Family(
        "kmon_log_dir_error",
        "1 for a log dir that is offline or could not be described; only for such log dirs",
        1,
        LOG_DIR,
        rows=broken_log_dirs,
        sources=LOG_DIRS,
    ),
    Family(
        "kmon_broker_default_min_insync_replicas",
        "min.insync.replicas of the broker, the default of topics that do not set it",
        "snapshot.broker_configs.min_insync_replicas",
        CONFIGURED,
        sources=CONFIGS,
    ),
    Family(
        "kmon_broker_default_replication_factor",
        "default.replication.factor of the broker",
        "snapshot.broker_configs.replication_factor",
        CONFIGURED,
        sources=CONFIGS,
    ),
    Family(
        "kmon_broker_unclean_election",
        "1 when the broker allows out-of-sync replicas to become leader (unclean.leader.election.enable), else 0",
        "snapshot.broker_configs.unclean_election",
        CONFIGURED,
        sources=CONFIGS,
    ),
)
