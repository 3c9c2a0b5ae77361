"""The SDMX structure message: code lists, concepts, data structures and data flows of a release's observations.

Belongs here: SDMX-ML 2.1 (Structure) of what `sdmx` tells. Does not belong here: any figure.

The code lists are the agency's and partial: the codes that the observations use, with Eurostat's and SDMX's own codes
where they are theirs, so that a registry loads them and each code of the data is in its list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree

from monitor.publication.sdmx import (
    AGENCY,
    ATTRIBUTES,
    DIMENSIONS,
    NACE_2,
    TOTAL,
    VERSION,
    Flow,
    Observation,
    flows_of,
)
from monitor.publication.spelling import printable
from monitor.survey import Survey

URI = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/"
MES, STR, COM = f"{{{URI}message}}", f"{{{URI}structure}}", f"{{{URI}common}}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
SCHEME = "CIS_CONCEPTS"
Names = Mapping[str, str]
"""Language -> words"""
CONCEPTS: Mapping[str, str] = {
    "FREQ": "Frequency",
    "REF_AREA": "Reference area",
    "ACTIVITY": "Economic activity",
    "NUMBER_EMPL": "Size class of persons employed",
    "TYPE_ENT": "Type of enterprise",
    "INN_PF": "Innovation profile",
    "CIS_INDICATOR": "Variable of the Community Innovation Survey",
    "DOMAIN": "Subgroup of the survey's own",
    "UNIT_MEASURE": "Unit of measure",
    "TIME_PERIOD": "Reference year",
    "OBS_VALUE": "Observation value",
    "OBS_STATUS": "Observation status",
    "CONF_STATUS": "Confidentiality status",
}
WORDS: Mapping[tuple[str, str], str] = {
    ("FREQ", "A"): "Annual",
    ("ACTIVITY", "INN"): "Innovation core activities (NACE Rev. 2 B to E, 46, H, J, K, 71 to 73)",
    ("NUMBER_EMPL", "E10T49"): "From 10 to 49 persons employed",
    ("NUMBER_EMPL", "E50T249"): "From 50 to 249 persons employed",
    ("NUMBER_EMPL", "E10T249"): "From 10 to 249 persons employed",
    ("NUMBER_EMPL", "E_GE10"): "10 persons employed or more",
    ("NUMBER_EMPL", "E_GE250"): "250 persons employed or more",
    ("TYPE_ENT", "INN"): "Innovation-active enterprises",
    ("TYPE_ENT", "INNO_PRD"): "Product innovative enterprises",
    ("UNIT_MEASURE", "PC"): "Percentage",
    ("UNIT_MEASURE", "EUR"): "Euro",
    ("OBS_STATUS", "A"): "Normal value",
    ("OBS_STATUS", "Q"): "Missing value; suppressed",
    ("OBS_STATUS", "U"): "Low reliability",
    ("CONF_STATUS", "F"): "Free (free for publication)",
    ("CONF_STATUS", "C"): "Confidential statistical information",
    ("CONF_STATUS", "N"): "Not for publication, restricted for internal use only",
}
"""Codes that no survey names -> what they mean"""


def structure(found: Sequence[Observation], survey: Survey, moment: str) -> ElementTree.ElementTree:
    """The message: what a registry needs to load the observations. `moment`: when the release was made."""
    for prefix in ("message", "structure", "common"):
        ElementTree.register_namespace(prefix[:3], f"{URI}{prefix}")
    root = ElementTree.Element(f"{MES}Structure")
    header = _add(root, f"{MES}Header")
    _add(header, f"{MES}ID", f"{survey.name}_structure")
    _add(header, f"{MES}Test", "true" if survey.synthetic else "false")
    _add(header, f"{MES}Prepared", moment)
    _add(header, f"{MES}Sender", id=AGENCY)
    parts = _add(root, f"{MES}Structures")
    flows = flows_of(found)
    outer = _add(parts, f"{STR}Dataflows")
    for flow in flows:
        made = _maintainable(outer, "Dataflow", flow.name, {"en": _title(survey, flow)}, final=True)
        _reference(_add(made, f"{STR}Structure"), flow.name, "datastructure", "DataStructure")
    outer = _add(parts, f"{STR}Codelists")
    for name, codes in _lists(found, survey, flows).items():
        made = _maintainable(outer, "Codelist", name, {"en": name.removeprefix("CL_")}, partial=True)
        for code, words in sorted(codes.items()):
            _named(_add(made, f"{STR}Code", id=code), words)
    scheme = _maintainable(_add(parts, f"{STR}Concepts"), "ConceptScheme", SCHEME, {"en": "Concepts"})
    for concept, meaning in CONCEPTS.items():
        _named(_add(scheme, f"{STR}Concept", id=concept), {"en": meaning})
    outer = _add(parts, f"{STR}DataStructures")
    for flow in flows:
        _data_structure(outer, flow, survey)
    ElementTree.indent(root)
    return ElementTree.ElementTree(root)


def _title(survey: Survey, flow: Flow) -> str:
    revision = "NACE Rev. 2" if flow == NACE_2 else "NACE Rev. 2.1"
    return f"{survey.title.get('en', survey.name)}: indicators of the Community Innovation Survey ({revision})"


def list_of(component: str, flow: Flow) -> str:
    """The code list of a dimension or attribute."""
    return flow.activities if component == "ACTIVITY" else f"CL_{component}"


def _lists(found: Iterable[Observation], survey: Survey, flows: Iterable[Flow]) -> dict[str, dict[str, Names]]:
    """Code list -> code -> its names."""
    lists: dict[str, dict[str, Names]] = {}
    for flow in flows:
        for component in (*DIMENSIONS, *ATTRIBUTES):
            if component != "TIME_PERIOD":
                open_ = component not in ("FREQ", "UNIT_MEASURE", *ATTRIBUTES)
                lists.setdefault(list_of(component, flow), {TOTAL: {"en": "Total"}} if open_ else {})
    for x in found:
        given = {**x.key, "OBS_STATUS": x.status, "CONF_STATUS": x.confidentiality}
        for component, code in given.items():
            if component != "TIME_PERIOD":
                lists[list_of(component, x.flow)].setdefault(code, _names(component, code, x, survey))
    return lists


def _names(component: str, code: str, x: Observation, survey: Survey) -> Names:
    """What a code means: said here, by the indicator's label, or by the labels of the subgroup."""
    if (component, code) in WORDS:
        return {"en": WORDS[component, code]}
    if component in ("CIS_INDICATOR", "INN_PF"):
        return survey.indicators[x.indicator].label
    labels = []
    for name, part in x.place:
        declared = survey.concepts.get(name) or survey.measures.get(name)
        labels.append((declared.codes.get(part, {}) if declared else {}, part))
        own = getattr(declared, "eurostat", {}).get(part)
        if own == code and labels[-1][0]:
            return labels[-1][0]
    if component == "DOMAIN" and code != TOTAL:
        return {"en": " / ".join(label.get("en") or part for label, part in labels)}
    return {"en": code}


def _data_structure(outer: ElementTree.Element, flow: Flow, survey: Survey) -> None:
    """The dimensions, the measure and the attributes of one flow."""
    made = _maintainable(outer, "DataStructure", flow.name, {"en": _title(survey, flow)}, final=True)
    components = _add(made, f"{STR}DataStructureComponents")
    dimensions = _add(components, f"{STR}DimensionList", id="DimensionDescriptor")
    for position, name in enumerate(DIMENSIONS, start=1):
        time = name == "TIME_PERIOD"
        kind = "TimeDimension" if time else "Dimension"
        part = _component(_add(dimensions, f"{STR}{kind}", id=name, position=str(position)), name)
        if time:
            _add(part, f"{STR}TextFormat", textType="ObservationalTimePeriod")
        else:
            _reference(_add(part, f"{STR}Enumeration"), list_of(name, flow), "codelist", "Codelist")
    attributes = _add(components, f"{STR}AttributeList", id="AttributeDescriptor")
    for name in ATTRIBUTES:
        one = _add(attributes, f"{STR}Attribute", id=name, assignmentStatus="Mandatory")
        part = _component(one, name)
        _reference(_add(part, f"{STR}Enumeration"), list_of(name, flow), "codelist", "Codelist")
        _add(_add(_add(one, f"{STR}AttributeRelationship"), f"{STR}PrimaryMeasure"), "Ref", id="OBS_VALUE")
    measures = _add(components, f"{STR}MeasureList", id="MeasureDescriptor")
    part = _component(_add(measures, f"{STR}PrimaryMeasure", id="OBS_VALUE"), "OBS_VALUE")
    _add(part, f"{STR}TextFormat", textType="Double")


def _component(component: ElementTree.Element, concept: str) -> ElementTree.Element:
    """A component's concept, and the place of its representation."""
    identity = _add(component, f"{STR}ConceptIdentity")
    _add(
        identity, "Ref", id=concept, maintainableParentID=SCHEME, maintainableParentVersion=VERSION, agencyID=AGENCY,
        package="conceptscheme", **{"class": "Concept"},
    )  # fmt: skip
    return _add(component, f"{STR}LocalRepresentation")


def _reference(parent: ElementTree.Element, name: str, package: str, kind: str) -> None:
    _add(parent, "Ref", id=name, version=VERSION, agencyID=AGENCY, package=package, **{"class": kind})


def _maintainable(
    parent: ElementTree.Element, kind: str, name: str, words: Names, partial: bool = False, final: bool = False
) -> ElementTree.Element:
    flags = {**({"isPartial": "true"} if partial else {}), **({"isFinal": "true"} if final else {})}
    made = _add(parent, f"{STR}{kind}", id=name, agencyID=AGENCY, version=VERSION, **flags)
    _named(made, words)
    return made


def _named(element: ElementTree.Element, words: Names) -> None:
    """The names in every language that has words, English first."""
    for language in sorted(words, key=lambda x: (x != "en", x)):
        if words[language]:
            _add(element, f"{COM}Name", words[language], **{LANGUAGE: language})


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, tag, attributes)
    made.text = None if text is None else printable(text)
    return made
