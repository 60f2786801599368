"""Why something is unknown, as values: code compares kinds, nodes and codes, and only `Kind` has the words."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, unique


@unique
class Kind(Enum):
    """The kinds of reasons and their words, in which `{api}` and `{detail}` stand for those of the reason.

    A detail that the words do not mention is written behind them.
    """

    NOTHING = ""
    # What goes wrong between kmon and a broker, in the order in which a connection can fail.
    RESOLVE = "cannot resolve the host name"
    CONNECT = "cannot connect"
    TLS = "TLS handshake failed"
    CERTIFICATE = "TLS handshake failed: {detail}"
    AUTHENTICATION = "authentication failed"
    DISCONNECTED = "connection lost"
    TIMEOUT = "timed out {detail}"
    UNSUPPORTED = "not supported"
    DENIED = "denied"
    THROTTLED = "throttled"
    PROTOCOL = "invalid response"
    ERROR = "error"
    # The whole cluster.
    UNREACHABLE = "no broker of {detail} responded in time"
    SASL_LISTENER = "a SASL listener closes connections like this (security.protocol is {detail})"
    CONTROLLER_LISTENER = "a KRaft controller's listener does not serve clients: use a broker's"
    OLDER_METADATA = "the metadata of brokers {detail} is older than in the previous poll"
    DIFFERENT_METADATA = "brokers {detail} return different metadata"
    UNCONFIRMED_METADATA = "only one broker returned metadata"
    NO_BROKER = "no broker is reachable"
    BROKEN_COLLECTOR = "collector {api} failed: {detail}"
    # What a broker responds instead of what was asked.
    OTHER = "{detail}"
    TOPIC_DENIED = "Describe on the topic is denied ({detail})"
    GROUP_DENIED = "Describe on the group is denied ({detail})"
    CLUSTER_DENIED = "Describe on the cluster is denied ({detail})"
    TRANSACTIONAL_ID_DENIED = "Describe on the transactional id is denied ({detail})"
    TOPIC_OF_GROUP_DENIED = "Describe on a topic that it reads is denied ({detail})"
    TOPIC_CONFIGS_DENIED = "DescribeConfigs on the topic is denied ({detail})"
    CLUSTER_CONFIGS_DENIED = "DescribeConfigs on the cluster is denied ({detail})"
    READ_DENIED = "Read on the topic is denied ({detail})"
    NO_LOG_DIRS = "Describe on the cluster is denied: the response is empty"
    NOT_GRANTED = "{detail} is not granted"
    NOT_SERVED = "not served by this broker"
    NOT_SERVED_BY_KAFKA = "not served by this broker (Kafka {detail})"
    NOT_SERVED_BY_ALL = "{api} is not served by broker {detail}"
    ONE_GROUP_AT_A_TIME = "commits are read one group at a time from broker {detail}, which does not serve {api}"
    MISSING_AT_LEADER = "missing in the leader's response"
    MISSING_CONFIGS = "missing in the broker's response"
    UNKNOWN_TOPIC = "the broker does not know the topic (UNKNOWN_TOPIC_OR_PARTITION)"
    NO_FEATURES = "the broker reports no finalized features"
    NO_SHARE_LAG = "the broker does not report the lag of share groups"
    LOG_DIR_OFFLINE = "the log dir is offline (KAFKA_STORAGE_ERROR)"
    # What kmon does not ask.
    SWITCHED_OFF = "disabled by settings"
    FEATURE_OFF = "the feature {detail} is not on"
    NOT_CHOSEN = "excluded by settings"
    NOT_ASKED = "not requested: an earlier request failed"
    NOT_ASKED_YET = "not requested yet"
    NOT_DESCRIBED = "not requested: too many open transactions"
    NOT_ITS_TURN = "not requested in this poll: the broker reads commits one group at a time, {detail} per poll"
    NOTHING_HELD_BACK = "not requested yet: no transaction blocks a partition"
    NO_TOPICS = "no topic to describe"
    STRANGE_GROUP_TYPE = "groups of type {detail} are not supported by kmon"
    # Metrics endpoints of brokers.
    NO_ENDPOINT = "no metrics endpoint is set (broker_metrics)"
    NO_METRICS_YET = "no metrics yet: the first response is read in a later poll"
    BAD_ENDPOINT = "{detail} in metadata does not fit into the URL of broker_metrics"
    HTTP_STATUS = "the metrics endpoint responded with HTTP {detail}"
    TOO_LARGE = "the metrics are larger than {detail}"
    TOO_MANY_SAMPLES = "the metrics have more than {detail} samples that kmon uses"
    NO_KNOWN_METRICS = "the metrics endpoint has no metric that kmon knows (broker_metrics.names)"
    # What Kafka's own tables lack or contradict.
    NO_LEADER = "the partition has no leader"
    NO_COORDINATOR = "partition {detail} of __consumer_offsets has no leader"
    NO_LEADERS = "{api}: no leader of {detail}"
    UNKNOWN_COORDINATOR = "it leads partition {detail} of __consumer_offsets and is not in metadata"
    NOT_LISTED = "no broker lists the group, and none confirms that it is deleted"
    NOT_LISTED_BY_COORDINATOR = "it coordinates the group but does not list it"
    LISTED_TWICE = "more than one broker lists it ({detail})"
    BAD_ASSIGNMENT = "the assignment of member {detail} cannot be decoded"
    BROKER_GONE = "not in metadata: the broker is down or gone"
    NOT_IN_METADATA = "not in metadata: deleted, or Describe on the topic is denied"
    # Lag and its time.
    NO_COMMIT = "no commit"
    NO_PARTITION = "partition not in metadata: deleted, or Describe on the topic is denied"
    HIDDEN_COMMITS = "it may have commits on topics that kmon is not authorized to describe"
    CUT_COMMITS = "it reads topics that are not monitored (limits.partitions)"
    FELL = "the new coordinator reports an older offset than the previous one: checked again in the next poll"
    NO_LAG = "lag is unknown"
    NOT_DATED = "record time not known yet"
    UNORDERED = "timestamps are out of order"
    AHEAD = "the record's timestamp is ahead of kmon's clock"


@dataclass(frozen=True)
class Reason:
    """Why something is unknown; false where nothing is. `str()` writes it in one line, with the broker before it.

    `node` is the broker that it is about, or the address of one whose id is not known. `api` is what was asked, or
    asked by, `code` Kafka's error code, 0 for none, and `detail` what only this reason has, such as a name.
    """

    kind: Kind = Kind.NOTHING
    node: int | str | None = None
    api: str = ""
    code: int = 0
    detail: str = ""

    def __bool__(self) -> bool:
        return self.kind is not Kind.NOTHING

    def __str__(self) -> str:
        if self.node is None:
            return self.what
        return f"broker {self.node}: {self.what}" if isinstance(self.node, int) else f"{self.node}: {self.what}"

    @property
    def what(self) -> str:
        """The reason in words, without the broker."""
        words = self.kind.value
        if self.detail and "{" not in words:
            words += ": {detail}"
        return words.format(api=self.api, detail=self.detail).rstrip()


NO_REASON = Reason()


class ReasonCodes(dict[Reason, int]):
    """Reasons in the order of their codes; a new one gets the next code when it is looked up."""

    def __init__(self, reasons: Iterable[Reason] = (NO_REASON,)) -> None:
        super().__init__((each, code) for code, each in enumerate(reasons))

    def __missing__(self, reason: Reason) -> int:
        return self.setdefault(reason, len(self))


def written(reasons: Iterable[Reason]) -> str:
    """Reasons in one line, each text once."""
    return "; ".join(dict.fromkeys(map(str, reasons)))
