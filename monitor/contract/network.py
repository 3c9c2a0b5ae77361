"""The networks around the firms: who is tied to whom, as each wave has it.

Belongs here: their columns with definitions, units and checks. Does not belong here: which ties are told
(`disclosed.ties_told`), what they come to (`statistics.network`).
"""

from __future__ import annotations

from monitor.contract.columns import (
    OF_ERROR,
    Column,
    Table,
    ci_high,
    ci_low,
    held,
    not_negative,
    se,
    share,
    survey,
    wave,
)

OF_REGISTER = ("register", "actors")
"""Networks that the register of initiatives alone makes: no firm's answer is in them"""
OF_FIRMS = ("kinds", "themes", "initiatives")
"""Networks that firms make by taking part in both ends of a tie, the coarsest first"""

_network = Column(
    "network",
    "VARCHAR",
    "Which network. From the register alone: register (actors and initiatives, tied where an actor stands behind an "
    "initiative) and actors (tied by the initiatives that both stand behind). From firms' answers: initiatives, themes "
    "and kinds (of initiatives), tied by the firms that take part in both.",
    values=(*OF_REGISTER, *OF_FIRMS),
)
_wave_before = Column("wave_before", "VARCHAR", "The wave that the change is since; NULL where none can be told.")


def _change(name: str, of: str) -> Column:
    return Column(f"{name}_change", "BIGINT", f"{of}, less those in wave_before (number).")


NETWORK: tuple[Table, ...] = (
    Table(
        "network_figures",
        "Network figures: how dense each network is and into which parts it falls, by wave. They are those of the ties "
        "that are told (`network_ties`): two ends without a tie have fewer firms in common than may be told, or none.",
        ("survey", "wave", "network"),
        (
            survey,
            wave,
            _network,
            Column("nodes", "BIGINT", "Nodes, tied or not (number).", not_negative),
            Column("ties", "BIGINT", "Ties that are told (number).", not_negative),
            Column("density", "DOUBLE", "Ties over those that there could be (share in 0..1).", share),
            Column("parts", "BIGINT", "Parts that hang together, a node without a tie among them.", not_negative),
            Column("largest_part", "BIGINT", "Nodes of the largest part (number).", not_negative),
            Column("brokers", "BIGINT", "Nodes without which a part would fall apart (number).", not_negative),
            Column(
                "firms_per_tie",
                "DOUBLE",
                "Firms of the population that a tie stands for, on average over the ties told (number); NULL without a "
                "tie and for a network of the register.",
                not_negative,
                precision=OF_ERROR,
            ),
            se,
            ci_low,
            ci_high,
            _wave_before,
            _change("ties", "Ties that are told"),
            _change("parts", "Parts"),
            held,
        ),
    ),
    Table(
        "network_nodes",
        "Network nodes: how each node stands in its network, by wave, by the ties that are told.",
        ("survey", "wave", "network", "node"),
        (
            survey,
            wave,
            _network,
            Column("node", "VARCHAR", "Code of the actor, initiative or theme in the register, or the kind."),
            Column("label_nl", "VARCHAR", "Name (Dutch)."),
            Column("label_en", "VARCHAR", "Name (English)."),
            Column("kind", "VARCHAR", "Kind of the actor or initiative; NULL for a theme."),
            Column("part", "BIGINT", "Number of the part that it hangs together with, the largest part 1."),
            Column("ties", "BIGINT", "Ties that are told (degree).", not_negative),
            Column(
                "strength",
                "DOUBLE",
                "What its ties stand for, added up: firms of the population (one in two ties counts twice), or in a "
                "network of the register initiatives that an actor shares, or ties.",
                not_negative,
                precision=OF_ERROR,
            ),
            se,
            ci_low,
            ci_high,
            Column(
                "betweenness",
                "DOUBLE",
                "Part of the shortest paths between two other nodes that lead over it (Freeman 1977; share in 0..1).",
                share,
            ),
            Column("broker", "BOOLEAN", "Whether its part would fall apart without it."),
            held,
        ),
    ),
    Table(
        "network_ties",
        "Network ties: which nodes are tied, by wave. Firms' ties are told where at least the minimum number of firms "
        "takes part in both ends and neither end nor what is told beside it tells of fewer; no other pair is listed.",
        ("survey", "wave", "network", "node_a", "node_b"),
        (
            survey,
            wave,
            _network,
            Column("node_a", "VARCHAR", "One end (`network_nodes`): an actor in the network of the register."),
            Column("node_b", "VARCHAR", "The other end."),
            Column(
                "shared",
                "BIGINT",
                "What ties them (number, unweighted): usable responses of firms in both; of actors the initiatives "
                "that both stand behind; 1 in the network of the register.",
                not_negative,
            ),
            Column(
                "firms",
                "DOUBLE",
                "Firms of the population that take part in both (number); NULL for a network of the register.",
                not_negative,
                precision=OF_ERROR,
            ),
            se,
            ci_low,
            ci_high,
            _wave_before,
            Column("firms_change", "DOUBLE", "firms less those in wave_before (number).", precision=OF_ERROR),
            Column("firms_change_low", "DOUBLE", "Lower bound of its 95% interval.", precision=OF_ERROR),
            Column("firms_change_high", "DOUBLE", "Upper bound of its 95% interval.", precision=OF_ERROR),
            held,
        ),
    ),
)
