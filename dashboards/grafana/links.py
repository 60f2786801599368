"""Links from a row of a table: to kmon's own page of what it names, and to the dashboard about it."""

from dashboards.links import BROKERS, GROUPS, OVERVIEW, TOPICS
from dashboards.links import CLUSTER as CLUSTER_PAGE

AT_TIME = "${__url_time_range}&${datasource:queryparam}&${kmon:queryparam}"
ROW_CLUSTER = "${__data.fields.Cluster:percentencode}"
CLUSTER = "${cluster:percentencode}"


def of_kmon(path: str, cluster: str = CLUSTER) -> str:
    """The page of kmon's web at a path."""
    return f"${{kmon}}{path}?cluster={cluster}"


PAGE_OF_OVERVIEW = "${kmon}" + OVERVIEW
PAGE_OF_BROKERS = of_kmon(BROKERS)
PAGE_OF_CLUSTER = of_kmon(CLUSTER_PAGE)
PAGE_OF_GROUPS = of_kmon(GROUPS)
PAGE_OF_GROUP = of_kmon(f"{GROUPS}/${{group:percentencode}}")
PAGE_OF_TOPIC = of_kmon(f"{TOPICS}/${{topic:percentencode}}")


def row_links(what: str, cluster: str = CLUSTER) -> dict[str, str]:
    """The links of the cells of a column Group or Topic, by title; `what` is group or topic."""
    name = f"${{__data.fields.{what.capitalize()}:percentencode}}"
    path = {"group": GROUPS, "topic": TOPICS}[what]
    return {
        f"Dashboard of this {what}": f"/d/kmon-{what}?var-cluster={cluster}&var-{what}={name}&{AT_TIME}",
        f"This {what} in kmon": of_kmon(f"{path}/{name}", cluster),
    }


def broker_links(cluster: str = CLUSTER) -> dict[str, str]:
    """The links of the cells of a column Broker, by title."""
    return {
        "Dashboard of brokers": f"/d/kmon-brokers?var-cluster={cluster}&{AT_TIME}",
        "Brokers in kmon": of_kmon(BROKERS, cluster),
    }
