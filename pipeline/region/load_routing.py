"""Reads routing.yaml: the table of who answers for what."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from models.vocabulary import Network, Topic, Urgency
from pipeline.region.listing import some, unique
from pipeline.region.problems import Problem
from pipeline.region.reading import Reader
from pipeline.region.schema import SETTLEMENT_ADMINISTRATION, Body, RoutingRule

KEYS: dict[str, tuple[str, ...]] = {
    "routing": ("rules", "default"),
    "rule": ("name", "topics", "settlements", "sources", "urgency", "body", "helpers"),
}
NAMED = 3
"""How many of the rules above are named that leave a rule nothing."""

ELSEWHERE, UNKNOWN = "", None
"""Places beside those that rules name: any other settlement, and none."""


@dataclass(slots=True)
class RoutingBuild:
    """One pass over routing.yaml; settlements and bodies were read before."""

    folder: Path
    problems: list[Problem]
    settlements: Sequence[str]
    bodies: Sequence[Body]

    def read(self) -> tuple[tuple[RoutingRule, ...], str]:
        """Return the rules and the code of the default body; what is wrong is noted."""
        reader = Reader("routing.yaml", self.problems)
        root = reader.mapping(reader.open(self.folder), KEYS["routing"], KEYS["routing"])
        names: list[str] = []
        rules: list[RoutingRule] = []
        sound: list[tuple[yaml.Node, RoutingRule]] = []
        for node in reader.items(root.get("rules")):
            known = len(self.problems)
            rules.append(self._rule(reader, node, names))
            if len(self.problems) == known:
                sound.append((node, rules[-1]))
        self._check_dead(reader, sound)
        return tuple(rules), self._default(reader, root.get("default"))

    def _rule(self, reader: Reader, node: yaml.Node, names: list[str]) -> RoutingRule:
        found = reader.mapping(node, KEYS["rule"], ("name", "topics", "settlements", "body"))
        name = reader.text(found.get("name"))
        unique(reader, found.get("name"), name, names)
        topics = some(reader, found.get("topics"), [*Topic], "тема")
        places = some(reader, found.get("settlements"), self.settlements, "поселение")
        sources = some(reader, found.get("sources"), [*Network], "источник")
        urgency = reader.choice(found.get("urgency"), ["any", *Urgency], "важность")
        codes = [body.code for body in self.bodies]
        rule = RoutingRule(
            name=name,
            topics=None if topics is None else frozenset(map(Topic, topics)),
            settlements=places,
            body=reader.choice(
                found.get("body"), [*codes, SETTLEMENT_ADMINISTRATION], "исполнитель"
            ),
            sources=None if sources is None else frozenset(map(Network, sources)),
            urgency=Urgency(urgency) if urgency in [*Urgency] else None,
            helpers=self._helpers(reader, found, codes),
        )
        self._check_somebody(reader, node, rule)
        return rule

    def _helpers(
        self, reader: Reader, found: dict[str, yaml.Node], codes: Collection[str]
    ) -> tuple[str, ...]:
        responsible = found.get("body")
        result: list[str] = []
        for item in reader.items(found.get("helpers")):
            code = reader.choice(item, codes, "соисполнитель")
            if isinstance(responsible, yaml.ScalarNode) and code == responsible.value:
                what = f"«{code}» и отвечает, и помогает себе сам"
                reader.wrong(item, what, "Уберите его из «helpers»: исполнитель один")
            elif code in result:
                reader.wrong(item, f"соисполнитель «{code}» указан дважды", "Оставьте один раз")
            else:
                result.append(code)
        return tuple(result)

    def _check_somebody(self, reader: Reader, node: yaml.Node, rule: RoutingRule) -> None:
        """Refuse a rule that leads to nobody: no such administration, or none with the right."""
        administrations = {body.settlement: body for body in self.bodies if body.settlement}
        if rule.body == SETTLEMENT_ADMINISTRATION:
            wanted = self.settlements if rule.settlements is None else sorted(rule.settlements)
            missing = [code for code in wanted if code not in administrations]
            if missing:
                what = "нет администрации у поселений: " + ", ".join(missing[:10])
                fix = "Добавьте её в bodies.yaml или перечислите другие поселения"
                reader.wrong(node, what, fix)
            chosen = [administrations[code] for code in wanted if code in administrations]
        else:
            chosen = [body for body in self.bodies if body.code == rule.body]
        networks = rule.sources or frozenset(Network)
        if chosen and not any(body.handles(network) for body in chosen for network in networks):
            what = "правило ведёт к тем, кому эти источники вести нельзя: " + ", ".join(
                body.code for body in chosen[:10]
            )
            fix = "Назовите другого исполнителя или дайте этому право ключом «channels»"
            reader.wrong(node, what, fix)

    def _default(self, reader: Reader, node: yaml.Node | None) -> str:
        """Return the body of last resort, which must handle whatever comes."""
        code = reader.choice(node, [body.code for body in self.bodies], "исполнитель")
        for body in self.bodies:
            if body.code == code and body.channels is not None:
                missing = [network.value for network in Network if not body.handles(network)]
                if missing:
                    what = f"исполнитель по умолчанию «{code}» не ведёт источники: "
                    fix = "Уберите у него «channels» в bodies.yaml: он последний, кому передать"
                    reader.wrong(node, what + ", ".join(missing), fix)
        return code

    def _check_dead(self, reader: Reader, rules: Sequence[tuple[yaml.Node, RoutingRule]]) -> None:
        """Refuse rules that never fire because those above take all that they speak of.

        Every case is looked at, so that several rules above are seen to take all together.
        """
        named = sorted({code for _, rule in rules for code in rule.settlements or ()})
        places: list[str | None] = [*named, UNKNOWN]
        if set(self.settlements) - set(named):
            places.append(ELSEWHERE)
        taken = np.full((len(Topic), len(places), len(Network), len(Urgency)), -1, dtype=np.int32)
        for number, (node, rule) in enumerate(rules):
            cells = np.ix_(*_cells(rule, places))
            before = taken[cells]
            if before.size and (before >= 0).all():
                above = [rules[i][1].name for i in np.unique(before)]
                more = "" if len(above) <= NAMED else f" и ещё {len(above) - NAMED}"
                listed = ", ".join(f"«{name}»" for name in above[:NAMED])
                what = (
                    f"правило «{rule.name}» никогда не сработает: раньше всё берёт {listed}{more}"
                )
                reader.wrong(node, what, "Поставьте его выше или уберите")
            taken[cells] = np.where(before < 0, number, before)


def _cells(rule: RoutingRule, places: Sequence[str | None]) -> Iterator[list[int]]:
    """Return the numbers of the topics, places, networks and urgencies that a rule speaks of."""
    yield [i for i, topic in enumerate(Topic) if rule.topics is None or topic in rule.topics]
    known = rule.body == SETTLEMENT_ADMINISTRATION
    yield [
        i
        for i, place in enumerate(places)
        if (place is not UNKNOWN or not known)
        if rule.settlements is None or place in rule.settlements
    ]
    yield [
        i for i, network in enumerate(Network) if rule.sources is None or network in rule.sources
    ]
    yield [i for i, urgency in enumerate(Urgency) if rule.urgency in (None, urgency)]
